#include "sngp/metrics.h"

#include <math.h>
#include <stddef.h>

#include "api/check.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/struct_size.h"
#include "metrics/calibration.h"
#include "metrics/classification.h"
#include "metrics/ood.h"

/* The first versions of the structs end with these fields. */
static const size_t CLASSIFICATION_METRICS_SMALLEST = SNGP_END_OF(sngp_classification_metrics, ece);
static const size_t OOD_METRICS_SMALLEST = SNGP_END_OF(sngp_ood_metrics, fpr95);

/* A row's sum may differ from 1 by the rounding of half-precision probabilities, not by more:
   logits given in place of probabilities are found out. */
static const double SUM_TOLERANCE = 1e-3;

static sngp_status check_row(const float *row, int64_t index, int64_t num_classes, int32_t label) {
  if (label < 0 || label >= num_classes)
    return sngp_fail(SNGP_ERROR_LABEL_RANGE, "labels[%lld] is %d, but num_classes is %lld",
                     (long long)index, (int)label, (long long)num_classes);
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

sngp_status sngp_evaluate_classification(const float *probabilities, int64_t rows,
                                         int64_t num_classes, const int32_t *labels,
                                         sngp_classification_metrics *metrics) {
  if (rows == 0) return sngp_fail(SNGP_ERROR_NO_ROWS, "rows is 0: there is nothing to evaluate");
  if (rows < 0)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "rows is %lld, but must be 1 or more",
                     (long long)rows);
  if (probabilities == NULL || labels == NULL)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "%s is NULL",
                     probabilities == NULL ? "probabilities" : "labels");
  if (num_classes < 2)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "num_classes is %lld, but must be 2 or more",
                     (long long)num_classes);
  SNGP_TRY(sngp_check_extent("probabilities", rows, num_classes, sizeof *probabilities));
  for (int64_t i = 0; i < rows; i++)
    SNGP_TRY(check_row(probabilities + i * num_classes, i, num_classes, labels[i]));

  sngp_classification_metrics own = {
      .rows = rows,
      .accuracy = sngp_accuracy(probabilities, rows, num_classes, labels),
      .nll = sngp_nll(probabilities, rows, num_classes, labels),
      .brier = sngp_brier(probabilities, rows, num_classes, labels),
      .ece = sngp_expected_calibration_error(probabilities, rows, num_classes, labels),
  };
  return sngp_struct_export(&own, sizeof own, CLASSIFICATION_METRICS_SMALLEST, metrics,
                            "sngp_classification_metrics");
}

static sngp_status check_scores(const char *name, const float *scores, int64_t count) {
  if (count == 0) return sngp_fail(SNGP_ERROR_NO_ROWS, "%s has no rows", name);
  if (count < 0)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "num_%s is %lld, but must be 1 or more", name,
                     (long long)count);
  SNGP_TRY(sngp_check_pointer(scores, name));
  SNGP_TRY(sngp_check_extent(name, count, 1, sizeof *scores));
  for (int64_t i = 0; i < count; i++)
    if (isnan(scores[i]))
      return sngp_fail(SNGP_ERROR_NOT_FINITE, "%s[%lld] is NaN", name, (long long)i);
  return SNGP_OK;
}

sngp_status sngp_evaluate_ood(const float *in_domain, int64_t num_in_domain,
                              const float *out_of_domain, int64_t num_out_of_domain,
                              sngp_ood_metrics *metrics) {
  SNGP_TRY(check_scores("in_domain", in_domain, num_in_domain));
  SNGP_TRY(check_scores("out_of_domain", out_of_domain, num_out_of_domain));
  size_t inside = (size_t)num_in_domain, outside = (size_t)num_out_of_domain;
  sngp_scored_row *rows = sngp_allocate(inside + outside, sizeof *rows);
  if (rows == NULL) return sngp_fail_memory("sorting the scores");
  for (size_t i = 0; i < inside; i++) rows[i] = (sngp_scored_row){in_domain[i], false};
  for (size_t i = 0; i < outside; i++) rows[inside + i] = (sngp_scored_row){out_of_domain[i], true};
  sngp_separation separation = sngp_measure_separation(rows, inside + outside);
  sngp_release(rows);

  sngp_ood_metrics own = {
      .auroc = separation.auroc, .aupr = separation.aupr, .fpr95 = separation.fpr95};
  return sngp_struct_export(&own, sizeof own, OOD_METRICS_SMALLEST, metrics, "sngp_ood_metrics");
}
