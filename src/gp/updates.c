#include "gp/updates.h"

#include <math.h>
#include <stddef.h>

#include "base/memory.h"
#include "linalg/cholesky_update.h"

/* Rows for which both ways take the same time, as a share of the features. Measured by
   bench/bench_update on an AMD EPYC with AVX-512, OpenBLAS 0.3.21, one thread: for 256, 1,024 and
   2,048 features 140, 190 and 250 rows that enter, 64, 70 and 90 that leave. */
static const double BREAK_EVEN_ENTERING = 0.125, BREAK_EVEN_LEAVING = 0.0625;

bool sngp_factor_update_is_cheaper(int64_t size, int64_t count, bool leaving) {
  double share = leaving ? BREAK_EVEN_LEAVING : BREAK_EVEN_ENTERING;
  return (double)count <= share * (double)size;
}

/* X (M, count), a column for each row, weighted; NULL without memory. */
static double *weighted_columns(int64_t size, const float *features, const float *weights,
                                int64_t count) {
  size_t area = 0;
  if (!sngp_size_multiply((size_t)size, (size_t)count, &area)) return NULL;
  double *columns = sngp_allocate(area, sizeof *columns);
  if (columns == NULL) return NULL;
  for (int64_t i = 0; i < count; i++) {
    double root = weights != NULL ? sqrt((double)weights[i]) : 1;
    for (int64_t j = 0; j < size; j++)
      columns[j * count + i] = root * (double)features[i * size + j];
  }
  return columns;
}

static sngp_status change(int64_t size, double *lower, const float *features, const float *weights,
                          int64_t count,
                          sngp_status (*apply)(int64_t, double *, int64_t, double *)) {
  if (count == 0) return SNGP_OK;
  double *columns = weighted_columns(size, features, weights, count);
  if (columns == NULL) return sngp_fail_memory("rows that enter or leave a posterior");
  sngp_status status = apply(size, lower, count, columns);
  sngp_release(columns);
  return status;
}

sngp_status sngp_factor_add(int64_t size, double *lower, const float *features,
                            const float *weights, int64_t count) {
  return change(size, lower, features, weights, count, sngp_cholesky_update);
}

sngp_status sngp_factor_remove(int64_t size, double *lower, const float *features,
                               const float *weights, int64_t count) {
  return change(size, lower, features, weights, count, sngp_cholesky_downdate);
}
