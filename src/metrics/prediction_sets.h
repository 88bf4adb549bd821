/* How often prediction sets hold the label, and how large they are. */
#ifndef SNGP_METRICS_PREDICTION_SETS_H
#define SNGP_METRICS_PREDICTION_SETS_H

#include <stdint.h>

#include "sngp/conformal.h"

/* All but struct_size; rows is 1 or more. */
sngp_set_metrics sngp_measure_sets(const uint8_t *sets, int64_t rows, int64_t num_classes,
                                   const int32_t *labels);

#endif
