/* Random features and their posterior against the exact Gaussian process with the kernel
   exp(-|x - y|^2 / (2 kernel_scale)). With many rows and a small ridge the two differ, for the
   features' kernel is not the exact one; hence three claims apart: (a) the posterior is exactly
   that of the features' own kernel; (b) that kernel is near the exact one; (c) with few rows and
   many features the variances are near the exact ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/posterior.h"
#include "linalg/cholesky.h"
#include "nn/head_input.h"
#include "nn/initializers.h"
#include "nn/random_features.h"
#include "support/check.h"
#include "unit/numeric.h"
#include "unit/reference_matrix.h"

enum { ROWS = 30, NEW_ROWS = 12, ALL = ROWS + NEW_ROWS, HIDDEN = 6 };

static const double RIDGES[] = {0.1, 1, 10};

/* Rows of the hidden representation, the first ROWS to train on, and their features. */
typedef struct {
  int64_t num_features;
  double kernel_scale;
  float *h;   /* (ALL, HIDDEN) */
  float *phi; /* (ALL, M) */
} process;

static process create(int64_t num_features, double kernel_scale, bool orthogonal, int64_t seed) {
  size_t size = (size_t)(HIDDEN * num_features);
  process p = {.num_features = num_features,
               .kernel_scale = kernel_scale,
               .h = take(ALL * HIDDEN, sizeof(float)),
               .phi = take((size_t)(ALL * num_features), sizeof(float))};
  float *weight = take(size, sizeof *weight), g[ALL * HIDDEN], unused[ALL * 2];
  float *bias = take((size_t)num_features, sizeof *bias);
  sngp_random_stream weights = sngp_random_open(seed, SNGP_RANDOM_INITIAL, 0, 1);
  sngp_random_stream biases = sngp_random_open(seed, SNGP_RANDOM_INITIAL, 0, 2);
  if (orthogonal)
    assert_ok(sngp_initialize_orthogonal(seed, 1, HIDDEN, num_features, 1, weight));
  else
    sngp_random_fill_normal(&weights, 1, weight, size);
  sngp_random_fill_uniform(&biases, 0, 6.283185307179586, bias, (size_t)num_features);
  fill_normal(&(uint64_t){70}, p.h, ALL * HIDDEN, 0.7);
  memcpy(p.h + ROWS * HIDDEN, p.h, HIDDEN * sizeof *p.h); /* a new row that was trained on */
  for (int j = 0; j < HIDDEN; j++) p.h[(ALL - 1) * HIDDEN + j] = 100; /* and one far away */
  const sngp_head_input input = {
      .normalize = SNGP_NORMALIZE_NONE, .hidden = HIDDEN, .kernel_scale = kernel_scale};
  const sngp_random_features features = {.in = HIDDEN,
                                         .num_features = num_features,
                                         .weight = weight,
                                         .bias = bias,
                                         .scale = (float)sqrt(2.0 / (double)num_features)};
  sngp_head_input_forward(&input, p.h, ALL, g, unused);
  sngp_random_features_forward(&features, g, ALL, p.phi, p.phi);
  free(bias);
  free(weight);
  return p;
}

static void destroy(process *p) {
  free(p->h);
  free(p->phi);
}

/* Phi Phi^T and the exact kernel, both (ALL, ALL). */
static double features_kernel(const process *p, int a, int b) {
  const float *x = p->phi + a * p->num_features, *y = p->phi + b * p->num_features;
  double sum = 0;
  for (int64_t j = 0; j < p->num_features; j++) sum += (double)x[j] * (double)y[j];
  return sum;
}

static double exact_kernel(const process *p, int a, int b) {
  double square = 0;
  for (int j = 0; j < HIDDEN; j++)
    square += pow((double)p->h[a * HIDDEN + j] - (double)p->h[b * HIDDEN + j], 2);
  return exp(-square / (2 * p->kernel_scale));
}

/* k** - k* (K + ridge I)^-1 k*^T for the new rows. */
static void kernel_variances(const process *p, double (*kernel)(const process *, int, int),
                             double ridge, double *variances) {
  double *k = take(ROWS * ROWS, sizeof *k);
  for (int a = 0; a < ROWS; a++)
    for (int b = 0; b < ROWS; b++) k[a * ROWS + b] = kernel(p, a, b) + (a == b ? ridge : 0);
  double *inverse = reference_inverse(k, ROWS);
  for (int a = 0; a < NEW_ROWS; a++) {
    double row[ROWS];
    for (int b = 0; b < ROWS; b++) row[b] = kernel(p, ROWS + a, b);
    double *taken = reference_bilinear(row, 1, inverse, ROWS, row, 1);
    variances[a] = kernel(p, ROWS + a, ROWS + a) - taken[0];
    free(taken);
  }
  free(inverse);
  free(k);
}

