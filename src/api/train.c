#include "sngp/train.h"

#include <math.h>

#include "api/check.h"
#include "api/import.h"
#include "base/struct_size.h"
#include "linalg/blas.h"
#include "linalg/kernels.h"
#include "train/covariance.h"
#include "train/fit.h"
#include "train/history.h"
#include "train/prepare.h"
#include "train/trainer.h"

/* Sizes of the structs in the first version. */
static const size_t SMALLEST_CONFIG = SNGP_END_OF(sngp_fit_config, context);
static const size_t SMALLEST_EPOCH = SNGP_END_OF(sngp_epoch_record, learning_rate);
static const size_t SMALLEST_STEP = SNGP_END_OF(sngp_step_result, accuracy);

sngp_status sngp_fit_config_init(sngp_fit_config *config, size_t size) {
  sngp_fit_config own = sngp_fit_config_default(SNGP_PRESET_DEFAULT);
  return sngp_struct_init(&own, sizeof own, SMALLEST_CONFIG, config, size, "fit config");
}

static sngp_status import_config(const sngp_fit_config *config, sngp_fit_config *own) {
  *own = sngp_fit_config_default(SNGP_PRESET_DEFAULT);
  if (config == NULL) return SNGP_OK;
  return sngp_struct_import(own, sizeof *own, SMALLEST_CONFIG, config, "fit config");
}

sngp_status sngp_import_fit_config(const sngp_fit_config *config, sngp_fit_config *own) {
  SNGP_TRY(import_config(config, own));
  SNGP_TRY(sngp_check_reserved(own->reserved, "fit config"));
  SNGP_TRY(sngp_fit_config_check(own));
  return sngp_check_threads(own->num_threads);
}

sngp_status sngp_fit_config_preset(sngp_fit_config *config, int32_t preset) {
  SNGP_TRY(sngp_check_pointer(config, "fit config"));
  SNGP_TRY(sngp_check_preset(preset));
  sngp_fit_config old, own = sngp_fit_config_default(preset);
  SNGP_TRY(import_config(config, &old));
  own.num_threads = old.num_threads;
  own.epochs = old.epochs;
  own.callback = old.callback;
  own.context = old.context;
  own.class_weights = old.class_weights;
  own.num_class_weights = old.num_class_weights;
  own.class_weighting = old.class_weighting;
  return sngp_struct_export(&own, sizeof own, SMALLEST_CONFIG, config, "fit config");
}

sngp_status sngp_history_epoch(const sngp_history *history, int64_t index,
                               sngp_epoch_record *record) {
  SNGP_TRY(sngp_check_pointer(history, "history"));
  if (index < 0 || index >= history->count)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "index is %lld, but must lie in [0, %lld)",
                     (long long)index, (long long)history->count);
  return sngp_struct_export(&history->records[index], sizeof *history->records, SMALLEST_EPOCH,
                            record, "epoch record");
}

sngp_status sngp_model_prepare(sngp_model *model, const sngp_dataset *training_rows) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  SNGP_TRY(sngp_check_pointer(training_rows, "training_rows"));
  SNGP_TRY(sngp_check_idle(model));
  const bool targets = model->network.target_scale != NULL && !model->holds.target_scaling;
  SNGP_TRY(sngp_check_rows(model, training_rows, targets, "training"));
  return sngp_prepare(model, training_rows);
}

sngp_status sngp_fit(sngp_model *model, sngp_optimizer *optimizer, const sngp_dataset *training,
                     const sngp_dataset *validation, const sngp_fit_config *config,
                     sngp_history **history) {
  if (history != NULL) *history = NULL;
  SNGP_TRY(sngp_check_pointer(model, "model"));
  SNGP_TRY(sngp_check_pointer(optimizer, "optimizer"));
  SNGP_TRY(sngp_check_pointer(training, "training"));
  sngp_fit_config own;
  SNGP_TRY(sngp_import_fit_config(config, &own));
  SNGP_TRY(sngp_check_idle(model));
  model->being_fitted = true;
  sngp_status status = sngp_fit_run(model, optimizer, training, validation, &own, false, history);
  model->being_fitted = false;
  return status;
}

