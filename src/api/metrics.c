#include "sngp/metrics.h"

#include <math.h>
#include <stddef.h>

#include "api/check.h"
#include "api/probabilities.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/struct_size.h"
#include "metrics/brier.h"
#include "metrics/calibration.h"
#include "metrics/classification.h"
#include "metrics/ood.h"
#include "metrics/regression.h"
#include "metrics/selective.h"

/* The first versions of the structs end with these fields. */
static const size_t CLASSIFICATION_METRICS_SMALLEST = SNGP_END_OF(sngp_classification_metrics, ece);
static const size_t OOD_METRICS_SMALLEST = SNGP_END_OF(sngp_ood_metrics, fpr95);
static const size_t REGRESSION_METRICS_SMALLEST =
    SNGP_END_OF(sngp_regression_metrics, mean_width95);
static const size_t SELECTIVE_METRICS_SMALLEST =
    SNGP_END_OF(sngp_selective_metrics, accuracy_at_80);

static sngp_status check_predictions(const float *probabilities, int64_t rows, int64_t num_classes,
                                     const int32_t *labels) {
  SNGP_TRY(sngp_check_num_rows(rows));
  SNGP_TRY(sngp_check_pointer(probabilities, "probabilities"));
  SNGP_TRY(sngp_check_pointer(labels, "labels"));
  SNGP_TRY(sngp_check_num_classes(num_classes));
  SNGP_TRY(sngp_check_extent("probabilities", rows, num_classes, sizeof *probabilities));
  for (int64_t i = 0; i < rows; i++) {
    SNGP_TRY(sngp_check_label(labels[i], i, num_classes));
    SNGP_TRY(sngp_check_probability_row(probabilities + i * num_classes, i, num_classes));
  }
  return SNGP_OK;
}

sngp_status sngp_evaluate_classification(const float *probabilities, int64_t rows,
                                         int64_t num_classes, const int32_t *labels,
                                         sngp_classification_metrics *metrics) {
  SNGP_TRY(check_predictions(probabilities, rows, num_classes, labels));
  double adaptive_ece = 0.0;
  SNGP_TRY(
      sngp_adaptive_calibration_error(probabilities, rows, num_classes, labels, &adaptive_ece));
  sngp_calibration_error calibration =
      sngp_measure_calibration(probabilities, rows, num_classes, labels);
  sngp_brier_partition partition = sngp_partition_brier(probabilities, rows, num_classes, labels);

  sngp_classification_metrics own = {
      .rows = rows,
      .accuracy = sngp_accuracy(probabilities, rows, num_classes, labels),
      .nll = sngp_nll(probabilities, rows, num_classes, labels),
      .brier = sngp_brier(probabilities, rows, num_classes, labels),
      .ece = calibration.expected,
      .adaptive_ece = adaptive_ece,
      .max_calibration_error = calibration.maximum,
      .brier_reliability = partition.reliability,
      .brier_resolution = partition.resolution,
      .brier_uncertainty = partition.uncertainty,
  };
  return sngp_struct_export(&own, sizeof own, CLASSIFICATION_METRICS_SMALLEST, metrics,
                            "sngp_classification_metrics");
}

sngp_status sngp_reliability_curve(const float *probabilities, int64_t rows, int64_t num_classes,
                                   const int32_t *labels, int64_t num_bins, int64_t *counts,
                                   double *confidence, double *accuracy) {
  SNGP_TRY(check_predictions(probabilities, rows, num_classes, labels));
  if (num_bins < 1)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "num_bins is %lld, but must be 1 or more",
                     (long long)num_bins);
  SNGP_TRY(sngp_check_extent("counts", num_bins, 1, sizeof *counts));
  SNGP_TRY(sngp_check_pointer(counts, "counts"));
  SNGP_TRY(sngp_check_pointer(confidence, "confidence"));
  SNGP_TRY(sngp_check_pointer(accuracy, "accuracy"));
  sngp_bin_confidences(probabilities, rows, num_classes, labels, num_bins, counts, confidence,
                       accuracy);
  for (int64_t bin = 0; bin < num_bins; bin++) {
    confidence[bin] = counts[bin] > 0 ? confidence[bin] / (double)counts[bin] : (double)NAN;
    accuracy[bin] = counts[bin] > 0 ? accuracy[bin] / (double)counts[bin] : (double)NAN;
  }
  return SNGP_OK;
}

