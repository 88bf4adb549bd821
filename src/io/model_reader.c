#include "io/model_reader.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/model_config_json.h"
#include "io/model_tensors.h"
#include "io/posterior_check.h"
#include "io/training_record_json.h"
#include "model/sizes.h"

sngp_status sngp_read_metadata(const sngp_model_source *source, const char *key,
                               const char **value) {
  *value = sngp_safetensors_metadata(&source->file, key);
  if (*value != NULL) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_FORMAT, "not a model of libsngp: __metadata__ has no \"%s\"", key);
}

/* Reads and checks the configuration; its names are the caller's even on failure. */
static sngp_status read_config(const sngp_model_source *source, const char *prefix,
                               sngp_model_config *config) {
  const char *text = NULL;
  char key[SNGP_TENSOR_NAME_SIZE];
  SNGP_TRY(sngp_read_metadata(source, sngp_prefixed(prefix, "config", key), &text));
  SNGP_TRY(sngp_model_config_from_json(text, config));
  sngp_status status = sngp_model_config_check(config);
  if (status == SNGP_ERROR_INVALID_ARGUMENT) /* not the caller's argument: the file's contents */
    status = sngp_fail(SNGP_ERROR_FORMAT, "%s", sngp_last_error());
  if (status == SNGP_OK && (uint64_t)sngp_model_sizes_of(config).num_layers > source->file.count)
    /* before memory is taken for so many layers */
    status = sngp_fail(SNGP_ERROR_FORMAT, "config.num_layers is %lld, but there are %zu tensors",
                       (long long)config->num_layers, source->file.count);
  return status;
}

static bool same_shape(const sngp_tensor *a, const sngp_tensor *b) {
  return a->rank == b->rank && memcmp(a->shape, b->shape, a->rank * sizeof *a->shape) == 0;
}

/* Writes a shape as "[2, 3]". */
static void print_shape(const sngp_tensor *tensor, char *text, size_t size) {
  size_t length = (size_t)snprintf(text, size, "[");
  for (size_t i = 0; i < tensor->rank && length < size; i++)
    length += (size_t)snprintf(text + length, size - length, "%s%lld", i > 0 ? ", " : "",
                               (long long)tensor->shape[i]);
  if (length < size) snprintf(text + length, size - length, "]");
}

static sngp_status check_tensor(const sngp_model_source *source, const sngp_tensor *expected) {
  enum { SHAPE_TEXT_SIZE = 200 };
  const sngp_tensor *found = sngp_safetensors_find(&source->file, expected->name);
  if (found == NULL)
    return sngp_fail(SNGP_ERROR_FORMAT, "tensor \"%s\" is missing", expected->name);
  if (strcmp(found->dtype, expected->dtype) != 0)
    return sngp_fail(SNGP_ERROR_FORMAT, "tensor \"%s\": dtype is %s, but must be %s",
                     expected->name, found->dtype, expected->dtype);
  if (same_shape(found, expected)) return SNGP_OK;
  char is[SHAPE_TEXT_SIZE], must_be[SHAPE_TEXT_SIZE];
  print_shape(found, is, sizeof is);
  print_shape(expected, must_be, sizeof must_be);
  return sngp_fail(SNGP_ERROR_FORMAT,
                   "tensor \"%s\": shape is %s, but the configuration asks for %s", expected->name,
                   is, must_be);
}

/* The file holds the tensors listed; they belong to this model. */
static sngp_status check_tensors(sngp_model_source *source, const sngp_tensor_list *list) {
  for (size_t i = 0; i < list->count; i++) {
    SNGP_TRY(check_tensor(source, &list->tensors[i]));
    const sngp_tensor *found = sngp_safetensors_find(&source->file, list->tensors[i].name);
    source->used[found - source->file.tensors] = true;
  }
  return SNGP_OK;
}

/* Index of the first element that is not finite, or -1. */
static int64_t find_not_finite(const sngp_tensor *tensor, size_t count) {
  bool is_double = strcmp(tensor->dtype, "F64") == 0;
  if (!is_double && strcmp(tensor->dtype, "F32") != 0) return -1;
  for (size_t i = 0; i < count; i++)
    if (!(is_double ? isfinite(((const double *)tensor->data)[i])
                    : isfinite(((const float *)tensor->data)[i])))
      return (int64_t)i;
  return -1;
}

/* Copies a tensor's data into the model. */
static sngp_status copy_tensor(const sngp_safetensors *file, const sngp_tensor *to) {
  const sngp_tensor *from = sngp_safetensors_find(file, to->name);
  memcpy((void *)(uintptr_t)to->data, from->data, from->size);
  int64_t index = find_not_finite(to, from->size / sngp_dtype_size(to->dtype));
  if (index < 0) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_FORMAT, "tensor \"%s\": element %lld is NaN or infinite", to->name,
                   (long long)index);
}

static sngp_status check_positive(const sngp_model *model, const char *name) {
  const sngp_parameter *scale = sngp_parameter_find(&model->table, name);
  if (scale == NULL) return SNGP_OK;
  const float *values = sngp_model_values(model, scale);
  for (int64_t i = 0; i < scale->cols; i++)
    if (!(values[i] > 0.0f))
      return sngp_fail(SNGP_ERROR_FORMAT, "tensor \"%s\": element %lld is %g, but must be positive",
                       scale->name, (long long)i, (double)values[i]);
  return SNGP_OK;
}

