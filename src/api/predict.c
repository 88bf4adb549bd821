#include "api/predict.h"

#include <math.h>

#include "api/check.h"
#include "base/struct_size.h"
#include "linalg/kernels.h"

/* Sizes of the structs in the first version. */
static const size_t SMALLEST_CONFIG = SNGP_END_OF(sngp_predict_config, mean_field_factor);
static const size_t SMALLEST_PREDICTION = SNGP_END_OF(sngp_prediction, dempster_shafer);

/* Rows of the workspace that a call without one makes for itself. */
enum { OWN_WORKSPACE_ROWS = 1024 };

/* To catch slips. */
enum { MOST_SAMPLES = 1 << 24 };
static const double SMALLEST_TEMPERATURE = 1e-6, LARGEST_TEMPERATURE = 1e6;

/* No call has so many rows that their numbers, counted from here, overflow. */
static const int64_t LARGEST_FIRST_ROW = INT64_C(1) << 62;

static sngp_predict_config default_config(void) {
  return (sngp_predict_config){.struct_size = sizeof(sngp_predict_config),
                               .method = SNGP_PREDICT_MEAN_FIELD,
                               .num_threads = 1,
                               .mean_field_factor = (double)NAN,
                               .temperature = (double)NAN};
}

sngp_status sngp_predict_config_init(sngp_predict_config *config, size_t size) {
  sngp_predict_config own = default_config();
  return sngp_struct_init(&own, sizeof own, SMALLEST_CONFIG, config, size, "predict config");
}

static sngp_status bad(const char *field, double value, const char *range) {
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "predict config: %s is %.15g, but must be %s",
                   field, value, range);
}

sngp_status sngp_predict_config_import(const sngp_predict_config *config,
                                       sngp_predict_config *own) {
  *own = default_config();
  if (config != NULL)
    SNGP_TRY(sngp_struct_import(own, sizeof *own, SMALLEST_CONFIG, config, "predict config"));
  if (own->method < SNGP_PREDICT_MEAN_FIELD || own->method > SNGP_PREDICT_MC_DROPOUT)
    return bad("method", own->method, "one of SNGP_PREDICT_*");
  if (own->full_covariance != 0 && own->full_covariance != 1)
    return bad("full_covariance", own->full_covariance, "0 or 1");
  if (isinf(own->mean_field_factor))
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "predict config: mean_field_factor is infinite");
  if (!isnan(own->temperature) &&
      !(own->temperature >= SMALLEST_TEMPERATURE && own->temperature <= LARGEST_TEMPERATURE))
    return bad("temperature", own->temperature, "in [1e-6, 1e6], or NaN for the model's");
  if (own->num_samples < 0 || own->num_samples > MOST_SAMPLES)
    return bad("num_samples", (double)own->num_samples, "in [1, 16777216], or 0 for the default");
  if (own->seed < 0) return bad("seed", (double)own->seed, "0 or more");
  if (own->first_row < 0 || own->first_row > LARGEST_FIRST_ROW)
    return bad("first_row", (double)own->first_row, "in [0, 2^62]");
  if (own->joint_samples != 0 && own->joint_samples != 1)
    return bad("joint_samples", own->joint_samples, "0 or 1");
  SNGP_TRY(sngp_check_reserved(own->reserved, "predict config"));
  return sngp_check_threads(own->num_threads);
}

