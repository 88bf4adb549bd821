#include "predict/passes.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "gp/mean_field.h"
#include "linalg/kernels.h"
#include "nn/link.h"
#include "predict/draws.h"
#include "predict/mixture.h"
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

/* What |R phi|^2 is multiplied by: the prior variance, or in Gaussian regression 1 / ridge, so that
   the noise is the unit. */
static double variance_scale(const sngp_model *model) {
  return model->network.noise != NULL ? 1 / model->config.ridge : model->config.prior_variance;
}

/* Of a posterior that all outputs share, from the block's features, which become Y = Phi R^T,
   scaled. Features that grow without bound (arc-cosine, linear) can have squares beyond single
   precision, far from all data. */
static void compute_shared_variance(const block *at) {
  size_t width = (size_t)at->model->posterior.size;
  float *phi = at->pass->phi, scale = (float)sqrt(variance_scale(at->model));
  sngp_posterior_project(&at->model->posterior, phi, at->rows);
  if (scale != 1) sngp_kernel_affine((size_t)at->rows * width, phi, scale, 0, phi);
  for (int64_t i = 0; i < at->rows; i++) {
    const float *projected = phi + (size_t)i * width;
    float square = sngp_kernel_dot(width, projected, projected);
    at->scratch->variance[i] = isinf(square) ? FLT_MAX : square;
  }
  if (at->job->projected != NULL)
    memcpy(at->job->projected + (size_t)at->first * width, phi,
           (size_t)at->rows * width * sizeof(float));
}

/* Whether the classes of a softmax have variances of their own, so that the mean field is one of
   centred logits. */
static bool is_centered(const sngp_network *network) {
  return network->link == SNGP_LINK_SOFTMAX && network->num_variances > 1;
}

static void scale_variances(float *values, int64_t count, double scale) {
  if (scale == 1) return;
  for (int64_t i = 0; i < count; i++)
    values[i] = (float)fmin(fmax(scale * (double)values[i], -(double)FLT_MAX), (double)FLT_MAX);
}

/* With the covariance of each row's classes. */
static void compute_joint_variance(const block *at, double scale) {
  const int64_t outputs = at->model->network.num_outputs, area = outputs * outputs;
  float *covariance = at->scratch->covariance;
  sngp_posterior_output_covariance(&at->model->posterior, at->pass->phi, at->rows,
                                   at->scratch->projections, covariance);
  scale_variances(covariance, at->rows * area, scale);
  for (int64_t i = 0; i < at->rows; i++)
    for (int64_t k = 0; k < outputs; k++)
      at->scratch->variance[i * outputs + k] = covariance[i * area + k * (outputs + 1)];
  sngp_center_covariances(covariance, at->rows, outputs, at->scratch->centered);
}

static void compute_variance(const block *at) {
  const sngp_network *network = &at->model->network;
  const double scale = variance_scale(at->model);
  if (network->posterior == SNGP_POSTERIOR_SHARED) {
    compute_shared_variance(at);
  } else if (network->posterior == SNGP_POSTERIOR_JOINT) {
    compute_joint_variance(at, scale);
  } else {
    float *variance = at->scratch->variance;
    sngp_posterior_variance(&at->model->posterior, at->pass->phi, at->rows,
                            at->scratch->projections, variance);
    scale_variances(variance, at->rows * network->num_variances, scale);
    if (is_centered(network))
      sngp_center_variances(variance, at->rows, network->num_outputs, at->scratch->centered);
  }
}

/* What the mean field goes by. */
static const float *mean_field_variance(const block *at) {
  return is_centered(&at->model->network) ? at->scratch->centered : at->scratch->variance;
}

/* Before the variances use them up. */
static void keep_features(const block *at) {
  size_t width = (size_t)at->model->posterior.size;
  if (at->job->features != NULL)
    memcpy(at->job->features + (size_t)at->first * width, at->pass->phi,
           (size_t)at->rows * width * sizeof(float));
}

/* Logits of a softmax, where the link is one of classes, as the mean field needs them. */
static void expand(const sngp_network *network, float *logits, int64_t rows) {
  if (network->link == SNGP_LINK_LOGISTIC) sngp_two_class_logits(logits, rows);
  if (is_centered(network)) sngp_center_logits(logits, rows, network->num_outputs);
}

