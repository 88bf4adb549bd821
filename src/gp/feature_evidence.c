#include "gp/feature_evidence.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "gp/gram.h"
#include "linalg/blas.h"
#include "linalg/cholesky.h"

static const double TWO_PI = 6.283185307179586;
/* Of the mean square of the targets, and of |Phi|^2: as in gp/evidence.c. */
static const double LEAST_NOISE = 1e-12, LEAST_LAMBDA = 1e-12;

/* The parts of one block; false where the sizes overflow. */
static bool count_doubles(const sngp_feature_evidence *evidence, size_t *total) {
  size_t count = (size_t)evidence->count, size = (size_t)evidence->size, area = 0, rows = 0;
  size_t width = (size_t)evidence->num_targets, side = (size_t)evidence->side, targets = 0;
  return sngp_size_multiply(side, side, &area) && sngp_size_multiply(area, 2, &area) &&
         sngp_size_multiply(count, size, &rows) &&
         sngp_size_multiply(2 * count + size + 1, width, &targets) &&
         sngp_size_add(area, rows, total) && sngp_size_add(*total, targets, total);
}

sngp_status sngp_feature_evidence_create(sngp_feature_evidence *evidence, int64_t count,
                                         int64_t size, int64_t num_targets) {
  *evidence = (sngp_feature_evidence){.count = count,
                                      .size = size,
                                      .num_targets = num_targets,
                                      .rows = (double)count,
                                      .of_rows = count < size,
                                      .side = count < size ? count : size};
  size_t total = 0;
  double *memory = count_doubles(evidence, &total) ? sngp_allocate(total, sizeof *memory) : NULL;
  if (memory == NULL) {
    *evidence = (sngp_feature_evidence){0};
    return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY,
                     "out of memory for the evidence of %lld rows of %lld features",
                     (long long)count, (long long)size);
  }
  evidence->features = memory;
  evidence->gram = memory + count * size;
  evidence->lower = evidence->gram + evidence->side * evidence->side;
  evidence->targets = evidence->lower + evidence->side * evidence->side;
  evidence->residuals = evidence->targets + count * num_targets;
  evidence->coefficients = evidence->residuals + count * num_targets;
  evidence->noise = evidence->coefficients + size * num_targets;
  return SNGP_OK;
}

void sngp_feature_evidence_destroy(sngp_feature_evidence *evidence) {
  sngp_release(evidence->features);
  *evidence = (sngp_feature_evidence){0};
}

enum { ROWS_OF_TASK = 64 };

/* Rows of the lower triangle of Phi Phi^T. */
static void multiply_rows(void *context, int index) {
  sngp_feature_evidence *evidence = context;
  int64_t first = (int64_t)index * ROWS_OF_TASK, rest = evidence->count - first;
  int64_t size = evidence->size, height = rest < ROWS_OF_TASK ? rest : ROWS_OF_TASK;
  sngp_dgemm(false, true, height, first + height, size, 1, evidence->features + first * size, size,
             evidence->features, size, 0, evidence->gram + first * evidence->side, evidence->side);
}

void sngp_feature_evidence_begin(sngp_feature_evidence *evidence, sngp_pool *pool) {
  int64_t side = evidence->side;
  if (evidence->of_rows)
    sngp_pool_run(pool, multiply_rows, evidence, (int)((side + ROWS_OF_TASK - 1) / ROWS_OF_TASK));
  else
    sngp_gram_add(side, 0, evidence->gram, side, 1, evidence->features, evidence->count, side,
                  pool);
  evidence->squares = 0;
  for (int64_t i = 0; i < side; i++) evidence->squares += evidence->gram[i * side + i];
}

/* residuals = lambda K^-1 y, coefficients = Phi^T K^-1 y. */
static void solve_rows(sngp_feature_evidence *evidence) {
  int64_t count = evidence->count, size = evidence->size, width = evidence->num_targets;
  double *solved = evidence->residuals;
  memcpy(solved, evidence->targets, (size_t)(count * width) * sizeof *solved);
  sngp_solve_lower(false, count, evidence->lower, width, solved);
  sngp_solve_lower(true, count, evidence->lower, width, solved);
  sngp_dgemm(true, false, size, width, count, 1, evidence->features, size, solved, width, 0,
             evidence->coefficients, width);
  for (int64_t i = 0; i < count * width; i++) solved[i] *= evidence->lambda;
}

/* coefficients = P^-1 Phi^T y, residuals = y - Phi beta. */
static void solve_features(sngp_feature_evidence *evidence) {
  int64_t count = evidence->count, size = evidence->size, width = evidence->num_targets;
  sngp_dgemm(true, false, size, width, count, 1, evidence->features, size, evidence->targets, width,
             0, evidence->coefficients, width);
  sngp_solve_lower(false, size, evidence->lower, width, evidence->coefficients);
  sngp_solve_lower(true, size, evidence->lower, width, evidence->coefficients);
  memcpy(evidence->residuals, evidence->targets, (size_t)(count * width) * sizeof(double));
  sngp_dgemm(false, false, count, width, size, -1, evidence->features, size, evidence->coefficients,
             width, 1, evidence->residuals, width);
}