sngp_status sngp_workspace_create(const sngp_model *model, const sngp_predict_config *config,
                                  int64_t max_rows, sngp_workspace **workspace) {
  SNGP_TRY(sngp_check_pointer(workspace, "workspace"));
  *workspace = NULL;
  SNGP_TRY(sngp_check_pointer(model, "model"));
  sngp_predict_config own;
  SNGP_TRY(sngp_predict_config_import(config, &own));
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

static sngp_status check_head(const sngp_model *model, const sngp_predict_config *config,
                              const sngp_prediction *out) {
  if (model->network.gaussian_process) return SNGP_OK;
  const bool noise = model->network.noise != NULL; /* its variance is that of the noise then */
  if ((out->variance != NULL && !noise) || out->covariance != NULL)
    return sngp_fail(
        SNGP_ERROR_UNSUPPORTED,
        "a variance or covariance was asked for, but a model with a dense head has none");
  if (out->features != NULL)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "features were asked for, but a model with a dense head has none");
  if (config->method == SNGP_PREDICT_MONTE_CARLO)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "Monte Carlo draws need a variance, but a model with a dense head has none");
  return SNGP_OK;
}

/* What the outputs of a task do not have. */
static sngp_status check_task(const sngp_network *network, const sngp_predict_config *config,
                              const sngp_prediction *out) {
  const bool regression = network->num_probabilities == 0;
  const bool exclusive = !regression && network->link != SNGP_LINK_SIGMOID;
  const struct {
    const char *name;
    bool asked, there;
  } buffers[] = {
      {"probabilities", out->probabilities != NULL, !regression},
      {"classes", out->classes != NULL, exclusive},
      {"uncertainty", out->uncertainty != NULL, exclusive},
      {"entropy", out->entropy != NULL, !regression},
      {"dempster_shafer", out->dempster_shafer != NULL, exclusive},
      {"energy", out->energy != NULL, exclusive},
      {"mutual_information", out->mutual_information != NULL, !regression},
      {"samples", out->samples != NULL, !regression},
      {"mean", out->mean != NULL, regression},
  };
  for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
    if (buffers[i].asked && !buffers[i].there)
      return sngp_fail(SNGP_ERROR_UNSUPPORTED, "%s was asked for, but %s has none", buffers[i].name,
                       regression  ? "a regression"
                       : exclusive ? "a classifier"
                                   : "a multi-label model, whose labels are independent,");
  if (regression && config->method == SNGP_PREDICT_MONTE_CARLO)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "Monte Carlo draws of a regression: its mean and variance are known without, "
                     "by SNGP_PREDICT_MEAN_FIELD");
  return SNGP_OK;
}

static sngp_status check_covariance(const sngp_members *members, const sngp_prediction *out) {
  const sngp_network *network = &members->models[0]->network;
  if (out->covariance == NULL) return SNGP_OK;
  if (members->count > 1)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "a covariance was asked for, but an ensemble of %lld models has none",
                     (long long)members->count);
  const bool regression = network->num_probabilities == 0;
  if (network->num_variances > 1 || (regression && network->num_outputs > 1) ||
      network->link == SNGP_LINK_EXPONENTIAL)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "a covariance was asked for, but there is none that all %lld outputs share%s",
                     (long long)network->num_outputs,
                     network->link == SNGP_LINK_EXPONENTIAL ? ", as rates have none" : "");
  return SNGP_OK;
}

static sngp_status check_draws(const sngp_network *network, const sngp_predict_config *config) {
  if (config->method != SNGP_PREDICT_MONTE_CARLO || !config->joint_samples ||
      network->num_variances <= 1)
    return SNGP_OK;
  return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                   "joint_samples: rows are drawn jointly where all outputs share a posterior, but "
                   "%lld outputs have variances of their own",
                   (long long)network->num_outputs);
}

static sngp_status check_features(const sngp_members *members, const sngp_predict_config *config,
                                  const sngp_prediction *out) {
  if (out->features == NULL) return SNGP_OK;
  if (members->count == 1 && config->method != SNGP_PREDICT_MC_DROPOUT) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                   "features were asked for, but %s has several of each row",
                   members->count > 1 ? "an ensemble" : "Monte Carlo dropout");
}

