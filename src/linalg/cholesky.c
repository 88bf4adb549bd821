#include "linalg/cholesky.h"

#include <lapacke.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Of the mean diagonal, ten-fold from try to try. */
static const double JITTERS[] = {0, 1e-8, 1e-7, 1e-6};
enum { NUM_JITTERS = sizeof JITTERS / sizeof *JITTERS };

/* LAPACK is column-major: a row-major lower triangle is its upper one, and U^T U = L L^T. Calling
   it so saves LAPACKE's transposed copies. */
static bool factor(int64_t n, const double *a, double added, double *lower) {
  for (int64_t i = 0; i < n; i++) {
    memcpy(lower + i * n, a + i * n, (size_t)(i + 1) * sizeof *a);
    memset(lower + i * n + i + 1, 0, (size_t)(n - i - 1) * sizeof *a);
    lower[i * n + i] += added;
  }
  lapack_int size = (lapack_int)n;
  if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', size, lower, size) != 0) return false;
  for (int64_t i = 0; i < n; i++) /* OpenBLAS reports success for a NaN on the diagonal */
    if (!isfinite(lower[i * n + i]) || lower[i * n + i] <= 0) return false;
  return true;
}

sngp_status sngp_cholesky(int64_t n, const double *a, double diagonal, double *lower,
                          double *jitter) {
  double mean_diagonal = 0;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j <= i; j++)
      if (!isfinite(a[i * n + j]))
        return sngp_fail(SNGP_ERROR_NUMERICAL, "the precision matrix is not finite at [%lld, %lld]",
                         (long long)i, (long long)j);
    mean_diagonal += (a[i * n + i] + diagonal) / (double)n;
  }
  for (int i = 0; i < NUM_JITTERS; i++) {
    double added = JITTERS[i] * fabs(mean_diagonal);
    if (!factor(n, a, diagonal + added, lower)) continue;
    *jitter = added;
    return SNGP_OK;
  }
  return sngp_fail(SNGP_ERROR_NUMERICAL,
                   "the precision matrix (%lld x %lld, mean diagonal %g) is not positive definite, "
                   "even with %g added to its diagonal",
                   (long long)n, (long long)n, mean_diagonal,
                   JITTERS[NUM_JITTERS - 1] * fabs(mean_diagonal));
}

sngp_status sngp_invert_lower(int64_t n, double *lower) {
  lapack_int size = (lapack_int)n;
  lapack_int info = LAPACKE_dtrtri_work(LAPACK_COL_MAJOR, 'U', 'N', size, lower, size);
  if (info != 0)
    return sngp_fail(SNGP_ERROR_NUMERICAL, "the factor of the precision matrix is singular at %lld",
                     (long long)info - 1);
  return SNGP_OK;
}
