/* Models that go on learning: rows enter and leave, are forgotten, and come from other models. */
#ifndef SNGP_TRAIN_LIVING_H
#define SNGP_TRAIN_LIVING_H

#include "data/dataset.h"
#include "model/model.h"

/* Rows enter (sign 1) or leave (-1) a prepared model with a current posterior; they fit it. On
   failure nothing changes. */
sngp_status sngp_living_change(sngp_model *model, const sngp_dataset *rows, double sign);

/* All sums times a factor in (0, 1]. On failure nothing changes. */
sngp_status sngp_living_forget(sngp_model *model, double factor);

/* The rows of another prepared model with a current posterior enter; the features of both are to be
   the same, which is checked. On failure nothing changes. */
sngp_status sngp_living_merge(sngp_model *model, const sngp_model *other);

#endif