static sngp_status check_dropout(const sngp_model *model, const sngp_prediction *out) {
  const int64_t num_layers = model->network.num_layers; /* none without a backbone */
  if (model->config.dropout_rate == 0 || num_layers == 0)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "Monte Carlo dropout of a model without dropout: dropout_rate is %g, "
                     "num_layers %lld%s",
                     model->config.dropout_rate, (long long)num_layers,
                     model->network.input_layer ? "" : ", without a backbone");
  if (out->covariance == NULL) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                   "a covariance was asked for, but Monte Carlo dropout has none: its passes are "
                   "different networks");
}

sngp_status sngp_predict_check(const sngp_members *members, const sngp_predict_config *config,
                               const sngp_prediction *out) {
  SNGP_TRY(check_task(&members->models[0]->network, config, out));
  bool variance = sngp_predict_needs_variance(members, config, out);
  for (int64_t m = 0; m < members->count; m++) {
    const sngp_model *model = members->models[m];
    SNGP_TRY(sngp_model_check_prepared(model));
    SNGP_TRY(check_head(model, config, out));
    if (config->method == SNGP_PREDICT_MC_DROPOUT) SNGP_TRY(check_dropout(model, out));
    if (variance) SNGP_TRY(sngp_model_check_posterior(model));
  }
  SNGP_TRY(check_covariance(members, out));
  SNGP_TRY(check_draws(&members->models[0]->network, config));
  return check_features(members, config, out);
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

/* The samples of all passes must be an array that can be. */
static sngp_status check_samples(const sngp_members *members, const sngp_predict_config *config,
                                 int64_t rows, const sngp_prediction *out) {
  if (out->samples == NULL) return SNGP_OK;
  int64_t passes = members->count * sngp_predict_num_passes(config);
  int64_t classes = members->models[0]->network.num_probabilities;
  SNGP_TRY(sngp_check_extent("samples", rows, classes, sizeof(float)));
  return sngp_check_extent("samples", rows * classes, passes, sizeof(float));
}

sngp_status sngp_predict_members(const sngp_members *members, sngp_workspace *workspace,
                                 const float *x, int64_t rows, int64_t cols, int64_t row_stride,
                                 const sngp_predict_config *config, sngp_prediction *out) {
  const sngp_model *model = members->models[0];
  sngp_predict_config own;
  SNGP_TRY(sngp_predict_config_import(config, &own));
  sngp_prediction buffers = {.struct_size = sizeof buffers};
  SNGP_TRY(sngp_struct_import(&buffers, sizeof buffers, SMALLEST_PREDICTION, out, "prediction"));
  SNGP_TRY(sngp_check_reserved(buffers.reserved, "prediction"));
  if (row_stride == 0) row_stride = cols;
  SNGP_TRY(check_inputs(model, x, rows, cols, row_stride));
  SNGP_TRY(sngp_predict_check(members, &own, &buffers));
  SNGP_TRY(check_samples(members, &own, rows, &buffers));
  if (workspace != NULL) SNGP_TRY(check_workspace(model, workspace, rows, &buffers));
  if (rows == 0) return SNGP_OK;
  sngp_workspace *made = NULL;
  if (workspace == NULL) SNGP_TRY(own_workspace(model, &own, rows, &buffers, &made));
  sngp_workspace *used = workspace != NULL ? workspace : made;
  if (atomic_flag_test_and_set(&used->in_use))
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "the workspace is in use by another call: each thread needs its own");
  const sngp_inputs inputs = {x, rows, row_stride};
  sngp_predict_rows(members, used, &inputs, &own, &buffers, NULL);
  atomic_flag_clear(&used->in_use);
  sngp_workspace_free(made);
  return SNGP_OK;
}

sngp_status sngp_predict(const sngp_model *model, sngp_workspace *workspace, const float *x,
                         int64_t rows, int64_t cols, int64_t row_stride,
                         const sngp_predict_config *config, sngp_prediction *out) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  const sngp_members members = {&model, 1};
  return sngp_predict_members(&members, workspace, x, rows, cols, row_stride, config, out);
}
