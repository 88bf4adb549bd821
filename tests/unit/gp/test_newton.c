/* Optima of linear classification, checked by gradients of plain loops and by another search. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/newton.h"
#include "support/check.h"
#include "unit/gp/classifications.h"
#include "unit/reference_matrix.h"

/* More than one block of 512 rows, the last not full. */
enum { ROWS = 700, SIZE = 12, CLASSES = 3, MOST = (SIZE + 1) * CLASSES };

static const sngp_solver ONE_OUTPUT[] = {SNGP_SOLVER_NEWTON, SNGP_SOLVER_MAJORISED,
                                         SNGP_SOLVER_LBFGS, SNGP_SOLVER_AUTOMATIC};
static const sngp_solver SEVERAL[] = {SNGP_SOLVER_MAJORISED, SNGP_SOLVER_LBFGS,
                                      SNGP_SOLVER_AUTOMATIC};
enum { NUM_ONE_OUTPUT = 4, NUM_SEVERAL = 3 };

static sngp_newton_result solve(const sngp_classification *problem, sngp_solver solver,
                                double tolerance, double *parameters) {
  const sngp_newton_settings settings = {solver, tolerance, 20000};
  sngp_newton_result result;
  sngp_pool *pool = pool_of(2);
  assert_ok(sngp_newton_solve(problem, &settings, pool, NULL, NULL, parameters, &result));
  sngp_pool_free(pool);
  return result;
}

/* sqrt(sum w * sum w |phi|^2) */
static double gradient_bound(const sngp_classification *problem) {
  double weights = 0, squares = 0;
  for (int64_t i = 0; i < problem->rows; i++) {
    double weight = problem->weights != NULL ? (double)problem->weights[i] : 1;
    double square = problem->intercept ? 1 : 0;
    for (int64_t j = 0; j < problem->size; j++)
      square += pow((double)problem->features[i * problem->size + j], 2);
    weights += weight;
    squares += weight * square;
  }
  return sqrt(weights * squares);
}

static double gradient_norm(const sngp_classification *problem, const double *parameters) {
  double gradient[MOST], sum = 0;
  plain_gradient(problem, parameters, gradient);
  for (int64_t k = 0; k < parameter_count(problem); k++) sum += gradient[k] * gradient[k];
  return sqrt(sum);
}

/* The plain gradient is that of differences of the plain objective, and the library's is it. */
static void the_gradient_is_that_of_the_objective(void **state) {
  (void)state;
  for (int kind = 0; kind < 8; kind++) {
    int64_t width = kind & 1 ? CLASSES : 1;
    test_rows rows = make_rows(1, ROWS, SIZE, width == 1 ? 2 : width);
    sngp_classification problem = problem_of(&rows, width, kind >> 1 & 1, kind >> 2 & 1, 0.7);
    int64_t count = parameter_count(&problem);
    double parameters[MOST], differences[MOST], plain[MOST], gradient[MOST], value = 0;
    uint64_t seed = 5;
    for (int64_t k = 0; k < count; k++) parameters[k] = next_normal(&seed);
    const plain_point point = {&problem, parameters};
    central_differences(plain_objective, &point, parameters, (size_t)count, differences);
    plain_gradient(&problem, parameters, plain);
    sngp_classification_pass pass;
    sngp_pool *pool = pool_of(2);
    assert_ok(sngp_classification_pass_create(&pass, &problem, pool));
    assert_ok(sngp_classification_gradient(&pass, parameters, &value, gradient));
    assert_close(value, plain_objective(&point), 1e-9);
    assert_close(pass.bound, gradient_bound(&problem), 1e-9);
    for (int64_t k = 0; k < count; k++) {
      assert_close(plain[k], differences[k], 1e-5);
      assert_close(gradient[k], plain[k], 1e-10);
    }
    sngp_classification_pass_destroy(&pass);
    sngp_pool_free(pool);
    free_rows(&rows);
  }
}

