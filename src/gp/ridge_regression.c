#include "gp/ridge_regression.h"

#include <float.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/blas.h"
#include "linalg/cholesky.h"
#include "linalg/kernels.h"

/* One block: the factor, the coefficients, the offsets; NULL where it is not to be had. */
static double *take_memory(int64_t size, int64_t num_targets) {
  size_t area = 0, cross = 0, all = 0;
  bool fits = sngp_size_multiply((size_t)size, (size_t)size, &area) &&
              sngp_size_multiply((size_t)size + 2, (size_t)num_targets, &cross) &&
              sngp_size_add(area, cross, &all);
  return fits ? sngp_allocate(all, sizeof(double)) : NULL;
}

static void lay_out(sngp_ridge_regression *regression, double *memory) {
  regression->lower = memory;
  regression->coefficients = memory + regression->size * regression->size;
  regression->offsets = regression->coefficients + regression->size * regression->num_targets;
}

static sngp_status fail_memory(int64_t size, int64_t num_targets) {
  return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY,
                   "out of memory for a regression of %lld targets on %lld features",
                   (long long)num_targets, (long long)size);
}

sngp_status sngp_ridge_regression_create(sngp_ridge_regression *regression, int64_t size,
                                         int64_t num_targets) {
  *regression = (sngp_ridge_regression){.size = size, .num_targets = num_targets, .lambda = 1};
  double *memory = take_memory(size, num_targets);
  if (memory == NULL) {
    *regression = (sngp_ridge_regression){0};
    return fail_memory(size, num_targets);
  }
  lay_out(regression, memory);
  for (int64_t i = 0; i < size; i++) regression->lower[i * size + i] = 1;
  return SNGP_OK;
}

void sngp_ridge_regression_destroy(sngp_ridge_regression *regression) {
  sngp_release(regression->lower);
  *regression = (sngp_ridge_regression){0};
}

sngp_status sngp_ridge_regression_fit(sngp_ridge_regression *regression,
                                      const sngp_statistics *statistics, double lambda,
                                      bool center) {
  sngp_ridge_regression fitted = {
      .size = regression->size, .num_targets = regression->num_targets, .lambda = lambda};
  int64_t size = fitted.size, width = fitted.num_targets;
  double *memory = take_memory(size, width);
  if (memory == NULL) return fail_memory(size, width);
  lay_out(&fitted, memory);
  sngp_status status = sngp_cholesky(size, statistics->gram, lambda, fitted.lower, &fitted.jitter);
  if (status != SNGP_OK) {
    sngp_release(memory);
    return status;
  }
  double *squares = fitted.offsets + width; /* not needed */
  if (center)
    sngp_statistics_center(statistics, fitted.offsets, squares, fitted.coefficients);
  else
    memcpy(fitted.coefficients, statistics->cross, (size_t)(size * width) * sizeof(double));
  sngp_solve_lower(false, size, fitted.lower, width, fitted.coefficients);
  sngp_solve_lower(true, size, fitted.lower, width, fitted.coefficients);
  sngp_release(regression->lower);
  *regression = fitted;
  return SNGP_OK;
}

size_t sngp_leave_one_out_scratch(const sngp_ridge_regression *regression, int64_t count) {
  return (size_t)count * (size_t)regression->size;
}

typedef struct {
  const sngp_ridge_regression *regression;
  const sngp_target_rows *rows;
  double *features, *residuals, *leverages;
} pass;

enum { ROWS_OF_TASK = 64 };

/* residuals = y - offset - phi beta */
static void subtract_predictions(const pass *all, int64_t first, int64_t count) {
  const sngp_ridge_regression *regression = all->regression;
  int64_t size = regression->size, width = regression->num_targets;
  double *residuals = all->residuals + first * width;
  for (int64_t i = 0; i < count; i++)
    for (int64_t t = 0; t < width; t++) {
      int64_t row = first + i;
      double target = all->rows->targets != NULL ? all->rows->targets[row * width + t]
                                                 : all->rows->labels[row] == t;
      residuals[i * width + t] = target - regression->offsets[t];
    }
  sngp_dgemm(false, false, count, width, size, -1, all->features + first * size, size,
             regression->coefficients, width, 1, residuals, width);
}

static void leave_out(void *context, int index) {
  const pass *all = context;
  int64_t size = all->regression->size, width = all->regression->num_targets;
  int64_t first = (int64_t)index * ROWS_OF_TASK, rest = all->rows->count - first;
  int64_t count = rest < ROWS_OF_TASK ? rest : ROWS_OF_TASK;
  double *features = all->features + first * size;
  sngp_kernel_to_double((size_t)(count * size), all->rows->features + first * size, 1, features);
  subtract_predictions(all, first, count);
  sngp_solve_lower_rows(count, size, all->regression->lower, features);
  for (int64_t i = first; i < first + count; i++) {
    double weight = all->rows->weights != NULL ? (double)all->rows->weights[i] : 1;
    double leverage = sngp_ddot(size, all->features + i * size, all->features + i * size);
    double rest_of_row = 1 - weight * leverage; /* above 0, but for rounding */
    if (rest_of_row < DBL_EPSILON) rest_of_row = DBL_EPSILON;
    all->leverages[i] = leverage;
    for (int64_t t = 0; t < width; t++) all->residuals[i * width + t] /= rest_of_row;
  }
}

void sngp_leave_one_out(const sngp_ridge_regression *regression, const sngp_target_rows *rows,
                        double *scratch, sngp_pool *pool, double *residuals, double *leverages) {
  pass all = {regression, rows, scratch, residuals, leverages};
  sngp_pool_run(pool, leave_out, &all, (int)((rows->count + ROWS_OF_TASK - 1) / ROWS_OF_TASK));
}
