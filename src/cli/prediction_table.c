#include "cli/prediction_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"

/* Rows that are predicted and written at once. */
enum { BLOCK_ROWS = 4096 };

/* A text, after another that needs no quotes, as a field of RFC 4180: quoted where it has to be. */
static void write_field(FILE *stream, const char *before, const char *text) {
  bool plain = strpbrk(text, "\",\r\n") == NULL && text[0] != ' ' && text[0] != '\0' &&
               text[strlen(text) - 1] != ' ';
  if (plain) {
    fprintf(stream, "%s%s", before, text);
    return;
  }
  fprintf(stream, "\"%s", before);
  for (; *text != '\0'; text++) {
    if (*text == '"') putc('"', stream);
    putc(*text, stream);
  }
  putc('"', stream);
}

/* ",PREFIX_NAME", or with the number `index` where there are no names. */
static void write_heading(FILE *stream, const char *prefix, const char *const *names,
                          int64_t index) {
  putc(',', stream);
  if (names != NULL) {
    write_field(stream, prefix, names[index]);
  } else {
    fprintf(stream, "%s%" PRId64, prefix, index);
  }
}

/* Headings of what has `count` columns, the numbers of outputs. */
static void write_headings(FILE *stream, const char *prefix, const char *const *names,
                           int64_t count) {
  for (int64_t k = 0; k < count; k++) write_heading(stream, prefix, names, k);
}

/* One variance of all outputs, or one for each; an empty column where there is none. */
static void write_variance_headings(FILE *stream, const cli_predictor *predictor,
                                    const char *const *names) {
  if (predictor->num_variances > 1) {
    write_headings(stream, "variance_", names, predictor->num_variances);
  } else {
    fputs(",variance", stream);
  }
}

static void write_header(FILE *stream, const cli_prediction_table *table) {
  const cli_predictor *predictor = table->predictor;
  const sngp_model_config *config = &predictor->config;
  const char *const *names = config->target_names;
  fputs("row", stream);
  switch (predictor->task) {
    case CLI_TASK_CLASSIFICATION:
      fputs(",class", stream);
      write_headings(stream, "probability_", NULL, config->num_classes);
      write_variance_headings(stream, predictor, NULL);
      fprintf(stream, ",uncertainty%s", table->sets != NULL ? ",set" : "");
      break;
    case CLI_TASK_MULTI_LABEL:
      write_headings(stream, "probability_", names, config->num_targets);
      write_variance_headings(stream, predictor, names);
      break;
    default:
      if (config->num_targets == 1) fputs(",mean,variance", stream);
      for (int64_t k = 0; config->num_targets > 1 && k < config->num_targets; k++) {
        write_heading(stream, "mean_", names, k);
        write_heading(stream, "variance_", names, k);
      }
      break;
  }
  putc('\n', stream);
}

/* The longest text of a set is that of all classes: this many bytes, separators and NUL included,
   where every byte of a name is escaped. */
static size_t set_text_size(const sngp_model_config *config) {
  enum { LONGEST_NUMBER = 20 };
  size_t size = 1;
  for (int64_t k = 0; k < config->num_classes; k++) {
    size += 1 + (config->class_names != NULL ? 2 * strlen(config->class_names[k]) : LONGEST_NUMBER);
  }
  return size;
}

/* A name with a backslash before each ';' and backslash of its own; returns the end. */
static char *escape_name(char *end, const char *name) {
  for (; *name != '\0'; name++) {
    if (*name == ';' || *name == '\\') *end++ = '\\';
    *end++ = *name;
  }
  *end = '\0';
  return end;
}

static void write_set(FILE *stream, const cli_prediction_table *table, const uint8_t *set) {
  const char *const *names = table->predictor->config.class_names;
  char *end = table->set_text;
  *end = '\0';
  for (int64_t k = 0; k < table->predictor->config.num_classes; k++) {
    if (set[k] == 0) continue;
    if (end > table->set_text) *end++ = ';';
    end = names != NULL ? escape_name(end, names[k]) : end + sprintf(end, "%" PRId64, k);
  }
  write_field(stream, "", table->set_text);
}

/* Nine digits are enough for a float to be read back exactly. */
static void write_digits(FILE *stream, float value) { fprintf(stream, "%.9g", (double)value); }

static void write_number(FILE *stream, float value) {
  putc(',', stream);
  write_digits(stream, value);
}

static void write_numbers(FILE *stream, const float *values, int64_t count) {
  for (int64_t k = 0; k < count; k++) write_number(stream, values[k]);
}

