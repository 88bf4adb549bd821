/* Heads in closed form: from the sums that a model keeps to weights, posterior and noise. */
#ifndef SNGP_TRAIN_HEAD_SOLVE_H
#define SNGP_TRAIN_HEAD_SOLVE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/model.h"

/* Solves for the output weights and the bias by the model's statistics and its ridge, factors the
   posterior, and estimates the noise of Gaussian regression where the configuration does not give
   it: the one of largest evidence, (y^T W y - b^T P^-1 b) / n. On failure nothing changes. */
sngp_status sngp_head_solve(sngp_model *model);

/* Doubles of scratch for the next function. */
size_t sngp_head_solve_scratch(const sngp_model *model);

/* The same where the posterior is factored already and keeps its inverse factors: O(M^2 O). Fails
   where a weight is too large for single precision, which these sums tell beforehand: */
sngp_status sngp_head_solve_changed(sngp_model *model, double *scratch);

/* whether no weight that is solved for from them can be. `scratch` is as above. */
bool sngp_head_is_solvable(const sngp_model *model, const sngp_statistics *statistics,
                           double *scratch);

#endif
