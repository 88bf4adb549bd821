/**
 * @file metrics.h
 * @brief Accuracy, calibration and out-of-domain measures.
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
 *         SNGP_ERROR_INVALID_ARGUMENT for a row that holds no probabilities (names the row).
 */
SNGP_API sngp_status sngp_evaluate_classification(const float *probabilities, int64_t rows,
                                                  int64_t num_classes, const int32_t *labels,
                                                  sngp_classification_metrics *metrics);

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

SNGP_END_DECLS

#endif
