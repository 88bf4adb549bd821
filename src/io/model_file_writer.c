#include <stdio.h>

#include "base/memory.h"
#include "io/model_config_json.h"
#include "io/model_file.h"
#include "io/model_tensors.h"
#include "io/training_record_json.h"
#include "linalg/kernels.h"

/* What a file has of one model. */
typedef struct {
  char config_key[SNGP_TENSOR_NAME_SIZE], training_key[SNGP_TENSOR_NAME_SIZE];
  char *config, *training;
  sngp_tensor_list list;
} part;

/* What could not be loaded again is not saved. */
static sngp_status check_finite(const sngp_model *model) {
  for (size_t i = 0; i < model->table.count; i++) {
    const sngp_parameter *parameter = &model->table.items[i];
    size_t count = (size_t)(parameter->rows * parameter->cols);
    if (!sngp_kernel_all_finite(count, sngp_model_values(model, parameter)))
      return sngp_fail(SNGP_ERROR_NOT_FINITE, "\"%s\" holds a NaN or an infinity", parameter->name);
  }
  return SNGP_OK;
}

/* To be destroyed on failure too. */
static sngp_status create_part(const sngp_model *model, const char *prefix, part *made) {
  SNGP_TRY(sngp_model_check_posterior(model));
  SNGP_TRY(check_finite(model));
  sngp_prefixed(prefix, "config", made->config_key);
  sngp_prefixed(prefix, "training", made->training_key);
  const sngp_training_record record = sngp_model_record(model);
  SNGP_TRY(sngp_model_config_to_json(&model->config, &made->config));
  SNGP_TRY(sngp_training_record_to_json(&record, &made->training));
  SNGP_TRY(
      sngp_tensor_list_create(prefix, &model->config, &model->table, &model->holds, &made->list));
  sngp_tensor_list_bind(&made->list, model);
  return SNGP_OK;
}

static void destroy_part(part *made) {
  sngp_release(made->config);
  sngp_release(made->training);
  sngp_tensor_list_destroy(&made->list);
}

static sngp_status create_parts(const sngp_model *const *models, int64_t count, part *parts) {
  if (count == 1) return create_part(models[0], "", &parts[0]);
  for (int64_t i = 0; i < count; i++) {
    char prefix[SNGP_PREFIX_SIZE], member[SNGP_PREFIX_SIZE];
    sngp_member_prefix(i, prefix);
    sngp_status status = create_part(models[i], prefix, &parts[i]);
    if (status == SNGP_OK) continue;
    snprintf(member, sizeof member, "member %lld", (long long)i);
    return sngp_fail_prefix(status, member);
  }
  return SNGP_OK;
}

/* Appends the tensors whose elements have 8 bytes, or those that have not. */
static void append_tensors(const part *parts, int64_t count, bool eight_bytes, sngp_tensor *tensors,
                           size_t *total) {
  for (int64_t i = 0; i < count; i++)
    for (size_t j = 0; j < parts[i].list.count; j++)
      if ((sngp_dtype_size(parts[i].list.tensors[j].dtype) == sizeof(double)) == eight_bytes)
        tensors[(*total)++] = parts[i].list.tensors[j];
}

static size_t list_metadata(const part *parts, int64_t count, const char *ensemble,
                            sngp_metadata_entry *metadata) {
  size_t total = 0;
  metadata[total++] = (sngp_metadata_entry){"format", SNGP_MODEL_FORMAT};
  metadata[total++] = (sngp_metadata_entry){"format_version", "1"};
  _Static_assert(SNGP_MODEL_FORMAT_VERSION == 1, "the text above is the version");
  if (count > 1) metadata[total++] = (sngp_metadata_entry){SNGP_ENSEMBLE_KEY, ensemble};
  for (int64_t i = 0; i < count; i++) {
    metadata[total++] = (sngp_metadata_entry){parts[i].config_key, parts[i].config};
    metadata[total++] = (sngp_metadata_entry){parts[i].training_key, parts[i].training};
  }
  return total;
}

static sngp_status write_parts(const part *parts, int64_t count, unsigned char **bytes,
                               size_t *size) {
  enum { ENTRIES_OF_FILE = 3, ENTRIES_OF_MODEL = 2, ENSEMBLE_TEXT_SIZE = 64 };
  char ensemble[ENSEMBLE_TEXT_SIZE];
  snprintf(ensemble, sizeof ensemble, "{\"num_members\":%lld}", (long long)count);
  size_t most = 0, num_tensors = 0;
  for (int64_t i = 0; i < count; i++) most += parts[i].list.count;
  sngp_tensor *tensors = sngp_allocate(most, sizeof *tensors);
  sngp_metadata_entry *metadata =
      sngp_allocate(ENTRIES_OF_FILE + ENTRIES_OF_MODEL * (size_t)count, sizeof *metadata);
  sngp_status status = SNGP_OK;
  if (tensors == NULL || metadata == NULL) {
    status = sngp_fail_memory("the table of tensors");
  } else {
    size_t num_entries = list_metadata(parts, count, ensemble, metadata);
    append_tensors(parts, count, true, tensors, &num_tensors);
    append_tensors(parts, count, false, tensors, &num_tensors);
    status = sngp_safetensors_write(metadata, num_entries, tensors, num_tensors, bytes, size);
  }
  sngp_release(tensors);
  sngp_release(metadata);
  return status;
}

sngp_status sngp_models_to_bytes(const sngp_model *const *models, int64_t num_models,
                                 unsigned char **bytes, size_t *size) {
  *bytes = NULL;
  *size = 0;
  part *parts = sngp_allocate((size_t)num_models, sizeof *parts);
  if (parts == NULL) return sngp_fail_memory("the models of a file");
  sngp_status status = create_parts(models, num_models, parts);
  if (status == SNGP_OK) status = write_parts(parts, num_models, bytes, size);
  for (int64_t i = 0; i < num_models; i++) destroy_part(&parts[i]);
  sngp_release(parts);
  return status;
}
