/* Calibration: does a confidence of p mean being right with probability p? The confidence is the
   largest probability of a row. Arguments are trusted, as in classification.h. */
#ifndef SNGP_METRICS_CALIBRATION_H
#define SNGP_METRICS_CALIBRATION_H

#include <stdint.h>

#include "base/status.h"

/* As in Guo et al., arXiv 1706.04599. */
enum { SNGP_CALIBRATION_BINS = 15 };

/* The bin of a probability among bins (lo, hi] of equal width; 0 belongs to the first. */
int64_t sngp_probability_bin(float probability, int64_t num_bins);

/* Sums over the rows of each bin: their number, their confidences, how many are right. */
void sngp_bin_confidences(const float *probabilities, int64_t rows, int64_t num_classes,
                          const int32_t *labels, int64_t num_bins, int64_t *counts,
                          double *confidence, double *correct);

typedef struct {
  double expected; /* mean over rows of their bin's |accuracy - mean confidence| */
  double maximum;  /* the largest over the bins that hold a row */
} sngp_calibration_error;

/* Over 15 bins of equal width. */
sngp_calibration_error sngp_measure_calibration(const float *probabilities, int64_t rows,
                                                int64_t num_classes, const int32_t *labels);

/* Over 15 bins of equal numbers of rows (to one): with fewer than 15 each row has its own. The rows
   stand in the order of their confidence; rows of equal confidence that a border parts are
   shared out with their common accuracy. Fails for want of memory only. */
sngp_status sngp_adaptive_calibration_error(const float *probabilities, int64_t rows,
                                            int64_t num_classes, const int32_t *labels,
                                            double *error);

#endif
