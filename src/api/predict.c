#include "sngp/predict.h"

#include <math.h>

#include "api/check.h"
#include "base/struct_size.h"
#include "linalg/kernels.h"
#include "predict/predict.h"

/* Sizes of the structs in the first version. */
static const size_t SMALLEST_CONFIG = SNGP_END_OF(sngp_predict_config, mean_field_factor);
static const size_t SMALLEST_PREDICTION = SNGP_END_OF(sngp_prediction, dempster_shafer);

/* Rows of the workspace that a call without one makes for itself. */
enum { OWN_WORKSPACE_ROWS = 1024 };

static sngp_predict_config default_config(void) {
  return (sngp_predict_config){.struct_size = sizeof(sngp_predict_config),
                               .method = SNGP_PREDICT_MEAN_FIELD,
                               .num_threads = 1,
                               .mean_field_factor = (double)NAN};
}

sngp_status sngp_predict_config_init(sngp_predict_config *config, size_t size) {
  sngp_predict_config own = default_config();
  return sngp_struct_init(&own, sizeof own, SMALLEST_CONFIG, config, size, "predict config");
}

static sngp_status import_config(const sngp_predict_config *config, sngp_predict_config *own) {
  *own = default_config();
  if (config != NULL)
    SNGP_TRY(sngp_struct_import(own, sizeof *own, SMALLEST_CONFIG, config, "predict config"));
  if (own->method != SNGP_PREDICT_MEAN_FIELD && own->method != SNGP_PREDICT_MAP)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "predict config: method is %d, but must be one of SNGP_PREDICT_*",
                     own->method);
  if (own->full_covariance != 0 && own->full_covariance != 1)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "predict config: full_covariance is %d, but must be 0 or 1",
                     own->full_covariance);
  if (isinf(own->mean_field_factor))
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "predict config: mean_field_factor is infinite");
  return sngp_check_threads(own->num_threads);
}

sngp_status sngp_workspace_create(const sngp_model *model, const sngp_predict_config *config,
                                  int64_t max_rows, sngp_workspace **workspace) {
  SNGP_TRY(sngp_check_pointer(workspace, "workspace"));
  *workspace = NULL;
  SNGP_TRY(sngp_check_pointer(model, "model"));
  sngp_predict_config own;
  SNGP_TRY(import_config(config, &own));
  if (max_rows < 1)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "max_rows is %lld, but must be 1 or more",
                     (long long)max_rows);
  return sngp_workspace_take(model, &own, max_rows, workspace);
}

static sngp_status check_inputs(const sngp_model *model, const float *x, int64_t rows, int64_t cols,
                                int64_t row_stride) {
  if (rows < 0)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "rows is %lld, but must not be negative",
                     (long long)rows);
  if (rows > 0) SNGP_TRY(sngp_check_pointer(x, "x"));
  if (cols != model->config.input_dim)
    return sngp_fail(SNGP_ERROR_DIMENSION, "cols is %lld, but the model's input_dim is %lld",
                     (long long)cols, (long long)model->config.input_dim);
  if (row_stride < cols)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "row_stride is %lld, but there are %lld columns",
                     (long long)row_stride, (long long)cols);
  SNGP_TRY(sngp_check_extent("x", rows, row_stride, sizeof *x));
  for (int64_t i = 0; i < rows; i++) {
    const float *row = x + i * row_stride;
    if (sngp_kernel_all_finite((size_t)cols, row)) continue;
    int64_t j = 0;
    while (isfinite(row[j])) j++;
    return sngp_fail(SNGP_ERROR_NOT_FINITE, "x[%lld, %lld] is %g", (long long)i, (long long)j,
                     (double)row[j]);
  }
  return SNGP_OK;
}

/* What was asked for, against what the model has. */
static sngp_status check_outputs(const sngp_model *model, const sngp_predict_config *config,
                                 const sngp_prediction *out) {
  SNGP_TRY(sngp_model_check_prepared(model));
  if (!sngp_predict_needs_variance(model, config, out)) return SNGP_OK;
  if (!model->network.gaussian_process)
    return sngp_fail(
        SNGP_ERROR_UNSUPPORTED,
        "a variance or covariance was asked for, but a model with a dense head has none");
  return sngp_model_check_posterior(model);
}

static sngp_status check_workspace(const sngp_model *model, const sngp_workspace *workspace,
                                   int64_t rows, const sngp_prediction *out) {
  SNGP_TRY(sngp_workspace_check(workspace, model));
  if (out->covariance == NULL) return SNGP_OK;
  if (workspace->projected == NULL)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "a covariance was asked for, but the workspace was made without "
                     "full_covariance");
  if (rows > workspace->max_rows)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "a covariance of %lld rows was asked for, but the workspace has max_rows %lld",
                     (long long)rows, (long long)workspace->max_rows);
  return SNGP_OK;
}

static sngp_status own_workspace(const sngp_model *model, const sngp_predict_config *config,
                                 int64_t rows, const sngp_prediction *out, sngp_workspace **made) {
  sngp_predict_config own = *config;
  own.full_covariance = out->covariance != NULL;
  int64_t most = (int64_t)config->num_threads * OWN_WORKSPACE_ROWS;
  int64_t max_rows = rows < most || own.full_covariance ? rows : most;
  return sngp_workspace_take(model, &own, max_rows, made);
}

sngp_status sngp_predict(const sngp_model *model, sngp_workspace *workspace, const float *x,
                         int64_t rows, int64_t cols, int64_t row_stride,
                         const sngp_predict_config *config, sngp_prediction *out) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  sngp_predict_config own;
  SNGP_TRY(import_config(config, &own));
  sngp_prediction buffers = {.struct_size = sizeof buffers};
  SNGP_TRY(sngp_struct_import(&buffers, sizeof buffers, SMALLEST_PREDICTION, out, "prediction"));
  SNGP_TRY(sngp_check_reserved(buffers.reserved, "prediction"));
  if (row_stride == 0) row_stride = cols;
  SNGP_TRY(check_inputs(model, x, rows, cols, row_stride));
  SNGP_TRY(check_outputs(model, &own, &buffers));
  if (workspace != NULL) SNGP_TRY(check_workspace(model, workspace, rows, &buffers));
  if (rows == 0) return SNGP_OK;
  sngp_workspace *made = NULL;
  if (workspace == NULL) SNGP_TRY(own_workspace(model, &own, rows, &buffers, &made));
  sngp_workspace *used = workspace != NULL ? workspace : made;
  if (atomic_flag_test_and_set(&used->in_use))
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "the workspace is in use by another call: each thread needs its own");
  const sngp_inputs inputs = {x, rows, row_stride};
  sngp_predict_rows(model, used, &inputs, &own, &buffers);
  atomic_flag_clear(&used->in_use);
  sngp_workspace_free(made);
  return SNGP_OK;
}
