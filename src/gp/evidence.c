#include "gp/evidence.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/blas.h"
#include "linalg/eigen.h"

static const double TWO_PI = 6.283185307179586;

/* The range of lambda relative to the largest eigenvalue, and steps of the grid: a factor of
   10^0.25 each. The terms s / (s + lambda) of the derivative are sigmoids in log lambda, which
   change over a factor of ten. */
static const double LEAST_LAMBDA = 1e-12, MOST_LAMBDA = 1e4;
enum { GRID = 65 };
static const double LOG_TOLERANCE = 1e-10;
/* Of the mean square of the targets. */
static const double LEAST_NOISE = 1e-12;

/* components = (V b)^2 in place of the eigenvectors' products. */
static void project(sngp_evidence *evidence, const double *vectors, const double *cross) {
  int64_t size = evidence->size, width = evidence->num_targets;
  sngp_dgemm(true, true, width, size, size, 1, cross, width, vectors, size, 0, evidence->components,
             size);
  for (int64_t i = 0; i < size * width; i++) evidence->components[i] *= evidence->components[i];
  for (int64_t j = 0; j < size; j++) /* below 0 by rounding alone */
    if (evidence->values[j] < 0) evidence->values[j] = 0;
}

static sngp_status check_finite(const sngp_evidence *evidence) {
  for (int64_t t = 0; t < evidence->num_targets; t++) {
    double sum = evidence->squares[t];
    for (int64_t j = 0; j < evidence->size; j++)
      sum += evidence->components[t * evidence->size + j];
    if (!isfinite(sum))
      return sngp_fail(SNGP_ERROR_NUMERICAL, "the sums over target %lld are not finite",
                       (long long)t);
  }
  return SNGP_OK;
}

sngp_status sngp_evidence_create(sngp_evidence *evidence, const sngp_statistics *statistics,
                                 bool center) {
  size_t size = (size_t)statistics->size, width = (size_t)statistics->num_targets;
  *evidence = (sngp_evidence){.size = statistics->size,
                              .num_targets = statistics->num_targets,
                              .count = statistics->count,
                              .log_weight = statistics->log_weight};
  evidence->values = sngp_allocate(size + width + size * width, sizeof(double));
  double *vectors = sngp_allocate(size * size, sizeof *vectors);
  double *cross = sngp_allocate(size * width + 2 * width, sizeof *cross);
  sngp_status status = SNGP_OK;
  if (evidence->values == NULL || vectors == NULL || cross == NULL) {
    status = sngp_fail_memory("the evidence of a regression");
    goto done;
  }
  evidence->squares = evidence->values + size;
  evidence->components = evidence->squares + width;
  memcpy(vectors, statistics->gram, size * size * sizeof *vectors);
  status = sngp_symmetric_eigen(statistics->size, vectors, evidence->values);
  if (status != SNGP_OK) goto done;
  if (center) {
    sngp_statistics_center(statistics, cross + size * width, evidence->squares, cross);
  } else {
    memcpy(cross, statistics->cross, size * width * sizeof *cross);
    memcpy(evidence->squares, statistics->target_squares, width * sizeof *cross);
  }
  project(evidence, vectors, cross);
  status = check_finite(evidence);
done:
  sngp_release(cross);
  sngp_release(vectors);
  if (status != SNGP_OK) sngp_evidence_destroy(evidence);
  return status;
}

void sngp_evidence_destroy(sngp_evidence *evidence) {
  sngp_release(evidence->values);
  *evidence = (sngp_evidence){0};
}

/* log|P| - M log lambda, and its derivative in log lambda. */
static double log_determinant(const sngp_evidence *evidence, double lambda, double *derivative) {
  double sum = 0, slope = 0;
  for (int64_t j = 0; j < evidence->size; j++) {
    double value = evidence->values[j];
    sum += log1p(value / lambda);
    slope -= value / (value + lambda);
  }
  *derivative = slope;
  return sum;
}

