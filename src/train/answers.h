/* What is to be predicted of rows: labels, or targets in the units that a network predicts. */
#ifndef SNGP_TRAIN_ANSWERS_H
#define SNGP_TRAIN_ANSWERS_H

#include "data/dataset.h"
#include "model/model.h"

typedef struct {
  float *weights;  /* (n): sample weights; 1 where a dataset has none */
  int32_t *labels; /* (n) of classification, else NULL */
  float *targets;  /* (n, O) of the other tasks, else NULL */
} sngp_answers;

/* Takes memory for so many rows; to be destroyed on failure too. */
sngp_status sngp_answers_create(const sngp_model *model, int64_t rows, sngp_answers *answers);
void sngp_answers_destroy(sngp_answers *answers);

/* Rows [first, first + count) of a dataset that fits the model, into places from `place` on. */
void sngp_answers_copy(const sngp_answers *answers, const sngp_network *network,
                       const sngp_dataset *dataset, int64_t first, int64_t count, int64_t place);

#endif
