#include "nn/spectral_norm.h"

#include "linalg/kernels.h"
#include "linalg/power_iteration.h"

float sngp_spectral_norm_project(const sngp_spectral_norm *norm, int64_t in, int64_t out,
                                 float *weight, int64_t iterations, float *scratch) {
  float sigma = sngp_power_iteration(in, out, weight, iterations, norm->u, norm->v, scratch);
  float bound = (float)norm->bound;
  if (sigma > bound) {
    float factor = bound / sigma;
    for (int64_t i = 0; i < in * out; i++) weight[i] *= factor;
  }
  return sigma;
}
