#include "data/dataset.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"

/* rows * cols values must be countable, and their bytes addressable through a pointer difference.
 */
static bool fits(int64_t rows, int64_t cols) {
  int64_t bytes = 0;
  return !__builtin_mul_overflow(rows, cols, &bytes) &&
         !__builtin_mul_overflow(bytes, (int64_t)sizeof(float), &bytes) && bytes <= PTRDIFF_MAX;
}

static sngp_status fail_size(int64_t rows, int64_t cols, const char *what) {
  return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY,
                   "%" PRId64 " rows of %" PRId64 " %s are more than memory can address", rows,
                   cols, what);
}

sngp_status sngp_dataset_allocate(int64_t rows, int64_t cols, bool labels, sngp_dataset **out) {
  *out = NULL;
  if (!fits(rows, cols)) return fail_size(rows, cols, "columns");
  sngp_dataset *dataset = sngp_allocate(1, sizeof *dataset);
  if (dataset == NULL) return sngp_fail_memory("a dataset");
  dataset->rows = rows;
  dataset->cols = cols;
  dataset->row_stride = cols;
  dataset->owned_features = sngp_allocate((size_t)rows * (size_t)cols, sizeof(float));
  dataset->features = dataset->owned_features;
  if (labels) {
    dataset->owned_labels = sngp_allocate((size_t)rows, sizeof(int32_t));
    dataset->labels = dataset->owned_labels;
  }
  if (dataset->features == NULL || (labels && dataset->labels == NULL)) {
    sngp_dataset_free(dataset);
    return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY,
                     "out of memory for a dataset of %" PRId64 " rows and %" PRId64 " columns",
                     rows, cols);
  }
  *out = dataset;
  return SNGP_OK;
}

sngp_status sngp_dataset_wrap_targets(sngp_dataset *dataset, const float *targets,
                                      int64_t num_targets) {
  if (!fits(dataset->rows, num_targets)) return fail_size(dataset->rows, num_targets, "targets");
  dataset->targets = targets;
  dataset->num_targets = num_targets;
  return SNGP_OK;
}

sngp_status sngp_dataset_allocate_targets(sngp_dataset *dataset, int64_t num_targets) {
  SNGP_TRY(sngp_dataset_wrap_targets(dataset, NULL, num_targets));
  dataset->owned_targets =
      sngp_allocate((size_t)dataset->rows * (size_t)num_targets, sizeof *dataset->owned_targets);
  if (dataset->owned_targets == NULL) return sngp_fail_memory("targets");
  dataset->targets = dataset->owned_targets;
  return SNGP_OK;
}

sngp_status sngp_dataset_wrap(const float *features, int64_t rows, int64_t cols, int64_t row_stride,
                              const int32_t *labels, sngp_dataset **out) {
  *out = NULL;
  if (!fits(rows, row_stride)) return fail_size(rows, row_stride, "columns");
  sngp_dataset *dataset = sngp_allocate(1, sizeof *dataset);
  if (dataset == NULL) return sngp_fail_memory("a dataset");
  dataset->rows = rows;
  dataset->cols = cols;
  dataset->row_stride = row_stride;
  dataset->features = features;
  dataset->labels = labels;
  *out = dataset;
  return SNGP_OK;
}

sngp_status sngp_dataset_name(sngp_dataset *dataset, const char *const *class_names,
                              const char *const *feature_names, const char *const *target_names) {
  if (class_names != NULL) {
    dataset->class_names = sngp_copy_strings(class_names, (size_t)dataset->num_classes);
    if (dataset->class_names == NULL) return sngp_fail_memory("class names");
  }
  if (feature_names != NULL) {
    dataset->feature_names = sngp_copy_strings(feature_names, (size_t)dataset->cols);
    if (dataset->feature_names == NULL) return sngp_fail_memory("feature names");
  }
  if (target_names != NULL) {
    dataset->target_names = sngp_copy_strings(target_names, (size_t)dataset->num_targets);
    if (dataset->target_names == NULL) return sngp_fail_memory("target names");
  }
  return SNGP_OK;
}

static sngp_status check_finite(const char *name, const float *values, int64_t rows, int64_t cols,
                                int64_t row_stride) {
  for (int64_t row = 0; row < rows; row++, values += row_stride)
    for (int64_t col = 0; col < cols; col++)
      if (!isfinite(values[col]))
        return sngp_fail(SNGP_ERROR_NOT_FINITE, "%s[%" PRId64 "][%" PRId64 "] is %g", name, row,
                         col, (double)values[col]);
  return SNGP_OK;
}

