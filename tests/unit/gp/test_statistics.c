/* Sums over rows against plain loops; rows that leave, are forgotten, are merged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/posterior.h"
#include "gp/statistics.h"
#include "support/check.h"
#include "unit/gp/rows.h"
#include "unit/reference_matrix.h"

enum { ROWS = 70 };

/* Below, at and above one tile of 256. */
static const int64_t SIZES[] = {1, 5, 256, 300};
enum { NUM_SIZES = sizeof SIZES / sizeof *SIZES };

/* Rows [first, first + count), each counted `factor` times, in a plain loop. */
static void add_plainly(sngp_statistics *expected, const test_rows *rows, int64_t first,
                        int64_t count, int labels, int weighted, double factor) {
  int64_t size = rows->size, width = rows->num_targets;
  for (int64_t i = first; i < first + count; i++) {
    double weight = factor * weight_of(rows, i, weighted);
    const double *phi = rows->exact + i * size;
    reference_add_outer_product(expected->gram, size, weight, phi);
    for (int64_t j = 0; j < size; j++) {
      expected->feature_sums[j] += weight * phi[j];
      for (int64_t t = 0; t < width; t++)
        expected->cross[j * width + t] += weight * phi[j] * target_of(rows, i, t, labels);
    }
    for (int64_t t = 0; t < width; t++) {
      double y = target_of(rows, i, t, labels);
      expected->target_sums[t] += weight * y;
      expected->target_squares[t] += weight * y * y;
    }
    expected->weight += weight;
    expected->count += factor;
    expected->log_weight += factor * log(weight_of(rows, i, weighted));
  }
}

static sngp_statistics no_rows(const test_rows *rows) {
  sngp_statistics statistics;
  assert_ok(sngp_statistics_create(&statistics, rows->size, rows->num_targets, NULL));
  return statistics;
}

/* Sums of 70 products of numbers about 1. */
static void assert_equal_statistics(const sngp_statistics *actual,
                                    const sngp_statistics *expected) {
  const double tolerance = 2e-13;
  int64_t size = expected->size, width = expected->num_targets;
  for (int64_t i = 0; i < size; i++)
    assert_below(
        largest_distance(actual->gram + i * size, expected->gram + i * size, (size_t)i + 1),
        tolerance);
  assert_below(largest_distance(actual->cross, expected->cross, (size_t)(size * width)), tolerance);
  assert_below(largest_distance(actual->feature_sums, expected->feature_sums, (size_t)size),
               tolerance);
  assert_below(largest_distance(actual->target_sums, expected->target_sums, (size_t)width), 1e-12);
  assert_below(largest_distance(actual->target_squares, expected->target_squares, (size_t)width),
               1e-11);
  assert_close(actual->weight, expected->weight, tolerance * ROWS);
  assert_close(actual->count, expected->count, tolerance * ROWS);
  assert_close(actual->log_weight, expected->log_weight, tolerance * ROWS);
}

static void the_sums_are_those_of_plain_loops(void **state) {
  (void)state;
  for (int s = 0; s < NUM_SIZES; s++)
    for (int64_t width = 1; width <= 3; width += 2)
      for (int labels = 0; labels < 2; labels++)
        for (int weighted = 0; weighted < 2; weighted++) {
          test_rows rows = make_rows(1, ROWS, SIZES[s], width);
          sngp_statistics actual = statistics_of(&rows, labels, weighted, 33, 2);
          sngp_statistics expected = no_rows(&rows);
          add_plainly(&expected, &rows, 0, ROWS, labels, weighted, 1);
          assert_equal_statistics(&actual, &expected);
          assert_int_equal(actual.rows, ROWS);
          sngp_statistics_destroy(&expected);
          sngp_statistics_destroy(&actual);
          free_rows(&rows);
        }
}

static void threads_change_no_bit(void **state) {
  (void)state;
  for (int labels = 0; labels < 2; labels++) {
    test_rows rows = make_rows(2, ROWS, 300, 3);
    sngp_statistics one = statistics_of(&rows, labels, 1, ROWS, 1);
    for (int threads = 2; threads <= 4; threads++) {
      sngp_statistics several = statistics_of(&rows, labels, 1, ROWS, threads);
      assert_memory_equal(several.gram, one.gram, 300 * 300 * sizeof(double));
      assert_memory_equal(several.cross, one.cross, (300 * 4 + 6) * sizeof(double));
      sngp_statistics_destroy(&several);
    }
    sngp_statistics_destroy(&one);
    free_rows(&rows);
  }
}

