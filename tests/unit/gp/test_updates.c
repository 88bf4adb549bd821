/* Inverse factors and posteriors that rows entered and left, against those of the rows that are in,
   computed in extended precision. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/updates.h"
#include "linalg/inverse_update.h"
#include "support/check.h"
#include "unit/gp/rows.h"

/* Below, at and above tiles of 256 columns; below, at and above 16 terms at once. */
static const int64_t SIZES[] = {1, 5, 150, 300}, COUNTS[] = {1, 3, 16, 50};
enum { NUM_SIZES = sizeof SIZES / sizeof *SIZES, NUM_COUNTS = sizeof COUNTS / sizeof *COUNTS };
enum { MOST_ROWS = 700 };

/* P = ridge I + sum w phi^T phi over the rows marked in `in`. To be freed. */
static long double *precision_of(const test_rows *rows, const int *in, double ridge) {
  int64_t size = rows->size;
  long double *p = take((size_t)(size * size), sizeof *p);
  for (int64_t j = 0; j < size; j++) p[j * size + j] = (long double)ridge;
  for (int64_t r = 0; r < rows->count; r++)
    if (in[r])
      for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j <= i; j++)
          p[i * size + j] += (long double)rows->weights[r] *
                             (long double)rows->exact[r * size + i] *
                             (long double)rows->exact[r * size + j];
  return p;
}

/* In place: L^-1 of the lower triangle's factor L, by plain loops. */
static void invert_factor(long double *a, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j <= i; j++) {
      for (int64_t k = 0; k < j; k++) a[i * n + j] -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? sqrtl(a[i * n + j]) : a[i * n + j] / a[j * n + j];
    }
  for (int64_t j = 0; j < n; j++) { /* column by column, each from its diagonal down */
    a[j * n + j] = 1 / a[j * n + j];
    for (int64_t i = j + 1; i < n; i++) {
      long double sum = a[i * n + j] * a[j * n + j];
      for (int64_t k = j + 1; k < i; k++) sum += a[i * n + k] * a[k * n + j];
      a[i * n + j] = -sum / a[i * n + i];
    }
  }
}

static long double *exact_inverse(const test_rows *rows, const int *in, double ridge) {
  long double *p = precision_of(rows, in, ridge);
  invert_factor(p, rows->size);
  return p;
}

static double *rounded_inverse(const test_rows *rows, const int *in, double ridge) {
  int64_t size = rows->size;
  long double *exact = exact_inverse(rows, in, ridge);
  double *inverse = take((size_t)(size * size), sizeof *inverse);
  for (int64_t i = 0; i < size; i++)
    for (int64_t j = 0; j <= i; j++) inverse[i * size + j] = (double)exact[i * size + j];
  free(exact);
  return inverse;
}

static void mark(int *in, int64_t first, int64_t count, int value) {
  for (int64_t i = first; i < first + count; i++) in[i] = value;
}

/* sqrt(w) phi of rows; `scratch` behind them. To be freed. */
static double *vectors_of(const test_rows *rows, int64_t first, int64_t count, double **scratch) {
  size_t doubles = 0, vectors = (size_t)(count * rows->size);
  assert_true(sngp_inverse_update_scratch(rows->size, count, &doubles));
  double *x = take(vectors + doubles, sizeof *x);
  for (int64_t k = 0; k < count * rows->size; k++)
    x[k] =
        sqrt((double)rows->weights[first + k / rows->size]) * rows->exact[first * rows->size + k];
  *scratch = x + vectors;
  return x;
}

static sngp_status change_inverse(const test_rows *rows, double *inverse, int64_t first,
                                  int64_t count, double sign, sngp_pool *pool) {
  double *scratch = NULL, *x = vectors_of(rows, first, count, &scratch);
  sngp_status status = sngp_inverse_update_check(rows->size, inverse, count, sign, x, scratch);
  if (status == SNGP_OK)
    sngp_inverse_update_apply(rows->size, inverse, count, sign, x, scratch, pool);
  free(x);
  return status;
}

/* The ridge is 0.5 and entries of P at most a few hundred, so kappa is at most about 1,000. */
static void rows_enter_and_leave_the_inverse_factor(void **state) {
  (void)state;
  for (int s = 0; s < NUM_SIZES; s++)
    for (int c = 0; c < NUM_COUNTS; c++)
      for (double sign = -1; sign < 2; sign += 2) {
        int64_t size = SIZES[s], count = COUNTS[c];
        test_rows rows = make_rows(1, 120, size, 1);
        int in[MOST_ROWS] = {0};
        mark(in, 0, 100, 1);
        if (sign > 0) mark(in, 40, count, 0);
        double *inverse = rounded_inverse(&rows, in, 0.5);
        sngp_pool *pool = pool_of(1 + c % 2);
        assert_ok(change_inverse(&rows, inverse, 40, count, sign, pool));
        mark(in, 40, count, sign > 0);
        double *expected = rounded_inverse(&rows, in, 0.5);
        for (int64_t k = 0; k < size * size; k++) /* zeros above the diagonal too */
          assert_close(inverse[k], expected[k], 1e-12 / sqrt(0.5));
        sngp_pool_free(pool);
        free(expected);
        free(inverse);
        free_rows(&rows);
      }
}

