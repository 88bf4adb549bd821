/* The BLAS calls that the library makes; this folder alone includes cblas.h and lapacke.h. All
   matrices are row-major and dense unless a stride (leading dimension) is given. */
#ifndef SNGP_LINALG_BLAS_H
#define SNGP_LINALG_BLAS_H

#include <stdbool.h>
#include <stdint.h>

/* C (m, n) = op(A) op(B) + beta C, op being the transpose where asked; k is the inner dimension. */
void sngp_sgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float *a,
                int64_t stride_a, const float *b, int64_t stride_b, float beta, float *c,
                int64_t stride_c);
/* C = alpha op(A) op(B) + beta C. */
void sngp_dgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha,
                const double *a, int64_t stride_a, const double *b, int64_t stride_b, double beta,
                double *c, int64_t stride_c);

/* y = op(A) x, A (rows, cols). */
void sngp_sgemv(bool transpose, int64_t rows, int64_t cols, const float *a, const float *x,
                float *y);

/* y += alpha x;  the sum of x y; of n elements. */
void sngp_daxpy(int64_t n, double alpha, const double *x, double *y);
double sngp_ddot(int64_t n, const double *x, const double *y);

/* y = alpha op(A) x + beta y, A (rows, cols) with a stride. */
void sngp_dgemv(bool transpose, int64_t rows, int64_t cols, double alpha, const double *a,
                int64_t stride_a, const double *x, double beta, double *y);

/* Lower triangle of C (n, n) = alpha A^T A + beta C, A (k, n). */
void sngp_dsyrk_transposed(int64_t n, int64_t k, double alpha, const double *a, int64_t stride_a,
                           double beta, double *c, int64_t stride_c);
/* Lower triangle of C (n, n) = A A^T, A (n, k). */
void sngp_dsyrk(int64_t n, int64_t k, const double *a, int64_t stride_a, double *c,
                int64_t stride_c);
void sngp_ssyrk(int64_t n, int64_t k, const float *a, int64_t stride_a, float *c, int64_t stride_c);

/* B (rows, n) = B L^T, L (n, n) lower triangular. */
void sngp_strmm_transposed(int64_t rows, int64_t n, const float *lower, float *b);

/* B (n, count) = op(L)^-1 B, L (n, n) lower triangular. */
void sngp_solve_lower(bool transpose, int64_t n, const double *lower, int64_t count, double *b);
/* B (rows, n) = B L^-T. */
void sngp_solve_lower_rows(int64_t rows, int64_t n, const double *lower, double *b);

/* B (rows, n) = B L^T, L (n, n) lower triangular. */
void sngp_dtrmm_rows(int64_t rows, int64_t n, const double *lower, double *b);
/* B (n, count) = op(L) B. */
void sngp_multiply_lower(bool transpose, int64_t n, const double *lower, int64_t count, double *b);

/* Fills the upper triangle of A (n, n) from its lower one. */
void sngp_mirror_lower_double(int64_t n, double *a);
void sngp_mirror_lower_float(int64_t n, float *a);

/* OpenBLAS's threads, process-wide, and its description of itself. */
int sngp_blas_threads(void);
/* How many threads of the library's own to use where `wanted` are asked for: one while BLAS has
   several, since its calls would then wait for each other. */
int sngp_own_threads(int wanted);
void sngp_blas_set_threads(int num_threads);
const char *sngp_blas_description(void);

#endif
