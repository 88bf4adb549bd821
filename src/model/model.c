#include "model/model.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/kernels.h"
#include "model/sizes.h"
#include "nn/initializers.h"

/* u and v of spectral normalisation start as normals of this deviation (the references' choice). */
static const double SINGULAR_VECTOR_STD = 0.05;

static sngp_status copy_names(sngp_model *model, const sngp_model_config *config) {
  if (config->class_names != NULL) {
    model->class_names = sngp_copy_strings(config->class_names, (size_t)config->num_classes);
    if (model->class_names == NULL) return sngp_fail_memory("class names");
  }
  if (config->feature_names != NULL) {
    model->feature_names = sngp_copy_strings(config->feature_names, (size_t)config->input_dim);
    if (model->feature_names == NULL) return sngp_fail_memory("feature names");
  }
  if (config->target_names != NULL) {
    model->target_names = sngp_copy_strings(config->target_names, (size_t)config->num_targets);
    if (model->target_names == NULL) return sngp_fail_memory("target names");
  }
  model->config.class_names = (const char *const *)model->class_names;
  model->config.target_names = (const char *const *)model->target_names;
  model->config.feature_names = (const char *const *)model->feature_names;
  return SNGP_OK;
}

static void fill_with_ones(sngp_model *model, const char *name) {
  const sngp_parameter *tensor = sngp_parameter_find(&model->table, name);
  for (int64_t i = 0; tensor != NULL && i < tensor->cols; i++)
    sngp_model_values(model, tensor)[i] = 1;
}

static sngp_status take_blocks(sngp_model *model) {
  SNGP_TRY(sngp_parameter_table_create(&model->config, &model->table));
  model->trainable = sngp_allocate(model->table.trainable_size, sizeof(float));
  model->frozen = sngp_allocate(model->table.frozen_size, sizeof(float));
  if (model->trainable == NULL || model->frozen == NULL)
    return sngp_fail_memory("the parameters of a model");
  SNGP_TRY(sngp_network_bind(&model->network, &model->config, &model->table, model->trainable,
                             model->frozen));
  fill_with_ones(model, "input_scaling.scale");
  fill_with_ones(model, "target_scaling.scale");
  fill_with_ones(model, "noise.variance");
  sngp_model_set_given_noise(model);
  if (model->config.head != SNGP_HEAD_GAUSSIAN_PROCESS) return SNGP_OK;
  return sngp_posterior_create(&model->posterior, model->config.posterior,
                               model->network.features.num_features, model->network.num_outputs);
}

sngp_status sngp_model_allocate(const sngp_model_config *config, sngp_model **out) {
  *out = NULL;
  SNGP_TRY(sngp_model_config_check(config));
  sngp_model *model = sngp_allocate(1, sizeof *model);
  if (model == NULL) return sngp_fail_memory("a model");
  model->config = *config;
  const sngp_model_sizes sizes = sngp_model_sizes_of(config);
  if (config->random_feature_std == 0 && sizes.head_inputs > 0)
    model->config.random_feature_std = sqrt(2 / (double)sizes.head_inputs);
  if (sizes.posterior != 0) model->config.posterior = sizes.posterior;
  model->training.struct_size = sizeof model->training;
  sngp_status status = copy_names(model, config);
  if (status == SNGP_OK) status = take_blocks(model);
  if (status != SNGP_OK) {
    sngp_model_free(model);
    return status;
  }
  *out = model;
  return SNGP_OK;
}

void sngp_model_free(sngp_model *model) {
  if (model == NULL) return;
  sngp_release(model->class_names);
  sngp_release(model->feature_names);
  sngp_release(model->target_names);
  sngp_release(model->table.items);
  sngp_release(model->trainable);
  sngp_release(model->frozen);
  sngp_network_destroy(&model->network);
  sngp_statistics_destroy(&model->statistics);
  sngp_posterior_destroy(&model->posterior);
  sngp_release(model->moments[0]);
  sngp_release(model->moments[1]);
  sngp_release(model);
}

