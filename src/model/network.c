#include "model/network.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/kernels.h"
#include "model/sizes.h"
#include "nn/residual_block.h"

typedef struct {
  const sngp_parameter_table *table;
  float *trainable, *frozen;
} blocks;

/* The values of a tensor of the table, NULL where the model has none of that name. */
static float *find(const blocks *all, const char *name) {
  const sngp_parameter *parameter = sngp_parameter_find(all->table, name);
  if (parameter == NULL) return NULL;
  return (parameter->trainable ? all->trainable : all->frozen) + parameter->offset;
}

static float *find_in_block(const blocks *all, int64_t block, const char *part) {
  char name[SNGP_PARAMETER_NAME_SIZE];
  snprintf(name, sizeof name, "block.%lld.%s", (long long)block, part);
  return find(all, name);
}

static void bind_head(sngp_network *network, const sngp_model_config *config,
                      const sngp_model_sizes *sizes, const blocks *all) {
  network->output = (sngp_dense){.in = sizes->hidden,
                                 .out = sizes->num_outputs,
                                 .weight = find(all, "output.weight"),
                                 .bias = find(all, "output.bias")};
  if (!network->gaussian_process) return;
  int64_t num_features = sizes->num_features;
  network->output.in = num_features;
  network->projection = (sngp_dense){
      .in = sizes->hidden, .out = sizes->projection, .weight = find(all, "projection.weight")};
  network->head_input = (sngp_head_input){.normalize = config->normalize_input,
                                          .hidden = sizes->head_width,
                                          .kernel_scale = config->kernel_scale,
                                          .radius_scale = config->radius_scale,
                                          .scale = find(all, "layer_norm.scale"),
                                          .offset = find(all, "layer_norm.offset")};
  network->length = (sngp_kernel_length){.width = sizes->head_inputs,
                                         .count = sizes->num_lengths,
                                         .log_length = find(all, "kernel.log_length")};
  network->train_head_input = network->head_input.scale != NULL || sizes->num_lengths > 0;
  network->features = (sngp_random_features){
      .kernel = config->kernel,
      .in = sizes->head_inputs,
      .num_features = num_features,
      .weight = find(all, "features.weight"),
      .bias = find(all, "features.bias"),
      .scale = config->scale_random_features ? (float)sqrt(2.0 / (double)num_features) : 1};
}

static sngp_output_link link_of(const sngp_model_config *config) {
  switch (config->task) {
    case SNGP_TASK_REGRESSION:
      return config->likelihood == SNGP_LIKELIHOOD_POISSON ? SNGP_LINK_EXPONENTIAL
                                                           : SNGP_LINK_IDENTITY;
    case SNGP_TASK_MULTI_LABEL: return SNGP_LINK_SIGMOID;
    default: return sngp_model_is_binary_logistic(config) ? SNGP_LINK_LOGISTIC : SNGP_LINK_SOFTMAX;
  }
}

sngp_status sngp_network_bind(sngp_network *network, const sngp_model_config *config,
                              const sngp_parameter_table *table, float *trainable, float *frozen) {
  const blocks all = {table, trainable, frozen};
  const sngp_model_sizes sizes = sngp_model_sizes_of(config);
  const bool train_input_layer = sizes.input_layer && config->train_input_layer;
  *network = (sngp_network){
      .inputs = sizes.inputs,
      .hidden = sizes.hidden,
      .num_layers = sizes.num_layers,
      .num_outputs = sizes.num_outputs,
      .num_probabilities = sizes.num_probabilities,
      .posterior = sizes.posterior,
      .num_variances = config->head == SNGP_HEAD_DENSE            ? 0
                       : sizes.posterior == SNGP_POSTERIOR_SHARED ? 1
                                                                  : sizes.num_outputs,
      .link = link_of(config),
      .gaussian_process = config->head == SNGP_HEAD_GAUSSIAN_PROCESS,
      .input_layer = sizes.input_layer,
      .train_input_layer = train_input_layer,
      .train_output_bias = config->head == SNGP_HEAD_DENSE || config->train_output_bias,
      .train_hidden = sizes.num_layers > 0 || train_input_layer,
      .dropout = sngp_dropout_create(config->dropout_rate),
      .scaling_mean = find(&all, "input_scaling.mean"),
      .scaling_scale = find(&all, "input_scaling.scale"),
      .target_mean = find(&all, "target_scaling.mean"),
      .target_scale = find(&all, "target_scaling.scale"),
      .noise = find(&all, "noise.variance"),
      .trainable = trainable,
  };
  int64_t hidden = sizes.hidden;
  if (sizes.input_layer)
    network->input = (sngp_dense){.in = sizes.inputs,
                                  .out = hidden,
                                  .weight = find(&all, "input.weight"),
                                  .bias = find(&all, "input.bias")};
  network->blocks = sngp_allocate((size_t)sizes.num_layers, sizeof *network->blocks);
  if (network->blocks == NULL) return sngp_fail_memory("the layers");
  for (int64_t i = 0; i < sizes.num_layers; i++) {
    network->blocks[i].dense = (sngp_dense){.in = hidden,
                                            .out = hidden,
                                            .weight = find_in_block(&all, i, "weight"),
                                            .bias = find_in_block(&all, i, "bias")};
    network->blocks[i].norm = (sngp_spectral_norm){.bound = config->spectral_norm_bound,
                                                   .u = find_in_block(&all, i, "u"),
                                                   .v = find_in_block(&all, i, "v")};
  }
  bind_head(network, config, &sizes, &all);
  return SNGP_OK;
}

