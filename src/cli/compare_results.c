#include "cli/compare_results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/directory.h"
#include "cli/json_statistics.h"
#include "cli/message.h"
#include "cli/report.h"

static bool fail_memory(void) {
  cli_fail("out of memory for the results");
  return false;
}

/* What was not given, and the preset decided, is null. */
static json_t *count_json(int64_t value) {
  return value == CLI_NOT_GIVEN ? json_null() : json_integer(value);
}

static json_t *rows_json(const cli_compare_rows *rows) {
  const sngp_dataset *ood = rows->ood;
  return json_pack("{s:I, s:I, s:I, s:o}", "training",
                   (json_int_t)sngp_dataset_rows(rows->training), "held_out",
                   (json_int_t)sngp_dataset_rows(rows->held_out), "test",
                   (json_int_t)sngp_dataset_rows(rows->test), "ood",
                   ood == NULL ? json_null() : json_integer(sngp_dataset_rows(ood)));
}

bool cli_compare_results_begin(cli_compare_results *results, const cli_compare_settings *settings,
                               const cli_compare_rows *rows) {
  const cli_training_settings *t = &settings->training;
  const struct {
    const char *key;
    json_t *value;
  } entries[] = {
      {"version", json_string(SNGP_VERSION_STRING)},
      {"epochs", json_integer(t->epochs)},
      {"seeds", json_integer(settings->seeds)},
      {"first_seed", json_integer(t->seed)},
      {"members", json_integer(settings->members)},
      {"passes", json_integer(settings->passes)},
      {"samples", json_integer(settings->samples)},
      {"test", cli_json_real(settings->test_share)},
      {"validation", cli_json_real(t->validation)},
      {"rows", rows_json(rows)},
      {"preset", json_string(cli_training_presets[t->preset])},
      {"batch_size", count_json(t->batch_size)},
      {"learning_rate", cli_json_real(t->learning_rate)},
      {"num_layers", count_json(t->num_layers)},
      {"num_hidden", count_json(t->num_hidden)},
      {"num_features", count_json(t->num_features)},
      {"spectral_bound", cli_json_real(t->spectral_bound)},
      {"ridge", cli_json_real(t->ridge)},
      {"loss", json_string(t->loss == SNGP_LOSS_FOCAL ? "focal" : "cross-entropy")},
      {"focal_gamma", cli_json_real(t->focal_gamma)},
      {"class_weights",
       json_string(t->class_weights == SNGP_CLASS_WEIGHTS_BALANCED ? "balanced" : "none")},
      {"threads", json_integer(t->threads)},
      {"methods", json_object()},
  };
  bool good = true;
  results->document = json_object();
  for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
    /* Each is set, so that each is released, whatever failed before. */
    if (json_object_set_new(results->document, entries[i].key, entries[i].value) != 0) good = false;
  }
  results->methods = json_object_get(results->document, "methods");
  return good || fail_memory();
}

bool cli_compare_results_add(cli_compare_results *results, const cli_compare_method *method,
                             json_t *document) {
  json_t *entry = json_object_get(results->methods, method->name);
  if (entry == NULL) {
    entry = json_pack("{s:[]}", "seeds");
    if (json_object_set_new(results->methods, method->name, entry) != 0) {
      json_decref(document);
      return fail_memory();
    }
  }
  return json_array_append_new(json_object_get(entry, "seeds"), document) == 0 || fail_memory();
}

/* Sets a statistic of the seeds; their own numbers have none. */
static bool set_statistic(json_t *entry, const char *key, json_t *statistic) {
  json_object_del(statistic, "seed");
  return json_object_set_new(entry, key, statistic) == 0 || fail_memory();
}

bool cli_compare_results_finish(cli_compare_results *results) {
  const char *name;
  json_t *entry;
  json_object_foreach(results->methods, name, entry) {
    const json_t *seeds = json_object_get(entry, "seeds");
    if (!set_statistic(entry, "mean", cli_json_mean(seeds)) ||
        !set_statistic(entry, "std", cli_json_standard_deviation(seeds))) {
      return false;
    }
  }
  return true;
}

