#include "predict/passes.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "gp/mean_field.h"
#include "linalg/kernels.h"
#include "nn/loss.h"
#include "predict/draws.h"
#include "predict/scores.h"

/* A block of rows on its way, within one member. */
typedef struct {
  const sngp_pass_job *job;
  const sngp_model *model;
  sngp_pass *pass;
  sngp_scratch *scratch;
  int64_t first, rows;
  int64_t number; /* of the current pass, over all members */
} block;

static double mean_field_factor(const sngp_model *model, const sngp_predict_config *config) {
  return isnan(config->mean_field_factor) ? model->config.mean_field_factor
                                          : config->mean_field_factor;
}

bool sngp_predict_has_mean_field(const sngp_model *model, const sngp_predict_config *config) {
  return model->network.gaussian_process &&
         (config->method == SNGP_PREDICT_MEAN_FIELD || config->method == SNGP_PREDICT_MC_DROPOUT) &&
         mean_field_factor(model, config) >= 0;
}

static double temperature(const sngp_model *model, const sngp_predict_config *config) {
  return isnan(config->temperature) ? model->config.temperature : config->temperature;
}

/* Passes of one member. */
static int64_t passes_of_member(const sngp_pass_job *job) {
  return job->config->method == SNGP_PREDICT_MONTE_CARLO && !job->draws
             ? 1
             : sngp_predict_num_passes(job->config);
}

int64_t sngp_passes_count(const sngp_pass_job *job) {
  return job->members->count * passes_of_member(job);
}

/* Adds to a sum, which the first pass begins. */
static void add(const block *at, size_t count, const float *values, double *sum) {
  if (at->number == 0)
    sngp_kernel_to_double(count, values, 1, sum);
  else
    sngp_kernel_add_to_double(count, values, sum);
}

/* The variances of the block, from its features, which become Y = Phi R^T. Features that grow
   without bound (arc-cosine, linear) can have squares beyond single precision, far from all data.
 */
static void compute_variance(const block *at) {
  size_t width = (size_t)at->model->posterior.size;
  sngp_posterior_project(&at->model->posterior, at->pass->phi, at->rows);
  for (int64_t i = 0; i < at->rows; i++) {
    const float *projected = at->pass->phi + (size_t)i * width;
    float square = sngp_kernel_dot(width, projected, projected);
    at->scratch->variance[i] = isinf(square) ? FLT_MAX : square;
  }
  if (at->job->projected != NULL)
    memcpy(at->job->projected + (size_t)at->first * width, at->pass->phi,
           (size_t)at->rows * width * sizeof(float));
}

static void keep_each(const block *at, size_t count) {
  const sngp_pass_outputs *each = at->job->each;
  if (each == NULL) return;
  int64_t row = at->number * at->job->inputs->rows + at->first;
  if (each->logits != NULL)
    memcpy(each->logits + row * at->model->network.num_outputs, at->pass->logits,
           count * sizeof(float));
  if (each->variance != NULL)
    memcpy(each->variance + row, at->scratch->variance, (size_t)at->rows * sizeof(float));
}

/* Takes in a pass, whose logits are used up; `logits` are those without draws. */
static void finish_pass(block *at, const float *logits) {
  const sngp_pass_job *job = at->job;
  sngp_scratch *scratch = at->scratch;
  float *p = at->pass->logits;
  int64_t classes = at->model->network.num_outputs;
  size_t count = (size_t)(at->rows * classes);
  add(at, count, logits, scratch->logit_sum);
  if (job->variance) add(at, (size_t)at->rows, scratch->variance, scratch->variance_sum);
  keep_each(at, count);
  if (job->probabilities) {
    bool adjusts = sngp_predict_has_mean_field(at->model, job->config);
    sngp_mean_field(p, scratch->variance, at->rows, classes,
                    adjusts ? mean_field_factor(at->model, job->config) : -1,
                    temperature(at->model, job->config));
    sngp_softmax(p, at->rows, classes);
    add(at, count, p, scratch->probability_sum);
  }
  if (job->entropy) {
    sngp_score_entropy(p, at->rows, classes, scratch->entropy);
    add(at, (size_t)at->rows, scratch->entropy, scratch->entropy_sum);
  }
  if (job->samples != NULL)
    memcpy(job->samples + (at->number * job->inputs->rows + at->first) * classes, p,
           count * sizeof(float));
  at->number++;
}

static void run_once(block *at) {
  sngp_network_logits(&at->model->network, at->pass, at->rows);
  if (at->job->variance) compute_variance(at);
  finish_pass(at, at->pass->logits);
}

static void run_dropout(block *at, int64_t passes) {
  const sngp_network *network = &at->model->network;
  const sngp_predict_config *config = at->job->config;
  size_t bytes = (size_t)(at->rows * network->hidden) * sizeof(float);
  sngp_network_enter(network, at->pass, at->rows);
  memcpy(at->scratch->entering, at->pass->h, bytes);
  for (int64_t s = 0; s < passes; s++) {
    sngp_network_dropout dropout = {.seed = config->seed,
                                    .step = at->number,
                                    .first_row = config->first_row + at->first,
                                    .purpose = SNGP_RANDOM_MC_DROPOUT};
    memcpy(at->pass->h, at->scratch->entering, bytes);
    sngp_network_logits_dropout(network, at->pass, at->rows, &dropout, at->scratch->words);
    if (at->job->variance) compute_variance(at);
    finish_pass(at, at->pass->logits);
  }
}

static void run_draws(block *at, int64_t passes) {
  const sngp_predict_config *config = at->job->config;
  sngp_scratch *scratch = at->scratch;
  int64_t classes = at->model->network.num_outputs;
  sngp_network_logits(&at->model->network, at->pass, at->rows);
  memcpy(scratch->center, at->pass->logits, (size_t)(at->rows * classes) * sizeof(float));
  compute_variance(at);
  sngp_draws draws = {.seed = config->seed,
                      .rows = at->rows,
                      .num_classes = classes,
                      .words = scratch->words,
                      .normals = scratch->normals,
                      .products = scratch->products};
  for (int64_t s = 0; s < passes; s++) {
    draws.step = at->number;
    if (config->joint_samples)
      sngp_draw_joint(&draws, at->model->posterior.size, at->pass->phi, scratch->center,
                      at->pass->logits);
    else
      sngp_draw_independent(&draws, config->first_row + at->first, scratch->center,
                            scratch->variance, at->pass->logits);
    finish_pass(at, scratch->center);
  }
}

void sngp_passes_run(const sngp_pass_job *job, sngp_pass *pass, sngp_scratch *scratch,
                     int64_t first, int64_t rows) {
  block at = {.job = job, .pass = pass, .scratch = scratch, .first = first, .rows = rows};
  const sngp_inputs *inputs = job->inputs;
  int64_t passes = passes_of_member(job);
  for (int64_t m = 0; m < job->members->count; m++) {
    at.model = job->members->models[m];
    for (int64_t i = 0; i < rows; i++)
      sngp_pass_set_row(&at.model->network, pass, i, inputs->x + (first + i) * inputs->row_stride);
    if (job->config->method == SNGP_PREDICT_MC_DROPOUT)
      run_dropout(&at, passes);
    else if (job->config->method == SNGP_PREDICT_MONTE_CARLO && job->draws)
      run_draws(&at, passes);
    else
      run_once(&at);
  }
}