static sngp_status check_scores(const char *name, const float *scores, int64_t count) {
  SNGP_TRY(sngp_check_pointer(scores, name));
  SNGP_TRY(sngp_check_extent(name, count, 1, sizeof *scores));
  for (int64_t i = 0; i < count; i++)
    if (isnan(scores[i]))
      return sngp_fail(SNGP_ERROR_NOT_FINITE, "%s[%lld] is NaN", name, (long long)i);
  return SNGP_OK;
}

static sngp_status check_side(const char *name, const float *scores, int64_t count) {
  if (count == 0) return sngp_fail(SNGP_ERROR_NO_ROWS, "%s has no rows", name);
  if (count < 0)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "num_%s is %lld, but must be 1 or more", name,
                     (long long)count);
  return check_scores(name, scores, count);
}

/* The scores of both sides in one array, to be released. */
static sngp_status join_sides(const float *in_domain, size_t inside, const float *out_of_domain,
                              size_t outside, sngp_scored_row **joined) {
  sngp_scored_row *rows = sngp_allocate(inside + outside, sizeof *rows);
  if (rows == NULL) return sngp_fail_memory("sorting the scores");
  for (size_t i = 0; i < inside; i++) rows[i] = (sngp_scored_row){in_domain[i], false};
  for (size_t i = 0; i < outside; i++) rows[inside + i] = (sngp_scored_row){out_of_domain[i], true};
  *joined = rows;
  return SNGP_OK;
}

sngp_status sngp_evaluate_ood(const float *in_domain, int64_t num_in_domain,
                              const float *out_of_domain, int64_t num_out_of_domain,
                              sngp_ood_metrics *metrics) {
  SNGP_TRY(check_side("in_domain", in_domain, num_in_domain));
  SNGP_TRY(check_side("out_of_domain", out_of_domain, num_out_of_domain));
  size_t inside = (size_t)num_in_domain, outside = (size_t)num_out_of_domain;
  sngp_scored_row *rows = NULL;
  SNGP_TRY(join_sides(in_domain, inside, out_of_domain, outside, &rows));
  sngp_separation separation = sngp_measure_separation(rows, inside + outside);
  sngp_release(rows);

  sngp_ood_metrics own = {
      .auroc = separation.auroc, .aupr = separation.aupr, .fpr95 = separation.fpr95};
  return sngp_struct_export(&own, sizeof own, OOD_METRICS_SMALLEST, metrics, "sngp_ood_metrics");
}

sngp_status sngp_roc_curve(const float *in_domain, int64_t num_in_domain,
                           const float *out_of_domain, int64_t num_out_of_domain, int64_t capacity,
                           double *false_positive_rate, double *true_positive_rate,
                           int64_t *count) {
  SNGP_TRY(check_side("in_domain", in_domain, num_in_domain));
  SNGP_TRY(check_side("out_of_domain", out_of_domain, num_out_of_domain));
  int64_t most_points = num_in_domain + num_out_of_domain + 1;
  if (capacity < most_points)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "capacity is %lld, but the curve may have num_in_domain + num_out_of_domain "
                     "+ 1 = %lld points",
                     (long long)capacity, (long long)most_points);
  SNGP_TRY(sngp_check_pointer(false_positive_rate, "false_positive_rate"));
  SNGP_TRY(sngp_check_pointer(true_positive_rate, "true_positive_rate"));
  SNGP_TRY(sngp_check_pointer(count, "count"));
  size_t inside = (size_t)num_in_domain, outside = (size_t)num_out_of_domain;
  sngp_scored_row *rows = NULL;
  SNGP_TRY(join_sides(in_domain, inside, out_of_domain, outside, &rows));
  *count = (int64_t)sngp_trace_roc(rows, inside + outside, false_positive_rate, true_positive_rate);
  sngp_release(rows);
  return SNGP_OK;
}

static sngp_status check_classes(const char *name, const int32_t *classes, int64_t rows) {
  SNGP_TRY(sngp_check_pointer(classes, name));
  for (int64_t i = 0; i < rows; i++)
    if (classes[i] < 0)
      return sngp_fail(SNGP_ERROR_LABEL_RANGE, "%s[%lld] is %d, which is negative", name,
                       (long long)i, (int)classes[i]);
  return SNGP_OK;
}

