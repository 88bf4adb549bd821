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

sngp_status sngp_csv_config_check(const sngp_csv_config *config) {
  if (config->header < SNGP_CSV_HEADER_DETECT || config->header > SNGP_CSV_HEADER_YES)
    return fail_field("header", config->header, "-1 (detect), 0 (no) or 1 (yes)");
  if (config->label_mode < SNGP_CSV_LABEL_LAST || config->label_mode > SNGP_CSV_LABEL_OPTIONAL)
    return fail_field("label_mode", config->label_mode, "0 (last), 1 (none) or 2 (optional)");
  if (config->reserved != 0) return fail_field("reserved", config->reserved, "0");
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
  return SNGP_OK;
}
