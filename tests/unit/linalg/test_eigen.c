/* Eigenvectors by their definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "linalg/eigen.h"
#include "support/check.h"
#include "unit/numeric.h"

static void rows_are_orthonormal_eigenvectors_in_ascending_order(void **state) {
  (void)state;
  const int64_t sizes[] = {1, 2, 40, 90};
  for (int s = 0; s < 4; s++) {
    int64_t n = sizes[s];
    uint64_t seed = (uint64_t)n;
    double *a = take((size_t)(n * n), sizeof *a), *v = take((size_t)(n * n), sizeof *v);
    double *values = take((size_t)n, sizeof *values);
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = next_normal(&seed);
    memcpy(v, a, (size_t)(n * n) * sizeof *v);
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = i + 1; j < n; j++) v[i * n + j] = NAN; /* not read */
    assert_ok(sngp_symmetric_eigen(n, v, values));
    for (int64_t i = 0; i < n; i++) {
      if (i > 0) assert_true(values[i - 1] <= values[i]);
      for (int64_t j = 0; j < n; j++) {
        double product = 0, image = 0;
        for (int64_t k = 0; k < n; k++) product += v[i * n + k] * v[j * n + k];
        for (int64_t k = 0; k < n; k++) image += a[j * n + k] * v[i * n + k];
        assert_close(product, i == j, 1e-13);
        assert_close(image, values[i] * v[i * n + j], 1e-12);
      }
    }
    free(values);
    free(v);
    free(a);
  }
}

static void a_matrix_that_is_not_finite_is_refused(void **state) {
  (void)state;
  double values[2];
  double a[4] = {1, 0, NAN, 1}, b[4] = {1, 0, 0, INFINITY};
  assert_fails(sngp_symmetric_eigen(2, a, values), SNGP_ERROR_NUMERICAL, "[1, 0]");
  assert_fails(sngp_symmetric_eigen(2, b, values), SNGP_ERROR_NUMERICAL, "[1, 1]");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_are_orthonormal_eigenvectors_in_ascending_order),
      cmocka_unit_test(a_matrix_that_is_not_finite_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
