#include "sngp/ensemble.h"

#include "api/check.h"
#include "api/import.h"
#include "api/predict.h"
#include "model/ensemble.h"
#include "train/ensemble_fit.h"

static sngp_status check_num_members(const char *name, int64_t count) {
  if (count >= 1 && count <= SNGP_MOST_MEMBERS) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "%s is %lld, but must lie in [1, %d]", name,
                   (long long)count, SNGP_MOST_MEMBERS);
}

sngp_status sngp_ensemble_create(const sngp_model_config *config, int64_t num_members,
                                 sngp_ensemble **ensemble) {
  SNGP_TRY(sngp_check_pointer(ensemble, "ensemble"));
  *ensemble = NULL;
  sngp_model_config own;
  SNGP_TRY(sngp_import_model_config(config, &own));
  SNGP_TRY(sngp_model_config_check(&own));
  SNGP_TRY(check_num_members("num_members", num_members));
  sngp_ensemble *made = NULL;
  SNGP_TRY(sngp_ensemble_take(num_members, &made));
  sngp_status status = SNGP_OK;
  const int64_t seed = own.seed;
  for (int64_t i = 0; i < num_members && status == SNGP_OK; i++) {
    own.seed = sngp_ensemble_seed(seed, i);
    status = sngp_model_create(&own, &made->members[i]);
  }
  if (status != SNGP_OK) {
    sngp_ensemble_free(made);
    return status;
  }
  *ensemble = made;
  return SNGP_OK;
}

static sngp_status check_models(const sngp_model *const *models, int64_t count) {
  SNGP_TRY(check_num_members("num_models", count));
  SNGP_TRY(sngp_check_pointer(models, "models"));
  for (int64_t i = 0; i < count; i++) {
    if (models[i] == NULL)
      return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "models[%lld] is NULL", (long long)i);
    SNGP_TRY(sngp_ensemble_check_shape(models[i], i, models[0]));
  }
  return SNGP_OK;
}

sngp_status sngp_ensemble_from_models(const sngp_model *const *models, int64_t num_models,
                                      sngp_ensemble **ensemble) {
  SNGP_TRY(sngp_check_pointer(ensemble, "ensemble"));
  *ensemble = NULL;
  SNGP_TRY(check_models(models, num_models));
  sngp_ensemble *made = NULL;
  SNGP_TRY(sngp_ensemble_take(num_models, &made));
  sngp_status status = SNGP_OK;
  for (int64_t i = 0; i < num_models && status == SNGP_OK; i++)
    status = sngp_model_copy(models[i], &made->members[i]);
  if (status != SNGP_OK) {
    sngp_ensemble_free(made);
    return status;
  }
  *ensemble = made;
  return SNGP_OK;
}

int64_t sngp_ensemble_num_members(const sngp_ensemble *ensemble) {
  return ensemble == NULL ? 0 : ensemble->num_members;
}

const sngp_model *sngp_ensemble_member(const sngp_ensemble *ensemble, int64_t index) {
  if (index < 0 || index >= sngp_ensemble_num_members(ensemble)) return NULL;
  return ensemble->members[index];
}

sngp_status sngp_ensemble_fit(sngp_ensemble *ensemble, const sngp_optimizer_config *optimizer,
                              const sngp_dataset *training, const sngp_dataset *validation,
                              const sngp_fit_config *config, sngp_history **histories) {
  SNGP_TRY(sngp_check_pointer(ensemble, "ensemble"));
  for (int64_t i = 0; histories != NULL && i < ensemble->num_members; i++) histories[i] = NULL;
  SNGP_TRY(sngp_check_pointer(training, "training"));
  sngp_fit_config own;
  SNGP_TRY(sngp_import_fit_config(config, &own));
  SNGP_TRY(sngp_check_ensemble_idle(ensemble));
  sngp_optimizer *pattern = NULL;
  SNGP_TRY(sngp_optimizer_create(optimizer, &pattern));
  ensemble->being_fitted = true;
  sngp_status status =
      sngp_ensemble_fit_run(ensemble, pattern, training, validation, &own, histories);
  ensemble->being_fitted = false;
  sngp_optimizer_free(pattern);
  return status;
}

sngp_status sngp_ensemble_predict(const sngp_ensemble *ensemble, sngp_workspace *workspace,
                                  const float *x, int64_t rows, int64_t cols, int64_t row_stride,
                                  const sngp_predict_config *config, sngp_prediction *out) {
  SNGP_TRY(sngp_check_pointer(ensemble, "ensemble"));
  const sngp_members members = {(const sngp_model *const *)ensemble->members,
                                ensemble->num_members};
  return sngp_predict_members(&members, workspace, x, rows, cols, row_stride, config, out);
}