/* Logits are those of the probabilities here. */
static void keep_each(const block *at, size_t count) {
  const sngp_pass_outputs *each = at->job->each;
  if (each == NULL) return;
  int64_t row = at->number * at->job->inputs->rows + at->first;
  if (each->logits != NULL)
    memcpy(each->logits + row * at->model->network.num_probabilities, at->pass->logits,
           count * sizeof(float));
  const int64_t variances = at->model->network.num_variances;
  if (each->variance != NULL)
    memcpy(each->variance + row * variances, mean_field_variance(at),
           (size_t)(at->rows * variances) * sizeof(float));
}

/* From logits to probabilities, in place. */
static void link_probabilities(const block *at, float *p) {
  const sngp_network *network = &at->model->network;
  int64_t columns = network->num_probabilities;
  bool adjusts = sngp_predict_has_mean_field(at->model, at->job->config);
  sngp_mean_field(p, mean_field_variance(at), network->num_variances, at->rows, columns,
                  adjusts ? mean_field_factor(at->model, at->job->config) : -1,
                  temperature(at->model, at->job->config));
  if (network->link == SNGP_LINK_SIGMOID)
    sngp_logistic(p, at->rows * columns);
  else
    sngp_softmax(p, at->rows, columns);
}

static void finish_probabilities(const block *at) {
  const sngp_pass_job *job = at->job;
  const sngp_network *network = &at->model->network;
  sngp_scratch *scratch = at->scratch;
  float *p = at->pass->logits;
  int64_t columns = network->num_probabilities;
  size_t count = (size_t)(at->rows * columns);
  if (job->variance)
    add(at, (size_t)(at->rows * network->num_variances), scratch->variance, scratch->variance_sum);
  expand(network, p, at->rows);
  keep_each(at, count);
  if (job->probabilities) {
    link_probabilities(at, p);
    add(at, count, p, scratch->probability_sum);
  }
  if (job->entropy) {
    sngp_score_entropy(network->link, p, at->rows, columns, scratch->entropy);
    add(at, (size_t)at->rows, scratch->entropy, scratch->entropy_sum);
  }
  if (job->samples != NULL)
    memcpy(job->samples + (at->number * job->inputs->rows + at->first) * columns, p,
           count * sizeof(float));
}

/* Takes in a pass, whose logits are used up; `logits` are those without draws. */
static void finish_pass(block *at, const float *logits) {
  const sngp_network *network = &at->model->network;
  const sngp_scratch *scratch = at->scratch;
  add(at, (size_t)(at->rows * network->num_outputs), logits, scratch->logit_sum);
  if (network->num_probabilities > 0) {
    finish_probabilities(at);
  } else if (at->job->distribution) {
    const sngp_mixture mixture = {scratch->mean, scratch->spread, scratch->within};
    sngp_mixture_add(&mixture, network, at->number, logits,
                     at->job->variance ? scratch->variance : NULL, at->rows);
  }
  at->number++;
}

static void run_once(block *at) {
  sngp_network_logits(&at->model->network, at->pass, at->rows);
  keep_features(at);
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

static void draw(const block *at, const sngp_draws *draws) {
  const sngp_predict_config *config = at->job->config;
  const sngp_network *network = &at->model->network;
  const sngp_scratch *scratch = at->scratch;
  const int64_t first_row = config->first_row + at->first;
  if (config->joint_samples)
    sngp_draw_joint(draws, at->model->posterior.size, at->pass->phi, scratch->center,
                    at->pass->logits);
  else if (network->posterior == SNGP_POSTERIOR_JOINT)
    sngp_draw_correlated(draws, first_row, scratch->center, scratch->covariance, at->pass->logits);
  else
    sngp_draw_independent(draws, first_row, scratch->center, scratch->variance,
                          network->num_variances, at->pass->logits);
}

static void run_draws(block *at, int64_t passes) {
  const sngp_predict_config *config = at->job->config;
  sngp_scratch *scratch = at->scratch;
  int64_t classes = at->model->network.num_outputs;
  sngp_network_logits(&at->model->network, at->pass, at->rows);
  keep_features(at);
  memcpy(scratch->center, at->pass->logits, (size_t)(at->rows * classes) * sizeof(float));
  compute_variance(at);
  for (int64_t i = 0; i < at->rows && at->model->network.posterior == SNGP_POSTERIOR_JOINT; i++)
    sngp_draws_factor(classes, scratch->covariance + i * classes * classes);
  sngp_draws draws = {.seed = config->seed,
                      .rows = at->rows,
                      .num_classes = classes,
                      .words = scratch->words,
                      .normals = scratch->normals,
                      .products = scratch->products};
  for (int64_t s = 0; s < passes; s++) {
    draws.step = at->number;
    draw(at, &draws);
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
