/* The record of a fit, epoch by epoch. */
#ifndef SNGP_TRAIN_HISTORY_H
#define SNGP_TRAIN_HISTORY_H

#include "base/status.h"
#include "sngp/train.h"

struct sngp_history {
  int64_t count, capacity;
  sngp_epoch_record *records;
};

/* Room for `capacity` epochs. */
sngp_status sngp_history_create(int64_t capacity, sngp_history **history);

/* Adds an epoch; there must be room. */
void sngp_history_add(sngp_history *history, const sngp_epoch_record *record);

#endif
