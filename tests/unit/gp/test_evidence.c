/* The evidence against the density of the targets under the n x n Gaussian process, its gradient
   against differences, its maximum against a search of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/evidence.h"
#include "support/check.h"
#include "unit/gp/rows.h"
#include "unit/reference_matrix.h"

static const double LAMBDAS[] = {0.1, 1, 10}, NOISES[] = {0.1, 1, 10};
enum { WIDTH = 2 };

static sngp_evidence evidence_of(const test_rows *rows, int labels, int weighted, bool center) {
  sngp_statistics statistics = statistics_of(rows, labels, weighted, rows->count, 1);
  sngp_evidence evidence;
  assert_ok(sngp_evidence_create(&evidence, &statistics, center));
  sngp_statistics_destroy(&statistics);
  return evidence;
}

/* log N(y; 0, C), C (n, n), by a plain Cholesky factorisation in place. */
static double log_density(double *c, int64_t n, const double *y) {
  double sum = -0.5 * (double)n * log(6.283185307179586);
  double *z = take((size_t)n, sizeof *z);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j <= i; j++) {
      for (int64_t k = 0; k < j; k++) c[i * n + j] -= c[i * n + k] * c[j * n + k];
      c[i * n + j] = i == j ? sqrt(c[i * n + j]) : c[i * n + j] / c[j * n + j];
    }
    z[i] = y[i];
    for (int64_t k = 0; k < i; k++) z[i] -= c[i * n + k] * z[k];
    z[i] /= c[i * n + i];
    sum -= log(c[i * n + i]) + 0.5 * z[i] * z[i];
  }
  free(z);
  return sum;
}

/* Of target t, C = noise / lambda Phi Phi^T + noise W^-1; rows of weight 0 are none. */
static double process_evidence(const test_rows *rows, int64_t t, double lambda, double noise) {
  int64_t size = rows->size, n = 0;
  double *c = take((size_t)(rows->count * rows->count), sizeof *c);
  double *y = take((size_t)rows->count, sizeof *y);
  int64_t *source = take((size_t)rows->count, sizeof *source);
  for (int64_t i = 0; i < rows->count; i++)
    if (rows->weights[i] > 0) source[n++] = i;
  for (int64_t a = 0; a < n; a++) {
    y[a] = rows->targets[source[a] * rows->num_targets + t];
    for (int64_t b = 0; b < n; b++) {
      for (int64_t j = 0; j < size; j++)
        c[a * n + b] += rows->exact[source[a] * size + j] * rows->exact[source[b] * size + j];
      c[a * n + b] *= noise / lambda;
    }
    c[a * n + a] += noise / (double)rows->weights[source[a]];
  }
  double value = log_density(c, n, y);
  free(source);
  free(y);
  free(c);
  return value;
}

static void the_evidence_is_the_density_under_the_gaussian_process(void **state) {
  (void)state;
  enum { ROWS = 40 };
  const int64_t sizes[] = {6, 55};
  for (int s = 0; s < 2; s++)
    for (int weighted = 0; weighted < 2; weighted++) {
      test_rows rows = make_rows(1, ROWS, sizes[s], WIDTH);
      for (int i = 0; i < ROWS; i++)
        if (!weighted || i % 9 == 0) rows.weights[i] = weighted ? 0 : 1;
      sngp_evidence evidence = evidence_of(&rows, 0, weighted, false);
      for (int l = 0; l < 3; l++)
        for (int v = 0; v < 3; v++)
          for (int64_t t = 0; t < WIDTH; t++)
            assert_close(sngp_evidence_value(&evidence, t, LAMBDAS[l], NOISES[v], NULL),
                         process_evidence(&rows, t, LAMBDAS[l], NOISES[v]), 1e-9);
      sngp_evidence_destroy(&evidence);
      free_rows(&rows);
    }
}

