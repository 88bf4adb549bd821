#include "cli/training.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/message.h"
#include "cli/threads.h"

/* Lakshminarayanan et al., arXiv 1612.01474, use 5; the TensorFlow SNGP tutorial 10. */
enum { DEFAULT_MEMBERS = 10 };

const char *const cli_training_methods[] = {[CLI_METHOD_SNGP] = "sngp",
                                            [CLI_METHOD_DETERMINISTIC] = "deterministic",
                                            [CLI_METHOD_ENSEMBLE] = "ensemble",
                                            NULL};

const char *const cli_training_presets[] = {"default", "tutorial",    "model-garden",
                                            "edward2", "edward2-jax", NULL};

const char *cli_training_title(int32_t method) {
  switch (method) {
    case CLI_METHOD_DETERMINISTIC: return "deterministic";
    case CLI_METHOD_ENSEMBLE: return "ensemble";
    default: return "SNGP";
  }
}

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
  if (s->task == CLI_TASK_COUNTS) config->likelihood = SNGP_LIKELIHOOD_POISSON;
  if (s->likelihood != CLI_NOT_GIVEN) config->likelihood = s->likelihood;
  config->feature_names = sngp_dataset_feature_names(training);
  config->seed = s->seed;
  if (s->raw_inputs) config->standardize_inputs = 0;
  if (cli_training_model_method(s) == CLI_METHOD_DETERMINISTIC) {
    config->head = SNGP_HEAD_DENSE;
    config->spectral_norm_bound = 0;
  }
  if (s->num_layers != CLI_NOT_GIVEN) config->num_layers = s->num_layers;
  if (s->num_hidden != CLI_NOT_GIVEN) config->num_hidden = s->num_hidden;
  if (s->num_features != CLI_NOT_GIVEN) config->num_random_features = s->num_features;
  if (!isnan(s->spectral_bound)) config->spectral_norm_bound = s->spectral_bound;
  if (!isnan(s->ridge)) config->ridge = s->ridge;
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

const sngp_model *cli_trained_first(const cli_trained *trained) {
  return trained->model != NULL ? trained->model : sngp_ensemble_member(trained->ensemble, 0);
}

static sngp_status create(const cli_training_settings *settings, const sngp_dataset *training,
                          int64_t num_classes, cli_trained *trained) {
  sngp_model_config config;
  sngp_status status = cli_training_model_config(settings, training, num_classes, &config);
  if (status != SNGP_OK) return status;
  if (settings->method == CLI_METHOD_ENSEMBLE) {
    return sngp_ensemble_create(&config, trained->num_models, &trained->ensemble);
  }
  status = sngp_model_create(&config, &trained->model);
  return status == SNGP_OK ? sngp_model_prepare(trained->model, training) : status;
}

bool cli_training_create(const cli_training_settings *settings, const sngp_dataset *training,
                         int64_t num_classes, cli_trained *trained) {
  trained->num_models = cli_training_num_models(settings);
  trained->histories = calloc((size_t)trained->num_models, sizeof trained->histories[0]);
  if (trained->histories == NULL) {
    cli_fail("out of memory for the histories of %" PRId64 " models", trained->num_models);
    return false;
  }
  return cli_succeeded(create(settings, training, num_classes, trained));
}

/* A lone model has all threads for each of its batches, and is an ensemble of one from then on. */
static sngp_status fit_model(const sngp_optimizer_config *config, const sngp_dataset *training,
                             const sngp_dataset *validation, const sngp_fit_config *fit,
                             cli_trained *trained) {
  sngp_optimizer *optimizer = NULL;
  sngp_status status = sngp_optimizer_create(config, &optimizer);
  if (status == SNGP_OK) {
    status = sngp_fit(trained->model, optimizer, training, validation, fit, trained->histories);
  }
  if (status == SNGP_OK) {
    const sngp_model *models[] = {trained->model};
    status = sngp_ensemble_from_models(models, 1, &trained->ensemble);
  }
  if (status == SNGP_OK) {
    sngp_model_free(trained->model);
    trained->model = NULL;
  }
  sngp_optimizer_free(optimizer);
  return status;
}

sngp_status cli_training_fit(const cli_training_settings *settings, const sngp_dataset *training,
                             const sngp_dataset *validation, cli_progress *progress,
                             cli_trained *trained) {
  sngp_optimizer_config optimizer;
  sngp_fit_config fit;
  sngp_status status = cli_training_optimizer_config(settings, &optimizer);
  if (status == SNGP_OK) status = cli_training_fit_config(settings, &fit);
  if (status != SNGP_OK) return status;
  fit.callback = cli_progress_callback;
  fit.context = progress;
  cli_progress_begin(progress);
  if (trained->model != NULL) {
    status = fit_model(&optimizer, training, validation, &fit, trained);
  } else {
    status = sngp_ensemble_fit(trained->ensemble, &optimizer, training, validation, &fit,
                               trained->histories);
  }
  trained->seconds = cli_progress_end(progress);
  return status;
}

bool cli_training_calibrate(const cli_training_settings *settings, const sngp_dataset *validation,
                            cli_trained *trained) {
  sngp_predict_config config;
  if (validation == NULL || settings->no_calibration || settings->task != CLI_TASK_CLASSIFICATION)
    return true;
  trained->calibration.struct_size = sizeof trained->calibration;
  sngp_status status = sngp_predict_config_init(&config, sizeof config);
  if (status == SNGP_OK) {
    config.num_threads = (int32_t)settings->threads;
    status = sngp_ensemble_calibrate(trained->ensemble, validation, &config, NULL,
                                     &trained->calibration);
  }
  if (status != SNGP_OK)
    cli_fail("calibration failed (--no-calibration leaves it out): %s", sngp_last_error());
  trained->calibrated = status == SNGP_OK;
  return trained->calibrated;
}

void cli_trained_free(cli_trained *trained) {
  for (int64_t i = 0; trained->histories != NULL && i < trained->num_models; i++) {
    sngp_history_free(trained->histories[i]);
  }
  free(trained->histories);
  sngp_ensemble_free(trained->ensemble);
  sngp_model_free(trained->model);
  *trained = (cli_trained){0};
}