/* log|P| - M log lambda. */
static double log_determinant(const sngp_feature_evidence *evidence) {
  double sum = 0;
  for (int64_t i = 0; i < evidence->side; i++) sum += log(evidence->lower[i * evidence->side + i]);
  return 2 * sum - (double)evidence->side * log(evidence->lambda);
}

static double column_product(int64_t rows, int64_t width, int64_t column, const double *x,
                             const double *y) {
  double sum = 0;
  for (int64_t i = 0; i < rows; i++) sum += x[i * width + column] * y[i * width + column];
  return sum;
}

/* y^T y - b^T P^-1 b of one target, as a sum of squares, which loses nothing. */
static double rest_of(const sngp_feature_evidence *evidence, int64_t target, double *square) {
  const double *residuals = evidence->residuals, *beta = evidence->coefficients;
  int64_t width = evidence->num_targets;
  *square = column_product(evidence->count, width, target, evidence->targets, evidence->targets);
  double rest = column_product(evidence->count, width, target, residuals, residuals) +
                evidence->lambda * column_product(evidence->size, width, target, beta, beta);
  return fmax(rest, LEAST_NOISE * *square);
}

double sngp_feature_evidence_value(sngp_feature_evidence *evidence, sngp_noise_mode mode,
                                   double lambda, double *noise) {
  int64_t width = evidence->num_targets;
  double jitter = 0, all = 0, value = 0, square = 0;
  evidence->lambda = lambda;
  if (!(lambda >= LEAST_LAMBDA * evidence->squares)) return -(double)INFINITY;
  if (sngp_cholesky(evidence->side, evidence->gram, lambda, evidence->lower, &jitter) != SNGP_OK ||
      jitter > 0)
    return -(double)INFINITY;
  evidence->of_rows ? solve_rows(evidence) : solve_features(evidence);
  double determinant = log_determinant(evidence), *rests = evidence->noise;
  for (int64_t t = 0; t < width; t++) all += rests[t] = rest_of(evidence, t, &square);
  for (int64_t t = 0; t < width; t++) {
    double rest = rests[t];
    if (mode == SNGP_NOISE_SHARED)
      noise[t] = fmax(all / (evidence->rows * (double)width), DBL_MIN);
    else if (mode == SNGP_NOISE_OWN)
      noise[t] = fmax(rest / evidence->rows, DBL_MIN);
    value += 0.5 * (evidence->log_weight - evidence->rows * log(TWO_PI * noise[t]) - determinant -
                    rest / noise[t]);
  }
  memcpy(evidence->noise, noise, (size_t)width * sizeof *noise);
  return isfinite(value) ? value : -(double)INFINITY;
}

/* Columns of x (rows, T) by the factors of the targets. */
static void scale_columns(int64_t rows, int64_t width, const double *noise, double power,
                          double factor, double *x) {
  for (int64_t t = 0; t < width; t++) {
    double scale = pow(factor * noise[t], power);
    for (int64_t i = 0; i < rows; i++) x[i * width + t] *= scale;
  }
}

/* What the gradient is a product with: -T K^-1 + R diag(1 / (lambda noise)) R^T, from the left, or
   -T P^-1, from the right, and then R times diag(1 / noise) beta^T. */
static void scale_targets(sngp_feature_evidence *evidence) {
  int64_t count = evidence->count, width = evidence->num_targets;
  double *residuals = evidence->residuals;
  if (!evidence->of_rows) {
    scale_columns(evidence->size, width, evidence->noise, -1, 1, evidence->coefficients);
    return;
  }
  scale_columns(count, width, evidence->noise, -0.5, evidence->lambda, residuals);
  sngp_dgemm(false, true, count, count, width, 1, residuals, width, residuals, width, 1,
             evidence->gram, count);
}

sngp_status sngp_feature_evidence_turn(sngp_feature_evidence *evidence, sngp_pool *pool,
                                       double *dlog_lambda) {
  int64_t side = evidence->side, width = evidence->num_targets;
  double trace = 0;
  SNGP_TRY(sngp_invert_lower(side, evidence->lower));
  sngp_gram_add(side, 0, evidence->gram, side, -(double)width, evidence->lower, side, side, pool);
  for (int64_t i = 0; i < side; i++) trace -= evidence->gram[i * side + i];
  *dlog_lambda = 0.5 * ((double)(side * width) - evidence->lambda * trace);
  for (int64_t t = 0; t < width; t++)
    *dlog_lambda -=
        0.5 * evidence->lambda / evidence->noise[t] *
        column_product(evidence->size, width, t, evidence->coefficients, evidence->coefficients);
  sngp_mirror_lower_double(side, evidence->gram);
  scale_targets(evidence);
  return SNGP_OK;
}

void sngp_feature_evidence_gradient(const sngp_feature_evidence *evidence, int64_t first,
                                    int64_t count, double *gradient) {
  int64_t size = evidence->size, side = evidence->side, width = evidence->num_targets;
  if (evidence->of_rows) {
    sngp_dgemm(false, false, count, size, side, 1, evidence->gram + first * side, side,
               evidence->features, size, 0, gradient, size);
    return;
  }
  sngp_dgemm(false, false, count, size, side, 1, evidence->features + first * size, size,
             evidence->gram, side, 0, gradient, size);
  sngp_dgemm(false, true, count, size, width, 1, evidence->residuals + first * width, width,
             evidence->coefficients, width, 1, gradient, size);
}
