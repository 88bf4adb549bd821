#include "linalg/eigen.h"

#include <lapacke.h>
#include <math.h>
#include <stdbool.h>

#include "base/memory.h"

/* Divide and conquer, LAPACK's dsyevd; sizes of its work as its documentation demands.
   Column-major, where a row-major lower triangle is the upper one and columns of eigenvectors are
   rows. */
sngp_status sngp_symmetric_eigen(int64_t n, double *a, double *values) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j <= i; j++)
      if (!isfinite(a[i * n + j]))
        return sngp_fail(SNGP_ERROR_NUMERICAL,
                         "a matrix of sums over rows is not finite at [%lld, %lld]", (long long)i,
                         (long long)j);
  size_t side = (size_t)n, count = 1 + 6 * side + 2 * side * side, integers = 3 + 5 * side;
  double *work = sngp_allocate(count, sizeof *work);
  lapack_int *integer_work = sngp_allocate(integers, sizeof *integer_work);
  lapack_int info = 0;
  bool taken = work != NULL && integer_work != NULL;
  if (taken)
    info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'U', (lapack_int)n, a, (lapack_int)n, values,
                               work, (lapack_int)count, integer_work, (lapack_int)integers);
  sngp_release(integer_work);
  sngp_release(work);
  if (!taken) return sngp_fail_memory("the eigenvectors of a matrix of sums over rows");
  if (info != 0)
    return sngp_fail(SNGP_ERROR_NUMERICAL,
                     "LAPACK could not find the eigenvalues of a %lld x %lld matrix", (long long)n,
                     (long long)n);
  return SNGP_OK;
}