static sngp_status read_posterior(sngp_model *model) {
  sngp_posterior *posterior = &model->posterior;
  if (posterior->size == 0) return SNGP_OK;
  posterior->jitter = model->training.covariance_jitter;
  if (model->training.covariance_rows != posterior->rows)
    return sngp_fail(SNGP_ERROR_FORMAT,
                     "training.covariance_rows is %lld, but posterior.rows is %lld",
                     (long long)model->training.covariance_rows, (long long)posterior->rows);
  SNGP_TRY(sngp_posterior_check(posterior, model->config.ridge));
  posterior->current = true;
  return SNGP_OK;
}

static sngp_status check_statistics(sngp_model *model) {
  sngp_statistics *sums = &model->statistics;
  if (!model->holds.statistics) return SNGP_OK;
  sums->rows = model->posterior.rows;
  for (int64_t t = 0; t < sums->num_targets; t++)
    if (!(sums->target_squares[t] >= 0))
      return sngp_fail(SNGP_ERROR_FORMAT, "posterior.target_squares: element %lld is %g",
                       (long long)t, sums->target_squares[t]);
  if (sums->weight > 0 && sums->count > 0) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_FORMAT, "posterior.weights: sums of no rows, %g and %g", sums->weight,
                   sums->count);
}

/* Fills a model of the file's configuration; the list's data are the model's. */
static sngp_status fill(const sngp_model_source *source, const char *prefix,
                        const sngp_tensor_list *list, sngp_model *model) {
  const char *training = NULL;
  char key[SNGP_TENSOR_NAME_SIZE];
  SNGP_TRY(sngp_read_metadata(source, sngp_prefixed(prefix, "training", key), &training));
  SNGP_TRY(sngp_training_record_from_json(training, &model->training));
  for (size_t i = 0; i < list->count; i++) SNGP_TRY(copy_tensor(&source->file, &list->tensors[i]));
  SNGP_TRY(check_positive(model, "input_scaling.scale"));
  SNGP_TRY(check_positive(model, "target_scaling.scale"));
  SNGP_TRY(check_positive(model, "noise.variance"));
  SNGP_TRY(read_posterior(model));
  return check_statistics(model);
}

static bool has_tensor(const sngp_model_source *source, const char *prefix, const char *name) {
  char text[SNGP_TENSOR_NAME_SIZE];
  return sngp_safetensors_find(&source->file, sngp_prefixed(prefix, name, text)) != NULL;
}

/* Makes the model once its tensors are known to be there. */
static sngp_status make_model(sngp_model_source *source, const char *prefix,
                              const sngp_model_config *config, const sngp_model_holds *holds,
                              sngp_tensor_list *list, sngp_model **model) {
  SNGP_TRY(check_tensors(source, list));
  sngp_model *made = NULL;
  SNGP_TRY(sngp_model_allocate(config, &made));
  made->holds = *holds;
  sngp_status status = holds->statistics ? sngp_model_take_statistics(made) : SNGP_OK;
  if (status == SNGP_OK) {
    sngp_tensor_list_bind(list, made);
    status = fill(source, prefix, list, made);
  }
  if (status != SNGP_OK) {
    sngp_model_free(made);
    return status;
  }
  *model = made;
  return SNGP_OK;
}

/* Sums of a head in closed form go with one posterior for all outputs. */
static sngp_status check_closed_form(const sngp_model_config *config) {
  if (config->head == SNGP_HEAD_GAUSSIAN_PROCESS && sngp_model_has_closed_form(config))
    return SNGP_OK;
  return sngp_fail(SNGP_ERROR_FORMAT,
                   "tensor \"posterior.cross\" does not belong to this configuration");
}

static sngp_status read_model(sngp_model_source *source, const char *prefix,
                              const sngp_model_config *config, sngp_model **model) {
  const sngp_model_holds holds = {
      .input_scaling = has_tensor(source, prefix, "input_scaling.mean") ||
                       has_tensor(source, prefix, "input_scaling.scale"),
      .target_scaling = has_tensor(source, prefix, "target_scaling.mean") ||
                        has_tensor(source, prefix, "target_scaling.scale"),
      .statistics = has_tensor(source, prefix, "posterior.cross")};
  if (holds.statistics) SNGP_TRY(check_closed_form(config));
  sngp_parameter_table table = {0};
  sngp_tensor_list list = {0};
  SNGP_TRY(sngp_parameter_table_create(config, &table));
  sngp_status status = sngp_tensor_list_create(prefix, config, &table, &holds, &list);
  if (status == SNGP_OK) status = make_model(source, prefix, config, &holds, &list, model);
  sngp_tensor_list_destroy(&list);
  sngp_release(table.items);
  return status;
}

sngp_status sngp_model_read(sngp_model_source *source, const char *prefix, sngp_model **model) {
  *model = NULL;
  sngp_model_config config = {0};
  sngp_status status = read_config(source, prefix, &config);
  if (status == SNGP_OK) status = read_model(source, prefix, &config, model);
  sngp_model_config_release_names(&config);
  return status;
}
