/* Heads without a closed form: output weights by Newton's method, majorised steps or L-BFGS. */
#ifndef SNGP_TRAIN_DESCENT_FIT_H
#define SNGP_TRAIN_DESCENT_FIT_H

#include "gp/newton.h"
#include "train/head_job.h"

/* The problem of a model's task and likelihood over so many rows, without the rows. */
sngp_linear_problem sngp_descent_problem(const sngp_model *model, int64_t rows, double ridge);

/* The solver's name within gp/newton.h. */
sngp_descent sngp_descent_of(int32_t solver);

/* Solves for the weights over all rows with the model's ridge, from zeros, then sums and factors
   the posterior at the optimum. */
sngp_status sngp_descent_fit(sngp_head_job *job);

/* Sets ridge and open kernel_scale by the held-out loss of a cross-validation; where `calibrates`,
   temperature and factor of a classifier too, by the same folds. */
sngp_status sngp_descent_select(sngp_head_job *job, sngp_kept_rows *kept, bool calibrates);

#endif