/* Relative to the bound the tolerance is met, by the plain gradient; from zeros and from afar. */
static void every_solver_reaches_the_stated_gradient(void **state) {
  (void)state;
  const double lambdas[] = {0.1, 10};
  for (int l = 0; l < 2; l++)
    for (int kind = 0; kind < 8; kind++) {
      int64_t width = kind & 1 ? CLASSES : 1;
      test_rows rows = make_rows(2, ROWS, SIZE, width == 1 ? 2 : width);
      sngp_classification problem =
          problem_of(&rows, width, kind >> 1 & 1, kind >> 2 & 1, lambdas[l]);
      int solvers = width == 1 ? NUM_ONE_OUTPUT : NUM_SEVERAL;
      for (int s = 0; s < solvers; s++)
        for (int far = 0; far < 2; far++) {
          double parameters[MOST];
          for (int64_t k = 0; k < MOST; k++) parameters[k] = far ? 5 * (double)(k % 4) - 7 : 0;
          sngp_newton_result result =
              solve(&problem, (width == 1 ? ONE_OUTPUT : SEVERAL)[s], 1e-9, parameters);
          double actual = gradient_norm(&problem, parameters) / gradient_bound(&problem);
          assert_true(result.converged);
          assert_below(actual, 1.001e-9);
          assert_close(result.gradient, actual, 1e-13);
          const plain_point point = {&problem, parameters};
          assert_close(result.value, plain_objective(&point), 1e-9);
        }
      free_rows(&rows);
    }
}

/* The Hessian by differences of the plain gradient; a diagonal of 1e-9 for the direction in which
   all intercepts move together. */
static double *plain_newton_step(const sngp_classification *problem, double *parameters) {
  int64_t n = parameter_count(problem);
  const double h = 1e-5;
  double above[MOST], below[MOST], gradient[MOST];
  double *hessian = take((size_t)(n * n), sizeof *hessian);
  plain_gradient(problem, parameters, gradient);
  for (int64_t k = 0; k < n; k++) {
    double value = parameters[k];
    parameters[k] = value + h;
    plain_gradient(problem, parameters, above);
    parameters[k] = value - h;
    plain_gradient(problem, parameters, below);
    parameters[k] = value;
    for (int64_t j = 0; j < n; j++) hessian[j * n + k] = (above[j] - below[j]) / (2 * h);
    hessian[k * n + k] += 1e-9;
  }
  double *inverse = reference_inverse(hessian, n), *step = take((size_t)n, sizeof *step);
  for (int64_t j = 0; j < n; j++)
    for (int64_t k = 0; k < n; k++) step[j] += inverse[j * n + k] * gradient[k];
  free(inverse);
  free(hessian);
  return step;
}

/* What all intercepts have in common is nothing that the softmax sees. */
static void center_intercepts(const sngp_classification *problem, double *parameters) {
  int64_t width = problem->num_outputs;
  double *intercepts = parameters + problem->size * width, mean = 0;
  for (int64_t k = 0; k < width; k++) mean += intercepts[k] / (double)width;
  for (int64_t k = 0; k < width && width > 1; k++) intercepts[k] -= mean;
}

static void the_optimum_is_that_of_a_search_over_all_parameters(void **state) {
  (void)state;
  for (int kind = 0; kind < 4; kind++) {
    int64_t width = kind & 1 ? CLASSES : 1;
    test_rows rows = make_rows(3, 60, 4, width == 1 ? 2 : width);
    sngp_classification problem = problem_of(&rows, width, kind >> 1, true, 0.5);
    double parameters[MOST] = {0}, expected[MOST] = {0};
    for (int i = 0; i < 12; i++) {
      double *step = plain_newton_step(&problem, expected);
      for (int64_t k = 0; k < parameter_count(&problem); k++) expected[k] -= step[k];
      free(step);
    }
    assert_below(gradient_norm(&problem, expected), 1e-9);
    center_intercepts(&problem, expected);
    solve(&problem, SNGP_SOLVER_AUTOMATIC, 1e-12, parameters);
    for (int64_t k = 0; k < parameter_count(&problem); k++)
      assert_close(parameters[k], expected[k], 1e-7);
    free_rows(&rows);
  }
}

typedef struct {
  double last;
  int64_t count;
  bool rises;
} trace;

static void follow(void *context, double value) {
  trace *all = context;
  if (!(value <= all->last * (1 + 1e-13))) all->rises = true;
  all->last = value;
  all->count++;
}

