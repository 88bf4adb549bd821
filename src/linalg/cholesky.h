/* Cholesky factors in double precision, with a jitter ladder and checks that LAPACK leaves out. */
#ifndef SNGP_LINALG_CHOLESKY_H
#define SNGP_LINALG_CHOLESKY_H

#include <stdint.h>

#include "base/status.h"

/* L (n, n), lower, with L L^T = A + diagonal I + jitter I, from the lower triangle of A; L's upper
   triangle is set to 0. The jitter is 0, else 1e-8 of the mean diagonal, else 10 and 100 times
   that. Fails with SNGP_ERROR_NUMERICAL where A is not finite or no jitter helps. */
sngp_status sngp_cholesky(int64_t n, const double *a, double diagonal, double *lower,
                          double *jitter);

/* In place: L becomes its inverse, lower triangular too. */
sngp_status sngp_invert_lower(int64_t n, double *lower);

#endif
