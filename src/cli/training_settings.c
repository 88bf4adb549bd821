/* The settings of a training, and the configurations that they mean. */
#include <math.h>

#include "cli/threads.h"
#include "cli/training.h"

/* Lakshminarayanan et al., arXiv 1612.01474, use 5; the TensorFlow SNGP tutorial 10. */
enum { DEFAULT_MEMBERS = 10 };

const char *const cli_training_methods[] = {[CLI_METHOD_SNGP] = "sngp",
                                            [CLI_METHOD_DETERMINISTIC] = "deterministic",
                                            [CLI_METHOD_ENSEMBLE] = "ensemble",
                                            NULL};

const char *const cli_training_presets[] = {"default", "tutorial",    "model-garden",
                                            "edward2", "edward2-jax", NULL};

const char *const cli_training_solvers[] = {[SNGP_SOLVER_AUTOMATIC] = "automatic",
                                            [SNGP_SOLVER_CLOSED_FORM] = "closed-form",
                                            [SNGP_SOLVER_NEWTON] = "newton",
                                            [SNGP_SOLVER_MAJORISED] = "majorised",
                                            [SNGP_SOLVER_LBFGS] = "lbfgs",
                                            [CLI_SOLVER_GRADIENT] = "gradient",
                                            NULL};

void cli_training_settings_init(cli_training_settings *settings) {
  *settings = (cli_training_settings){.task = CLI_TASK_CLASSIFICATION,
                                      .likelihood = CLI_NOT_GIVEN,
                                      .preset = SNGP_PRESET_DEFAULT,
                                      .method = CLI_METHOD_SNGP,
                                      .member_method = CLI_NOT_GIVEN,
                                      .members = CLI_NOT_GIVEN,
                                      .epochs = 100,
                                      .batch_size = CLI_NOT_GIVEN,
                                      .num_layers = CLI_NOT_GIVEN,
                                      .num_hidden = CLI_NOT_GIVEN,
                                      .num_features = CLI_NOT_GIVEN,
                                      .threads = cli_default_threads(),
                                      .learning_rate = NAN,
                                      .spectral_bound = NAN,
                                      .ridge = NAN,
                                      .backbone = SNGP_BACKBONE_RESIDUAL,
                                      .kernel = CLI_NOT_GIVEN,
                                      .kernel_scaling = CLI_NOT_GIVEN,
                                      .posterior = CLI_NOT_GIVEN,
                                      .kernel_scale = NAN,
                                      .solver = SNGP_SOLVER_AUTOMATIC,
                                      .selection = SNGP_SELECTION_AUTOMATIC,
                                      .tolerance = NAN,
                                      .loss = SNGP_LOSS_CROSS_ENTROPY,
                                      .class_weights = SNGP_CLASS_WEIGHTS_NONE,
                                      .focal_gamma = NAN,
                                      .validation = NAN};
}

int32_t cli_training_model_method(const cli_training_settings *settings) {
  if (settings->method != CLI_METHOD_ENSEMBLE) return settings->method;
  return settings->member_method == CLI_NOT_GIVEN ? CLI_METHOD_DETERMINISTIC
                                                  : settings->member_method;
}

int64_t cli_training_num_models(const cli_training_settings *settings) {
  if (settings->method != CLI_METHOD_ENSEMBLE) return 1;
  return settings->members == CLI_NOT_GIVEN ? DEFAULT_MEMBERS : settings->members;
}

const char *cli_training_title(const cli_training_settings *settings) {
  bool bare = settings->backbone == SNGP_BACKBONE_NONE;
  if (cli_training_model_method(settings) == CLI_METHOD_DETERMINISTIC)
    return bare ? "dense head" : "deterministic";
  return bare ? "Gaussian process head" : "SNGP";
}

bool cli_training_is_direct(const cli_training_settings *settings) {
  return settings->backbone == SNGP_BACKBONE_NONE && settings->solver != CLI_SOLVER_GRADIENT &&
         cli_training_model_method(settings) == CLI_METHOD_SNGP;
}

