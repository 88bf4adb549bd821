#include "sngp/calibrate.h"

#include <math.h>

#include "api/check.h"
#include "api/predict.h"
#include "base/struct_size.h"
#include "model/ensemble.h"
#include "train/calibrate.h"
#include "train/fit.h"

/* Sizes of the structs in the first version. */
static const size_t SMALLEST_CONFIG = SNGP_END_OF(sngp_calibrate_config, tune_ridge);
static const size_t SMALLEST_RESULT = SNGP_END_OF(sngp_calibration, nll_after);

static sngp_calibrate_config default_config(void) {
  return (sngp_calibrate_config){
      .struct_size = sizeof(sngp_calibrate_config), .tune_factor = 1, .tune_temperature = 1};
}

sngp_status sngp_calibrate_config_init(sngp_calibrate_config *config, size_t size) {
  sngp_calibrate_config own = default_config();
  return sngp_struct_init(&own, sizeof own, SMALLEST_CONFIG, config, size, "calibrate config");
}

static sngp_status check_switch(const char *field, int32_t value) {
  if (value == 0 || value == 1) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "calibrate config: %s is %d, but must be 0 or 1",
                   field, value);
}

static sngp_status import_config(const sngp_calibrate_config *config, sngp_calibrate_config *own) {
  *own = default_config();
  if (config == NULL) return SNGP_OK;
  SNGP_TRY(sngp_struct_import(own, sizeof *own, SMALLEST_CONFIG, config, "calibrate config"));
  SNGP_TRY(check_switch("tune_factor", own->tune_factor));
  SNGP_TRY(check_switch("tune_temperature", own->tune_temperature));
  return check_switch("tune_ridge", own->tune_ridge);
}

/* Whether the models can predict in this way, by a factor of any size where that is tuned. */
static sngp_status check_models(sngp_model *const *models, int64_t num_models,
                                sngp_predict_config predict, const sngp_calibrate_config *config) {
  const sngp_members members = {(const sngp_model *const *)models, num_models};
  float probability = 0;
  const sngp_prediction wanted = {.struct_size = sizeof wanted, .probabilities = &probability};
  predict.mean_field_factor = config->tune_factor ? 1 : (double)NAN;
  return sngp_predict_check(&members, &predict, &wanted);
}

static sngp_status calibrate(sngp_model *const *models, int64_t num_models,
                             const sngp_dataset *held_out, const sngp_predict_config *predict,
                             const sngp_calibrate_config *config, sngp_calibration *result) {
  sngp_calibrate_config own_config;
  sngp_predict_config own_predict;
  sngp_calibration own = {.struct_size = sizeof own};
  SNGP_TRY(sngp_check_pointer(held_out, "held_out"));
  SNGP_TRY(import_config(config, &own_config));
  SNGP_TRY(sngp_predict_config_import(predict, &own_predict));
  if (result != NULL) { /* its size is checked before anything changes */
    sngp_calibration callers = own;
    SNGP_TRY(sngp_struct_import(&callers, sizeof callers, SMALLEST_RESULT, result, "calibration"));
  }
  if (models[0]->config.task != SNGP_TASK_CLASSIFICATION)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "only classifiers are calibrated: others have no "
                     "temperature, and a fit estimates the noise");
  for (int64_t m = 0; m < num_models; m++) {
    SNGP_TRY(sngp_check_rows(models[m], held_out, true, "held-out"));
    if (own_config.tune_ridge && models[m]->training.solver != 0)
      return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                       "the ridge of a head that was fitted directly is chosen by that fit: "
                       "tune_ridge must be 0");
  }
  SNGP_TRY(check_models(models, num_models, own_predict, &own_config));
  SNGP_TRY(sngp_calibrate_members(models, num_models, held_out, &own_predict, &own_config, &own));
  if (result == NULL) return SNGP_OK;
  return sngp_struct_export(&own, sizeof own, SMALLEST_RESULT, result, "calibration");
}

sngp_status sngp_calibrate(sngp_model *model, const sngp_dataset *held_out,
                           const sngp_predict_config *predict, const sngp_calibrate_config *config,
                           sngp_calibration *result) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  SNGP_TRY(sngp_check_idle(model));
  return calibrate(&model, 1, held_out, predict, config, result);
}

sngp_status sngp_ensemble_calibrate(sngp_ensemble *ensemble, const sngp_dataset *held_out,
                                    const sngp_predict_config *predict,
                                    const sngp_calibrate_config *config, sngp_calibration *result) {
  SNGP_TRY(sngp_check_pointer(ensemble, "ensemble"));
  SNGP_TRY(sngp_check_ensemble_idle(ensemble));
  return calibrate(ensemble->members, ensemble->num_members, held_out, predict, config, result);
}
