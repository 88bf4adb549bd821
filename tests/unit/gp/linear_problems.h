/* The penalised negative log-likelihood of linear models by plain loops. Include after
   "support/check.h". */
#ifndef SNGP_TESTS_UNIT_GP_LINEAR_PROBLEMS_H
#define SNGP_TESTS_UNIT_GP_LINEAR_PROBLEMS_H

#include "gp/linear_problem.h"
#include "unit/gp/rows.h"

/* Every likelihood that is told apart: by labels or targets, of one output or several. */
typedef enum { SOFTMAX, TWO_CLASSES, LABELS, ONE_COUNT, COUNTS, NUM_KINDS } problem_kind;
enum { SEVERAL_OUTPUTS = 3 };

typedef struct {
  test_rows rows;
  float *targets;
  sngp_linear_problem problem;
} test_problem;

static inline sngp_linear_likelihood likelihood_of(problem_kind kind) {
  if (kind == SOFTMAX) return SNGP_LINEAR_SOFTMAX;
  return kind < ONE_COUNT ? SNGP_LINEAR_LOGISTIC : SNGP_LINEAR_POISSON;
}

/* Labels of make_rows(), or from its targets y, which are about 1 to 3: y > 1.5, or counts near
   exp(y / 2). */
static inline test_problem make_problem(problem_kind kind, uint64_t seed, int64_t count,
                                        int64_t size, bool intercept, bool weighted,
                                        double lambda) {
  int64_t width = kind == TWO_CLASSES || kind == ONE_COUNT ? 1 : SEVERAL_OUTPUTS;
  test_problem made = {.rows = make_rows(seed, count, size, kind == TWO_CLASSES ? 2 : width)};
  bool labelled = kind == SOFTMAX || kind == TWO_CLASSES;
  made.targets = take((size_t)(count * width), sizeof *made.targets);
  for (int64_t i = 0; i < count * width && !labelled; i++) {
    double target = made.rows.targets[i];
    made.targets[i] = kind == LABELS ? target > 1.5 : (float)floor(exp(target / 2));
  }
  made.problem = (sngp_linear_problem){.rows = count,
                                       .size = size,
                                       .num_outputs = width,
                                       .likelihood = likelihood_of(kind),
                                       .intercept = intercept,
                                       .lambda = lambda,
                                       .features = made.rows.features,
                                       .labels = labelled ? made.rows.labels : NULL,
                                       .targets = labelled ? NULL : made.targets,
                                       .weights = weighted ? made.rows.weights : NULL};
  return made;
}

static inline void free_problem(test_problem *made) {
  free_rows(&made->rows);
  free(made->targets);
}

static inline int64_t parameter_count(const sngp_linear_problem *problem) {
  return (problem->size + problem->intercept) * problem->num_outputs;
}

static inline double plain_weight(const sngp_linear_problem *problem, int64_t row) {
  return problem->weights != NULL ? (double)problem->weights[row] : 1;
}

static inline double plain_target(const sngp_linear_problem *problem, int64_t row, int64_t k) {
  if (problem->targets != NULL) return (double)problem->targets[row * problem->num_outputs + k];
  return problem->labels[row] == (problem->num_outputs == 1 ? 1 : k);
}

static inline void plain_outputs(const sngp_linear_problem *problem, const double *parameters,
                                 int64_t row, double *f) {
  int64_t size = problem->size, width = problem->num_outputs;
  for (int64_t k = 0; k < width; k++) {
    f[k] = problem->intercept ? parameters[size * width + k] : 0;
    for (int64_t j = 0; j < size; j++)
      f[k] += (double)problem->features[row * size + j] * parameters[j * width + k];
  }
}

/* Above 20 the rate is a constant, and the loss, whose derivative it is, a line. */
static inline double plain_rate(double f) { return f > 20 ? exp(20) : exp(f); }

