#include "train/head_fit.h"

#include <math.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/split.h"
#include "gp/evidence.h"
#include "linalg/blas.h"
#include "model/sizes.h"
#include "train/descent_fit.h"
#include "train/head_job.h"
#include "train/head_solve.h"
#include "train/prepare.h"

static const double DEFAULT_TOLERANCE = 1e-5;
enum { DEFAULT_FOLDS = 5, DEFAULT_SELECTION_ROWS = 2000, DEFAULT_ITERATIONS = 500 };

sngp_head_fit_config sngp_head_fit_config_default(void) {
  return (sngp_head_fit_config){.struct_size = sizeof(sngp_head_fit_config),
                                .num_threads = 1,
                                .solver = SNGP_SOLVER_AUTOMATIC,
                                .selection = SNGP_SELECTION_AUTOMATIC,
                                .num_folds = DEFAULT_FOLDS,
                                .selection_rows = DEFAULT_SELECTION_ROWS,
                                .tolerance = DEFAULT_TOLERANCE,
                                .max_iterations = DEFAULT_ITERATIONS,
                                .calibrate = 1};
}

static sngp_status bad(const char *field, double value, const char *range) {
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "head fit config: %s is %g, but must be %s", field,
                   value, range);
}

sngp_status sngp_head_fit_config_check(const sngp_head_fit_config *c) {
  if (c->solver < SNGP_SOLVER_AUTOMATIC || c->solver > SNGP_SOLVER_LBFGS)
    return bad("solver", c->solver, "one of SNGP_SOLVER_*");
  if (c->selection < SNGP_SELECTION_AUTOMATIC || c->selection > SNGP_SELECTION_CROSS_VALIDATION)
    return bad("selection", c->selection, "one of SNGP_SELECTION_*");
  if (c->num_folds < 2) return bad("num_folds", (double)c->num_folds, "2 or more");
  if (c->selection_rows < 0)
    return bad("selection_rows", (double)c->selection_rows, "positive, or 0 for all");
  if (!(c->tolerance > 0) || !isfinite(c->tolerance))
    return bad("tolerance", c->tolerance, "positive and finite");
  if (c->max_iterations < 1) return bad("max_iterations", (double)c->max_iterations, "1 or more");
  if (c->calibrate != 0 && c->calibrate != 1) return bad("calibrate", c->calibrate, "0 or 1");
  return SNGP_OK;
}

sngp_status sngp_head_notify(sngp_head_job *job, int32_t stage, double value) {
  job->step++;
  if (job->config->callback == NULL) return SNGP_OK;
  const sngp_head_fit_progress progress = {
      .struct_size = sizeof progress, .stage = stage, .step = job->step, .value = value};
  if (job->config->callback(&progress, job->config->context) == 0) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_CANCELLED, "the callback cancelled the fit of the head");
}

void sngp_head_set_scale(const sngp_head_job *job, double multiple) {
  if (job->median_scale > 0)
    sngp_model_set_scales(job->model, multiple * job->median_scale,
                          job->model->config.radius_scale);
}

static int32_t choose_selection(const sngp_model *model, int32_t solver) {
  if (solver != SNGP_SOLVER_CLOSED_FORM) return SNGP_SELECTION_CROSS_VALIDATION;
  return model->config.task == SNGP_TASK_REGRESSION ? SNGP_SELECTION_EVIDENCE
                                                    : SNGP_SELECTION_LEAVE_ONE_OUT;
}

static sngp_status unsupported(const char *what) {
  return sngp_fail(SNGP_ERROR_UNSUPPORTED, "head fit config: %s", what);
}

