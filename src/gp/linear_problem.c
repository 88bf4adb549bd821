#include "gp/linear_problem.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "gp/gram.h"
#include "linalg/blas.h"
#include "linalg/kernels.h"

enum { BLOCK = SNGP_LINEAR_BLOCK, ROWS_OF_TASK = 64 };

/* What a row adds to sums over all: w NLL, its parts' absolute values, w |y|^2, w |phi|^2. */
enum { VALUE, MAGNITUDE, TARGET_SQUARE, FEATURE_SQUARE, NUM_SUMS };

int64_t sngp_linear_side(const sngp_linear_problem *problem) {
  return problem->size + (problem->intercept ? 1 : 0);
}

double sngp_linear_weight(const sngp_linear_problem *problem, int64_t row) {
  return problem->weights != NULL ? (double)problem->weights[row] : 1;
}

static double target(const sngp_linear_problem *problem, int64_t row, int64_t k) {
  if (problem->labels == NULL) return (double)problem->targets[row * problem->num_outputs + k];
  if (problem->likelihood == SNGP_LINEAR_LOGISTIC) return problem->labels[row];
  return problem->labels[row] == k ? 1 : 0;
}

void sngp_linear_target_means(const sngp_linear_problem *problem, double *means) {
  int64_t width = problem->num_outputs;
  double weights = 1;
  for (int64_t k = 0; k < width; k++) means[k] = 0.5;
  for (int64_t i = 0; i < problem->rows; i++) {
    double weight = sngp_linear_weight(problem, i);
    weights += weight;
    for (int64_t k = 0; k < width; k++) means[k] += weight * target(problem, i, k);
  }
  for (int64_t k = 0; k < width; k++) means[k] /= weights;
}

sngp_status sngp_linear_pass_create(sngp_linear_pass *pass, const sngp_linear_problem *problem,
                                    sngp_pool *pool) {
  int64_t side = sngp_linear_side(problem), width = problem->num_outputs;
  *pass = (sngp_linear_pass){.problem = problem, .pool = pool, .side = side};
  double *memory = sngp_allocate((size_t)(2 * side + width + 1 + NUM_SUMS), BLOCK * sizeof *memory);
  if (memory == NULL) return sngp_fail_memory("a pass over the rows of a linear model");
  pass->features = memory;
  pass->scaled = memory + BLOCK * side;
  pass->outputs = pass->scaled + BLOCK * side;
  pass->numbers = pass->outputs + BLOCK * width;
  pass->rows = pass->numbers + BLOCK;
  return SNGP_OK;
}

void sngp_linear_pass_destroy(sngp_linear_pass *pass) {
  sngp_release(pass->features);
  *pass = (sngp_linear_pass){0};
}

/* ---- a block ---- */

