#include "nn/kernel_length.h"

#include <stddef.h>
#include <string.h>

#include "linalg/kernels.h"

static void multiply_rows(int64_t rows, int64_t width, const float *factors, float *x) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < width; j++) x[i * width + j] *= factors[j];
}

void sngp_kernel_length_forward(const sngp_kernel_length *length, int64_t rows, float *factors,
                                float *g) {
  int64_t width = length->width;
  for (int64_t j = 0; j < width; j++) factors[j] = -length->log_length[length->count == 1 ? 0 : j];
  sngp_kernel_exp((size_t)width, factors);
  multiply_rows(rows, width, factors, g);
}

/* The gradient of one length for all columns, summed over so many terms in double precision. */
static float shared_gradient(int64_t rows, int64_t width, const float *g, const float *dg) {
  double sum = 0;
  for (int64_t i = 0; i < rows; i++)
    sum += (double)sngp_kernel_dot((size_t)width, dg + i * width, g + i * width);
  return (float)-sum;
}

void sngp_kernel_length_backward(const sngp_kernel_length *length, const float *g,
                                 const float *factors, int64_t rows, float *dg,
                                 float *dlog_length) {
  int64_t width = length->width;
  if (length->count == 1) {
    dlog_length[0] = shared_gradient(rows, width, g, dg);
  } else {
    memset(dlog_length, 0, (size_t)width * sizeof *dlog_length);
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < width; j++) dlog_length[j] -= dg[i * width + j] * g[i * width + j];
  }
  multiply_rows(rows, width, factors, dg);
}
