/* Factors to which rows were added and from which rows were taken, against those of the rows that
   are in, computed in extended precision. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/updates.h"
#include "linalg/cholesky.h"
#include "support/check.h"
#include "unit/gp/rows.h"

/* Below, at, above the blocks of 32 and 64, and several of them. */
static const int64_t SIZES[] = {1, 5, 32, 64, 150};
static const int64_t COUNTS[] = {1, 3, 64, 100};
enum { NUM_SIZES = sizeof SIZES / sizeof *SIZES, NUM_COUNTS = sizeof COUNTS / sizeof *COUNTS };
enum { MOST_ROWS = 300 };

/* P = ridge I + sum w phi^T phi over the rows marked in `in`. To be freed. */
static long double *precision_of(const test_rows *rows, const int *in, int weighted, double ridge) {
  int64_t size = rows->size;
  long double *p = take((size_t)(size * size), sizeof *p);
  for (int64_t j = 0; j < size; j++) p[j * size + j] = (long double)ridge;
  for (int64_t r = 0; r < rows->count; r++)
    if (in[r])
      for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j <= i; j++)
          p[i * size + j] += (long double)weight_of(rows, r, weighted) *
                             (long double)rows->exact[r * size + i] *
                             (long double)rows->exact[r * size + j];
  return p;
}

/* In place, lower triangular, by plain loops. */
static void factor_plainly(long double *a, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j <= i; j++) {
      for (int64_t k = 0; k < j; k++) a[i * n + j] -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? sqrtl(a[i * n + j]) : a[i * n + j] / a[j * n + j];
    }
}

/* |L^-1 phi|^2 = phi P^-1 phi^T */
static double variance_plainly(const long double *lower, const double *phi, int64_t n) {
  long double *z = take((size_t)n, sizeof *z), sum = 0;
  for (int64_t i = 0; i < n; i++) {
    z[i] = (long double)phi[i];
    for (int64_t j = 0; j < i; j++) z[i] -= lower[i * n + j] * z[j];
    z[i] /= lower[i * n + i];
    sum += z[i] * z[i];
  }
  free(z);
  return (double)sum;
}

static double *rounded_factor(const test_rows *rows, const int *in, int weighted, double ridge) {
  size_t area = (size_t)(rows->size * rows->size);
  long double *p = precision_of(rows, in, weighted, ridge);
  double *lower = take(area, sizeof *lower);
  factor_plainly(p, rows->size);
  for (int64_t i = 0; i < rows->size; i++)
    for (int64_t j = 0; j <= i; j++) lower[i * rows->size + j] = (double)p[i * rows->size + j];
  free(p);
  return lower;
}

static void mark(int *in, int64_t first, int64_t count, int value) {
  for (int64_t i = first; i < first + count; i++) in[i] = value;
}

static sngp_status change_factor(const test_rows *rows, double *lower, int64_t first, int64_t count,
                                 int weighted, int sign) {
  return (sign > 0 ? sngp_factor_add : sngp_factor_remove)(
      rows->size, lower, rows->features + first * rows->size,
      weighted ? rows->weights + first : NULL, count);
}

/* Entries of P are about 1 to 100 and the ridge 0.5, so kappa is at most about 1,000. */
static void rows_enter_and_leave_the_factor(void **state) {
  (void)state;
  for (int s = 0; s < NUM_SIZES; s++)
    for (int c = 0; c < NUM_COUNTS; c++)
      for (int sign = -1; sign < 2; sign += 2)
        for (int weighted = 0; weighted < 2; weighted++) {
          int64_t size = SIZES[s], count = COUNTS[c];
          test_rows rows = make_rows(1, MOST_ROWS, size, 1);
          int in[MOST_ROWS] = {0};
          mark(in, 0, 200, 1);
          if (sign > 0) mark(in, 50, count, 0);
          double *lower = rounded_factor(&rows, in, weighted, 0.5);
          assert_ok(change_factor(&rows, lower, 50, count, weighted, sign));
          mark(in, 50, count, sign > 0);
          double *expected = rounded_factor(&rows, in, weighted, 0.5);
          for (int64_t k = 0; k < size * size; k++) /* zeros above the diagonal too */
            assert_close(lower[k], expected[k], 1e-12 * expected[0]);
          free(expected);
          free(lower);
          free_rows(&rows);
        }
}

