/* The closed form against Gaussian process regression on n x n matrices, and against really leaving
   rows out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/ridge_regression.h"
#include "support/check.h"
#include "unit/gp/rows.h"
#include "unit/reference_matrix.h"

static const double LAMBDAS[] = {0.1, 1, 10};

static sngp_ridge_regression fit(const test_rows *rows, double lambda, int labels, int weighted,
                                 bool center) {
  sngp_statistics statistics = statistics_of(rows, labels, weighted, rows->count, 1);
  sngp_ridge_regression regression;
  assert_ok(sngp_ridge_regression_create(&regression, rows->size, rows->num_targets));
  assert_ok(sngp_ridge_regression_fit(&regression, &statistics, lambda, center));
  sngp_statistics_destroy(&statistics);
  return regression;
}

/* K (K + lambda W^-1)^-1 (y - offset) + offset at the rows themselves, K = Phi Phi^T: the posterior
   mean, with noise / w of a row as its noise. To be freed. */
static double *process_mean(const test_rows *rows, double lambda, int labels, int weighted,
                            const double *offsets) {
  int64_t n = rows->count, size = rows->size, width = rows->num_targets;
  double *identity = take((size_t)(size * size), sizeof *identity);
  for (int64_t j = 0; j < size; j++) identity[j * size + j] = 1;
  double *kernel = reference_bilinear(rows->exact, n, identity, size, rows->exact, n);
  double *c = take((size_t)(n * n), sizeof *c);
  memcpy(c, kernel, (size_t)(n * n) * sizeof *c);
  for (int64_t i = 0; i < n; i++) c[i * n + i] += lambda / weight_of(rows, i, weighted);
  double *inverse = reference_inverse(c, n);
  double *mean = take((size_t)(n * width), sizeof *mean);
  for (int64_t t = 0; t < width; t++)
    for (int64_t i = 0; i < n; i++) {
      mean[i * width + t] = offsets[t];
      for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b < n; b++)
          mean[i * width + t] +=
              kernel[i * n + a] * inverse[a * n + b] * (target_of(rows, b, t, labels) - offsets[t]);
    }
  free(inverse);
  free(c);
  free(kernel);
  free(identity);
  return mean;
}

static double prediction(const sngp_ridge_regression *regression, const double *phi, int64_t t) {
  double sum = regression->offsets[t];
  for (int64_t j = 0; j < regression->size; j++)
    sum += phi[j] * regression->coefficients[j * regression->num_targets + t];
  return sum;
}

/* Fewer features than rows, and more. */
static void predictions_are_those_of_the_gaussian_process(void **state) {
  (void)state;
  const int64_t sizes[] = {7, 60};
  for (int s = 0; s < 2; s++)
    for (int l = 0; l < 3; l++)
      for (int kind = 0; kind < 8; kind++) {
        int labels = kind & 1, weighted = kind >> 1 & 1, center = kind >> 2;
        test_rows rows = make_rows(1, 40, sizes[s], 3);
        sngp_ridge_regression regression = fit(&rows, LAMBDAS[l], labels, weighted, center);
        double *expected = process_mean(&rows, LAMBDAS[l], labels, weighted, regression.offsets);
        if (!center) assert_close(regression.offsets[1], 0, 0);
        assert_close(regression.jitter, 0, 0);
        for (int64_t i = 0; i < rows.count; i++)
          for (int64_t t = 0; t < 3; t++)
            assert_close(prediction(&regression, rows.exact + i * rows.size, t),
                         expected[i * 3 + t], 1e-11);
        free(expected);
        sngp_ridge_regression_destroy(&regression);
        free_rows(&rows);
      }
}

/* The offsets of centred targets are their means, weighted. */
static void offsets_are_the_means_of_the_targets(void **state) {
  (void)state;
  test_rows rows = make_rows(2, 50, 4, 2);
  sngp_ridge_regression regression = fit(&rows, 1, 0, 1, true);
  for (int t = 0; t < 2; t++) {
    double sum = 0, weights = 0;
    for (int i = 0; i < 50; i++) {
      sum += (double)rows.weights[i] * rows.targets[i * 2 + t];
      weights += (double)rows.weights[i];
    }
    assert_close(regression.offsets[t], sum / weights, 1e-13);
  }
  sngp_ridge_regression_destroy(&regression);
  free_rows(&rows);
}

