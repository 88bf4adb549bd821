#include "data/csv_columns.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "data/number.h"

static sngp_number_kind kind_of(const sngp_text_list *fields, int64_t index) {
  size_t length = 0;
  const char *text = sngp_text_list_get(fields, (size_t)index, &length);
  double value = 0.0;
  return sngp_number_read(text, length, &value);
}

/* A missing value or a NaN in the first row of data makes no header of it. */
static bool is_name(const sngp_text_list *fields, int64_t index) {
  return kind_of(fields, index) == SNGP_NUMBER_MALFORMED;
}

static bool is_number(const sngp_text_list *fields, int64_t index) {
  return index < (int64_t)fields->count && kind_of(fields, index) == SNGP_NUMBER_FINITE;
}

/* Whether the first line names every expected feature, numbers though the names may be. */
static bool names_features(const sngp_text_list *fields, const sngp_csv_config *config) {
  if (config->feature_names == NULL) return false;
  for (int64_t i = 0; i < config->num_features; i++)
    if (sngp_text_list_find(fields, config->feature_names[i]) < 0) return false;
  return true;
}

static bool is_known_class(const sngp_text_list *fields, int64_t index,
                           const sngp_csv_config *config) {
  for (int64_t k = 0; config->class_names != NULL && k < config->num_classes; k++)
    if (sngp_text_list_is(fields, (size_t)index, config->class_names[k])) return true;
  return false;
}

/* Whether a field of data may be a word: the label's, or one that is left out unread. */
static bool may_hold_words(const sngp_csv_outputs *outputs, int64_t index, int64_t num_fields) {
  for (int64_t i = 0; outputs->kind != SNGP_CSV_COLUMN_TARGET && i < outputs->count; i++)
    if (sngp_csv_output_of_data(outputs, i, num_fields) == index) return true;
  return false;
}

static bool detect_header(const sngp_text_list *fields, const sngp_text_list *second_line,
                          const sngp_csv_outputs *outputs) {
  const sngp_csv_config *config = outputs->config;
  int64_t num_fields = (int64_t)fields->count;
  if (config->header != SNGP_CSV_HEADER_DETECT) return config->header == SNGP_CSV_HEADER_YES;
  if (sngp_csv_outputs_named(outputs, fields) || names_features(fields, config)) return true;
  for (int64_t i = 0; i < num_fields; i++) {
    if (!is_name(fields, i)) continue;
    if (!may_hold_words(outputs, i, num_fields)) return true;
    if (!is_known_class(fields, i, config) && is_number(second_line, i)) return true;
  }
  return false;
}

static sngp_status check_names(const sngp_text_list *fields, sngp_text_index *names) {
  for (size_t i = 0; i < fields->count; i++) {
    size_t length = 0, number = 0;
    const char *name = sngp_text_list_get(fields, i, &length);
    if (memchr(name, '\0', length) != NULL)
      return sngp_fail(SNGP_ERROR_FORMAT, "the name of column %zu holds a NUL byte", i);
    if (!sngp_is_utf8(name))
      return sngp_fail(SNGP_ERROR_FORMAT, "the name of column %zu, %s, is not valid UTF-8", i,
                       sngp_quote(name, length).text);
    if (!sngp_text_index_add(names, name, length, &number)) return sngp_fail_memory("column names");
    if (number != i)
      return sngp_fail(SNGP_ERROR_FORMAT, "columns %zu and %zu have the same name, %s", number, i,
                       sngp_quote(name, length).text);
  }
  return SNGP_OK;
}

/* Gives each expected feature its column, wherever it stands. */
static sngp_status match_names(const sngp_text_list *fields, const sngp_text_index *names,
                               const sngp_csv_config *config, sngp_csv_columns *columns) {
  for (int64_t i = 0; i < config->num_features; i++) {
    const char *name = config->feature_names[i];
    int64_t field = sngp_text_index_find(names, name, strlen(name));
    bool taken = field >= 0 && columns->fields[field].kind != SNGP_CSV_COLUMN_OPEN;
    if (field < 0 || taken)
      return sngp_fail(SNGP_ERROR_NOT_FOUND,
                       "the file has no column %s, feature %" PRId64 " of %" PRId64 "%s",
                       sngp_quote(name, strlen(name)).text, i, config->num_features,
                       !taken                     ? ""
                       : columns->num_targets > 0 ? " (the column of that name is a target)"
                                                  : " (the column of that name is the label's)");
    columns->fields[field] = (sngp_csv_column){SNGP_CSV_COLUMN_FEATURE, i};
  }
  for (int64_t i = 0; i < columns->num_fields; i++)
    if (columns->fields[i].kind == SNGP_CSV_COLUMN_OPEN)
      return sngp_fail(SNGP_ERROR_DIMENSION,
                       "column %" PRId64 ", %s, is none of the %" PRId64 " expected features", i,
                       sngp_text_list_quote(fields, (size_t)i).text, config->num_features);
  columns->num_features = config->num_features;
  return SNGP_OK;
}

