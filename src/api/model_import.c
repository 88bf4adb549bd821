#include "sngp/import.h"

#include <math.h>
#include <string.h>

#include "api/check.h"
#include "base/memory.h"
#include "base/struct_size.h"
#include "io/file.h"
#include "io/model_import.h"

/* Size of the struct in the first version. */
static const size_t SMALLEST_CONFIG = SNGP_END_OF(sngp_import_config, ignore_unused);

static sngp_import_config defaults(void) {
  return (sngp_import_config){.struct_size = sizeof(sngp_import_config),
                              .preset = SNGP_PRESET_TUTORIAL,
                              .ridge_in_precision = -1,
                              .layout = SNGP_LAYOUT_AUTOMATIC};
}

sngp_status sngp_import_config_init(sngp_import_config *config, size_t size) {
  sngp_import_config own = defaults();
  return sngp_struct_init(&own, sizeof own, SMALLEST_CONFIG, config, size, "import config");
}

static sngp_status check_names(const sngp_import_config *config) {
  if (config->num_names < 0)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "import config: num_names is %lld, but must not be negative",
                     (long long)config->num_names);
  if (config->num_names == 0) return SNGP_OK;
  SNGP_TRY(sngp_check_pointer(config->tensors, "import config: tensors"));
  SNGP_TRY(sngp_check_pointer(config->arrays, "import config: arrays"));
  for (int64_t i = 0; i < config->num_names; i++)
    if (config->tensors[i] == NULL || config->arrays[i] == NULL)
      return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "import config: name %lld is NULL",
                       (long long)i);
  for (int64_t i = 1; i < config->num_names; i++)
    for (int64_t j = 0; j < i; j++)
      if (strcmp(config->tensors[i], config->tensors[j]) == 0)
        return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "import config: %s is given both %s and %s",
                         config->tensors[i], config->arrays[j], config->arrays[i]);
  return SNGP_OK;
}

static sngp_status check_config(const sngp_import_config *config) {
  SNGP_TRY(sngp_check_preset(config->preset));
  if (config->layout < SNGP_LAYOUT_AUTOMATIC || config->layout > SNGP_LAYOUT_TORCH)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "import config: layout is %d, but must lie in [0, 2]", config->layout);
  if (config->ignore_unused != 0 && config->ignore_unused != 1)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "import config: ignore_unused is %d, but must be 0 or 1",
                     config->ignore_unused);
  if (config->rows < 0)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "import config: rows is %lld, but must not be negative",
                     (long long)config->rows);
  if (!isfinite(config->ridge_in_precision))
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "import config: ridge_in_precision is %g, but must be finite",
                     config->ridge_in_precision);
  return check_names(config);
}

sngp_status sngp_model_import(const char *path, const sngp_import_config *config,
                              sngp_model **model) {
  SNGP_TRY(sngp_check_pointer(model, "model"));
  *model = NULL;
  SNGP_TRY(sngp_check_path(path, "path"));
  sngp_import_config own = defaults();
  if (config != NULL)
    SNGP_TRY(sngp_struct_import(&own, sizeof own, SMALLEST_CONFIG, config, "import config"));
  SNGP_TRY(check_config(&own));
  unsigned char *bytes = NULL;
  size_t size = 0;
  SNGP_TRY(sngp_file_read(path, &bytes, &size));
  sngp_status status = sngp_model_from_arrays(bytes, size, &own, model);
  sngp_release(bytes);
  return status == SNGP_OK ? SNGP_OK : sngp_fail_prefix(status, path);
}