void sngp_network_destroy(sngp_network *network) {
  sngp_release(network->blocks);
  *network = (sngp_network){0};
}

void sngp_network_scale_targets(const sngp_network *network, const float *targets, float *scaled) {
  size_t count = (size_t)network->num_outputs;
  if (network->target_mean != NULL)
    sngp_kernel_standardize(count, targets, network->target_mean, network->target_scale, scaled);
  else
    memcpy(scaled, targets, count * sizeof *scaled);
}

void sngp_network_enter(const sngp_network *network, sngp_pass *pass, int64_t rows) {
  if (network->input_layer) sngp_dense_forward(&network->input, pass->x, rows, pass->h);
}

void sngp_network_hidden(const sngp_network *network, sngp_pass *pass, int64_t rows) {
  sngp_network_enter(network, pass, rows);
  for (int64_t i = 0; i < network->num_layers; i++)
    sngp_residual_block_forward(&network->blocks[i].dense, pass->h, rows, pass->z);
}

/* From the hidden representation h, which training keeps elsewhere than at the start of pass->h. */
static void head_input_of(const sngp_network *network, sngp_pass *pass, const float *h,
                          int64_t rows) {
  if (network->projection.weight != NULL) {
    sngp_dense_forward(&network->projection, h, rows, pass->reduced);
    h = pass->reduced;
  }
  sngp_head_input_forward(&network->head_input, h, rows, pass->g, pass->moments);
  if (network->length.count > 0)
    sngp_kernel_length_forward(&network->length, rows, pass->factors, pass->g);
}

void sngp_network_head_input(const sngp_network *network, sngp_pass *pass, int64_t rows) {
  sngp_network_hidden(network, pass, rows);
  head_input_of(network, pass, pass->h, rows);
}

static void features_of_hidden(const sngp_network *network, sngp_pass *pass, int64_t rows) {
  head_input_of(network, pass, pass->h, rows);
  sngp_random_features_forward(&network->features, pass->g, rows, pass->phi, pass->phi);
}

void sngp_network_features(const sngp_network *network, sngp_pass *pass, int64_t rows) {
  sngp_network_hidden(network, pass, rows);
  features_of_hidden(network, pass, rows);
}

static void logits_of_hidden(const sngp_network *network, sngp_pass *pass, int64_t rows) {
  if (network->gaussian_process) features_of_hidden(network, pass, rows);
  const float *input = network->gaussian_process ? pass->phi : pass->h;
  sngp_dense_forward(&network->output, input, rows, pass->logits);
}

void sngp_network_logits(const sngp_network *network, sngp_pass *pass, int64_t rows) {
  sngp_network_hidden(network, pass, rows);
  logits_of_hidden(network, pass, rows);
}

void sngp_network_logits_dropout(const sngp_network *network, sngp_pass *pass, int64_t rows,
                                 const sngp_network_dropout *dropout, uint32_t *words) {
  for (int64_t i = 0; i < network->num_layers; i++) {
    sngp_random_stream stream = sngp_random_open(dropout->seed, dropout->purpose, dropout->step, i);
    sngp_residual_block_sample(&network->blocks[i].dense, &network->dropout, &stream,
                               dropout->first_row, pass->h, rows, pass->z, words);
  }
  logits_of_hidden(network, pass, rows);
}

/* The hidden representation after `layer` blocks, kept in training. */
static float *hidden_after(const sngp_network *network, const sngp_pass *pass, int64_t layer) {
  return pass->h + layer * pass->rows * network->hidden;
}

