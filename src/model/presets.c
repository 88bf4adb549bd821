/* The presets of a model's configuration. Sources of the reference layers' values:
   - MODEL_GARDEN: official/nlp/modeling/layers/gaussian_process.py and spectral_normalization.py of
     tensorflow/models, default arguments;
   - EDWARD2: edward2/tensorflow/layers/random_feature.py and normalization.py of google/edward2;
   - EDWARD2_JAX: edward2/jax/nn/random_feature.py and normalization.py of google/edward2. */
#include "model/model.h"

static const double PI = 3.14159265358979323846;

static sngp_model_config defaults(void) {
  return (sngp_model_config){
      .struct_size = sizeof(sngp_model_config),
      .task = SNGP_TASK_CLASSIFICATION,
      .backbone = SNGP_BACKBONE_RESIDUAL,
      .head = SNGP_HEAD_GAUSSIAN_PROCESS,
      .num_layers = 6,
      .num_hidden = 128,
      .dropout_rate = 0.1,
      .spectral_norm_bound = 0.9,
      .power_iterations = 1,
      .train_input_layer = 1,
      .standardize_inputs = 1,
      .num_random_features = 1024,
      .random_feature_std = 1,
      .normalize_input = SNGP_NORMALIZE_RADIUS,
      .likelihood = SNGP_LIKELIHOOD_GAUSSIAN,
      .kernel = SNGP_KERNEL_RBF,
      .kernel_scaling = SNGP_KERNEL_SCALING_FIXED,
      .ridge = 1,
      .covariance_momentum = -1,
      .l2_regularization = 1e-6,
      .mean_field_factor = PI / 8,
      .temperature = 1,
      .prior_variance = 1,
      .standardize_targets = 1,
  };
}

static void set_tutorial(sngp_model_config *config) {
  config->train_input_layer = 0;
  config->standardize_inputs = 0;
  config->kernel_scale = 1;
  config->normalize_input = SNGP_NORMALIZE_NONE;
  config->scale_random_features = 1;
}

/* What the three reference layers have in common. */
static void set_reference(sngp_model_config *config) {
  config->standardize_inputs = 0;
  config->spectral_norm_bound = 0.95;
  config->kernel_scale = 1;
  config->mean_field_factor = 1;
}

static void set_model_garden(sngp_model_config *config) {
  set_reference(config);
  config->normalize_input = SNGP_NORMALIZE_NONE;
  config->scale_random_features = 1;
  config->covariance_momentum = 0.999;
}

static void set_edward2(sngp_model_config *config) {
  set_reference(config);
  config->normalize_input = SNGP_NORMALIZE_LAYER_NORM;
  config->orthogonal_features = 1;
  config->scale_random_features = 1;
  config->covariance_momentum = 0.999;
  config->ridge = 1e-6;
  config->l2_regularization = 0;
}

static void set_edward2_jax(sngp_model_config *config) {
  set_reference(config);
  config->normalize_input = SNGP_NORMALIZE_STANDARD;
  config->random_feature_std = 0; /* sqrt(2 / G) */
  config->l2_regularization = 0;
  config->train_output_bias = 1;
}

sngp_model_config sngp_model_config_default(int32_t preset) {
  sngp_model_config config = defaults();
  switch (preset) {
    case SNGP_PRESET_TUTORIAL: set_tutorial(&config); break;
    case SNGP_PRESET_MODEL_GARDEN: set_model_garden(&config); break;
    case SNGP_PRESET_EDWARD2: set_edward2(&config); break;
    case SNGP_PRESET_EDWARD2_JAX: set_edward2_jax(&config); break;
    default: break;
  }
  return config;
}
