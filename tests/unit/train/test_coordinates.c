/* A linear model on the coordinates of few rows is the one on all of their features. */
#include "train/coordinates.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gp/newton.h"
#include "support/check.h"
#include "unit/gp/linear_problems.h"

enum { ROWS = 24, SIZE = 60, MOST = (SIZE + 1) * SEVERAL_OUTPUTS };

static void solve(const sngp_linear_problem *problem, double *parameters) {
  const sngp_newton_settings settings = {SNGP_DESCENT_LBFGS, 1e-10, 1000};
  sngp_newton_result result;
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(1, &pool));
  assert_ok(sngp_newton_solve(problem, &settings, pool, NULL, NULL, parameters, &result));
  sngp_pool_free(pool);
}

/* With three rows that are copies of others, and a fold that is held out: its rows keep their
   coordinates, and have no part in the solution. */
static void solutions_are_the_same(void **state) {
  (void)state;
  enum { COPIES = 3, HELD_OUT = 5 };
  for (int kind = 0; kind < NUM_KINDS; kind++) {
    test_problem made = make_problem((problem_kind)kind, 5, ROWS, SIZE, true, true, 0.3);
    const int64_t outputs = made.problem.num_outputs;
    memcpy(made.rows.features, made.rows.features + (ROWS - COPIES) * SIZE,
           COPIES * SIZE * sizeof(float));
    memset(made.rows.weights, 0, HELD_OUT * sizeof(float));
    double expected[MOST] = {0}, gamma[MOST] = {0}, found[MOST];
    solve(&made.problem, expected);

    sngp_coordinates coordinates;
    assert_ok(sngp_coordinates_create(&coordinates, ROWS, SIZE, outputs));
    assert_ok(sngp_coordinates_find(&coordinates, made.rows.features));
    assert_int_equal(coordinates.rank, ROWS - COPIES);
    sngp_linear_problem few = made.problem;
    few.size = coordinates.rank;
    few.features = coordinates.coordinates;
    solve(&few, gamma);
    sngp_coordinates_weights(&coordinates, gamma, outputs, found);
    for (int64_t i = 0; i < SIZE * outputs; i++) assert_close(found[i], expected[i], 1e-5);
    for (int64_t k = 0; k < outputs; k++)
      assert_close(gamma[few.size * outputs + k], expected[SIZE * outputs + k], 1e-5);
    sngp_coordinates_destroy(&coordinates);
    free_problem(&made);
  }
}

static void features_of_zero_have_weights_of_zero(void **state) {
  (void)state;
  const float features[2 * SIZE] = {0};
  const double gamma[2] = {1, 1};
  double found[SIZE];
  sngp_coordinates coordinates;
  assert_ok(sngp_coordinates_create(&coordinates, 2, SIZE, 1));
  assert_ok(sngp_coordinates_find(&coordinates, features));
  sngp_coordinates_weights(&coordinates, gamma, 1, found);
  for (int i = 0; i < SIZE; i++) assert_true(found[i] == 0);
  sngp_coordinates_destroy(&coordinates);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(solutions_are_the_same),
      cmocka_unit_test(features_of_zero_have_weights_of_zero),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
