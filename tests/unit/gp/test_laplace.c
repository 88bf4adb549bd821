/* Hessians of linear models against differences of a plain gradient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/laplace.h"
#include "support/check.h"
#include "unit/gp/linear_problems.h"

enum { ROWS = 600, SIZE = 5, MOST = (SIZE + 1) * SEVERAL_OUTPUTS };

static double *hessian_of(const sngp_linear_problem *problem, sngp_laplace_kind kind,
                          const double *parameters) {
  size_t area = 0;
  assert_true(sngp_laplace_area(problem, kind, &area));
  double *hessian = take(area, sizeof *hessian);
  sngp_pool *pool = pool_of(2);
  assert_ok(sngp_laplace_hessian(problem, kind, parameters, pool, hessian));
  sngp_pool_free(pool);
  return hessian;
}

/* Entry (k M + i, l M + j), lambda apart, intercepts held: the change of the gradient in beta_ik
   with beta_jl. */
static void check_joint(const sngp_linear_problem *problem, double *parameters,
                        const double *hessian) {
  const double h = 1e-5;
  int64_t size = problem->size, width = problem->num_outputs, side = size * width;
  double above[MOST], below[MOST];
  for (int64_t l = 0; l < width; l++)
    for (int64_t j = 0; j < size; j++) {
      double value = parameters[j * width + l];
      parameters[j * width + l] = value + h;
      plain_gradient(problem, parameters, above);
      parameters[j * width + l] = value - h;
      plain_gradient(problem, parameters, below);
      parameters[j * width + l] = value;
      for (int64_t k = 0; k < width; k++)
        for (int64_t i = 0; i < size; i++) {
          int64_t row = k * size + i, column = l * size + j;
          if (column > row) continue;
          double expected = (above[i * width + k] - below[i * width + k]) / (2 * h);
          if (row == column) expected -= problem->lambda;
          assert_close(hessian[row * side + column], expected, 1e-6);
        }
    }
}

static void draw(uint64_t seed, double *parameters) {
  for (int k = 0; k < MOST; k++) parameters[k] = next_normal(&seed);
}

static void the_joint_hessian_is_that_of_differences(void **state) {
  (void)state;
  for (int i = 0; i < 2 * NUM_KINDS; i++) {
    test_problem made = make_problem((problem_kind)(i / 2), 1, ROWS, SIZE, true, i & 1, 0.7);
    double parameters[MOST];
    draw(9, parameters);
    double *hessian = hessian_of(&made.problem, SNGP_LAPLACE_JOINT, parameters);
    check_joint(&made.problem, parameters, hessian);
    free(hessian);
    free_problem(&made);
  }
}

/* Blocks of `separate` and their mean, the whole of `shared`, from the joint Hessian's. */
static void compare_blocks(int64_t width, const double *joint, const double *separate,
                           const double *shared) {
  for (int64_t i = 0; i < SIZE; i++)
    for (int64_t j = 0; j <= i; j++) {
      double sum = 0;
      for (int64_t k = 0; k < width; k++) {
        double entry = joint[(k * SIZE + i) * SIZE * width + k * SIZE + j];
        assert_close(separate[(k * SIZE + i) * SIZE + j], entry, 1e-11);
        sum += entry;
      }
      assert_close(shared[i * SIZE + j], sum / (double)width, 1e-11);
    }
}

static void the_approximations_are_its_diagonal_blocks_and_their_mean(void **state) {
  (void)state;
  for (int kind = 0; kind < NUM_KINDS; kind++) {
    test_problem made = make_problem((problem_kind)kind, 2, ROWS, SIZE, true, true, 0.7);
    double parameters[MOST];
    draw(10, parameters);
    double *joint = hessian_of(&made.problem, SNGP_LAPLACE_JOINT, parameters);
    double *separate = hessian_of(&made.problem, SNGP_LAPLACE_PER_OUTPUT, parameters);
    double *shared = hessian_of(&made.problem, SNGP_LAPLACE_SHARED, parameters);
    compare_blocks(made.problem.num_outputs, joint, separate, shared);
    free(shared);
    free(separate);
    free(joint);
    free_problem(&made);
  }
}

/* exp(-30) and exp(20) times the features' products, whatever the outputs beyond these. */
static void rates_are_clamped(void **state) {
  (void)state;
  const double logits[] = {-50, 40}, rates[] = {exp(-30), exp(20)};
  test_problem made = make_problem(ONE_COUNT, 4, ROWS, SIZE, true, false, 0.7);
  double parameters[SIZE + 1] = {0};
  for (int c = 0; c < 2; c++) {
    parameters[SIZE] = logits[c];
    double *hessian = hessian_of(&made.problem, SNGP_LAPLACE_SHARED, parameters), sum = 0;
    for (int i = 0; i < ROWS; i++) sum += made.rows.exact[i * SIZE + 2] * made.rows.exact[i * SIZE];
    assert_close(hessian[2 * SIZE] / rates[c], sum, 1e-9);
    free(hessian);
  }
  free_problem(&made);
}

/* The softmax does not see what is added to all classes: blocks of a row sum to zero. */
static void the_joint_hessian_knows_that_probabilities_sum_to_one(void **state) {
  (void)state;
  enum { LAST = SEVERAL_OUTPUTS - 1, SIDE = SIZE * SEVERAL_OUTPUTS };
  test_problem made = make_problem(SOFTMAX, 3, ROWS, SIZE, false, false, 0.7);
  double parameters[MOST] = {3};
  double *joint = hessian_of(&made.problem, SNGP_LAPLACE_JOINT, parameters);
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) {
      double sum = 0;
      for (int k = 0; k < SEVERAL_OUTPUTS; k++) {
        int row = LAST * SIZE + i, column = k * SIZE + j;
        sum += joint[(row > column ? row : column) * SIDE + (row > column ? column : row)];
      }
      assert_close(sum, 0, 1e-11);
    }
  free(joint);
  free_problem(&made);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_joint_hessian_is_that_of_differences),
      cmocka_unit_test(the_approximations_are_its_diagonal_blocks_and_their_mean),
      cmocka_unit_test(rates_are_clamped),
      cmocka_unit_test(the_joint_hessian_knows_that_probabilities_sum_to_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
