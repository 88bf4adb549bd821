/**
 * @file metrics.h
 * @brief Accuracy, calibration, regression, out-of-domain and selective measures, and their curves.
 *
 * All functions are thread-safe, and write their result only when they succeed.
 */
#ifndef SNGP_METRICS_H
#define SNGP_METRICS_H

#include <stdint.h>

#include "sngp/status.h"

SNGP_BEGIN_DECLS

/** Measures of predicted probabilities against labels. */
typedef struct sngp_classification_metrics {
  uint32_t struct_size; /**< sizeof(sngp_classification_metrics), set by the caller */
  int32_t reserved;     /**< 0 */
  int64_t rows;         /**< number of rows that were compared */
  double accuracy;      /**< the first class among equal probabilities counts */
  double nll;   /**< mean negative log-likelihood, in nats; infinite where a label has p = 0 */
  double brier; /**< mean over rows of sum over classes (p - one_hot)^2, in [0, 2] */
  double ece;   /**< expected calibration error of max p: 15 equal-width bins (lo, hi] (Guo et
                     al., arXiv 1706.04599) */
  double adaptive_ece; /**< the same over 15 bins of equal numbers of rows (to one), or a bin for
                            each row where there are fewer (Nguyen and O'Connor, arXiv 1508.05154);
                            rows of equal max p that a border parts are shared out with their
                            common accuracy, so the order of the rows does not matter */
  double max_calibration_error; /**< the largest |accuracy - mean max p| of a non-empty bin of ece
                                     (Naeini et al. 2015) */
  double brier_reliability;     /**< sum over classes, and over 15 equal-width bins (lo, hi] of the
                                     class's p, of n_b / n (mean p - frequency)^2; smaller is better */
  double brier_resolution;  /**< the same of n_b / n (frequency - base rate)^2; larger is better */
  double brier_uncertainty; /**< sum over classes of base rate (1 - base rate): of the labels
                                 alone. brier = reliability - resolution + uncertainty (Murphy
                                 1973), plus what p varies within bins (Stephenson et al. 2008):
                                 docs/numerics.md */
} sngp_classification_metrics;

/**
 * Compares predicted probabilities with labels.
 *
 * @param probabilities  rows x num_classes floats, row-major; each row sums to 1 (to 0.001).
 * @param rows           1 or more.
 * @param num_classes    2 or more.
 * @param labels         rows labels in [0, num_classes).
 * @param[out] metrics   struct_size set by the caller.
 * @return SNGP_ERROR_NO_ROWS, SNGP_ERROR_LABEL_RANGE, SNGP_ERROR_NOT_FINITE,
 *         SNGP_ERROR_INVALID_ARGUMENT for a row that holds no probabilities (names the row),
 *         SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_evaluate_classification(const float *probabilities, int64_t rows,
                                                  int64_t num_classes, const int32_t *labels,
                                                  sngp_classification_metrics *metrics);

/**
 * The bins of a reliability diagram: how often predictions of a confidence, the largest probability
 * of a row, are right. Bin i of num_bins holds the confidences in (i / num_bins, (i + 1) /
 * num_bins]. Source: Niculescu-Mizil and Caruana, ICML 2005; for the largest probability Guo et
 * al., arXiv 1706.04599. The sum of counts / rows * |accuracy - confidence| over 15 bins is `ece`.
 *
 * @param probabilities    rows x num_classes floats, row-major; each row sums to 1 (to 0.001).
 * @param rows             1 or more.
 * @param num_classes      2 or more.
 * @param labels           rows labels in [0, num_classes).
 * @param num_bins         1 or more.
 * @param[out] counts      num_bins numbers of rows.
 * @param[out] confidence  num_bins mean confidences; NaN in an empty bin.
 * @param[out] accuracy    num_bins shares of rows whose likeliest class is the label; NaN in an
 *                         empty bin.
 * @return as sngp_evaluate_classification(), without SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_reliability_curve(const float *probabilities, int64_t rows,
                                            int64_t num_classes, const int32_t *labels,
                                            int64_t num_bins, int64_t *counts, double *confidence,
                                            double *accuracy);

/** Measures of predicted normal distributions against targets; all are means over the rows and
    their targets. Where targets have different units, measure each by itself: rows x 1 arrays. */
typedef struct sngp_regression_metrics {
  uint32_t struct_size; /**< sizeof(sngp_regression_metrics), set by the caller */
  int32_t reserved;     /**< 0 */
  int64_t rows;         /**< number of rows that were compared */
  double rmse;          /**< root of the mean squared error of the means, in the targets' units */
  double mae;           /**< mean absolute error of the means, in the targets' units */
  double nll;           /**< negative log-density of a target, in nats; it may be negative, and
                             depends on the targets' units */
  double crps;          /**< continuous ranked probability score, in the targets' units, 0 or more,
                             smaller is better: the integral of the squared difference between the
                             distribution function and the step at the target, in closed form
                             (Gneiting and Raftery, JASA 102, 2007) */
  double coverage95;    /**< share of targets within mean +- 1.959964 standard deviations, borders
                             included: 0.95 where the variances are right */
  double mean_width95;  /**< width of these intervals, in the targets' units */
} sngp_regression_metrics;

/**
 * Compares predicted means and variances with targets.
 *
 * @param mean          rows x num_targets floats, dense, row-major, in the targets' units.
 * @param variance      rows x num_targets floats, positive: of a target, noise included, in the
 *                      square of the targets' units.
 * @param targets       rows x num_targets floats.
 * @param rows          1 or more.
 * @param num_targets   1 or more.
 * @param[out] metrics  struct_size set by the caller.
 * @return SNGP_ERROR_NO_ROWS, SNGP_ERROR_NOT_FINITE or, for a variance that is not positive,
 *         SNGP_ERROR_INVALID_ARGUMENT (each names row and target). Takes no memory. Thread-safe.
 */
