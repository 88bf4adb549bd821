#include "optim/optimizer.h"

#include <math.h>

#include "sngp/preset.h"

/* In single precision it must not become 0, or a parameter without a gradient would become NaN. */
static const double SMALLEST_EPSILON = 1e-30;

sngp_optimizer_config sngp_optimizer_config_default(int32_t preset) {
  return (sngp_optimizer_config){
      .struct_size = sizeof(sngp_optimizer_config),
      .algorithm = SNGP_OPTIMIZER_ADAM,
      .learning_rate = preset == SNGP_PRESET_TUTORIAL ? 1e-4 : 1e-3,
      .beta1 = 0.9,
      .beta2 = 0.999,
      .epsilon = 1e-7,
      .weight_decay = 0.01,
  };
}

static sngp_status out_of_range(const char *field, double value, const char *range) {
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "optimizer: %s is %g, but must be %s", field, value,
                   range);
}

static int is_fraction(double value) { return value >= 0 && value < 1; }

sngp_status sngp_optimizer_config_check(const sngp_optimizer_config *config) {
  if (config->algorithm < SNGP_OPTIMIZER_ADAM || config->algorithm > SNGP_OPTIMIZER_SGD)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "optimizer: algorithm is %d, but must be one of SNGP_OPTIMIZER_*",
                     config->algorithm);
  if (!(config->learning_rate > 0) || !isfinite(config->learning_rate))
    return out_of_range("learning_rate", config->learning_rate, "positive and finite");
  if (!is_fraction(config->beta1)) return out_of_range("beta1", config->beta1, "in [0, 1)");
  if (!is_fraction(config->beta2)) return out_of_range("beta2", config->beta2, "in [0, 1)");
  if (!(config->epsilon >= SMALLEST_EPSILON) || !isfinite(config->epsilon))
    return out_of_range("epsilon", config->epsilon, "1e-30 or more and finite");
  if (!(config->weight_decay >= 0) || !isfinite(config->weight_decay))
    return out_of_range("weight_decay", config->weight_decay, "0 or more and finite");
  if (!is_fraction(config->momentum))
    return out_of_range("momentum", config->momentum, "in [0, 1)");
  if (config->nesterov != 0 && config->nesterov != 1)
    return out_of_range("nesterov", config->nesterov, "0 or 1");
  if (!(config->clip_norm >= 0) || !isfinite(config->clip_norm))
    return out_of_range("clip_norm", config->clip_norm, "0 (no clipping) or more, and finite");
  return SNGP_OK;
}

int sngp_optimizer_num_moments(const sngp_optimizer *optimizer) {
  return optimizer->config.algorithm == SNGP_OPTIMIZER_SGD ? 1 : 2;
}

sngp_update_scalars sngp_optimizer_begin_step(sngp_optimizer *optimizer, double learning_rate,
                                              double gradient_norm) {
  const sngp_optimizer_config *config = &optimizer->config;
  double t = (double)++optimizer->step, rate = learning_rate, epsilon = config->epsilon;
  if (config->algorithm != SNGP_OPTIMIZER_SGD) {
    double correction = sqrt(1 - pow(config->beta2, t));
    rate *= correction / (1 - pow(config->beta1, t));
    if (config->algorithm == SNGP_OPTIMIZER_ADAMW) epsilon *= correction; /* PyTorch's form */
  }
  bool clip = config->clip_norm > 0 && gradient_norm > config->clip_norm;
  return (sngp_update_scalars){
      .rate = (float)rate,
      .momentum = (float)config->momentum,
      .one_minus_beta1 = (float)(1 - config->beta1),
      .one_minus_beta2 = (float)(1 - config->beta2),
      .epsilon = (float)epsilon,
      .gradient_scale = clip ? (float)(config->clip_norm / gradient_norm) : 1,
  };
}

void sngp_optimizer_apply(const sngp_optimizer *optimizer, const sngp_update_scalars *scalars,
                          size_t begin, size_t end, const float *gradient, float *parameters,
                          float *const moments[2]) {
  size_t n = end - begin;
  if (optimizer->config.algorithm == SNGP_OPTIMIZER_SGD)
    sngp_kernel_sgd(n, scalars, optimizer->config.nesterov != 0, gradient + begin,
                    parameters + begin, moments[0] + begin);
  else
    sngp_kernel_adam(n, scalars, gradient + begin, parameters + begin, moments[0] + begin,
                     moments[1] + begin);
}
