/* Predictions: rows go through the network in blocks, each straight into the caller's buffers. */
#ifndef SNGP_PREDICT_PREDICT_H
#define SNGP_PREDICT_PREDICT_H

#include "predict/workspace.h"

typedef struct {
  const float *x;
  int64_t rows, row_stride;
} sngp_inputs;

/* Whether a prediction of these outputs needs the posterior. */
bool sngp_predict_needs_variance(const sngp_model *model, const sngp_predict_config *config,
                                 const sngp_prediction *out);

/* Predicts checked rows into the buffers of `out` that are not NULL. Takes no memory. */
void sngp_predict_rows(const sngp_model *model, sngp_workspace *workspace,
                       const sngp_inputs *inputs, const sngp_predict_config *config,
                       const sngp_prediction *out);

#endif
