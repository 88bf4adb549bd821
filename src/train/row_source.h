/* Rows to train on, in one piece or several. */
#ifndef SNGP_TRAIN_ROW_SOURCE_H
#define SNGP_TRAIN_ROW_SOURCE_H

#include "data/dataset.h"
#include "model/model.h"
#include "sngp/head.h"

typedef struct {
  int64_t num_batches;
  sngp_batch_callback batches; /* NULL: `whole` is the only batch */
  void *context;
  const sngp_dataset *whole;
} sngp_row_source;

/* The rows of a dataset. */
sngp_row_source sngp_row_source_of(const sngp_dataset *dataset);

/* Batch `index`, good until the next call. What a callback gives is checked each time: it may not
   be what it gave before. */
sngp_status sngp_row_source_batch(const sngp_row_source *source, const sngp_model *model,
                                  int64_t index, const sngp_dataset **batch);

/* Looks at every batch: whether it fits the model, and classification has two classes; and counts
   the rows. */
sngp_status sngp_row_source_check(const sngp_row_source *source, const sngp_model *model,
                                  int64_t *rows);

#endif
