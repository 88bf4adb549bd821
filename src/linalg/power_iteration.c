#include "linalg/power_iteration.h"

#include <math.h>

#include "linalg/blas.h"
#include "linalg/kernels.h"

static const float SMALLEST_SQUARE = 1e-12f; /* as in the references' l2_normalize */

static void normalize(int64_t n, const float *x, float square, float *y) {
  float scale = 1 / sqrtf(square < SMALLEST_SQUARE ? SMALLEST_SQUARE : square);
  for (int64_t i = 0; i < n; i++) y[i] = x[i] * scale;
}

float sngp_power_iteration(int64_t in, int64_t out, const float *weight, int64_t iterations,
                           float *u, float *v, float *scratch) {
  for (int64_t i = 0; i < iterations; i++) {
    sngp_sgemv(false, in, out, weight, u, v);
    normalize(in, v, sngp_kernel_dot((size_t)in, v, v), v);
    sngp_sgemv(true, in, out, weight, v, scratch);
    float square = sngp_kernel_dot((size_t)out, scratch, scratch);
    if (square >= SMALLEST_SQUARE) normalize(out, scratch, square, u);
  }
  return sngp_kernel_dot((size_t)out, scratch, u); /* scratch = v W */
}
