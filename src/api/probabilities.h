/* Checks of predicted probabilities and labels that a caller hands in. */
#ifndef SNGP_API_PROBABILITIES_H
#define SNGP_API_PROBABILITIES_H

#include <stdint.h>

#include "base/status.h"

/* Rows to be compared with something: 1 or more. */
sngp_status sngp_check_num_rows(int64_t rows);

/* A number of classes: 2 or more. */
sngp_status sngp_check_num_classes(int64_t num_classes);

/* A label of row `index`: in [0, num_classes). */
sngp_status sngp_check_label(int32_t label, int64_t index, int64_t num_classes);

/* A row of probabilities: finite, none negative, their sum 1. */
sngp_status sngp_check_probability_row(const float *row, int64_t index, int64_t num_classes);

#endif
