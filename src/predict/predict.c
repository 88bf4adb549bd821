#include "predict/predict.h"

#include <math.h>
#include <string.h>

#include "linalg/blas.h"
#include "linalg/kernels.h"
#include "nn/link.h"
#include "predict/mixture.h"
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
  const sngp_network *network = &members->models[0]->network;
  if (!network->gaussian_process) return false;
  if (out->variance != NULL || out->covariance != NULL) return true;
  if (network->link == SNGP_LINK_EXPONENTIAL && out->mean != NULL)
    return config->method != SNGP_PREDICT_MAP;
  if (!wants_probabilities(out)) return false;
  if (config->method == SNGP_PREDICT_MONTE_CARLO) return true;
  for (int64_t m = 0; m < members->count; m++)
    if (sngp_predict_has_mean_field(members->models[m], config)) return true;
  return false;
}

/* H(mean p) - mean H(p), which rounding must not make negative. */
static void mutual_information(sngp_output_link link, const float *probabilities,
                               const double *entropy_sum, double share, int64_t rows,
                               int64_t num_classes, float *scores) {
  sngp_score_entropy(link, probabilities, rows, num_classes, scores);
  for (int64_t i = 0; i < rows; i++)
    scores[i] = (float)fmax((double)scores[i] - share * entropy_sum[i], 0);
}

/* Regression: what the passes say of the targets. */
static void write_distribution(const job *work, sngp_scratch *scratch, int64_t first,
                               int64_t rows) {
  const sngp_prediction *out = work->out;
  int64_t outputs = work->workspace->sizes.num_outputs;
  const sngp_mixture mixture = {scratch->mean, scratch->spread, scratch->within};
  sngp_mixture_write(&mixture, sngp_passes_count(&work->passes), rows * outputs,
                     out->mean != NULL ? out->mean + first * outputs : NULL,
                     out->variance != NULL ? out->variance + first * outputs : NULL);
}

/* From logits of a softmax (rows, K). */
static void write_logit_scores(const sngp_prediction *out, const float *logits, int64_t first,
                               int64_t rows, int64_t classes) {
  if (out->dempster_shafer != NULL)
    sngp_score_dempster_shafer(logits, rows, classes, out->dempster_shafer + first);
  if (out->energy != NULL) sngp_score_energy(logits, rows, classes, out->energy + first);
}

static void write_probabilities(const job *work, sngp_output_link link, const float *p,
                                const sngp_scratch *scratch, int64_t first, int64_t rows) {
  const sngp_prediction *out = work->out;
  int64_t classes = work->workspace->sizes.num_probabilities;
  double share = 1 / (double)sngp_passes_count(&work->passes);
  if (out->probabilities != NULL)
    memcpy(out->probabilities + first * classes, p, (size_t)(rows * classes) * sizeof(float));
  if (out->classes != NULL) sngp_score_classes(p, rows, classes, out->classes + first);
  if (out->uncertainty != NULL) sngp_score_uncertainty(p, rows, classes, out->uncertainty + first);
  if (out->entropy != NULL) sngp_score_entropy(link, p, rows, classes, out->entropy + first);
  if (out->mutual_information != NULL)
    mutual_information(link, p, scratch->entropy_sum, share, rows, classes,
                       out->mutual_information + first);
}

/* From the sums over passes to the caller's buffers. The pass and what its members had in common
   are no longer needed: the means lie there. */
static void write_block(const job *work, sngp_pass *pass, sngp_scratch *scratch, int64_t first,
                        int64_t rows) {
  const sngp_prediction *out = work->out;
  const sngp_network *network = &work->passes.members->models[0]->network;
  int64_t outputs = network->num_outputs, variances = network->num_variances;
  int64_t classes = network->num_probabilities;
  double share = 1 / (double)sngp_passes_count(&work->passes);
  float *logits = scratch->center, *p = pass->logits;
  sngp_kernel_from_double((size_t)(rows * outputs), scratch->logit_sum, share, logits);
  if (out->logits != NULL)
    memcpy(out->logits + first * outputs, logits, (size_t)(rows * outputs) * sizeof(float));
  if (classes == 0) {
    write_distribution(work, scratch, first, rows);
    return;
  }
  if (out->variance != NULL)
    sngp_kernel_from_double((size_t)(rows * variances), scratch->variance_sum, share,
                            out->variance + first * variances);
  if (network->link == SNGP_LINK_LOGISTIC) {
    memcpy(p, logits, (size_t)rows * sizeof *p);
    sngp_two_class_logits(p, rows);
    logits = p;
  }
  write_logit_scores(out, logits, first, rows, classes);
  if (!work->passes.probabilities) return;
  sngp_kernel_from_double((size_t)(rows * classes), scratch->probability_sum, share, p);
  write_probabilities(work, network->link, p, scratch, first, rows);
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

/* Y Y^T; in Gaussian regression, which has one target then, times its noise, which the diagonal has
   once more. */
static void write_covariance(const job *work) {
  const sngp_model *model = work->passes.members->models[0];
  const sngp_network *network = &model->network;
  int64_t rows = work->passes.inputs->rows;
  float *covariance = work->out->covariance;
  sngp_ssyrk(rows, model->posterior.size, work->workspace->projected, model->posterior.size,
             covariance, rows);
  if (network->noise != NULL) {
    float scale = network->target_scale != NULL ? network->target_scale[0] : 1;
    float noise = scale * scale * network->noise[0];
    for (int64_t i = 0; i < rows; i++) {
      covariance[i * rows + i] += 1;
      sngp_kernel_affine((size_t)i + 1, covariance + i * rows, noise, 0, covariance + i * rows);
    }
  }
  sngp_mirror_lower_float(rows, covariance);
}

void sngp_predict_rows(const sngp_members *members, sngp_workspace *workspace,
                       const sngp_inputs *inputs, const sngp_predict_config *config,
                       const sngp_prediction *out, const sngp_pass_outputs *passes) {
  bool keeps_variance = passes != NULL && passes->variance != NULL;
  job work = {
      .passes = {.members = members,
                 .inputs = inputs,
                 .config = config,
                 .variance = keeps_variance || sngp_predict_needs_variance(members, config, out),
                 .probabilities = wants_probabilities(out),
                 .draws = wants_probabilities(out) || passes != NULL,
                 .entropy = out->mutual_information != NULL,
                 .distribution = out->mean != NULL || out->variance != NULL,
                 .samples = out->samples,
                 .features = out->features,
                 .projected = out->covariance != NULL ? workspace->projected : NULL,
                 .each = passes},
      .workspace = workspace,
      .out = out,
      .shares = count_shares(workspace, inputs->rows)};
  sngp_pool_run(workspace->pool, predict_share, &work, work.shares);
  if (out->covariance != NULL && inputs->rows > 0) write_covariance(&work);
}
