#include "train/row_source.h"

#include <stdio.h>

#include "train/fit.h"

sngp_row_source sngp_row_source_of(const sngp_dataset *dataset) {
  return (sngp_row_source){.num_batches = 1, .whole = dataset};
}

enum { NAME_SIZE = 40 };

/* A callback that says nothing of its failure must not leave an older failure's words. */
static sngp_status call_back(const sngp_row_source *source, int64_t index,
                             const sngp_dataset **batch) {
  char before[SNGP_MESSAGE_SIZE];
  snprintf(before, sizeof before, "%s", sngp_last_error());
  (void)sngp_fail(SNGP_ERROR_CANCELLED, "the callback of batch %lld failed", (long long)index);
  sngp_status status = source->batches(source->context, index, batch);
  if (status == SNGP_OK) (void)sngp_fail(SNGP_ERROR_CANCELLED, "%s", before);
  if (status > SNGP_OK) /* not one of ours */
    return sngp_fail(SNGP_ERROR_CANCELLED, "the callback of batch %lld returned %d",
                     (long long)index, (int)status);
  return status;
}

sngp_status sngp_row_source_batch(const sngp_row_source *source, const sngp_model *model,
                                  int64_t index, const sngp_dataset **batch) {
  *batch = source->whole;
  if (source->batches == NULL) return SNGP_OK;
  *batch = NULL;
  SNGP_TRY(call_back(source, index, batch));
  if (*batch == NULL)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "the callback gave no dataset for batch %lld",
                     (long long)index);
  char name[NAME_SIZE];
  snprintf(name, sizeof name, "training (batch %lld)", (long long)index);
  return sngp_check_rows(model, *batch, true, name);
}

sngp_status sngp_row_source_check(const sngp_row_source *source, const sngp_model *model,
                                  int64_t *rows) {
  const bool classifies = model->config.task == SNGP_TASK_CLASSIFICATION;
  int32_t first_label = 0;
  bool two_classes = false;
  *rows = 0;
  for (int64_t b = 0; b < source->num_batches; b++) {
    const sngp_dataset *batch = NULL;
    SNGP_TRY(sngp_row_source_batch(source, model, b, &batch));
    if (source->batches == NULL) SNGP_TRY(sngp_check_rows(model, batch, true, "training"));
    if (classifies && b == 0) first_label = batch->labels[0];
    for (int64_t i = 0; classifies && !two_classes && i < batch->rows; i++)
      two_classes = batch->labels[i] != first_label;
    *rows += batch->rows;
  }
  if (!classifies || two_classes) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_ONE_CLASS,
                   "all %lld training labels are %d, but training needs two classes or more",
                   (long long)*rows, first_label);
}