static void threads_change_no_bit(void **state) {
  (void)state;
  enum { SIZE = 600 };
  test_rows rows = make_rows(1, 40, SIZE, 1);
  double *results[2];
  for (int threads = 1; threads <= 2; threads++) {
    double *inverse = take(SIZE * SIZE, sizeof *inverse);
    for (int i = 0; i < SIZE; i++) inverse[i * SIZE + i] = 1;
    sngp_pool *pool = pool_of(threads);
    assert_ok(change_inverse(&rows, inverse, 0, 40, 1, pool));
    sngp_pool_free(pool);
    results[threads - 1] = inverse;
  }
  assert_memory_equal(results[0], results[1], SIZE * SIZE * sizeof(double));
  free(results[0]);
  free(results[1]);
  free_rows(&rows);
}

/* |R phi|^2 */
static double variance_of(const long double *inverse, const double *phi, int64_t n) {
  long double variance = 0;
  for (int64_t i = 0; i < n; i++) {
    long double y = 0;
    for (int64_t j = 0; j <= i; j++) y += inverse[i * n + j] * (long double)phi[j];
    variance += y * y;
  }
  return (double)variance;
}

/* The bound that is promised, after hundreds of rows that entered and hundreds that left, without
   ever factoring anew: for the ridges of a head, and down to a condition number of 1e10. */
static void after_any_sequence_variances_are_those_of_all_rows_at_once(void **state) {
  (void)state;
  enum { SIZE = 70 };
  const double ridges[] = {10, 1, 0.1, 1e-3, 1e-8};
  sngp_pool *pool = pool_of(1);
  for (int r = 0; r < 5; r++) {
    test_rows rows = make_rows(2, MOST_ROWS, SIZE, 1);
    int in[MOST_ROWS] = {0}, left = 0;
    uint64_t seed = 77;
    double *inverse = rounded_inverse(&rows, in, ridges[r]);
    for (int64_t at = 0; at < MOST_ROWS - 20;) { /* blocks enter; some of them leave again */
      int64_t count = 1 + (int64_t)(20 * next_uniform(&seed));
      assert_ok(change_inverse(&rows, inverse, at, count, 1, pool));
      mark(in, at, count, 1);
      if (at > 90 && next_uniform(&seed) < 0.5) {
        assert_ok(change_inverse(&rows, inverse, at, count, -1, pool));
        mark(in, at, count, 0);
        left += (int)count;
      }
      at += count;
    }
    assert_in_range(left, 200, 500);
    long double *p = precision_of(&rows, in, ridges[r]), *updated = take(SIZE * SIZE, sizeof *p);
    double trace = 0; /* at least the largest eigenvalue, which here is most of it */
    for (int64_t j = 0; j < SIZE; j++) trace += (double)p[j * SIZE + j];
    invert_factor(p, SIZE);
    for (int k = 0; k < SIZE * SIZE; k++) updated[k] = (long double)inverse[k];
    for (int64_t i = 0; i < MOST_ROWS; i++) {
      double expected = variance_of(p, rows.exact + i * SIZE, SIZE);
      assert_close(variance_of(updated, rows.exact + i * SIZE, SIZE), expected,
                   10 * 2.2e-16 * (trace / ridges[r]) * expected);
    }
    free(updated);
    free(p);
    free(inverse);
    free_rows(&rows);
  }
  sngp_pool_free(pool);
}

