/* The Laplace posterior against explicit sums and inverses in double precision. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/posterior.h"
#include "support/check.h"
#include "unit/numeric.h"
#include "unit/reference_matrix.h"

enum { ROWS = 70, NEW_ROWS = 6, MOST = 520 };

/* Below, at and above one tile of 256, not multiples of it. */
static const int64_t SIZES[] = {1, 5, 300, 513};
enum { NUM_SIZES = sizeof SIZES / sizeof *SIZES };

/* Features of training rows and of others, as a network gives them: bounded, in single precision.
 */
static float features[ROWS * MOST], other[NEW_ROWS * MOST], weights[ROWS];
static double scratch[ROWS * MOST];

static void draw(int64_t size) {
  uint64_t seed = (uint64_t)size;
  for (int64_t k = 0; k < ROWS * size; k++)
    features[k] = (float)(sqrt(2.0 / (double)size) * cos(6.28 * next_uniform(&seed)));
  for (int64_t k = 0; k < NEW_ROWS * size; k++)
    other[k] = (float)(sqrt(2.0 / (double)size) * cos(6.28 * next_uniform(&seed)));
  memcpy(other, features, (size_t)size * sizeof *other); /* one that was trained on */
  for (int i = 0; i < ROWS; i++) weights[i] = (float)(2 * next_uniform(&seed));
}

static sngp_pool *pool_of(int threads) {
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(threads, &pool));
  return pool;
}

static void enter(sngp_posterior *posterior, const float *phi, const float *row_weights,
                  int64_t count, double decay, double scale, sngp_pool *pool) {
  const sngp_posterior_rows rows = {.count = count, .features = phi, .weights = row_weights};
  sngp_posterior_update(posterior, &rows, decay, scale, scratch, pool);
}

/* The drawn rows in blocks of `block`, each counted once. */
static sngp_posterior posterior_of(int64_t size, const float *row_weights, int64_t block,
                                   int threads) {
  sngp_posterior posterior;
  sngp_pool *pool = pool_of(threads);
  assert_ok(sngp_posterior_create(&posterior, SNGP_POSTERIOR_SHARED, size, 1));
  for (int64_t first = 0; first < ROWS; first += block)
    enter(&posterior, features + first * size, row_weights != NULL ? row_weights + first : NULL,
          block < ROWS - first ? block : ROWS - first, 1, 1, pool);
  sngp_pool_free(pool);
  return posterior;
}

static double *row_of(const float *rows, int64_t index, int64_t size) {
  double *row = take((size_t)size, sizeof *row);
  to_doubles(rows + index * size, (size_t)size, row);
  return row;
}

/* sum_i w_i phi_i^T phi_i */
static double *explicit_sum(int64_t size, const float *row_weights) {
  double *a = take((size_t)(size * size), sizeof *a);
  for (int64_t i = 0; i < ROWS; i++) {
    double *row = row_of(features, i, size);
    reference_add_outer_product(a, size, row_weights != NULL ? (double)row_weights[i] : 1, row);
    free(row);
  }
  return a;
}

/* 70 products of features and their sum, in double precision: 1e-13 of the largest entry. */
static void the_precision_is_the_explicit_sum(void **state) {
  (void)state;
  for (int s = 0; s < NUM_SIZES; s++)
    for (int weighted = 0; weighted < 2; weighted++) {
      int64_t size = SIZES[s];
      draw(size);
      const float *row_weights = weighted ? weights : NULL;
      sngp_posterior posterior = posterior_of(size, row_weights, ROWS, 1);
      double *expected = explicit_sum(size, row_weights);
      assert_int_equal(posterior.rows, ROWS);
      assert_false(posterior.current);
      assert_ok(sngp_posterior_finish(&posterior, 2)); /* fills the upper triangle, adds nothing */
      assert_true(posterior.current && posterior.jitter == 0);
      assert_below(largest_distance(posterior.precision, expected, (size_t)(size * size)),
                   1e-13 * expected[0]);
      free(expected);
      sngp_posterior_destroy(&posterior);
    }
}

/* C = ridge Phi P^-1 Phi^T of new rows, from Y = Phi R^T as Y Y^T; its diagonal is the variance.
   The root is rounded to single precision: 1e-6 of |phi|^2, the variance far from all data. */
