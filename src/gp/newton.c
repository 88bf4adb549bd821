#include "gp/newton.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "gp/lbfgs.h"
#include "linalg/blas.h"
#include "linalg/cholesky.h"

/* Of the decrease that the gradient promises, what a step must keep (Nocedal and Wright, Numerical
   Optimization, 2006, section 3.1), beside the rounding of the objective. */
static const double SUFFICIENT = 1e-4, ROUNDING = 8 * DBL_EPSILON;
enum { MOST_HALVINGS = 40 };

typedef struct {
  const sngp_classification *problem;
  sngp_classification_pass pass;
  sngp_solver solver;
  int64_t count; /* S K */
  double *memory;
  double *matrix, *lower; /* (S, S) */
  double *at, *gradient;  /* (S, K) each */
  double *next, *next_gradient, *step;
  double value, slope;
  sngp_lbfgs history;
  sngp_newton_result *result;
} search;

static sngp_status take_memory(search *s, sngp_pool *pool) {
  int64_t side = sngp_classification_side(s->problem);
  size_t area = 0, all = 0;
  s->count = side * s->problem->num_outputs;
  if (sngp_size_multiply((size_t)side, 2 * (size_t)side, &area) &&
      sngp_size_add(area, 5 * (size_t)s->count, &all))
    s->memory = sngp_allocate(all, sizeof *s->memory);
  if (s->memory == NULL) return sngp_fail_memory("the solution of a classification");
  s->matrix = s->memory;
  s->lower = s->matrix + side * side;
  s->at = s->memory + area;
  s->gradient = s->at + s->count;
  s->next = s->gradient + s->count;
  s->next_gradient = s->next + s->count;
  s->step = s->next_gradient + s->count;
  SNGP_TRY(sngp_classification_pass_create(&s->pass, s->problem, pool));
  return s->solver == SNGP_SOLVER_LBFGS ? sngp_lbfgs_create(&s->history, s->count) : SNGP_OK;
}

/* The softmax is the same for parameters less their mean over the classes, and the penalty is less:
   the bound then acts as (Phi^T W Phi) / 2 + lambda I alone, for such are all gradients too. */
static void center_classes(search *s) {
  int64_t width = s->problem->num_outputs;
  if (width == 1) return;
  for (int64_t j = 0; j < s->pass.side; j++) {
    double mean = 0;
    for (int64_t k = 0; k < width; k++) mean += s->at[j * width + k] / (double)width;
    for (int64_t k = 0; k < width; k++) s->at[j * width + k] -= mean;
  }
}

static sngp_status evaluate(search *s, const double *parameters, double *value, double *gradient) {
  s->result->passes++;
  return sngp_classification_gradient(&s->pass, parameters, value, gradient);
}

static double norm(const search *s, const double *gradient) {
  return sqrt(sngp_ddot(s->count, gradient, gradient)) / fmax(s->pass.bound, DBL_MIN);
}

/* L L^T = factor * matrix + lambda I, lambda on the features alone. */
static sngp_status factor_matrix(search *s, double factor) {
  int64_t side = s->pass.side;
  double jitter = 0;
  for (int64_t i = 0; i < side; i++)
    for (int64_t j = 0; j <= i; j++) s->matrix[i * side + j] *= factor;
  for (int64_t i = 0; i < s->problem->size; i++) s->matrix[i * side + i] += s->problem->lambda;
  return sngp_cholesky(side, s->matrix, 0, s->lower, &jitter);
}

static sngp_status factor_bound(search *s) {
  s->result->passes++;
  SNGP_TRY(sngp_classification_gram(&s->pass, s->matrix));
  return factor_matrix(s, s->problem->num_outputs == 1 ? 0.25 : 0.5);
}

static sngp_status factor_hessian(search *s) {
  s->result->passes++;
  SNGP_TRY(sngp_classification_logistic_hessian(&s->pass, s->at, s->matrix));
  return factor_matrix(s, 1);
}

static void solve(const search *s, double *vector) {
  int64_t side = s->pass.side, width = s->problem->num_outputs;
  sngp_solve_lower(false, side, s->lower, width, vector);
  sngp_solve_lower(true, side, s->lower, width, vector);
}

/* step = -H^-1 gradient, with what stands for the Hessian; the slope of the objective along it. */
static sngp_status choose_step(search *s) {
  if (s->solver == SNGP_SOLVER_NEWTON) SNGP_TRY(factor_hessian(s));
  memcpy(s->step, s->gradient, (size_t)s->count * sizeof *s->step);
  if (s->solver == SNGP_SOLVER_LBFGS) sngp_lbfgs_begin(&s->history, s->step);
  solve(s, s->step);
  if (s->solver == SNGP_SOLVER_LBFGS) {
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
    double most = s->value + SUFFICIENT * share * s->slope + ROUNDING * fabs(s->value);
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
  if (s->solver != SNGP_SOLVER_LBFGS) return;
  for (int64_t i = 0; i < s->count; i++)
    s->next[i] = s->next_gradient[i] = s->gradient[i] - s->next_gradient[i];
  solve(s, s->next);
  sngp_lbfgs_add(&s->history, s->step, s->next_gradient, s->next);
}

/* One iteration; `found` is false where the objective falls no more. */
static sngp_status iterate(search *s, bool *found) {
  double value = 0;
  SNGP_TRY(choose_step(s));
  *found = false;
  if (s->slope < 0) SNGP_TRY(search_line(s, &value, found));
  if (!*found && s->history.length > 0) { /* a majorised step always lowers it */
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

static sngp_status run(search *s, const sngp_newton_settings *settings,
                       void (*progress)(void *context, double value), void *context) {
  bool found = true;
  if (s->solver != SNGP_SOLVER_NEWTON) SNGP_TRY(factor_bound(s));
  SNGP_TRY(evaluate(s, s->at, &s->value, s->gradient));
  for (;;) {
    s->result->value = s->value;
    s->result->gradient = norm(s, s->gradient);
    s->result->converged = s->result->gradient <= settings->tolerance;
    if (!isfinite(s->value) || !isfinite(s->result->gradient))
      return sngp_fail(SNGP_ERROR_NUMERICAL,
                       "the objective of a classification is not finite (%g, gradient %g)",
                       s->value, s->result->gradient);
    if (s->result->converged || !found || s->result->iterations >= settings->max_iterations)
      return SNGP_OK;
    SNGP_TRY(iterate(s, &found));
    if (found && progress != NULL) progress(context, s->value);
  }
}

sngp_status sngp_newton_solve(const sngp_classification *problem,
                              const sngp_newton_settings *settings, sngp_pool *pool,
                              void (*progress)(void *context, double value), void *context,
                              double *parameters, sngp_newton_result *result) {
  *result = (sngp_newton_result){0};
  sngp_solver solver = settings->solver;
  if (solver == SNGP_SOLVER_AUTOMATIC) solver = SNGP_SOLVER_LBFGS;
  search s = {.problem = problem, .solver = solver, .result = result};
  sngp_status status = take_memory(&s, pool);
  if (status == SNGP_OK) {
    memcpy(s.at, parameters, (size_t)s.count * sizeof *s.at);
    center_classes(&s);
    status = run(&s, settings, progress, context);
  }
  if (status == SNGP_OK) memcpy(parameters, s.at, (size_t)s.count * sizeof *s.at);
  sngp_lbfgs_destroy(&s.history);
  sngp_classification_pass_destroy(&s.pass);
  sngp_release(s.memory);
  return status;
}
