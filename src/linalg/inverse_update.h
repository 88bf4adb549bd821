/* Inverse factors of matrices that change by a few rank-one terms, in O(n^2) each. */
#ifndef SNGP_LINALG_INVERSE_UPDATE_H
#define SNGP_LINALG_INVERSE_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/parallel.h"
#include "base/status.h"

/* R (n, n) is lower triangular, R^T R = P^-1, and P becomes P + sign X^T X, X (k, n), sign 1 or -1.
   With one row x, w = R x^T and s_i = 1 + sign (w_1^2 + ... + w_i^2), R becomes

     R_i' = sqrt(s_(i-1) / s_i) R_i - sign w_i / sqrt(s_(i-1) s_i) sum over j < i of w_j R_j

   (the inverse of the Cholesky factor of I + sign w^T w, times R: Gill, Golub, Murray and Saunders,
   "Methods for modifying matrix factorizations", Math. Comp. 28, 1974, method C1). The new variance
   of x is w w^T / s_n. */

/* Doubles of scratch. */
bool sngp_inverse_update_scratch(int64_t n, int64_t k, size_t *doubles);

/* Whether that can be: SNGP_ERROR_NUMERICAL where what is left is not positive definite, or so
   nearly singular that rounding decides (in some direction less than n epsilon of P is left), or
   where X is not finite. */
sngp_status sngp_inverse_update_check(int64_t n, const double *inverse, int64_t k, double sign,
                                      const double *x, double *scratch);

/* Then: R in place. Cannot fail. The result does not depend on the pool. */
void sngp_inverse_update_apply(int64_t n, double *inverse, int64_t k, double sign, const double *x,
                               double *scratch, sngp_pool *pool);

#endif
