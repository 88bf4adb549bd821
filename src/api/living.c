#include <math.h>

#include "api/check.h"
#include "sngp/head.h"
#include "train/fit.h"
#include "train/living.h"

/* Whether the model has a posterior that can change: a sum over rows, of weights as they are. */
static sngp_status check_living(const sngp_model *model, const char *name) {
  SNGP_TRY(sngp_check_pointer(model, name));
  SNGP_TRY(sngp_check_idle(model));
  if (!model->network.gaussian_process)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED, "%s has a dense head, which has no posterior", name);
  if (model->config.covariance_momentum > 0)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "the precision of %s is a moving average (covariance_momentum %g), which is "
                     "no sum over rows",
                     name, model->config.covariance_momentum);
  SNGP_TRY(sngp_model_check_prepared(model));
  return sngp_model_check_posterior(model);
}

static sngp_status change(sngp_model *model, const sngp_dataset *rows, double sign) {
  SNGP_TRY(check_living(model, "model"));
  SNGP_TRY(sngp_check_pointer(rows, "rows"));
  SNGP_TRY(sngp_check_rows(model, rows, model->holds.statistics, sign > 0 ? "new" : "leaving"));
  if (sign < 0 && rows->rows > model->posterior.rows)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "%lld rows are to leave a model that has %lld",
                     (long long)rows->rows, (long long)model->posterior.rows);
  return sngp_living_change(model, rows, sign);
}

sngp_status sngp_model_update(sngp_model *model, const sngp_dataset *rows) {
  return change(model, rows, 1);
}

sngp_status sngp_model_remove(sngp_model *model, const sngp_dataset *rows) {
  return change(model, rows, -1);
}

sngp_status sngp_model_forget(sngp_model *model, double factor) {
  SNGP_TRY(check_living(model, "model"));
  if (!(factor > 0 && factor <= 1))
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "factor is %g, but must be in (0, 1]", factor);
  return factor == 1 ? SNGP_OK : sngp_living_forget(model, factor);
}

sngp_status sngp_model_merge(sngp_model *model, const sngp_model *other) {
  SNGP_TRY(check_living(model, "model"));
  SNGP_TRY(check_living(other, "other"));
  return sngp_living_merge(model, other);
}