/* Rows that were never in, also where that shows in the last features alone; a weight too large. */
static void rows_that_are_not_in_are_refused(void **state) {
  (void)state;
  enum { SIZE = 150 };
  sngp_pool *pool = pool_of(1);
  test_rows rows = make_rows(3, MOST_ROWS, SIZE, 1);
  int in[MOST_ROWS] = {0};
  mark(in, 0, 20, 1);
  double *inverse = rounded_inverse(&rows, in, 1e-3);
  double *before = take(SIZE * SIZE, sizeof *before);
  memcpy(before, inverse, SIZE * SIZE * sizeof *before);
  assert_fails(change_inverse(&rows, inverse, 200, 1, -1, pool), SNGP_ERROR_NUMERICAL, "1 rows",
               "150 x 150", "not positive definite");
  assert_fails(change_inverse(&rows, inverse, 10, 90, -1, pool), SNGP_ERROR_NUMERICAL, "90 rows");
  const float weight = rows.weights[0];
  rows.weights[0] = 1.5f * weight;
  assert_fails(change_inverse(&rows, inverse, 0, 1, -1, pool), SNGP_ERROR_NUMERICAL,
               "not positive definite");
  rows.weights[0] = weight;
  rows.exact[SIZE + 149] += 0.5;
  assert_fails(change_inverse(&rows, inverse, 0, 2, -1, pool), SNGP_ERROR_NUMERICAL, "2 rows");
  rows.exact[SIZE + 149] = NAN;
  assert_fails(change_inverse(&rows, inverse, 0, 2, 1, pool), SNGP_ERROR_NUMERICAL, "row 1",
               "not finite");
  assert_memory_equal(inverse, before, SIZE * SIZE * sizeof *before);
  to_doubles(rows.features + SIZE, SIZE, rows.exact + SIZE);
  assert_ok(change_inverse(&rows, inverse, 0, 20, -1, pool)); /* all: the ridge is left */
  for (int64_t i = 0; i < SIZE; i++) assert_close(inverse[i * SIZE + i] * sqrt(1e-3), 1, 1e-9);
  free(before);
  free(inverse);
  free_rows(&rows);
  sngp_pool_free(pool);
}

/* ---- posteriors ---- */

enum { SIDE_SIZE = 64, OUTPUTS = 3 };

/* Rows [first, first + count) with made up curvature. */
static sngp_posterior_rows some_rows(const test_rows *rows, const double *curvature, int64_t first,
                                     int64_t count) {
  return (sngp_posterior_rows){.count = count,
                               .features = rows->features + first * rows->size,
                               .weights = rows->weights + first,
                               .curvature = curvature + first * OUTPUTS};
}

static void assert_same_posterior(const sngp_posterior *a, const sngp_posterior *b,
                                  double tolerance) {
  const int64_t count = a->matrices.count * a->matrices.side * a->matrices.side;
  assert_int_equal(a->rows, b->rows);
  assert_true(a->current && b->current);
  for (int64_t k = 0; k < count; k++) {
    assert_close(a->precision[k], b->precision[k], tolerance);
    assert_close(a->root[k], b->root[k], 1e-6);
    if (a->inverse != NULL && b->inverse != NULL)
      assert_close(a->inverse[k], b->inverse[k], 10 * tolerance);
  }
}

/* Of every kind: rows enter, some leave, and all is as if the others alone had entered; symmetric
   to the bit, as files want it. */
static void posteriors_follow_their_rows(void **state) {
  (void)state;
  enum { ROWS = 60 };
  sngp_pool *pool = pool_of(1);
  test_rows rows = make_rows(5, ROWS, SIDE_SIZE, 1);
  double curvature[ROWS * OUTPUTS], scratch[ROWS * SIDE_SIZE];
  uint64_t seed = 6;
  for (int i = 0; i < ROWS; i++) {
    double sum = 0;
    for (int k = 0; k < OUTPUTS; k++)
      sum += curvature[i * OUTPUTS + k] = exp(2 * next_normal(&seed));
    for (int k = 0; k < OUTPUTS; k++) curvature[i * OUTPUTS + k] /= sum;
  }
  for (int32_t kind = SNGP_POSTERIOR_SHARED; kind <= SNGP_POSTERIOR_JOINT; kind++)
    for (double ridge = 0.1; ridge < 11; ridge *= 10) {
      sngp_posterior changed, expected;
      assert_ok(sngp_posterior_create(&changed, kind, SIDE_SIZE, OUTPUTS));
      assert_ok(sngp_posterior_create(&expected, kind, SIDE_SIZE, OUTPUTS));
      assert_false(sngp_posterior_takes_rows(&changed, 1));
      const sngp_posterior_rows first = some_rows(&rows, curvature, 0, 50);
      const sngp_posterior_rows kept = some_rows(&rows, curvature, 4, 52);
      sngp_posterior_update(&changed, &first, 1, 1, scratch, pool);
      sngp_posterior_update(&expected, &kept, 1, 1, scratch, pool);
      assert_ok(sngp_posterior_finish_for_changes(&changed, ridge));
      assert_ok(sngp_posterior_finish_for_changes(&expected, ridge));
      const sngp_posterior_rows entering = some_rows(&rows, curvature, 50, 4);
      const sngp_posterior_rows last = some_rows(&rows, curvature, 54, 2);
      const sngp_posterior_rows leaving = some_rows(&rows, curvature, 0, 4);
      assert_true(sngp_posterior_takes_rows(&changed, 4));
      assert_ok(sngp_posterior_change(&changed, &entering, 1, ridge, pool));
      assert_ok(sngp_posterior_change(&changed, &leaving, -1, ridge, pool));
      assert_ok(sngp_posterior_change(&changed, &last, 1, ridge, pool));
      assert_same_posterior(&changed, &expected, 1e-12 / sqrt(ridge));
      const int64_t side = changed.matrices.side;
      for (int64_t k = 0; k < changed.matrices.count * side * side; k++)
        assert_true(
            changed.precision[k] ==
            changed.precision[k / (side * side) * side * side + k % side * side + k / side % side]);
      sngp_posterior_destroy(&changed);
      sngp_posterior_destroy(&expected);
    }
  free_rows(&rows);
  sngp_pool_free(pool);
}

