#include "sngp/io.h"

#include "api/check.h"
#include "base/memory.h"
#include "base/status.h"
#include "io/file.h"
#include "io/model_file.h"

/* One model, or the members of an ensemble. */
static sngp_status save(const sngp_model *const *models, int64_t count, const char *path) {
  SNGP_TRY(sngp_check_path(path, "path"));
  unsigned char *bytes = NULL;
  size_t size = 0;
  SNGP_TRY(sngp_models_to_bytes(models, count, &bytes, &size));
  sngp_status status = sngp_file_write(path, bytes, size);
  sngp_release(bytes);
  return status;
}

static sngp_status save_buffer(const sngp_model *const *models, int64_t count, void **data,
                               int64_t *size) {
  unsigned char *bytes = NULL;
  size_t bytes_size = 0;
  SNGP_TRY(sngp_models_to_bytes(models, count, &bytes, &bytes_size));
  *data = bytes;
  *size = (int64_t)bytes_size;
  return SNGP_OK;
}

/* Where bytes are saved to; their address is NULL until there are some. */
static sngp_status check_destination(void **data, const int64_t *size) {
  if (data != NULL) *data = NULL;
  SNGP_TRY(sngp_check_pointer(data, "data"));
  return sngp_check_pointer(size, "size");
}

/* Where bytes are loaded from. */
static sngp_status check_source(const void *data, int64_t size) {
  SNGP_TRY(sngp_check_pointer(data, "data"));
  if (size >= 0) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "size is %lld, but must not be negative",
                   (long long)size);
}

sngp_status sngp_model_save(const sngp_model *model, const char *path) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  return save(&model, 1, path);
}

sngp_status sngp_model_save_buffer(const sngp_model *model, void **data, int64_t *size) {
  SNGP_TRY(check_destination(data, size));
  SNGP_TRY(sngp_check_pointer(model, "model"));
  return save_buffer(&model, 1, data, size);
}

sngp_status sngp_model_load(const char *path, sngp_model **model) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  *model = NULL;
  SNGP_TRY(sngp_check_path(path, "path"));
  unsigned char *bytes = NULL;
  size_t size = 0;
  SNGP_TRY(sngp_file_read(path, &bytes, &size));
  sngp_status status = sngp_model_from_bytes(bytes, size, model);
  sngp_release(bytes);
  return status == SNGP_OK ? SNGP_OK : sngp_fail_prefix(status, path);
}

sngp_status sngp_model_load_buffer(const void *data, int64_t size, sngp_model **model) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  *model = NULL;
  SNGP_TRY(check_source(data, size));
  return sngp_model_from_bytes(data, (size_t)size, model);
}

sngp_status sngp_ensemble_save(const sngp_ensemble *ensemble, const char *path) {
  SNGP_TRY(sngp_check_pointer(ensemble, "ensemble"));
  return save((const sngp_model *const *)ensemble->members, ensemble->num_members, path);
}

sngp_status sngp_ensemble_save_buffer(const sngp_ensemble *ensemble, void **data, int64_t *size) {
  SNGP_TRY(check_destination(data, size));
  SNGP_TRY(sngp_check_pointer(ensemble, "ensemble"));
  return save_buffer((const sngp_model *const *)ensemble->members, ensemble->num_members, data,
                     size);
}

sngp_status sngp_ensemble_load(const char *path, sngp_ensemble **ensemble) {
  SNGP_TRY(sngp_check_pointer(ensemble, "ensemble"));
  *ensemble = NULL;
  SNGP_TRY(sngp_check_path(path, "path"));
  unsigned char *bytes = NULL;
  size_t size = 0;
  SNGP_TRY(sngp_file_read(path, &bytes, &size));
  sngp_status status = sngp_ensemble_from_bytes(bytes, size, ensemble);
  sngp_release(bytes);
  return status == SNGP_OK ? SNGP_OK : sngp_fail_prefix(status, path);
}

sngp_status sngp_ensemble_load_buffer(const void *data, int64_t size, sngp_ensemble **ensemble) {
  SNGP_TRY(sngp_check_pointer(ensemble, "ensemble"));
  *ensemble = NULL;
  SNGP_TRY(check_source(data, size));
  return sngp_ensemble_from_bytes(data, (size_t)size, ensemble);
}

void sngp_buffer_free(void *data) { sngp_release(data); }
