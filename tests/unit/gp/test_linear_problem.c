/* Objectives and gradients of linear models against plain loops and differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/check.h"
#include "unit/gp/linear_problems.h"

/* More than one block of 512 rows, the last not full. */
enum { ROWS = 700, SIZE = 12, MOST = (SIZE + 1) * SEVERAL_OUTPUTS };

/* The plain gradient is that of differences of the plain objective, and the library's is it. */
static void the_gradient_is_that_of_the_objective(void **state) {
  (void)state;
  for (int i = 0; i < 4 * NUM_KINDS; i++) {
    test_problem made = make_problem((problem_kind)(i / 4), 1, ROWS, SIZE, i & 1, i >> 1 & 1, 0.7);
    const sngp_linear_problem *problem = &made.problem;
    int64_t count = parameter_count(problem);
    double parameters[MOST], differences[MOST], plain[MOST], gradient[MOST], value = 0;
    uint64_t seed = 5;
    for (int64_t k = 0; k < count; k++) parameters[k] = next_normal(&seed);
    const plain_point point = {problem, parameters};
    central_differences(plain_objective, &point, parameters, (size_t)count, differences);
    plain_gradient(problem, parameters, plain);
    sngp_linear_pass pass;
    sngp_pool *pool = pool_of(2);
    assert_ok(sngp_linear_pass_create(&pass, problem, pool));
    assert_ok(sngp_linear_gradient(&pass, parameters, &value, gradient));
    assert_close(value, plain_objective(&point), 1e-9);
    assert_close(pass.bound, plain_bound(problem), 1e-9 * pass.bound);
    for (int64_t k = 0; k < count; k++) {
      assert_close(plain[k], differences[k], 2e-5);
      assert_close(gradient[k], plain[k], 1e-9);
    }
    sngp_linear_pass_destroy(&pass);
    sngp_pool_free(pool);
    free_problem(&made);
  }
}

/* A' by differences of A, A'' by differences of A', within the range in which A'' is not clamped;
   relative errors. */
static void means_and_variances_are_derivatives(void **state) {
  (void)state;
  const double step = 1e-5;
  for (int poisson = 0; poisson < 2; poisson++) {
    sngp_linear_likelihood likelihood = poisson ? SNGP_LINEAR_POISSON : SNGP_LINEAR_LOGISTIC;
    for (double f = -8.05; f < 30; f += 0.7) { /* not at 20, where A'' jumps */
      double above = f + step, below = f - step, mean = f;
      double value = sngp_linear_means(likelihood, 1, &mean);
      double slope =
          sngp_linear_means(likelihood, 1, &above) - sngp_linear_means(likelihood, 1, &below);
      double curvature = (above - below) / (2 * step);
      assert_close(slope / (2 * step), mean, 1e-8 * mean + 1e-10 * fabs(value));
      if (f < 20)
        assert_close(sngp_linear_variance(likelihood, mean), curvature,
                     1e-8 * curvature + 1e-10 * mean);
    }
  }
}

static void rates_grow_no_further_than_at_twenty(void **state) {
  (void)state;
  double at = 20, next = 21, far = 1e30, low = -200;
  double value = sngp_linear_means(SNGP_LINEAR_POISSON, 1, &at);
  assert_close(value, exp(20), 1e-6);
  assert_close(sngp_linear_means(SNGP_LINEAR_POISSON, 1, &next), 2 * value, 1e-6);
  assert_true(isfinite(sngp_linear_means(SNGP_LINEAR_POISSON, 1, &far)));
  assert_close(next / at, 1, 1e-14);
  assert_close(far / at, 1, 1e-14);
  assert_close(sngp_linear_means(SNGP_LINEAR_POISSON, 1, &low), 0, 1e-80);
  assert_close(sngp_linear_variance(SNGP_LINEAR_POISSON, low), exp(-30), 1e-25);
  assert_close(sngp_linear_variance(SNGP_LINEAR_POISSON, at), exp(20), 1e-6);
  double wrong = NAN;
  sngp_linear_means(SNGP_LINEAR_POISSON, 1, &wrong);
  assert_true(isnan(wrong) && isnan(sngp_linear_variance(SNGP_LINEAR_POISSON, wrong)));
}