sngp_training_record sngp_model_record(const sngp_model *model) {
  sngp_training_record record = model->training;
  record.covariance_rows = model->posterior.rows;
  record.covariance_jitter = model->posterior.jitter;
  return record;
}

float *sngp_model_values(const sngp_model *model, const sngp_parameter *parameter) {
  return (parameter->trainable ? model->trainable : model->frozen) + parameter->offset;
}

float *sngp_model_tensor(const sngp_model *model, const char *name) {
  return sngp_model_values(model, sngp_parameter_find(&model->table, name));
}

void sngp_model_set_output(sngp_model *model, const double *parameters) {
  const size_t outputs = (size_t)model->network.num_outputs;
  const size_t weights = (size_t)model->network.output.in * outputs;
  sngp_kernel_from_double(weights, parameters, 1, sngp_model_tensor(model, "output.weight"));
  sngp_kernel_from_double(outputs, parameters + weights, 1,
                          sngp_model_tensor(model, "output.bias"));
}

static bool ends_with(const char *name, const char *end) {
  size_t length = strlen(name), end_length = strlen(end);
  return length >= end_length && strcmp(name + length - end_length, end) == 0;
}

/* The spectral density of a Matern kernel of smoothness nu is a multivariate Student-t distribution
   with 2 nu degrees of freedom; 0 for the other kernels. */
static int64_t degrees_of_freedom(int32_t kernel) {
  switch (kernel) {
    case SNGP_KERNEL_MATERN_32: return 3;
    case SNGP_KERNEL_MATERN_52: return 5;
    default: return 0;
  }
}

static sngp_status draw_frequencies(const sngp_model_config *config,
                                    const sngp_random_stream *stream, const sngp_parameter *tensor,
                                    float *values) {
  if (config->orthogonal_features)
    SNGP_TRY(sngp_initialize_orthogonal(config->seed, tensor->stream, tensor->rows, tensor->cols,
                                        config->random_feature_std, values));
  else
    sngp_random_fill_normal(stream, config->random_feature_std, values,
                            (size_t)(tensor->rows * tensor->cols));
  int64_t degrees = degrees_of_freedom(config->kernel);
  if (degrees == 0) return SNGP_OK;
  sngp_random_stream tails =
      sngp_random_open(config->seed, SNGP_RANDOM_INITIAL, 0, SNGP_STREAM_TAILS);
  return sngp_initialize_student(&tails, degrees, tensor->rows, tensor->cols, values);
}

/* Each tensor draws from its own stream; biases stay 0, but for that of a GP head's output. */
static sngp_status draw_tensor(const sngp_model *model, const sngp_parameter *tensor) {
  static const double PI = 3.14159265358979323846;
  const sngp_model_config *config = &model->config;
  size_t count = (size_t)(tensor->rows * tensor->cols);
  float *values = sngp_model_values(model, tensor);
  sngp_random_stream stream =
      sngp_random_open(config->seed, SNGP_RANDOM_INITIAL, 0, tensor->stream);
  if (strcmp(tensor->name, "features.weight") == 0) {
    return draw_frequencies(config, &stream, tensor, values);
  } else if (strcmp(tensor->name, "features.bias") == 0) {
    if (config->kernel != SNGP_KERNEL_ARC_COSINE)
      sngp_random_fill_uniform(&stream, 0, 2 * PI, values, count);
  } else if (ends_with(tensor->name, ".u") || ends_with(tensor->name, ".v")) {
    sngp_random_fill_normal(&stream, SINGULAR_VECTOR_STD, values, count);
  } else if (strcmp(tensor->name, "projection.weight") == 0) {
    sngp_random_fill_normal(&stream, 1 / sqrt((double)tensor->cols), values, count);
  } else if (ends_with(tensor->name, ".weight")) {
    sngp_initialize_glorot(&stream, tensor->rows, tensor->cols, values);
  } else if (strcmp(tensor->name, "layer_norm.scale") == 0) {
    for (size_t i = 0; i < count; i++) values[i] = 1;
  } else if (strcmp(tensor->name, "output.bias") == 0 && model->network.gaussian_process) {
    for (size_t i = 0; i < count; i++) values[i] = (float)config->output_bias;
  }
  return SNGP_OK;
}

