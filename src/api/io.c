#include "sngp/io.h"

#include "api/check.h"
#include "base/memory.h"
#include "base/status.h"
#include "io/file.h"
#include "io/model_file.h"

sngp_status sngp_model_save(const sngp_model *model, const char *path) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  SNGP_TRY(sngp_check_path(path, "path"));
  unsigned char *bytes = NULL;
  size_t size = 0;
  SNGP_TRY(sngp_model_to_bytes(model, &bytes, &size));
  sngp_status status = sngp_file_write(path, bytes, size);
  sngp_release(bytes);
  return status;
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

sngp_status sngp_model_save_buffer(const sngp_model *model, void **data, int64_t *size) {
  if (data != NULL) *data = NULL;
  SNGP_TRY(sngp_check_pointer(data, "data"));
  SNGP_TRY(sngp_check_pointer(size, "size"));
  SNGP_TRY(sngp_check_pointer(model, "model"));
  unsigned char *bytes = NULL;
  size_t count = 0;
  SNGP_TRY(sngp_model_to_bytes(model, &bytes, &count));
  *data = bytes;
  *size = (int64_t)count;
  return SNGP_OK;
}

sngp_status sngp_model_load_buffer(const void *data, int64_t size, sngp_model **model) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  *model = NULL;
  SNGP_TRY(sngp_check_pointer(data, "data"));
  if (size < 0)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "size is %lld, but must not be negative",
                     (long long)size);
  return sngp_model_from_bytes(data, (size_t)size, model);
}

void sngp_buffer_free(void *data) { sngp_release(data); }
