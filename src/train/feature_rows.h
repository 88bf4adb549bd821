/* Training rows as a head sees them: the features of a block of rows after the other, with what is
   to be predicted. */
#ifndef SNGP_TRAIN_FEATURE_ROWS_H
#define SNGP_TRAIN_FEATURE_ROWS_H

#include "gp/statistics.h"
#include "train/row_source.h"

enum { SNGP_FEATURE_BLOCK = 512 };

typedef struct sngp_feature_rows sngp_feature_rows;

/* Keeps model, source and pool. The model may change between two rounds, but for its sizes. */
sngp_status sngp_feature_rows_create(const sngp_model *model, const sngp_row_source *source,
                                     sngp_pool *pool, sngp_feature_rows **made);
void sngp_feature_rows_free(sngp_feature_rows *rows);

/* Goes to a row, counted from 0; batches that lie between are looked at. */
sngp_status sngp_feature_rows_seek(sngp_feature_rows *rows, int64_t row);

/* The next rows, `wanted` of them, at most SNGP_FEATURE_BLOCK, fewer at the end, 0 after it; good
   until the next call. Labels for classification, else targets, as the network predicts them. The
   features do not depend on the pool. */
sngp_status sngp_feature_rows_next(sngp_feature_rows *rows, int64_t wanted,
                                   sngp_target_rows *block);

/* The features of all rows of a dataset, `count` of them, into (count, M). */
sngp_status sngp_feature_rows_copy(const sngp_model *model, const sngp_row_source *source,
                                   sngp_pool *pool, int64_t count, float *features);

#endif
