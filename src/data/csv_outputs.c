#include "data/csv_outputs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static sngp_quoted quote_string(const char *text) { return sngp_quote(text, strlen(text)); }

/* The number of a column from text of decimal digits alone, or SNGP_CSV_ABSENT. */
static int64_t column_number(const char *text) {
  enum { MOST_DIGITS = 15 };
  size_t length = strlen(text);
  if (length == 0 || length > MOST_DIGITS || strspn(text, "0123456789") != length)
    return SNGP_CSV_ABSENT;
  return (int64_t)strtoll(text, NULL, 10);
}

sngp_csv_outputs sngp_csv_outputs_of(const sngp_csv_config *config) {
  bool optional = config->label_mode == SNGP_CSV_LABEL_OPTIONAL ||
                  config->label_mode == SNGP_CSV_TARGETS_OPTIONAL;
  sngp_csv_outputs outputs = {.config = config, .optional = optional, .numbered = true};
  if (config->label_column != NULL) {
    outputs.names = &config->label_column;
    outputs.count = 1;
  } else {
    outputs.names = config->target_columns;
    outputs.count = config->num_target_columns;
  }
  switch (config->label_mode) {
    case SNGP_CSV_LABEL_NONE: outputs.kind = SNGP_CSV_COLUMN_LEFT_OUT; break;
    case SNGP_CSV_TARGETS:
    case SNGP_CSV_TARGETS_OPTIONAL: outputs.kind = SNGP_CSV_COLUMN_TARGET; break;
    default: outputs.kind = SNGP_CSV_COLUMN_LABEL; break;
  }
  if (outputs.count == 0 && outputs.kind != SNGP_CSV_COLUMN_LEFT_OUT) outputs.count = 1;
  for (int64_t i = 0; outputs.names != NULL && i < outputs.count; i++)
    outputs.numbered = outputs.numbered && column_number(outputs.names[i]) != SNGP_CSV_ABSENT;
  return outputs;
}

bool sngp_csv_outputs_named(const sngp_csv_outputs *outputs, const sngp_text_list *first_line) {
  for (int64_t i = 0; outputs->names != NULL && i < outputs->count; i++)
    if (column_number(outputs->names[i]) == SNGP_CSV_ABSENT &&
        sngp_text_list_find(first_line, outputs->names[i]) >= 0)
      return true;
  return false;
}

/* Where an output is when no name tells: among the last columns. Where outputs may be absent, the
   number of features must leave just as many. */
static int64_t among_last(const sngp_csv_outputs *outputs, int64_t index, int64_t num_fields) {
  int64_t before = num_fields - outputs->count, num_features = outputs->config->num_features;
  bool absent = outputs->optional && (num_features == 0 || before != num_features);
  return absent ? SNGP_CSV_ABSENT : before + index;
}

/* Where an output is by its number. Where outputs may be absent, a file with no more columns than
   there are features has none. */
static int64_t by_number(const sngp_csv_outputs *outputs, int64_t number, int64_t num_fields) {
  bool may_be_absent = outputs->optional || outputs->kind == SNGP_CSV_COLUMN_LEFT_OUT;
  int64_t num_features = outputs->config->num_features;
  if (may_be_absent && num_features > 0 && num_fields <= num_features) return SNGP_CSV_ABSENT;
  return number < num_fields ? number : SNGP_CSV_ABSENT;
}

int64_t sngp_csv_output_of_data(const sngp_csv_outputs *outputs, int64_t index,
                                int64_t num_fields) {
  if (outputs->names == NULL || (outputs->optional && !outputs->numbered))
    return among_last(outputs, index, num_fields);
  return by_number(outputs, column_number(outputs->names[index]), num_fields);
}

static int64_t locate(const sngp_csv_outputs *outputs, int64_t index,
                      const sngp_text_list *first_line, bool has_header) {
  int64_t num_fields = (int64_t)first_line->count;
  if (!has_header || outputs->names == NULL)
    return sngp_csv_output_of_data(outputs, index, num_fields);
  int64_t field = sngp_text_list_find(first_line, outputs->names[index]);
  if (field >= 0) return field;
  return by_number(outputs, column_number(outputs->names[index]), num_fields);
}

static const char *noun(const sngp_csv_outputs *outputs) {
  return outputs->kind == SNGP_CSV_COLUMN_TARGET ? "target" : "label";
}