/* Numbers the features in the order of the file. */
static sngp_status number_features(const sngp_csv_config *config, sngp_csv_columns *columns) {
  for (int64_t i = 0; i < columns->num_fields; i++)
    if (columns->fields[i].kind == SNGP_CSV_COLUMN_OPEN)
      columns->fields[i] = (sngp_csv_column){SNGP_CSV_COLUMN_FEATURE, columns->num_features++};
  if (columns->num_features == 0)
    return sngp_fail(SNGP_ERROR_DIMENSION,
                     "the first line has %" PRId64
                     " column%s, separated by commas: none is left for the features",
                     columns->num_fields, columns->num_fields == 1 ? "" : "s");
  if (config->num_features == 0 || columns->num_features == config->num_features) return SNGP_OK;
  if (columns->num_targets > 0)
    return sngp_fail(SNGP_ERROR_DIMENSION,
                     "the file has %" PRId64 " feature columns beside %" PRId64
                     " of targets, but %" PRId64 " are expected",
                     columns->num_features, columns->num_targets, config->num_features);
  return sngp_fail(SNGP_ERROR_DIMENSION,
                   "the file has %" PRId64 " feature columns%s, but %" PRId64 " are expected",
                   columns->num_features, columns->has_label ? " and the label's" : "",
                   config->num_features);
}

/* Copies the names of the columns of a kind: the header's, in the order of their numbers, or those
   that were expected. */
static sngp_status copy_names(const sngp_text_list *first_line, const sngp_csv_columns *columns,
                              sngp_csv_column_kind kind, int64_t count, const char *const *expected,
                              char ***copies) {
  if (count == 0 || (!columns->has_header && expected == NULL)) return SNGP_OK;
  const char **names = sngp_allocate((size_t)count, sizeof *names);
  if (names == NULL) return sngp_fail_memory("column names");
  for (int64_t i = 0; i < columns->num_fields; i++) {
    const sngp_csv_column *field = &columns->fields[i];
    if (field->kind == kind)
      names[field->number] = columns->has_header ? sngp_text_list_get(first_line, (size_t)i, NULL)
                                                 : expected[field->number];
  }
  *copies = sngp_copy_strings(names, (size_t)count);
  sngp_release(names);
  return *copies == NULL ? sngp_fail_memory("column names") : SNGP_OK;
}

static sngp_status resolve(const sngp_text_list *fields, const sngp_text_list *second_line,
                           const sngp_csv_config *config, sngp_text_index *names,
                           sngp_csv_columns *columns) {
  sngp_csv_outputs outputs = sngp_csv_outputs_of(config);
  bool found = false;
  columns->num_fields = (int64_t)fields->count;
  columns->has_header = detect_header(fields, second_line, &outputs);
  if (columns->has_header) SNGP_TRY(check_names(fields, names));
  columns->fields = sngp_allocate(fields->count, sizeof *columns->fields);
  if (columns->fields == NULL) return sngp_fail_memory("columns");
  SNGP_TRY(sngp_csv_outputs_find(&outputs, fields, columns->has_header, columns->fields, &found));
  columns->has_label = found && outputs.kind == SNGP_CSV_COLUMN_LABEL;
  columns->num_targets = found && outputs.kind == SNGP_CSV_COLUMN_TARGET ? outputs.count : 0;
  if (columns->has_header && config->feature_names != NULL)
    SNGP_TRY(match_names(fields, names, config, columns));
  else
    SNGP_TRY(number_features(config, columns));
  SNGP_TRY(copy_names(fields, columns, SNGP_CSV_COLUMN_FEATURE, columns->num_features,
                      config->feature_names, &columns->feature_names));
  return copy_names(fields, columns, SNGP_CSV_COLUMN_TARGET, columns->num_targets,
                    outputs.numbered ? NULL : outputs.names, &columns->target_names);
}

sngp_status sngp_csv_columns_resolve(const sngp_text_list *first_line,
                                     const sngp_text_list *second_line,
                                     const sngp_csv_config *config, sngp_csv_columns *columns) {
  *columns = (sngp_csv_columns){0};
  sngp_text_index names = {0};
  sngp_status status = resolve(first_line, second_line, config, &names, columns);
  sngp_text_index_clear(&names);
  if (status != SNGP_OK) sngp_csv_columns_clear(columns);
  return status;
}

void sngp_csv_columns_clear(sngp_csv_columns *columns) {
  sngp_release(columns->fields);
  sngp_release(columns->feature_names);
  sngp_release(columns->target_names);
  *columns = (sngp_csv_columns){0};
}