SNGP_API sngp_status sngp_evaluate_regression(const float *mean, const float *variance,
                                              const float *targets, int64_t rows,
                                              int64_t num_targets,
                                              sngp_regression_metrics *metrics);

/** How well a score separates out-of-domain rows (the positive class) from in-domain rows. */
typedef struct sngp_ood_metrics {
  uint32_t struct_size; /**< sizeof(sngp_ood_metrics), set by the caller */
  int32_t reserved;     /**< 0 */
  double auroc;         /**< area under the ROC curve, in [0, 1]; ties count one half */
  double aupr;          /**< average precision, in [0, 1] */
  double fpr95; /**< false-positive rate at the first threshold with a true-positive rate of at
             least 0.95 */
} sngp_ood_metrics;

/**
 * Compares the scores of in-domain rows with those of out-of-domain rows: variance, uncertainty,
 * entropy, dempster_shafer of ::sngp_prediction, or any other score that is larger out of domain.
 *
 * @param in_domain          num_in_domain scores.
 * @param num_in_domain      1 or more.
 * @param out_of_domain      num_out_of_domain scores.
 * @param num_out_of_domain  1 or more.
 * @param[out] metrics       struct_size set by the caller.
 * @return SNGP_ERROR_NO_ROWS where either is empty, SNGP_ERROR_NOT_FINITE for a NaN (an infinite
 *         score is allowed), SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_evaluate_ood(const float *in_domain, int64_t num_in_domain,
                                       const float *out_of_domain, int64_t num_out_of_domain,
                                       sngp_ood_metrics *metrics);

/**
 * The ROC curve of a score that is larger out of domain; out-of-domain rows are the positive class.
 * The first point is (0, 0); then follows one for each distinct score, from the largest down, with
 * the shares of rows whose score is that or larger; the last one is (1, 1). Straight lines between
 * the points enclose the area `auroc`. Source: Fawcett, An introduction to ROC analysis, 2006.
 *
 * @param in_domain                 num_in_domain scores.
 * @param num_in_domain             1 or more.
 * @param out_of_domain             num_out_of_domain scores.
 * @param num_out_of_domain         1 or more.
 * @param capacity                  length of the arrays below, num_in_domain + num_out_of_domain +
 * 1 or more, which is always enough.
 * @param[out] false_positive_rate  shares of the in-domain rows.
 * @param[out] true_positive_rate   shares of the out-of-domain rows.
 * @param[out] count                number of points written, 2 or more.
 * @return as sngp_evaluate_ood(); SNGP_ERROR_INVALID_ARGUMENT for a capacity that is too small.
 */
SNGP_API sngp_status sngp_roc_curve(const float *in_domain, int64_t num_in_domain,
                                    const float *out_of_domain, int64_t num_out_of_domain,
                                    int64_t capacity, double *false_positive_rate,
                                    double *true_positive_rate, int64_t *count);

/**
 * The risk-coverage curve of selective prediction: rows with large scores (variance, uncertainty,
 * entropy, ...) are rejected first, and risk[i] is the error rate among the i + 1 rows that are
 * kept, those of smallest score. It is the mean over all orders of rows of equal score, so the
 * order of the rows does not matter. Source: Geifman and El-Yaniv, arXiv 1705.08500.
 *
 * @param scores     rows scores.
 * @param classes    rows predicted classes, not negative.
 * @param labels     rows labels, not negative.
 * @param rows       1 or more.
 * @param[out] risk  rows error rates, in [0, 1], at the coverages 1 / rows, 2 / rows, ..., 1.
 * @return SNGP_ERROR_NO_ROWS, SNGP_ERROR_NOT_FINITE for a NaN among the scores (an infinite score
 * is allowed), SNGP_ERROR_LABEL_RANGE for a negative class or label, SNGP_ERROR_INVALID_ARGUMENT,
 * SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_risk_coverage_curve(const float *scores, const int32_t *classes,
                                              const int32_t *labels, int64_t rows, double *risk);

/** How well rejecting rows by a score avoids errors. */
typedef struct sngp_selective_metrics {
  uint32_t struct_size; /**< sizeof(sngp_selective_metrics), set by the caller */
  int32_t reserved;     /**< 0 */
  int64_t rows;         /**< number of rows that were compared */
  double aurc;          /**< area under the risk-coverage curve: the mean of its risks, in [0, 1] */
  double excess_aurc;   /**< aurc less that of an order with all errors last, the smallest that this
                             number of errors allows (Geifman et al., arXiv 1805.08206) */
  double accuracy_at_80; /**< accuracy among the ceil(0.8 rows) rows of smallest score */
} sngp_selective_metrics;

/**
 * Summarises the curve of sngp_risk_coverage_curve().
 *
 * @param scores        rows scores; rows with large ones are rejected first.
 * @param classes       rows predicted classes, not negative.
 * @param labels        rows labels, not negative.
 * @param rows          1 or more.
 * @param[out] metrics  struct_size set by the caller.
 * @return as sngp_risk_coverage_curve().
 */
SNGP_API sngp_status sngp_evaluate_selective(const float *scores, const int32_t *classes,
                                             const int32_t *labels, int64_t rows,
                                             sngp_selective_metrics *metrics);

SNGP_END_DECLS

#endif
