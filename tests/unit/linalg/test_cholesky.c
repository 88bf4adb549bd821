/* Cholesky factors, the jitter ladder, and what LAPACK would let pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "linalg/cholesky.h"
#include "support/check.h"
#include "unit/numeric.h"

static const double UNTOUCHED = -12;

/* B B^T / n in the lower triangle, with NaN above, where nothing may look. */
static double *random_matrix(int64_t n) {
  double *b = take((size_t)(n * n), sizeof *b), *a = take((size_t)(n * n), sizeof *a);
  uint64_t seed = (uint64_t)n;
  for (int64_t k = 0; k < n * n; k++) b[k] = next_normal(&seed);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      a[i * n + j] = j <= i ? 0 : NAN;
      for (int64_t k = 0; k < n && j <= i; k++)
        a[i * n + j] += b[i * n + k] * b[j * n + k] / (double)n;
    }
  free(b);
  return a;
}

/* The largest entry of |L L^T - (A + added I)|, and above the diagonal of |L|. */
static double residual(const double *lower, const double *a, int64_t n, double added) {
  double largest = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      double difference = j > i ? lower[i * n + j] : i == j ? -added : 0;
      if (j <= i) difference -= a[i * n + j];
      for (int64_t k = 0; k <= j && j <= i; k++) difference += lower[i * n + k] * lower[j * n + k];
      if (!(fabs(difference) <= largest)) largest = fabs(difference);
    }
  return largest;
}

/* Entries are about 1; the factor's backward error is a few n times 1e-16. */
static void the_product_of_the_factor_is_the_matrix_and_its_diagonal(void **state) {
  (void)state;
  const int64_t sizes[] = {1, 2, 5, 64, 130};
  for (int s = 0; s < 5; s++) {
    int64_t n = sizes[s];
    double *a = random_matrix(n), *lower = take((size_t)(n * n), sizeof *lower);
    double jitter = UNTOUCHED;
    assert_ok(sngp_cholesky(n, a, 0.5, lower, &jitter));
    assert_close(jitter, 0, 0);
    assert_below(residual(lower, a, n, 0.5), 1e-13);
    free(lower);
    free(a);
  }
}

static void the_inverse_factor_is_the_inverse(void **state) {
  (void)state;
  enum { N = 70 };
  double *a = random_matrix(N), *lower = take(N * N, sizeof *lower);
  double *inverse = take(N * N, sizeof *inverse), jitter;
  assert_ok(sngp_cholesky(N, a, 0.5, lower, &jitter));
  memcpy(inverse, lower, N * N * sizeof *inverse);
  assert_ok(sngp_invert_lower(N, inverse));
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      double product = 0;
      for (int k = 0; k < N; k++) product += lower[i * N + k] * inverse[k * N + j];
      assert_close(product, i == j, 1e-13);
      if (j > i) assert_close(inverse[i * N + j], 0, 0);
    }
  free(inverse);
  free(lower);
  free(a);
}

/* [[1, 1 + d], [1 + d, 1]] has the eigenvalue -d: a jitter above d heals it, one below does not.
   The ladder is relative to the mean diagonal, ridge included. */
static sngp_status factor_indefinite(double size, double d, double *jitter) {
  double lower[4];
  const double ridge = 0.25 * size;
  const double a[4] = {0.75 * size, NAN, (1 + d) * size, 0.75 * size};
  sngp_status status = sngp_cholesky(2, a, ridge, lower, jitter);
  if (status == SNGP_OK) assert_below(residual(lower, a, 2, ridge + *jitter), 1e-15 * size);
  return status;
}

static void jitter_grows_until_the_matrix_is_positive_definite(void **state) {
  (void)state;
  const double sizes[] = {1, 1e9, 1e-9};
  for (int s = 0; s < 3; s++) {
    double jitter = UNTOUCHED;
    assert_ok(factor_indefinite(sizes[s], -1e-3, &jitter));
    assert_close(jitter, 0, 0);
    for (int step = 0; step < 3; step++) {
      double expected = pow(10, step - 8) * sizes[s];
      assert_ok(factor_indefinite(sizes[s], 0.5 * pow(10, step - 8), &jitter));
      assert_close(jitter, expected, 1e-12 * expected);
    }
  }
}

static void beyond_the_ladder_the_failure_says_what_was_tried(void **state) {
  (void)state;
  double jitter = UNTOUCHED;
  assert_fails(factor_indefinite(1, 2e-6, &jitter), SNGP_ERROR_NUMERICAL, "2 x 2",
               "not positive definite", "1e-06");
  assert_fails(factor_indefinite(1, 100, &jitter), SNGP_ERROR_NUMERICAL, "mean diagonal 1");
  assert_close(jitter, UNTOUCHED, 0);
}

/* OpenBLAS's potrf succeeds with a NaN on the diagonal. */
static void nan_and_infinity_anywhere_in_the_triangle_are_refused(void **state) {
  (void)state;
  enum { N = 6 };
  const double bad[] = {NAN, INFINITY, -INFINITY};
  for (int b = 0; b < 3; b++)
    for (int i = 0; i < N; i++)
      for (int j = 0; j <= i; j++) {
        double *a = random_matrix(N), lower[N * N], jitter = UNTOUCHED;
        char place[32];
        a[i * N + j] = bad[b];
        snprintf(place, sizeof place, "[%d, %d]", i, j);
        assert_fails(sngp_cholesky(N, a, 1, lower, &jitter), SNGP_ERROR_NUMERICAL, "not finite",
                     place);
        assert_close(jitter, UNTOUCHED, 0);
        free(a);
      }
}

/* Finite entries whose squares are not. */
static void entries_that_overflow_are_refused(void **state) {
  (void)state;
  const double a[4] = {1e308, NAN, 1e308, 1e308};
  double lower[4], jitter = UNTOUCHED;
  sngp_status status = sngp_cholesky(2, a, 1e308, lower, &jitter);
  assert_int_equal(status, SNGP_ERROR_NUMERICAL);
}

static void a_singular_factor_has_no_inverse(void **state) {
  (void)state;
  double lower[4] = {1, 0, 1, 0};
  assert_fails(sngp_invert_lower(2, lower), SNGP_ERROR_NUMERICAL, "singular at 1");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_product_of_the_factor_is_the_matrix_and_its_diagonal),
      cmocka_unit_test(the_inverse_factor_is_the_inverse),
      cmocka_unit_test(jitter_grows_until_the_matrix_is_positive_definite),
      cmocka_unit_test(beyond_the_ladder_the_failure_says_what_was_tried),
      cmocka_unit_test(nan_and_infinity_anywhere_in_the_triangle_are_refused),
      cmocka_unit_test(entries_that_overflow_are_refused),
      cmocka_unit_test(a_singular_factor_has_no_inverse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
