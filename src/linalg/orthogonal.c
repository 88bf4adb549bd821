#include "linalg/orthogonal.h"

#include <lapacke.h>

#include "base/memory.h"

static sngp_status factor(int64_t n, double *a, double *reflectors, double *signs) {
  lapack_int size = (lapack_int)n;
  if (LAPACKE_dgeqrf(LAPACK_COL_MAJOR, size, size, a, size, reflectors) != 0)
    return sngp_fail_memory("a QR factorisation");
  for (int64_t i = 0; i < n; i++) signs[i] = a[i * n + i] < 0 ? -1 : 1;
  if (LAPACKE_dorgqr(LAPACK_COL_MAJOR, size, size, size, a, size, reflectors) != 0)
    return sngp_fail_memory("a QR factorisation");
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) a[i * n + j] *= signs[i];
  return SNGP_OK;
}

sngp_status sngp_orthonormalize(int64_t n, double *a) {
  double *work = sngp_allocate((size_t)n * 2, sizeof *work);
  if (work == NULL) return sngp_fail_memory("a QR factorisation");
  sngp_status status = factor(n, a, work, work + n);
  sngp_release(work);
  return status;
}