static void rows_leave_are_forgotten_and_come_from_others(void **state) {
  (void)state;
  test_rows rows = make_rows(3, ROWS, 20, 2);
  sngp_statistics first = no_rows(&rows), second = no_rows(&rows), expected = no_rows(&rows);
  sngp_target_rows early = part_of(&rows, 0, 40, 0, 1), late = part_of(&rows, 40, 30, 0, 1);
  sngp_target_rows leaving = part_of(&rows, 10, 15, 0, 1);
  change_statistics(&first, &early, 1, 1);
  sngp_statistics_scale(&first, 0.25);
  change_statistics(&second, &late, 1, 1);
  change_statistics(&second, &leaving, 1, 1);
  sngp_statistics_merge(&first, &second);
  change_statistics(&first, &leaving, -1, 2);
  assert_int_equal(first.rows, ROWS);
  add_plainly(&expected, &rows, 0, 40, 0, 1, 0.25);
  add_plainly(&expected, &rows, 40, 30, 0, 1, 1);
  assert_equal_statistics(&first, &expected);

  sngp_statistics_assign(&second, &first);
  assert_equal_statistics(&second, &expected);
  assert_int_equal(second.rows, ROWS);
  sngp_statistics_reset(&second);
  sngp_statistics none = no_rows(&rows);
  assert_equal_statistics(&second, &none);
  assert_equal_statistics(&first, &expected);
  sngp_statistics_destroy(&none);
  sngp_statistics_destroy(&first);
  sngp_statistics_destroy(&second);
  sngp_statistics_destroy(&expected);
  free_rows(&rows);
}

/* As if the means had been taken away before. */
static void centering_needs_no_rows(void **state) {
  (void)state;
  test_rows rows = make_rows(4, ROWS, 6, 2);
  sngp_statistics statistics = statistics_of(&rows, 0, 1, ROWS, 1);
  double means[2], squares[2], cross[12];
  sngp_statistics_center(&statistics, means, squares, cross);
  for (int t = 0; t < 2; t++) {
    double sum = 0, weights = 0;
    for (int i = 0; i < ROWS; i++) {
      sum += (double)rows.weights[i] * rows.targets[i * 2 + t];
      weights += (double)rows.weights[i];
    }
    assert_close(means[t], sum / weights, 1e-14);
    for (int i = 0; i < ROWS; i++) rows.targets[i * 2 + t] -= sum / weights;
  }
  sngp_statistics expected = statistics_of(&rows, 0, 1, ROWS, 1);
  assert_below(largest_distance(cross, expected.cross, 12), 1e-12);
  assert_below(largest_distance(squares, expected.target_squares, 2), 1e-12);
  sngp_statistics none = no_rows(&rows);
  sngp_statistics_center(&none, means, squares, cross);
  assert_close(means[0], 0, 0);
  assert_close(cross[0], 0, 0);
  sngp_statistics_destroy(&none);
  sngp_statistics_destroy(&expected);
  sngp_statistics_destroy(&statistics);
  free_rows(&rows);
}

/* One matrix for both: the statistics' rows are in the posterior. */
static void a_posterior_may_lend_its_precision(void **state) {
  (void)state;
  test_rows rows = make_rows(5, ROWS, 20, 1);
  sngp_target_rows all = part_of(&rows, 0, ROWS, 0, 0);
  sngp_posterior lender, separate;
  sngp_statistics statistics;
  sngp_pool *pool = pool_of(1);
  double *scratch = take(ROWS * 20, sizeof *scratch);
  assert_ok(sngp_posterior_create(&lender, SNGP_POSTERIOR_SHARED, 20, 1));
  assert_ok(sngp_posterior_create(&separate, SNGP_POSTERIOR_SHARED, 20, 1));
  assert_ok(sngp_statistics_create(&statistics, 20, 1, lender.precision));
  change_statistics(&statistics, &all, 1, 1);
  sngp_statistics_destroy(&statistics);
  const sngp_posterior_rows entering = {.count = ROWS, .features = rows.features};
  sngp_posterior_update(&separate, &entering, 1, 1, scratch, pool);
  assert_memory_equal(lender.precision, separate.precision, 400 * sizeof(double));
  free(scratch);
  sngp_pool_free(pool);
  sngp_posterior_destroy(&lender);
  sngp_posterior_destroy(&separate);
  free_rows(&rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_sums_are_those_of_plain_loops),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(rows_leave_are_forgotten_and_come_from_others),
      cmocka_unit_test(centering_needs_no_rows),
      cmocka_unit_test(a_posterior_may_lend_its_precision),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