/* y^T W y - b^T P^-1 b of one target, and its derivative in log lambda. */
static double residual(const sngp_evidence *evidence, int64_t target, double lambda,
                       double *derivative) {
  const double *components = evidence->components + target * evidence->size;
  double explained = 0, slope = 0;
  for (int64_t j = 0; j < evidence->size; j++) {
    double inverse = 1 / (evidence->values[j] + lambda);
    double term = components[j] * inverse;
    explained += term;
    slope += term * inverse * lambda;
  }
  double least = LEAST_NOISE * evidence->squares[target];
  double rest = evidence->squares[target] - explained;
  *derivative = slope;
  return rest < least ? least : rest;
}

/* The evidence of one target from its parts. */
static double combine(const sngp_evidence *evidence, double determinant, double rest,
                      double noise) {
  return 0.5 * (evidence->log_weight - evidence->count * log(TWO_PI * noise) - determinant -
                rest / noise);
}

double sngp_evidence_value(const sngp_evidence *evidence, int64_t target, double lambda,
                           double noise, double *gradient) {
  double determinant_slope = 0, slope = 0;
  double determinant = log_determinant(evidence, lambda, &determinant_slope);
  double rest = residual(evidence, target, lambda, &slope);
  if (gradient != NULL) {
    gradient[0] = -0.5 * (determinant_slope + slope / noise);
    gradient[1] = 0.5 * (rest / noise - evidence->count);
  }
  return combine(evidence, determinant, rest, noise);
}

/* Where all targets are 0 their noise has no other least value. */
static double estimate(double rest, double count) { return fmax(rest / count, DBL_MIN); }

/* The sum of the evidences at this lambda with the best noise, which is written, and its derivative
   in log lambda: that of the noise is 0 where the noise is the best. */
static double profile(const sngp_evidence *evidence, sngp_noise_mode mode, double lambda,
                      double *noise, double *derivative) {
  int64_t width = evidence->num_targets;
  double determinant_slope = 0, value = 0, sum = 0, sum_of_slopes = 0;
  double determinant = log_determinant(evidence, lambda, &determinant_slope);
  *derivative = -0.5 * determinant_slope * (double)width;
  for (int64_t t = 0; t < width; t++) {
    double slope = 0, rest = residual(evidence, t, lambda, &slope);
    sum += rest;
    sum_of_slopes += slope;
    if (mode == SNGP_NOISE_SHARED) continue;
    if (mode == SNGP_NOISE_OWN) noise[t] = estimate(rest, evidence->count);
    value += combine(evidence, determinant, rest, noise[t]);
    *derivative -= 0.5 * slope / noise[t];
  }
  if (mode != SNGP_NOISE_SHARED) return value;
  double shared = estimate(sum, evidence->count * (double)width);
  for (int64_t t = 0; t < width; t++) noise[t] = shared;
  *derivative -= 0.5 * sum_of_slopes / shared;
  return combine(evidence, determinant, sum / (double)width, shared) * (double)width;
}

double sngp_evidence_maximize(const sngp_evidence *evidence, sngp_noise_mode mode, double *lambda,
                              double *noise) {
  double scale = fmax(evidence->values[evidence->size - 1], DBL_MIN / LEAST_LAMBDA);
  double first = log(LEAST_LAMBDA * scale), step = log(MOST_LAMBDA / LEAST_LAMBDA) / (GRID - 1);
  double best = -INFINITY, at = first, slope = 0, best_slope = 0;
  for (int i = 0; i < GRID; i++) {
    double value = profile(evidence, mode, exp(first + i * step), noise, &slope);
    if (!(value > best)) continue;
    best = value;
    best_slope = slope;
    at = first + i * step;
  }
  double low = best_slope > 0 ? at : fmax(at - step, first);
  double high = best_slope > 0 ? fmin(at + step, first + (GRID - 1) * step) : at;
  while (high - low > LOG_TOLERANCE) {
    double middle = 0.5 * (low + high);
    profile(evidence, mode, exp(middle), noise, &slope);
    if (slope > 0)
      low = middle;
    else
      high = middle;
  }
  *lambda = exp(0.5 * (low + high));
  return profile(evidence, mode, *lambda, noise, &slope);
}