/* What goes on top, beside the settings of the whole model. */
static void configure_head(const cli_training_settings *s, sngp_model_config *config) {
  if (s->task == CLI_TASK_COUNTS) config->likelihood = SNGP_LIKELIHOOD_POISSON;
  if (s->likelihood != CLI_NOT_GIVEN) config->likelihood = s->likelihood;
  if (s->backbone == SNGP_BACKBONE_NONE) {
    config->backbone = SNGP_BACKBONE_NONE;
    /* Embeddings are best taken as they are; a preset's layer has a normalisation of its own. */
    if (s->preset == SNGP_PRESET_DEFAULT) config->normalize_input = SNGP_NORMALIZE_NONE;
  }
  /* The evidence finds a length for each column; nothing else of a direct fit does. Orthogonal
     features are closer to the kernel that it judges. */
  if (cli_training_is_direct(s) && s->task == CLI_TASK_REGRESSION) {
    config->kernel_scaling = SNGP_KERNEL_SCALING_ARD;
    config->orthogonal_features = 1;
  }
  if (s->num_features != CLI_NOT_GIVEN) config->num_random_features = s->num_features;
  if (s->kernel != CLI_NOT_GIVEN) config->kernel = s->kernel;
  if (s->kernel_scaling != CLI_NOT_GIVEN) config->kernel_scaling = s->kernel_scaling;
  if (s->posterior != CLI_NOT_GIVEN) config->posterior = s->posterior;
  if (!isnan(s->kernel_scale)) config->kernel_scale = s->kernel_scale;
  if (!isnan(s->ridge)) config->ridge = s->ridge;
}

sngp_status cli_training_model_config(const cli_training_settings *settings,
                                      const sngp_dataset *training, int64_t num_classes,
                                      sngp_model_config *config) {
  const cli_training_settings *s = settings;
  sngp_status status = sngp_model_config_init(config, sizeof *config);
  if (status == SNGP_OK) status = sngp_model_config_preset(config, s->preset);
  if (status != SNGP_OK) return status;
  config->input_dim = sngp_dataset_cols(training);
  config->task = cli_task_library(s->task);
  config->num_classes = num_classes;
  config->class_names = sngp_dataset_class_names(training);
  config->num_targets = sngp_dataset_num_targets(training);
  config->target_names = sngp_dataset_target_names(training);
  config->feature_names = sngp_dataset_feature_names(training);
  config->seed = s->seed;
  if (s->raw_inputs) config->standardize_inputs = 0;
  if (cli_training_model_method(s) == CLI_METHOD_DETERMINISTIC) {
    config->head = SNGP_HEAD_DENSE;
    config->spectral_norm_bound = 0;
  }
  if (s->num_layers != CLI_NOT_GIVEN) config->num_layers = s->num_layers;
  if (s->num_hidden != CLI_NOT_GIVEN) config->num_hidden = s->num_hidden;
  if (!isnan(s->spectral_bound)) config->spectral_norm_bound = s->spectral_bound;
  configure_head(s, config);
  return SNGP_OK;
}

sngp_status cli_training_optimizer_config(const cli_training_settings *settings,
                                          sngp_optimizer_config *config) {
  sngp_status status = sngp_optimizer_config_init(config, sizeof *config);
  if (status == SNGP_OK) status = sngp_optimizer_config_preset(config, settings->preset);
  if (status != SNGP_OK) return status;
  if (!isnan(settings->learning_rate)) config->learning_rate = settings->learning_rate;
  return SNGP_OK;
}

sngp_status cli_training_fit_config(const cli_training_settings *settings,
                                    sngp_fit_config *config) {
  sngp_status status = sngp_fit_config_init(config, sizeof *config);
  if (status == SNGP_OK) status = sngp_fit_config_preset(config, settings->preset);
  if (status != SNGP_OK) return status;
  config->num_threads = (int32_t)settings->threads;
  config->epochs = settings->epochs;
  if (settings->batch_size != CLI_NOT_GIVEN) config->batch_size = settings->batch_size;
  config->patience = settings->patience;
  config->loss = settings->loss;
  config->class_weighting = settings->class_weights;
  if (!isnan(settings->focal_gamma)) config->focal_gamma = settings->focal_gamma;
  return SNGP_OK;
}