static void large_logits_give_finite_values(void **state) {
  (void)state;
  double row[] = {1e30, -1e30, 0};
  assert_close(sngp_linear_means(SNGP_LINEAR_LOGISTIC, 3, row) / 1e30, 1, 1e-12);
  assert_true(row[0] == 1 && row[1] == 0 && row[2] == 0.5);
  double classes[] = {1e30, -1e30, 0};
  assert_close(sngp_linear_means(SNGP_LINEAR_SOFTMAX, 3, classes) / 1e30, 1, 1e-12);
  assert_true(classes[0] == 1 && classes[1] == 0 && classes[2] == 0);
}

/* A row of weight w and w equal rows: w of 0 to 2. */
static test_problem repeat(const test_problem *once) {
  const sngp_linear_problem *from = &once->problem;
  int64_t size = from->size, width = from->num_outputs, count = 0;
  test_problem made = {.problem = *from};
  made.rows.features = take((size_t)(2 * from->rows * size), sizeof *made.rows.features);
  made.rows.labels = take((size_t)(2 * from->rows), sizeof *made.rows.labels);
  made.targets = take((size_t)(2 * from->rows * width), sizeof *made.targets);
  for (int64_t i = 0; i < from->rows; i++)
    for (int64_t w = 0; w < (int64_t)once->rows.weights[i]; w++, count++) {
      for (int64_t j = 0; j < size; j++)
        made.rows.features[count * size + j] = from->features[i * size + j];
      for (int64_t k = 0; k < width && from->targets != NULL; k++)
        made.targets[count * width + k] = from->targets[i * width + k];
      if (from->labels != NULL) made.rows.labels[count] = from->labels[i];
    }
  made.problem.rows = count;
  made.problem.features = made.rows.features;
  made.problem.weights = NULL;
  if (from->labels != NULL) made.problem.labels = made.rows.labels;
  if (from->targets != NULL) made.problem.targets = made.targets;
  return made;
}

static void compare_passes(sngp_linear_pass *a, sngp_linear_pass *b, const double *parameters) {
  double values[2], gradients[2][MOST], hessians[2][(SIZE + 1) * (SIZE + 1)];
  int64_t width = a->problem->num_outputs;
  assert_ok(sngp_linear_gradient(a, parameters, values, gradients[0]));
  assert_ok(sngp_linear_gradient(b, parameters, values + 1, gradients[1]));
  assert_close(values[0], values[1], 1e-9);
  assert_close(a->bound, b->bound, 1e-10 * a->bound);
  assert_close(a->magnitude, b->magnitude, 1e-10 * a->magnitude);
  for (int64_t k = 0; k < a->side * width; k++)
    assert_close(gradients[0][k], gradients[1][k], 1e-9);
  assert_ok(sngp_linear_hessian(a, parameters, width - 1, hessians[0]));
  assert_ok(sngp_linear_hessian(b, parameters, width - 1, hessians[1]));
  for (int64_t k = 0; k < a->side * a->side; k++)
    assert_close(hessians[0][k], hessians[1][k], 1e-9);
  double means[2][SEVERAL_OUTPUTS];
  sngp_linear_target_means(a->problem, means[0]);
  sngp_linear_target_means(b->problem, means[1]);
  for (int64_t k = 0; k < width; k++) assert_close(means[0][k], means[1][k], 1e-12);
}

static void a_weighted_row_is_so_many_equal_ones(void **state) {
  (void)state;
  for (int kind = 0; kind < NUM_KINDS; kind++) {
    test_problem made = make_problem((problem_kind)kind, 3, ROWS, SIZE, true, true, 0.7);
    for (int i = 0; i < ROWS; i++) made.rows.weights[i] = (float)(i % 3);
    test_problem repeated = repeat(&made);
    double parameters[MOST];
    uint64_t seed = 6;
    for (int64_t k = 0; k < MOST; k++) parameters[k] = next_normal(&seed);
    sngp_linear_pass a, b;
    sngp_pool *pool = pool_of(2);
    assert_ok(sngp_linear_pass_create(&a, &made.problem, pool));
    assert_ok(sngp_linear_pass_create(&b, &repeated.problem, pool));
    compare_passes(&a, &b, parameters);
    sngp_linear_pass_destroy(&a);
    sngp_linear_pass_destroy(&b);
    sngp_pool_free(pool);
    free_problem(&repeated);
    free_problem(&made);
  }
}

