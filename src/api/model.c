#include "sngp/model.h"

#include <string.h>

#include "api/check.h"
#include "api/import.h"
#include "base/struct_size.h"
#include "linalg/kernels.h"
#include "model/model.h"
#include "model/sizes.h"
#include "model/summary.h"
#include "sngp/head.h"
#include "train/head_solve.h"

/* Sizes of the structs in the first version. */
static const size_t SMALLEST_CONFIG = SNGP_END_OF(sngp_model_config, feature_names);
static const size_t SMALLEST_INFO = SNGP_END_OF(sngp_parameter_info, cols);
static const size_t SMALLEST_RECORD = SNGP_END_OF(sngp_training_record, covariance_jitter);

sngp_status sngp_model_config_init(sngp_model_config *config, size_t size) {
  sngp_model_config own = sngp_model_config_default(SNGP_PRESET_DEFAULT);
  return sngp_struct_init(&own, sizeof own, SMALLEST_CONFIG, config, size, "model config");
}

sngp_status sngp_import_model_config(const sngp_model_config *config, sngp_model_config *own) {
  *own = sngp_model_config_default(SNGP_PRESET_DEFAULT);
  return sngp_struct_import(own, sizeof *own, SMALLEST_CONFIG, config, "model config");
}

sngp_status sngp_model_config_preset(sngp_model_config *config, int32_t preset) {
  SNGP_TRY(sngp_check_preset(preset));
  sngp_model_config old;
  SNGP_TRY(sngp_import_model_config(config, &old));
  sngp_model_config own = sngp_model_config_default(preset);
  own.input_dim = old.input_dim;
  own.task = old.task;
  own.num_classes = old.num_classes;
  own.num_targets = old.num_targets;
  own.likelihood = old.likelihood;
  own.posterior = old.posterior;
  own.head = old.head;
  own.seed = old.seed;
  own.class_names = old.class_names;
  own.feature_names = old.feature_names;
  own.target_names = old.target_names;
  return sngp_struct_export(&own, sizeof own, SMALLEST_CONFIG, config, "model config");
}

sngp_status sngp_model_config_validate(const sngp_model_config *config) {
  sngp_model_config own;
  SNGP_TRY(sngp_import_model_config(config, &own));
  return sngp_model_config_check(&own);
}

sngp_status sngp_model_create(const sngp_model_config *config, sngp_model **model) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  *model = NULL;
  sngp_model_config own;
  SNGP_TRY(sngp_import_model_config(config, &own));
  sngp_model *made = NULL;
  SNGP_TRY(sngp_model_allocate(&own, &made));
  sngp_status status = sngp_model_draw(made);
  if (status != SNGP_OK) {
    sngp_model_free(made);
    return status;
  }
  *model = made;
  return SNGP_OK;
}

sngp_status sngp_model_clone(const sngp_model *model, sngp_model **clone) {
  SNGP_TRY(sngp_check_pointer(clone, "clone"));
  *clone = NULL;
  SNGP_TRY(sngp_check_pointer(model, "model"));
  return sngp_model_copy(model, clone);
}

sngp_status sngp_model_get_config(const sngp_model *model, sngp_model_config *config) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  return sngp_struct_export(&model->config, sizeof model->config, SMALLEST_CONFIG, config,
                            "model config");
}

sngp_status sngp_model_parameter_count(const sngp_model *model, int64_t *total,
                                       int64_t *trainable) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  sngp_parameter_counts counts = sngp_model_count(model);
  if (total != NULL) *total = counts.total;
  if (trainable != NULL) *trainable = counts.trainable;
  return SNGP_OK;
}

int64_t sngp_model_input_dim(const sngp_model *model) {
  return model == NULL ? 0 : model->config.input_dim;
}

int64_t sngp_model_num_classes(const sngp_model *model) {
  return model == NULL ? 0 : model->config.num_classes;
}

int64_t sngp_model_num_targets(const sngp_model *model) {
  return model == NULL ? 0 : model->config.num_targets;
}

int64_t sngp_model_num_outputs(const sngp_model *model) {
  return model == NULL ? 0 : model->network.num_outputs;
}

int64_t sngp_model_num_variances(const sngp_model *model) {
  return model == NULL ? 0 : sngp_model_sizes_of(&model->config).num_variances;
}

int64_t sngp_model_num_tensors(const sngp_model *model) {
  return model == NULL ? 0 : (int64_t)model->table.count;
}

sngp_status sngp_model_parameter_info(const sngp_model *model, int64_t index,
                                      sngp_parameter_info *info) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  int64_t count = (int64_t)model->table.count;
  if (index < 0 || index >= count)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "index is %lld, but must lie in [0, %lld)",
                     (long long)index, (long long)count);
  const sngp_parameter *tensor = &model->table.items[index];
  sngp_parameter_info own = {.struct_size = sizeof own,
                             .trainable = tensor->trainable,
                             .name = tensor->name,
                             .rows = tensor->rows,
                             .cols = tensor->cols};
  return sngp_struct_export(&own, sizeof own, SMALLEST_INFO, info, "parameter info");
}