/* Majorised steps never need a second try. */
static void the_objective_falls_in_every_iteration(void **state) {
  (void)state;
  for (int several = 0; several < 2; several++)
    for (int s = 0; s < (several ? NUM_SEVERAL : NUM_ONE_OUTPUT); s++) {
      test_rows rows = make_rows(4, ROWS, SIZE, several ? CLASSES : 2);
      sngp_classification problem = problem_of(&rows, several ? CLASSES : 1, true, true, 0.1);
      double parameters[MOST];
      for (int64_t k = 0; k < MOST; k++) parameters[k] = 5 * (double)(k % 5) - 9;
      sngp_solver solver = (several ? SEVERAL : ONE_OUTPUT)[s];
      const sngp_newton_settings settings = {solver, 1e-6, 2000};
      sngp_newton_result result;
      trace all = {INFINITY, 0, false};
      sngp_pool *pool = pool_of(1);
      assert_ok(sngp_newton_solve(&problem, &settings, pool, follow, &all, parameters, &result));
      assert_true(result.converged && all.count == result.iterations && all.count > 2);
      assert_false(all.rises);
      if (solver == SNGP_SOLVER_MAJORISED) assert_int_equal(result.passes, result.iterations + 2);
      sngp_pool_free(pool);
      free_rows(&rows);
    }
}

/* Labels that features say nothing of: probabilities near 1/2, where the bound of two classes is
   the Hessian itself. Majorised steps are then Newton's, few and never too long. */
static void the_bound_is_tight_where_two_classes_are_equally_likely(void **state) {
  (void)state;
  for (int64_t width = 1; width < 3; width++) {
    test_rows rows = make_rows(9, ROWS, SIZE, 2);
    uint64_t seed = 1;
    for (int i = 0; i < ROWS; i++) rows.labels[i] = next_uniform(&seed) < 0.5;
    sngp_classification problem = problem_of(&rows, width, true, false, 0.1);
    double parameters[MOST] = {0};
    sngp_newton_result result = solve(&problem, SNGP_SOLVER_MAJORISED, 1e-9, parameters);
    assert_true(result.converged && result.iterations <= 8);
    assert_int_equal(result.passes, result.iterations + 2);
    free_rows(&rows);
  }
}

/* A penalty as large as the data's curvature, which the intercept is free of. */
static void newton_steps_converge_quadratically(void **state) {
  (void)state;
  test_rows rows = make_rows(10, ROWS, SIZE, 2);
  for (int i = 0; i < ROWS; i++)
    if (i % 4 != 0) rows.labels[i] = 0;
  sngp_classification problem = problem_of(&rows, 1, true, true, 100);
  double parameters[MOST] = {0};
  sngp_newton_result result = solve(&problem, SNGP_SOLVER_NEWTON, 1e-12, parameters);
  assert_true(result.converged && result.iterations <= 6);
  free_rows(&rows);
}

/* The first feature's sign is the label: without a penalty there is no optimum. */
static void separable_classes_have_a_finite_optimum(void **state) {
  (void)state;
  for (int several = 0; several < 2; several++)
    for (int s = 0; s < (several ? NUM_SEVERAL : NUM_ONE_OUTPUT); s++) {
      test_rows rows = make_rows(5, 200, SIZE, 2);
      for (int i = 0; i < 200; i++) rows.labels[i] = rows.features[i * SIZE] > 0;
      sngp_classification problem = problem_of(&rows, several ? 2 : 1, true, false, 1e-3);
      double parameters[MOST] = {0};
      sngp_newton_result result =
          solve(&problem, (several ? SEVERAL : ONE_OUTPUT)[s], 1e-7, parameters);
      assert_true(result.converged);
      for (int64_t k = 0; k < parameter_count(&problem); k++) assert_true(isfinite(parameters[k]));
      assert_true(result.value > 0 && result.value < 5);
      free_rows(&rows);
    }
}

/* The intercepts' gradient is sum w (p - y). */
static void with_intercepts_mean_probabilities_are_the_frequencies(void **state) {
  (void)state;
  test_rows rows = make_rows(6, ROWS, SIZE, CLASSES);
  for (int i = 0; i < ROWS; i++)
    if (i % 20 != 0) rows.labels[i] = 0;
  sngp_classification problem = problem_of(&rows, CLASSES, true, true, 100);
  double parameters[MOST] = {0}, sums[CLASSES] = {0}, p[CLASSES];
  solve(&problem, SNGP_SOLVER_AUTOMATIC, 1e-10, parameters);
  for (int i = 0; i < ROWS; i++) {
    plain_probabilities(&problem, parameters, i, p);
    for (int k = 0; k < CLASSES; k++)
      sums[k] += (double)rows.weights[i] * (p[k] - (rows.labels[i] == k));
  }
  for (int k = 0; k < CLASSES; k++) assert_close(sums[k], 0, 1e-5);
  free_rows(&rows);
}