sngp_status sngp_train_step(sngp_model *model, sngp_optimizer *optimizer, const sngp_dataset *batch,
                            sngp_step_result *result) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  SNGP_TRY(sngp_check_pointer(optimizer, "optimizer"));
  SNGP_TRY(sngp_check_pointer(batch, "batch"));
  SNGP_TRY(sngp_check_idle(model));
  sngp_step_result own = {.struct_size = sizeof own};
  if (result != NULL)
    SNGP_TRY(sngp_struct_export(&own, sizeof own, SMALLEST_STEP, result, "step result"));
  SNGP_TRY(sngp_check_rows(model, batch, true, "batch"));
  SNGP_TRY(sngp_model_check_prepared(model));
  sngp_trainer *trainer = NULL;
  SNGP_TRY(sngp_trainer_create(model, optimizer, batch->rows, 1, false, &trainer));
  sngp_step_sums sums =
      sngp_trainer_step(trainer, batch, NULL, batch->rows, optimizer->config.learning_rate, NULL);
  sngp_trainer_free(trainer);
  own.loss = sums.loss;
  own.accuracy = sums.correct / (double)batch->rows;
  if (result != NULL)
    SNGP_TRY(sngp_struct_export(&own, sizeof own, SMALLEST_STEP, result, "step result"));
  if (!isfinite(sums.loss))
    return sngp_fail(SNGP_ERROR_NUMERICAL,
                     "the loss of the step is %g; the weights were not updated", sums.loss);
  if (!sngp_kernel_all_finite(model->table.trainable_size, model->trainable))
    return sngp_fail(SNGP_ERROR_NUMERICAL,
                     "the step diverged: its loss was %g, but the weights are no longer finite",
                     sums.loss);
  return SNGP_OK;
}

static sngp_status check_posterior(const sngp_model *model) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  SNGP_TRY(sngp_check_idle(model));
  if (model->network.gaussian_process) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_UNSUPPORTED, "a model with a dense head has no covariance");
}

static sngp_status check_covariance_rows(const sngp_model *model, const sngp_dataset *rows) {
  SNGP_TRY(check_posterior(model));
  SNGP_TRY(sngp_check_pointer(rows, "rows"));
  SNGP_TRY(sngp_check_rows(model, rows, false, "covariance"));
  return sngp_model_check_prepared(model);
}

sngp_status sngp_model_reset_covariance(sngp_model *model) {
  SNGP_TRY(check_posterior(model));
  sngp_model_drop_statistics(model);
  sngp_posterior_reset(&model->posterior);
  return SNGP_OK;
}

sngp_status sngp_model_update_covariance(sngp_model *model, const sngp_dataset *rows) {
  SNGP_TRY(check_covariance_rows(model, rows));
  double momentum = model->config.covariance_momentum, decay = 1, scale = 1;
  if (momentum > 0) {
    decay = momentum;
    scale = (1 - momentum) / (double)sngp_dataset_rows(rows);
  }
  sngp_pool *pool = NULL;
  SNGP_TRY(sngp_pool_create(1, &pool));
  sngp_status status = sngp_covariance_accumulate(model, rows, decay, scale, pool);
  sngp_pool_free(pool);
  return status;
}

sngp_status sngp_model_finish_covariance(sngp_model *model) {
  SNGP_TRY(check_posterior(model));
  return sngp_posterior_finish(&model->posterior, model->config.ridge);
}

sngp_status sngp_model_fit_covariance(sngp_model *model, const sngp_dataset *rows,
                                      int32_t num_threads) {
  SNGP_TRY(check_covariance_rows(model, rows));
  SNGP_TRY(sngp_check_threads(num_threads));
  sngp_pool *pool = NULL;
  SNGP_TRY(sngp_pool_create(sngp_own_threads(num_threads), &pool));
  sngp_status status = sngp_covariance_fit(model, rows, pool);
  sngp_pool_free(pool);
  return status;
}
