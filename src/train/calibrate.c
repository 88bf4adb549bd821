#include "train/calibrate.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/blas.h"
#include "predict/predict.h"
#include "train/calibration_search.h"

/* A ridge is looked for in so many decades below and above what it is. */
enum { RIDGE_DECADES = 3 };

typedef struct {
  const sngp_dataset *data;
  sngp_predict_config predict;
  bool tune_factor, tune_temperature;
  int64_t num_models;
  sngp_model *looks;           /* the models, by value: all theirs but for another posterior */
  const sngp_model **pointers; /* to them */
  bool own_posteriors;         /* the looks have posteriors to be destroyed */
  sngp_pool *pool;
  sngp_workspace **workspaces; /* one a thread */
  sngp_held_out held_out;
  sngp_prediction_setting *settings; /* the best of the members so far */
  sngp_prediction_setting *trial;
} calibration;

/* What is found with ridges of 10^decades times the models'. */
typedef struct {
  int decades;
  double objective, nll;
  bool factor_at_border;
} candidate;

static void read_settings(sngp_model *const *models, int64_t num_models,
                          sngp_prediction_setting *settings) {
  for (int64_t m = 0; m < num_models; m++)
    settings[m] = (sngp_prediction_setting){models[m]->config.mean_field_factor,
                                            models[m]->config.temperature};
}

static bool has_mean_field(const calibration *c) {
  for (int64_t m = 0; m < c->num_models; m++)
    if (sngp_predict_has_mean_field(c->pointers[m], &c->predict)) return true;
  return c->tune_factor;
}

static sngp_status take_arrays(calibration *c, int threads) {
  size_t count = (size_t)c->num_models;
  c->looks = sngp_allocate(count, sizeof *c->looks);
  c->pointers = sngp_allocate(count, sizeof *c->pointers);
  c->settings = sngp_allocate(count, sizeof *c->settings);
  c->trial = sngp_allocate(count, sizeof *c->trial);
  c->workspaces = sngp_allocate((size_t)threads, sizeof *c->workspaces);
  if (c->looks != NULL && c->pointers != NULL && c->settings != NULL && c->trial != NULL &&
      c->workspaces != NULL)
    return SNGP_OK;
  return sngp_fail_memory("calibration");
}

static sngp_status prepare(calibration *c, sngp_model *const *models) {
  int64_t chunks = (c->data->rows + SNGP_CHUNK_ROWS - 1) / SNGP_CHUNK_ROWS;
  int threads = sngp_own_threads(c->predict.num_threads);
  if (threads > chunks) threads = (int)chunks;
  SNGP_TRY(sngp_pool_create(threads, &c->pool));
  SNGP_TRY(take_arrays(c, threads));
  for (int64_t m = 0; m < c->num_models; m++) {
    c->looks[m] = *models[m];
    c->pointers[m] = &c->looks[m];
  }
  sngp_predict_config of_thread = c->predict;
  of_thread.num_threads = 1;
  for (int i = 0; i < threads; i++)
    SNGP_TRY(sngp_workspace_take(models[0], &of_thread, SNGP_CHUNK_ROWS, &c->workspaces[i]));
  const sngp_held_out_shape shape = {
      .passes = c->num_models * sngp_predict_num_passes(&c->predict),
      .rows = c->data->rows,
      .classes = models[0]->config.num_classes,
      .num_variances = has_mean_field(c) ? models[0]->network.num_variances : 0,
      .labels = c->data->labels,
      .weights = c->data->weights};
  return sngp_held_out_create(&shape, c->pool, &c->held_out);
}

static void release(calibration *c) {
  sngp_held_out_destroy(&c->held_out);
  for (int i = 0; c->workspaces != NULL && i < sngp_pool_num_threads(c->pool); i++)
    sngp_workspace_free(c->workspaces[i]);
  for (int64_t m = 0; c->own_posteriors && m < c->num_models; m++)
    sngp_posterior_destroy(&c->looks[m].posterior);
  sngp_release(c->workspaces);
  sngp_release(c->trial);
  sngp_release(c->settings);
  sngp_release(c->pointers);
  sngp_release(c->looks);
  sngp_pool_free(c->pool);
}

static void predict_chunk(void *context, int index) {
  calibration *c = context;
  const sngp_held_out_chunk chunk = sngp_held_out_chunk_at(&c->held_out, index);
  const sngp_members members = {c->pointers, c->num_models};
  const sngp_inputs inputs = {c->data->features + chunk.first * c->data->row_stride, chunk.count,
                              c->data->row_stride};
  const sngp_prediction nothing_else = {.struct_size = sizeof nothing_else};
  const sngp_pass_outputs passes = {chunk.logits, chunk.variance};
  sngp_predict_config config = c->predict;
  config.first_row += chunk.first;
  sngp_predict_rows(&members, c->workspaces[index % sngp_pool_num_threads(c->pool)], &inputs,
                    &config, &nothing_else, &passes);
  sngp_held_out_arrange(&c->held_out, index);
}

static void run_passes(calibration *c) {
  sngp_pool_run(c->pool, predict_chunk, c, c->held_out.num_chunks);
}