typedef struct {
  sngp_linear_pass *pass;
  int64_t first, count; /* of all rows */
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

static sngp_status read_block(sngp_linear_pass *pass, int64_t first, int64_t count) {
  const sngp_linear_problem *problem = pass->problem;
  block b = {.pass = pass, .first = first, .count = count};
  if (problem->read != NULL)
    SNGP_TRY(problem->read(problem->context, first, count, &b.features));
  else
    b.features = problem->features + first * problem->size;
  run_rows(&b, convert);
  return SNGP_OK;
}

static void compute_outputs(const block *b, int64_t first, int64_t count) {
  int64_t side = b->pass->side, width = b->pass->problem->num_outputs;
  const double *features = b->pass->features + first * side;
  double *outputs = b->pass->outputs + first * width;
  if (width == 1)
    sngp_dgemv(false, count, side, 1, features, side, b->parameters, 0, outputs);
  else
    sngp_dgemm(false, false, count, width, side, 1, features, side, b->parameters, width, 0,
               outputs, width);
}

static void compute_means(void *context, int index) {
  const block *b = context;
  const sngp_linear_problem *problem = b->pass->problem;
  int64_t first = 0, count = rows_of_task(b, index, &first), width = problem->num_outputs;
  compute_outputs(b, first, count);
  for (int64_t i = first; i < first + count; i++)
    sngp_linear_means(problem->likelihood, width, b->pass->outputs + i * width);
}

/* outputs = means A'(f) (count, K), of the rows that were read. */
static void block_means(sngp_linear_pass *pass, const double *parameters, int64_t count) {
  block b = {.pass = pass, .count = count, .parameters = parameters};
  run_rows(&b, compute_means);
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

/* Lower triangle of G (S, S) += sum numbers_n phi_n phi_n^T, the numbers 0 or more. */
static void add_gram(sngp_linear_pass *pass, int64_t count, double *gram) {
  block b = {.pass = pass, .count = count};
  run_rows(&b, scale_rows);
  sngp_gram_add(pass->side, 1, gram, pass->side, 1, pass->scaled, count, pass->side, pass->pool);
}

/* ---- passes ---- */

static int64_t block_size(const sngp_linear_problem *problem, int64_t first) {
  return problem->rows - first < BLOCK ? problem->rows - first : BLOCK;
}

/* y f of a row, whose outputs become y's means; what they say of |y|^2 goes to `square`. */
static double subtract_targets(const sngp_linear_problem *problem, int64_t row, double *outputs,
                               double *partition, double *square) {
  int64_t width = problem->num_outputs;
  double product = 0;
  *square = problem->likelihood == SNGP_LINEAR_LOGISTIC ? (double)width : 0;
  for (int64_t k = 0; k < width; k++) product += target(problem, row, k) * outputs[k];
  *partition = sngp_linear_means(problem->likelihood, width, outputs);
  for (int64_t k = 0; k < width; k++) {
    double y = target(problem, row, k);
    outputs[k] -= y;
    if (problem->likelihood != SNGP_LINEAR_LOGISTIC) *square += y * y;
  }
  return product;
}

/* outputs = w (mean - y), and what the rows add to the sums. */
static void compute_residuals(void *context, int index) {
  const block *b = context;
  const sngp_linear_problem *problem = b->pass->problem;
  int64_t first = 0, count = rows_of_task(b, index, &first), width = problem->num_outputs;
  compute_outputs(b, first, count);
  for (int64_t i = first; i < first + count; i++) {
    double *outputs = b->pass->outputs + i * width, *sums = b->pass->rows + i * NUM_SUMS;
    double weight = sngp_linear_weight(problem, b->first + i), partition = 0, square = 0;
    double product = subtract_targets(problem, b->first + i, outputs, &partition, &square);
    for (int64_t k = 0; k < width; k++) outputs[k] *= weight;
    const double *phi = b->pass->features + i * b->pass->side;
    sums[VALUE] = weight * (partition - product);
    sums[MAGNITUDE] = weight * (fabs(partition) + fabs(product));
    sums[TARGET_SQUARE] = weight * square;
    sums[FEATURE_SQUARE] = weight * sngp_ddot(b->pass->side, phi, phi);
  }
}

/* The penalty and its gradient. */
static double begin_gradient(const sngp_linear_pass *pass, const double *parameters,
                             double *gradient) {
  const sngp_linear_problem *problem = pass->problem;
  int64_t penalised = problem->size * problem->num_outputs;
  for (int64_t i = 0; i < penalised; i++) gradient[i] = problem->lambda * parameters[i];
  memset(gradient + penalised, 0,
         (size_t)((pass->side - problem->size) * problem->num_outputs) * sizeof *gradient);
  return 0.5 * problem->lambda * sngp_ddot(penalised, parameters, parameters);
}

sngp_status sngp_linear_gradient(sngp_linear_pass *pass, const double *parameters, double *value,
                                 double *gradient) {
  const sngp_linear_problem *problem = pass->problem;
  double weights = 0, sums[NUM_SUMS] = {0}, penalty = begin_gradient(pass, parameters, gradient);
  for (int64_t first = 0; first < problem->rows; first += BLOCK) {
    int64_t count = block_size(problem, first);
    SNGP_TRY(read_block(pass, first, count));
    block b = {.pass = pass, .first = first, .count = count, .parameters = parameters};
    run_rows(&b, compute_residuals);
    for (int64_t i = 0; i < count; i++) {
      weights += sngp_linear_weight(problem, first + i);
      for (int s = 0; s < NUM_SUMS; s++) sums[s] += pass->rows[i * NUM_SUMS + s];
    }
    sngp_cross_add(pass->side, problem->num_outputs, gradient, 1, pass->features, count, pass->side,
                   pass->outputs, pass->pool);
  }
  if (sums[TARGET_SQUARE] == 0) sums[TARGET_SQUARE] = weights * (double)problem->num_outputs;
  *value = penalty + sums[VALUE];
  pass->bound = sqrt(sums[TARGET_SQUARE] * sums[FEATURE_SQUARE]);
  pass->magnitude = penalty + sums[MAGNITUDE];
  return SNGP_OK;
}

/* Lower triangle of sum numbers phi phi^T over the rows of every `stride`-th block: w A'' of output
   k, or, without parameters, w. */
static sngp_status sum_gram(sngp_linear_pass *pass, int64_t stride, const double *parameters,
                            int64_t k, double *gram) {
  const sngp_linear_problem *problem = pass->problem;
  memset(gram, 0, (size_t)(pass->side * pass->side) * sizeof *gram);
  for (int64_t first = 0; first < problem->rows; first += stride * BLOCK) {
    int64_t count = block_size(problem, first);
    SNGP_TRY(read_block(pass, first, count));
    if (parameters != NULL) block_means(pass, parameters, count);
    for (int64_t i = 0; i < count; i++) {
      pass->numbers[i] = sngp_linear_weight(problem, first + i);
      if (parameters != NULL)
        pass->numbers[i] *=
            sngp_linear_variance(problem->likelihood, pass->outputs[i * problem->num_outputs + k]);
    }
    add_gram(pass, count, gram);
  }
  return SNGP_OK;
}

static double weight_of_blocks(const sngp_linear_problem *problem, int64_t stride) {
  double sum = 0;
  for (int64_t first = 0; first < problem->rows; first += stride * BLOCK)
    for (int64_t i = 0; i < block_size(problem, first); i++)
      sum += sngp_linear_weight(problem, first + i);
  return sum;
}

sngp_status sngp_linear_gram(sngp_linear_pass *pass, int64_t enough, double *gram) {
  int64_t stride = pass->problem->rows / enough;
  double part = stride > 1 ? weight_of_blocks(pass->problem, stride) : 0;
  if (!(part > 0)) return sum_gram(pass, 1, NULL, 0, gram);
  SNGP_TRY(sum_gram(pass, stride, NULL, 0, gram));
  double factor = weight_of_blocks(pass->problem, 1) / part;
  for (int64_t i = 0; i < pass->side * pass->side; i++) gram[i] *= factor;
  return SNGP_OK;
}

sngp_status sngp_linear_hessian(sngp_linear_pass *pass, const double *parameters, int64_t k,
                                double *hessian) {
  return sum_gram(pass, 1, parameters, k, hessian);
}