/* What the regression on all rows but one says of that one; its offsets are those of all. */
static double left_out(const test_rows *rows, int64_t index, int64_t t, double lambda, int labels,
                       int weighted, const double *offsets) {
  int64_t size = rows->size;
  double *p = take((size_t)(size * size), sizeof *p), *b = take((size_t)size, sizeof *b);
  for (int64_t j = 0; j < size; j++) p[j * size + j] = lambda;
  for (int64_t i = 0; i < rows->count; i++) {
    if (i == index) continue;
    double weight = weight_of(rows, i, weighted);
    const double *phi = rows->exact + i * size;
    reference_add_outer_product(p, size, weight, phi);
    for (int64_t j = 0; j < size; j++)
      b[j] += weight * phi[j] * (target_of(rows, i, t, labels) - offsets[t]);
  }
  double *inverse = reference_inverse(p, size);
  double *value = reference_bilinear(rows->exact + index * size, 1, inverse, size, b, 1);
  double f = *value + offsets[t];
  free(value);
  free(inverse);
  free(b);
  free(p);
  return f;
}

/* 150 rows: more than one task's. */
static void leave_one_out_residuals_are_those_of_really_leaving_out(void **state) {
  (void)state;
  enum { ROWS = 150, WIDTH = 2 };
  for (int l = 0; l < 3; l += 2)
    for (int kind = 0; kind < 4; kind++) {
      int labels = kind & 1, weighted = kind >> 1;
      test_rows rows = make_rows(3, ROWS, 12, WIDTH);
      sngp_ridge_regression regression = fit(&rows, LAMBDAS[l], labels, weighted, true);
      sngp_target_rows all = part_of(&rows, 0, ROWS, labels, weighted);
      double residuals[ROWS * WIDTH], leverages[ROWS];
      double *scratch = take(sngp_leave_one_out_scratch(&regression, ROWS), sizeof *scratch);
      sngp_pool *pool = pool_of(2);
      sngp_leave_one_out(&regression, &all, scratch, pool, residuals, leverages);
      for (int64_t i = 0; i < ROWS; i++)
        for (int64_t t = 0; t < WIDTH; t++)
          assert_close(residuals[i * WIDTH + t],
                       target_of(&rows, i, t, labels) -
                           left_out(&rows, i, t, LAMBDAS[l], labels, weighted, regression.offsets),
                       1e-10);
      /* sum w h = trace(P^-1 A), between 0 and M: the effective number of parameters */
      double sum = 0;
      for (int64_t i = 0; i < ROWS; i++) sum += weight_of(&rows, i, weighted) * leverages[i];
      assert_true(sum > 0 && sum < 12);
      sngp_pool_free(pool);
      free(scratch);
      sngp_ridge_regression_destroy(&regression);
      free_rows(&rows);
    }
}

/* The last row alone has the last feature: left out, nothing is known of it. */
static void a_row_that_stands_alone_is_predicted_by_the_offset(void **state) {
  (void)state;
  const float features[] = {1, 0, 1, 0, 0, 1};
  const double targets[] = {1, 1.5, 9};
  sngp_statistics statistics;
  sngp_ridge_regression regression;
  sngp_target_rows rows = {.count = 3, .features = features, .targets = targets};
  assert_ok(sngp_statistics_create(&statistics, 2, 1, NULL));
  change_statistics(&statistics, &rows, 1, 1);
  assert_ok(sngp_ridge_regression_create(&regression, 2, 1));
  assert_ok(sngp_ridge_regression_fit(&regression, &statistics, 1e-6, false));
  double scratch[6], residuals[3], leverages[3];
  sngp_pool *pool = pool_of(1);
  sngp_leave_one_out(&regression, &rows, scratch, pool, residuals, leverages);
  assert_close(residuals[2], 9, 1e-8);
  assert_close(residuals[0], 1 - 1.5, 1e-5);
  sngp_pool_free(pool);
  sngp_ridge_regression_destroy(&regression);
  sngp_statistics_destroy(&statistics);
}

static void a_failed_fit_leaves_the_regression_as_it_was(void **state) {
  (void)state;
  test_rows rows = make_rows(4, 30, 5, 1);
  sngp_ridge_regression regression = fit(&rows, 0.5, 0, 0, false);
  double before[5];
  memcpy(before, regression.coefficients, sizeof before);
  sngp_statistics statistics = statistics_of(&rows, 0, 0, 30, 1);
  statistics.gram[3 * 5 + 1] = NAN;
  assert_fails(sngp_ridge_regression_fit(&regression, &statistics, 2, false), SNGP_ERROR_NUMERICAL,
               "not finite at [3, 1]");
  assert_memory_equal(regression.coefficients, before, sizeof before);
  assert_close(regression.lambda, 0.5, 0);
  sngp_statistics_destroy(&statistics);
  sngp_ridge_regression_destroy(&regression);
  free_rows(&rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(predictions_are_those_of_the_gaussian_process),
      cmocka_unit_test(offsets_are_the_means_of_the_targets),
      cmocka_unit_test(leave_one_out_residuals_are_those_of_really_leaving_out),
      cmocka_unit_test(a_row_that_stands_alone_is_predicted_by_the_offset),
      cmocka_unit_test(a_failed_fit_leaves_the_regression_as_it_was),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
