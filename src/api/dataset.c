#include "data/dataset.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/check.h"
#include "base/struct_size.h"
#include "data/csv.h"
#include "data/idx.h"
#include "data/npy.h"
#include "data/split.h"
#include "data/synthetic.h"

/* The first version of the struct ends with this field. */
static const size_t CSV_CONFIG_SMALLEST = SNGP_END_OF(sngp_csv_config, num_features);

/* Every function that makes a dataset starts here: the result is NULL until it is complete. */
static sngp_status clear(sngp_dataset **dataset, const char *name) {
  SNGP_TRY(sngp_check_pointer(dataset, name));
  *dataset = NULL;
  return SNGP_OK;
}

static sngp_status check_at_least(const char *name, int64_t value, int64_t least) {
  if (value >= least) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "%s is %" PRId64 ", but must be %" PRId64 " or more", name, value, least);
}

static sngp_status check_finite(const char *name, double value) {
  if (isfinite(value)) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "%s is %g, but must be finite", name, value);
}

static sngp_status check_deviation(const char *name, double value) {
  SNGP_TRY(check_finite(name, value));
  if (value >= 0) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "%s is %g, but must be 0 or more", name, value);
}

/* Checks what describes the caller's arrays; a row stride of 0 becomes cols. */
static sngp_status check_arrays(const float *features, int64_t rows, int64_t cols,
                                int64_t *row_stride, const int32_t *labels, int64_t num_classes) {
  SNGP_TRY(check_at_least("rows", rows, 0));
  SNGP_TRY(check_at_least("cols", cols, 1));
  if (rows > 0) SNGP_TRY(sngp_check_pointer(features, "features"));
  if (*row_stride == 0) *row_stride = cols;
  if (*row_stride < cols)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "row_stride is %" PRId64 ", but must be 0, or cols, %" PRId64 ", or more",
                     *row_stride, cols);
  if (labels == NULL) return SNGP_OK;
  SNGP_TRY(check_at_least("num_classes", num_classes, 0));
  if (num_classes <= SNGP_MOST_CLASSES) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "num_classes is %" PRId64 ", but must be %d or less", num_classes,
                   SNGP_MOST_CLASSES);
}

sngp_status sngp_dataset_borrow(const float *features, int64_t rows, int64_t cols,
                                int64_t row_stride, const int32_t *labels, int64_t num_classes,
                                sngp_dataset **dataset) {
  SNGP_TRY(clear(dataset, "dataset"));
  SNGP_TRY(check_arrays(features, rows, cols, &row_stride, labels, num_classes));
  sngp_dataset *borrowed = NULL;
  SNGP_TRY(sngp_dataset_wrap(features, rows, cols, row_stride, labels, &borrowed));
  borrowed->num_classes = num_classes;
  sngp_status status = sngp_dataset_check(borrowed);
  if (status != SNGP_OK) {
    sngp_dataset_free(borrowed);
    return status;
  }
  *dataset = borrowed;
  return SNGP_OK;
}

sngp_status sngp_dataset_create(const float *features, int64_t rows, int64_t cols,
                                int64_t row_stride, const int32_t *labels, int64_t num_classes,
                                sngp_dataset **dataset) {
  sngp_dataset *borrowed = NULL;
  SNGP_TRY(clear(dataset, "dataset"));
  SNGP_TRY(sngp_dataset_borrow(features, rows, cols, row_stride, labels, num_classes, &borrowed));
  sngp_status status = sngp_dataset_copy_rows(borrowed, NULL, rows, dataset);
  sngp_dataset_free(borrowed);
  return status;
}

sngp_status sngp_dataset_create_targets(const float *features, int64_t rows, int64_t cols,
                                        int64_t row_stride, const float *targets,
                                        int64_t num_targets, sngp_dataset **dataset) {
  SNGP_TRY(clear(dataset, "dataset"));
  SNGP_TRY(check_arrays(features, rows, cols, &row_stride, NULL, 0));
  SNGP_TRY(check_at_least("num_targets", num_targets, 1));
  if (rows > 0) SNGP_TRY(sngp_check_pointer(targets, "targets"));
  sngp_dataset *borrowed = NULL;
  SNGP_TRY(sngp_dataset_wrap(features, rows, cols, row_stride, NULL, &borrowed));
  sngp_status status = sngp_dataset_wrap_targets(borrowed, targets, num_targets);
  if (status == SNGP_OK) status = sngp_dataset_check(borrowed);
  if (status == SNGP_OK) status = sngp_dataset_copy_rows(borrowed, NULL, rows, dataset);
  sngp_dataset_free(borrowed);
  return status;
}

sngp_status sngp_csv_config_init(sngp_csv_config *config, size_t size) {
  sngp_csv_config defaults = sngp_csv_defaults();
  return sngp_struct_init(&defaults, sizeof defaults, CSV_CONFIG_SMALLEST, config, size,
                          "sngp_csv_config");
}

