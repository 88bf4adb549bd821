#include "train/living.h"

#include <string.h>

#include "base/memory.h"
#include "gp/curvature.h"
#include "gp/updates.h"
#include "train/covariance.h"
#include "train/head_solve.h"
#include "train/row_sums.h"
#include "train/steady_rows.h"

/* ---- few rows, by way of the inverse factors ---- */

/* Rows as posterior and sums take them. */
typedef struct {
  const sngp_dataset *data;
  sngp_pass pass;
  double *curvature;    /* NULL: all 1 */
  double *targets;      /* of a head in closed form that is no classifier */
  double *scratch;      /* of its sums, then of its solution */
  sngp_statistics sums; /* as they will be, without their matrix */
} few_rows;

static sngp_status take_sums(const sngp_model *model, few_rows *few) {
  const int64_t outputs = model->network.num_outputs, count = few->data->rows;
  size_t scratch = sngp_head_solve_scratch(model);
  size_t of_sums = sngp_statistics_scratch(&model->statistics, count);
  if (of_sums > scratch) scratch = of_sums;
  few->scratch = sngp_allocate(scratch, sizeof *few->scratch);
  few->targets = sngp_allocate((size_t)(count * outputs), sizeof *few->targets);
  if (few->scratch == NULL || few->targets == NULL) return sngp_fail_memory("sums over rows");
  SNGP_TRY(sngp_statistics_create(&few->sums, model->posterior.size, outputs,
                                  model->posterior.precision));
  few->sums.gram = NULL;
  sngp_statistics_assign(&few->sums, &model->statistics);
  return SNGP_OK;
}

static sngp_status take_rows(const sngp_model *model, few_rows *few) {
  const int64_t count = few->data->rows;
  const int64_t room = count < SNGP_STEADY_ROWS ? SNGP_STEADY_ROWS : count;
  SNGP_TRY(sngp_pass_create(&model->network, room, false, 0, &few->pass));
  if (sngp_likelihood_has_curvature(model->config.likelihood)) {
    few->curvature =
        sngp_allocate((size_t)(count * model->network.num_outputs), sizeof *few->curvature);
    if (few->curvature == NULL) return sngp_fail_memory("the weights of rows");
  }
  return model->holds.statistics ? take_sums(model, few) : SNGP_OK;
}

static void release_rows(few_rows *few) {
  sngp_pass_destroy(&few->pass);
  sngp_release(few->curvature);
  sngp_release(few->targets);
  sngp_release(few->scratch);
  sngp_statistics_destroy(&few->sums);
}

static void compute_rows(const sngp_model *model, few_rows *few) {
  const sngp_dataset *data = few->data;
  const sngp_network *network = &model->network;
  for (int64_t i = 0; i < data->rows; i++)
    sngp_pass_set_row(network, &few->pass, i, data->features + i * data->row_stride);
  sngp_steady_features(network, &few->pass, data->rows);
  if (few->curvature != NULL) sngp_steady_curvature(model, &few->pass, data->rows, few->curvature);
}

/* The sums with, or without, the rows. */
static void change_sums(const sngp_model *model, few_rows *few, double sign, sngp_pool *pool) {
  const sngp_dataset *data = few->data;
  const int64_t outputs = model->network.num_outputs;
  const bool classifies = model->config.task == SNGP_TASK_CLASSIFICATION;
  float *scaled = few->pass.logits;
  for (int64_t i = 0; i < data->rows && !classifies; i++) {
    sngp_network_scale_targets(&model->network, data->targets + i * outputs, scaled);
    for (int64_t k = 0; k < outputs; k++) few->targets[i * outputs + k] = (double)scaled[k];
  }
  const sngp_target_rows rows = {.count = data->rows,
                                 .features = few->pass.phi,
                                 .targets = classifies ? NULL : few->targets,
                                 .labels = classifies ? data->labels : NULL,
                                 .weights = data->weights};
  if (sign > 0)
    sngp_statistics_add(&few->sums, &rows, few->scratch, pool);
  else
    sngp_statistics_subtract(&few->sums, &rows, few->scratch, pool);
}

