/* Optima of linear models, checked by gradients of plain loops, by another search and by closed
   forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/newton.h"
#include "support/check.h"
#include "unit/gp/linear_problems.h"
#include "unit/reference_matrix.h"

/* More than one block of 512 rows, the last not full. */
enum { ROWS = 700, SIZE = 12, MOST = (SIZE + 1) * SEVERAL_OUTPUTS };

static const sngp_descent SOLVERS[] = {SNGP_DESCENT_AUTOMATIC, SNGP_DESCENT_NEWTON,
                                       SNGP_DESCENT_MAJORISED, SNGP_DESCENT_LBFGS};
enum { NUM_SOLVERS = 4 };

static bool is_supported(problem_kind kind, sngp_descent solver) {
  if (solver == SNGP_DESCENT_NEWTON) return kind != SOFTMAX;
  return solver != SNGP_DESCENT_MAJORISED || kind < ONE_COUNT;
}

static sngp_newton_result solve(const sngp_linear_problem *problem, sngp_descent solver,
                                double tolerance, double *parameters) {
  const sngp_newton_settings settings = {solver, tolerance, 20000};
  sngp_newton_result result;
  sngp_pool *pool = pool_of(2);
  assert_ok(sngp_newton_solve(problem, &settings, pool, NULL, NULL, parameters, &result));
  sngp_pool_free(pool);
  return result;
}

static double gradient_norm(const sngp_linear_problem *problem, const double *parameters) {
  double gradient[MOST], sum = 0;
  plain_gradient(problem, parameters, gradient);
  for (int64_t k = 0; k < parameter_count(problem); k++) sum += gradient[k] * gradient[k];
  return sqrt(sum);
}

/* Relative to the bound the tolerance is met, by the plain gradient. */
static void check_solution(const sngp_linear_problem *problem, sngp_descent solver, bool far) {
  double parameters[MOST];
  for (int64_t k = 0; k < MOST; k++) parameters[k] = far ? 5 * (double)(k % 4) - 7 : 0;
  sngp_newton_result result = solve(problem, solver, 1e-9, parameters);
  double actual = gradient_norm(problem, parameters) / plain_bound(problem);
  assert_true(result.converged);
  assert_below(actual, 1.001e-9);
  assert_close(result.gradient, actual, 1e-13);
  const plain_point point = {problem, parameters};
  assert_close(result.value, plain_objective(&point), 1e-9);
}

/* From zeros and from afar. */
static void every_solver_reaches_the_stated_gradient(void **state) {
  (void)state;
  const double lambdas[] = {0.1, 10};
  for (int i = 0; i < 8 * NUM_KINDS; i++) {
    problem_kind kind = (problem_kind)(i / 8);
    test_problem made = make_problem(kind, 2, ROWS, SIZE, i & 1, i >> 1 & 1, lambdas[i >> 2 & 1]);
    for (int s = 0; s < NUM_SOLVERS; s++)
      for (int far = 0; far < 2; far++)
        if (is_supported(kind, SOLVERS[s])) check_solution(&made.problem, SOLVERS[s], far);
    free_problem(&made);
  }
}

/* The Hessian by differences of the plain gradient; a diagonal of 1e-9 for the direction in which
   all intercepts of the softmax move together. */
