#include <math.h>

#include "train/class_weights.h"
#include "train/fit.h"

sngp_fit_config sngp_fit_config_default(int32_t preset) {
  bool as_references = preset != SNGP_PRESET_DEFAULT;
  return (sngp_fit_config){
      .struct_size = sizeof(sngp_fit_config),
      .num_threads = 1,
      .epochs = 100,
      .shuffle = 1,
      .schedule = as_references ? SNGP_SCHEDULE_CONSTANT : SNGP_SCHEDULE_COSINE,
      .step_epochs = 30,
      .step_factor = 0.1,
      .covariance = as_references ? SNGP_COVARIANCE_IN_TRAINING : SNGP_COVARIANCE_EXACT_PASS,
      .loss = SNGP_LOSS_CROSS_ENTROPY,
      .focal_gamma = 2, /* the best in Lin et al., arXiv 1708.02002 */
      .class_weighting = SNGP_CLASS_WEIGHTS_NONE,
  };
}

static sngp_status bad(const char *field, double value, const char *range) {
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "fit config: %s is %g, but must be %s", field,
                   value, range);
}

sngp_status sngp_fit_config_check(const sngp_fit_config *c) {
  static const int64_t MOST_EPOCHS = 1 << 24;
  if (c->epochs < 1 || c->epochs > MOST_EPOCHS)
    return bad("epochs", (double)c->epochs, "in [1, 16777216]");
  if (c->batch_size < 0)
    return bad("batch_size", (double)c->batch_size, "positive, or 0 for the default");
  if (c->shuffle != 0 && c->shuffle != 1) return bad("shuffle", c->shuffle, "0 or 1");
  if (c->schedule < SNGP_SCHEDULE_CONSTANT || c->schedule > SNGP_SCHEDULE_COSINE)
    return bad("schedule", c->schedule, "one of SNGP_SCHEDULE_*");
  if (c->warmup_steps < 0) return bad("warmup_steps", (double)c->warmup_steps, "0 or more");
  if (c->step_epochs < 1) return bad("step_epochs", (double)c->step_epochs, "1 or more");
  if (!(c->step_factor > 0 && c->step_factor <= 1))
    return bad("step_factor", c->step_factor, "in (0, 1]");
  if (c->patience < 0) return bad("patience", (double)c->patience, "0 (never) or more");
  if (!(c->min_improvement >= 0) || !isfinite(c->min_improvement))
    return bad("min_improvement", c->min_improvement, "0 or more and finite");
  if (c->covariance != SNGP_COVARIANCE_EXACT_PASS && c->covariance != SNGP_COVARIANCE_IN_TRAINING)
    return bad("covariance", c->covariance, "one of SNGP_COVARIANCE_*");
  if (c->loss != SNGP_LOSS_CROSS_ENTROPY && c->loss != SNGP_LOSS_FOCAL)
    return bad("loss", c->loss, "one of SNGP_LOSS_*");
  if (!(c->focal_gamma >= 0) || !isfinite(c->focal_gamma))
    return bad("focal_gamma", c->focal_gamma, "0 or more and finite");
  return sngp_class_weights_check(c);
}