/* The bound that is promised, for ridges down to where the condition number is 1e10. */
static void after_any_sequence_variances_are_those_of_all_rows_at_once(void **state) {
  (void)state;
  enum { SIZE = 70 };
  const double ridges[] = {10, 0.1, 1e-3, 1e-8};
  for (int r = 0; r < 4; r++) {
    test_rows rows = make_rows(2, MOST_ROWS, SIZE, 1);
    int in[MOST_ROWS] = {0};
    uint64_t seed = 77;
    double *lower = rounded_factor(&rows, in, 1, ridges[r]);
    for (int64_t at = 0; at < 280;) { /* blocks enter; some of them leave again */
      int64_t count = 1 + (int64_t)(20 * next_uniform(&seed));
      assert_ok(change_factor(&rows, lower, at, count, 1, 1));
      mark(in, at, count, 1);
      if (at > 90 && next_uniform(&seed) < 0.5) {
        assert_ok(change_factor(&rows, lower, at, count, 1, -1));
        mark(in, at, count, 0);
      }
      at += count;
    }
    long double *p = precision_of(&rows, in, 1, ridges[r]);
    double trace = 0; /* at least the largest eigenvalue, which here is most of it */
    for (int64_t j = 0; j < SIZE; j++) trace += (double)p[j * SIZE + j];
    double kappa = trace / ridges[r];
    factor_plainly(p, SIZE);
    long double *updated = take(SIZE * SIZE, sizeof *updated);
    for (int k = 0; k < SIZE * SIZE; k++) updated[k] = (long double)lower[k];
    for (int64_t i = 0; i < MOST_ROWS; i++) {
      double expected = variance_plainly(p, rows.exact + i * SIZE, SIZE);
      assert_close(variance_plainly(updated, rows.exact + i * SIZE, SIZE), expected,
                   10 * 2.2e-16 * kappa * expected);
    }
    free(updated);
    free(p);
    free(lower);
    free_rows(&rows);
  }
}

/* Rows that were never in, also where that shows in the last features alone; a weight that is too
   large. */
static void rows_that_are_not_in_are_refused_and_nothing_changes(void **state) {
  (void)state;
  enum { SIZE = 150 };
  test_rows rows = make_rows(3, MOST_ROWS, SIZE, 1);
  int in[MOST_ROWS] = {0};
  float second[SIZE];
  memcpy(second, rows.features + SIZE, sizeof second);
  mark(in, 0, 20, 1);
  double *lower = rounded_factor(&rows, in, 0, 1e-3);
  double *before = take(SIZE * SIZE, sizeof *before);
  memcpy(before, lower, SIZE * SIZE * sizeof *before);
  assert_fails(change_factor(&rows, lower, 200, 1, 0, -1), SNGP_ERROR_NUMERICAL, "1 rows",
               "150 x 150", "not positive definite");
  assert_fails(change_factor(&rows, lower, 10, 90, 0, -1), SNGP_ERROR_NUMERICAL, "90 rows");
  const float heavy = 1.5f;
  assert_fails(sngp_factor_remove(SIZE, lower, rows.features, &heavy, 1), SNGP_ERROR_NUMERICAL,
               "not positive definite");
  memset(rows.features + SIZE, 0, 140 * sizeof(float));
  assert_fails(change_factor(&rows, lower, 0, 2, 0, -1), SNGP_ERROR_NUMERICAL, "2 rows");
  assert_memory_equal(lower, before, SIZE * SIZE * sizeof *before);
  memcpy(rows.features + SIZE, second, sizeof second);
  assert_ok(change_factor(&rows, lower, 0, 20, 0, -1)); /* all that were in: the ridge is left */
  for (int64_t i = 0; i < SIZE; i++) assert_close(lower[i * SIZE + i], sqrt(1e-3), 1e-10);

  free(before);
  free(lower);
  free_rows(&rows);
}

/* 2 epsilon would be left of the first feature, and with three features 3 epsilon are rounding. */
static void what_is_left_must_be_more_than_rounding(void **state) {
  (void)state;
  const float one[3] = {1, 0, 0};
  double lower[9] = {1 + 0x1p-52, 0, 0, 0, 1, 0, 0, 0, 1};
  assert_fails(sngp_factor_remove(3, lower, one, NULL, 1), SNGP_ERROR_NUMERICAL,
               "not positive definite");
  lower[0] = 1 + 0x1p-50;
  assert_ok(sngp_factor_remove(3, lower, one, NULL, 1));
}

static void features_that_are_not_finite_are_refused_and_nothing_changes(void **state) {
  (void)state;
  const double before[4] = {2, 0, 1, 3};
  double lower[4] = {2, 0, 1, 3};
  const float bad[] = {1, 1, 1, NAN, INFINITY, 1};
  assert_fails(sngp_factor_add(2, lower, bad, NULL, 2), SNGP_ERROR_NUMERICAL, "feature 1 of row 1");
  assert_fails(sngp_factor_add(2, lower, bad, NULL, 3), SNGP_ERROR_NUMERICAL, "feature 0 of row 2");
  assert_fails(sngp_factor_remove(2, lower, bad, NULL, 2), SNGP_ERROR_NUMERICAL, "not finite");
  assert_ok(sngp_factor_add(2, lower, bad, NULL, 0));
  assert_memory_equal(lower, before, sizeof before);
}

static void few_rows_are_cheaper_to_update_and_many_to_factor(void **state) {
  (void)state;
  for (int leaving = 0; leaving < 2; leaving++) {
    assert_true(sngp_factor_update_is_cheaper(1024, 1, leaving));
    assert_false(sngp_factor_update_is_cheaper(1024, 1024, leaving));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_enter_and_leave_the_factor),
      cmocka_unit_test(after_any_sequence_variances_are_those_of_all_rows_at_once),
      cmocka_unit_test(rows_that_are_not_in_are_refused_and_nothing_changes),
      cmocka_unit_test(what_is_left_must_be_more_than_rounding),
      cmocka_unit_test(features_that_are_not_finite_are_refused_and_nothing_changes),
      cmocka_unit_test(few_rows_are_cheaper_to_update_and_many_to_factor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