/* Puts what AUTOMATIC means in its place; then whether the choices fit the model. */
static sngp_status resolve(const sngp_model *model, sngp_head_fit_config *config) {
  const bool regression = sngp_model_is_gaussian_regression(&model->config);
  if (!model->network.gaussian_process)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "a dense head has no direct fit: SNGP_KERNEL_LINEAR is the same as a GP head");
  if (config->solver == SNGP_SOLVER_AUTOMATIC)
    config->solver = regression ? SNGP_SOLVER_CLOSED_FORM : SNGP_SOLVER_LBFGS;
  const bool closed = config->solver == SNGP_SOLVER_CLOSED_FORM;
  if (closed && !sngp_model_has_closed_form(&model->config))
    return unsupported(
        "solver is SNGP_SOLVER_CLOSED_FORM, which takes regression or "
        "classification with SNGP_LIKELIHOOD_GAUSSIAN");
  if (!closed && regression)
    return unsupported("Gaussian regression is solved by SNGP_SOLVER_CLOSED_FORM only");
  if (config->selection == SNGP_SELECTION_AUTOMATIC)
    config->selection = choose_selection(model, config->solver);
  if (config->selection == SNGP_SELECTION_EVIDENCE && !regression)
    return unsupported("selection is SNGP_SELECTION_EVIDENCE, which is for Gaussian regression");
  if (config->selection == SNGP_SELECTION_LEAVE_ONE_OUT && !closed)
    return unsupported(
        "selection is SNGP_SELECTION_LEAVE_ONE_OUT, which takes "
        "SNGP_SOLVER_CLOSED_FORM");
  if (config->selection == SNGP_SELECTION_CROSS_VALIDATION && closed)
    return unsupported(
        "selection is SNGP_SELECTION_CROSS_VALIDATION, but a closed form has the "
        "leave-one-out predictions: SNGP_SELECTION_LEAVE_ONE_OUT");
  return SNGP_OK;
}

/* The rows that selection and calibration look at: a copy. */
static sngp_status choose_rows(const sngp_head_job *job, sngp_dataset **chosen) {
  const sngp_dataset *batch = NULL;
  SNGP_TRY(sngp_row_source_batch(job->source, job->model, 0, &batch));
  int64_t count = job->config->selection_rows;
  if (count == 0 || count >= batch->rows)
    return sngp_dataset_copy_rows(batch, NULL, batch->rows, chosen);
  int64_t *order = sngp_allocate((size_t)batch->rows, sizeof *order);
  if (order == NULL) return sngp_fail_memory("the rows of the selection");
  sngp_random_stream stream =
      sngp_random_open(job->model->config.seed, SNGP_RANDOM_SUBSAMPLE, 1, 0);
  sngp_random_permutation(&stream, order, batch->rows);
  sngp_status status = sngp_dataset_copy_rows(batch, order, count, chosen);
  sngp_release(order);
  return status;
}

/* Ridge and noise of largest evidence, by all rows' sums. */
static sngp_status maximize_evidence(sngp_head_job *job) {
  sngp_model *model = job->model;
  const sngp_statistics *statistics = &model->statistics;
  const bool given = model->config.noise_variance != 0;
  sngp_evidence evidence = {0};
  double *noise = sngp_allocate((size_t)statistics->num_targets, sizeof *noise);
  if (noise == NULL) return sngp_fail_memory("the evidence");
  for (int64_t t = 0; t < statistics->num_targets; t++) noise[t] = (double)model->network.noise[t];
  sngp_status status = sngp_evidence_create(&evidence, statistics, true);
  if (status == SNGP_OK) {
    double lambda = model->config.ridge;
    job->result->log_evidence = sngp_evidence_maximize(
        &evidence, given ? SNGP_NOISE_GIVEN : SNGP_NOISE_OWN, &lambda, noise);
    model->config.ridge = sngp_model_nearest_ridge(lambda);
  }
  sngp_evidence_destroy(&evidence);
  sngp_release(noise);
  return status;
}

/* One row leaves no residual that says anything. */
static sngp_status check_noise_is_known(const sngp_model *model) {
  if (model->network.noise == NULL || model->config.noise_variance != 0 ||
      model->statistics.count >= 2)
    return SNGP_OK;
  return sngp_fail(SNGP_ERROR_NO_ROWS,
                   "a regression on %g training row with a weight: its noise can't be estimated, "
                   "noise_variance has to be given",
                   model->statistics.count);
}

static bool calibrates(const sngp_head_job *job) {
  return job->model->config.task == SNGP_TASK_CLASSIFICATION && job->config->calibrate;
}

static sngp_status fit_closed_form(sngp_head_job *job, sngp_kept_rows *kept) {
  const bool by_evidence = job->config->selection == SNGP_SELECTION_EVIDENCE;
  if (job->config->selection == SNGP_SELECTION_LEAVE_ONE_OUT)
    SNGP_TRY(sngp_closed_form_select(job, kept));
  if (by_evidence) SNGP_TRY(sngp_evidence_select(job, kept));
  SNGP_TRY(sngp_closed_form_sum(job));
  SNGP_TRY(check_noise_is_known(job->model));
  if (by_evidence) SNGP_TRY(maximize_evidence(job));
  SNGP_TRY(sngp_head_solve(job->model));
  job->result->iterations = job->result->passes = 1;
  job->result->converged = 1;
  return calibrates(job) ? sngp_closed_form_calibrate(job, kept) : SNGP_OK;
}

