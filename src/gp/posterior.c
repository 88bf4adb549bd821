#include "gp/posterior.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "gp/gram.h"
#include "linalg/blas.h"
#include "linalg/cholesky.h"
#include "linalg/kernels.h"

sngp_status sngp_posterior_create(sngp_posterior *posterior, int64_t size) {
  *posterior = (sngp_posterior){.size = size, .current = true};
  size_t area = 0;
  if (sngp_size_multiply((size_t)size, (size_t)size, &area)) {
    posterior->precision = sngp_allocate(area, sizeof *posterior->precision);
    posterior->root = sngp_allocate(area, sizeof *posterior->root);
  }
  if (posterior->precision == NULL || posterior->root == NULL) {
    sngp_posterior_destroy(posterior);
    return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY,
                     "out of memory for the precision matrix of %lld random features",
                     (long long)size);
  }
  for (int64_t i = 0; i < size; i++) posterior->root[i * size + i] = 1;
  return SNGP_OK;
}

void sngp_posterior_destroy(sngp_posterior *posterior) {
  sngp_release(posterior->precision);
  sngp_release(posterior->root);
  *posterior = (sngp_posterior){0};
}

void sngp_posterior_assign(sngp_posterior *to, const sngp_posterior *from) {
  size_t area = (size_t)(from->size * from->size);
  memcpy(to->precision, from->precision, area * sizeof *to->precision);
  memcpy(to->root, from->root, area * sizeof *to->root);
  to->rows = from->rows;
  to->jitter = from->jitter;
  to->current = from->current;
}

sngp_status sngp_posterior_copy(sngp_posterior *to, const sngp_posterior *from) {
  SNGP_TRY(sngp_posterior_create(to, from->size));
  sngp_posterior_assign(to, from);
  return SNGP_OK;
}

void sngp_posterior_reset(sngp_posterior *posterior) {
  size_t area = (size_t)(posterior->size * posterior->size);
  memset(posterior->precision, 0, area * sizeof *posterior->precision);
  posterior->rows = 0;
  posterior->current = false;
}

void sngp_posterior_update(sngp_posterior *posterior, const float *features, const float *weights,
                           int64_t count, double decay, double scale, double *scratch,
                           sngp_pool *pool) {
  int64_t size = posterior->size;
  for (int64_t i = 0; i < count; i++) {
    double weight = weights != NULL ? (double)weights[i] : 1;
    sngp_kernel_to_double((size_t)size, features + i * size, sqrt(scale * weight),
                          scratch + i * size);
  }
  sngp_gram_add(size, decay, posterior->precision, size, 1, scratch, count, size, pool);
  posterior->rows += count;
  posterior->current = false;
}

sngp_status sngp_posterior_finish(sngp_posterior *posterior, double ridge) {
  int64_t size = posterior->size;
  size_t area = (size_t)(size * size);
  double *lower = sngp_allocate(area, sizeof *lower);
  if (lower == NULL) return sngp_fail_memory("the factor of the precision matrix");
  double jitter = 0;
  sngp_status status = sngp_cholesky(size, posterior->precision, ridge, lower, &jitter);
  if (status == SNGP_OK) status = sngp_invert_lower(size, lower);
  if (status == SNGP_OK) {
    double factor = sqrt(ridge);
    for (size_t i = 0; i < area; i++) posterior->root[i] = (float)(factor * lower[i]);
    sngp_mirror_lower_double(size, posterior->precision);
    posterior->jitter = jitter;
    posterior->current = true;
  }
  sngp_release(lower);
  return status;
}

void sngp_posterior_project(const sngp_posterior *posterior, float *phi, int64_t count) {
  sngp_strmm_transposed(count, posterior->size, posterior->root, phi);
}