static sngp_status find_tensor(const sngp_model *model, const char *name, const float *values,
                               int64_t count, const sngp_parameter **found) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  SNGP_TRY(sngp_check_pointer(name, "name"));
  SNGP_TRY(sngp_check_pointer(values, "values"));
  const sngp_parameter *tensor = sngp_parameter_find(&model->table, name);
  if (tensor == NULL)
    return sngp_fail(SNGP_ERROR_NOT_FOUND, "the model has no parameter \"%s\"", name);
  if (count != tensor->rows * tensor->cols)
    return sngp_fail(SNGP_ERROR_DIMENSION, "count is %lld, but \"%s\" has %lld x %lld values",
                     (long long)count, name, (long long)tensor->rows, (long long)tensor->cols);
  *found = tensor;
  return SNGP_OK;
}

sngp_status sngp_model_get_parameter(const sngp_model *model, const char *name, float *values,
                                     int64_t count) {
  const sngp_parameter *tensor = NULL;
  SNGP_TRY(find_tensor(model, name, values, count, &tensor));
  memcpy(values, sngp_model_values(model, tensor), (size_t)count * sizeof *values);
  return SNGP_OK;
}

sngp_status sngp_model_set_parameter(sngp_model *model, const char *name, const float *values,
                                     int64_t count) {
  const sngp_parameter *tensor = NULL;
  SNGP_TRY(find_tensor(model, name, values, count, &tensor));
  SNGP_TRY(sngp_check_idle(model));
  if (!sngp_kernel_all_finite((size_t)count, values))
    return sngp_fail(SNGP_ERROR_NOT_FINITE, "values for \"%s\" hold a NaN or an infinity", name);
  bool inputs = strcmp(name, "input_scaling.scale") == 0;
  bool targets = strcmp(name, "target_scaling.scale") == 0;
  bool positive = inputs || targets || strcmp(name, "noise.variance") == 0;
  for (int64_t i = 0; positive && i < count; i++)
    if (!(values[i] > 0))
      return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "\"%s\"[%lld] is %g, but must be positive",
                       name, (long long)i, (double)values[i]);
  memcpy(sngp_model_values(model, tensor), values, (size_t)count * sizeof *values);
  model->holds.input_scaling = model->holds.input_scaling || inputs;
  model->holds.target_scaling = model->holds.target_scaling || targets;
  if (targets) sngp_model_set_given_noise(model);
  if (strcmp(name, "noise.variance") == 0) return SNGP_OK; /* no weight, nor anything below one */
  model->posterior.current = false;
  sngp_model_drop_statistics(model);
  return SNGP_OK;
}

sngp_status sngp_model_set_mean_field_factor(sngp_model *model, double factor) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  SNGP_TRY(sngp_check_idle(model));
  sngp_model_config changed = model->config;
  changed.mean_field_factor = factor;
  return sngp_model_take_config(model, &changed);
}

sngp_status sngp_model_set_temperature(sngp_model *model, double temperature) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  SNGP_TRY(sngp_check_idle(model));
  sngp_model_config changed = model->config;
  changed.temperature = temperature;
  return sngp_model_take_config(model, &changed);
}

/* Of a direct fit the ridge is the prior's: where rows are weighed by what the weights predict,
   there is no way to another one without them. */
static sngp_status check_ridge_is_free(const sngp_model *model) {
  if (model->training.solver <= SNGP_SOLVER_CLOSED_FORM ||
      model->config.likelihood == SNGP_LIKELIHOOD_GAUSSIAN)
    return SNGP_OK;
  return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                   "the ridge is the prior's that the head was fitted with: call sngp_head_fit() "
                   "with another one");
}

sngp_status sngp_model_set_ridge(sngp_model *model, double ridge) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  SNGP_TRY(sngp_check_idle(model));
  if (model->posterior.size == 0)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED, "a dense head has no posterior and no ridge");
  SNGP_TRY(sngp_model_check_posterior(model));
  SNGP_TRY(check_ridge_is_free(model));
  sngp_model_config changed = model->config, before = model->config;
  changed.ridge = ridge;
  SNGP_TRY(sngp_model_take_config(model, &changed));
  sngp_status status = model->holds.statistics ? sngp_head_solve(model)
                                               : sngp_posterior_finish(&model->posterior, ridge);
  if (status != SNGP_OK) model->config = before;
  return status;
}

sngp_status sngp_model_get_training_record(const sngp_model *model, sngp_training_record *record) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  const sngp_training_record own = sngp_model_record(model);
  return sngp_struct_export(&own, sizeof own, SMALLEST_RECORD, record, "training record");
}

sngp_status sngp_model_summary(const sngp_model *model, char *buffer, int64_t size,
                               int64_t *length) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  int64_t needed = sngp_model_summarize(model, NULL, 0);
  if (buffer != NULL) {
    if (size <= needed)
      return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                       "size is %lld, but the summary takes %lld bytes", (long long)size,
                       (long long)needed + 1);
    sngp_model_summarize(model, buffer, size);
  }
  if (length != NULL) *length = needed;
  return SNGP_OK;
}
