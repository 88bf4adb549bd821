#include "cli/training.h"

#include <math.h>

#include "cli/threads.h"

const char *const cli_training_methods[] = {"sngp", "deterministic", NULL};

const char *cli_training_title(int32_t method) {
  return method == CLI_METHOD_DETERMINISTIC ? "deterministic" : "SNGP";
}

void cli_training_settings_init(cli_training_settings *settings) {
  *settings = (cli_training_settings){.preset = SNGP_PRESET_DEFAULT,
                                      .method = CLI_METHOD_SNGP,
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

sngp_status cli_training_model_config(const cli_training_settings *settings,
                                      const sngp_dataset *training, int64_t num_classes,
                                      sngp_model_config *config) {
  const cli_training_settings *s = settings;
  sngp_status status = sngp_model_config_init(config, sizeof *config);
  if (status == SNGP_OK) status = sngp_model_config_preset(config, s->preset);
  if (status != SNGP_OK) return status;
  config->input_dim = sngp_dataset_cols(training);
  config->num_classes = num_classes;
  config->class_names = sngp_dataset_class_names(training);
  config->feature_names = sngp_dataset_feature_names(training);
  config->seed = s->seed;
  if (s->raw_inputs) config->standardize_inputs = 0;
  if (s->method == CLI_METHOD_DETERMINISTIC) {
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

sngp_status cli_training_create(const cli_training_settings *settings, const sngp_dataset *training,
                                int64_t num_classes, cli_trained *trained) {
  sngp_model_config model;
  sngp_optimizer_config optimizer;
  sngp_status status = cli_training_model_config(settings, training, num_classes, &model);
  if (status == SNGP_OK) status = sngp_model_create(&model, &trained->model);
  if (status == SNGP_OK) status = sngp_model_prepare(trained->model, training);
  if (status == SNGP_OK) status = cli_training_optimizer_config(settings, &optimizer);
  if (status == SNGP_OK) status = sngp_optimizer_create(&optimizer, &trained->optimizer);
  return status;
}

sngp_status cli_training_fit(const cli_training_settings *settings, const sngp_dataset *training,
                             const sngp_dataset *validation, cli_progress *progress,
                             cli_trained *trained) {
  sngp_fit_config config;
  sngp_status status = cli_training_fit_config(settings, &config);
  if (status != SNGP_OK) return status;
  config.callback = cli_progress_callback;
  config.context = progress;
  cli_progress_begin(progress);
  status = sngp_fit(trained->model, trained->optimizer, training, validation, &config,
                    &trained->history);
  trained->seconds = cli_progress_end(progress);
  return status;
}

void cli_trained_free(cli_trained *trained) {
  sngp_history_free(trained->history);
  sngp_optimizer_free(trained->optimizer);
  sngp_model_free(trained->model);
  *trained = (cli_trained){0};
}
