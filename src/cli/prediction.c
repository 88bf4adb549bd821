#include "cli/prediction.h"

#include "cli/message.h"

enum { WORKSPACE_ROWS = 1024 };

const char *const cli_predict_methods[] = {
    [SNGP_PREDICT_MEAN_FIELD] = "mean-field", [SNGP_PREDICT_MAP] = "map", NULL};

cli_option cli_method_option(int32_t *target) {
  return (cli_option){.name = "method",
                      .value = "NAME",
                      .help =
                          "mean-field (default): the variance flattens the probabilities;\n"
                          "map: softmax of the logits alone",
                      .kind = CLI_KIND_CHOICE,
                      .target = target,
                      .choices = cli_predict_methods};
}

bool cli_predictor_use(cli_predictor *predictor, const sngp_model *model,
                       const cli_prediction_settings *settings) {
  cli_predictor *p = predictor;
  p->model = model;
  if (sngp_model_config_init(&p->config, sizeof p->config) != SNGP_OK ||
      sngp_model_get_config(model, &p->config) != SNGP_OK ||
      sngp_predict_config_init(&p->settings, sizeof p->settings) != SNGP_OK) {
    cli_fail_library();
    return false;
  }
  p->has_variance = p->config.head == SNGP_HEAD_GAUSSIAN_PROCESS;
  p->settings.method = settings->method;
  p->settings.num_threads = (int32_t)settings->threads;
  if (sngp_workspace_create(model, &p->settings, WORKSPACE_ROWS, &p->workspace) != SNGP_OK) {
    cli_fail_library();
    return false;
  }
  return true;
}

bool cli_predictor_load(cli_predictor *predictor, const char *path,
                        const cli_prediction_settings *settings) {
  if (sngp_set_blas_threads(1) != SNGP_OK || sngp_model_load(path, &predictor->loaded) != SNGP_OK) {
    cli_fail_library();
    return false;
  }
  return cli_predictor_use(predictor, predictor->loaded, settings);
}

bool cli_predictor_run(cli_predictor *predictor, const sngp_dataset *rows, int64_t begin,
                       int64_t count, sngp_prediction *out) {
  int64_t stride = sngp_dataset_row_stride(rows);
  sngp_status status = sngp_predict(predictor->model, predictor->workspace,
                                    sngp_dataset_features(rows) + begin * stride, count,
                                    sngp_dataset_cols(rows), stride, &predictor->settings, out);
  if (status == SNGP_ERROR_NOT_PREPARED) {
    cli_fail("the model was saved before it was trained: it cannot predict");
  } else if (status != SNGP_OK) {
    cli_fail_library();
  }
  return status == SNGP_OK;
}

void cli_predictor_free(cli_predictor *predictor) {
  sngp_workspace_free(predictor->workspace);
  sngp_model_free(predictor->loaded);
  *predictor = (cli_predictor){0};
}