static void with_center_it_is_that_of_the_targets_less_their_means(void **state) {
  (void)state;
  test_rows rows = make_rows(2, 30, 6, WIDTH);
  sngp_evidence centered = evidence_of(&rows, 0, 0, true);
  for (int t = 0; t < WIDTH; t++) {
    double mean = 0;
    for (int i = 0; i < 30; i++) mean += rows.targets[i * WIDTH + t] / 30;
    for (int i = 0; i < 30; i++) rows.targets[i * WIDTH + t] -= mean;
  }
  sngp_evidence plain = evidence_of(&rows, 0, 0, false);
  for (int t = 0; t < WIDTH; t++)
    assert_close(sngp_evidence_value(&centered, t, 0.1, 0.2, NULL),
                 sngp_evidence_value(&plain, t, 0.1, 0.2, NULL), 1e-10);
  sngp_evidence_destroy(&plain);
  sngp_evidence_destroy(&centered);
  free_rows(&rows);
}

typedef struct {
  const sngp_evidence *evidence;
  int64_t target;
  const double *logarithms; /* of lambda, noise */
} point;

static double value_at(const void *context) {
  const point *at = context;
  return sngp_evidence_value(at->evidence, at->target, exp(at->logarithms[0]),
                             exp(at->logarithms[1]), NULL);
}

static void the_gradient_is_that_of_differences(void **state) {
  (void)state;
  test_rows rows = make_rows(3, 50, 20, WIDTH);
  sngp_evidence evidence = evidence_of(&rows, 0, 1, true);
  for (int l = 0; l < 3; l++)
    for (int v = 0; v < 3; v++)
      for (int64_t t = 0; t < WIDTH; t++) {
        double logarithms[2] = {log(LAMBDAS[l]), log(NOISES[v])}, expected[2], gradient[2];
        point at = {&evidence, t, logarithms};
        central_differences(value_at, &at, logarithms, 2, expected);
        sngp_evidence_value(&evidence, t, LAMBDAS[l], NOISES[v], gradient);
        for (int i = 0; i < 2; i++) assert_close(gradient[i], expected[i], 1e-6);
      }
  sngp_evidence_destroy(&evidence);
  free_rows(&rows);
}

/* The sum over targets, each with its noise. */
static double total(const sngp_evidence *evidence, double lambda, const double *noise) {
  double sum = 0;
  for (int64_t t = 0; t < evidence->num_targets; t++)
    sum += sngp_evidence_value(evidence, t, lambda, noise[t], NULL);
  return sum;
}

/* No neighbour is better, nor any point of a wide grid: changes of noise together where it is
   shared, one by one where each target has its own, none where it is given. */
static void check_maximum(const sngp_evidence *evidence, sngp_noise_mode mode) {
  double lambda = 0, noise[WIDTH] = {0.2, 0.4};
  double best = sngp_evidence_maximize(evidence, mode, &lambda, noise);
  assert_close(best, total(evidence, lambda, noise), 1e-9);
  if (mode == SNGP_NOISE_GIVEN) assert_true(noise[0] == 0.2 && noise[1] == 0.4);
  if (mode == SNGP_NOISE_SHARED) assert_true(noise[0] == noise[1]);
  double slope = 0, slopes[WIDTH];
  for (int64_t t = 0; t < WIDTH; t++) {
    double gradient[2];
    sngp_evidence_value(evidence, t, lambda, noise[t], gradient);
    slope += gradient[0];
    slopes[t] = gradient[1];
  }
  assert_close(slope, 0, 1e-7);
  if (mode == SNGP_NOISE_SHARED) assert_close(slopes[0] + slopes[1], 0, 1e-9);
  if (mode == SNGP_NOISE_OWN) assert_true(fabs(slopes[0]) < 1e-9 && fabs(slopes[1]) < 1e-9);
  for (double l = 1e-8; l < 1e6; l *= 3)
    for (double v = mode == SNGP_NOISE_GIVEN ? 1 : 1e-3; v < 1e3; v *= 2) {
      double other[WIDTH] = {v * noise[0], noise[1] * (mode == SNGP_NOISE_SHARED ? v : 1)};
      assert_true(total(evidence, l, other) <= best + 1e-9);
      if (mode == SNGP_NOISE_GIVEN) break;
    }
}