/* Also where P would stay positive definite, because the ridge is large. */
static void rows_that_show_in_a_negative_square_are_refused(void **state) {
  (void)state;
  sngp_pool *pool = pool_of(1);
  test_rows rows = make_rows(5, 20, SIDE_SIZE, 1);
  double scratch[20 * SIDE_SIZE];
  sngp_posterior posterior, before;
  assert_ok(sngp_posterior_create(&posterior, SNGP_POSTERIOR_SHARED, SIDE_SIZE, 1));
  const sngp_posterior_rows in = {.count = 10, .features = rows.features};
  const sngp_posterior_rows out = {.count = 2, .features = rows.features + 10 * SIDE_SIZE};
  const sngp_posterior_rows most = {.count = 9, .features = rows.features};
  sngp_posterior_update(&posterior, &in, 1, 1, scratch, pool);
  for (int64_t j = 0; j < SIDE_SIZE; j++) posterior.precision[j * SIDE_SIZE + j] /= 1e3;
  assert_ok(sngp_posterior_finish_for_changes(&posterior, 1e3));
  assert_ok(sngp_posterior_copy(&before, &posterior));
  assert_fails(sngp_posterior_change(&posterior, &out, -1, 1e3, pool), SNGP_ERROR_NUMERICAL,
               "sum of squares of feature");
  assert_same_posterior(&posterior, &before, 0);
  assert_int_equal(posterior.changes, 0);
  sngp_posterior_update(&posterior, &most, 1, -1, scratch, pool);
  assert_fails(sngp_posterior_check_left(&before, &posterior, 1e3), SNGP_ERROR_NUMERICAL,
               "not all among the rows");
  sngp_posterior_destroy(&before);
  sngp_posterior_destroy(&posterior);
  free_rows(&rows);
  sngp_pool_free(pool);
}

/* Few rows at a time, and not for ever; nothing that moves the sums or the ridge otherwise. */
static void when_a_posterior_takes_rows(void **state) {
  (void)state;
  sngp_posterior posterior, copy;
  assert_ok(sngp_posterior_create(&posterior, SNGP_POSTERIOR_SHARED, 160, 1));
  assert_ok(sngp_posterior_finish_for_changes(&posterior, 1));
  assert_true(sngp_posterior_takes_rows(&posterior, 1));
  assert_true(sngp_posterior_takes_rows(&posterior, 10));
  assert_false(sngp_posterior_takes_rows(&posterior, 11));
  posterior.changes = 155;
  assert_true(sngp_posterior_takes_rows(&posterior, 5));
  assert_false(sngp_posterior_takes_rows(&posterior, 6));
  assert_ok(sngp_posterior_copy(&copy, &posterior));
  assert_false(sngp_posterior_takes_rows(&copy, 1));
  assert_ok(sngp_posterior_finish(&posterior, 2));
  assert_false(sngp_posterior_takes_rows(&posterior, 1));
  assert_ok(sngp_posterior_finish_for_changes(&posterior, 2));
  sngp_posterior_reset(&posterior);
  assert_false(sngp_posterior_takes_rows(&posterior, 1));
  sngp_posterior_destroy(&posterior);
  assert_ok(sngp_posterior_create(&posterior, SNGP_POSTERIOR_JOINT, 40, 4));
  assert_ok(sngp_posterior_finish_for_changes(&posterior, 1));
  assert_true(sngp_posterior_takes_rows(&posterior, 2)); /* a row is 4 terms */
  assert_false(sngp_posterior_takes_rows(&posterior, 3));
  sngp_posterior_destroy(&copy);
  sngp_posterior_destroy(&posterior);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_enter_and_leave_the_inverse_factor),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(after_any_sequence_variances_are_those_of_all_rows_at_once),
      cmocka_unit_test(rows_that_are_not_in_are_refused),
      cmocka_unit_test(posteriors_follow_their_rows),
      cmocka_unit_test(rows_that_show_in_a_negative_square_are_refused),
      cmocka_unit_test(when_a_posterior_takes_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