static void check_covariance(int64_t size, double ridge) {
  draw(size);
  sngp_posterior posterior = posterior_of(size, weights, ROWS, 1);
  double *p = explicit_sum(size, weights);
  for (int64_t i = 0; i < size; i++) p[i * size + i] += ridge;
  double *inverse = reference_inverse(p, size);
  double *rows = take((size_t)(NEW_ROWS * size), sizeof *rows);
  to_doubles(other, (size_t)(NEW_ROWS * size), rows);
  double *expected = reference_bilinear(rows, NEW_ROWS, inverse, size, rows, NEW_ROWS);
  float *y = take((size_t)(NEW_ROWS * size), sizeof *y);
  memcpy(y, other, (size_t)(NEW_ROWS * size) * sizeof *y);

  assert_ok(sngp_posterior_finish(&posterior, ridge));
  sngp_posterior_project(&posterior, y, NEW_ROWS);
  for (int64_t a = 0; a < NEW_ROWS; a++) {
    double length = 0, variance = 0;
    for (int64_t j = 0; j < size; j++) length += rows[a * size + j] * rows[a * size + j];
    for (int64_t j = 0; j < size; j++)
      variance += (double)y[a * size + j] * (double)y[a * size + j];
    assert_close(variance, ridge * expected[a * NEW_ROWS + a], 1e-6 * length);
    assert_true(variance <= length * (1 + 1e-6)); /* data only ever take away */
    for (int64_t b = 0; b < NEW_ROWS; b++) {
      double product = 0;
      for (int64_t j = 0; j < size; j++)
        product += (double)y[a * size + j] * (double)y[b * size + j];
      assert_close(product, ridge * expected[a * NEW_ROWS + b], 1e-6 * fmax(length, 1));
    }
  }
  free(y);
  free(expected);
  free(rows);
  free(inverse);
  free(p);
  sngp_posterior_destroy(&posterior);
}

static void the_covariance_is_that_of_the_explicit_inverse_for_every_ridge(void **state) {
  (void)state;
  const double ridges[] = {0.1, 1, 10};
  for (int s = 0; s < 3; s++)
    for (int r = 0; r < 3; r++) check_covariance(SIZES[s], ridges[r]);
  check_covariance(513, 0.1);
}

static void the_precision_does_not_depend_on_blocks_of_rows(void **state) {
  (void)state;
  const int64_t blocks[] = {1, 9, 64};
  draw(300);
  sngp_posterior whole = posterior_of(300, weights, ROWS, 1);
  for (int b = 0; b < 3; b++) {
    sngp_posterior cut = posterior_of(300, weights, blocks[b], 1);
    assert_int_equal(cut.rows, ROWS);
    assert_below(largest_distance(cut.precision, whole.precision, 300 * 300),
                 1e-14 * whole.precision[0]);
    sngp_posterior_destroy(&cut);
  }
  sngp_posterior_destroy(&whole);
}

static void threads_change_no_bit(void **state) {
  (void)state;
  draw(513);
  sngp_posterior one = posterior_of(513, weights, 30, 1);
  assert_ok(sngp_posterior_finish(&one, 1));
  for (int threads = 2; threads <= 4; threads++) {
    sngp_posterior several = posterior_of(513, weights, 30, threads);
    assert_ok(sngp_posterior_finish(&several, 1));
    assert_memory_equal(several.precision, one.precision, 513 * 513 * sizeof(double));
    assert_memory_equal(several.root, one.root, 513 * 513 * sizeof(float));
    sngp_posterior_destroy(&several);
  }
  sngp_posterior_destroy(&one);
}

/* A = m A + (1 - m) Phi^T W Phi / B, the ridge apart, with batches of different sizes. */
static void a_moving_average_follows_its_recursion(void **state) {
  (void)state;
  enum { SIZE = 270 };
  const double momentum = 0.8;
  const int64_t batches[] = {20, 7, 1, 42};
  sngp_posterior posterior;
  sngp_pool *pool = pool_of(2);
  draw(SIZE);
  assert_ok(sngp_posterior_create(&posterior, SNGP_POSTERIOR_SHARED, SIZE, 1));
  double *expected = take(SIZE * SIZE, sizeof *expected);
  for (int64_t b = 0, first = 0; b < 4; first += batches[b++]) {
    double scale = (1 - momentum) / (double)batches[b];
    for (int k = 0; k < SIZE * SIZE; k++) expected[k] *= momentum;
    for (int64_t i = first; i < first + batches[b]; i++) {
      double *row = row_of(features, i, SIZE);
      reference_add_outer_product(expected, SIZE, scale * (double)weights[i], row);
      free(row);
    }
    enter(&posterior, features + first * SIZE, weights + first, batches[b], momentum, scale, pool);
    assert_ok(sngp_posterior_finish(&posterior, 10)); /* on the way: changes nothing of A */
    assert_below(largest_distance(posterior.precision, expected, SIZE * SIZE), 1e-13 * expected[0]);
  }
  free(expected);
  sngp_pool_free(pool);
  sngp_posterior_destroy(&posterior);
}

static void a_new_posterior_is_that_of_no_data(void **state) {
  (void)state;
  sngp_posterior posterior;
  assert_ok(sngp_posterior_create(&posterior, SNGP_POSTERIOR_SHARED, 5, 1));
  assert_true(posterior.current && posterior.rows == 0);
  float phi[10];
  fill_normal(&(uint64_t){60}, phi, 10, 1);
  float y[10];
  memcpy(y, phi, sizeof y);
  sngp_posterior_project(&posterior, y, 2);
  assert_memory_equal(y, phi, sizeof y); /* the root is the identity, whatever the ridge */
  sngp_posterior_destroy(&posterior);
}

