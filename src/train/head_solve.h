/* Heads in closed form: from the sums that a model keeps to weights, posterior and noise. */
#ifndef SNGP_TRAIN_HEAD_SOLVE_H
#define SNGP_TRAIN_HEAD_SOLVE_H

#include "model/model.h"

/* Solves for the output weights and the bias by the model's statistics and its ridge, factors the
   posterior, and estimates the noise of Gaussian regression where the configuration does not give
   it: the one of largest evidence, (y^T W y - b^T P^-1 b) / n. On failure nothing changes. */
sngp_status sngp_head_solve(sngp_model *model);

#endif
