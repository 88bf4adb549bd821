/* The precision matrix from rows of data, with the weights as they are and without dropout. */
#ifndef SNGP_TRAIN_COVARIANCE_H
#define SNGP_TRAIN_COVARIANCE_H

#include "data/dataset.h"
#include "model/model.h"

/* A = decay A + scale Phi^T diag(w) Phi over all rows of the data, w their weights times the
   likelihood's curvature at the model's outputs (gp/curvature.h); decay 0 starts anew, its count
   of rows included. The result does not depend on the number of threads but for the rounding of
   features. Where memory is short nothing changes. */
sngp_status sngp_covariance_accumulate(sngp_model *model, const sngp_dataset *data, double decay,
                                       double scale, sngp_pool *pool);

/* One exact pass: A = Phi^T diag(w) Phi, factored. */
sngp_status sngp_covariance_fit(sngp_model *model, const sngp_dataset *data, sngp_pool *pool);

#endif
