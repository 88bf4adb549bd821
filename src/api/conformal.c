#include "sngp/conformal.h"

#include <math.h>

#include "api/check.h"
#include "api/probabilities.h"
#include "base/struct_size.h"
#include "metrics/prediction_sets.h"
#include "predict/conformal.h"

/* Sizes of the structs in the first version. */
static const size_t SMALLEST_CONFIG = SNGP_END_OF(sngp_conformal_config, first_row);
static const size_t SMALLEST_METRICS = SNGP_END_OF(sngp_set_metrics, empty);

sngp_status sngp_conformal_config_init(sngp_conformal_config *config, size_t size) {
  sngp_conformal_config own = sngp_conformal_config_default();
  return sngp_struct_init(&own, sizeof own, SMALLEST_CONFIG, config, size, "conformal config");
}

static sngp_status import_config(const sngp_conformal_config *config, sngp_conformal_config *own) {
  *own = sngp_conformal_config_default();
  if (config != NULL)
    SNGP_TRY(sngp_struct_import(own, sizeof *own, SMALLEST_CONFIG, config, "conformal config"));
  return sngp_conformal_config_check(own);
}

static sngp_status check_probabilities(const float *probabilities, int64_t rows,
                                       int64_t num_classes) {
  SNGP_TRY(sngp_check_extent("probabilities", rows, num_classes, sizeof *probabilities));
  for (int64_t i = 0; i < rows; i++)
    SNGP_TRY(sngp_check_probability_row(probabilities + i * num_classes, i, num_classes));
  return SNGP_OK;
}

static sngp_status check_labels(const int32_t *labels, int64_t rows, int64_t num_classes) {
  SNGP_TRY(sngp_check_pointer(labels, "labels"));
  for (int64_t i = 0; i < rows; i++) SNGP_TRY(sngp_check_label(labels[i], i, num_classes));
  return SNGP_OK;
}

sngp_status sngp_conformal_calibrate(const float *probabilities, int64_t rows, int64_t num_classes,
                                     const int32_t *labels, const sngp_conformal_config *config,
                                     double *threshold) {
  sngp_conformal_config own;
  SNGP_TRY(import_config(config, &own));
  SNGP_TRY(sngp_check_num_rows(rows));
  SNGP_TRY(sngp_check_num_classes(num_classes));
  SNGP_TRY(sngp_check_pointer(probabilities, "probabilities"));
  SNGP_TRY(sngp_check_pointer(threshold, "threshold"));
  SNGP_TRY(check_probabilities(probabilities, rows, num_classes));
  SNGP_TRY(check_labels(labels, rows, num_classes));
  return sngp_conformal_find_threshold(probabilities, rows, num_classes, labels, &own, threshold);
}

sngp_status sngp_conformal_sets(const float *probabilities, int64_t rows, int64_t num_classes,
                                const sngp_conformal_config *config, double threshold,
                                uint8_t *sets) {
  sngp_conformal_config own;
  SNGP_TRY(import_config(config, &own));
  if (rows < 0)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "rows is %lld, but must not be negative",
                     (long long)rows);
  SNGP_TRY(sngp_check_num_classes(num_classes));
  if (!(threshold >= 0))
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "threshold is %g, but must be 0 or more",
                     threshold);
  if (own.first_row > INT64_MAX - rows)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "conformal config: first_row is %lld, which leaves no numbers for %lld rows",
                     (long long)own.first_row, (long long)rows);
  if (rows == 0) return SNGP_OK;
  SNGP_TRY(sngp_check_pointer(probabilities, "probabilities"));
  SNGP_TRY(sngp_check_pointer(sets, "sets"));
  SNGP_TRY(check_probabilities(probabilities, rows, num_classes));
  return sngp_conformal_fill_sets(probabilities, rows, num_classes, &own, threshold, sets);
}

static sngp_status check_sets(const uint8_t *sets, int64_t rows, int64_t num_classes) {
  SNGP_TRY(sngp_check_pointer(sets, "sets"));
  SNGP_TRY(sngp_check_extent("sets", rows, num_classes, sizeof *sets));
  for (int64_t i = 0; i < rows * num_classes; i++)
    if (sets[i] > 1)
      return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                       "the set of row %lld holds %d for class %lld, but must hold 0 or 1",
                       (long long)(i / num_classes), (int)sets[i], (long long)(i % num_classes));
  return SNGP_OK;
}

sngp_status sngp_evaluate_sets(const uint8_t *sets, int64_t rows, int64_t num_classes,
                               const int32_t *labels, sngp_set_metrics *metrics) {
  SNGP_TRY(sngp_check_num_rows(rows));
  SNGP_TRY(sngp_check_num_classes(num_classes));
  SNGP_TRY(check_sets(sets, rows, num_classes));
  SNGP_TRY(check_labels(labels, rows, num_classes));
  sngp_set_metrics own = sngp_measure_sets(sets, rows, num_classes, labels);
  return sngp_struct_export(&own, sizeof own, SMALLEST_METRICS, metrics, "sngp_set_metrics");
}
