#include "cli/compare_train.h"

#include "cli/clock.h"
#include "cli/message.h"

/* The settings of one of the models. */
static sngp_status settings_of(const cli_compare_settings *settings, cli_compare_model model,
                               const cli_compare_rows *rows, int64_t seed,
                               cli_training_settings *result) {
  bool process = cli_compare_model_has_process(model);
  *result = settings->training;
  result->seed = seed;
  result->method = CLI_METHOD_SNGP;
  /* The bound of the ablation is the SNGP's, given or the preset's. */
  sngp_model_config sngp;
  sngp_status status = cli_training_model_config(result, rows->training,
                                                 sngp_dataset_num_classes(rows->training), &sngp);
  if (status != SNGP_OK) return status;
  bool bounded = (process && model != CLI_COMPARE_GP) || model == CLI_COMPARE_SPECTRAL_NORM;
  result->spectral_bound = bounded ? sngp.spectral_norm_bound : 0;
  result->method = process ? CLI_METHOD_SNGP : CLI_METHOD_DETERMINISTIC;
  if (cli_compare_model_is_ensemble(model)) {
    result->member_method = result->method;
    result->method = CLI_METHOD_ENSEMBLE;
    result->members = settings->members;
  }
  return SNGP_OK;
}

bool cli_compare_train(const cli_compare_settings *settings, cli_compare_model model,
                       const cli_compare_rows *rows, int64_t seed, cli_progress *progress,
                       cli_compare_trained *trained) {
  cli_training_settings training;
  int64_t num_classes = sngp_dataset_num_classes(rows->training);
  if (!cli_succeeded(settings_of(settings, model, rows, seed, &training))) return false;
  /* From drawing the weights to the posterior, for a lone model as for an ensemble. */
  double begin = cli_now();
  if (!cli_training_create(&training, rows->training, num_classes, &trained->models)) return false;
  sngp_status status =
      cli_training_fit(&training, rows->training, NULL, progress, &trained->models);
  trained->seconds = cli_now() - begin;
  if (status != SNGP_OK && !cli_interrupted()) cli_fail_library();
  return status == SNGP_OK;
}

void cli_compare_trained_free(cli_compare_trained *trained) {
  cli_trained_free(&trained->models);
  *trained = (cli_compare_trained){0};
}
