/* Training the members of an ensemble side by side. */
#ifndef SNGP_TRAIN_ENSEMBLE_FIT_H
#define SNGP_TRAIN_ENSEMBLE_FIT_H

#include "data/dataset.h"
#include "model/ensemble.h"
#include "optim/optimizer.h"
#include "sngp/train.h"

/* sngp_ensemble_fit() of checked arguments. Every member has an optimizer of its own, a copy of
   `optimizer`, which has taken no step; `histories` is NULL or has room for all members. */
sngp_status sngp_ensemble_fit_run(sngp_ensemble *ensemble, const sngp_optimizer *optimizer,
                                  const sngp_dataset *training, const sngp_dataset *validation,
                                  const sngp_fit_config *config, sngp_history **histories);

#endif