static void write_variances(FILE *stream, const cli_prediction_table *table, int64_t i) {
  int64_t count = table->predictor->num_variances;
  if (count > 0) {
    write_numbers(stream, table->prediction.variance + i * count, count);
  } else {
    putc(',', stream);
  }
}

static void write_class(FILE *stream, const cli_prediction_table *table, int64_t i) {
  const sngp_model_config *config = &table->predictor->config;
  const sngp_prediction *prediction = &table->prediction;
  int64_t num_classes = config->num_classes;
  putc(',', stream);
  if (config->class_names != NULL) {
    write_field(stream, "", config->class_names[prediction->classes[i]]);
  } else {
    fprintf(stream, "%" PRId32, prediction->classes[i]);
  }
  write_numbers(stream, prediction->probabilities + i * num_classes, num_classes);
  write_variances(stream, table, i);
  write_number(stream, prediction->uncertainty[i]);
  if (table->sets == NULL) return;
  putc(',', stream);
  write_set(stream, table, table->sets + i * num_classes);
}

static void write_row(FILE *stream, const cli_prediction_table *table, int64_t i) {
  int64_t targets = table->predictor->config.num_targets;
  const sngp_prediction *prediction = &table->prediction;
  switch (table->predictor->task) {
    case CLI_TASK_CLASSIFICATION: write_class(stream, table, i); break;
    case CLI_TASK_MULTI_LABEL:
      write_numbers(stream, prediction->probabilities + i * targets, targets);
      write_variances(stream, table, i);
      break;
    default:
      for (int64_t k = i * targets; k < (i + 1) * targets; k++) {
        write_number(stream, prediction->mean[k]);
        putc(',', stream);
        if (prediction->variance != NULL) write_digits(stream, prediction->variance[k]);
      }
      break;
  }
}

bool cli_prediction_table_write(cli_prediction_table *table, const sngp_dataset *rows,
                                FILE *stream) {
  int64_t total = sngp_dataset_rows(rows);
  write_header(stream, table);
  for (int64_t begin = 0; begin < total && !ferror(stream); begin += BLOCK_ROWS) {
    int64_t count = total - begin < BLOCK_ROWS ? total - begin : BLOCK_ROWS;
    if (!cli_predictor_run(table->predictor, rows, begin, count, &table->prediction)) return false;
    if (table->sets != NULL &&
        !cli_conformal_sets(table->conformal, table->prediction.probabilities, count, begin,
                            table->sets)) {
      return false;
    }
    for (int64_t i = 0; i < count; i++) {
      fprintf(stream, "%" PRId64, begin + i);
      write_row(stream, table, i);
      putc('\n', stream);
    }
  }
  return true;
}

bool cli_prediction_table_create(const cli_predictor *predictor, const cli_conformal *conformal,
                                 cli_prediction_table *table) {
  bool classes = predictor->task == CLI_TASK_CLASSIFICATION;
  bool regression = predictor->config.task == SNGP_TASK_REGRESSION;
  /* Means or probabilities, variances, and the uncertainty of classes. */
  size_t outputs =
      (size_t)(classes ? predictor->config.num_classes : predictor->config.num_targets);
  size_t columns = outputs + (size_t)predictor->num_variances + (classes ? 1 : 0);
  sngp_prediction *prediction = &table->prediction;
  table->predictor = predictor;
  table->conformal = conformal;
  prediction->struct_size = sizeof *prediction;
  table->numbers = calloc(BLOCK_ROWS, columns * sizeof(float));
  bool good = table->numbers != NULL;
  if (classes) {
    prediction->classes = malloc(BLOCK_ROWS * sizeof(int32_t));
    good = good && prediction->classes != NULL;
  }
  if (conformal != NULL) {
    table->sets = calloc(BLOCK_ROWS, outputs);
    table->set_text = malloc(set_text_size(&predictor->config));
    good = good && table->sets != NULL && table->set_text != NULL;
  }
  if (!good) {
    cli_fail("out of memory for a block of predictions");
    return false;
  }
  float *next = table->numbers;
  *(regression ? &prediction->mean : &prediction->probabilities) = next;
  next += BLOCK_ROWS * outputs;
  if (predictor->num_variances > 0) prediction->variance = next;
  next += BLOCK_ROWS * (size_t)predictor->num_variances;
  if (classes) prediction->uncertainty = next;
  return true;
}

void cli_prediction_table_free(cli_prediction_table *table) {
  free(table->set_text);
  free(table->sets);
  free(table->prediction.classes);
  free(table->numbers);
  *table = (cli_prediction_table){0};
}
