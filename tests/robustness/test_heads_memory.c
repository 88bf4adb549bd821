/* When memory runs out under the heads that are trained directly: a clean error at every single
   allocation, nothing leaked, and what there was stays usable. */
#include "robustness/allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/status.h"
#include "gp/evidence.h"
#include "gp/newton.h"
#include "gp/ridge_regression.h"
#include "gp/updates.h"
#include "support/check.h"
#include "train/coordinates.h"
#include "unit/gp/linear_problems.h"

enum { ROWS = 30, SIZE = 5, WIDTH = 2 };

static test_rows rows;
static sngp_statistics statistics;

static int create(void **state) {
  (void)state;
  leave_blas_out();
  rows = make_rows(1, ROWS, SIZE, WIDTH);
  statistics = statistics_of(&rows, 0, 1, ROWS, 1);
  return 0;
}

static int destroy(void **state) {
  (void)state;
  sngp_statistics_destroy(&statistics);
  free_rows(&rows);
  return 0;
}

/* `run` asserts that what it made is gone where it failed. Fails each allocation in turn, alone and
   with all that follow; returns how many there are. */
static long fail_each(sngp_status (*run)(void)) {
  assert_ok(run()); /* what is taken once for all */
  for (long number = 1;; number++)
    for (int later_ones_too = 0; later_ones_too < 2; later_ones_too++) {
      long before = atomic_load(&blocks_in_use);
      fail_allocation(number, later_ones_too);
      sngp_status status = run();
      int failed = atomic_load(&allocations) >= number;
      fail_allocation(0, 0);
      assert_int_equal(atomic_load(&blocks_in_use), before);
      if (!failed) {
        assert_ok(status);
        return number - 1;
      }
      assert_int_equal(status, SNGP_ERROR_OUT_OF_MEMORY);
      assert_non_null(strstr(sngp_last_error(), "memory"));
    }
}

static sngp_status run_statistics(void) {
  sngp_statistics made;
  sngp_status status = sngp_statistics_create(&made, SIZE, WIDTH, NULL);
  assert_true((made.gram == NULL) == (status != SNGP_OK));
  sngp_statistics_destroy(&made);
  return status;
}

static sngp_status run_ridge_regression(void) {
  sngp_ridge_regression made;
  sngp_status status = sngp_ridge_regression_create(&made, SIZE, WIDTH);
  assert_true((made.lower == NULL) == (status != SNGP_OK));
  if (status != SNGP_OK) return status;
  status = sngp_ridge_regression_fit(&made, &statistics, 0.5, true);
  assert_true((made.coefficients[0] == 0) == (status != SNGP_OK)); /* as it was */
  assert_true((made.lower[0] == 1) == (status != SNGP_OK));
  sngp_ridge_regression_destroy(&made);
  return status;
}

static sngp_status run_evidence(void) {
  sngp_evidence made;
  sngp_status status = sngp_evidence_create(&made, &statistics, true);
  assert_true((made.values == NULL) == (status != SNGP_OK));
  sngp_evidence_destroy(&made);
  return status;
}

static sngp_status run_updates(void) {
  sngp_posterior posterior;
  sngp_pool *pool = NULL;
  SNGP_TRY(sngp_pool_create(1, &pool));
  sngp_status status = sngp_posterior_create(&posterior, SNGP_POSTERIOR_SHARED, SIZE, 1);
  if (status == SNGP_OK) status = sngp_posterior_finish_for_changes(&posterior, 0.5);
  const sngp_posterior_rows entering = {.count = 1, .features = rows.features};
  if (status == SNGP_OK) {
    status = sngp_posterior_change(&posterior, &entering, 1, 0.5, pool);
    assert_true((posterior.rows == 1) == (status == SNGP_OK));
    assert_true((posterior.precision[0] > 0) == (status == SNGP_OK));
  }
  sngp_posterior_destroy(&posterior);
  sngp_pool_free(pool);
  return status;
}

static sngp_linear_problem problem_of_rows(void) {
  return (sngp_linear_problem){.rows = ROWS,
                               .size = SIZE,
                               .num_outputs = WIDTH,
                               .likelihood = SNGP_LINEAR_SOFTMAX,
                               .intercept = true,
                               .lambda = 0.5,
                               .features = rows.features,
                               .labels = rows.labels};
}

static sngp_status run_newton(void) {
  const sngp_linear_problem problem = problem_of_rows();
  const sngp_newton_settings settings = {SNGP_DESCENT_LBFGS, 1e-6, 100};
  double parameters[(SIZE + 1) * WIDTH] = {0};
  sngp_newton_result result;
  sngp_pool *pool = NULL;
  SNGP_TRY(sngp_pool_create(1, &pool));
  sngp_status status =
      sngp_newton_solve(&problem, &settings, pool, NULL, NULL, parameters, &result);
  assert_true((parameters[0] == 0) == (status != SNGP_OK));
  sngp_pool_free(pool);
  return status;
}

static sngp_status run_coordinates(void) {
  sngp_coordinates made;
  sngp_status status = sngp_coordinates_create(&made, SIZE, ROWS, WIDTH);
  if (status == SNGP_OK) status = sngp_coordinates_find(&made, rows.features);
  sngp_coordinates_destroy(&made);
  return status;
}

static void linear_models_fail_cleanly(void **state) {
  (void)state;
  assert_true(fail_each(run_newton) >= 6);
  assert_true(fail_each(run_coordinates) >= 5);
}

static void closed_forms_fail_cleanly(void **state) {
  (void)state;
  assert_true(fail_each(run_statistics) >= 2);
  assert_true(fail_each(run_ridge_regression) >= 2);
  assert_true(fail_each(run_evidence) >= 5);
  assert_true(fail_each(run_updates) >= 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(closed_forms_fail_cleanly),
      cmocka_unit_test(linear_models_fail_cleanly),
  };
  return cmocka_run_group_tests(tests, create, destroy);
}
