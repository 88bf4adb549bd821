#include "data/csv_columns.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "data/number.h"

enum { ABSENT = -1 };

static sngp_quoted quote_field(const sngp_text_list *fields, int64_t index) {
  size_t length = 0;
  const char *text = sngp_text_list_get(fields, (size_t)index, &length);
  return sngp_quote(text, length);
}

static sngp_quoted quote_string(const char *text) { return sngp_quote(text, strlen(text)); }

static bool equals(const sngp_text_list *fields, int64_t index, const char *text) {
  size_t length = 0;
  const char *field = sngp_text_list_get(fields, (size_t)index, &length);
  return strlen(text) == length && memcmp(field, text, length) == 0;
}

static int64_t find_field(const sngp_text_list *fields, const char *name) {
  for (int64_t i = 0; i < (int64_t)fields->count; i++)
    if (equals(fields, i, name)) return i;
  return ABSENT;
}

/* The number of a column from text of decimal digits alone, or ABSENT. */
static int64_t column_number(const char *text) {
  enum { MOST_DIGITS = 15 };
  size_t length = strlen(text);
  if (length == 0 || length > MOST_DIGITS || strspn(text, "0123456789") != length) return ABSENT;
  return (int64_t)strtoll(text, NULL, 10);
}

/* Where the label is when no name tells: the last column, if there is one. */
static int64_t last_column_label(int64_t num_fields, const sngp_csv_config *config) {
  bool one_more = config->num_features > 0 && num_fields == config->num_features + 1;
  switch (config->label_mode) {
    case SNGP_CSV_LABEL_LAST: return num_fields - 1;
    case SNGP_CSV_LABEL_OPTIONAL: return one_more ? num_fields - 1 : ABSENT;
    default: return ABSENT;
  }
}

/* Where the label is by its number. Where labels may be absent, a file with no more columns than
   there are features has none. */
static int64_t numbered_label(int64_t number, int64_t num_fields, const sngp_csv_config *config) {
  bool may_be_absent = config->label_mode != SNGP_CSV_LABEL_LAST;
  if (may_be_absent && config->num_features > 0 && num_fields <= config->num_features)
    return ABSENT;
  return number < num_fields ? number : ABSENT;
}

/* Where the label would be if the first line were data. */
static int64_t label_without_header(int64_t num_fields, const sngp_csv_config *config) {
  if (config->label_column == NULL) return last_column_label(num_fields, config);
  int64_t number = column_number(config->label_column);
  if (number == ABSENT && config->label_mode == SNGP_CSV_LABEL_OPTIONAL)
    return last_column_label(num_fields, config);
  return numbered_label(number, num_fields, config);
}

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
    if (find_field(fields, config->feature_names[i]) == ABSENT) return false;
  return true;
}

static bool is_known_class(const sngp_text_list *fields, int64_t index,
                           const sngp_csv_config *config) {
  for (int64_t k = 0; config->class_names != NULL && k < config->num_classes; k++)
    if (equals(fields, index, config->class_names[k])) return true;
  return false;
}

static bool detect_header(const sngp_text_list *fields, const sngp_text_list *second_line,
                          const sngp_csv_config *config) {
  const char *name = config->label_column;
  if (config->header != SNGP_CSV_HEADER_DETECT) return config->header == SNGP_CSV_HEADER_YES;
  if (name != NULL && column_number(name) == ABSENT && find_field(fields, name) != ABSENT)
    return true;
  if (names_features(fields, config)) return true;
  int64_t label = label_without_header((int64_t)fields->count, config);
  for (int64_t i = 0; i < (int64_t)fields->count; i++)
    if (i != label && is_name(fields, i)) return true;
  return label != ABSENT && is_name(fields, label) && !is_known_class(fields, label, config) &&
         is_number(second_line, label);
}

static sngp_status fail_no_label(bool has_header, int64_t num_fields, const char *name) {
  if (!has_header && column_number(name) == ABSENT)
    return sngp_fail(SNGP_ERROR_NOT_FOUND,
                     "label column %s: the file has no header to find the name in",
                     quote_string(name).text);
  return sngp_fail(SNGP_ERROR_NOT_FOUND,
                   "label column %s is not among the %" PRId64
                   " columns (by name, or by number from 0)",
                   quote_string(name).text, num_fields);
}

static bool is_expected(const sngp_csv_config *config, const sngp_text_list *fields,
                        int64_t field) {
  for (int64_t i = 0; config->feature_names != NULL && i < config->num_features; i++)
    if (equals(fields, field, config->feature_names[i])) return true;
  return false;
}

