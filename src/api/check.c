#include "api/check.h"

enum { MOST_THREADS = 4096 };

sngp_status sngp_check_pointer(const void *argument, const char *name) {
  if (argument != NULL) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "%s is NULL", name);
}

sngp_status sngp_check_preset(int32_t preset) {
  if (preset == SNGP_PRESET_DEFAULT || preset == SNGP_PRESET_TUTORIAL) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "preset is %d, but must be one of SNGP_PRESET_*",
                   preset);
}

sngp_status sngp_check_threads(int32_t num_threads) {
  if (num_threads >= 1 && num_threads <= MOST_THREADS) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "num_threads is %d, but must lie in [1, %d]",
                   num_threads, MOST_THREADS);
}