void sngp_head_set_prior(sngp_model *model) {
  if (model->config.likelihood == SNGP_LIKELIHOOD_GAUSSIAN) return;
  model->config.prior_variance = sngp_model_nearest_prior(1 / model->config.ridge);
}

static sngp_status fit_by_descent(sngp_head_job *job, sngp_kept_rows *kept) {
  if (kept->dataset != NULL) SNGP_TRY(sngp_descent_select(job, kept, calibrates(job)));
  sngp_head_set_prior(job->model);
  return sngp_descent_fit(job);
}

/* Rows are looked at beforehand where something is to be chosen by them. */
static sngp_status fit(sngp_head_job *job) {
  const bool chooses = job->config->selection != SNGP_SELECTION_NONE || calibrates(job);
  sngp_dataset *chosen = NULL;
  sngp_kept_rows kept = {0};
  sngp_status status = chooses ? choose_rows(job, &chosen) : SNGP_OK;
  if (status == SNGP_OK && chooses) status = sngp_kept_rows_create(job, chosen, &kept);
  if (status == SNGP_OK)
    status = job->config->solver == SNGP_SOLVER_CLOSED_FORM ? fit_closed_form(job, &kept)
                                                            : fit_by_descent(job, &kept);
  sngp_kept_rows_destroy(&kept);
  sngp_dataset_free(chosen);
  return status;
}

/* Prepares the copy; a kernel_scale that is still open then is a multiple of the median. */
static sngp_status prepare(sngp_head_job *job) {
  const bool open = job->model->config.kernel_scale == 0;
  const sngp_dataset *batch = NULL;
  SNGP_TRY(sngp_row_source_batch(job->source, job->model, 0, &batch));
  SNGP_TRY(sngp_prepare(job->model, batch));
  if (open) job->median_scale = job->model->config.kernel_scale / SNGP_KERNEL_FACTOR;
  return SNGP_OK;
}

static void report(const sngp_head_job *job) {
  const sngp_model *model = job->model;
  sngp_head_fit_result *result = job->result;
  const sngp_network *network = &model->network;
  result->solver = job->config->solver;
  result->selection = job->config->selection;
  result->ridge = model->config.ridge;
  result->kernel_scale = model->config.kernel_scale;
  result->mean_field_factor = model->config.mean_field_factor;
  result->temperature = model->config.temperature;
  if (network->noise == NULL) return;
  double scale = network->target_scale != NULL ? (double)network->target_scale[0] : 1;
  result->noise_variance = scale * scale * (double)network->noise[0];
}

static void keep_record(const sngp_head_job *job) {
  sngp_training_record *record = &job->model->training;
  *record = (sngp_training_record){.struct_size = sizeof *record,
                                   .rows = job->result->rows,
                                   .epochs = 0,
                                   .loss = NAN,
                                   .accuracy = NAN,
                                   .validation_loss = NAN,
                                   .validation_accuracy = NAN,
                                   .solver = job->result->solver};
}

sngp_status sngp_head_fit_run(sngp_model *model, const sngp_row_source *source,
                              const sngp_head_fit_config *config, sngp_head_fit_result *result) {
  sngp_head_fit_config resolved = *config;
  *result = (sngp_head_fit_result){.struct_size = sizeof *result,
                                   .objective = NAN,
                                   .gradient = NAN,
                                   .log_evidence = NAN,
                                   .nll = NAN,
                                   .noise_variance = NAN};
  SNGP_TRY(resolve(model, &resolved));
  SNGP_TRY(sngp_row_source_check(source, model, &result->rows));
  sngp_head_job job = {.source = source, .config = &resolved, .result = result};
  SNGP_TRY(sngp_model_copy(model, &job.model));
  sngp_status status = sngp_pool_create(sngp_own_threads(config->num_threads), &job.pool);
  if (status == SNGP_OK) status = prepare(&job);
  if (status == SNGP_OK) status = fit(&job);
  sngp_pool_free(job.pool);
  if (status != SNGP_OK) {
    sngp_model_free(job.model);
    return status;
  }
  report(&job);
  keep_record(&job);
  sngp_model_replace(model, job.model);
  return SNGP_OK;
}
