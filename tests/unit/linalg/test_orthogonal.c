/* Random orthonormal matrices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "linalg/orthogonal.h"
#include "support/check.h"
#include "unit/numeric.h"

static void orthonormalize(int64_t n, uint64_t *seed, double *q) {
  for (int64_t k = 0; k < n * n; k++) q[k] = next_normal(seed);
  assert_ok(sngp_orthonormalize(n, q));
}

static void rows_and_columns_are_orthonormal(void **state) {
  (void)state;
  const int64_t sizes[] = {1, 2, 17, 64};
  uint64_t seed = 50;
  for (int s = 0; s < 4; s++) {
    int64_t n = sizes[s];
    double *q = take((size_t)(n * n), sizeof *q);
    orthonormalize(n, &seed, q);
    for (int64_t a = 0; a < n; a++)
      for (int64_t b = 0; b < n; b++) {
        double rows = 0, columns = 0;
        for (int64_t k = 0; k < n; k++) {
          rows += q[a * n + k] * q[b * n + k];
          columns += q[k * n + a] * q[k * n + b];
        }
        assert_close(rows, a == b, 1e-14);
        assert_close(columns, a == b, 1e-14);
      }
    free(q);
  }
}

/* Uniform over all rotations and reflections: entries have mean 0, variance 1 / n and fourth moment
   3 / (n (n + 2)). LAPACK's Q alone, whose first entry is never positive, has neither. */
static void matrices_are_uniformly_distributed(void **state) {
  (void)state;
  enum { N = 4, DRAWS = 5000 };
  double q[N * N], mean[N * N] = {0}, square[N * N] = {0}, trace = 0;
  uint64_t seed = 51;
  for (int d = 0; d < DRAWS; d++) {
    orthonormalize(N, &seed, q);
    for (int k = 0; k < N * N; k++) {
      mean[k] += q[k] / DRAWS;
      square[k] += q[k] * q[k] / DRAWS;
    }
    for (int i = 0; i < N; i++) trace += q[i * N + i] / DRAWS;
  }
  const double variance = 1.0 / N, of_squares = 3.0 / (N * (N + 2)) - variance * variance;
  for (int k = 0; k < N * N; k++) {
    assert_close(mean[k], 0, 5 * sqrt(variance / DRAWS));
    assert_close(square[k], variance, 5 * sqrt(of_squares / DRAWS));
  }
  assert_close(trace, 0, 5 / sqrt(DRAWS)); /* E trace^2 = 1 */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_and_columns_are_orthonormal),
      cmocka_unit_test(matrices_are_uniformly_distributed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
