/* All of a model's parameters, to go back to. */
#ifndef SNGP_TRAIN_SNAPSHOT_H
#define SNGP_TRAIN_SNAPSHOT_H

#include "model/model.h"

typedef struct {
  float *trainable, *frozen;
} sngp_snapshot;

/* Takes memory for a model's parameters; to be destroyed on failure too. */
sngp_status sngp_snapshot_create(const sngp_model *model, sngp_snapshot *snapshot);
void sngp_snapshot_destroy(sngp_snapshot *snapshot);

void sngp_snapshot_take(const sngp_model *model, sngp_snapshot *snapshot);
void sngp_snapshot_restore(sngp_model *model, const sngp_snapshot *snapshot);

#endif
