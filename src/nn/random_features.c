#include "nn/random_features.h"

#include <string.h>

#include "linalg/blas.h"
#include "linalg/kernels.h"

static void activate(const sngp_random_features *features, size_t count, const float *z,
                     float *phi) {
  if (features->kernel == SNGP_KERNEL_ARC_COSINE)
    sngp_kernel_relu(count, z, features->scale, phi);
  else if (z == phi)
    sngp_kernel_cos_in_place(count, features->scale, phi);
  else
    sngp_kernel_cos(count, z, features->scale, phi);
}

void sngp_random_features_forward(const sngp_random_features *features, const float *g,
                                  int64_t rows, float *z, float *phi) {
  int64_t in = features->in, width = features->num_features;
  if (features->kernel == SNGP_KERNEL_LINEAR) {
    memcpy(phi, g, (size_t)(rows * width) * sizeof *phi);
    return;
  }
  sngp_sgemm(false, false, rows, width, in, g, in, features->weight, width, 0, z, width);
  sngp_kernel_add_rows((size_t)rows, (size_t)width, features->bias, z);
  activate(features, (size_t)(rows * width), z, phi);
}

void sngp_random_features_backward(const sngp_random_features *features, const float *z,
                                   float *dphi, int64_t rows, float *dg) {
  int64_t in = features->in, width = features->num_features;
  if (features->kernel == SNGP_KERNEL_LINEAR) {
    memcpy(dg, dphi, (size_t)(rows * width) * sizeof *dg);
    return;
  }
  if (features->kernel == SNGP_KERNEL_ARC_COSINE)
    sngp_kernel_relu_backward((size_t)(rows * width), z, features->scale, dphi);
  else
    sngp_kernel_cos_backward((size_t)(rows * width), z, features->scale, dphi);
  sngp_sgemm(false, true, rows, in, width, dphi, width, features->weight, width, 0, dg, in);
}
