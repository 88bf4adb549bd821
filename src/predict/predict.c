#include "predict/predict.h"

#include <math.h>
#include <string.h>

#include "linalg/blas.h"
#include "linalg/kernels.h"
#include "predict/passes.h"
#include "predict/scores.h"

/* Means over the draws of a stochastic method settle like one over the square root of their number:
   10 is the tutorial's number of dropout passes; logits' draws cost no pass through the network. */
enum { DEFAULT_MC_DROPOUT_PASSES = 10, DEFAULT_MONTE_CARLO_SAMPLES = 100 };

/* Waking a thread takes longer than predicting fewer rows than this. */
enum { FEWEST_ROWS_OF_SHARE = 16 };

typedef struct {
  sngp_pass_job passes;
  sngp_workspace *workspace;
  const sngp_prediction *out;
  int shares; /* of the rows, one a thread */
} job;

int64_t sngp_predict_num_passes(const sngp_predict_config *config) {
  bool dropout = config->method == SNGP_PREDICT_MC_DROPOUT;
  if (!dropout && config->method != SNGP_PREDICT_MONTE_CARLO) return 1;
  if (config->num_samples > 0) return config->num_samples;
  return dropout ? DEFAULT_MC_DROPOUT_PASSES : DEFAULT_MONTE_CARLO_SAMPLES;
}

static int count_shares(const sngp_workspace *workspace, int64_t rows) {
  int64_t most = (rows + FEWEST_ROWS_OF_SHARE - 1) / FEWEST_ROWS_OF_SHARE;
  int threads = sngp_pool_num_threads(workspace->pool);
  return most < threads ? (int)most : threads;
}

static bool wants_probabilities(const sngp_prediction *out) {
  return out->probabilities != NULL || out->classes != NULL || out->uncertainty != NULL ||
         out->entropy != NULL || out->mutual_information != NULL || out->samples != NULL;
}

bool sngp_predict_needs_variance(const sngp_members *members, const sngp_predict_config *config,
                                 const sngp_prediction *out) {
  if (out->variance != NULL || out->covariance != NULL) return true;
  if (!wants_probabilities(out)) return false;
  if (config->method == SNGP_PREDICT_MONTE_CARLO) return true;
  for (int64_t m = 0; m < members->count; m++)
    if (sngp_predict_has_mean_field(members->models[m], config)) return true;
  return false;
}

/* H(mean p) - mean H(p), which rounding must not make negative. */
static void mutual_information(const float *probabilities, const double *entropy_sum, double share,
                               int64_t rows, int64_t num_classes, float *scores) {
  sngp_score_entropy(probabilities, rows, num_classes, scores);
  for (int64_t i = 0; i < rows; i++)
    scores[i] = (float)fmax((double)scores[i] - share * entropy_sum[i], 0);
}

/* From the sums over passes to the caller's buffers. The pass and what its members had in common
   are no longer needed: the means lie there. */
static void write_block(const job *work, sngp_pass *pass, sngp_scratch *scratch, int64_t first,
                        int64_t rows) {
  const sngp_prediction *out = work->out;
  int64_t classes = work->workspace->sizes.num_outputs;
  size_t count = (size_t)(rows * classes);
  double share = 1 / (double)sngp_passes_count(&work->passes);
  float *logits = scratch->center, *p = pass->logits;
  sngp_kernel_from_double(count, scratch->logit_sum, share, logits);
  if (out->logits != NULL) memcpy(out->logits + first * classes, logits, count * sizeof(float));
  if (out->variance != NULL)
    sngp_kernel_from_double((size_t)rows, scratch->variance_sum, share, out->variance + first);
  if (out->dempster_shafer != NULL)
    sngp_score_dempster_shafer(logits, rows, classes, out->dempster_shafer + first);
  if (out->energy != NULL) sngp_score_energy(logits, rows, classes, out->energy + first);
  if (!work->passes.probabilities) return;
  sngp_kernel_from_double(count, scratch->probability_sum, share, p);
  if (out->probabilities != NULL)
    memcpy(out->probabilities + first * classes, p, count * sizeof(float));
  if (out->classes != NULL) sngp_score_classes(p, rows, classes, out->classes + first);
  if (out->uncertainty != NULL) sngp_score_uncertainty(p, rows, classes, out->uncertainty + first);
  if (out->entropy != NULL) sngp_score_entropy(p, rows, classes, out->entropy + first);
  if (out->mutual_information != NULL)
    mutual_information(p, scratch->entropy_sum, share, rows, classes,
                       out->mutual_information + first);
}

/* A thread's share of the rows, block by block. */
static void predict_share(void *context, int index) {
  const job *work = context;
  sngp_workspace *workspace = work->workspace;
  sngp_pass *pass = &workspace->passes[index];
  sngp_scratch *scratch = &workspace->scratch[index];
  int64_t begin = 0, end = 0;
  sngp_slice(work->passes.inputs->rows, index, work->shares, &begin, &end);
  for (int64_t first = begin; first < end; first += workspace->block_rows) {
    int64_t left = end - first;
    int64_t rows = left < workspace->block_rows ? left : workspace->block_rows;
    sngp_passes_run(&work->passes, pass, scratch, first, rows);
    write_block(work, pass, scratch, first, rows);
  }
}

void sngp_predict_rows(const sngp_members *members, sngp_workspace *workspace,
                       const sngp_inputs *inputs, const sngp_predict_config *config,
                       const sngp_prediction *out, const sngp_pass_outputs *passes) {
  const sngp_model *model = members->models[0];
  bool keeps_variance = passes != NULL && passes->variance != NULL;
  job work = {
      .passes = {.members = members,
                 .inputs = inputs,
                 .config = config,
                 .variance = keeps_variance || sngp_predict_needs_variance(members, config, out),
                 .probabilities = wants_probabilities(out),
                 .draws = wants_probabilities(out) || passes != NULL,
                 .entropy = out->mutual_information != NULL,
                 .samples = out->samples,
                 .projected = out->covariance != NULL ? workspace->projected : NULL,
                 .each = passes},
      .workspace = workspace,
      .out = out,
      .shares = count_shares(workspace, inputs->rows)};
  sngp_pool_run(workspace->pool, predict_share, &work, work.shares);
  if (out->covariance == NULL || inputs->rows == 0) return;
  sngp_ssyrk(inputs->rows, model->posterior.size, workspace->projected, model->posterior.size,
             out->covariance, inputs->rows);
  sngp_mirror_lower_float(inputs->rows, out->covariance);
}
