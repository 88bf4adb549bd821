/* Murphy's partition of the Brier score. */
#ifndef SNGP_METRICS_BRIER_H
#define SNGP_METRICS_BRIER_H

#include <stdint.h>

typedef struct {
  double reliability; /* sum over classes and bins of n_b / n (mean p - frequency)^2 */
  double resolution;  /* ... n_b / n (frequency - base rate)^2 */
  double uncertainty; /* sum over classes of base rate (1 - base rate) */
} sngp_brier_partition;

/* Over 15 bins (lo, hi] of equal width of the probability of each class (Murphy 1973). Arguments
   are trusted, as in classification.h. */
sngp_brier_partition sngp_partition_brier(const float *probabilities, int64_t rows,
                                          int64_t num_classes, const int32_t *labels);

#endif
