#include "gp/newton.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "gp/lbfgs.h"
#include "gp/preconditioner.h"
#include "linalg/blas.h"

/* Of the decrease that the gradient promises, what a step must keep (Nocedal and Wright, Numerical
   Optimization, 2006, section 3.1), beside the rounding of the objective. */
static const double SUFFICIENT = 1e-4, ROUNDING = 8 * DBL_EPSILON;
enum { MOST_HALVINGS = 40 };

typedef struct {
  const sngp_linear_problem *problem;
  sngp_linear_pass pass;
  sngp_descent solver;
  int64_t count; /* S K */
  double *memory;
  double *at, *gradient; /* (S, K) each */
  double *next, *next_gradient, *step;
  double value, slope;
  double *hessian, *lower, *column; /* (S, S), (S, S) and (S), of Newton's method */
  sngp_preconditioner preconditioner;
  sngp_lbfgs history;
  sngp_newton_result *result;
} search;

static sngp_status take_memory(search *s, sngp_pool *pool) {
  bool newton = s->solver == SNGP_DESCENT_NEWTON;
  int64_t side = sngp_linear_side(s->problem);
  size_t area = 0, all = 0;
  s->count = side * s->problem->num_outputs;
  if (sngp_size_multiply((size_t)side, newton ? 2 * (size_t)side + 1 : 0, &area) &&
      sngp_size_add(area, 5 * (size_t)s->count, &all))
    s->memory = sngp_allocate(all, sizeof *s->memory);
  if (s->memory == NULL) return sngp_fail_memory("the solution of a linear model");
  s->at = s->memory;
  s->gradient = s->at + s->count;
  s->next = s->gradient + s->count;
  s->next_gradient = s->next + s->count;
  s->step = s->next_gradient + s->count;
  s->hessian = s->step + s->count;
  SNGP_TRY(sngp_linear_pass_create(&s->pass, s->problem, pool));
  if (newton) {
    s->lower = s->hessian + side * side;
    s->column = s->lower + side * side;
    return SNGP_OK;
  }
  SNGP_TRY(sngp_preconditioner_create(&s->preconditioner, s->problem,
                                      s->solver == SNGP_DESCENT_MAJORISED
                                          ? SNGP_PRECONDITIONER_BOUND
                                          : SNGP_PRECONDITIONER_VARIANCE));
  return s->solver == SNGP_DESCENT_LBFGS ? sngp_lbfgs_create(&s->history, s->count) : SNGP_OK;
}

/* The softmax is the same for parameters less their mean over the classes, and the penalty is less:
   the bound then acts as (Phi^T W Phi) / 2 + lambda I alone, for such are all gradients too. */
static void center_classes(search *s) {
  int64_t width = s->problem->num_outputs;
  for (int64_t j = 0; j < s->pass.side; j++) {
    double mean = 0;
    for (int64_t k = 0; k < width; k++) mean += s->at[j * width + k] / (double)width;
    for (int64_t k = 0; k < width; k++) s->at[j * width + k] -= mean;
  }
}

static bool is_zero(const search *s, int64_t k) {
  for (int64_t j = 0; j < s->pass.side; j++)
    if (s->at[j * s->problem->num_outputs + k] != 0) return false;
  return true;
}

/* From a rate of 1 to one of thousands the way is long: outputs that start at zero start at the
   mean of their counts instead, where the intercept can take it. */
static void begin_at_mean_rates(search *s) {
  int64_t width = s->problem->num_outputs;
  double *means = s->step; /* free as yet */
  sngp_linear_target_means(s->problem, means);
  for (int64_t k = 0; k < width && s->problem->intercept; k++)
    if (is_zero(s, k)) s->at[s->problem->size * width + k] = log(means[k]);
}

static void begin(search *s, const double *parameters) {
  memcpy(s->at, parameters, (size_t)s->count * sizeof *s->at);
  if (s->problem->likelihood == SNGP_LINEAR_SOFTMAX) center_classes(s);
  if (s->problem->likelihood == SNGP_LINEAR_POISSON) begin_at_mean_rates(s);
}

static sngp_status evaluate(search *s, const double *parameters, double *value, double *gradient) {
  s->result->passes++;
  return sngp_linear_gradient(&s->pass, parameters, value, gradient);
}

static double norm(const search *s, const double *gradient) {
  return sqrt(sngp_ddot(s->count, gradient, gradient)) / fmax(s->pass.bound, DBL_MIN);
}

/* step, a gradient, divided by the Hessian, output by output. */
static sngp_status solve_hessian(search *s) {
  int64_t side = s->pass.side, width = s->problem->num_outputs;
  for (int64_t k = 0; k < width; k++) {
    s->result->passes++;
    SNGP_TRY(sngp_linear_hessian(&s->pass, s->at, k, s->hessian));
    SNGP_TRY(sngp_factor_penalised(s->problem, 1, s->hessian, s->lower));
    for (int64_t j = 0; j < side; j++) s->column[j] = s->step[j * width + k];
    sngp_solve_lower(false, side, s->lower, 1, s->column);
    sngp_solve_lower(true, side, s->lower, 1, s->column);
    for (int64_t j = 0; j < side; j++) s->step[j * width + k] = s->column[j];
  }
  return SNGP_OK;
}

