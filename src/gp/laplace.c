#include "gp/laplace.h"

#include <string.h>

#include "base/memory.h"

bool sngp_laplace_area(const sngp_linear_problem *problem, sngp_laplace_kind kind, size_t *area) {
  size_t size = (size_t)problem->size, width = (size_t)problem->num_outputs, side = 0;
  if (kind != SNGP_LAPLACE_JOINT)
    return sngp_size_multiply(size, size, area) &&
           sngp_size_multiply(*area, kind == SNGP_LAPLACE_SHARED ? 1 : width, area);
  return sngp_size_multiply(size, width, &side) && sngp_size_multiply(side, side, area);
}

/* numbers = w A''_k, or, of two classes of the softmax, w p_k p_l, or the mean of the former for k
   below 0. */
static void set_numbers(sngp_linear_pass *pass, int64_t first, int64_t count, int64_t k,
                        int64_t l) {
  const sngp_linear_problem *problem = pass->problem;
  int64_t width = problem->num_outputs;
  for (int64_t i = 0; i < count; i++) {
    const double *means = pass->outputs + i * width;
    double number = 0;
    if (k < 0)
      for (int64_t j = 0; j < width; j++)
        number += sngp_linear_variance(problem->likelihood, means[j]) / (double)width;
    else
      number = k == l ? sngp_linear_variance(problem->likelihood, means[k]) : means[k] * means[l];
    pass->numbers[i] = number * sngp_linear_weight(problem, first + i);
  }
}

static void add_joint(sngp_linear_pass *pass, int64_t first, int64_t count, double *hessian) {
  int64_t size = pass->problem->size, width = pass->problem->num_outputs, side = size * width;
  bool separable = sngp_linear_is_separable(pass->problem->likelihood);
  for (int64_t k = 0; k < width; k++)
    for (int64_t l = separable ? k : 0; l <= k; l++) {
      set_numbers(pass, first, count, k, l);
      sngp_linear_add_gram(pass, count, size, k == l ? 1 : -1, hessian + k * size * side + l * size,
                           side);
    }
}

/* Blocks beside the diagonal are symmetric, and only their lower triangles are summed. */
static void complete_joint(int64_t size, int64_t width, double *hessian) {
  int64_t side = size * width;
  for (int64_t k = 0; k < width; k++)
    for (int64_t l = 0; l < k; l++) {
      double *block = hessian + k * size * side + l * size;
      for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < i; j++) block[j * side + i] = block[i * side + j];
    }
}

static void add_block(sngp_linear_pass *pass, sngp_laplace_kind kind, int64_t first, int64_t count,
                      double *hessian) {
  int64_t size = pass->problem->size, width = pass->problem->num_outputs;
  if (kind == SNGP_LAPLACE_JOINT) {
    add_joint(pass, first, count, hessian);
    return;
  }
  int64_t matrices = kind == SNGP_LAPLACE_SHARED ? 1 : width;
  for (int64_t k = 0; k < matrices; k++) {
    set_numbers(pass, first, count, kind == SNGP_LAPLACE_SHARED ? -1 : k, k);
    sngp_linear_add_gram(pass, count, size, 1, hessian + k * size * size, size);
  }
}

static sngp_status add_all(sngp_linear_pass *pass, sngp_laplace_kind kind, const double *parameters,
                           double *hessian) {
  int64_t rows = pass->problem->rows;
  for (int64_t first = 0; first < rows; first += SNGP_LINEAR_BLOCK) {
    int64_t rest = rows - first;
    int64_t count = rest < SNGP_LINEAR_BLOCK ? rest : SNGP_LINEAR_BLOCK;
    SNGP_TRY(sngp_linear_read(pass, first, count));
    sngp_linear_block_means(pass, parameters, count);
    add_block(pass, kind, first, count, hessian);
  }
  if (kind == SNGP_LAPLACE_JOINT)
    complete_joint(pass->problem->size, pass->problem->num_outputs, hessian);
  return SNGP_OK;
}

sngp_status sngp_laplace_hessian(const sngp_linear_problem *problem, sngp_laplace_kind kind,
                                 const double *parameters, sngp_pool *pool, double *hessian) {
  size_t area = 0;
  sngp_linear_pass pass;
  if (!sngp_laplace_area(problem, kind, &area)) return sngp_fail_memory("a Laplace posterior");
  SNGP_TRY(sngp_linear_pass_create(&pass, problem, pool));
  memset(hessian, 0, area * sizeof *hessian);
  sngp_status status = add_all(&pass, kind, parameters, hessian);
  sngp_linear_pass_destroy(&pass);
  return status;
}
