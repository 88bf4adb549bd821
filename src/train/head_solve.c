#include "train/head_solve.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "gp/ridge_regression.h"
#include "linalg/blas.h"
#include "train/noise.h"

static sngp_status check_finite(const sngp_ridge_regression *solution) {
  int64_t count = (solution->size + 1) * solution->num_targets;
  for (int64_t i = 0; i < count; i++) /* the offsets lie behind the coefficients */
    if (!(fabs(solution->coefficients[i]) <= (double)FLT_MAX))
      return sngp_fail(SNGP_ERROR_NUMERICAL,
                       "an output weight would be %g: are targets or features very large?",
                       solution->coefficients[i]);
  return SNGP_OK;
}

/* From the centred targets: their squares (T), and cross (M, T). */
static void estimate_noise(sngp_model *model, const sngp_ridge_regression *solution,
                           const double *squares, const double *cross) {
  const int64_t outputs = solution->num_targets;
  if (model->network.noise == NULL || model->config.noise_variance != 0) return;
  for (int64_t t = 0; t < outputs; t++) {
    double explained = 0;
    for (int64_t j = 0; j < solution->size; j++)
      explained += cross[j * outputs + t] * solution->coefficients[j * outputs + t];
    double noise = (squares[t] - explained) / fmax(model->statistics.count, 1);
    sngp_model_set_noise(model, t, fmax(noise, SNGP_SMALLEST_NOISE));
  }
}

sngp_status sngp_head_solve(sngp_model *model) {
  const sngp_statistics *statistics = &model->statistics;
  const int64_t size = statistics->size, outputs = statistics->num_targets;
  sngp_ridge_regression solution = {0};
  double *squares = sngp_allocate((size_t)((size + 2) * outputs), sizeof *squares);
  sngp_status status = squares != NULL ? SNGP_OK : sngp_fail_memory("a head in closed form");
  if (status == SNGP_OK) status = sngp_ridge_regression_create(&solution, size, outputs);
  if (status == SNGP_OK)
    status = sngp_ridge_regression_fit(&solution, statistics, model->config.ridge, true);
  if (status == SNGP_OK) status = check_finite(&solution);
  if (status == SNGP_OK) status = sngp_posterior_finish(&model->posterior, model->config.ridge);
  if (status == SNGP_OK) {
    double *means = squares + outputs, *cross = means + outputs;
    sngp_statistics_center(statistics, means, squares, cross);
    sngp_model_set_output(model, solution.coefficients); /* offsets lie behind them */
    estimate_noise(model, &solution, squares, cross);
    model->posterior.rows = statistics->rows;
  }
  sngp_ridge_regression_destroy(&solution);
  sngp_release(squares);
  return status;
}

/* Coefficients and offsets, which lie behind them; squares; centred cross sums. */
size_t sngp_head_solve_scratch(const sngp_model *model) {
  const size_t outputs = (size_t)model->network.num_outputs;
  return outputs * (2 * (size_t)model->posterior.size + 2);
}

sngp_status sngp_head_solve_changed(sngp_model *model, double *scratch) {
  const sngp_statistics *statistics = &model->statistics;
  const int64_t size = statistics->size, outputs = statistics->num_targets;
  const sngp_ridge_regression solution = {.size = size,
                                          .num_targets = outputs,
                                          .coefficients = scratch,
                                          .offsets = scratch + size * outputs};
  double *squares = solution.offsets + outputs, *cross = squares + outputs;
  sngp_statistics_center(statistics, solution.offsets, squares, cross);
  memcpy(solution.coefficients, cross, (size_t)(size * outputs) * sizeof *cross);
  sngp_multiply_lower(false, size, model->posterior.inverse, outputs, solution.coefficients);
  sngp_multiply_lower(true, size, model->posterior.inverse, outputs, solution.coefficients);
  SNGP_TRY(check_finite(&solution));
  sngp_model_set_output(model, solution.coefficients); /* offsets lie behind them */
  estimate_noise(model, &solution, squares, cross);
  return SNGP_OK;
}

/* |P^-1 b| is at most |b| / ridge. */
bool sngp_head_is_solvable(const sngp_model *model, const sngp_statistics *statistics,
                           double *scratch) {
  const double most = 0.5 * (double)FLT_MAX; /* leaves room for rounding */
  const int64_t size = statistics->size, outputs = statistics->num_targets;
  double *means = scratch, *squares = means + outputs, *cross = squares + outputs;
  sngp_statistics_center(statistics, means, squares, cross);
  for (int64_t t = 0; t < outputs; t++) {
    double square = 0;
    for (int64_t j = 0; j < size; j++) square += cross[j * outputs + t] * cross[j * outputs + t];
    if (!(sqrt(square) / model->config.ridge <= most && fabs(means[t]) <= most)) return false;
  }
  return true;
}
