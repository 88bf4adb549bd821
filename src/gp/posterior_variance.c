/* What the posterior says of the outputs of new rows. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "gp/posterior.h"
#include "linalg/blas.h"
#include "linalg/kernels.h"

void sngp_posterior_project(const sngp_posterior *posterior, float *phi, int64_t count) {
  sngp_strmm_transposed(count, posterior->size, posterior->root, phi);
}

int64_t sngp_posterior_num_variances(const sngp_posterior *posterior) {
  return posterior->kind == SNGP_POSTERIOR_SHARED ? 1 : posterior->num_outputs;
}

bool sngp_posterior_scratch(int32_t kind, int64_t size, int64_t num_outputs, int64_t count,
                            size_t *floats) {
  const int64_t copies = kind == SNGP_POSTERIOR_JOINT        ? num_outputs
                         : kind == SNGP_POSTERIOR_PER_OUTPUT ? 1
                                                             : 0;
  return sngp_size_multiply((size_t)size, (size_t)count, floats) &&
         sngp_size_multiply(*floats, (size_t)copies, floats);
}

static float bounded(float square) { return isinf(square) ? FLT_MAX : square; }

/* Column k of the variances (count, V), from projected rows (count, M). */
static void square_rows(const float *projected, int64_t size, int64_t count, int64_t k,
                        int64_t num_variances, float *variance) {
  for (int64_t i = 0; i < count; i++) {
    const float *row = projected + i * size;
    variance[i * num_variances + k] = bounded(sngp_kernel_dot((size_t)size, row, row));
  }
}

/* Y_l = phi R_kl^T (count, M) for the blocks l = 0 ... k of block row k of a joint root. */
static void project_block_row(const sngp_posterior *posterior, const float *phi, int64_t count,
                              int64_t k, float *projected) {
  const int64_t size = posterior->size, side = posterior->matrices.side;
  for (int64_t l = 0; l <= k; l++)
    sngp_sgemm(false, true, count, size, size, phi, size, posterior->root + (k * side + l) * size,
               side, 0, projected + l * count * size, size);
}

/* R (e_l kron phi) has the parts Y_kl for k = l ... O - 1. */
static void joint_variance(const sngp_posterior *posterior, const float *phi, int64_t count,
                           float *scratch, float *variance) {
  const int64_t size = posterior->size, outputs = posterior->num_outputs;
  memset(variance, 0, (size_t)(count * outputs) * sizeof *variance);
  for (int64_t k = 0; k < outputs; k++) {
    project_block_row(posterior, phi, count, k, scratch);
    for (int64_t l = 0; l <= k; l++)
      for (int64_t i = 0; i < count; i++) {
        const float *row = scratch + (l * count + i) * size;
        float *sum = &variance[i * outputs + l];
        *sum = bounded(*sum + sngp_kernel_dot((size_t)size, row, row));
      }
  }
}

void sngp_posterior_variance(const sngp_posterior *posterior, float *phi, int64_t count,
                             float *scratch, float *variance) {
  const int64_t size = posterior->size;
  if (posterior->kind == SNGP_POSTERIOR_SHARED) {
    sngp_posterior_project(posterior, phi, count);
    square_rows(phi, size, count, 0, 1, variance);
  } else if (posterior->kind == SNGP_POSTERIOR_PER_OUTPUT) {
    for (int64_t k = 0; k < posterior->num_outputs; k++) {
      memcpy(scratch, phi, (size_t)(count * size) * sizeof *scratch);
      sngp_strmm_transposed(count, size, posterior->root + k * size * size, scratch);
      square_rows(scratch, size, count, k, posterior->num_outputs, variance);
    }
  } else {
    joint_variance(posterior, phi, count, scratch, variance);
  }
}

static void bound_covariance(int64_t outputs, float *covariance) {
  for (int64_t k = 0; k < outputs; k++)
    for (int64_t l = 0; l <= k; l++) {
      float *element = &covariance[k * outputs + l];
      if (!isfinite(*element)) *element = k == l ? FLT_MAX : 0;
    }
  sngp_mirror_lower_float(outputs, covariance);
}

void sngp_posterior_output_covariance(const sngp_posterior *posterior, const float *phi,
                                      int64_t count, float *scratch, float *covariance) {
  const int64_t size = posterior->size, outputs = posterior->num_outputs, area = outputs * outputs;
  memset(covariance, 0, (size_t)(count * area) * sizeof *covariance);
  for (int64_t k = 0; k < outputs; k++) {
    project_block_row(posterior, phi, count, k, scratch);
    for (int64_t i = 0; i < count; i++)
      for (int64_t l = 0; l <= k; l++)
        for (int64_t m = 0; m <= l; m++)
          covariance[i * area + l * outputs + m] += sngp_kernel_dot(
              (size_t)size, scratch + (l * count + i) * size, scratch + (m * count + i) * size);
  }
  for (int64_t i = 0; i < count; i++) bound_covariance(outputs, covariance + i * area);
}
