#include "cli/input_check.h"

#include <inttypes.h>
#include <jansson.h>

#include "cli/message.h"

/* Jansson takes UTF-8 alone. */
static bool is_utf8(const char *text) {
  json_t *string = json_string(text);
  bool valid = string != NULL;
  json_decref(string);
  return valid;
}

static bool check_names_are_utf8(const char *const *names, int64_t count, const char *path,
                                 const char *what) {
  for (int64_t i = 0; names != NULL && i < count; i++) {
    if (is_utf8(names[i])) continue;
    cli_fail("%s: the name of %s %" PRId64 " is not valid UTF-8, as the model file needs it", path,
             what, i);
    return false;
  }
  return true;
}

bool cli_check_names_can_be_saved(const sngp_dataset *rows, const char *path) {
  return check_names_are_utf8(sngp_dataset_feature_names(rows), sngp_dataset_cols(rows), path,
                              "feature column") &&
         check_names_are_utf8(sngp_dataset_class_names(rows), sngp_dataset_num_classes(rows), path,
                              "class");
}

bool cli_check_arrays_fit(const sngp_dataset *rows, const sngp_model_config *model,
                          const char *features_path, const char *labels_path) {
  const int32_t *labels = sngp_dataset_labels(rows);
  if (sngp_dataset_cols(rows) != model->input_dim) {
    cli_fail("%s: the rows have %" PRId64 " columns, but the model expects %" PRId64, features_path,
             sngp_dataset_cols(rows), model->input_dim);
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