/* Checks the rows of a selective prediction and gives them with their errors marked, to be
   released. */
static sngp_status take_selective_rows(const float *scores, const int32_t *classes,
                                       const int32_t *labels, int64_t rows,
                                       sngp_scored_row **taken) {
  SNGP_TRY(sngp_check_num_rows(rows));
  SNGP_TRY(check_scores("scores", scores, rows));
  SNGP_TRY(check_classes("classes", classes, rows));
  SNGP_TRY(check_classes("labels", labels, rows));
  sngp_scored_row *own = sngp_allocate((size_t)rows, sizeof *own);
  if (own == NULL) return sngp_fail_memory("sorting the scores");
  for (int64_t i = 0; i < rows; i++) own[i] = (sngp_scored_row){scores[i], classes[i] != labels[i]};
  *taken = own;
  return SNGP_OK;
}

sngp_status sngp_risk_coverage_curve(const float *scores, const int32_t *classes,
                                     const int32_t *labels, int64_t rows, double *risk) {
  SNGP_TRY(sngp_check_pointer(risk, "risk"));
  sngp_scored_row *taken = NULL;
  SNGP_TRY(take_selective_rows(scores, classes, labels, rows, &taken));
  sngp_risk_coverage(taken, (size_t)rows, risk);
  sngp_release(taken);
  return SNGP_OK;
}

sngp_status sngp_evaluate_selective(const float *scores, const int32_t *classes,
                                    const int32_t *labels, int64_t rows,
                                    sngp_selective_metrics *metrics) {
  sngp_scored_row *taken = NULL;
  SNGP_TRY(take_selective_rows(scores, classes, labels, rows, &taken));
  sngp_selective_summary summary = sngp_summarize_risk(taken, (size_t)rows);
  sngp_release(taken);

  sngp_selective_metrics own = {.rows = rows,
                                .aurc = summary.aurc,
                                .excess_aurc = summary.excess_aurc,
                                .accuracy_at_80 = summary.accuracy_at_80};
  return sngp_struct_export(&own, sizeof own, SELECTIVE_METRICS_SMALLEST, metrics,
                            "sngp_selective_metrics");
}

static sngp_status check_finite(const char *name, const float *values, int64_t rows, int64_t cols) {
  SNGP_TRY(sngp_check_pointer(values, name));
  for (int64_t i = 0; i < rows * cols; i++)
    if (!isfinite(values[i]))
      return sngp_fail(SNGP_ERROR_NOT_FINITE, "%s[%lld][%lld] is %g", name, (long long)(i / cols),
                       (long long)(i % cols), (double)values[i]);
  return SNGP_OK;
}

sngp_status sngp_evaluate_regression(const float *mean, const float *variance, const float *targets,
                                     int64_t rows, int64_t num_targets,
                                     sngp_regression_metrics *metrics) {
  SNGP_TRY(sngp_check_num_rows(rows));
  if (num_targets < 1)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "num_targets is %lld, but must be 1 or more",
                     (long long)num_targets);
  SNGP_TRY(sngp_check_extent("targets", rows, num_targets, sizeof *targets));
  SNGP_TRY(check_finite("mean", mean, rows, num_targets));
  SNGP_TRY(check_finite("variance", variance, rows, num_targets));
  SNGP_TRY(check_finite("targets", targets, rows, num_targets));
  for (int64_t i = 0; i < rows * num_targets; i++)
    if (variance[i] <= 0)
      return sngp_fail(
          SNGP_ERROR_INVALID_ARGUMENT, "variance[%lld][%lld] is %g, but must be positive",
          (long long)(i / num_targets), (long long)(i % num_targets), (double)variance[i]);
  sngp_regression_quality quality =
      sngp_measure_regression(mean, variance, targets, (size_t)(rows * num_targets));

  sngp_regression_metrics own = {.rows = rows,
                                 .rmse = quality.rmse,
                                 .mae = quality.mae,
                                 .nll = quality.nll,
                                 .crps = quality.crps,
                                 .coverage95 = quality.coverage95,
                                 .mean_width95 = quality.mean_width95};
  return sngp_struct_export(&own, sizeof own, REGRESSION_METRICS_SMALLEST, metrics,
                            "sngp_regression_metrics");
}
