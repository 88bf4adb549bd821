/* Ridge regression on features in closed form: the posterior mean of Gaussian regression (Rasmussen
   and Williams, Gaussian Processes for Machine Learning, 2006, section 2.1). */
#ifndef SNGP_GP_RIDGE_REGRESSION_H
#define SNGP_GP_RIDGE_REGRESSION_H

#include <stdbool.h>

#include "gp/statistics.h"

typedef struct {
  int64_t size, num_targets;
  double *lower;        /* L (M, M) with L L^T = P = lambda I + A + jitter I */
  double *coefficients; /* beta (M, T) = P^-1 Phi^T W (y - offset) */
  double *offsets;      /* (T): predictions are phi beta + offset */
  double lambda;
  double jitter;
} sngp_ridge_regression;

/* Takes memory; the regression predicts 0 until the first fit. */
sngp_status sngp_ridge_regression_create(sngp_ridge_regression *regression, int64_t size,
                                         int64_t num_targets);
void sngp_ridge_regression_destroy(sngp_ridge_regression *regression);

/* By one Cholesky factorisation, for lambda > 0. With `center` the offsets are the targets' means,
   else 0. On failure nothing changes. */
sngp_status sngp_ridge_regression_fit(sngp_ridge_regression *regression,
                                      const sngp_statistics *statistics, double lambda,
                                      bool center);

/* Doubles of scratch that so many rows need. */
size_t sngp_leave_one_out_scratch(const sngp_ridge_regression *regression, int64_t count);

/* For rows that the regression was fitted to, given again: what each would be off by if it (the
   whole row, whatever its weight) had been left out of the fit, with the same lambda and offsets.

     residuals (count, T) = (y - f) / (1 - w h),  f = phi beta + offset,
     leverages (count)    = h = phi P^-1 phi^T;

   noise / (w (1 - w h)) is the variance of the target in the prediction that leaves it out. Rows
   with labels are rows with one-hot targets. The result does not depend on the pool. */
void sngp_leave_one_out(const sngp_ridge_regression *regression, const sngp_target_rows *rows,
                        double *scratch, sngp_pool *pool, double *residuals, double *leverages);

#endif
