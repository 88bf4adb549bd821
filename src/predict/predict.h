/* Predictions: rows go through the network in blocks, as many times as the method asks for, and the
   means over all passes into the caller's buffers. One model is an ensemble of one member. */
#ifndef SNGP_PREDICT_PREDICT_H
#define SNGP_PREDICT_PREDICT_H

#include "predict/workspace.h"

typedef struct {
  const float *x;
  int64_t rows, row_stride;
} sngp_inputs;

/* Models of one shape. */
typedef struct {
  const sngp_model *const *models;
  int64_t count;
} sngp_members;

/* What each pass found, for calibration; either may be NULL. P passes: all those of the first
   member, then of the next. */
typedef struct {
  float *logits;   /* (P, rows, K): before mean field and temperature, draws included; a lone output
                      as two logits; centred where the variances are */
  float *variance; /* (P, rows, V): what the mean field goes by, of centred logits where classes
                      have variances of their own (gp/mean_field.h) */
} sngp_pass_outputs;

/* Draws or passes of a method that has several, for each member; 1 for the others. */
int64_t sngp_predict_num_passes(const sngp_predict_config *config);

/* Whether the mean field acts on a member's logits. */
bool sngp_predict_has_mean_field(const sngp_model *model, const sngp_predict_config *config);

/* Whether a prediction of these outputs needs the members' posteriors. */
bool sngp_predict_needs_variance(const sngp_members *members, const sngp_predict_config *config,
                                 const sngp_prediction *out);

/* Predicts checked rows into the buffers of `out` that are not NULL, and into `passes` (NULL: not
   wanted). Takes no memory. */
void sngp_predict_rows(const sngp_members *members, sngp_workspace *workspace,
                       const sngp_inputs *inputs, const sngp_predict_config *config,
                       const sngp_prediction *out, const sngp_pass_outputs *passes);

#endif