static sngp_posterior posterior_of(const process *p) {
  sngp_posterior posterior;
  sngp_pool *pool = NULL;
  double *scratch = take((size_t)(ROWS * p->num_features), sizeof *scratch);
  assert_ok(sngp_pool_create(1, &pool));
  assert_ok(sngp_posterior_create(&posterior, SNGP_POSTERIOR_SHARED, p->num_features, 1));
  const sngp_posterior_rows rows = {.count = ROWS, .features = p->phi};
  sngp_posterior_update(&posterior, &rows, 1, 1, scratch, pool);
  sngp_pool_free(pool);
  free(scratch);
  return posterior;
}

/* ridge |L^-1 phi|^2 from the precision, in double precision throughout. */
static void double_variances(const process *p, const double *precision, double ridge,
                             double *variances) {
  int64_t m = p->num_features;
  double *lower = take((size_t)(m * m), sizeof *lower), jitter;
  assert_ok(sngp_cholesky(m, precision, ridge, lower, &jitter));
  assert_close(jitter, 0, 0);
  assert_ok(sngp_invert_lower(m, lower));
  for (int a = 0; a < NEW_ROWS; a++) {
    const float *phi = p->phi + (ROWS + a) * m;
    variances[a] = 0;
    for (int64_t i = 0; i < m; i++) {
      double y = 0;
      for (int64_t j = 0; j <= i; j++) y += lower[i * m + j] * (double)phi[j];
      variances[a] += ridge * y * y;
    }
  }
  free(lower);
}

/* As predictions have it, from the root in single precision. */
static void root_variances(const process *p, sngp_posterior *posterior, double ridge,
                           double *variances) {
  int64_t m = p->num_features;
  float *y = take((size_t)(NEW_ROWS * m), sizeof *y);
  memcpy(y, p->phi + ROWS * m, (size_t)(NEW_ROWS * m) * sizeof *y);
  assert_ok(sngp_posterior_finish(posterior, ridge));
  sngp_posterior_project(posterior, y, NEW_ROWS);
  for (int a = 0; a < NEW_ROWS; a++) {
    variances[a] = 0;
    for (int64_t j = 0; j < m; j++) variances[a] += (double)y[a * m + j] * (double)y[a * m + j];
  }
  free(y);
}

static void a_the_posterior_is_the_gp_of_the_features_kernel(void **state) {
  (void)state;
  const int64_t sizes[] = {17, 300}; /* fewer and more features than rows */
  for (int s = 0; s < 2; s++) {
    process p = create(sizes[s], 2, false, 1);
    sngp_posterior posterior = posterior_of(&p);
    for (int r = 0; r < 3; r++) {
      double expected[NEW_ROWS], variances[NEW_ROWS];
      kernel_variances(&p, features_kernel, RIDGES[r], expected);
      double_variances(&p, posterior.precision, RIDGES[r], variances);
      for (int a = 0; a < NEW_ROWS; a++) assert_close(variances[a], expected[a], 1e-9);
      root_variances(&p, &posterior, RIDGES[r], variances);
      for (int a = 0; a < NEW_ROWS; a++) assert_close(variances[a], expected[a], 1e-6);
    }
    sngp_posterior_destroy(&posterior);
    destroy(&p);
  }
}

/* Each entry is a mean of M terms 2 cos cos with variance at most 1.5: 5 / sqrt(M) is more than
   four deviations, for 900 entries. */
static void b_the_features_kernel_is_near_the_exact_one(void **state) {
  (void)state;
  enum { FEATURES = 4096 };
  const double scales[] = {0.3, 1, 5};
  for (int s = 0; s < 3; s++)
    for (int orthogonal = 0; orthogonal < 2; orthogonal++) {
      process p = create(FEATURES, scales[s], orthogonal != 0, 2 + s);
      for (int a = 0; a < ALL; a++)
        for (int b = 0; b <= a; b++)
          assert_close(features_kernel(&p, a, b), exact_kernel(&p, a, b), 5 / sqrt(FEATURES));
      destroy(&p);
    }
}

static void c_with_few_rows_and_many_features_variances_are_near_the_exact_ones(void **state) {
  (void)state;
  process p = create(2048, 2, false, 5);
  sngp_posterior posterior = posterior_of(&p);
  for (int r = 0; r < 3; r++) {
    double expected[NEW_ROWS], variances[NEW_ROWS];
    kernel_variances(&p, exact_kernel, RIDGES[r], expected);
    root_variances(&p, &posterior, RIDGES[r], variances);
    for (int a = 0; a < NEW_ROWS; a++) assert_close(variances[a], expected[a], 0.05);
    assert_below(variances[0], variances[NEW_ROWS - 1]); /* trained on, far away */
    assert_close(expected[NEW_ROWS - 1], 1, 1e-12);
  }
  sngp_posterior_destroy(&posterior);
  destroy(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_the_posterior_is_the_gp_of_the_features_kernel),
      cmocka_unit_test(b_the_features_kernel_is_near_the_exact_one),
      cmocka_unit_test(c_with_few_rows_and_many_features_variances_are_near_the_exact_ones),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