typedef struct {
  const test_rows *rows;
  int64_t failing; /* no row may come after it */
  float copy[SNGP_CLASSIFICATION_BLOCK * SIZE];
} reader;

static sngp_status read_copy(void *context, int64_t first, int64_t count, const float **features) {
  reader *from = context;
  if (first + count > from->failing)
    return sngp_fail(SNGP_ERROR_WRITE, "row %lld", (long long)first);
  memcpy(from->copy, from->rows->features + first * SIZE,
         (size_t)(count * SIZE) * sizeof *from->copy);
  *features = from->copy;
  return SNGP_OK;
}

static void neither_threads_nor_a_reader_change_a_bit(void **state) {
  (void)state;
  for (int several = 0; several < 2; several++) {
    test_rows rows = make_rows(7, ROWS, SIZE, several ? CLASSES : 2);
    sngp_classification problem = problem_of(&rows, several ? CLASSES : 1, true, true, 0.1);
    const sngp_newton_settings settings = {SNGP_SOLVER_AUTOMATIC, 1e-8, 1000};
    double expected[MOST] = {0};
    solve(&problem, SNGP_SOLVER_AUTOMATIC, 1e-8, expected);
    static reader from;
    from.rows = &rows;
    from.failing = ROWS;
    problem.read = read_copy;
    problem.context = &from;
    for (int threads = 1; threads < 4; threads++) {
      double parameters[MOST] = {0};
      sngp_newton_result result;
      sngp_pool *pool = pool_of(threads);
      assert_ok(sngp_newton_solve(&problem, &settings, pool, NULL, NULL, parameters, &result));
      assert_memory_equal(parameters, expected, sizeof expected);
      sngp_pool_free(pool);
    }
    from.failing = 600; /* what fails goes out, and nothing is written */
    double parameters[MOST];
    memcpy(parameters, expected, sizeof expected);
    sngp_newton_result result;
    sngp_pool *pool = pool_of(1);
    assert_fails(sngp_newton_solve(&problem, &settings, pool, NULL, NULL, parameters, &result),
                 SNGP_ERROR_WRITE, "row 512");
    assert_memory_equal(parameters, expected, sizeof expected);
    sngp_pool_free(pool);
    free_rows(&rows);
  }
}

static void a_search_that_is_cut_short_says_so(void **state) {
  (void)state;
  test_rows rows = make_rows(8, ROWS, SIZE, CLASSES);
  sngp_classification problem = problem_of(&rows, CLASSES, false, false, 0.1);
  const sngp_newton_settings settings = {SNGP_SOLVER_LBFGS, 1e-9, 2};
  sngp_newton_result result;
  double parameters[MOST] = {0};
  sngp_pool *pool = pool_of(1);
  assert_ok(sngp_newton_solve(&problem, &settings, pool, NULL, NULL, parameters, &result));
  assert_true(!result.converged && result.iterations == 2 && result.gradient > 1e-9);
  rows.features[SIZE + 1] = NAN;
  assert_fails(sngp_newton_solve(&problem, &settings, pool, NULL, NULL, parameters, &result),
               SNGP_ERROR_NUMERICAL, "not finite");
  sngp_pool_free(pool);
  free_rows(&rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_gradient_is_that_of_the_objective),
      cmocka_unit_test(every_solver_reaches_the_stated_gradient),
      cmocka_unit_test(the_optimum_is_that_of_a_search_over_all_parameters),
      cmocka_unit_test(the_objective_falls_in_every_iteration),
      cmocka_unit_test(the_bound_is_tight_where_two_classes_are_equally_likely),
      cmocka_unit_test(newton_steps_converge_quadratically),
      cmocka_unit_test(separable_classes_have_a_finite_optimum),
      cmocka_unit_test(with_intercepts_mean_probabilities_are_the_frequencies),
      cmocka_unit_test(neither_threads_nor_a_reader_change_a_bit),
      cmocka_unit_test(a_search_that_is_cut_short_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