static sngp_status find_label(const sngp_text_list *fields, bool has_header,
                              const sngp_csv_config *config, int64_t *label) {
  int64_t num_fields = (int64_t)fields->count;
  const char *name = config->label_column;
  *label = ABSENT;
  if (has_header && name != NULL) *label = find_field(fields, name);
  if (*label != ABSENT) return SNGP_OK;
  if (has_header && name != NULL) {
    *label = numbered_label(column_number(name), num_fields, config);
  } else {
    *label = label_without_header(num_fields, config);
  }
  if (*label == ABSENT && config->label_mode == SNGP_CSV_LABEL_LAST)
    return fail_no_label(has_header, num_fields, name);
  if (name != NULL || !has_header || *label == ABSENT || !is_expected(config, fields, *label))
    return SNGP_OK;
  /* The last column of a header is one of the model's features. */
  if (config->label_mode == SNGP_CSV_LABEL_LAST)
    return sngp_fail(SNGP_ERROR_NOT_FOUND,
                     "the last column, %s, is a feature of the model, not the label: name the "
                     "label column",
                     quote_field(fields, *label).text);
  *label = ABSENT;
  return SNGP_OK;
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
                               const sngp_csv_config *config, int64_t label,
                               sngp_csv_columns *columns) {
  for (int64_t i = 0; i < config->num_features; i++) {
    const char *name = config->feature_names[i];
    int64_t field = sngp_text_index_find(names, name, strlen(name));
    if (field < 0 || field == label)
      return sngp_fail(SNGP_ERROR_NOT_FOUND,
                       "the file has no column %s, feature %" PRId64 " of %" PRId64 "%s",
                       quote_string(name).text, i, config->num_features,
                       field >= 0 ? " (the column of that name is the label's)" : "");
    columns->targets[field] = i;
  }
  for (int64_t i = 0; i < columns->num_fields; i++)
    if (columns->targets[i] == SNGP_CSV_COLUMN_LEFT_OUT && i != label)
      return sngp_fail(SNGP_ERROR_DIMENSION,
                       "column %" PRId64 ", %s, is none of the %" PRId64 " expected features", i,
                       quote_field(fields, i).text, config->num_features);
  columns->num_features = config->num_features;
  return SNGP_OK;
}

/* Numbers the features in the order of the file. */
static sngp_status number_features(const sngp_csv_config *config, int64_t label,
                                   sngp_csv_columns *columns) {
  for (int64_t i = 0; i < columns->num_fields; i++)
    if (i != label) columns->targets[i] = columns->num_features++;
  if (columns->num_features == 0)
    return sngp_fail(SNGP_ERROR_DIMENSION,
                     "the first line has %" PRId64
                     " column%s, separated by commas: none is left for the features",
                     columns->num_fields, columns->num_fields == 1 ? "" : "s");
  if (config->num_features > 0 && columns->num_features != config->num_features)
    return sngp_fail(SNGP_ERROR_DIMENSION,
                     "the file has %" PRId64 " feature columns%s, but %" PRId64 " are expected",
                     columns->num_features, columns->has_label ? " and the label's" : "",
                     config->num_features);
  return SNGP_OK;
}

/* Copies the names: the header's in the features' order, or the expected ones. */
static sngp_status copy_names(const sngp_text_list *fields, const sngp_csv_config *config,
                              sngp_csv_columns *columns) {
  if (!columns->has_header && config->feature_names == NULL) return SNGP_OK;
  const char **names = sngp_allocate((size_t)columns->num_features, sizeof *names);
  if (names == NULL) return sngp_fail_memory("column names");
  for (int64_t i = 0; i < columns->num_fields; i++)
    if (columns->targets[i] >= 0)
      names[columns->targets[i]] = columns->has_header ? sngp_text_list_get(fields, (size_t)i, NULL)
                                                       : config->feature_names[columns->targets[i]];
  columns->feature_names = sngp_copy_strings(names, (size_t)columns->num_features);
  sngp_release(names);
  return columns->feature_names == NULL ? sngp_fail_memory("column names") : SNGP_OK;
}

static sngp_status resolve(const sngp_text_list *fields, const sngp_text_list *second_line,
                           const sngp_csv_config *config, sngp_text_index *names,
                           sngp_csv_columns *columns) {
  int64_t label = ABSENT;
  columns->num_fields = (int64_t)fields->count;
  columns->has_header = detect_header(fields, second_line, config);
  if (columns->has_header) SNGP_TRY(check_names(fields, names));
  SNGP_TRY(find_label(fields, columns->has_header, config, &label));
  columns->has_label = label != ABSENT && config->label_mode != SNGP_CSV_LABEL_NONE;
  columns->targets = sngp_allocate(fields->count, sizeof *columns->targets);
  if (columns->targets == NULL) return sngp_fail_memory("columns");
  for (int64_t i = 0; i < columns->num_fields; i++) columns->targets[i] = SNGP_CSV_COLUMN_LEFT_OUT;
  if (columns->has_header && config->feature_names != NULL)
    SNGP_TRY(match_names(fields, names, config, label, columns));
  else
    SNGP_TRY(number_features(config, label, columns));
  if (columns->has_label) columns->targets[label] = SNGP_CSV_COLUMN_LABEL;
  return copy_names(fields, config, columns);
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
  sngp_release(columns->targets);
  sngp_release(columns->feature_names);
  *columns = (sngp_csv_columns){0};
}
