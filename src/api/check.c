#include "api/check.h"

#include "base/memory.h"
#include "model/ensemble.h"

enum { MOST_THREADS = 4096 };

sngp_status sngp_check_pointer(const void *argument, const char *name) {
  if (argument != NULL) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "%s is NULL", name);
}

sngp_status sngp_check_path(const char *path, const char *name) {
  SNGP_TRY(sngp_check_pointer(path, name));
  if (path[0] != '\0') return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "%s is empty", name);
}

sngp_status sngp_check_preset(int32_t preset) {
  if (preset >= SNGP_PRESET_DEFAULT && preset <= SNGP_PRESET_EDWARD2_JAX) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "preset is %d, but must be one of SNGP_PRESET_*",
                   preset);
}

sngp_status sngp_check_threads(int32_t num_threads) {
  if (num_threads >= 1 && num_threads <= MOST_THREADS) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "num_threads is %d, but must lie in [1, %d]",
                   num_threads, MOST_THREADS);
}

sngp_status sngp_check_extent(const char *name, int64_t rows, int64_t width, size_t size) {
  size_t bytes = 0;
  if (sngp_size_multiply((size_t)rows, (size_t)width, &bytes) &&
      sngp_size_multiply(bytes, size, &bytes) && bytes <= PTRDIFF_MAX)
    return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "%s: %lld rows of %lld values are more than memory can hold", name,
                   (long long)rows, (long long)width);
}

sngp_status sngp_check_reserved(int32_t reserved, const char *type) {
  if (reserved == 0) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "%s: reserved is %d, but must be 0", type,
                   reserved);
}

sngp_status sngp_check_idle(const sngp_model *model) {
  if (!model->being_fitted) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "the model is being fitted: a callback must not change it");
}

sngp_status sngp_check_ensemble_idle(const sngp_ensemble *ensemble) {
  if (!ensemble->being_fitted) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "the ensemble is being fitted: a callback must not change it");
}
