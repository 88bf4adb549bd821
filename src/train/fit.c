#include "train/fit.h"

#include <math.h>

#include "base/memory.h"
#include "base/rate.h"
#include "linalg/kernels.h"
#include "nn/link.h"
#include "optim/schedule.h"
#include "train/class_weights.h"
#include "train/covariance.h"
#include "train/history.h"
#include "train/noise.h"
#include "train/prepare.h"
#include "train/snapshot.h"
#include "train/trainer.h"

enum { DEFAULT_BATCH_SIZE = 128 };

/* Of the last projection: u and v follow the weights all along, this makes sigma exact. */
enum { LAST_PROJECTION_ITERATIONS = 20 };

typedef struct {
  sngp_model *model;
  sngp_optimizer *optimizer;
  const sngp_dataset *training, *validation;
  const sngp_fit_config *config;
  sngp_trainer *trainer;
  sngp_history *history;
  sngp_schedule schedule;
  int64_t batch_size, steps_per_epoch, step; /* step: of this fit */
  int64_t *order;
  float *weights;             /* of the training rows, where classes are weighed */
  sngp_dataset weighted;      /* then the training rows with them */
  sngp_snapshot finite, best; /* weights of the last finite epoch, and of the best one */
  double best_loss;
  int64_t epochs_without_improvement;
} fit;

/* Rates end at exp(20): a larger count has no optimum, and a search would not end. */
static bool is_count(float y) { return y >= 0 && (double)y <= exp(SNGP_LARGEST_LOG_RATE); }

static sngp_status check_targets(const sngp_model_config *config, const sngp_dataset *rows,
                                 const char *what) {
  if (rows->targets == NULL)
    return sngp_fail(SNGP_ERROR_NO_LABELS, "the %s data have no targets%s", what,
                     rows->labels != NULL ? ", but labels, which are for classification" : "");
  if (rows->num_targets != config->num_targets)
    return sngp_fail(SNGP_ERROR_DIMENSION,
                     "the %s data have %lld targets a row, but the model's num_targets is %lld",
                     what, (long long)rows->num_targets, (long long)config->num_targets);
  const bool binary = config->task == SNGP_TASK_MULTI_LABEL;
  const bool counts = config->likelihood == SNGP_LIKELIHOOD_POISSON;
  if (!binary && !counts) return SNGP_OK;
  for (int64_t i = 0; i < rows->rows * rows->num_targets; i++) {
    const float y = rows->targets[i];
    if (binary ? y == 0 || y == 1 : is_count(y)) continue;
    return sngp_fail(SNGP_ERROR_LABEL_RANGE, "%s targets[%lld, %lld] is %g, but must be %s", what,
                     (long long)(i / rows->num_targets), (long long)(i % rows->num_targets),
                     (double)y, binary ? "0 or 1" : "a count, 0 to exp(20)");
  }
  return SNGP_OK;
}

sngp_status sngp_check_rows(const sngp_model *model, const sngp_dataset *rows, bool labelled,
                            const char *what) {
  const sngp_model_config *config = &model->config;
  if (rows->rows == 0) return sngp_fail(SNGP_ERROR_NO_ROWS, "the %s data have no rows", what);
  if (rows->cols != config->input_dim)
    return sngp_fail(SNGP_ERROR_DIMENSION,
                     "the %s data have %lld columns, but the model's input_dim is %lld", what,
                     (long long)rows->cols, (long long)config->input_dim);
  if (!labelled) return SNGP_OK;
  if (config->task != SNGP_TASK_CLASSIFICATION) return check_targets(config, rows, what);
  if (rows->labels == NULL)
    return sngp_fail(SNGP_ERROR_NO_LABELS, "the %s data have no labels%s", what,
                     rows->targets != NULL ? ", but targets, which are for other tasks" : "");
  for (int64_t i = 0; i < rows->rows; i++)
    if (rows->labels[i] >= config->num_classes)
      return sngp_fail(SNGP_ERROR_LABEL_RANGE, "%s labels[%lld] is %d, but num_classes is %lld",
                       what, (long long)i, rows->labels[i], (long long)config->num_classes);
  return SNGP_OK;
}

static sngp_status check_classes(const sngp_dataset *training) {
  int64_t i = 1;
  while (i < training->rows && training->labels[i] == training->labels[0]) i++;
  if (i < training->rows) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_ONE_CLASS,
                   "all %lld training labels are %d, but training needs two classes or more",
                   (long long)training->rows, training->labels[0]);
}

