#include "data/csv_labels.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "data/number.h"

/* Labels below are compared by value, larger ones as texts: identifiers, perhaps, of which a double
   could not hold the last digits. */
static const double NUMBER_LIMIT = 0x1p53;

static bool is_number(const char *text, size_t length, double *value) {
  return sngp_number_read(text, length, value) == SNGP_NUMBER_FINITE && fabs(*value) < NUMBER_LIMIT;
}

/* Decimal digits without sign or leading zeros: what printing the number gives again. */
static bool is_plain(const char *text, size_t length) {
  if (length == 0 || (length > 1 && text[0] == '0')) return false;
  for (size_t i = 0; i < length; i++)
    if (text[i] < '0' || text[i] > '9') return false;
  return true;
}

/* Adds a text, with room for its class and row. */
static sngp_status add_text(sngp_csv_labels *labels, const char *text, size_t length,
                            size_t *number) {
  if (!sngp_text_index_add(&labels->texts, text, length, number)) return sngp_fail_memory("labels");
  size_t count = labels->texts.texts.count;
  int32_t *classes =
      sngp_array_grow(labels->classes, &labels->classes_capacity, count, sizeof *classes);
  if (classes == NULL) return sngp_fail_memory("labels");
  labels->classes = classes;
  int64_t *rows = sngp_array_grow(labels->rows, &labels->rows_capacity, count, sizeof *rows);
  if (rows == NULL) return sngp_fail_memory("labels");
  labels->rows = rows;
  return SNGP_OK;
}

static sngp_status open_known(const sngp_csv_config *config, sngp_csv_labels *labels) {
  labels->known_values = sngp_allocate((size_t)config->num_classes, sizeof(double));
  if (labels->known_values == NULL) return sngp_fail_memory("labels");
  bool numbers = true;
  for (int64_t i = 0; i < config->num_classes; i++) {
    const char *name = config->class_names[i];
    size_t number = 0;
    SNGP_TRY(add_text(labels, name, strlen(name), &number));
    labels->classes[number] = (int32_t)i;
    numbers = numbers && is_number(name, strlen(name), &labels->known_values[i]);
  }
  if (!numbers) {
    sngp_release(labels->known_values);
    labels->known_values = NULL;
  }
  return SNGP_OK;
}

sngp_status sngp_csv_labels_open(const sngp_csv_config *config, sngp_csv_labels *labels) {
  *labels = (sngp_csv_labels){.config = config};
  if (config->class_names == NULL) return SNGP_OK;
  sngp_status status = open_known(config, labels);
  if (status != SNGP_OK) sngp_csv_labels_clear(labels);
  return status;
}

void sngp_csv_labels_clear(sngp_csv_labels *labels) {
  sngp_text_index_clear(&labels->texts);
  sngp_release(labels->classes);
  sngp_release(labels->rows);
  sngp_release(labels->known_values);
  *labels = (sngp_csv_labels){0};
}

static sngp_status fail_unknown(const char *text, size_t length, int64_t row, int64_t num_classes,
                                const char *kind) {
  return sngp_fail(SNGP_ERROR_NOT_FOUND,
                   "label %s of row %" PRId64 " is not one of the %" PRId64 " %s",
                   sngp_quote(text, length).text, row, num_classes, kind);
}

/* The class of a text that is no known name letter by letter: "1.0" is the class "1". */
static sngp_status match_value(const sngp_csv_labels *labels, const char *text, size_t length,
                               int64_t row, int32_t *class) {
  const sngp_csv_config *config = labels->config;
  double value = 0.0;
  if (labels->known_values != NULL && is_number(text, length, &value))
    for (int64_t i = 0; i < config->num_classes; i++)
      if (labels->known_values[i] == value) {
        *class = (int32_t)i;
        return SNGP_OK;
      }
  return fail_unknown(text, length, row, config->num_classes, "known classes");
}

/* The class of a text where classes are the numbers 0 ... num_classes - 1. */
static sngp_status match_number(const sngp_csv_config *config, const char *text, size_t length,
                                int64_t row, int32_t *class) {
  double value = 0.0;
  if (!is_number(text, length, &value) || value != floor(value))
    return fail_unknown(text, length, row, config->num_classes, "classes, numbered from 0");
  if (value < 0 || value >= (double)config->num_classes)
    return sngp_fail(SNGP_ERROR_LABEL_RANGE,
                     "the label of row %" PRId64 " is %.0f, but num_classes is %" PRId64, row,
                     value, config->num_classes);
  *class = (int32_t)value;
  return SNGP_OK;
}

