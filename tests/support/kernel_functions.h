/* The kernels in closed form. Include after <math.h>. */
#ifndef SNGP_TESTS_SUPPORT_KERNEL_FUNCTIONS_H
#define SNGP_TESTS_SUPPORT_KERNEL_FUNCTIONS_H

#include <math.h>
#include <stdint.h>

#include "sngp/model.h"

typedef struct {
  double square_x, square_y, product; /* |x|^2, |y|^2, x . y */
} pair_products;

static inline pair_products products_of(const double *x, const double *y, int64_t width) {
  pair_products p = {0};
  for (int64_t i = 0; i < width; i++) {
    p.square_x += x[i] * x[i];
    p.square_y += y[i] * y[i];
    p.product += x[i] * y[i];
  }
  return p;
}

/* k(x, y) with length scale `length`. */
static inline double kernel_function(int32_t kernel, const double *x, const double *y,
                                     int64_t width, double length) {
  static const double PI = 3.14159265358979323846;
  const pair_products p = products_of(x, y, width);
  double square = fmax(0, p.square_x + p.square_y - 2 * p.product), r = sqrt(square) / length;
  double norms = sqrt(p.square_x * p.square_y);
  double angle = acos(fmax(-1, fmin(1, p.product / norms)));
  switch (kernel) {
    case SNGP_KERNEL_RBF: return exp(-r * r / 2);
    case SNGP_KERNEL_MATERN_32: return (1 + sqrt(3) * r) * exp(-sqrt(3) * r);
    case SNGP_KERNEL_MATERN_52: return (1 + sqrt(5) * r + 5 * r * r / 3) * exp(-sqrt(5) * r);
    case SNGP_KERNEL_ARC_COSINE:
      return norms / (length * length) * (sin(angle) + (PI - angle) * cos(angle)) / PI;
    default: return p.product / (length * length);
  }
}

/* The standard deviation of one of M terms of the inner product, at most. Cosines: 2 cos a cos b
   has a variance of at most 1. Relu: that of 2 max(0, z)^2 is 4 * 3 / 2 - 1 for a standard normal
   z, and other angles have less. */
static inline double kernel_deviation(int32_t kernel, const double *x, const double *y,
                                      int64_t width, double length) {
  if (kernel != SNGP_KERNEL_ARC_COSINE) return kernel == SNGP_KERNEL_LINEAR ? 0 : 1;
  const pair_products p = products_of(x, y, width);
  return sqrt(5 * p.square_x * p.square_y) / (length * length);
}

#endif