/* step = -H^-1 gradient, with what stands for the Hessian; the slope of the objective along it. */
static sngp_status choose_step(search *s) {
  memcpy(s->step, s->gradient, (size_t)s->count * sizeof *s->step);
  if (s->solver == SNGP_DESCENT_LBFGS) sngp_lbfgs_begin(&s->history, s->step);
  if (s->solver == SNGP_DESCENT_NEWTON)
    SNGP_TRY(solve_hessian(s));
  else
    sngp_preconditioner_solve(&s->preconditioner, s->step);
  if (s->solver == SNGP_DESCENT_LBFGS) {
    for (int64_t i = 0; i < s->count; i++) s->step[i] *= s->history.scale;
    sngp_lbfgs_end(&s->history, s->step);
  }
  for (int64_t i = 0; i < s->count; i++) s->step[i] = -s->step[i];
  s->slope = sngp_ddot(s->count, s->gradient, s->step);
  return SNGP_OK;
}

/* The first of the step, its half, its quarter ... that lowers the objective enough; step becomes
   what was taken. `found` is false where none does. */
static sngp_status search_line(search *s, double *value, bool *found) {
  double share = 1;
  for (int i = 0; i < MOST_HALVINGS; i++, share *= 0.5) {
    memcpy(s->next, s->at, (size_t)s->count * sizeof *s->next);
    sngp_daxpy(s->count, share, s->step, s->next);
    SNGP_TRY(evaluate(s, s->next, value, s->next_gradient));
    double most = s->value + SUFFICIENT * share * s->slope + ROUNDING * s->pass.magnitude;
    *found = *value <= most;
    if (!*found) continue;
    for (int64_t j = 0; j < s->count; j++) s->step[j] *= share;
    return SNGP_OK;
  }
  return SNGP_OK;
}

static void swap(double **a, double **b) {
  double *other = *a;
  *a = *b;
  *b = other;
}

/* next_gradient holds the old gradient, next the old point: both are free now. */
static void remember(search *s) {
  if (s->solver != SNGP_DESCENT_LBFGS) return;
  for (int64_t i = 0; i < s->count; i++)
    s->next[i] = s->next_gradient[i] = s->gradient[i] - s->next_gradient[i];
  sngp_preconditioner_solve(&s->preconditioner, s->next);
  sngp_lbfgs_add(&s->history, s->step, s->next_gradient, s->next);
}

/* One iteration; `found` is false where the objective falls no more. */
static sngp_status iterate(search *s, bool *found) {
  double value = 0;
  SNGP_TRY(choose_step(s));
  *found = false;
  if (s->slope < 0) SNGP_TRY(search_line(s, &value, found));
  if (!*found && s->history.length > 0) { /* the kept steps may mislead */
    sngp_lbfgs_clear(&s->history);
    SNGP_TRY(choose_step(s));
    SNGP_TRY(search_line(s, &value, found));
  }
  if (!*found) return SNGP_OK;
  swap(&s->at, &s->next);
  swap(&s->gradient, &s->next_gradient);
  s->value = value;
  s->result->iterations++;
  remember(s);
  return SNGP_OK;
}

/* What the search has reached, into the result. */
static sngp_status report(search *s, double tolerance) {
  s->result->value = s->value;
  s->result->gradient = norm(s, s->gradient);
  s->result->converged = s->result->gradient <= tolerance;
  if (isfinite(s->value) && isfinite(s->result->gradient)) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_NUMERICAL,
                   "the objective of a linear model is not finite (%g, gradient %g)", s->value,
                   s->result->gradient);
}

static sngp_status run(search *s, const sngp_newton_settings *settings,
                       sngp_newton_progress progress, void *context) {
  bool found = true;
  if (s->solver != SNGP_DESCENT_NEWTON) {
    s->result->passes++;
    SNGP_TRY(sngp_preconditioner_factor(&s->preconditioner, &s->pass));
  }
  SNGP_TRY(evaluate(s, s->at, &s->value, s->gradient));
  SNGP_TRY(report(s, settings->tolerance));
  while (!s->result->converged && s->result->iterations < settings->max_iterations) {
    SNGP_TRY(iterate(s, &found));
    if (!found) return SNGP_OK;
    SNGP_TRY(report(s, settings->tolerance));
    if (progress != NULL) SNGP_TRY(progress(context, s->result));
  }
  return SNGP_OK;
}

static sngp_status check_solver(const sngp_linear_problem *problem, sngp_descent solver) {
  if (solver == SNGP_DESCENT_NEWTON && !sngp_linear_is_separable(problem->likelihood))
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "Newton's method solves output by output, which the softmax does not allow");
  if (solver == SNGP_DESCENT_MAJORISED && problem->likelihood == SNGP_LINEAR_POISSON)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "no majorised steps for the Poisson likelihood: its curvature has no bound");
  return SNGP_OK;
}

sngp_status sngp_newton_solve(const sngp_linear_problem *problem,
                              const sngp_newton_settings *settings, sngp_pool *pool,
                              sngp_newton_progress progress, void *context, double *parameters,
                              sngp_newton_result *result) {
  *result = (sngp_newton_result){0};
  sngp_descent solver = settings->solver;
  if (solver == SNGP_DESCENT_AUTOMATIC) solver = SNGP_DESCENT_LBFGS;
  SNGP_TRY(check_solver(problem, solver));
  search s = {.problem = problem, .solver = solver, .result = result};
  sngp_status status = take_memory(&s, pool);
  if (status == SNGP_OK) {
    begin(&s, parameters);
    status = run(&s, settings, progress, context);
  }
  if (status == SNGP_OK) memcpy(parameters, s.at, (size_t)s.count * sizeof *s.at);
  sngp_lbfgs_destroy(&s.history);
  sngp_preconditioner_destroy(&s.preconditioner);
  sngp_linear_pass_destroy(&s.pass);
  sngp_release(s.memory);
  return status;
}
