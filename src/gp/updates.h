/* Rows that enter or leave a posterior that is current, and stays so: by way of the inverse factors
   that it keeps from its last factorisation on. The ridge is not touched, so after any sequence the
   posterior is that of the rows that are in, to rounding: variances are off by at most 10 epsilon
   (s_max + ridge) / ridge. */
#ifndef SNGP_GP_UPDATES_H
#define SNGP_GP_UPDATES_H

#include "gp/posterior.h"

/* Whether the posterior can take so many rows without being factored anew, and that is cheaper. */
bool sngp_posterior_takes_rows(const sngp_posterior *posterior, int64_t count);

/* Rows enter (sign 1) or leave (-1) a posterior that takes them. Rows that leave must be in, with
   the same weights and curvature; where what is left is not positive definite they are not, and
   that is SNGP_ERROR_NUMERICAL. On failure nothing changes. */
sngp_status sngp_posterior_change(sngp_posterior *posterior, const sngp_posterior_rows *rows,
                                  double sign, double ridge, sngp_pool *pool);

/* For rows that left by way of the sums, before what is left is factored: whether the diagonals say
   that they were in. What rounding left below 0 becomes 0. */
sngp_status sngp_posterior_check_left(const sngp_posterior *before, sngp_posterior *left,
                                      double ridge);

#endif
