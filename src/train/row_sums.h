/* Rows that enter or leave the sums of a head in closed form. */
#ifndef SNGP_TRAIN_ROW_SUMS_H
#define SNGP_TRAIN_ROW_SUMS_H

#include "train/feature_rows.h"

/* Told how many rows the sums have, after each block of them; what fails ends the pass. */
typedef sngp_status (*sngp_row_sums_progress)(void *context, int64_t rows);

/* All rows of the source enter the model's statistics (sign 1) or leave them (-1). `progress` may
   be NULL. On failure the statistics have some of the rows. */
sngp_status sngp_row_sums_change(sngp_model *model, const sngp_row_source *source, double sign,
                                 sngp_pool *pool, sngp_row_sums_progress progress, void *context);

#endif
