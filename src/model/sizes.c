#include "model/sizes.h"

#include "nn/head_input.h"

sngp_model_sizes sngp_model_sizes_of(const sngp_model_config *config) {
  const bool residual = config->backbone == SNGP_BACKBONE_RESIDUAL;
  sngp_model_sizes sizes = {.inputs = config->input_dim,
                            .input_layer = residual,
                            .hidden = residual ? config->num_hidden : config->input_dim,
                            .num_layers = residual ? config->num_layers : 0,
                            .num_classes = config->num_classes};
  sizes.head_width = sizes.hidden;
  if (config->head != SNGP_HEAD_GAUSSIAN_PROCESS) return sizes;
  sizes.projection = config->gp_input_dim;
  if (sizes.projection > 0) sizes.head_width = sizes.projection;
  sizes.head_inputs = sngp_head_input_width(config->normalize_input, sizes.head_width);
  if (config->kernel_scaling == SNGP_KERNEL_SCALING_TRAINED) sizes.num_lengths = 1;
  if (config->kernel_scaling == SNGP_KERNEL_SCALING_ARD) sizes.num_lengths = sizes.head_inputs;
  sizes.num_features =
      config->kernel == SNGP_KERNEL_LINEAR ? sizes.head_inputs : config->num_random_features;
  return sizes;
}

bool sngp_model_sizes_same_widths(const sngp_model_sizes *a, const sngp_model_sizes *b) {
  return a->inputs == b->inputs && a->input_layer == b->input_layer && a->hidden == b->hidden &&
         a->projection == b->projection && a->head_inputs == b->head_inputs &&
         a->num_lengths == b->num_lengths && a->num_features == b->num_features &&
         a->num_classes == b->num_classes;
}