/* The focal loss is made for the softmax. */
static sngp_status check_plain_loss(const sngp_fit_config *config) {
  if (config->loss == SNGP_LOSS_CROSS_ENTROPY) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                   "fit config: loss is SNGP_LOSS_FOCAL, which is for softmax outputs only");
}

static sngp_status check_no_class_weights(const sngp_fit_config *config) {
  if (!sngp_weighs_classes(config)) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                   "fit config: class weights are given, but the model's task has no classes");
}

sngp_status sngp_fit_check_data(const sngp_model *model, const sngp_dataset *training,
                                const sngp_dataset *validation, const sngp_fit_config *config) {
  SNGP_TRY(sngp_check_rows(model, training, true, "training"));
  SNGP_TRY(model->config.task == SNGP_TASK_CLASSIFICATION ? check_classes(training)
                                                          : check_no_class_weights(config));
  if (model->network.link != SNGP_LINK_SOFTMAX) SNGP_TRY(check_plain_loss(config));
  if (config->batch_size > training->rows)
    return sngp_fail(SNGP_ERROR_BATCH_SIZE,
                     "batch_size is %lld, but the training data have %lld rows",
                     (long long)config->batch_size, (long long)training->rows);
  int64_t num_classes = model->config.num_classes;
  if (config->class_weights != NULL && config->num_class_weights != num_classes)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "fit config: num_class_weights is %lld, but the model's num_classes is %lld",
                     (long long)config->num_class_weights, (long long)num_classes);
  if (validation != NULL) return sngp_check_rows(model, validation, true, "validation");
  if (config->patience > 0)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "fit config: patience is %lld, but there are no validation rows",
                     (long long)config->patience);
  return SNGP_OK;
}

static void choose_sizes(fit *run) {
  const sngp_fit_config *config = run->config;
  int64_t rows = run->training->rows;
  run->batch_size = config->batch_size;
  if (run->batch_size == 0) run->batch_size = rows < DEFAULT_BATCH_SIZE ? rows : DEFAULT_BATCH_SIZE;
  run->steps_per_epoch = (rows + run->batch_size - 1) / run->batch_size;
  /* a longer period has no drop within the fit either, and its steps could overflow */
  int64_t period = config->step_epochs < config->epochs ? config->step_epochs : config->epochs;
  run->schedule = (sngp_schedule){.kind = config->schedule,
                                  .total_steps = config->epochs * run->steps_per_epoch,
                                  .warmup_steps = config->warmup_steps,
                                  .period = period * run->steps_per_epoch,
                                  .drop = config->step_factor};
}

static bool accumulates_in_training(const fit *run) {
  return run->model->network.gaussian_process &&
         run->config->covariance == SNGP_COVARIANCE_IN_TRAINING;
}

/* From here on the training data are a view of the caller's whose weights are the products. */
static sngp_status weigh_classes(fit *run) {
  if (!sngp_weighs_classes(run->config)) return SNGP_OK;
  SNGP_TRY(sngp_class_weights_apply(run->config, run->training, &run->weights));
  run->weighted = *run->training;
  run->weighted.weights = run->weights;
  run->training = &run->weighted;
  return SNGP_OK;
}

static sngp_status take_memory(fit *run) {
  SNGP_TRY(weigh_classes(run));
  SNGP_TRY(sngp_trainer_create(run->model, run->optimizer, run->batch_size,
                               run->config->num_threads, accumulates_in_training(run),
                               &run->trainer));
  if (run->config->loss == SNGP_LOSS_FOCAL)
    sngp_trainer_set_focal_gamma(run->trainer, run->config->focal_gamma);
  SNGP_TRY(sngp_history_create(run->config->epochs, &run->history));
  SNGP_TRY(sngp_snapshot_create(run->model, &run->finite));
  if (run->config->patience > 0) SNGP_TRY(sngp_snapshot_create(run->model, &run->best));
  run->order = sngp_allocate((size_t)run->training->rows, sizeof *run->order);
  return run->order != NULL ? SNGP_OK : sngp_fail_memory("the order of training rows");
}

static void give_back(fit *run) {
  sngp_trainer_free(run->trainer);
  sngp_history_free(run->history);
  sngp_snapshot_destroy(&run->finite);
  sngp_snapshot_destroy(&run->best);
  sngp_release(run->order);
  sngp_release(run->weights);
}

static void set_order(fit *run) {
  sngp_random_stream stream =
      sngp_random_open(run->model->config.seed, SNGP_RANDOM_SHUFFLE, run->optimizer->step, 0);
  if (run->config->shuffle)
    sngp_random_permutation(&stream, run->order, run->training->rows);
  else
    for (int64_t i = 0; i < run->training->rows; i++) run->order[i] = i;
}

