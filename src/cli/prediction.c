#include "cli/prediction.h"

#include <math.h>

#include "cli/message.h"
#include "cli/options.h"
#include "cli/threads.h"

enum { WORKSPACE_ROWS = 1024 };

void cli_prediction_settings_init(cli_prediction_settings *settings) {
  *settings = (cli_prediction_settings){.method = SNGP_PREDICT_MEAN_FIELD,
                                        .threads = cli_default_threads(),
                                        .passes = CLI_NOT_GIVEN,
                                        .samples = CLI_NOT_GIVEN,
                                        .seed = CLI_NOT_GIVEN,
                                        .mean_field_factor = NAN,
                                        .temperature = NAN};
}

/* What only the model can tell: whether the settings have an effect on it. */
static bool check(const cli_predictor *p, const cli_prediction_settings *settings) {
  const char *factor = !isnan(settings->mean_field_factor) ? "--mean-field-factor" : NULL;
  const char *draws = settings->method == SNGP_PREDICT_MONTE_CARLO ? "--method monte-carlo" : NULL;
  const char *of_probabilities = draws != NULL                   ? draws
                                 : !isnan(settings->temperature) ? "--temperature"
                                                                 : factor;
  const char *of_variance = factor != NULL ? factor : draws;
  bool regression = p->config.task == SNGP_TASK_REGRESSION;
  if (regression && of_probabilities != NULL) {
    cli_fail("%s is for probabilities, and the task of this model is %s", of_probabilities,
             cli_task_names[p->task]);
  } else if (p->config.head == SNGP_HEAD_DENSE && of_variance != NULL) {
    cli_fail("%s needs a model with a variance, and this one is deterministic", of_variance);
  } else {
    return true;
  }
  return false;
}

sngp_status cli_prediction_config(const cli_prediction_settings *settings,
                                  sngp_predict_config *config) {
  int64_t samples =
      settings->method == SNGP_PREDICT_MC_DROPOUT ? settings->passes : settings->samples;
  sngp_status status = sngp_predict_config_init(config, sizeof *config);
  if (status != SNGP_OK) return status;
  config->method = settings->method;
  config->num_threads = (int32_t)settings->threads;
  config->mean_field_factor = settings->mean_field_factor;
  config->temperature = settings->temperature;
  config->joint_samples = settings->joint;
  if (samples != CLI_NOT_GIVEN) config->num_samples = samples;
  if (settings->seed != CLI_NOT_GIVEN) config->seed = settings->seed;
  return SNGP_OK;
}

static bool is_sampled(int32_t method) {
  return method == SNGP_PREDICT_MONTE_CARLO || method == SNGP_PREDICT_MC_DROPOUT;
}

bool cli_predictor_use(cli_predictor *predictor, const sngp_ensemble *ensemble,
                       const cli_prediction_settings *settings) {
  cli_predictor *p = predictor;
  p->ensemble = ensemble;
  p->model = sngp_ensemble_member(ensemble, 0);
  if (!cli_succeeded(sngp_model_config_init(&p->config, sizeof p->config)) ||
      !cli_succeeded(sngp_model_get_config(p->model, &p->config)) ||
      !cli_succeeded(cli_prediction_config(settings, &p->settings))) {
    return false;
  }
  p->task = cli_task_of(&p->config);
  /* Without a Gaussian process nothing but the noise of a regression is a variance. */
  bool varies = p->config.head == SNGP_HEAD_GAUSSIAN_PROCESS || p->task == CLI_TASK_REGRESSION;
  p->num_variances = varies ? sngp_model_num_variances(p->model) : 0;
  p->has_several_passes = sngp_ensemble_num_members(ensemble) > 1 ||
                          (is_sampled(settings->method) && p->settings.num_samples != 1);
  return check(p, settings) && cli_succeeded(sngp_workspace_create(p->model, &p->settings,
                                                                   WORKSPACE_ROWS, &p->workspace));
}

bool cli_predictor_load(cli_predictor *predictor, const char *path,
                        const cli_prediction_settings *settings) {
  return cli_succeeded(sngp_set_blas_threads(1)) &&
         cli_succeeded(sngp_ensemble_load(path, &predictor->loaded)) &&
         cli_predictor_use(predictor, predictor->loaded, settings);
}

bool cli_predictor_run(const cli_predictor *predictor, const sngp_dataset *rows, int64_t begin,
                       int64_t count, sngp_prediction *out) {
  int64_t stride = sngp_dataset_row_stride(rows);
  sngp_predict_config config = predictor->settings;
  config.first_row += begin;
  sngp_status status = sngp_ensemble_predict(predictor->ensemble, predictor->workspace,
                                             sngp_dataset_features(rows) + begin * stride, count,
                                             sngp_dataset_cols(rows), stride, &config, out);
  if (status == SNGP_ERROR_NOT_PREPARED) {
    cli_fail("the model was saved before it was trained: it cannot predict");
  } else if (status != SNGP_OK) {
    cli_fail_library();
  }
  return status == SNGP_OK;
}

void cli_predictor_free(cli_predictor *predictor) {
  sngp_workspace_free(predictor->workspace);
  sngp_ensemble_free(predictor->loaded);
  *predictor = (cli_predictor){0};
}
