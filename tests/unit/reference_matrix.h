/* Matrices in double precision by plain loops, row-major. Include after "support/check.h". */
#ifndef SNGP_TESTS_UNIT_REFERENCE_MATRIX_H
#define SNGP_TESTS_UNIT_REFERENCE_MATRIX_H

#include <stdint.h>

/* A^-1 (n, n) by Gauss and Jordan's elimination with row pivots; A is overwritten. To be freed. */
static inline double *reference_inverse(double *a, int64_t n) {
  double *inverse = take((size_t)(n * n), sizeof *inverse);
  for (int64_t i = 0; i < n; i++) inverse[i * n + i] = 1;
  for (int64_t i = 0; i < n; i++) {
    int64_t best = i;
    for (int64_t j = i + 1; j < n; j++)
      if (fabs(a[j * n + i]) > fabs(a[best * n + i])) best = j;
    double pivot = 1 / a[best * n + i];
    for (int64_t k = 0; k < n; k++) {
      double above = a[best * n + k], other = inverse[best * n + k];
      a[best * n + k] = a[i * n + k];
      inverse[best * n + k] = inverse[i * n + k];
      a[i * n + k] = above * pivot;
      inverse[i * n + k] = other * pivot;
    }
    for (int64_t j = 0; j < n; j++) {
      double factor = a[j * n + i];
      if (j == i || factor == 0) continue;
      for (int64_t k = 0; k < n; k++) {
        a[j * n + k] -= factor * a[i * n + k];
        inverse[j * n + k] -= factor * inverse[i * n + k];
      }
    }
  }
  return inverse;
}

/* A += weight x^T x (n, n) */
static inline void reference_add_outer_product(double *a, int64_t n, double weight,
                                               const double *x) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) a[i * n + j] += weight * x[i] * x[j];
}

/* x A y^T for every row x of X (rows, n) and y of Y (others, n): (rows, others). To be freed. */
static inline double *reference_bilinear(const double *x, int64_t rows, const double *a, int64_t n,
                                         const double *y, int64_t others) {
  double *products = take((size_t)(rows * others), sizeof *products);
  double *row = take((size_t)n, sizeof *row);
  for (int64_t i = 0; i < rows; i++) {
    memset(row, 0, (size_t)n * sizeof *row);
    for (int64_t k = 0; k < n; k++)
      for (int64_t j = 0; j < n; j++) row[j] += x[i * n + k] * a[k * n + j];
    for (int64_t o = 0; o < others; o++)
      for (int64_t j = 0; j < n; j++) products[i * others + o] += row[j] * y[o * n + j];
  }
  free(row);
  return products;
}

/* The largest |a - b|; NaN where one is. */
static inline double largest_distance(const double *a, const double *b, size_t count) {
  double largest = 0;
  for (size_t i = 0; i < count; i++) {
    double distance = fabs(a[i] - b[i]);
    if (!(distance <= largest)) largest = distance;
  }
  return largest;
}

#endif
