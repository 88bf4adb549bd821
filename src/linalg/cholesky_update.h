/* Cholesky factors of matrices that change by a few rows, in O(k n^2) instead of O(n^3). */
#ifndef SNGP_LINALG_CHOLESKY_UPDATE_H
#define SNGP_LINALG_CHOLESKY_UPDATE_H

#include <stdint.h>

#include "base/status.h"

/* In place: the factor of L L^T + X X^T, L (n, n) lower triangular, X (n, k), which is overwritten:
   one column for each row that enters. By Householder's QR factorisation of [L^T; X^T] in blocks
   (LAPACK's dtpqrt), which is backward stable. On failure (memory, an X that is not finite) L stays
   as it was. */
sngp_status sngp_cholesky_update(int64_t n, double *lower, int64_t k, double *x);

/* In place: the factor of L L^T - X X^T, by hyperbolic transformations of blocks of columns in
   mixed form (Bojanczyk, Brent, Van Dooren and de Hoog, "A note on downdating the Cholesky
   factorization", SIAM J. Sci. Stat. Comput. 8, 1987), which is as stable as the problem allows.
   Fails with SNGP_ERROR_NUMERICAL where what is left is not positive definite, or so nearly
   singular that rounding decides: in some direction less than n epsilon of what there was. On
   failure L stays as it was. */
sngp_status sngp_cholesky_downdate(int64_t n, double *lower, int64_t k, double *x);

#endif
