/* Calibration: does a confidence of p mean being right with probability p? */
#ifndef SNGP_METRICS_CALIBRATION_H
#define SNGP_METRICS_CALIBRATION_H

#include <stdint.h>

/* Expected calibration error of the largest probability, over 15 bins (lo, hi] of equal width
   (Guo et al., arXiv 1706.04599). Arguments are trusted, as in classification.h. */
double sngp_expected_calibration_error(const float *probabilities, int64_t rows,
                                       int64_t num_classes, const int32_t *labels);

#endif
