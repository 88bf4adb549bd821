/* The penalised negative log-likelihood by plain loops. Include after "support/check.h". */
#ifndef SNGP_TESTS_UNIT_GP_CLASSIFICATIONS_H
#define SNGP_TESTS_UNIT_GP_CLASSIFICATIONS_H

#include "gp/classification.h"
#include "unit/gp/rows.h"

/* Labels of make_rows() among `num_outputs` classes, or 0 and 1 for one output. */
static inline sngp_classification problem_of(const test_rows *rows, int64_t num_outputs,
                                             bool intercept, bool weighted, double lambda) {
  return (sngp_classification){.rows = rows->count,
                               .size = rows->size,
                               .num_outputs = num_outputs,
                               .intercept = intercept,
                               .lambda = lambda,
                               .features = rows->features,
                               .labels = rows->labels,
                               .weights = weighted ? rows->weights : NULL};
}

static inline int64_t parameter_count(const sngp_classification *problem) {
  return (problem->size + problem->intercept) * problem->num_outputs;
}

/* Probabilities of all classes: two for one output. */
static inline void plain_probabilities(const sngp_classification *problem, const double *parameters,
                                       int64_t row, double *p) {
  int64_t size = problem->size, width = problem->num_outputs, classes = width == 1 ? 2 : width;
  double sum = 0;
  for (int64_t k = 0; k < classes; k++) {
    p[k] = 0;
    for (int64_t j = 0; j < size && k < width; j++)
      p[k] += (double)problem->features[row * size + j] * parameters[j * width + k];
    if (problem->intercept && k < width) p[k] += parameters[size * width + k];
  }
  if (width == 1) { /* f belongs to class 1 */
    p[1] = p[0];
    p[0] = 0;
  }
  for (int64_t k = 0; k < classes; k++) sum += p[k] = exp(p[k]);
  for (int64_t k = 0; k < classes; k++) p[k] /= sum;
}

typedef struct {
  const sngp_classification *problem;
  const double *parameters;
} plain_point;

static inline double plain_objective(const void *context) {
  const plain_point *point = context;
  const sngp_classification *problem = point->problem;
  double value = 0, p[16];
  for (int64_t j = 0; j < problem->size * problem->num_outputs; j++)
    value += 0.5 * problem->lambda * point->parameters[j] * point->parameters[j];
  for (int64_t i = 0; i < problem->rows; i++) {
    plain_probabilities(problem, point->parameters, i, p);
    double weight = problem->weights != NULL ? (double)problem->weights[i] : 1;
    value -= weight * log(p[problem->labels[i]]);
  }
  return value;
}

static inline void plain_gradient(const sngp_classification *problem, const double *parameters,
                                  double *gradient) {
  int64_t size = problem->size, width = problem->num_outputs;
  double p[16];
  for (int64_t k = 0; k < parameter_count(problem); k++)
    gradient[k] = k < size * width ? problem->lambda * parameters[k] : 0;
  for (int64_t i = 0; i < problem->rows; i++) {
    plain_probabilities(problem, parameters, i, p);
    double weight = problem->weights != NULL ? (double)problem->weights[i] : 1;
    for (int64_t k = 0; k < width; k++) {
      int64_t class = width == 1 ? 1 : k;
      double residual = weight * (p[class] - (problem->labels[i] == class));
      for (int64_t j = 0; j < size; j++)
        gradient[j * width + k] += residual * (double)problem->features[i * size + j];
      if (problem->intercept) gradient[size * width + k] += residual;
    }
  }
}

#endif