sngp_status sngp_csv_labels_add(sngp_csv_labels *labels, const char *text, size_t length,
                                int64_t row, int32_t *text_number) {
  const sngp_csv_config *config = labels->config;
  size_t known = labels->texts.texts.count, number = 0;
  if (length == 0)
    return sngp_fail(SNGP_ERROR_FORMAT, "the label of row %" PRId64 " is empty", row);
  if (memchr(text, '\0', length) != NULL)
    return sngp_fail(SNGP_ERROR_FORMAT, "the label of row %" PRId64 " holds a NUL byte", row);
  SNGP_TRY(add_text(labels, text, length, &number));
  if (number >= SNGP_MOST_CLASSES)
    return sngp_fail(SNGP_ERROR_FORMAT, "row %" PRId64 ": more than %d different labels", row,
                     SNGP_MOST_CLASSES);
  *text_number = (int32_t)number;
  if (number < known) return SNGP_OK;
  if (!sngp_is_utf8(sngp_text_list_get(&labels->texts.texts, number, NULL)))
    return sngp_fail(SNGP_ERROR_FORMAT, "the label of row %" PRId64 ", %s, is not valid UTF-8", row,
                     sngp_quote(text, length).text);
  labels->rows[number] = row;
  if (config->class_names != NULL)
    return match_value(labels, text, length, row, &labels->classes[number]);
  if (config->num_classes > 0)
    return match_number(config, text, length, row, &labels->classes[number]);
  return SNGP_OK;
}

/* A text among all, to be sorted. */
typedef struct {
  const char *text;
  size_t length, number;
  double value;
} entry;

/* By value; of equal values the one that came first. */
static int compare_values(const void *a, const void *b) {
  const entry *x = a, *y = b;
  if (x->value != y->value) return x->value < y->value ? -1 : 1;
  return (x->number > y->number) - (x->number < y->number);
}

static int compare_bytes(const void *a, const void *b) {
  const entry *x = a, *y = b;
  return strcmp(x->text, y->text);
}

/* Fills the entries; tells whether all texts are numbers. A nan among numbers is a hole in the
   data, not a class. */
static sngp_status fill_entries(const sngp_csv_labels *labels, entry *entries, bool *numbers) {
  *numbers = true;
  size_t hole = 0, num_holes = 0;
  for (size_t i = 0; i < labels->texts.texts.count; i++) {
    entry *e = &entries[i];
    e->number = i;
    e->text = sngp_text_list_get(&labels->texts.texts, i, &e->length);
    double value = 0.0;
    bool number = is_number(e->text, e->length, &e->value);
    if (!number && sngp_number_read(e->text, e->length, &value) == SNGP_NUMBER_NOT_FINITE) {
      if (num_holes++ == 0) hole = i;
    } else if (!number) {
      *numbers = false;
    }
  }
  if (*numbers && num_holes > 0)
    return sngp_fail(SNGP_ERROR_NOT_FINITE, "the label of row %" PRId64 " is %s",
                     labels->rows[hole], sngp_quote(entries[hole].text, entries[hole].length).text);
  return SNGP_OK;
}

/* Numbers the sorted entries; equal values are one class, named as it was first written. */
static int32_t number_classes(sngp_csv_labels *labels, const entry *entries, size_t count,
                              bool numbers, const char **names) {
  int32_t num_classes = 0;
  for (size_t i = 0; i < count; i++) {
    bool same = numbers && i > 0 && entries[i].value == entries[i - 1].value;
    if (!same) names[num_classes++] = entries[i].text;
    labels->classes[entries[i].number] = num_classes - 1;
  }
  return num_classes;
}

/* Whether the classes are 0 ... K - 1, written so: then they need no names. */
static bool are_plain(const entry *entries, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!is_plain(entries[i].text, entries[i].length) || entries[i].value != (double)i)
      return false;
  return true;
}

static sngp_status find_classes(sngp_csv_labels *labels, sngp_dataset *dataset) {
  size_t count = labels->texts.texts.count;
  bool numbers = false;
  entry *entries = sngp_allocate(count, sizeof *entries);
  const char **names = sngp_allocate(count, sizeof *names);
  sngp_status status = SNGP_OK;
  if (entries == NULL || names == NULL) {
    status = sngp_fail_memory("labels");
    goto done;
  }
  status = fill_entries(labels, entries, &numbers);
  if (status != SNGP_OK) goto done;
  qsort(entries, count, sizeof *entries, numbers ? compare_values : compare_bytes);
  dataset->num_classes = number_classes(labels, entries, count, numbers, names);
  if (!numbers || !are_plain(entries, count))
    status = sngp_dataset_name(dataset, names, NULL, NULL);
done:
  sngp_release(entries);
  sngp_release(names);
  return status;
}

sngp_status sngp_csv_labels_finish(sngp_csv_labels *labels, sngp_dataset *dataset) {
  const sngp_csv_config *config = labels->config;
  dataset->num_classes = config->num_classes;
  if (config->class_names != NULL)
    SNGP_TRY(sngp_dataset_name(dataset, config->class_names, NULL, NULL));
  else if (config->num_classes == 0)
    SNGP_TRY(find_classes(labels, dataset));
  for (int64_t row = 0; row < dataset->rows; row++)
    dataset->owned_labels[row] = labels->classes[dataset->owned_labels[row]];
  return SNGP_OK;
}