/* The best settings with a ridge, which has a prior as the factor has. */
static candidate search_settings(calibration *c, sngp_model *const *models, int decades,
                                 sngp_prediction_setting *settings) {
  read_settings(models, c->num_models, settings);
  sngp_calibration_found found = sngp_calibration_search(
      &c->held_out, c->tune_factor, c->tune_temperature, settings, c->num_models);
  return (candidate){
      .decades = decades,
      .objective = found.objective + decades * decades / (2 * c->held_out.num_counted),
      .nll = sngp_held_out_nll(&c->held_out, settings, c->num_models),
      .factor_at_border = found.factor_at_border};
}

static sngp_status take_posteriors(calibration *c, sngp_model *const *models) {
  for (int64_t m = 0; m < c->num_models; m++) c->looks[m].posterior = (sngp_posterior){0};
  c->own_posteriors = true;
  for (int64_t m = 0; m < c->num_models; m++)
    SNGP_TRY(sngp_posterior_copy(&c->looks[m].posterior, &models[m]->posterior));
  return SNGP_OK;
}

static double ridge_of(const sngp_model *model, int decades) {
  return model->config.ridge * pow(10, decades);
}

static bool are_ridges(sngp_model *const *models, int64_t num_models, int decades) {
  for (int64_t m = 0; m < num_models; m++)
    if (!sngp_model_is_ridge(ridge_of(models[m], decades))) return false;
  return true;
}

static sngp_status set_ridges(calibration *c, sngp_model *const *models, int decades) {
  for (int64_t m = 0; m < c->num_models; m++)
    SNGP_TRY(sngp_posterior_finish(&c->looks[m].posterior, ridge_of(models[m], decades)));
  return SNGP_OK;
}

/* Tries the ridges around, and leaves the looks with the best one's posteriors, where it is not the
   models' own. */
static sngp_status tune_ridge(calibration *c, sngp_model *const *models, candidate *best) {
  SNGP_TRY(take_posteriors(c, models));
  for (int decades = -RIDGE_DECADES; decades <= RIDGE_DECADES; decades++) {
    if (decades == 0 || !are_ridges(models, c->num_models, decades)) continue;
    SNGP_TRY(set_ridges(c, models, decades));
    run_passes(c);
    candidate found = search_settings(c, models, decades, c->trial);
    if (!(found.objective < best->objective)) continue;
    *best = found;
    memcpy(c->settings, c->trial, (size_t)c->num_models * sizeof *c->settings);
  }
  return best->decades == 0 ? SNGP_OK : set_ridges(c, models, best->decades);
}

/* Cannot fail. */
static void store(calibration *c, sngp_model *const *models, const candidate *best) {
  for (int64_t m = 0; m < c->num_models; m++) {
    models[m]->config.mean_field_factor = c->settings[m].factor;
    models[m]->config.temperature = c->settings[m].temperature;
    if (best->decades == 0) continue;
    models[m]->config.ridge = ridge_of(models[m], best->decades);
    sngp_posterior before = models[m]->posterior;
    models[m]->posterior = c->looks[m].posterior;
    c->looks[m].posterior = before;
  }
}

/* Whether any probability depends on a variance. */
static bool needs_variance(const calibration *c) {
  return c->held_out.shape.num_variances > 0 || c->predict.method == SNGP_PREDICT_MONTE_CARLO;
}

static sngp_status run(calibration *c, sngp_model *const *models, bool with_ridge,
                       sngp_calibration *result) {
  run_passes(c);
  read_settings(models, c->num_models, c->settings);
  double before = sngp_held_out_nll(&c->held_out, c->settings, c->num_models);
  if (!isfinite(before))
    return sngp_fail(SNGP_ERROR_NUMERICAL, "the negative log-likelihood of the held-out rows is %g",
                     before);
  candidate best = search_settings(c, models, 0, c->settings);
  if (with_ridge && needs_variance(c)) SNGP_TRY(tune_ridge(c, models, &best));
  store(c, models, &best);
  *result = (sngp_calibration){.struct_size = sizeof *result,
                               .factor_at_border = best.factor_at_border,
                               .rows = c->data->rows,
                               .mean_field_factor = models[0]->config.mean_field_factor,
                               .temperature = models[0]->config.temperature,
                               .ridge = models[0]->config.ridge,
                               .nll_before = before,
                               .nll_after = best.nll};
  return SNGP_OK;
}

sngp_status sngp_calibrate_members(sngp_model *const *models, int64_t num_models,
                                   const sngp_dataset *held_out, const sngp_predict_config *predict,
                                   const sngp_calibrate_config *config, sngp_calibration *result) {
  bool process = models[0]->network.gaussian_process;
  bool mean_field =
      predict->method == SNGP_PREDICT_MEAN_FIELD || predict->method == SNGP_PREDICT_MC_DROPOUT;
  calibration c = {.data = held_out,
                   .predict = *predict,
                   .tune_factor = config->tune_factor && process && mean_field,
                   .tune_temperature = config->tune_temperature,
                   .num_models = num_models};
  c.predict.full_covariance = 0;
  c.predict.mean_field_factor = c.predict.temperature = (double)NAN; /* the models' */
  sngp_status status = prepare(&c, models);
  if (status == SNGP_OK) status = run(&c, models, config->tune_ridge, result);
  release(&c);
  return status;
}
