#include "model/sizes.h"

#include "nn/head_input.h"

/* The largest M K for which the Hessian of a softmax is kept whole: 128 MiB of doubles. */
enum { MOST_JOINT = 4096 };

bool sngp_model_is_gaussian_regression(const sngp_model_config *config) {
  return config->task == SNGP_TASK_REGRESSION && config->likelihood == SNGP_LIKELIHOOD_GAUSSIAN;
}

bool sngp_model_is_binary_logistic(const sngp_model_config *config) {
  return config->task == SNGP_TASK_CLASSIFICATION &&
         config->likelihood == SNGP_LIKELIHOOD_BINARY_LOGISTIC;
}

bool sngp_model_has_closed_form(const sngp_model_config *config) {
  return config->likelihood == SNGP_LIKELIHOOD_GAUSSIAN && config->task != SNGP_TASK_MULTI_LABEL;
}

static int32_t resolve_posterior(const sngp_model_config *config, const sngp_model_sizes *sizes) {
  if (config->likelihood == SNGP_LIKELIHOOD_GAUSSIAN || sizes->num_outputs == 1)
    return SNGP_POSTERIOR_SHARED;
  if (config->posterior != SNGP_POSTERIOR_AUTOMATIC) return config->posterior;
  bool joint = config->likelihood == SNGP_LIKELIHOOD_SOFTMAX &&
               sizes->num_features <= MOST_JOINT / sizes->num_outputs;
  return joint ? SNGP_POSTERIOR_JOINT : SNGP_POSTERIOR_PER_OUTPUT;
}

sngp_model_sizes sngp_model_sizes_of(const sngp_model_config *config) {
  const bool residual = config->backbone == SNGP_BACKBONE_RESIDUAL;
  sngp_model_sizes sizes = {.inputs = config->input_dim,
                            .input_layer = residual,
                            .hidden = residual ? config->num_hidden : config->input_dim,
                            .num_layers = residual ? config->num_layers : 0};
  const bool classifies = config->task == SNGP_TASK_CLASSIFICATION;
  sizes.num_outputs = classifies ? config->num_classes : config->num_targets;
  sizes.num_probabilities = config->task == SNGP_TASK_REGRESSION ? 0 : sizes.num_outputs;
  if (sngp_model_is_binary_logistic(config)) sizes.num_outputs = 1;
  sizes.head_width = sizes.hidden;
  if (config->task == SNGP_TASK_REGRESSION) sizes.num_variances = sizes.num_outputs;
  if (config->head != SNGP_HEAD_GAUSSIAN_PROCESS) return sizes;
  sizes.projection = config->gp_input_dim;
  if (sizes.projection > 0) sizes.head_width = sizes.projection;
  sizes.head_inputs = sngp_head_input_width(config->normalize_input, sizes.head_width);
  if (config->kernel_scaling == SNGP_KERNEL_SCALING_TRAINED) sizes.num_lengths = 1;
  if (config->kernel_scaling == SNGP_KERNEL_SCALING_ARD) sizes.num_lengths = sizes.head_inputs;
  sizes.num_features =
      config->kernel == SNGP_KERNEL_LINEAR ? sizes.head_inputs : config->num_random_features;
  sizes.posterior = resolve_posterior(config, &sizes);
  const bool alike =
      sizes.posterior == SNGP_POSTERIOR_SHARED && config->task != SNGP_TASK_REGRESSION;
  sizes.num_variances = alike ? 1 : sizes.num_outputs;
  return sizes;
}

bool sngp_model_sizes_same_widths(const sngp_model_sizes *a, const sngp_model_sizes *b) {
  return a->inputs == b->inputs && a->input_layer == b->input_layer && a->hidden == b->hidden &&
         a->projection == b->projection && a->head_inputs == b->head_inputs &&
         a->num_lengths == b->num_lengths && a->num_features == b->num_features &&
         a->num_outputs == b->num_outputs && a->num_probabilities == b->num_probabilities &&
         a->posterior == b->posterior && a->num_variances == b->num_variances;
}
