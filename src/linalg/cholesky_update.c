#include "linalg/cholesky_update.h"

#include <cblas.h>
#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"

/* Columns that LAPACK takes at once. */
enum { QR_BLOCK = 32 };
/* Columns of L, and of X, that a hyperbolic transformation takes at once. */
enum { BLOCK = 64 };

static sngp_status check_rows(int64_t n, int64_t k, const double *x) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < k; j++)
      if (!isfinite(x[i * k + j]))
        return sngp_fail(SNGP_ERROR_NUMERICAL, "feature %lld of row %lld is not finite",
                         (long long)i, (long long)j);
  return SNGP_OK;
}

/* Column-major, where a row-major L is its transpose and X (n, k) is X^T (k, n). */
sngp_status sngp_cholesky_update(int64_t n, double *lower, int64_t k, double *x) {
  SNGP_TRY(check_rows(n, k, x));
  lapack_int side = (lapack_int)n, count = (lapack_int)k;
  lapack_int block = side < QR_BLOCK ? side : QR_BLOCK;
  double *work = sngp_allocate((size_t)n, (2 * QR_BLOCK + 1) * sizeof *work);
  if (work == NULL) return sngp_fail_memory("an update of the precision matrix's factor");
  double *triangles = work + QR_BLOCK * n, *signs = triangles + QR_BLOCK * n;
  LAPACKE_dtpqrt_work(LAPACK_COL_MAJOR, count, side, 0, block, lower, side, x, count, triangles,
                      block, work);
  /* Householder's reflections turn the diagonal negative. */
  for (int64_t i = 0; i < n; i++) signs[i] = lower[i * n + i] < 0 ? -1 : 1;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j <= i; j++) lower[i * n + j] *= signs[j];
  sngp_release(work);
  return SNGP_OK;
}

/* The factor of a block that must be positive definite, row-major in place; false where it is not,
   or a pivot is at most `least`. */
static bool factor_block(int64_t n, double *a, double least) {
  lapack_int size = (lapack_int)n;
  if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', size, a, size) != 0) return false;
  for (int64_t i = 0; i < n; i++)
    if (!(a[i * n + i] * a[i * n + i] > least)) return false; /* a NaN too */
  return true;
}

static void set_identity(int64_t n, double *a) {
  memset(a, 0, (size_t)(n * n) * sizeof *a);
  for (int64_t i = 0; i < n; i++) a[i * n + i] = 1;
}

/* What a step needs beside L and X, for `b` columns of L and `c` of X. */
typedef struct {
  double *k; /* K = L11^-1 X1 (b, c) */
  double *h; /* H, lower, H H^T = I - K K^T (b, b) */
  double *d; /* D, lower, D D^T = I - K^T K (c, c) */
  double *w; /* W = H^T K D^-T (b, c) */
} step;

static bool prepare_step(const step *s, const double *l11, int64_t n, const double *x1,
                         int64_t stride_x, int64_t b, int64_t c, double least) {
  blasint rows = (blasint)b, columns = (blasint)c;
  for (int64_t i = 0; i < b; i++) memcpy(s->k + i * c, x1 + i * stride_x, (size_t)c * sizeof *s->k);
  cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, rows, columns, 1,
              l11, (blasint)n, s->k, columns);
  set_identity(b, s->h);
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, rows, columns, -1, s->k, columns, 1, s->h,
              rows);
  set_identity(c, s->d);
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, columns, rows, -1, s->k, columns, 1, s->d,
              columns);
  if (!factor_block(b, s->h, least) || !factor_block(c, s->d, least)) return false;
  memcpy(s->w, s->k, (size_t)(b * c) * sizeof *s->w);
  cblas_dtrmm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, rows, columns, 1,
              s->h, rows, s->w, columns);
  cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, rows, columns, 1,
              s->d, columns, s->w, columns);
  return true;
}

/* L11 = L11 H;  L21 = (L21 - X2 K^T) H^-T;  X2 = X2 D - L21 W, with the new L21: so that
   L21 L21^T - X2 X2^T stays what it was, and what is left of X1 is 0. */
static void apply_step(const step *s, double *l11, int64_t n, double *x1, int64_t stride_x,
                       int64_t b, int64_t c, int64_t below) {
  blasint height = (blasint)below, rows = (blasint)b, columns = (blasint)c, side = (blasint)n;
  blasint stride = (blasint)stride_x;
  double *l21 = l11 + b * n, *x2 = x1 + b * stride_x;
  cblas_dtrmm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, rows, rows, 1,
              s->h, rows, l11, side);
  if (below == 0) return;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, height, rows, columns, -1, x2, stride, s->k,
              columns, 1, l21, side);
  cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, height, rows, 1,
              s->h, rows, l21, side);
  cblas_dtrmm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, height, columns, 1,
              s->d, columns, x2, stride);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, height, columns, rows, -1, l21, side, s->w,
              columns, 1, x2, stride);
}

static bool remove_columns(const step *s, int64_t n, double *lower, int64_t c, double *x,
                           int64_t stride_x) {
  double least = (double)n * DBL_EPSILON;
  for (int64_t j = 0; j < n; j += BLOCK) {
    int64_t b = n - j < BLOCK ? n - j : BLOCK;
    double *l11 = lower + j * n + j, *x1 = x + j * stride_x;
    if (!prepare_step(s, l11, n, x1, stride_x, b, c, least)) return false;
    apply_step(s, l11, n, x1, stride_x, b, c, n - j - b);
  }
  return true;
}

sngp_status sngp_cholesky_downdate(int64_t n, double *lower, int64_t k, double *x) {
  SNGP_TRY(check_rows(n, k, x));
  size_t area = (size_t)(n * n);
  double *copy = sngp_allocate(area + 4 * BLOCK * BLOCK, sizeof *copy);
  if (copy == NULL) return sngp_fail_memory("a down-date of the precision matrix's factor");
  memcpy(copy, lower, area * sizeof *copy);
  double *blocks = copy + area;
  const step s = {blocks, blocks + BLOCK * BLOCK, blocks + 2 * BLOCK * BLOCK,
                  blocks + 3 * BLOCK * BLOCK};
  bool positive = true;
  for (int64_t first = 0; first < k && positive; first += BLOCK)
    positive = remove_columns(&s, n, copy, k - first < BLOCK ? k - first : BLOCK, x + first, k);
  if (positive) memcpy(lower, copy, area * sizeof *copy);
  sngp_release(copy);
  if (positive) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_NUMERICAL,
                   "without these %lld rows the precision matrix (%lld x %lld) is not positive "
                   "definite: they are not all among the rows it holds",
                   (long long)k, (long long)n, (long long)n);
}
