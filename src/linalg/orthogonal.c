#include "linalg/orthogonal.h"

#include <lapacke.h>
#include <stdbool.h>

#include "base/memory.h"

/* Columns that LAPACK works on at once, a usual block size. */
enum { BLOCK = 32 };

/* The _work functions: the others take memory of their own and print where there is none. `work`
   holds (BLOCK + 2) * n. */
static bool factor(int64_t n, double *a, double *work) {
  lapack_int size = (lapack_int)n, work_size = BLOCK * size;
  double *reflectors = work + BLOCK * n, *signs = reflectors + n;
  if (LAPACKE_dgeqrf_work(LAPACK_COL_MAJOR, size, size, a, size, reflectors, work, work_size) != 0)
    return false;
  for (int64_t i = 0; i < n; i++) signs[i] = a[i * n + i] < 0 ? -1 : 1;
  if (LAPACKE_dorgqr_work(LAPACK_COL_MAJOR, size, size, size, a, size, reflectors, work,
                          work_size) != 0)
    return false;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) a[i * n + j] *= signs[i];
  return true;
}

sngp_status sngp_orthonormalize(int64_t n, double *a) {
  double *work = sngp_allocate((size_t)n, (BLOCK + 2) * sizeof *work);
  if (work == NULL) return sngp_fail_memory("a QR factorisation");
  bool factored = factor(n, a, work);
  sngp_release(work);
  if (factored) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_NUMERICAL, "LAPACK could not factor a %lld x %lld matrix",
                   (long long)n, (long long)n);
}