/* sum w phi phi^T over rows [first, end), intercepts' ones among phi, at (i, j), and sum w. */
static double plain_gram(const sngp_linear_problem *problem, int64_t first, int64_t end, int64_t i,
                         int64_t j, double *weights) {
  double sum = 0;
  for (int64_t n = first; n < end; n++) {
    const float *phi = problem->features + n * SIZE;
    double product = (i < SIZE ? (double)phi[i] : 1) * (j < SIZE ? (double)phi[j] : 1);
    sum += plain_weight(problem, n) * product;
    *weights += plain_weight(problem, n);
  }
  return sum;
}

static void check_gram(const sngp_linear_problem *problem, int64_t enough, bool every_third_block) {
  enum { SIDE = SIZE + 1, BLOCK = SNGP_LINEAR_BLOCK };
  double gram[SIDE * SIDE];
  sngp_linear_pass pass;
  sngp_pool *pool = pool_of(2);
  assert_ok(sngp_linear_pass_create(&pass, problem, pool));
  assert_ok(sngp_linear_gram(&pass, enough, gram));
  for (int64_t i = 0; i < SIDE; i++)
    for (int64_t j = 0; j <= i; j++) {
      double all = 0, part = 0;
      double expected = plain_gram(problem, 0, problem->rows, i, j, &all);
      if (every_third_block) {
        expected = plain_gram(problem, 0, BLOCK, i, j, &part);
        expected += plain_gram(problem, 3 * BLOCK, 4 * BLOCK, i, j, &part);
        expected *= all / part;
      }
      assert_close(gram[i * SIDE + j], expected, 1e-9);
    }
  sngp_linear_pass_destroy(&pass);
  sngp_pool_free(pool);
}

/* Five blocks and a part of one. Where the chosen blocks weigh nothing, all rows are taken. */
static void sums_of_many_rows_are_estimated_from_blocks_among_them(void **state) {
  (void)state;
  test_problem made = make_problem(SOFTMAX, 5, 2700, SIZE, true, true, 1);
  check_gram(&made.problem, 900, true);
  check_gram(&made.problem, 1351, false);
  check_gram(&made.problem, INT64_MAX, false);
  for (int i = 0; i < SNGP_LINEAR_BLOCK; i++)
    made.rows.weights[i] = made.rows.weights[3 * SNGP_LINEAR_BLOCK + i] = 0;
  check_gram(&made.problem, 900, false);
  free_problem(&made);
}

/* (sum w y + 1/2) / (sum w + 1) */
static void target_means_are_never_at_the_border(void **state) {
  (void)state;
  test_problem made = make_problem(LABELS, 4, 10, 2, true, true, 1);
  for (int i = 0; i < 10; i++) made.rows.weights[i] = (float)i;
  for (int i = 0; i < 10; i++)
    for (int k = 0; k < SEVERAL_OUTPUTS; k++) made.targets[i * SEVERAL_OUTPUTS + k] = k == 1;
  made.targets[3 * SEVERAL_OUTPUTS + 2] = 1;
  double means[SEVERAL_OUTPUTS];
  sngp_linear_target_means(&made.problem, means);
  assert_close(means[0], 0.5 / 46, 1e-15);
  assert_close(means[1], 45.5 / 46, 1e-15);
  assert_close(means[2], 3.5 / 46, 1e-15);
  free_problem(&made);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_gradient_is_that_of_the_objective),
      cmocka_unit_test(means_and_variances_are_derivatives),
      cmocka_unit_test(rates_grow_no_further_than_at_twenty),
      cmocka_unit_test(large_logits_give_finite_values),
      cmocka_unit_test(a_weighted_row_is_so_many_equal_ones),
      cmocka_unit_test(sums_of_many_rows_are_estimated_from_blocks_among_them),
      cmocka_unit_test(target_means_are_never_at_the_border),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
