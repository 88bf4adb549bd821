/* Hessians of classifications against differences of a plain gradient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/laplace.h"
#include "support/check.h"
#include "unit/gp/classifications.h"

enum { ROWS = 600, SIZE = 5, CLASSES = 3, MOST = (SIZE + 1) * CLASSES };

static double *hessian_of(const sngp_classification *problem, sngp_laplace_kind kind,
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
static void check_joint(const sngp_classification *problem, double *parameters,
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

static void the_joint_hessian_is_that_of_differences(void **state) {
  (void)state;
  for (int kind = 0; kind < 4; kind++) {
    int64_t width = kind & 1 ? CLASSES : 1;
    test_rows rows = make_rows(1, ROWS, SIZE, width == 1 ? 2 : width);
    sngp_classification problem = problem_of(&rows, width, kind >> 1, true, 0.7);
    double parameters[MOST];
    uint64_t seed = 9;
    for (int k = 0; k < MOST; k++) parameters[k] = next_normal(&seed);
    double *hessian = hessian_of(&problem, SNGP_LAPLACE_JOINT, parameters);
    check_joint(&problem, parameters, hessian);
    free(hessian);
    free_rows(&rows);
  }
}

static void the_approximations_are_its_diagonal_blocks_and_their_mean(void **state) {
  (void)state;
  test_rows rows = make_rows(2, ROWS, SIZE, CLASSES);
  sngp_classification problem = problem_of(&rows, CLASSES, true, true, 0.7);
  double parameters[MOST];
  uint64_t seed = 10;
  for (int k = 0; k < MOST; k++) parameters[k] = next_normal(&seed);
  double *joint = hessian_of(&problem, SNGP_LAPLACE_JOINT, parameters);
  double *separate = hessian_of(&problem, SNGP_LAPLACE_PER_CLASS, parameters);
  double *shared = hessian_of(&problem, SNGP_LAPLACE_SHARED, parameters);
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j <= i; j++) {
      double sum = 0;
      for (int k = 0; k < CLASSES; k++) {
        double entry = joint[(k * SIZE + i) * SIZE * CLASSES + k * SIZE + j];
        assert_close(separate[(k * SIZE + i) * SIZE + j], entry, 1e-12);
        sum += entry;
      }
      assert_close(shared[i * SIZE + j], sum / CLASSES, 1e-12);
    }
  free(shared);
  free(separate);
  free(joint);
  free_rows(&rows);
}

/* The softmax does not see what is added to all classes: blocks of a row sum to zero. */
static void the_joint_hessian_knows_that_probabilities_sum_to_one(void **state) {
  (void)state;
  test_rows rows = make_rows(3, ROWS, SIZE, CLASSES);
  sngp_classification problem = problem_of(&rows, CLASSES, false, false, 0.7);
  double parameters[MOST] = {0};
  parameters[0] = 3;
  double *joint = hessian_of(&problem, SNGP_LAPLACE_JOINT, parameters);
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) {
      double sum = 0;
      for (int k = 0; k < CLASSES; k++) {
        int row = (CLASSES - 1) * SIZE + i, column = k * SIZE + j;
        sum +=
            joint[(row > column ? row : column) * SIZE * CLASSES + (row > column ? column : row)];
      }
      assert_close(sum, 0, 1e-11);
    }
  free(joint);
  free_rows(&rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_joint_hessian_is_that_of_differences),
      cmocka_unit_test(the_approximations_are_its_diagonal_blocks_and_their_mean),
      cmocka_unit_test(the_joint_hessian_knows_that_probabilities_sum_to_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
