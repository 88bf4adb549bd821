#include <inttypes.h>
#include <string.h>

#include "data/csv.h"
#include "data/text.h"

sngp_csv_config sngp_csv_defaults(void) {
  return (sngp_csv_config){.struct_size = (uint32_t)sizeof(sngp_csv_config),
                           .header = SNGP_CSV_HEADER_DETECT,
                           .label_mode = SNGP_CSV_LABEL_LAST};
}

static sngp_status fail_field(const char *name, int64_t value, const char *range) {
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "sngp_csv_config: %s is %" PRId64 ", but must be %s", name, value, range);
}

/* Names must be there and differ. */
static sngp_status check_names(const char *what, const char *const *names, int64_t count) {
  sngp_text_index index = {0};
  sngp_status status = SNGP_OK;
  for (int64_t i = 0; i < count && status == SNGP_OK; i++) {
    size_t number = 0;
    if (names[i] == NULL)
      status = sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "sngp_csv_config: %s[%" PRId64 "] is NULL",
                         what, i);
    else if (!sngp_text_index_add(&index, names[i], strlen(names[i]), &number))
      status = sngp_fail_memory("names");
    else if ((int64_t)number != i)
      status = sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                         "sngp_csv_config: %s[%zu] and %s[%" PRId64 "] are both %s", what, number,
                         what, i, sngp_quote(names[i], strlen(names[i])).text);
  }
  sngp_text_index_clear(&index);
  return status;
}

/* A file has labels or targets: what is about the other kind must not be set. */
static sngp_status check_kind(const sngp_csv_config *config) {
  const char *surplus = NULL;
  bool labels =
      config->label_mode == SNGP_CSV_LABEL_LAST || config->label_mode == SNGP_CSV_LABEL_OPTIONAL;
  bool targets =
      config->label_mode == SNGP_CSV_TARGETS || config->label_mode == SNGP_CSV_TARGETS_OPTIONAL;
  if (labels && config->target_columns != NULL) surplus = "target_columns";
  if (labels && config->num_target_columns != 0) surplus = "num_target_columns";
  if (targets && config->label_column != NULL) surplus = "label_column";
  if (targets && config->class_names != NULL) surplus = "class_names";
  if (targets && config->num_classes != 0) surplus = "num_classes";
  if (surplus == NULL) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "sngp_csv_config: %s is set, but label_mode %" PRId32 " reads %s", surplus,
                   config->label_mode, labels ? "labels" : "targets");
}

static sngp_status check_targets(const sngp_csv_config *config) {
  if (config->num_target_columns < 0)
    return fail_field("num_target_columns", config->num_target_columns, "0 or more");
  if (config->target_columns == NULL) {
    bool counted = config->label_mode != SNGP_CSV_LABEL_NONE || config->num_target_columns == 0;
    return counted ? SNGP_OK
                   : fail_field("num_target_columns", config->num_target_columns,
                                "0 where target_columns is NULL and label_mode is 1 (none)");
  }
  if (config->num_target_columns == 0)
    return fail_field("num_target_columns", 0, "the number of target_columns, 1 or more");
  if (config->label_column != NULL)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "sngp_csv_config: label_column and target_columns are both set");
  return check_names("target_columns", config->target_columns, config->num_target_columns);
}

sngp_status sngp_csv_config_check(const sngp_csv_config *config) {
  if (config->header < SNGP_CSV_HEADER_DETECT || config->header > SNGP_CSV_HEADER_YES)
    return fail_field("header", config->header, "-1 (detect), 0 (no) or 1 (yes)");
  if (config->label_mode < SNGP_CSV_LABEL_LAST || config->label_mode > SNGP_CSV_TARGETS_OPTIONAL)
    return fail_field("label_mode", config->label_mode, "one of SNGP_CSV_LABEL_* and _TARGETS*");
  if (config->reserved != 0) return fail_field("reserved", config->reserved, "0");
  SNGP_TRY(check_kind(config));
  if (config->num_classes < 0 || config->num_classes > SNGP_MOST_CLASSES)
    return fail_field("num_classes", config->num_classes, "0 to 16777216");
  if (config->num_features < 0)
    return fail_field("num_features", config->num_features, "0 or more");
  if (config->class_names != NULL) {
    if (config->num_classes == 0)
      return fail_field("num_classes", 0, "the number of class_names, 1 or more");
    SNGP_TRY(check_names("class_names", config->class_names, config->num_classes));
  }
  if (config->feature_names != NULL) {
    if (config->num_features == 0)
      return fail_field("num_features", 0, "the number of feature_names, 1 or more");
    SNGP_TRY(check_names("feature_names", config->feature_names, config->num_features));
  }
  return check_targets(config);
}
