#include "gp/curvature.h"

#include <math.h>
#include <stddef.h>

#include "base/rate.h"
#include "gp/linear_likelihood.h"
#include "linalg/kernels.h"
#include "sngp/model.h"

bool sngp_likelihood_has_curvature(int32_t likelihood) {
  return likelihood != SNGP_LIKELIHOOD_GAUSSIAN;
}

/* p (1 - p), without the loss of digits that 1 - p has where p is near 1. */
static double logistic_curvature(double f) {
  double small = exp(-fabs(f));
  return small / ((1 + small) * (1 + small));
}

/* In place: p_k times the sum of the others. */
static void softmax_diagonal(int64_t n, double *p) {
  int64_t best = 0;
  double others = 0; /* of the largest, which alone may be so near 1 that 1 - p loses digits */
  for (int64_t k = 1; k < n; k++)
    if (p[k] > p[best]) best = k;
  for (int64_t k = 0; k < n; k++)
    if (k != best) others += p[k];
  for (int64_t k = 0; k < n; k++) p[k] *= k == best ? others : 1 - p[k];
}

void sngp_curvature(int32_t likelihood, int32_t posterior, int64_t rows, int64_t num_outputs,
                    const float *outputs, double *curvature) {
  if (likelihood == SNGP_LIKELIHOOD_SOFTMAX) {
    for (int64_t i = 0; i < rows; i++) {
      double *row = curvature + i * num_outputs;
      sngp_kernel_to_double((size_t)num_outputs, outputs + i * num_outputs, 1, row);
      sngp_linear_means(SNGP_LINEAR_SOFTMAX, num_outputs, row);
      if (posterior != SNGP_POSTERIOR_JOINT) softmax_diagonal(num_outputs, row);
    }
    return;
  }
  for (int64_t i = 0; i < rows * num_outputs; i++) {
    double f = (double)outputs[i];
    curvature[i] = likelihood == SNGP_LIKELIHOOD_POISSON ? sngp_rate(f) : logistic_curvature(f);
  }
}