static inline double plain_rate_integral(double f) {
  return f > 20 ? exp(20) + exp(20) * (f - 20) : exp(f);
}

/* Probabilities, or rates. */
static inline void plain_means(const sngp_linear_problem *problem, const double *parameters,
                               int64_t row, double *means) {
  int64_t width = problem->num_outputs;
  double f[16], sum = 0;
  plain_outputs(problem, parameters, row, f);
  for (int64_t k = 0; k < width; k++) sum += exp(f[k]);
  for (int64_t k = 0; k < width; k++)
    means[k] = problem->likelihood == SNGP_LINEAR_SOFTMAX    ? exp(f[k]) / sum
               : problem->likelihood == SNGP_LINEAR_LOGISTIC ? 1 / (1 + exp(-f[k]))
                                                             : plain_rate(f[k]);
}

/* -log of the probability of what was observed; of counts without log y!. */
static inline double plain_loss(const sngp_linear_problem *problem, const double *parameters,
                                int64_t row) {
  double f[16], means[16], loss = 0;
  plain_outputs(problem, parameters, row, f);
  plain_means(problem, parameters, row, means);
  for (int64_t k = 0; k < problem->num_outputs; k++) {
    double y = plain_target(problem, row, k), p = means[k];
    if (problem->likelihood == SNGP_LINEAR_SOFTMAX) loss -= y > 0 ? log(p) : 0;
    if (problem->likelihood == SNGP_LINEAR_LOGISTIC) loss -= y > 0 ? log(p) : log(1 - p);
    if (problem->likelihood == SNGP_LINEAR_POISSON) loss += plain_rate_integral(f[k]) - y * f[k];
  }
  return loss;
}

typedef struct {
  const sngp_linear_problem *problem;
  const double *parameters;
} plain_point;

static inline double plain_objective(const void *context) {
  const plain_point *point = context;
  const sngp_linear_problem *problem = point->problem;
  double value = 0;
  for (int64_t j = 0; j < problem->size * problem->num_outputs; j++)
    value += 0.5 * problem->lambda * point->parameters[j] * point->parameters[j];
  for (int64_t i = 0; i < problem->rows; i++)
    value += plain_weight(problem, i) * plain_loss(problem, point->parameters, i);
  return value;
}

static inline void plain_gradient(const sngp_linear_problem *problem, const double *parameters,
                                  double *gradient) {
  int64_t size = problem->size, width = problem->num_outputs;
  double means[16];
  for (int64_t k = 0; k < parameter_count(problem); k++)
    gradient[k] = k < size * width ? problem->lambda * parameters[k] : 0;
  for (int64_t i = 0; i < problem->rows; i++) {
    plain_means(problem, parameters, i, means);
    for (int64_t k = 0; k < width; k++) {
      double residual = plain_weight(problem, i) * (means[k] - plain_target(problem, i, k));
      for (int64_t j = 0; j < size; j++)
        gradient[j * width + k] += residual * (double)problem->features[i * size + j];
      if (problem->intercept) gradient[size * width + k] += residual;
    }
  }
}

/* sqrt(sum w |y|^2 * sum w |phi|^2), |y|^2 being 1 for the softmax, the outputs' number for the
   logistic. */
static inline double plain_bound(const sngp_linear_problem *problem) {
  double targets = 0, features = 0;
  for (int64_t i = 0; i < problem->rows; i++) {
    double square = problem->intercept ? 1 : 0, counts = 0;
    for (int64_t j = 0; j < problem->size; j++)
      square += pow((double)problem->features[i * problem->size + j], 2);
    for (int64_t k = 0; k < problem->num_outputs; k++)
      counts += pow(plain_target(problem, i, k), 2);
    if (problem->likelihood == SNGP_LINEAR_LOGISTIC) counts = (double)problem->num_outputs;
    features += plain_weight(problem, i) * square;
    targets += plain_weight(problem, i) * counts;
  }
  return sqrt(targets * features);
}

#endif