void sngp_network_forward_training(const sngp_network *network, sngp_pass *pass, int64_t rows,
                                   int64_t first_row, int64_t seed, int64_t step) {
  sngp_network_enter(network, pass, rows);
  for (int64_t i = 0; i < network->num_layers; i++) {
    sngp_random_stream stream = sngp_random_open(seed, SNGP_RANDOM_DROPOUT, step, i);
    sngp_residual_block_forward_dropout(&network->blocks[i].dense, &network->dropout, &stream,
                                        first_row, hidden_after(network, pass, i), rows, pass->z,
                                        pass->words, pass->a + i * pass->rows * network->hidden,
                                        hidden_after(network, pass, i + 1));
  }
  const float *h = hidden_after(network, pass, network->num_layers);
  if (network->gaussian_process) {
    head_input_of(network, pass, h, rows);
    sngp_random_features_forward(&network->features, pass->g, rows, pass->angles, pass->phi);
    h = pass->phi;
  }
  sngp_dense_forward(&network->output, h, rows, pass->logits);
}

/* Where the gradient of a trainable tensor lies in the pass. */
static float *gradient_of(const sngp_network *network, const sngp_pass *pass, const float *values) {
  return pass->gradient + (values - network->trainable);
}

/* From the gradient of the features in pass->phi to that of h in pass->dh. */
static void features_backward(const sngp_network *network, sngp_pass *pass, const float *h,
                              int64_t rows) {
  const sngp_head_input *input = &network->head_input;
  const sngp_kernel_length *length = &network->length;
  const bool layer_norm = input->scale != NULL, projects = network->projection.weight != NULL;
  sngp_random_features_backward(&network->features, pass->angles, pass->phi, rows, pass->dg);
  if (length->count > 0)
    sngp_kernel_length_backward(length, pass->g, pass->factors, rows, pass->dg,
                                gradient_of(network, pass, length->log_length));
  if (!network->train_hidden && !layer_norm) return;
  sngp_head_input_backward(input, projects ? pass->reduced : h, pass->moments, pass->dg, rows,
                           projects ? pass->dreduced : pass->dh,
                           layer_norm ? gradient_of(network, pass, input->scale) : NULL,
                           layer_norm ? gradient_of(network, pass, input->offset) : NULL);
  if (projects && network->train_hidden)
    sngp_dense_backward(&network->projection, NULL, pass->dreduced, rows, NULL, NULL, pass->dh);
}

static void head_backward(const sngp_network *network, sngp_pass *pass, int64_t rows) {
  const float *h = hidden_after(network, pass, network->num_layers);
  const sngp_dense *output = &network->output;
  float *dweight = gradient_of(network, pass, output->weight);
  float *dbias = network->train_output_bias ? gradient_of(network, pass, output->bias) : NULL;
  if (!network->gaussian_process) {
    sngp_dense_backward(output, h, pass->logits, rows, dweight, dbias,
                        network->train_hidden ? pass->dh : NULL);
    return;
  }
  sngp_dense_backward(output, pass->phi, pass->logits, rows, dweight, dbias, NULL);
  if (!network->train_hidden && !network->train_head_input) return;
  sngp_dense_backward(output, NULL, pass->logits, rows, NULL, NULL, pass->phi);
  features_backward(network, pass, h, rows);
}

void sngp_network_backward(const sngp_network *network, sngp_pass *pass, int64_t rows) {
  head_backward(network, pass, rows);
  for (int64_t i = network->num_layers - 1; i >= 0; i--) {
    const sngp_dense *dense = &network->blocks[i].dense;
    sngp_residual_block_backward(dense, &network->dropout, hidden_after(network, pass, i),
                                 pass->a + i * pass->rows * network->hidden, rows,
                                 i > 0 || network->train_input_layer, pass->dh, pass->z,
                                 gradient_of(network, pass, dense->weight),
                                 gradient_of(network, pass, dense->bias));
  }
  if (network->train_input_layer)
    sngp_dense_backward(&network->input, pass->x, pass->dh, rows,
                        gradient_of(network, pass, network->input.weight),
                        gradient_of(network, pass, network->input.bias), NULL);
}

typedef struct {
  const sngp_network *network;
  int64_t iterations;
  float *scratch;
} projection;

static void project_block(void *context, int index) {
  const projection *all = context;
  sngp_network_block *block = &all->network->blocks[index];
  int64_t width = block->dense.in;
  sngp_spectral_norm_project(&block->norm, width, width, block->dense.weight, all->iterations,
                             all->scratch + index * width);
}

void sngp_network_project(const sngp_network *network, int64_t iterations, float *scratch,
                          sngp_pool *pool) {
  if (network->num_layers == 0 || network->blocks[0].norm.bound == 0) return;
  projection all = {network, iterations, scratch};
  sngp_pool_run(pool, project_block, &all, (int)network->num_layers);
}
