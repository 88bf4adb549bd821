/* Parts of a dataset: copies of chosen rows, and the random split. */
#ifndef SNGP_DATA_SPLIT_H
#define SNGP_DATA_SPLIT_H

#include "data/dataset.h"

/* Copies the given rows with their labels or targets, weights and the names; without indices the
   first `count` rows. */
sngp_status sngp_dataset_copy_rows(const sngp_dataset *dataset, const int64_t *indices,
                                   int64_t count, sngp_dataset **subset);

/* Splits at random, stratified by label: `second` gets round(fraction * rows) rows. */
sngp_status sngp_dataset_divide(const sngp_dataset *dataset, double fraction, int64_t seed,
                                sngp_dataset **first, sngp_dataset **second);

#endif
