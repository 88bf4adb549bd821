/* Rows that enter or leave the precision P = ridge I + sum w phi^T phi by way of its factor. The
   ridge is not touched, so after any sequence the factor is that of the rows that are in, to
   rounding: variances are off by at most 10 epsilon (s_max + ridge) / ridge. */
#ifndef SNGP_GP_UPDATES_H
#define SNGP_GP_UPDATES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* Whether it is cheaper to let so many rows enter (or, with `leaving`, leave) a factor of M = size
   features than to factor the changed matrix anew. */
bool sngp_factor_update_is_cheaper(int64_t size, int64_t count, bool leaving);

/* L (M, M), lower triangular with L L^T = P, becomes the factor with the rows of features (count,
   M) and weights (count; NULL: 1) in it, or without them. Rows that leave must be in, with the same
   weights; where what is left is not positive definite they are not, and that is an error. On
   failure L stays as it was. Takes memory for the rows, and to remove some for a copy of L. */
sngp_status sngp_factor_add(int64_t size, double *lower, const float *features,
                            const float *weights, int64_t count);
sngp_status sngp_factor_remove(int64_t size, double *lower, const float *features,
                               const float *weights, int64_t count);

#endif