static void a_reset_forgets_all_rows(void **state) {
  (void)state;
  draw(5);
  sngp_posterior first = posterior_of(5, weights, ROWS, 1), again;
  assert_ok(sngp_posterior_copy(&again, &first));
  sngp_posterior_reset(&again);
  assert_true(again.rows == 0 && !again.current);
  for (int k = 0; k < 25; k++) assert_close(again.precision[k], 0, 0);
  assert_ok(sngp_posterior_finish(&again, 7));
  for (int k = 0; k < 25; k++) assert_close(again.root[k], k % 6 == 0, 1e-7);
  sngp_posterior_destroy(&again);
  sngp_posterior_destroy(&first);
}

static void a_copy_is_independent(void **state) {
  (void)state;
  draw(5);
  sngp_posterior first = posterior_of(5, NULL, ROWS, 1), copy;
  assert_ok(sngp_posterior_finish(&first, 0.5));
  assert_ok(sngp_posterior_copy(&copy, &first));
  assert_true(copy.rows == ROWS && copy.current && copy.size == 5);
  assert_memory_equal(copy.precision, first.precision, 25 * sizeof(double));
  assert_memory_equal(copy.root, first.root, 25 * sizeof(float));
  sngp_posterior_reset(&first);
  assert_true(copy.precision[0] > 0 && copy.current);
  sngp_posterior_destroy(&first);
  sngp_posterior_destroy(&copy);
}

/* Rank one and so large that rounding makes pivots 0 or negative: P's smallest eigenvalue is the
   ridge, 1e-6, the rounding of its entries 1e-4. */
static void a_rank_deficient_precision_is_factored_with_reported_jitter(void **state) {
  (void)state;
  enum { SIZE = 64 };
  sngp_posterior posterior;
  sngp_pool *pool = pool_of(1);
  float phi[SIZE];
  double mean_diagonal = 0;
  fill_normal(&(uint64_t){61}, phi, SIZE, 1e6);
  for (int j = 0; j < SIZE; j++) mean_diagonal += (double)phi[j] * (double)phi[j] / SIZE;
  assert_ok(sngp_posterior_create(&posterior, SNGP_POSTERIOR_SHARED, SIZE, 1));
  enter(&posterior, phi, NULL, 1, 1, 1, pool);
  assert_ok(sngp_posterior_finish(&posterior, 1e-6));
  assert_below(0, posterior.jitter);
  double step = posterior.jitter / (1e-8 * mean_diagonal); /* 1, 10 or 100 */
  assert_close(log10(step), round(log10(step)), 1e-6);
  assert_in_range(round(step), 1, 100);
  /* A v = |v|^2 v, so along v the variance is ridge |v|^2 / (|v|^2 + ridge + jitter) for |v| v. */
  sngp_posterior_project(&posterior, phi, 1);
  double variance = 0;
  for (int j = 0; j < SIZE; j++) variance += (double)phi[j] * (double)phi[j];
  assert_close(variance / 1e-6, 1 / (1 + posterior.jitter / (SIZE * mean_diagonal)), 1e-2);
  sngp_pool_free(pool);
  sngp_posterior_destroy(&posterior);
}

/* A NaN or an infinity among features or weights comes to light when the matrix is factored; what
   predictions use is still the old root. */
static void a_precision_that_is_not_finite_leaves_the_old_root(void **state) {
  (void)state;
  const float bad[] = {NAN, INFINITY};
  for (int b = 0; b < 2; b++)
    for (int where = 0; where < 2; where++) {
      draw(300);
      sngp_pool *pool = pool_of(1);
      sngp_posterior posterior = posterior_of(300, NULL, ROWS, 1), before;
      assert_ok(sngp_posterior_finish(&posterior, 1));
      assert_ok(sngp_posterior_copy(&before, &posterior));
      if (where == 0)
        features[3 * 300 + 299] = bad[b];
      else
        weights[ROWS - 1] = bad[b];
      enter(&posterior, features, weights, ROWS, 1, 1, pool);
      assert_fails(sngp_posterior_finish(&posterior, 1), SNGP_ERROR_NUMERICAL, "not finite");
      assert_memory_equal(posterior.root, before.root, 300 * 300 * sizeof(float));
      assert_false(posterior.current);
      assert_close(posterior.jitter, before.jitter, 0);
      sngp_pool_free(pool);
      sngp_posterior_destroy(&posterior);
      sngp_posterior_destroy(&before);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_precision_is_the_explicit_sum),
      cmocka_unit_test(the_covariance_is_that_of_the_explicit_inverse_for_every_ridge),
      cmocka_unit_test(the_precision_does_not_depend_on_blocks_of_rows),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(a_moving_average_follows_its_recursion),
      cmocka_unit_test(a_new_posterior_is_that_of_no_data),
      cmocka_unit_test(a_reset_forgets_all_rows),
      cmocka_unit_test(a_copy_is_independent),
      cmocka_unit_test(a_rank_deficient_precision_is_factored_with_reported_jitter),
      cmocka_unit_test(a_precision_that_is_not_finite_leaves_the_old_root),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
