#include "linalg/blas.h"

#include <cblas.h>

static CBLAS_TRANSPOSE operation(bool transpose) { return transpose ? CblasTrans : CblasNoTrans; }

void sngp_sgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float *a,
                int64_t stride_a, const float *b, int64_t stride_b, float beta, float *c,
                int64_t stride_c) {
  cblas_sgemm(CblasRowMajor, operation(transpose_a), operation(transpose_b), (blasint)m, (blasint)n,
              (blasint)k, 1.0f, a, (blasint)stride_a, b, (blasint)stride_b, beta, c,
              (blasint)stride_c);
}

void sngp_dgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha,
                const double *a, int64_t stride_a, const double *b, int64_t stride_b, double beta,
                double *c, int64_t stride_c) {
  cblas_dgemm(CblasRowMajor, operation(transpose_a), operation(transpose_b), (blasint)m, (blasint)n,
              (blasint)k, alpha, a, (blasint)stride_a, b, (blasint)stride_b, beta, c,
              (blasint)stride_c);
}

void sngp_sgemv(bool transpose, int64_t rows, int64_t cols, const float *a, const float *x,
                float *y) {
  cblas_sgemv(CblasRowMajor, operation(transpose), (blasint)rows, (blasint)cols, 1.0f, a,
              (blasint)cols, x, 1, 0.0f, y, 1);
}

void sngp_daxpy(int64_t n, double alpha, const double *x, double *y) {
  cblas_daxpy((blasint)n, alpha, x, 1, y, 1);
}

double sngp_ddot(int64_t n, const double *x, const double *y) {
  return cblas_ddot((blasint)n, x, 1, y, 1);
}

void sngp_dgemv(bool transpose, int64_t rows, int64_t cols, double alpha, const double *a,
                int64_t stride_a, const double *x, double beta, double *y) {
  cblas_dgemv(CblasRowMajor, operation(transpose), (blasint)rows, (blasint)cols, alpha, a,
              (blasint)stride_a, x, 1, beta, y, 1);
}

void sngp_dsyrk_transposed(int64_t n, int64_t k, double alpha, const double *a, int64_t stride_a,
                           double beta, double *c, int64_t stride_c) {
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (blasint)n, (blasint)k, alpha, a,
              (blasint)stride_a, beta, c, (blasint)stride_c);
}

void sngp_dsyrk(int64_t n, int64_t k, const double *a, int64_t stride_a, double *c,
                int64_t stride_c) {
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (blasint)n, (blasint)k, 1.0, a,
              (blasint)stride_a, 0.0, c, (blasint)stride_c);
}

void sngp_ssyrk(int64_t n, int64_t k, const float *a, int64_t stride_a, float *c,
                int64_t stride_c) {
  cblas_ssyrk(CblasRowMajor, CblasLower, CblasNoTrans, (blasint)n, (blasint)k, 1.0f, a,
              (blasint)stride_a, 0.0f, c, (blasint)stride_c);
}

/* Below so many rows, one matrix-vector product each is faster: strmm packs the whole of L first.
 */
enum { FEW_ROWS = 9 };

void sngp_strmm_transposed(int64_t rows, int64_t n, const float *lower, float *b) {
  if (rows < FEW_ROWS)
    for (int64_t i = 0; i < rows; i++)
      cblas_strmv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, (blasint)n, lower,
                  (blasint)n, b + i * n, 1);
  else
    cblas_strmm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (blasint)rows,
                (blasint)n, 1.0f, lower, (blasint)n, b, (blasint)n);
}

void sngp_solve_lower(bool transpose, int64_t n, const double *lower, int64_t count, double *b) {
  cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, operation(transpose), CblasNonUnit, (blasint)n,
              (blasint)count, 1.0, lower, (blasint)n, b, (blasint)count);
}

void sngp_solve_lower_rows(int64_t rows, int64_t n, const double *lower, double *b) {
  cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (blasint)rows,
              (blasint)n, 1.0, lower, (blasint)n, b, (blasint)n);
}

void sngp_dtrmm_rows(int64_t rows, int64_t n, const double *lower, double *b) {
  cblas_dtrmm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (blasint)rows,
              (blasint)n, 1.0, lower, (blasint)n, b, (blasint)n);
}

void sngp_multiply_lower(bool transpose, int64_t n, const double *lower, int64_t count, double *b) {
  cblas_dtrmm(CblasRowMajor, CblasLeft, CblasLower, operation(transpose), CblasNonUnit, (blasint)n,
              (blasint)count, 1.0, lower, (blasint)n, b, (blasint)count);
}

/* Tiles of so many rows and columns, so that what is read and what is written stay in the cache. */
enum { MIRROR_TILE = 32 };

void sngp_mirror_lower_double(int64_t n, double *a) {
  for (int64_t top = 0; top < n; top += MIRROR_TILE)
    for (int64_t left = 0; left <= top; left += MIRROR_TILE)
      for (int64_t i = top; i < n && i < top + MIRROR_TILE; i++)
        for (int64_t j = left; j < i && j < left + MIRROR_TILE; j++) a[j * n + i] = a[i * n + j];
}

void sngp_mirror_lower_float(int64_t n, float *a) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
}

int sngp_blas_threads(void) { return openblas_get_num_threads(); }

int sngp_own_threads(int wanted) { return sngp_blas_threads() > 1 ? 1 : wanted; }

void sngp_blas_set_threads(int num_threads) { openblas_set_num_threads(num_threads); }

const char *sngp_blas_description(void) { return openblas_get_config(); }
