#include "gp/classification.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "gp/gram.h"
#include "linalg/blas.h"
#include "linalg/kernels.h"

enum { BLOCK = SNGP_CLASSIFICATION_BLOCK, ROWS_OF_TASK = 64 };

int64_t sngp_classification_side(const sngp_classification *problem) {
  return problem->size + (problem->intercept ? 1 : 0);
}

double sngp_classification_weight(const sngp_classification *problem, int64_t row) {
  return problem->weights != NULL ? (double)problem->weights[row] : 1;
}

sngp_status sngp_classification_pass_create(sngp_classification_pass *pass,
                                            const sngp_classification *problem, sngp_pool *pool) {
  int64_t side = sngp_classification_side(problem), width = problem->num_outputs;
  *pass = (sngp_classification_pass){.problem = problem, .pool = pool, .side = side};
  double *memory = sngp_allocate((size_t)(2 * side + width + 2), BLOCK * sizeof *memory);
  if (memory == NULL) return sngp_fail_memory("a pass over the rows of a classification");
  pass->features = memory;
  pass->scaled = memory + BLOCK * side;
  pass->outputs = pass->scaled + BLOCK * side;
  pass->numbers = pass->outputs + BLOCK * width;
  pass->squares = pass->numbers + BLOCK;
  return SNGP_OK;
}

void sngp_classification_pass_destroy(sngp_classification_pass *pass) {
  sngp_release(pass->features);
  *pass = (sngp_classification_pass){0};
}

/* ---- a block ---- */

typedef struct {
  sngp_classification_pass *pass;
  int64_t count;
  const float *features;
  const double *parameters;
} block;

static void run_rows(const block *b, sngp_task task) {
  sngp_pool_run(b->pass->pool, task, (void *)b,
                (int)((b->count + ROWS_OF_TASK - 1) / ROWS_OF_TASK));
}

static int64_t rows_of_task(const block *b, int index, int64_t *first) {
  *first = (int64_t)index * ROWS_OF_TASK;
  return b->count - *first < ROWS_OF_TASK ? b->count - *first : ROWS_OF_TASK;
}

static void convert(void *context, int index) {
  const block *b = context;
  int64_t first = 0, count = rows_of_task(b, index, &first), side = b->pass->side;
  int64_t size = b->pass->problem->size;
  for (int64_t i = first; i < first + count; i++) {
    double *row = b->pass->features + i * side;
    sngp_kernel_to_double((size_t)size, b->features + i * size, 1, row);
    if (side > size) row[size] = 1;
  }
}

sngp_status sngp_classification_read(sngp_classification_pass *pass, int64_t first, int64_t count) {
  const sngp_classification *problem = pass->problem;
  block b = {.pass = pass, .count = count};
  if (problem->read != NULL)
    SNGP_TRY(problem->read(problem->context, first, count, &b.features));
  else
    b.features = problem->features + first * problem->size;
  run_rows(&b, convert);
  return SNGP_OK;
}

/* In place, logits to probabilities; returns the logarithm of what they were divided by, the
   largest logit included: log p_k = f_k - it. */
static double normalize(double *row, int64_t width) {
  if (width == 1) { /* classes 0 and 1 with the logits 0 and f */
    double f = row[0], small = exp(-fabs(f));
    row[0] = f > 0 ? 1 / (1 + small) : small / (1 + small);
    return (f > 0 ? f : 0) + log1p(small);
  }
  double largest = row[0], sum = 0;
  for (int64_t k = 1; k < width; k++)
    if (row[k] > largest) largest = row[k];
  for (int64_t k = 0; k < width; k++) sum += row[k] = exp(row[k] - largest);
  for (int64_t k = 0; k < width; k++) row[k] /= sum;
  return largest + log(sum);
}

static void compute_logits(const block *b, int64_t first, int64_t count) {
  int64_t side = b->pass->side, width = b->pass->problem->num_outputs;
  const double *features = b->pass->features + first * side;
  double *outputs = b->pass->outputs + first * width;
  if (width == 1)
    sngp_dgemv(false, count, side, 1, features, side, b->parameters, 0, outputs);
  else
    sngp_dgemm(false, false, count, width, side, 1, features, side, b->parameters, width, 0,
               outputs, width);
}

static void compute_probabilities(void *context, int index) {
  const block *b = context;
  int64_t first = 0, count = rows_of_task(b, index, &first);
  int64_t width = b->pass->problem->num_outputs;
  compute_logits(b, first, count);
  for (int64_t i = first; i < first + count; i++) normalize(b->pass->outputs + i * width, width);
}

void sngp_classification_probabilities(sngp_classification_pass *pass, const double *parameters,
                                       int64_t count) {
  block b = {.pass = pass, .count = count, .parameters = parameters};
  run_rows(&b, compute_probabilities);
}

