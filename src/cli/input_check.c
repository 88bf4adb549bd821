#include "cli/input_check.h"

#include <inttypes.h>

#include "cli/message.h"

bool cli_check_arrays_fit(const sngp_dataset *rows, const sngp_model_config *model,
                          const char *features_path, const char *labels_path) {
  const int32_t *labels = sngp_dataset_labels(rows);
  if (sngp_dataset_cols(rows) != model->input_dim) {
    cli_fail("%s: the rows have %" PRId64 " columns, but the model expects %" PRId64, features_path,
             sngp_dataset_cols(rows), model->input_dim);
    return false;
  }
  if (sngp_dataset_num_targets(rows) > 0 && sngp_dataset_num_targets(rows) != model->num_targets) {
    cli_fail("%s: the rows have %" PRId64 " targets, but the model has %" PRId64, labels_path,
             sngp_dataset_num_targets(rows), model->num_targets);
    return false;
  }
  for (int64_t i = 0; labels != NULL && i < sngp_dataset_rows(rows); i++) {
    if (labels[i] < model->num_classes) continue;
    cli_fail("%s: the label of row %" PRId64 " is %" PRId32
             ", but the model's classes are 0 to %" PRId64,
             labels_path, i, labels[i], model->num_classes - 1);
    return false;
  }
  return true;
}
