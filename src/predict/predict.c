#include "predict/predict.h"

#include <math.h>
#include <string.h>

#include "gp/mean_field.h"
#include "linalg/blas.h"
#include "linalg/kernels.h"
#include "nn/loss.h"
#include "predict/scores.h"

typedef struct {
  const sngp_model *model;
  sngp_workspace *workspace;
  const sngp_inputs *inputs;
  const sngp_prediction *out;
  bool variance;
  double factor; /* of the mean field; negative: none */
  int shares;    /* of the rows, one a thread */
} job;

/* Waking a thread takes longer than predicting fewer rows than this. */
enum { FEWEST_ROWS_OF_SHARE = 16 };

static int count_shares(const sngp_workspace *workspace, int64_t rows) {
  int64_t most = (rows + FEWEST_ROWS_OF_SHARE - 1) / FEWEST_ROWS_OF_SHARE;
  int threads = sngp_pool_num_threads(workspace->pool);
  return most < threads ? (int)most : threads;
}

static double mean_field_factor(const sngp_model *model, const sngp_predict_config *config) {
  if (!model->network.gaussian_process || config->method != SNGP_PREDICT_MEAN_FIELD) return -1;
  return isnan(config->mean_field_factor) ? model->config.mean_field_factor
                                          : config->mean_field_factor;
}

static bool wants_probabilities(const sngp_prediction *out) {
  return out->probabilities != NULL || out->classes != NULL || out->uncertainty != NULL ||
         out->entropy != NULL;
}

bool sngp_predict_needs_variance(const sngp_model *model, const sngp_predict_config *config,
                                 const sngp_prediction *out) {
  return out->variance != NULL || out->covariance != NULL ||
         (wants_probabilities(out) && mean_field_factor(model, config) >= 0);
}

/* The variances of a block, from its features, which are used up. */
static void compute_variance(const job *work, sngp_pass *pass, int64_t first, int64_t rows,
                             float *variance) {
  size_t width = (size_t)work->model->posterior.size;
  sngp_posterior_project(&work->model->posterior, pass->phi, rows);
  for (int64_t i = 0; i < rows; i++) {
    const float *projected = pass->phi + (size_t)i * width;
    variance[i] = sngp_kernel_dot(width, projected, projected);
  }
  if (work->out->variance != NULL)
    memcpy(work->out->variance + first, variance, (size_t)rows * sizeof *variance);
  if (work->out->covariance != NULL)
    memcpy(work->workspace->projected + (size_t)first * width, pass->phi,
           (size_t)rows * width * sizeof(float));
}

static void predict_block(const job *work, sngp_pass *pass, int64_t first, int64_t rows) {
  const sngp_network *network = &work->model->network;
  const sngp_prediction *out = work->out;
  int64_t classes = network->num_classes;
  size_t count = (size_t)(rows * classes);
  for (int64_t i = 0; i < rows; i++)
    sngp_pass_set_row(network, pass, i, work->inputs->x + (first + i) * work->inputs->row_stride);
  sngp_network_logits(network, pass, rows);
  if (out->logits != NULL)
    memcpy(out->logits + first * classes, pass->logits, count * sizeof(float));
  if (out->dempster_shafer != NULL)
    sngp_score_dempster_shafer(pass->logits, rows, classes, out->dempster_shafer + first);
  if (work->variance) {
    float *variance = pass->moments; /* (rows, 2), no longer needed */
    compute_variance(work, pass, first, rows, variance);
    sngp_mean_field(pass->logits, variance, rows, classes, work->factor);
  }
  if (!wants_probabilities(out)) return;
  sngp_softmax(pass->logits, rows, classes);
  if (out->probabilities != NULL)
    memcpy(out->probabilities + first * classes, pass->logits, count * sizeof(float));
  if (out->classes != NULL) sngp_score_classes(pass->logits, rows, classes, out->classes + first);
  if (out->uncertainty != NULL)
    sngp_score_uncertainty(pass->logits, rows, classes, out->uncertainty + first);
  if (out->entropy != NULL) sngp_score_entropy(pass->logits, rows, classes, out->entropy + first);
}

/* A thread's share of the rows, block by block. */
static void predict_share(void *context, int index) {
  const job *work = context;
  sngp_workspace *workspace = work->workspace;
  int64_t begin = 0, end = 0;
  sngp_slice(work->inputs->rows, index, work->shares, &begin, &end);
  for (int64_t first = begin; first < end; first += workspace->block_rows) {
    int64_t left = end - first;
    predict_block(work, &workspace->passes[index], first,
                  left < workspace->block_rows ? left : workspace->block_rows);
  }
}

void sngp_predict_rows(const sngp_model *model, sngp_workspace *workspace,
                       const sngp_inputs *inputs, const sngp_predict_config *config,
                       const sngp_prediction *out) {
  job work = {.model = model,
              .workspace = workspace,
              .inputs = inputs,
              .out = out,
              .variance = sngp_predict_needs_variance(model, config, out),
              .factor = mean_field_factor(model, config),
              .shares = count_shares(workspace, inputs->rows)};
  sngp_pool_run(workspace->pool, predict_share, &work, work.shares);
  if (out->covariance == NULL || inputs->rows == 0) return;
  sngp_ssyrk(inputs->rows, model->posterior.size, workspace->projected, model->posterior.size,
             out->covariance, inputs->rows);
  sngp_mirror_lower_float(inputs->rows, out->covariance);
}