/* How this epoch's features enter the precision matrix; false: they do not. */
static bool covariance_of_epoch(fit *run, int64_t epoch, sngp_step_covariance *covariance) {
  double momentum = run->model->config.covariance_momentum;
  if (!accumulates_in_training(run)) return false;
  if (momentum > 0) { /* of a batch's mean; the batch size comes in step by step */
    *covariance = (sngp_step_covariance){momentum, 1 - momentum};
    if (epoch == 0) sngp_posterior_reset(&run->model->posterior);
    return true;
  }
  if (epoch != run->config->epochs - 1) return false;
  *covariance = (sngp_step_covariance){1, 1};
  sngp_posterior_reset(&run->model->posterior);
  return true;
}

static sngp_status notify(const fit *run, int32_t event, const sngp_epoch_record *record,
                          int64_t step) {
  if (run->config->callback == NULL) return SNGP_OK;
  sngp_fit_progress progress = {.struct_size = sizeof progress,
                                .event = event,
                                .epoch = record->epoch,
                                .num_epochs = run->config->epochs,
                                .step = step,
                                .steps_per_epoch = run->steps_per_epoch,
                                .loss = record->loss,
                                .accuracy = record->accuracy,
                                .validation_loss = record->validation_loss,
                                .validation_accuracy = record->validation_accuracy,
                                .learning_rate = record->learning_rate,
                                .member = 0,
                                .num_members = 1};
  if (run->config->callback(&progress, run->config->context) == 0) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_CANCELLED, "the callback cancelled the fit in epoch %lld",
                   (long long)record->epoch);
}

static sngp_status diverged(int64_t epoch) {
  return sngp_fail(SNGP_ERROR_NUMERICAL,
                   "training diverged in epoch %lld: loss or weights are not finite; the weights "
                   "are those before that epoch (a smaller learning rate or clip_norm may help)",
                   (long long)epoch);
}

/* All batches of an epoch; `record` shows the means over the rows so far. */
static sngp_status run_batches(fit *run, int64_t epoch, sngp_epoch_record *record) {
  sngp_step_covariance epochs_covariance = {0, 0};
  bool counts = covariance_of_epoch(run, epoch, &epochs_covariance);
  double loss = 0, correct = 0, base_rate = run->optimizer->config.learning_rate;
  set_order(run);
  for (int64_t b = 0; b < run->steps_per_epoch; b++) {
    int64_t first = b * run->batch_size, left = run->training->rows - first;
    int64_t count = left < run->batch_size ? left : run->batch_size;
    sngp_step_covariance covariance = epochs_covariance;
    if (run->model->config.covariance_momentum > 0) covariance.scale /= (double)count;
    record->learning_rate = base_rate * sngp_schedule_factor(&run->schedule, run->step++);
    sngp_step_sums sums = sngp_trainer_step(run->trainer, run->training, run->order + first, count,
                                            record->learning_rate, counts ? &covariance : NULL);
    if (!isfinite(sums.loss)) return diverged(record->epoch);
    loss += sums.loss * (double)count;
    correct += sums.correct;
    record->loss = loss / (double)(first + count);
    record->accuracy = correct / (double)(first + count);
    SNGP_TRY(notify(run, SNGP_EVENT_STEP, record, b + 1));
  }
  const sngp_model *model = run->model;
  if (!sngp_kernel_all_finite(model->table.trainable_size, model->trainable))
    return diverged(record->epoch);
  return SNGP_OK;
}

/* Keeps the best weights; whether the fit should end. */
static bool judge(fit *run, const sngp_epoch_record *record) {
  if (run->config->patience == 0) return false;
  if (record->validation_loss < run->best_loss - run->config->min_improvement) {
    run->best_loss = record->validation_loss;
    run->epochs_without_improvement = 0;
    sngp_snapshot_take(run->model, &run->best);
    return false;
  }
  return ++run->epochs_without_improvement >= run->config->patience;
}