static void scale_rows(void *context, int index) {
  const block *b = context;
  int64_t first = 0, count = rows_of_task(b, index, &first), side = b->pass->side;
  for (int64_t i = first; i < first + count; i++) {
    double root = sqrt(b->pass->numbers[i]);
    for (int64_t j = 0; j < side; j++)
      b->pass->scaled[i * side + j] = root * b->pass->features[i * side + j];
  }
}

void sngp_classification_add_gram(sngp_classification_pass *pass, int64_t count, int64_t size,
                                  double sign, double *gram, int64_t stride) {
  block b = {.pass = pass, .count = count};
  run_rows(&b, scale_rows);
  sngp_gram_add(size, 1, gram, stride, sign, pass->scaled, count, pass->side, pass->pool);
}

/* ---- passes ---- */

static int64_t block_size(const sngp_classification *problem, int64_t first) {
  return problem->rows - first < BLOCK ? problem->rows - first : BLOCK;
}

typedef struct {
  block block;
  int64_t first;
} labelled_block;

/* outputs = w (p - y), numbers = w NLL, squares = w |phi|^2. */
static void compute_residuals(void *context, int index) {
  const labelled_block *labelled = context;
  const block *b = &labelled->block;
  const sngp_classification *problem = b->pass->problem;
  int64_t first = 0, count = rows_of_task(b, index, &first), width = problem->num_outputs;
  compute_logits(b, first, count);
  for (int64_t i = first; i < first + count; i++) {
    double *row = b->pass->outputs + i * width;
    int32_t label = problem->labels[labelled->first + i];
    double weight = sngp_classification_weight(problem, labelled->first + i);
    double own = width == 1 ? label * row[0] : row[label];
    b->pass->numbers[i] = weight * (normalize(row, width) - own);
    row[width == 1 ? 0 : label] -= width == 1 ? label : 1;
    for (int64_t k = 0; k < width; k++) row[k] *= weight;
    const double *phi = b->pass->features + i * b->pass->side;
    b->pass->squares[i] = weight * sngp_ddot(b->pass->side, phi, phi);
  }
}

sngp_status sngp_classification_gradient(sngp_classification_pass *pass, const double *parameters,
                                         double *value, double *gradient) {
  const sngp_classification *problem = pass->problem;
  int64_t penalised = problem->size * problem->num_outputs;
  double squares = 0, weights = 0;
  *value = 0.5 * problem->lambda * sngp_ddot(penalised, parameters, parameters);
  for (int64_t i = 0; i < penalised; i++) gradient[i] = problem->lambda * parameters[i];
  memset(gradient + penalised, 0,
         (size_t)((pass->side - problem->size) * problem->num_outputs) * sizeof *gradient);
  for (int64_t first = 0; first < problem->rows; first += BLOCK) {
    int64_t count = block_size(problem, first);
    SNGP_TRY(sngp_classification_read(pass, first, count));
    labelled_block b = {{.pass = pass, .count = count, .parameters = parameters}, first};
    sngp_pool_run(pass->pool, compute_residuals, &b,
                  (int)((count + ROWS_OF_TASK - 1) / ROWS_OF_TASK));
    for (int64_t i = 0; i < count; i++) {
      *value += pass->numbers[i];
      squares += pass->squares[i];
      weights += sngp_classification_weight(problem, first + i);
    }
    sngp_cross_add(pass->side, problem->num_outputs, gradient, 1, pass->features, count, pass->side,
                   pass->outputs, pass->pool);
  }
  pass->bound = sqrt(weights * squares);
  return SNGP_OK;
}

/* Lower triangle of sum numbers phi phi^T over all rows; without parameters the numbers are w. */
static sngp_status sum_gram(sngp_classification_pass *pass, const double *parameters,
                            double *gram) {
  const sngp_classification *problem = pass->problem;
  memset(gram, 0, (size_t)(pass->side * pass->side) * sizeof *gram);
  for (int64_t first = 0; first < problem->rows; first += BLOCK) {
    int64_t count = block_size(problem, first);
    SNGP_TRY(sngp_classification_read(pass, first, count));
    if (parameters != NULL) sngp_classification_probabilities(pass, parameters, count);
    for (int64_t i = 0; i < count; i++) {
      double p = parameters != NULL ? pass->outputs[i] : 0;
      double weight = sngp_classification_weight(problem, first + i);
      pass->numbers[i] = parameters != NULL ? weight * p * (1 - p) : weight;
    }
    sngp_classification_add_gram(pass, count, pass->side, 1, gram, pass->side);
  }
  return SNGP_OK;
}

sngp_status sngp_classification_gram(sngp_classification_pass *pass, double *gram) {
  return sum_gram(pass, NULL, gram);
}

sngp_status sngp_classification_logistic_hessian(sngp_classification_pass *pass,
                                                 const double *parameters, double *hessian) {
  return sum_gram(pass, parameters, hessian);
}
