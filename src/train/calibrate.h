/* Factor, temperature and ridge from held-out rows. */
#ifndef SNGP_TRAIN_CALIBRATE_H
#define SNGP_TRAIN_CALIBRATE_H

#include "data/dataset.h"
#include "model/model.h"
#include "sngp/calibrate.h"
#include "sngp/predict.h"

/* sngp_calibrate() of checked arguments and of the members of an ensemble, which predict as
   `predict` says. On failure nothing changes. */
sngp_status sngp_calibrate_members(sngp_model *const *models, int64_t num_models,
                                   const sngp_dataset *held_out, const sngp_predict_config *predict,
                                   const sngp_calibrate_config *config, sngp_calibration *result);

#endif
