#include "base/memory.h"
#include "io/model_config_json.h"
#include "io/model_file.h"
#include "io/model_tensors.h"
#include "io/training_record_json.h"
#include "linalg/kernels.h"

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

static sngp_status write_file(const sngp_model *model, const char *config, const char *training,
                              unsigned char **bytes, size_t *size) {
  const sngp_metadata_entry metadata[] = {
      {"format", SNGP_MODEL_FORMAT},
      {"format_version", "1"},
      {"config", config},
      {"training", training},
  };
  _Static_assert(SNGP_MODEL_FORMAT_VERSION == 1, "the text above is the version");
  sngp_tensor *tensors =
      sngp_allocate(model->table.count + SNGP_POSTERIOR_TENSORS, sizeof *tensors);
  if (tensors == NULL) return sngp_fail_memory("the table of tensors");
  size_t count =
      sngp_model_list_tensors(&model->config, &model->table, model->scaling_chosen, model, tensors);
  sngp_status status = sngp_safetensors_write(metadata, sizeof metadata / sizeof *metadata, tensors,
                                              count, bytes, size);
  sngp_release(tensors);
  return status;
}

sngp_status sngp_model_to_bytes(const sngp_model *model, unsigned char **bytes, size_t *size) {
  *bytes = NULL;
  *size = 0;
  SNGP_TRY(sngp_model_check_posterior(model));
  SNGP_TRY(check_finite(model));
  char *config = NULL, *training = NULL;
  const sngp_training_record record = sngp_model_record(model);
  sngp_status status = sngp_model_config_to_json(&model->config, &config);
  if (status == SNGP_OK) status = sngp_training_record_to_json(&record, &training);
  if (status == SNGP_OK) status = write_file(model, config, training, bytes, size);
  sngp_release(config);
  sngp_release(training);
  return status;
}
