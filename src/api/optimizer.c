#include "sngp/optimizer.h"

#include "api/check.h"
#include "base/memory.h"
#include "base/struct_size.h"
#include "optim/optimizer.h"

/* The size of the struct in the first version. */
static const size_t SMALLEST_CONFIG = SNGP_END_OF(sngp_optimizer_config, clip_norm);

sngp_status sngp_optimizer_config_init(sngp_optimizer_config *config, size_t size) {
  sngp_optimizer_config own = sngp_optimizer_config_default(SNGP_PRESET_DEFAULT);
  return sngp_struct_init(&own, sizeof own, SMALLEST_CONFIG, config, size, "optimizer config");
}

sngp_status sngp_optimizer_config_preset(sngp_optimizer_config *config, int32_t preset) {
  SNGP_TRY(sngp_check_preset(preset));
  sngp_optimizer_config own = sngp_optimizer_config_default(preset);
  return sngp_struct_export(&own, sizeof own, SMALLEST_CONFIG, config, "optimizer config");
}

sngp_status sngp_optimizer_create(const sngp_optimizer_config *config, sngp_optimizer **optimizer) {
  SNGP_TRY(sngp_check_pointer(optimizer, "optimizer"));
  *optimizer = NULL;
  sngp_optimizer_config own = sngp_optimizer_config_default(SNGP_PRESET_DEFAULT);
  if (config != NULL)
    SNGP_TRY(sngp_struct_import(&own, sizeof own, SMALLEST_CONFIG, config, "optimizer config"));
  SNGP_TRY(sngp_check_reserved(own.reserved, "optimizer config"));
  SNGP_TRY(sngp_optimizer_config_check(&own));
  sngp_optimizer *made = sngp_allocate(1, sizeof *made);
  if (made == NULL) return sngp_fail_memory("an optimizer");
  made->config = own;
  *optimizer = made;
  return SNGP_OK;
}

int64_t sngp_optimizer_step_count(const sngp_optimizer *optimizer) {
  return optimizer == NULL ? 0 : optimizer->step;
}

sngp_status sngp_optimizer_set_learning_rate(sngp_optimizer *optimizer, double learning_rate) {
  SNGP_TRY(sngp_check_pointer(optimizer, "optimizer"));
  sngp_optimizer_config config = optimizer->config;
  config.learning_rate = learning_rate;
  SNGP_TRY(sngp_optimizer_config_check(&config));
  optimizer->config = config;
  return SNGP_OK;
}

void sngp_optimizer_free(sngp_optimizer *optimizer) { sngp_release(optimizer); }