static sngp_status check_labels(sngp_dataset *dataset) {
  int32_t largest = -1;
  for (int64_t row = 0; row < dataset->rows; row++) {
    int32_t label = dataset->labels[row];
    if (label < 0)
      return sngp_fail(SNGP_ERROR_LABEL_RANGE,
                       "labels[%" PRId64 "] is %" PRId32 ", but labels start at 0", row, label);
    if (dataset->num_classes > 0 && label >= dataset->num_classes)
      return sngp_fail(SNGP_ERROR_LABEL_RANGE,
                       "labels[%" PRId64 "] is %" PRId32 ", but num_classes is %" PRId64, row,
                       label, dataset->num_classes);
    if (label >= SNGP_MOST_CLASSES)
      return sngp_fail(SNGP_ERROR_LABEL_RANGE,
                       "labels[%" PRId64 "] is %" PRId32 ", but there are at most %d classes", row,
                       label, SNGP_MOST_CLASSES);
    if (label > largest) largest = label;
  }
  if (dataset->num_classes == 0) dataset->num_classes = (int64_t)largest + 1;
  return SNGP_OK;
}

sngp_status sngp_dataset_check(sngp_dataset *dataset) {
  int64_t rows = dataset->rows, num_targets = dataset->num_targets;
  SNGP_TRY(check_finite("features", dataset->features, rows, dataset->cols, dataset->row_stride));
  SNGP_TRY(check_finite("targets", dataset->targets, rows, num_targets, num_targets));
  if (dataset->labels == NULL) {
    dataset->num_classes = 0;
    return SNGP_OK;
  }
  return check_labels(dataset);
}

sngp_status sngp_dataset_finish(sngp_dataset *made, sngp_status filled, sngp_dataset **dataset) {
  sngp_status status = filled == SNGP_OK ? sngp_dataset_check(made) : filled;
  if (status == SNGP_OK)
    *dataset = made;
  else
    sngp_dataset_free(made);
  return status;
}

sngp_status sngp_dataset_weigh(sngp_dataset *dataset, const float *weights) {
  if (weights == NULL) {
    sngp_release(dataset->weights);
    dataset->weights = NULL;
    return SNGP_OK;
  }
  bool any = false;
  for (int64_t row = 0; row < dataset->rows; row++) {
    if (!isfinite(weights[row]))
      return sngp_fail(SNGP_ERROR_NOT_FINITE, "weights[%" PRId64 "] is %g", row,
                       (double)weights[row]);
    if (weights[row] < 0)
      return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                       "weights[%" PRId64 "] is %g, but weights must be 0 or more", row,
                       (double)weights[row]);
    any = any || weights[row] > 0;
  }
  if (!any)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "all weights are 0: %" PRId64 " rows, one at least needs a positive weight",
                     dataset->rows);
  float *copy = sngp_allocate((size_t)dataset->rows, sizeof *copy);
  if (copy == NULL) return sngp_fail_memory("sample weights");
  memcpy(copy, weights, (size_t)dataset->rows * sizeof *copy);
  sngp_release(dataset->weights);
  dataset->weights = copy;
  return SNGP_OK;
}

void sngp_dataset_free(sngp_dataset *dataset) {
  if (dataset == NULL) return;
  sngp_release(dataset->owned_features);
  sngp_release(dataset->owned_labels);
  sngp_release(dataset->owned_targets);
  sngp_release(dataset->weights);
  sngp_release(dataset->class_names);
  sngp_release(dataset->feature_names);
  sngp_release(dataset->target_names);
  sngp_release(dataset);
}

int64_t sngp_dataset_rows(const sngp_dataset *dataset) { return dataset ? dataset->rows : 0; }

int64_t sngp_dataset_cols(const sngp_dataset *dataset) { return dataset ? dataset->cols : 0; }

int64_t sngp_dataset_num_classes(const sngp_dataset *dataset) {
  return dataset ? dataset->num_classes : 0;
}

int64_t sngp_dataset_num_targets(const sngp_dataset *dataset) {
  return dataset ? dataset->num_targets : 0;
}

int64_t sngp_dataset_row_stride(const sngp_dataset *dataset) {
  return dataset ? dataset->row_stride : 0;
}

const float *sngp_dataset_features(const sngp_dataset *dataset) {
  return dataset ? dataset->features : NULL;
}

const int32_t *sngp_dataset_labels(const sngp_dataset *dataset) {
  return dataset ? dataset->labels : NULL;
}

const float *sngp_dataset_targets(const sngp_dataset *dataset) {
  return dataset ? dataset->targets : NULL;
}

const float *sngp_dataset_sample_weights(const sngp_dataset *dataset) {
  return dataset ? dataset->weights : NULL;
}

const char *const *sngp_dataset_class_names(const sngp_dataset *dataset) {
  return dataset ? (const char *const *)dataset->class_names : NULL;
}

const char *const *sngp_dataset_feature_names(const sngp_dataset *dataset) {
  return dataset ? (const char *const *)dataset->feature_names : NULL;
}

const char *const *sngp_dataset_target_names(const sngp_dataset *dataset) {
  return dataset ? (const char *const *)dataset->target_names : NULL;
}