/* The number under a path of keys separated by dots; NaN: there is none. */
static double number_at(const json_t *document, const char *path) {
  char key[64];
  while (path[0] != '\0') {
    size_t length = strcspn(path, ".");
    snprintf(key, sizeof key, "%.*s", (int)length, path);
    document = json_object_get(document, key);
    path += path[length] == '.' ? length + 1 : length;
  }
  return json_is_number(document) ? json_number_value(document) : NAN;
}

/* The columns of the table: measures that are best at one end, then costs. */
static const struct {
  const char *title, *path;
  int decimals;
} columns[] = {
    {"accuracy", "accuracy", 4},
    {"nll", "nll", 4},
    {"ece", "ece", 4},
    {"auroc max p", "ood.scores.max_probability.auroc", 4},
    {"auroc variance", "ood.scores.variance.auroc", 4},
    {"train s", "train_seconds", 2},
    {"us a row", "predict_microseconds", 1},
};

enum { NUM_COLUMNS = sizeof columns / sizeof columns[0], NAME_WIDTH = 16, COLUMN_WIDTH = 16 };

static void print_cell(double mean, double deviation, int decimals) {
  char text[64] = "-";
  if (!isnan(mean)) snprintf(text, sizeof text, "%.*f", decimals, mean);
  size_t length = strlen(text);
  if (!isnan(mean) && !isnan(deviation)) {
    snprintf(text + length, sizeof text - length, " (%.*f)", decimals, deviation);
  }
  printf("%*s", COLUMN_WIDTH, text);
}

/* Whether any method has a number in the column. */
static bool is_used(const cli_compare_results *results, int column) {
  const char *name;
  json_t *entry;
  json_object_foreach(results->methods, name, entry) {
    if (!isnan(number_at(json_object_get(entry, "mean"), columns[column].path))) return true;
  }
  return false;
}

void cli_compare_results_print(const cli_compare_results *results,
                               const cli_compare_selection *selection) {
  printf("\n%-*s", NAME_WIDTH, "Method");
  for (int j = 0; j < NUM_COLUMNS; j++) {
    if (is_used(results, j)) printf("%*s", COLUMN_WIDTH, columns[j].title);
  }
  putchar('\n');
  for (int i = 0; i < selection->count; i++) {
    const json_t *entry = json_object_get(results->methods, selection->methods[i]->name);
    const json_t *mean = json_object_get(entry, "mean"), *deviation = json_object_get(entry, "std");
    printf("%-*s", NAME_WIDTH, selection->methods[i]->name);
    for (int j = 0; j < NUM_COLUMNS; j++) {
      if (!is_used(results, j)) continue;
      print_cell(number_at(mean, columns[j].path), number_at(deviation, columns[j].path),
                 columns[j].decimals);
    }
    putchar('\n');
  }
}

static void write_document(const void *context, FILE *stream) {
  const char *text = context;
  fprintf(stream, "%s\n", text);
}

bool cli_compare_results_write(const cli_compare_results *results, const char *directory) {
  char *text = cli_json_text(results->document);
  bool good =
      text != NULL && cli_directory_write(directory, CLI_COMPARE_RESULTS, write_document, text);
  free(text);
  return good;
}

void cli_compare_results_figures(const cli_compare_results *results,
                                 const cli_compare_selection *selection,
                                 cli_compare_figures *figures) {
  *figures = (cli_compare_figures){.count = selection->count};
  for (int i = 0; i < selection->count; i++) {
    const json_t *entry = json_object_get(results->methods, selection->methods[i]->name);
    const json_t *mean = json_object_get(entry, "mean");
    figures->lines[i] = (cli_compare_line){
        .method = selection->methods[i],
        .curves = &results->curves[i],
        .ece = number_at(mean, "ece"),
        .auroc = {[CLI_ROC_MAX_PROBABILITY] = number_at(mean, "ood.scores.max_probability.auroc"),
                  [CLI_ROC_VARIANCE] = number_at(mean, "ood.scores.variance.auroc")},
        .accuracy_at_80 = number_at(mean, "accuracy_at_80"),
    };
  }
}

void cli_compare_results_free(cli_compare_results *results) {
  json_decref(results->document);
  *results = (cli_compare_results){0};
}