static void the_maximum_is_one(void **state) {
  (void)state;
  const int64_t sizes[] = {6, 200};
  for (int s = 0; s < 2; s++)
    for (int labels = 0; labels < 2; labels++) {
      test_rows rows = make_rows(4, 90, sizes[s], WIDTH);
      sngp_evidence evidence = evidence_of(&rows, labels, 1, true);
      check_maximum(&evidence, SNGP_NOISE_SHARED);
      check_maximum(&evidence, SNGP_NOISE_OWN);
      check_maximum(&evidence, SNGP_NOISE_GIVEN);
      sngp_evidence_destroy(&evidence);
      free_rows(&rows);
    }
}

/* make_rows() draws coefficients of variance 1 and noise of variance 0.09, so lambda is 0.09. With
   3,000 rows and 40 coefficients a standard deviation is 2.6% of the noise and 22% of lambda. */
static void the_maximum_finds_what_the_data_were_drawn_with(void **state) {
  (void)state;
  test_rows rows = make_rows(5, 3000, 40, 1);
  for (int64_t i = 0; i < rows.count; i++) rows.targets[i] -= 0.7;
  sngp_evidence evidence = evidence_of(&rows, 0, 0, false);
  double lambda = 0, noise = 0;
  sngp_evidence_maximize(&evidence, SNGP_NOISE_OWN, &lambda, &noise);
  assert_close(noise, 0.09, 4 * 0.026 * 0.09);
  assert_close(lambda, 0.09, 4 * 0.22 * 0.09);
  sngp_evidence_destroy(&evidence);
  free_rows(&rows);
}

/* Constant targets have no noise, exact ones none but rounding's: finite answers, and targets that
   can be fitted exactly are not smoothed. */
static void targets_without_noise_give_finite_answers(void **state) {
  (void)state;
  test_rows rows = make_rows(6, 60, 8, 1);
  for (int kind = 0; kind < 2; kind++) {
    for (int64_t i = 0; i < 60; i++) {
      rows.targets[i] = kind == 0 ? 3 : 0;
      for (int64_t j = 0; j < 8 && kind == 1; j++) rows.targets[i] += rows.exact[i * 8 + j];
    }
    sngp_evidence evidence = evidence_of(&rows, 0, 0, kind == 0);
    double lambda = 0, noise = 0;
    double value = sngp_evidence_maximize(&evidence, SNGP_NOISE_SHARED, &lambda, &noise);
    assert_true(isfinite(value) && noise > 0 && noise < 1e-10);
    assert_true(isfinite(lambda) && lambda > 0);
    if (kind == 1) assert_below(lambda, 1e-9);
    sngp_evidence_destroy(&evidence);
  }
  free_rows(&rows);
}

static void statistics_that_are_not_finite_are_refused(void **state) {
  (void)state;
  test_rows rows = make_rows(7, 20, 4, 1);
  sngp_statistics statistics = statistics_of(&rows, 0, 0, 20, 1);
  statistics.gram[2 * 4] = INFINITY;
  sngp_evidence evidence;
  assert_fails(sngp_evidence_create(&evidence, &statistics, true), SNGP_ERROR_NUMERICAL, "[2, 0]");
  assert_null(evidence.values);
  statistics.gram[2 * 4] = 0;
  statistics.cross[1] = NAN;
  assert_fails(sngp_evidence_create(&evidence, &statistics, true), SNGP_ERROR_NUMERICAL, "target 0",
               "not finite");
  assert_null(evidence.values);
  sngp_statistics_destroy(&statistics);
  free_rows(&rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_evidence_is_the_density_under_the_gaussian_process),
      cmocka_unit_test(with_center_it_is_that_of_the_targets_less_their_means),
      cmocka_unit_test(the_gradient_is_that_of_differences),
      cmocka_unit_test(the_maximum_is_one),
      cmocka_unit_test(the_maximum_finds_what_the_data_were_drawn_with),
      cmocka_unit_test(targets_without_noise_give_finite_answers),
      cmocka_unit_test(statistics_that_are_not_finite_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
