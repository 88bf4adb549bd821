#include "gp/preconditioner.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/blas.h"
#include "linalg/cholesky.h"

static const double LOGISTIC_BOUND = 0.25, SOFTMAX_BOUND = 0.5;

/* Largest ratio of variances in a group, until there would be more groups than factors are worth
   their memory. */
static const double SIMILAR = 2;
enum { MOST_GROUPS = 4 };

/* Rows for each of the S columns that leave the estimated matrix so near to that of all rows that
   L-BFGS takes about as many iterations: their ratio's eigenvalues lie within (1 +- 1 / 2)^2 for
   independent rows (Marchenko and Pastur, 1967), and nearer to 1 with a penalty. */
enum { ROWS_FOR_EACH_COLUMN = 4 };

/* The variances of the targets, and the interval that they lie in. */
static void choose_by_variance(sngp_preconditioner *p) {
  const sngp_linear_problem *problem = p->problem;
  int64_t width = problem->num_outputs;
  double sum = 0;
  sngp_linear_target_means(problem, p->variances);
  p->least = INFINITY;
  for (int64_t k = 0; k < width; k++) {
    double variance = sngp_linear_variance(problem->likelihood, p->variances[k]);
    p->variances[k] = variance;
    p->least = fmin(p->least, variance);
    p->most = fmax(p->most, variance);
    sum += variance;
  }
  if (sngp_linear_is_separable(problem->likelihood)) {
    double groups = ceil(log(p->most / p->least) / log(SIMILAR));
    p->num_groups = (int)fmin(fmax(groups, 1), MOST_GROUPS);
  } else { /* where all K are equally likely, the Hessian is 1 / K on parameters of mean 0 */
    p->least = p->most = sum / (double)(width - 1);
  }
}

static double curvature_of_group(const sngp_preconditioner *p, int group) {
  return p->least * pow(p->most / p->least, (group + 0.5) / p->num_groups);
}

static int group_of(const sngp_preconditioner *p, int64_t k) {
  if (p->num_groups == 1) return 0;
  double place = p->num_groups * log(p->variances[k] / p->least) / log(p->most / p->least);
  return place < p->num_groups ? (int)place : p->num_groups - 1;
}

static sngp_status take_matrices(sngp_preconditioner *p) {
  size_t side = (size_t)p->side, area = 0, all = 0;
  if (sngp_size_multiply(side, side, &area) &&
      sngp_size_multiply(area, (size_t)p->num_groups + 1, &all))
    p->gram = sngp_allocate(all, sizeof *p->gram);
  if (p->gram == NULL) return sngp_fail_memory("the factors of a linear model");
  p->lower = p->gram + area;
  return SNGP_OK;
}

sngp_status sngp_preconditioner_create(sngp_preconditioner *made,
                                       const sngp_linear_problem *problem,
                                       sngp_preconditioner_kind kind) {
  int64_t side = sngp_linear_side(problem), width = problem->num_outputs;
  *made = (sngp_preconditioner){.problem = problem, .side = side, .num_groups = 1};
  made->memory = sngp_allocate((size_t)(side + 1), (size_t)width * sizeof *made->memory);
  if (made->memory == NULL) return sngp_fail_memory("the outputs of a linear model");
  made->variances = made->memory;
  made->columns = made->variances + width;
  bool separable = sngp_linear_is_separable(problem->likelihood);
  made->enough = kind == SNGP_PRECONDITIONER_BOUND ? INT64_MAX : ROWS_FOR_EACH_COLUMN * side;
  if (kind == SNGP_PRECONDITIONER_BOUND)
    made->least = made->most = separable ? LOGISTIC_BOUND : SOFTMAX_BOUND;
  else
    choose_by_variance(made);
  sngp_status status = take_matrices(made);
  if (status != SNGP_OK) sngp_preconditioner_destroy(made);
  return status;
}

void sngp_preconditioner_destroy(sngp_preconditioner *preconditioner) {
  sngp_release(preconditioner->memory);
  sngp_release(preconditioner->gram);
  *preconditioner = (sngp_preconditioner){0};
}

sngp_status sngp_factor_penalised(const sngp_linear_problem *problem, double factor, double *matrix,
                                  double *lower) {
  int64_t side = sngp_linear_side(problem);
  double jitter = 0;
  for (int64_t i = 0; i < side; i++)
    for (int64_t j = 0; j <= i; j++) matrix[i * side + j] *= factor;
  for (int64_t i = 0; i < problem->size; i++) matrix[i * side + i] += problem->lambda;
  return sngp_cholesky(side, matrix, 0, lower, &jitter);
}

/* The place of the next group's factor holds the matrix of this one; the last group's is the sum
   itself. */
sngp_status sngp_preconditioner_factor(sngp_preconditioner *p, sngp_linear_pass *pass) {
  int64_t area = p->side * p->side;
  SNGP_TRY(sngp_linear_gram(pass, p->enough, p->gram));
  for (int group = 0; group < p->num_groups; group++) {
    double *lower = p->lower + group * area;
    double *matrix = group + 1 < p->num_groups ? lower + area : p->gram;
    if (matrix != p->gram) memcpy(matrix, p->gram, (size_t)area * sizeof *matrix);
    SNGP_TRY(sngp_factor_penalised(p->problem, curvature_of_group(p, group), matrix, lower));
  }
  return SNGP_OK;
}

static void solve_columns(const sngp_preconditioner *p, const double *lower, int64_t count,
                          double *columns) {
  sngp_solve_lower(false, p->side, lower, count, columns);
  sngp_solve_lower(true, p->side, lower, count, columns);
}

/* The columns of `group` from the vector, densely, or back into it; returns how many. */
static int64_t copy_group(const sngp_preconditioner *p, int group, bool back, double *vector) {
  int64_t width = p->problem->num_outputs, count = 0;
  for (int64_t k = 0; k < width; k++) count += group_of(p, k) == group;
  for (int64_t k = 0, column = 0; k < width; k++) {
    if (group_of(p, k) != group) continue;
    for (int64_t j = 0; j < p->side; j++) {
      double *dense = p->columns + j * count + column;
      if (back)
        vector[j * width + k] = *dense;
      else
        *dense = vector[j * width + k];
    }
    column++;
  }
  return count;
}

void sngp_preconditioner_solve(const sngp_preconditioner *p, double *vector) {
  if (p->num_groups == 1) {
    solve_columns(p, p->lower, p->problem->num_outputs, vector);
    return;
  }
  for (int group = 0; group < p->num_groups; group++) {
    int64_t count = copy_group(p, group, false, vector);
    if (count == 0) continue;
    solve_columns(p, p->lower + group * p->side * p->side, count, p->columns);
    copy_group(p, group, true, vector);
  }
}
