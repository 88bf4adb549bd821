#include "sngp/head.h"

#include "api/check.h"
#include "base/struct_size.h"
#include "train/head_fit.h"

/* Sizes of the structs in the first version. */
static const size_t SMALLEST_CONFIG = SNGP_END_OF(sngp_head_fit_config, context);
static const size_t SMALLEST_RESULT = SNGP_END_OF(sngp_head_fit_result, noise_variance);

sngp_status sngp_head_fit_config_init(sngp_head_fit_config *config, size_t size) {
  sngp_head_fit_config own = sngp_head_fit_config_default();
  return sngp_struct_init(&own, sizeof own, SMALLEST_CONFIG, config, size, "head fit config");
}

static sngp_status import_config(const sngp_head_fit_config *config, sngp_head_fit_config *own) {
  *own = sngp_head_fit_config_default();
  if (config == NULL) return SNGP_OK;
  SNGP_TRY(sngp_struct_import(own, sizeof *own, SMALLEST_CONFIG, config, "head fit config"));
  SNGP_TRY(sngp_check_reserved(own->reserved, "head fit config"));
  SNGP_TRY(sngp_head_fit_config_check(own));
  return sngp_check_threads(own->num_threads);
}

static sngp_status run(sngp_model *model, const sngp_row_source *source,
                       const sngp_head_fit_config *config, sngp_head_fit_result *result) {
  sngp_head_fit_config own_config;
  sngp_head_fit_result own = {.struct_size = sizeof own};
  SNGP_TRY(import_config(config, &own_config));
  if (result != NULL) { /* its size is checked before anything changes */
    sngp_head_fit_result callers = own;
    SNGP_TRY(
        sngp_struct_import(&callers, sizeof callers, SMALLEST_RESULT, result, "head fit result"));
  }
  SNGP_TRY(sngp_check_idle(model));
  model->being_fitted = true;
  sngp_status status = sngp_head_fit_run(model, source, &own_config, &own);
  model->being_fitted = false;
  if (status != SNGP_OK || result == NULL) return status;
  return sngp_struct_export(&own, sizeof own, SMALLEST_RESULT, result, "head fit result");
}

sngp_status sngp_head_fit(sngp_model *model, const sngp_dataset *training,
                          const sngp_head_fit_config *config, sngp_head_fit_result *result) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  SNGP_TRY(sngp_check_pointer(training, "training"));
  const sngp_row_source source = sngp_row_source_of(training);
  return run(model, &source, config, result);
}

sngp_status sngp_head_fit_batches(sngp_model *model, int64_t num_batches,
                                  sngp_batch_callback batches, void *context,
                                  const sngp_head_fit_config *config,
                                  sngp_head_fit_result *result) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  SNGP_TRY(sngp_check_pointer((const void *)(uintptr_t)batches, "batches"));
  if (num_batches < 1)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "num_batches is %lld, but must be 1 or more",
                     (long long)num_batches);
  const sngp_row_source source = {
      .num_batches = num_batches, .batches = batches, .context = context};
  return run(model, &source, config, result);
}