sngp_status sngp_model_draw(sngp_model *model) {
  for (size_t i = 0; i < model->table.count; i++)
    SNGP_TRY(draw_tensor(model, &model->table.items[i]));
  return sngp_model_project(model, model->config.power_iterations, NULL);
}

sngp_status sngp_model_project(sngp_model *model, int64_t iterations, sngp_pool *pool) {
  size_t width = (size_t)(model->network.hidden * model->network.num_layers);
  float *scratch = sngp_allocate(width, sizeof *scratch);
  if (scratch == NULL) return sngp_fail_memory("spectral normalisation");
  sngp_pool *own = NULL;
  sngp_status status = pool == NULL ? sngp_pool_create(1, &own) : SNGP_OK;
  if (status == SNGP_OK)
    sngp_network_project(&model->network, iterations, scratch, pool == NULL ? own : pool);
  sngp_pool_free(own);
  sngp_release(scratch);
  return status;
}

const char *sngp_model_still_to_choose(const sngp_model *model) {
  const sngp_model_config *config = &model->config;
  if (config->head == SNGP_HEAD_GAUSSIAN_PROCESS) {
    if (config->normalize_input == SNGP_NORMALIZE_RADIUS && config->radius_scale == 0)
      return "radius_scale";
    if (config->kernel_scale == 0) return "kernel_scale";
  }
  if (config->standardize_inputs && !model->holds.input_scaling) return "the scaling of its inputs";
  return model->network.target_scale != NULL && !model->holds.target_scaling
             ? "the scaling of its targets"
             : NULL;
}

sngp_status sngp_model_check_prepared(const sngp_model *model) {
  const char *missing = sngp_model_still_to_choose(model);
  if (missing == NULL) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_NOT_PREPARED,
                   "the model still has to choose %s from data: call sngp_model_prepare() or "
                   "sngp_fit() first",
                   missing);
}

sngp_status sngp_model_check_posterior(const sngp_model *model) {
  if (model->posterior.size == 0 || model->posterior.current) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_POSTERIOR_STALE,
                   "the weights or the precision matrix changed since the posterior was finished: "
                   "call sngp_model_fit_covariance(), or sngp_model_finish_covariance() after "
                   "updates");
}

void sngp_model_set_noise(sngp_model *model, int64_t output, double variance) {
  const sngp_parameter *noise = sngp_parameter_find(&model->table, "noise.variance");
  double bounded = variance < (double)FLT_MIN   ? (double)FLT_MIN
                   : variance > (double)FLT_MAX ? (double)FLT_MAX
                                                : variance;
  sngp_model_values(model, noise)[output] = (float)bounded;
}

void sngp_model_set_given_noise(sngp_model *model) {
  const sngp_network *network = &model->network;
  if (network->noise == NULL || model->config.noise_variance == 0) return;
  for (int64_t k = 0; k < network->num_outputs; k++) {
    double scale = network->target_scale != NULL ? (double)network->target_scale[k] : 1;
    sngp_model_set_noise(model, k, model->config.noise_variance / (scale * scale));
  }
}

sngp_status sngp_model_take_config(sngp_model *model, const sngp_model_config *changed) {
  sngp_model_config nameless = *changed; /* names were checked when the model was made */
  nameless.class_names = nameless.feature_names = nameless.target_names = NULL;
  SNGP_TRY(sngp_model_config_check(&nameless));
  model->config = *changed;
  return SNGP_OK;
}