sngp_status sngp_dataset_read_csv(const char *path, const sngp_csv_config *config,
                                  sngp_dataset **dataset) {
  SNGP_TRY(clear(dataset, "dataset"));
  SNGP_TRY(sngp_check_path(path, "path"));
  sngp_csv_config own = sngp_csv_defaults();
  if (config != NULL)
    SNGP_TRY(sngp_struct_import(&own, sizeof own, CSV_CONFIG_SMALLEST, config, "sngp_csv_config"));
  SNGP_TRY(sngp_csv_config_check(&own));
  return sngp_csv_read(path, &own, dataset);
}

sngp_status sngp_dataset_read_npy(const char *features_path, const char *labels_path,
                                  sngp_dataset **dataset) {
  SNGP_TRY(clear(dataset, "dataset"));
  SNGP_TRY(sngp_check_path(features_path, "features_path"));
  return sngp_npy_read(features_path, labels_path, dataset);
}

sngp_status sngp_dataset_read_npy_targets(const char *features_path, const char *targets_path,
                                          sngp_dataset **dataset) {
  SNGP_TRY(clear(dataset, "dataset"));
  SNGP_TRY(sngp_check_path(features_path, "features_path"));
  SNGP_TRY(sngp_check_path(targets_path, "targets_path"));
  return sngp_npy_read_targets(features_path, targets_path, dataset);
}

sngp_status sngp_dataset_read_idx(const char *images_path, const char *labels_path,
                                  sngp_dataset **dataset) {
  SNGP_TRY(clear(dataset, "dataset"));
  SNGP_TRY(sngp_check_path(images_path, "images_path"));
  return sngp_idx_read(images_path, labels_path, dataset);
}

sngp_status sngp_dataset_two_moons(int64_t rows, double noise, int64_t seed,
                                   sngp_dataset **dataset) {
  SNGP_TRY(clear(dataset, "dataset"));
  SNGP_TRY(check_at_least("rows", rows, 1));
  SNGP_TRY(check_deviation("noise", noise));
  SNGP_TRY(check_at_least("seed", seed, 0));
  return sngp_make_two_moons(rows, noise, seed, dataset);
}

sngp_status sngp_dataset_grid(double min_x, double max_x, double min_y, double max_y,
                              int64_t resolution, sngp_dataset **dataset) {
  SNGP_TRY(clear(dataset, "dataset"));
  SNGP_TRY(check_finite("min_x", min_x));
  SNGP_TRY(check_finite("max_x", max_x));
  SNGP_TRY(check_finite("min_y", min_y));
  SNGP_TRY(check_finite("max_y", max_y));
  SNGP_TRY(check_at_least("resolution", resolution, 2));
  if (min_x > max_x || min_y > max_y)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "the grid's borders are [%g, %g] and [%g, %g]: a minimum exceeds its maximum",
                     min_x, max_x, min_y, max_y);
  return sngp_make_grid(min_x, max_x, min_y, max_y, resolution, dataset);
}

sngp_status sngp_dataset_blob(int64_t rows, double center_x, double center_y, double std,
                              int64_t seed, sngp_dataset **dataset) {
  SNGP_TRY(clear(dataset, "dataset"));
  SNGP_TRY(check_at_least("rows", rows, 1));
  SNGP_TRY(check_finite("center_x", center_x));
  SNGP_TRY(check_finite("center_y", center_y));
  SNGP_TRY(check_deviation("std", std));
  SNGP_TRY(check_at_least("seed", seed, 0));
  return sngp_make_blob(rows, center_x, center_y, std, seed, dataset);
}

sngp_status sngp_dataset_split(const sngp_dataset *dataset, double fraction, int64_t seed,
                               sngp_dataset **first, sngp_dataset **second) {
  if (first != NULL) *first = NULL;
  if (second != NULL) *second = NULL;
  SNGP_TRY(sngp_check_pointer(dataset, "dataset"));
  SNGP_TRY(sngp_check_pointer(first, "first"));
  SNGP_TRY(sngp_check_pointer(second, "second"));
  if (first == second)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "first and second are the same pointer");
  if (!(fraction > 0.0 && fraction < 1.0))
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "fraction is %g, but must lie between 0 and 1",
                     fraction);
  SNGP_TRY(check_at_least("seed", seed, 0));
  return sngp_dataset_divide(dataset, fraction, seed, first, second);
}

sngp_status sngp_dataset_subset(const sngp_dataset *dataset, const int64_t *indices, int64_t count,
                                sngp_dataset **subset) {
  SNGP_TRY(clear(subset, "subset"));
  SNGP_TRY(sngp_check_pointer(dataset, "dataset"));
  SNGP_TRY(check_at_least("count", count, 0));
  if (count > 0) SNGP_TRY(sngp_check_pointer(indices, "indices"));
  return sngp_dataset_copy_rows(dataset, indices, count, subset);
}

sngp_status sngp_dataset_set_sample_weights(sngp_dataset *dataset, const float *weights) {
  SNGP_TRY(sngp_check_pointer(dataset, "dataset"));
  return sngp_dataset_weigh(dataset, weights);
}
