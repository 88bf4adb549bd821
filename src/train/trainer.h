/* One optimizer step: a batch is split by rows over threads, each with activations and a gradient
   of its own; gradients are then summed in a fixed order and the parameters updated. */
#ifndef SNGP_TRAIN_TRAINER_H
#define SNGP_TRAIN_TRAINER_H

#include "data/dataset.h"
#include "model/model.h"
#include "optim/optimizer.h"

typedef struct sngp_trainer sngp_trainer;

/* Takes all memory that steps of up to batch_size rows need, the model's moments included. Keeps
   the model and the optimizer. `accumulates`: some steps add to the precision matrix of a GP head.
   SNGP_ERROR_OUT_OF_MEMORY beyond 2^31 - 1 rows, too. */
sngp_status sngp_trainer_create(sngp_model *model, sngp_optimizer *optimizer, int64_t batch_size,
                                int num_threads, bool accumulates, sngp_trainer **trainer);
void sngp_trainer_free(sngp_trainer *trainer);

/* Steps from now on minimise the focal loss of this gamma; 0, as created: the cross-entropy. */
void sngp_trainer_set_focal_gamma(sngp_trainer *trainer, double gamma);

sngp_pool *sngp_trainer_pool(const sngp_trainer *trainer);

/* What a step found, before its update. */
typedef struct {
  double loss;    /* mean over the batch, L2 term included */
  double correct; /* rows, in training mode; NaN for regression */
} sngp_step_sums;

/* Where the features of a step go: into the precision matrix, A = decay A + scale Phi^T W Phi. */
typedef struct {
  double decay, scale;
} sngp_step_covariance;

/* Projects, goes forward with dropout and back, and updates, on the rows order[0 ... count - 1] of
   a dataset (order NULL: the first ones). The optimizer's step count is the clock of the dropout
   stream. `covariance` NULL: features are not accumulated. Where the loss is not finite nothing is
   updated. */
sngp_step_sums sngp_trainer_step(sngp_trainer *trainer, const sngp_dataset *data,
                                 const int64_t *order, int64_t count, double learning_rate,
                                 const sngp_step_covariance *covariance);

/* Mean loss, the cross-entropy where steps have the focal one, of MAP outputs without dropout and
   L2, and rows that are right. */
sngp_step_sums sngp_trainer_evaluate(sngp_trainer *trainer, const sngp_dataset *data);

#endif
