#include "api/probabilities.h"

#include <math.h>

/* A row's sum may differ from 1 by the rounding of half-precision probabilities, not by more:
   logits given in place of probabilities are found out. */
static const double SUM_TOLERANCE = 1e-3;

sngp_status sngp_check_num_rows(int64_t rows) {
  if (rows == 0) return sngp_fail(SNGP_ERROR_NO_ROWS, "rows is 0: there is nothing to evaluate");
  if (rows > 0) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "rows is %lld, but must be 1 or more",
                   (long long)rows);
}

sngp_status sngp_check_num_classes(int64_t num_classes) {
  if (num_classes >= 2) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "num_classes is %lld, but must be 2 or more",
                   (long long)num_classes);
}

sngp_status sngp_check_label(int32_t label, int64_t index, int64_t num_classes) {
  if (label >= 0 && label < num_classes) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_LABEL_RANGE, "labels[%lld] is %d, but num_classes is %lld",
                   (long long)index, (int)label, (long long)num_classes);
}

sngp_status sngp_check_probability_row(const float *row, int64_t index, int64_t num_classes) {
  double sum = 0.0;
  for (int64_t k = 0; k < num_classes; k++) {
    if (!isfinite(row[k]))
      return sngp_fail(SNGP_ERROR_NOT_FINITE, "the probability in row %lld, class %lld is %g",
                       (long long)index, (long long)k, (double)row[k]);
    if (row[k] < 0.0f)
      return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                       "the probability in row %lld, class %lld is %g, which is negative",
                       (long long)index, (long long)k, (double)row[k]);
    sum += (double)row[k];
  }
  if (fabs(sum - 1.0) > SUM_TOLERANCE)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "the probabilities in row %lld sum to %g instead of 1", (long long)index, sum);
  return SNGP_OK;
}
