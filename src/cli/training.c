#include "cli/training.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/message.h"

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
  /* A direct fit chooses the kernel scale with the ridge, unless it was chosen before. */
  if (status != SNGP_OK || cli_training_is_direct(settings)) return status;
  return sngp_model_prepare(trained->model, training);
}

static bool take_results(bool direct, cli_trained *trained) {
  size_t count = (size_t)trained->num_models;
  trained->histories = calloc(count, sizeof trained->histories[0]);
  if (!direct) return trained->histories != NULL;
  trained->fits = calloc(count, sizeof trained->fits[0]);
  trained->members = calloc(count, sizeof trained->members[0]);
  for (size_t i = 0; trained->fits != NULL && i < count; i++)
    trained->fits[i].struct_size = sizeof trained->fits[i];
  return trained->histories != NULL && trained->fits != NULL && trained->members != NULL;
}

bool cli_training_create(const cli_training_settings *settings, const sngp_dataset *training,
                         int64_t num_classes, cli_trained *trained) {
  trained->num_models = cli_training_num_models(settings);
  if (!take_results(cli_training_is_direct(settings), trained)) {
    cli_fail("out of memory for the histories of %" PRId64 " models", trained->num_models);
    return false;
  }
  return cli_succeeded(create(settings, training, num_classes, trained));
}

/* A lone model becomes an ensemble of one. */
static sngp_status keep_model(cli_trained *trained) {
  const sngp_model *models[] = {trained->model};
  sngp_status status = sngp_ensemble_from_models(models, 1, &trained->ensemble);
  if (status != SNGP_OK) return status;
  sngp_model_free(trained->model);
  trained->model = NULL;
  return SNGP_OK;
}

/* A lone model has all threads for each of its batches. */
static sngp_status fit_model(const sngp_optimizer_config *config, const sngp_dataset *training,
                             const sngp_dataset *validation, const sngp_fit_config *fit,
                             cli_trained *trained) {
  sngp_optimizer *optimizer = NULL;
  sngp_status status = sngp_optimizer_create(config, &optimizer);
  if (status == SNGP_OK) {
    status = sngp_fit(trained->model, optimizer, training, validation, fit, trained->histories);
  }
  if (status == SNGP_OK) status = keep_model(trained);
  sngp_optimizer_free(optimizer);
  return status;
}

static sngp_status fit_by_steps(const cli_training_settings *settings, const sngp_dataset *training,
                                const sngp_dataset *validation, cli_progress *progress,
                                cli_trained *trained) {
  sngp_optimizer_config optimizer;
  sngp_fit_config fit;
  sngp_status status = cli_training_optimizer_config(settings, &optimizer);
  if (status == SNGP_OK) status = cli_training_fit_config(settings, &fit);
  if (status != SNGP_OK) return status;
  fit.callback = cli_progress_callback;
  fit.context = progress;
  if (trained->model != NULL) return fit_model(&optimizer, training, validation, &fit, trained);
  return sngp_ensemble_fit(trained->ensemble, &optimizer, training, validation, &fit,
                           trained->histories);
}

/* Where held-out rows tune a classifier, nothing else does. */
static sngp_status head_config(const cli_training_settings *settings,
                               const sngp_dataset *validation, cli_progress *progress,
                               sngp_head_fit_config *config) {
  sngp_status status = sngp_head_fit_config_init(config, sizeof *config);
  if (status != SNGP_OK) return status;
  config->num_threads = (int32_t)settings->threads;
  config->solver = settings->solver;
  config->selection = settings->selection;
  config->calibrate = !settings->no_calibration && validation == NULL;
  if (!isnan(settings->tolerance)) config->tolerance = settings->tolerance;
  config->callback = cli_progress_head_callback;
  config->context = progress;
  return SNGP_OK;
}

/* The members of an ensemble are fitted one after the other, each with all threads. */
static sngp_status fit_members(const sngp_dataset *training, const sngp_head_fit_config *config,
                               cli_trained *trained) {
  sngp_model **members = trained->members;
  sngp_ensemble *fitted = NULL;
  sngp_status status = SNGP_OK;
  for (int64_t i = 0; status == SNGP_OK && i < trained->num_models; i++) {
    status = sngp_model_clone(sngp_ensemble_member(trained->ensemble, i), &members[i]);
    if (status == SNGP_OK) status = sngp_head_fit(members[i], training, config, &trained->fits[i]);
  }
  if (status == SNGP_OK) {
    status =
        sngp_ensemble_from_models((const sngp_model *const *)members, trained->num_models, &fitted);
  }
  if (status == SNGP_OK) {
    sngp_ensemble_free(trained->ensemble);
    trained->ensemble = fitted;
  }
  return status;
}

static sngp_status fit_directly(const cli_training_settings *settings, const sngp_dataset *training,
                                const sngp_dataset *validation, cli_progress *progress,
                                cli_trained *trained) {
  sngp_head_fit_config config;
  sngp_status status = head_config(settings, validation, progress, &config);
  if (status != SNGP_OK) return status;
  if (trained->model == NULL) return fit_members(training, &config, trained);
  status = sngp_head_fit(trained->model, training, &config, trained->fits);
  return status == SNGP_OK ? keep_model(trained) : status;
}

sngp_status cli_training_fit(const cli_training_settings *settings, const sngp_dataset *training,
                             const sngp_dataset *validation, cli_progress *progress,
                             cli_trained *trained) {
  cli_progress_begin(progress);
  sngp_status status = (trained->fits != NULL ? fit_directly : fit_by_steps)(
      settings, training, validation, progress, trained);
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
  for (int64_t i = 0; trained->members != NULL && i < trained->num_models; i++) {
    sngp_model_free(trained->members[i]);
  }
  free(trained->histories);
  free(trained->fits);
  free(trained->members);
  sngp_ensemble_free(trained->ensemble);
  sngp_model_free(trained->model);
  *trained = (cli_trained){0};
}