/* What rounding left of squares that are no more is not below 0. */
static sngp_status check_sums(sngp_statistics *sums) {
  for (int64_t t = 0; t < sums->num_targets; t++)
    if (sums->target_squares[t] < 0) sums->target_squares[t] = 0;
  if (sums->weight > 0 && sums->count > 0) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "no rows would be left for the head to be solved from: their weights would sum "
                   "to %g",
                   sums->weight);
}

/* Whether it was done; else the model is as it was, and has to be changed as a whole. */
static sngp_status change_few(sngp_model *model, few_rows *few, double sign, sngp_pool *pool,
                              bool *done) {
  *done = false;
  SNGP_TRY(take_rows(model, few));
  compute_rows(model, few);
  if (model->holds.statistics) {
    change_sums(model, few, sign, pool);
    SNGP_TRY(check_sums(&few->sums));
    if (!sngp_head_is_solvable(model, &few->sums, few->scratch)) return SNGP_OK;
  }
  const sngp_posterior_rows rows = {.count = few->data->rows,
                                    .features = few->pass.phi,
                                    .weights = few->data->weights,
                                    .curvature = few->curvature};
  SNGP_TRY(sngp_posterior_change(&model->posterior, &rows, sign, model->config.ridge, pool));
  *done = true;
  if (!model->holds.statistics) return SNGP_OK;
  sngp_statistics_destroy(&model->statistics);
  model->statistics = few->sums;
  model->statistics.gram = model->posterior.precision;
  few->sums = (sngp_statistics){0};
  return sngp_head_solve_changed(model, few->scratch); /* cannot fail, being solvable */
}

/* ---- a changed copy, factored anew ---- */

/* The copy's posterior was current, but for its sums. */
static sngp_status solve_again(sngp_model *copy) {
  SNGP_TRY(sngp_posterior_finish_for_changes(&copy->posterior, copy->config.ridge));
  if (!copy->holds.statistics) return SNGP_OK;
  copy->posterior.rows = copy->statistics.rows;
  SNGP_TRY(check_sums(&copy->statistics));
  double *scratch = sngp_allocate(sngp_head_solve_scratch(copy), sizeof *scratch);
  if (scratch == NULL) return sngp_fail_memory("a head in closed form");
  sngp_status status = sngp_head_solve_changed(copy, scratch);
  sngp_release(scratch);
  return status;
}

/* What needed no jitter with the rows needs none without them, if they were in. */
static sngp_status check_jitter(const sngp_model *model, const sngp_model *copy, double sign,
                                int64_t count) {
  if (sign > 0 || copy->posterior.jitter == 0 || model->posterior.jitter > 0) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_NUMERICAL,
                   "without these %lld rows the precision matrix is not positive definite: they "
                   "are not all among the rows it holds",
                   (long long)count);
}

static sngp_status change_copy(const sngp_model *model, sngp_model *copy, const sngp_dataset *rows,
                               double sign, sngp_pool *pool) {
  const sngp_row_source source = sngp_row_source_of(rows);
  SNGP_TRY(copy->holds.statistics ? sngp_row_sums_change(copy, &source, sign, pool, NULL, NULL)
                                  : sngp_covariance_accumulate(copy, rows, 1, sign, pool));
  if (sign < 0)
    SNGP_TRY(sngp_posterior_check_left(&model->posterior, &copy->posterior, copy->config.ridge));
  SNGP_TRY(solve_again(copy));
  return check_jitter(model, copy, sign, rows->rows);
}

static sngp_status replace(sngp_model *model, sngp_model *copy, sngp_status status) {
  if (status == SNGP_OK)
    sngp_model_replace(model, copy);
  else
    sngp_model_free(copy);
  return status;
}