static sngp_status fail_absent(const sngp_csv_outputs *outputs, const char *name, bool has_header,
                               int64_t num_fields) {
  if (!has_header && column_number(name) == SNGP_CSV_ABSENT)
    return sngp_fail(SNGP_ERROR_NOT_FOUND,
                     "%s column %s: the file has no header to find the name in", noun(outputs),
                     quote_string(name).text);
  return sngp_fail(SNGP_ERROR_NOT_FOUND,
                   "%s column %s is not among the %" PRId64
                   " columns (by name, or by number from 0)",
                   noun(outputs), quote_string(name).text, num_fields);
}

/* Marks the columns that are there; counts them, and gives the first output that is not. */
static sngp_status mark(const sngp_csv_outputs *outputs, const sngp_text_list *first_line,
                        bool has_header, sngp_csv_column *columns, int64_t *present,
                        int64_t *first_absent) {
  *present = 0;
  *first_absent = SNGP_CSV_ABSENT;
  for (int64_t i = 0; i < outputs->count; i++) {
    int64_t field = locate(outputs, i, first_line, has_header);
    if (field == SNGP_CSV_ABSENT) {
      if (*first_absent == SNGP_CSV_ABSENT) *first_absent = i;
      continue;
    }
    if (columns[field].kind != SNGP_CSV_COLUMN_OPEN)
      return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                       "target_columns %s and %s are the same column, number %" PRId64,
                       quote_string(outputs->names[columns[field].number]).text,
                       quote_string(outputs->names[i]).text, field);
    columns[field] = (sngp_csv_column){outputs->kind, i};
    ++*present;
  }
  return SNGP_OK;
}

static bool is_expected(const sngp_csv_config *config, const sngp_text_list *first_line,
                        int64_t field) {
  for (int64_t i = 0; config->feature_names != NULL && i < config->num_features; i++)
    if (sngp_text_list_is(first_line, (size_t)field, config->feature_names[i])) return true;
  return false;
}

/* Outputs are the last columns of a header, but one of them is a feature of the model: the file has
   no outputs, or they stand elsewhere. */
static sngp_status check_unnamed(const sngp_csv_outputs *outputs, const sngp_text_list *first_line,
                                 sngp_csv_column *columns, bool *found) {
  int64_t num_fields = (int64_t)first_line->count, field = num_fields - outputs->count;
  while (field < num_fields && !is_expected(outputs->config, first_line, field)) field++;
  if (field == num_fields) return SNGP_OK;
  sngp_quoted name = sngp_text_list_quote(first_line, (size_t)field);
  if (!outputs->optional && outputs->count > 1)
    return sngp_fail(SNGP_ERROR_NOT_FOUND,
                     "%s, one of the last %" PRId64
                     " columns, is a feature of the model, not a target: name the target columns",
                     name.text, outputs->count);
  if (!outputs->optional)
    return sngp_fail(SNGP_ERROR_NOT_FOUND,
                     "the last column, %s, is a feature of the model, not the %s: name the %s "
                     "column",
                     name.text, noun(outputs), noun(outputs));
  for (field = 0; field < num_fields; field++)
    columns[field] = (sngp_csv_column){.kind = SNGP_CSV_COLUMN_OPEN};
  *found = false;
  return SNGP_OK;
}

sngp_status sngp_csv_outputs_find(const sngp_csv_outputs *outputs, const sngp_text_list *first_line,
                                  bool has_header, sngp_csv_column *columns, bool *found) {
  int64_t num_fields = (int64_t)first_line->count, present = 0, first_absent = 0;
  const char *const *names = outputs->names;
  *found = false;
  if (names == NULL && outputs->count > num_fields) {
    if (outputs->optional) return SNGP_OK;
    return sngp_fail(SNGP_ERROR_DIMENSION,
                     "the first line has %" PRId64
                     " columns, separated by commas, fewer than the "
                     "%" PRId64 " targets",
                     num_fields, outputs->count);
  }
  SNGP_TRY(mark(outputs, first_line, has_header, columns, &present, &first_absent));
  *found = present > 0;
  if (outputs->kind == SNGP_CSV_COLUMN_LEFT_OUT || (outputs->optional && present == 0))
    return SNGP_OK;
  if (first_absent != SNGP_CSV_ABSENT) {
    if (!outputs->optional)
      return fail_absent(outputs, names[first_absent], has_header, num_fields);
    return sngp_fail(SNGP_ERROR_NOT_FOUND,
                     "target column %s is not among the %" PRId64
                     " columns, but others of the %" PRId64 " target columns are",
                     quote_string(names[first_absent]).text, num_fields, outputs->count);
  }
  return has_header && names == NULL ? check_unnamed(outputs, first_line, columns, found) : SNGP_OK;
}
