/* The training loop. */
#ifndef SNGP_TRAIN_FIT_H
#define SNGP_TRAIN_FIT_H

#include "data/dataset.h"
#include "model/model.h"
#include "optim/optimizer.h"
#include "sngp/train.h"

sngp_fit_config sngp_fit_config_default(int32_t preset);
sngp_status sngp_fit_config_check(const sngp_fit_config *config);

/* Whether rows fit the model: columns, and where `labelled` the labels or targets of its task.
   `what` names them in messages ("training"). */
sngp_status sngp_check_rows(const sngp_model *model, const sngp_dataset *rows, bool labelled,
                            const char *what);

/* Whether the data fit the model and the configuration; validation may be NULL. */
sngp_status sngp_fit_check_data(const sngp_model *model, const sngp_dataset *training,
                                const sngp_dataset *validation, const sngp_fit_config *config);

/* sngp_fit() of checked arguments; validation may be NULL. `disposable`: the model is thrown away
   where the fit fails or is cancelled, and so is left as it is then, without a posterior. */
sngp_status sngp_fit_run(sngp_model *model, sngp_optimizer *optimizer, const sngp_dataset *training,
                         const sngp_dataset *validation, const sngp_fit_config *config,
                         bool disposable, sngp_history **history);

#endif
