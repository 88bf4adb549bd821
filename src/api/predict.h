/* Checks of predictions that the functions of models and of ensembles share. */
#ifndef SNGP_API_PREDICT_H
#define SNGP_API_PREDICT_H

#include "predict/predict.h"

/* A checked copy of a caller's configuration, of this library's own size; NULL: the defaults. */
sngp_status sngp_predict_config_import(const sngp_predict_config *config, sngp_predict_config *own);

/* Whether members can predict by this method what is asked for. */
sngp_status sngp_predict_check(const sngp_members *members, const sngp_predict_config *config,
                               const sngp_prediction *out);

/* sngp_predict() of members that are there. */
sngp_status sngp_predict_members(const sngp_members *members, sngp_workspace *workspace,
                                 const float *x, int64_t rows, int64_t cols, int64_t row_stride,
                                 const sngp_predict_config *config, sngp_prediction *out);

#endif
