/* Eigenvalues and eigenvectors of symmetric matrices. */
#ifndef SNGP_LINALG_EIGEN_H
#define SNGP_LINALG_EIGEN_H

#include <stdint.h>

#include "base/status.h"

/* In place: A (n, n), whose lower triangle is read, becomes its orthonormal eigenvectors, one a
   row; `values` (n) the eigenvalues, ascending: A = V^T diag(values) V. Fails with
   SNGP_ERROR_NUMERICAL where A is not finite or LAPACK does not converge; A is overwritten then. */
sngp_status sngp_symmetric_eigen(int64_t n, double *a, double *values);

#endif