void sngp_model_set_scales(sngp_model *model, double kernel_scale, double radius_scale) {
  model->config.kernel_scale = model->network.head_input.kernel_scale = kernel_scale;
  model->config.radius_scale = model->network.head_input.radius_scale = radius_scale;
}

sngp_status sngp_model_take_moments(sngp_model *model, int count) {
  for (int i = 0; i < count; i++) {
    if (model->moments[i] != NULL) continue;
    model->moments[i] = sngp_allocate(model->table.trainable_size, sizeof(float));
    if (model->moments[i] == NULL) return sngp_fail_memory("the optimizer's moments");
  }
  return SNGP_OK;
}

void sngp_model_clear_moments(sngp_model *model) {
  for (int i = 0; i < 2 && model->moments[i] != NULL; i++)
    memset(model->moments[i], 0, model->table.trainable_size * sizeof *model->moments[i]);
}

static sngp_status copy_into(sngp_model *copy, const sngp_model *model) {
  size_t size = model->table.trainable_size * sizeof(float);
  memcpy(copy->trainable, model->trainable, size);
  memcpy(copy->frozen, model->frozen, model->table.frozen_size * sizeof(float));
  copy->holds = model->holds;
  copy->training = model->training;
  copy->moments_algorithm = model->moments_algorithm;
  int num_moments = model->moments[1] != NULL ? 2 : model->moments[0] != NULL ? 1 : 0;
  SNGP_TRY(sngp_model_take_moments(copy, num_moments));
  for (int i = 0; i < num_moments; i++) memcpy(copy->moments[i], model->moments[i], size);
  if (model->posterior.size > 0) sngp_posterior_assign(&copy->posterior, &model->posterior);
  if (model->holds.statistics) {
    SNGP_TRY(sngp_model_take_statistics(copy));
    sngp_statistics_assign(&copy->statistics, &model->statistics);
  }
  return SNGP_OK;
}

sngp_status sngp_model_copy(const sngp_model *model, sngp_model **out) {
  *out = NULL;
  sngp_model *copy = NULL;
  SNGP_TRY(sngp_model_allocate(&model->config, &copy));
  sngp_status status = copy_into(copy, model);
  if (status != SNGP_OK) {
    sngp_model_free(copy);
    return status;
  }
  *out = copy;
  return SNGP_OK;
}

sngp_status sngp_model_take_statistics(sngp_model *model) {
  sngp_statistics taken;
  SNGP_TRY(sngp_statistics_create(&taken, model->posterior.size, model->network.num_outputs,
                                  model->posterior.precision));
  sngp_statistics_destroy(&model->statistics);
  model->statistics = taken;
  model->holds.statistics = true;
  return SNGP_OK;
}

void sngp_model_drop_statistics(sngp_model *model) {
  sngp_statistics_destroy(&model->statistics);
  model->holds.statistics = false;
}

/* Names, those of tensors too, may have been lent out, and stay where they are. */
static void exchange_names(sngp_model *a, sngp_model *b) {
  const sngp_parameter_table table = a->table;
  a->table = b->table;
  b->table = table;
  char **const names[] = {a->class_names, a->feature_names, a->target_names};
  a->class_names = b->class_names;
  a->feature_names = b->feature_names;
  a->target_names = b->target_names;
  b->class_names = names[0];
  b->feature_names = names[1];
  b->target_names = names[2];
  sngp_model *const both[] = {a, b};
  for (int i = 0; i < 2; i++) {
    both[i]->config.class_names = (const char *const *)both[i]->class_names;
    both[i]->config.feature_names = (const char *const *)both[i]->feature_names;
    both[i]->config.target_names = (const char *const *)both[i]->target_names;
  }
}

void sngp_model_replace(sngp_model *model, sngp_model *from) {
  const sngp_model old = *model;
  *model = *from;
  *from = old;
  exchange_names(model, from);
  model->being_fitted = from->being_fitted;
  sngp_model_free(from);
}
