#include "nn/random_features.h"

#include "linalg/blas.h"
#include "linalg/kernels.h"

void sngp_random_features_forward(const sngp_random_features *features, const float *g,
                                  int64_t rows, float *z, float *phi) {
  int64_t in = features->in, width = features->num_features;
  sngp_sgemm(false, false, rows, width, in, g, in, features->weight, width, 0, z, width);
  sngp_kernel_add_rows((size_t)rows, (size_t)width, features->bias, z);
  if (z == phi)
    sngp_kernel_cos_in_place((size_t)(rows * width), features->scale, phi);
  else
    sngp_kernel_cos((size_t)(rows * width), z, features->scale, phi);
}

void sngp_random_features_backward(const sngp_random_features *features, const float *z,
                                   float *dphi, int64_t rows, float *dg) {
  int64_t in = features->in, width = features->num_features;
  sngp_kernel_cos_backward((size_t)(rows * width), z, features->scale, dphi);
  sngp_sgemm(false, true, rows, in, width, dphi, width, features->weight, width, 0, dg, in);
}