static sngp_status run_epochs(fit *run, bool *stopped_early) {
  for (int64_t epoch = 0; epoch < run->config->epochs; epoch++) {
    sngp_epoch_record record = {
        .epoch = epoch + 1, .validation_loss = NAN, .validation_accuracy = NAN};
    sngp_snapshot_take(run->model, &run->finite);
    SNGP_TRY(run_batches(run, epoch, &record));
    if (run->validation != NULL) {
      sngp_step_sums sums = sngp_trainer_evaluate(run->trainer, run->validation);
      record.validation_loss = sums.loss;
      record.validation_accuracy = sums.correct / (double)run->validation->rows;
    }
    sngp_history_add(run->history, &record);
    bool stop = judge(run, &record);
    SNGP_TRY(notify(run, SNGP_EVENT_EPOCH, &record, run->steps_per_epoch));
    if (stop) {
      *stopped_early = true;
      return SNGP_OK;
    }
  }
  return SNGP_OK;
}

static sngp_status finish_posterior(fit *run, bool exact) {
  sngp_model *model = run->model;
  if (!model->network.gaussian_process) return SNGP_OK;
  if (exact) return sngp_covariance_fit(model, run->training, sngp_trainer_pool(run->trainer));
  return sngp_posterior_finish(&model->posterior, model->config.ridge);
}

/* From held-out rows where there are any: on training rows a network leaves too little. */
static sngp_status estimate_noise(fit *run) {
  sngp_model *model = run->model;
  if (model->network.noise == NULL || model->config.noise_variance != 0) return SNGP_OK;
  const bool held_out = run->validation != NULL;
  return sngp_noise_estimate(model, held_out ? run->validation : run->training, held_out,
                             sngp_trainer_pool(run->trainer));
}

/* After the last step: the weights to keep, the last projection, the posterior, the noise. */
static sngp_status conclude(fit *run, sngp_status loop, bool stopped_early) {
  sngp_model *model = run->model;
  if (loop == SNGP_ERROR_NUMERICAL) {
    sngp_snapshot_restore(model, &run->finite);
    sngp_model_clear_moments(model);
  }
  bool whole = loop == SNGP_OK && !stopped_early;
  bool back_to_best = run->config->patience > 0 && isfinite(run->best_loss) && loop == SNGP_OK;
  if (back_to_best) sngp_snapshot_restore(model, &run->best);
  bool exact = run->config->covariance == SNGP_COVARIANCE_EXACT_PASS || !whole || back_to_best;
  if (exact)
    SNGP_TRY(
        sngp_model_project(model, LAST_PROJECTION_ITERATIONS, sngp_trainer_pool(run->trainer)));
  SNGP_TRY(finish_posterior(run, exact));
  return estimate_noise(run);
}

static void keep_record(const fit *run, bool stopped_early) {
  sngp_training_record *kept = &run->model->training;
  const sngp_history *history = run->history;
  const sngp_epoch_record none = {
      .loss = NAN, .accuracy = NAN, .validation_loss = NAN, .validation_accuracy = NAN};
  const sngp_epoch_record *last =
      history->count > 0 ? &history->records[history->count - 1] : &none;
  *kept = (sngp_training_record){.struct_size = sizeof *kept,
                                 .stopped_early = stopped_early,
                                 .rows = run->training->rows,
                                 .epochs = history->count,
                                 .steps = run->step,
                                 .batch_size = run->batch_size,
                                 .learning_rate = run->optimizer->config.learning_rate,
                                 .loss = last->loss,
                                 .accuracy = last->accuracy,
                                 .validation_loss = last->validation_loss,
                                 .validation_accuracy = last->validation_accuracy};
}

static bool status_has_history(sngp_status status) {
  return status == SNGP_OK || status == SNGP_ERROR_CANCELLED || status == SNGP_ERROR_NUMERICAL;
}

sngp_status sngp_fit_run(sngp_model *model, sngp_optimizer *optimizer, const sngp_dataset *training,
                         const sngp_dataset *validation, const sngp_fit_config *config,
                         bool disposable, sngp_history **history) {
  fit run = {.model = model,
             .optimizer = optimizer,
             .training = training,
             .validation = validation,
             .config = config,
             .best_loss = INFINITY};
  SNGP_TRY(sngp_fit_check_data(model, training, validation, config));
  choose_sizes(&run);
  sngp_status status = take_memory(&run);
  if (status == SNGP_OK) status = sngp_prepare(model, run.training);
  if (status == SNGP_OK) {
    bool stopped_early = false;
    status = run_epochs(&run, &stopped_early);
    if (status == SNGP_OK || !disposable) {
      sngp_status concluded = conclude(&run, status, stopped_early);
      keep_record(&run, stopped_early || status != SNGP_OK);
      if (concluded != SNGP_OK) status = concluded; /* the posterior is stale: says so */
    }
    if (history != NULL && status_has_history(status)) {
      *history = run.history;
      run.history = NULL;
    }
  }
  give_back(&run);
  return status;
}