static double *plain_newton_step(const sngp_linear_problem *problem, double *parameters) {
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
static void center_intercepts(const sngp_linear_problem *problem, double *parameters) {
  int64_t width = problem->num_outputs;
  double *intercepts = parameters + problem->size * width, mean = 0;
  for (int64_t k = 0; k < width; k++) mean += intercepts[k] / (double)width;
  for (int64_t k = 0; k < width; k++) intercepts[k] -= mean;
}

static void the_optimum_is_that_of_a_search_over_all_parameters(void **state) {
  (void)state;
  for (int i = 0; i < 2 * NUM_KINDS; i++) {
    problem_kind kind = (problem_kind)(i / 2);
    test_problem made = make_problem(kind, 3, 60, 4, true, i & 1, 0.5);
    const sngp_linear_problem *problem = &made.problem;
    double expected[MOST] = {0};
    for (int step_number = 0; step_number < 20; step_number++) {
      double *step = plain_newton_step(problem, expected);
      for (int64_t k = 0; k < parameter_count(problem); k++) expected[k] -= step[k];
      free(step);
    }
    assert_below(gradient_norm(problem, expected), 1e-8);
    if (kind == SOFTMAX) center_intercepts(problem, expected);
    for (int s = 0; s < NUM_SOLVERS; s++) {
      double parameters[MOST] = {0};
      if (!is_supported(kind, SOLVERS[s])) continue;
      solve(problem, SOLVERS[s], 1e-12, parameters);
      for (int64_t k = 0; k < parameter_count(problem); k++)
        assert_close(parameters[k], expected[k], 1e-7);
    }
    free_problem(&made);
  }
}

/* Features that are 0 leave the intercepts, which are the links of the weighted means of the
   targets: logarithms of frequencies less their mean, logits, logarithms of rates. */
static void check_intercepts(problem_kind kind, sngp_descent solver) {
  test_problem made = make_problem(kind, 11, 90, 2, true, true, 0.5);
  const sngp_linear_problem *problem = &made.problem;
  memset(made.rows.features, 0, 90 * 2 * sizeof *made.rows.features);
  double expected[MOST] = {0}, parameters[MOST] = {0};
  for (int64_t k = 0; k < problem->num_outputs; k++) {
    double weights = 0, sum = 0;
    for (int64_t i = 0; i < problem->rows; i++) weights += plain_weight(problem, i);
    for (int64_t i = 0; i < problem->rows; i++)
      sum += plain_weight(problem, i) * plain_target(problem, i, k);
    double own =
        problem->likelihood == SNGP_LINEAR_LOGISTIC ? sum / (weights - sum) : sum / weights;
    expected[2 * problem->num_outputs + k] = log(own);
  }
  if (kind == SOFTMAX) center_intercepts(problem, expected);
  solve(problem, solver, 1e-13, parameters);
  for (int64_t k = 0; k < parameter_count(problem); k++)
    assert_close(parameters[k], expected[k], 1e-10);
  free_problem(&made);
}

static void intercepts_alone_are_links_of_means(void **state) {
  (void)state;
  for (int kind = 0; kind < NUM_KINDS; kind++)
    for (int s = 0; s < NUM_SOLVERS; s++)
      if (is_supported((problem_kind)kind, SOLVERS[s]))
        check_intercepts((problem_kind)kind, SOLVERS[s]);
}

typedef struct {
  double last;
  int64_t count;
  bool rises;
} trace;

static sngp_status follow(void *context, const sngp_newton_result *reached) {
  trace *all = context;
  if (!(reached->value <= all->last + 1e-13 * fabs(all->last))) all->rises = true;
  all->last = reached->value;
  assert_int_equal(reached->iterations, ++all->count);
  return SNGP_OK;
}

/* Majorised steps never need a second try. */
static void the_objective_falls_in_every_iteration(void **state) {
  (void)state;
  for (int kind = 0; kind < NUM_KINDS; kind++)
    for (int s = 0; s < NUM_SOLVERS; s++) {
      if (!is_supported((problem_kind)kind, SOLVERS[s])) continue;
      test_problem made = make_problem((problem_kind)kind, 4, ROWS, SIZE, true, true, 0.1);
      double parameters[MOST];
      for (int64_t k = 0; k < MOST; k++) parameters[k] = 5 * (double)(k % 5) - 9;
      const sngp_newton_settings settings = {SOLVERS[s], 1e-6, 2000};
      sngp_newton_result result;
      trace all = {1e300, 0, false};
      sngp_pool *pool = pool_of(1);
      assert_ok(
          sngp_newton_solve(&made.problem, &settings, pool, follow, &all, parameters, &result));
      assert_true(result.converged && all.count == result.iterations && all.count > 2);
      assert_true(all.last == result.value && !all.rises);
      if (SOLVERS[s] == SNGP_DESCENT_MAJORISED)
        assert_int_equal(result.passes, result.iterations + 2);
      sngp_pool_free(pool);
      free_problem(&made);
    }
}

/* Labels that features say nothing of: probabilities near 1/2, where the bound of two classes is
   the Hessian itself. Majorised steps are then Newton's, few and never too long. */
static void the_bound_is_tight_where_two_classes_are_equally_likely(void **state) {
  (void)state;
  for (int64_t width = 1; width < 3; width++) {
    test_problem made = make_problem(TWO_CLASSES, 9, ROWS, SIZE, true, false, 0.1);
    made.problem.num_outputs = width;
    if (width == 2) made.problem.likelihood = SNGP_LINEAR_SOFTMAX;
    uint64_t seed = 1;
    for (int i = 0; i < ROWS; i++) made.rows.labels[i] = next_uniform(&seed) < 0.5;
    double parameters[MOST] = {0};
    sngp_newton_result result = solve(&made.problem, SNGP_DESCENT_MAJORISED, 1e-9, parameters);
    assert_true(result.converged && result.iterations <= 8);
    assert_int_equal(result.passes, result.iterations + 2);
    free_problem(&made);
  }
}

/* A penalty as large as the data's curvature, which the intercept is free of. */
static void newton_steps_converge_quadratically(void **state) {
  (void)state;
  for (int kind = TWO_CLASSES; kind < NUM_KINDS; kind++) {
    test_problem made = make_problem((problem_kind)kind, 10, ROWS, SIZE, true, true, 100);
    for (int i = 0; i < ROWS; i++)
      if (i % 4 != 0) made.rows.labels[i] = 0;
    double parameters[MOST] = {0};
    sngp_newton_result result = solve(&made.problem, SNGP_DESCENT_NEWTON, 1e-12, parameters);
    assert_true(result.converged && result.iterations <= 6);
    free_problem(&made);
  }
}

/* Features say little and outputs differ a lot in their means: what L-BFGS starts from, the
   targets' own variances, is nearly the Hessian. Bounds, or one variance for all, are not. */
static void different_means_of_outputs_cost_no_iterations(void **state) {
  (void)state;
  for (int kind = LABELS; kind <= COUNTS; kind += COUNTS - LABELS) {
    test_problem made = make_problem((problem_kind)kind, 12, ROWS, SIZE, true, false, 100);
    uint64_t seed = 2;
    for (int i = 0; i < ROWS * SEVERAL_OUTPUTS; i++) {
      double mean = pow(10, i % SEVERAL_OUTPUTS), noise = next_uniform(&seed);
      made.targets[i] =
          kind == LABELS ? noise < 0.5 / mean : (float)floor(mean * mean * (0.5 + noise));
    }
    double parameters[MOST] = {0};
    sngp_newton_result result = solve(&made.problem, SNGP_DESCENT_LBFGS, 1e-9, parameters);
    assert_true(result.converged && result.iterations <= 30);
    free_problem(&made);
  }
}

/* The first feature's sign is the label: without a penalty there is no optimum. */
static void separable_classes_have_a_finite_optimum(void **state) {
  (void)state;
  for (int several = 0; several < 2; several++)
    for (int s = several ? 2 : 0; s < NUM_SOLVERS; s++) {
      test_problem made = make_problem(TWO_CLASSES, 5, 200, SIZE, true, false, 1e-3);
      made.problem.num_outputs = several ? 2 : 1;
      if (several) made.problem.likelihood = SNGP_LINEAR_SOFTMAX;
      for (int i = 0; i < 200; i++) made.rows.labels[i] = made.rows.features[i * SIZE] > 0;
      double parameters[MOST] = {0};
      sngp_newton_result result = solve(&made.problem, SOLVERS[s], 1e-7, parameters);
      assert_true(result.converged);
      for (int64_t k = 0; k < parameter_count(&made.problem); k++)
        assert_true(isfinite(parameters[k]));
      assert_true(result.value > 0 && result.value < 5);
      free_problem(&made);
    }
}

/* A search that begins at a solution ends there. */
static void solutions_are_starts(void **state) {
  (void)state;
  for (int kind = 0; kind < NUM_KINDS; kind++)
    for (int intercept = 0; intercept < 2; intercept++) {
      test_problem made = make_problem((problem_kind)kind, 15, ROWS, SIZE, intercept, true, 0.1);
      double parameters[MOST] = {0}, again[MOST];
      solve(&made.problem, SNGP_DESCENT_AUTOMATIC, 1e-9, parameters);
      memcpy(again, parameters, sizeof again);
      sngp_newton_result result = solve(&made.problem, SNGP_DESCENT_AUTOMATIC, 1.001e-9, again);
      assert_true(result.converged && result.iterations == 0);
      for (int k = 0; k < MOST; k++) assert_close(again[k], parameters[k], 1e-13);
      free_problem(&made);
    }
}

/* n (r - r log r) is about 0 at a mean rate r of e, while the terms that it is the sum of are not:
   whether a step lowers it must not be told more finely than these can be summed. */
static void an_objective_near_zero_is_no_obstacle(void **state) {
  (void)state;
  for (int s = 0; s < NUM_SOLVERS; s++) {
    if (!is_supported(ONE_COUNT, SOLVERS[s])) continue;
    for (uint64_t seed = 0; seed < 8; seed++) {
      test_problem made = make_problem(ONE_COUNT, 20 + seed, ROWS, SIZE, true, false, 1e5);
      for (int i = 0; i < ROWS; i++) made.targets[i] = (float)(2 + (i % 100 < 72) - (i == 3));
      double parameters[MOST] = {0};
      sngp_newton_result result = solve(&made.problem, SOLVERS[s], 1e-14, parameters);
      assert_below(fabs(result.value), 2);
      assert_true(result.converged);
      free_problem(&made);
    }
  }
}

/* Neither an intercept at minus infinity nor a bound of 0 in its way. */
static void counts_that_are_all_zero_converge(void **state) {
  (void)state;
  for (int s = 0; s < NUM_SOLVERS; s++)
    for (int intercept = 0; intercept < 2; intercept++) {
      if (!is_supported(COUNTS, SOLVERS[s])) continue;
      test_problem made = make_problem(COUNTS, 13, ROWS, SIZE, intercept, false, 0.1);
      memset(made.targets, 0, ROWS * SEVERAL_OUTPUTS * sizeof *made.targets);
      double parameters[MOST] = {0};
      sngp_newton_result result = solve(&made.problem, SOLVERS[s], 1e-6, parameters);
      assert_true(result.converged);
      for (int64_t k = 0; k < parameter_count(&made.problem); k++)
        assert_true(isfinite(parameters[k]));
      if (intercept) assert_below(parameters[SIZE * SEVERAL_OUTPUTS], -5);
      free_problem(&made);
    }
}

/* The intercepts' gradient is sum w (mean - y). */
static void with_intercepts_means_are_those_of_the_targets(void **state) {
  (void)state;
  for (int kind = 0; kind < NUM_KINDS; kind++) {
    test_problem made = make_problem((problem_kind)kind, 6, ROWS, SIZE, true, true, 100);
    const sngp_linear_problem *problem = &made.problem;
    for (int i = 0; i < ROWS; i++)
      if (i % 20 != 0) made.rows.labels[i] = 0;
    double parameters[MOST] = {0}, sums[SEVERAL_OUTPUTS] = {0}, means[SEVERAL_OUTPUTS];
    solve(problem, SNGP_DESCENT_AUTOMATIC, 1e-11, parameters);
    for (int64_t i = 0; i < ROWS; i++) {
      plain_means(problem, parameters, i, means);
      for (int64_t k = 0; k < problem->num_outputs; k++)
        sums[k] += plain_weight(problem, i) * (means[k] - plain_target(problem, i, k));
    }
    for (int64_t k = 0; k < problem->num_outputs; k++) assert_close(sums[k], 0, 1e-6);
    free_problem(&made);
  }
}

typedef struct {
  const float *features;
  int64_t failing; /* no row may come after it */
  float copy[SNGP_LINEAR_BLOCK * SIZE];
} reader;

static sngp_status read_copy(void *context, int64_t first, int64_t count, const float **features) {
  reader *from = context;
  if (first + count > from->failing)
    return sngp_fail(SNGP_ERROR_WRITE, "row %lld", (long long)first);
  memcpy(from->copy, from->features + first * SIZE, (size_t)(count * SIZE) * sizeof *from->copy);
  *features = from->copy;
  return SNGP_OK;
}

static void neither_threads_nor_a_reader_change_a_bit(void **state) {
  (void)state;
  for (int kind = 0; kind < NUM_KINDS; kind++) {
    test_problem made = make_problem((problem_kind)kind, 7, ROWS, SIZE, true, true, 0.1);
    const sngp_newton_settings settings = {SNGP_DESCENT_AUTOMATIC, 1e-8, 1000};
    double expected[MOST] = {0};
    solve(&made.problem, SNGP_DESCENT_AUTOMATIC, 1e-8, expected);
    static reader from;
    from.features = made.rows.features;
    from.failing = ROWS;
    made.problem.read = read_copy;
    made.problem.context = &from;
    for (int threads = 1; threads < 4; threads++) {
      double parameters[MOST] = {0};
      sngp_newton_result result;
      sngp_pool *pool = pool_of(threads);
      assert_ok(sngp_newton_solve(&made.problem, &settings, pool, NULL, NULL, parameters, &result));
      assert_memory_equal(parameters, expected, sizeof expected);
      sngp_pool_free(pool);
    }
    from.failing = 600; /* what fails goes out, and nothing is written */
    double parameters[MOST];
    memcpy(parameters, expected, sizeof expected);
    sngp_newton_result result;
    sngp_pool *pool = pool_of(1);
    assert_fails(sngp_newton_solve(&made.problem, &settings, pool, NULL, NULL, parameters, &result),
                 SNGP_ERROR_WRITE, "row 512");
    assert_memory_equal(parameters, expected, sizeof expected);
    sngp_pool_free(pool);
    free_problem(&made);
  }
}

static sngp_status stop(void *context, const sngp_newton_result *reached) {
  if (reached->iterations < 2) return SNGP_OK;
  *(double *)context = reached->value;
  return sngp_fail(SNGP_ERROR_CANCELLED, "stopped after %lld", (long long)reached->iterations);
}

static void a_search_that_is_stopped_leaves_the_parameters(void **state) {
  (void)state;
  for (int s = 0; s < NUM_SOLVERS; s++) {
    test_problem made = make_problem(LABELS, 14, ROWS, SIZE, true, false, 0.1);
    const sngp_newton_settings settings = {SOLVERS[s], 1e-12, 100};
    sngp_newton_result result;
    double parameters[MOST] = {0}, before[MOST] = {0}, value = 0;
    sngp_pool *pool = pool_of(1);
    assert_fails(
        sngp_newton_solve(&made.problem, &settings, pool, stop, &value, parameters, &result),
        SNGP_ERROR_CANCELLED, "stopped after 2");
    assert_memory_equal(parameters, before, sizeof before);
    assert_true(result.iterations == 2 && result.value == value && !result.converged);
    sngp_pool_free(pool);
    free_problem(&made);
  }
}

static void a_search_that_is_cut_short_says_so(void **state) {
  (void)state;
  test_problem made = make_problem(SOFTMAX, 8, ROWS, SIZE, false, false, 0.1);
  const sngp_newton_settings settings = {SNGP_DESCENT_LBFGS, 1e-9, 2};
  sngp_newton_result result;
  double parameters[MOST] = {0};
  sngp_pool *pool = pool_of(1);
  assert_ok(sngp_newton_solve(&made.problem, &settings, pool, NULL, NULL, parameters, &result));
  assert_true(!result.converged && result.iterations == 2 && result.gradient > 1e-9);
  made.rows.features[SIZE + 1] = NAN;
  assert_fails(sngp_newton_solve(&made.problem, &settings, pool, NULL, NULL, parameters, &result),
               SNGP_ERROR_NUMERICAL, "not finite");
  sngp_pool_free(pool);
  free_problem(&made);
}

static void solvers_that_do_not_fit_are_refused(void **state) {
  (void)state;
  const char *const texts[] = {"Newton", "Poisson"};
  const problem_kind kinds[] = {SOFTMAX, COUNTS};
  const sngp_descent solvers[] = {SNGP_DESCENT_NEWTON, SNGP_DESCENT_MAJORISED};
  for (int i = 0; i < 2; i++) {
    test_problem made = make_problem(kinds[i], 8, 20, SIZE, true, false, 0.1);
    const sngp_newton_settings settings = {solvers[i], 1e-9, 2};
    sngp_newton_result result;
    double parameters[MOST] = {0};
    sngp_pool *pool = pool_of(1);
    assert_fails(sngp_newton_solve(&made.problem, &settings, pool, NULL, NULL, parameters, &result),
                 SNGP_ERROR_UNSUPPORTED, texts[i]);
    sngp_pool_free(pool);
    free_problem(&made);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_solver_reaches_the_stated_gradient),
      cmocka_unit_test(the_optimum_is_that_of_a_search_over_all_parameters),
      cmocka_unit_test(intercepts_alone_are_links_of_means),
      cmocka_unit_test(the_objective_falls_in_every_iteration),
      cmocka_unit_test(the_bound_is_tight_where_two_classes_are_equally_likely),
      cmocka_unit_test(newton_steps_converge_quadratically),
      cmocka_unit_test(different_means_of_outputs_cost_no_iterations),
      cmocka_unit_test(separable_classes_have_a_finite_optimum),
      cmocka_unit_test(solutions_are_starts),
      cmocka_unit_test(an_objective_near_zero_is_no_obstacle),
      cmocka_unit_test(counts_that_are_all_zero_converge),
      cmocka_unit_test(with_intercepts_means_are_those_of_the_targets),
      cmocka_unit_test(neither_threads_nor_a_reader_change_a_bit),
      cmocka_unit_test(a_search_that_is_stopped_leaves_the_parameters),
      cmocka_unit_test(a_search_that_is_cut_short_says_so),
      cmocka_unit_test(solvers_that_do_not_fit_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
