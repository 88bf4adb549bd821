#include "train/coordinates.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/blas.h"
#include "linalg/eigen.h"
#include "linalg/kernels.h"

/* Eigenvectors take the time of some ten factorisations of their size, of which a selection makes
   tens: with half as many rows as features it is far ahead. */
enum { FEATURES_FOR_EACH_ROW = 2 };

bool sngp_coordinates_pay(int64_t rows, int64_t size) {
  return rows <= size / FEATURES_FOR_EACH_ROW;
}

sngp_status sngp_coordinates_create(sngp_coordinates *made, int64_t rows, int64_t size,
                                    int64_t outputs) {
  const size_t n = (size_t)rows;
  size_t area = 0;
  *made = (sngp_coordinates){.rows = rows, .size = size};
  if (sngp_size_multiply(n, (size_t)size, &area))
    made->features = sngp_allocate(area, sizeof *made->features);
  made->vectors = sngp_allocate(n * n, sizeof *made->vectors);
  made->values = sngp_allocate(n, sizeof *made->values);
  made->weights = sngp_allocate(n * (size_t)outputs, sizeof *made->weights);
  made->coordinates = sngp_allocate(n * n, sizeof *made->coordinates);
  if (made->features != NULL && made->vectors != NULL && made->values != NULL &&
      made->weights != NULL && made->coordinates != NULL)
    return SNGP_OK;
  return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY, "out of memory for the coordinates of %lld rows",
                   (long long)rows);
}

void sngp_coordinates_destroy(sngp_coordinates *coordinates) {
  sngp_release(coordinates->features);
  sngp_release(coordinates->vectors);
  sngp_release(coordinates->values);
  sngp_release(coordinates->weights);
  sngp_release(coordinates->coordinates);
  *coordinates = (sngp_coordinates){0};
}

/* The eigenvalues above what rounding leaves of 0; one at least. */
static int64_t rank_of(const sngp_coordinates *c) {
  const double rounding = (double)c->rows * DBL_EPSILON * c->values[c->rows - 1];
  int64_t rank = 1;
  while (rank < c->rows && c->values[c->rows - 1 - rank] > rounding) rank++;
  return rank;
}

sngp_status sngp_coordinates_find(sngp_coordinates *c, const float *features) {
  const int64_t rows = c->rows;
  sngp_kernel_to_double((size_t)(rows * c->size), features, 1, c->features);
  sngp_dsyrk(rows, c->size, c->features, c->size, c->vectors, rows);
  SNGP_TRY(sngp_symmetric_eigen(rows, c->vectors, c->values));
  c->rank = rank_of(c);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < c->rank; j++) {
      const int64_t k = rows - 1 - j;
      c->coordinates[i * c->rank + j] =
          (float)(sqrt(fmax(c->values[k], 0)) * c->vectors[k * rows + i]);
    }
  return SNGP_OK;
}

/* Q = diag(values)^-1/2 V Phi. */
void sngp_coordinates_weights(const sngp_coordinates *c, const double *gamma, int64_t outputs,
                              double *beta) {
  const int64_t rows = c->rows;
  memset(c->weights, 0, (size_t)(rows * outputs) * sizeof *c->weights);
  for (int64_t j = 0; j < c->rank; j++) {
    const int64_t k = rows - 1 - j;
    if (!(c->values[k] > 0)) continue; /* features that are all 0 */
    for (int64_t i = 0; i < rows; i++)
      sngp_daxpy(outputs, c->vectors[k * rows + i] / sqrt(c->values[k]), gamma + j * outputs,
                 c->weights + i * outputs);
  }
  sngp_dgemm(true, false, c->size, outputs, rows, 1, c->features, c->size, c->weights, outputs, 0,
             beta, outputs);
}
