#include "train/snapshot.h"

#include <string.h>

#include "base/memory.h"

sngp_status sngp_snapshot_create(const sngp_model *model, sngp_snapshot *snapshot) {
  snapshot->trainable = sngp_allocate(model->table.trainable_size, sizeof(float));
  snapshot->frozen = sngp_allocate(model->table.frozen_size, sizeof(float));
  if (snapshot->trainable == NULL || snapshot->frozen == NULL)
    return sngp_fail_memory("a copy of the parameters");
  return SNGP_OK;
}

void sngp_snapshot_destroy(sngp_snapshot *snapshot) {
  sngp_release(snapshot->trainable);
  sngp_release(snapshot->frozen);
}

void sngp_snapshot_take(const sngp_model *model, sngp_snapshot *snapshot) {
  memcpy(snapshot->trainable, model->trainable, model->table.trainable_size * sizeof(float));
  memcpy(snapshot->frozen, model->frozen, model->table.frozen_size * sizeof(float));
}

void sngp_snapshot_restore(sngp_model *model, const sngp_snapshot *snapshot) {
  memcpy(model->trainable, snapshot->trainable, model->table.trainable_size * sizeof(float));
  memcpy(model->frozen, snapshot->frozen, model->table.frozen_size * sizeof(float));
}
