/**
 * @file metrics.h
 * @brief Accuracy, calibration and out-of-domain measures. All functions are thread-safe.
 */
#ifndef SNGP_METRICS_H
#define SNGP_METRICS_H

#include <stdint.h>

#include "sngp/status.h"

SNGP_BEGIN_DECLS

/** Measures of predicted probabilities against labels. */
typedef struct sngp_classification_metrics {
  uint32_t struct_size; /**< sizeof(sngp_classification_metrics), set by the caller */
  int32_t reserved;
  int64_t rows;
  double accuracy; /**< the first class among equal probabilities counts */
  double nll;      /**< mean negative log-likelihood, in nats; infinite where a label has p = 0 */
  double brier;    /**< mean over rows of sum over classes (p - one_hot)^2, in [0, 2] */
  double ece;      /**< expected calibration error of max p: 15 equal-width bins (lo, hi] (Guo et
                        al., arXiv 1706.04599) */
} sngp_classification_metrics;

/**
 * @param probabilities  rows x num_classes, row-major; each row sums to 1.
 * @param labels         rows labels in [0, num_classes).
 * @param metrics        struct_size set by the caller.
 * @return SNGP_ERROR_NO_ROWS, SNGP_ERROR_LABEL_RANGE, SNGP_ERROR_NOT_FINITE.
 */
SNGP_API sngp_status sngp_evaluate_classification(const float *probabilities, int64_t rows,
                                                  int64_t num_classes, const int32_t *labels,
                                                  sngp_classification_metrics *metrics);

/** How well a score separates out-of-domain rows (the positive class) from in-domain rows. */
typedef struct sngp_ood_metrics {
  uint32_t struct_size; /**< sizeof(sngp_ood_metrics), set by the caller */
  int32_t reserved;
  double auroc; /**< area under the ROC curve; ties count one half */
  double aupr;  /**< average precision */
  double fpr95; /**< false-positive rate at the first threshold with a true-positive rate of at
                     least 0.95 */
} sngp_ood_metrics;

/**
 * @param in_domain      scores of in-domain rows; larger means more out-of-domain.
 * @param out_of_domain  scores of out-of-domain rows.
 * @return SNGP_ERROR_NO_ROWS where either is empty, SNGP_ERROR_NOT_FINITE for a NaN.
 */
SNGP_API sngp_status sngp_evaluate_ood(const float *in_domain, int64_t num_in_domain,
                                       const float *out_of_domain, int64_t num_out_of_domain,
                                       sngp_ood_metrics *metrics);

SNGP_END_DECLS

#endif