static sngp_status change_all(sngp_model *model, const sngp_dataset *rows, double sign,
                              sngp_pool *pool) {
  sngp_model *copy = NULL;
  SNGP_TRY(sngp_model_copy(model, &copy));
  return replace(model, copy, change_copy(model, copy, rows, sign, pool));
}

sngp_status sngp_living_change(sngp_model *model, const sngp_dataset *rows, double sign) {
  sngp_pool *pool = NULL;
  SNGP_TRY(sngp_pool_create(1, &pool));
  bool done = false;
  sngp_status status = SNGP_OK;
  if (sngp_posterior_takes_rows(&model->posterior, rows->rows)) {
    few_rows few = {.data = rows};
    status = change_few(model, &few, sign, pool, &done);
    release_rows(&few);
  }
  if (status == SNGP_OK && !done) status = change_all(model, rows, sign, pool);
  sngp_pool_free(pool);
  return status;
}

static int64_t area_of(const sngp_posterior *posterior) {
  return posterior->matrices.count * posterior->matrices.side * posterior->matrices.side;
}

sngp_status sngp_living_forget(sngp_model *model, double factor) {
  sngp_model *copy = NULL;
  SNGP_TRY(sngp_model_copy(model, &copy));
  if (copy->holds.statistics)
    sngp_statistics_scale(&copy->statistics, factor);
  else
    for (int64_t i = 0; i < area_of(&copy->posterior); i++) copy->posterior.precision[i] *= factor;
  return replace(model, copy, solve_again(copy));
}

/* ---- other models ---- */

static bool is_above_features(const char *name) {
  static const char *const NAMES[] = {"output.weight", "output.bias", "noise.variance"};
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
    if (strcmp(name, NAMES[i]) == 0) return true;
  const char *end = strrchr(name, '.'); /* of spectral normalisation, which acts in training */
  return strcmp(end, ".u") == 0 || strcmp(end, ".v") == 0;
}

static sngp_status differ(const char *what) {
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "the models have different features, whose sums do not add up: %s differs",
                   what);
}

static sngp_status compare_settings(const sngp_model *model, const sngp_model *other) {
  const sngp_model_config *a = &model->config, *b = &other->config;
#define SAME(field) \
  if (a->field != b->field) return differ(#field)
  SAME(task);
  SAME(likelihood);
  SAME(posterior);
  SAME(backbone);
  SAME(kernel);
  SAME(normalize_input);
  SAME(scale_random_features);
  SAME(kernel_scale);
  SAME(radius_scale);
#undef SAME
  return SNGP_OK;
}

static sngp_status compare_features(const sngp_model *model, const sngp_model *other) {
  SNGP_TRY(compare_settings(model, other));
  if (model->table.count != other->table.count) return differ("the list of tensors");
  for (size_t i = 0; i < model->table.count; i++) {
    const sngp_parameter *a = &model->table.items[i], *b = &other->table.items[i];
    if (strcmp(a->name, b->name) != 0 || a->rows != b->rows || a->cols != b->cols)
      return differ(a->name);
    if (!is_above_features(a->name) &&
        memcmp(sngp_model_values(model, a), sngp_model_values(other, b),
               (size_t)(a->rows * a->cols) * sizeof(float)) != 0)
      return differ(a->name);
  }
  if (model->holds.statistics == other->holds.statistics) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                   "one of the models is a head in closed form, the other is not");
}

sngp_status sngp_living_merge(sngp_model *model, const sngp_model *other) {
  sngp_model *copy = NULL;
  SNGP_TRY(compare_features(model, other));
  SNGP_TRY(sngp_model_copy(model, &copy));
  if (copy->holds.statistics) {
    sngp_statistics_merge(&copy->statistics, &other->statistics);
  } else {
    for (int64_t i = 0; i < area_of(&copy->posterior); i++)
      copy->posterior.precision[i] += other->posterior.precision[i];
    copy->posterior.rows += other->posterior.rows;
  }
  return replace(model, copy, solve_again(copy));
}
