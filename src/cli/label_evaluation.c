#include "cli/label_evaluation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/message.h"
#include "cli/report.h"

static bool fail_memory(int64_t rows) {
  cli_fail("out of memory for the probabilities of %" PRId64 " rows", rows);
  return false;
}

/* One label as a classification of two classes: its rows' probabilities (1 - p, p), the classes,
   and p of the rows without and with it. */
typedef struct {
  float *pairs, *without, *with;
  int32_t *classes;
  int64_t num_without, num_with;
} binary;

static bool take(int64_t rows, binary *b) {
  *b = (binary){.pairs = calloc((size_t)rows, 4 * sizeof(float)),
                .classes = calloc((size_t)rows, sizeof(int32_t))};
  if (b->pairs == NULL || b->classes == NULL) return fail_memory(rows);
  b->without = b->pairs + 2 * rows;
  b->with = b->without + rows;
  return true;
}

static void give_back(binary *b) {
  free(b->pairs);
  free(b->classes);
}

static void fill(binary *b, const cli_label_evaluation *e, const float *probabilities,
                 const float *targets, int64_t label) {
  b->num_without = b->num_with = 0;
  for (int64_t i = 0; i < e->rows; i++) {
    float p = probabilities[i * e->num_labels + label];
    b->classes[i] = targets[i * e->num_labels + label] > 0.5F;
    b->pairs[2 * i] = 1 - p;
    b->pairs[2 * i + 1] = p;
    if (b->classes[i] != 0) {
      b->with[b->num_with++] = p;
    } else {
      b->without[b->num_without++] = p;
    }
  }
}

static bool measure_label(const binary *b, int64_t rows, cli_label_measures *measures) {
  sngp_ood_metrics separation = {.struct_size = sizeof separation};
  measures->frequency = (double)b->num_with / (double)rows;
  measures->auroc = NAN;
  measures->binary.struct_size = sizeof measures->binary;
  if (!cli_succeeded(
          sngp_evaluate_classification(b->pairs, rows, 2, b->classes, &measures->binary))) {
    return false;
  }
  if (b->num_with == 0 || b->num_without == 0) return true;
  if (!cli_succeeded(
          sngp_evaluate_ood(b->without, b->num_without, b->with, b->num_with, &separation))) {
    return false;
  }
  measures->auroc = separation.auroc;
  return true;
}

static void summarise(cli_label_evaluation *e) {
  double auroc = 0;
  int64_t with_auroc = 0;
  for (int64_t k = 0; k < e->num_labels; k++) {
    const cli_label_measures *label = &e->labels[k];
    e->accuracy += label->binary.accuracy / (double)e->num_labels;
    e->nll += label->binary.nll;
    e->brier += label->binary.brier;
    if (isnan(label->auroc)) continue;
    auroc += label->auroc;
    with_auroc++;
  }
  e->macro_auroc = with_auroc > 0 ? auroc / (double)with_auroc : NAN;
}

/* Share of the rows all of whose labels are on their side of 1/2. */
static double exact_match(const cli_label_evaluation *e, const float *probabilities,
                          const float *targets) {
  int64_t right = 0;
  for (int64_t i = 0; i < e->rows; i++) {
    int64_t k = 0, first = i * e->num_labels;
    while (k < e->num_labels && (probabilities[first + k] > 0.5F) == (targets[first + k] > 0.5F))
      k++;
    right += k == e->num_labels;
  }
  return (double)right / (double)e->rows;
}

static bool measure(const float *probabilities, const float *targets, cli_label_evaluation *e) {
  binary b;
  e->labels = calloc((size_t)e->num_labels, sizeof e->labels[0]);
  bool good = take(e->rows, &b) && (e->labels != NULL || fail_memory(e->rows));
  for (int64_t k = 0; good && k < e->num_labels; k++) {
    fill(&b, e, probabilities, targets, k);
    good = measure_label(&b, e->rows, &e->labels[k]);
  }
  give_back(&b);
  if (!good) return false;
  summarise(e);
  e->exact_match = exact_match(e, probabilities, targets);
  return true;
}

static bool check_targets(const sngp_dataset *rows) {
  const float *targets = sngp_dataset_targets(rows);
  int64_t per_row = sngp_dataset_num_targets(rows);
  for (int64_t i = 0; i < sngp_dataset_rows(rows) * per_row; i++) {
    if (targets[i] == 0 || targets[i] == 1) continue;
    cli_fail("target %" PRId64 " of row %" PRId64 " is %g, but labels are 0 or 1", i % per_row,
             i / per_row, (double)targets[i]);
    return false;
  }
  return true;
}

bool cli_label_evaluation_run(const cli_predictor *predictor, const sngp_dataset *rows,
                              const sngp_dataset *ood, cli_label_evaluation *evaluation) {
  cli_label_evaluation *e = evaluation;
  cli_scores in = {0}, out = {0};
  e->rows = sngp_dataset_rows(rows);
  e->num_labels = predictor->config.num_targets;
  e->names = predictor->config.target_names;
  float *probabilities = calloc((size_t)e->rows, (size_t)e->num_labels * sizeof(float));
  const sngp_prediction wanted = {.struct_size = sizeof wanted, .probabilities = probabilities};
  const sngp_prediction nothing = {.struct_size = sizeof nothing};
  bool good = (probabilities != NULL || fail_memory(e->rows)) && check_targets(rows) &&
              cli_scores_predict(predictor, rows, wanted, &in) &&
              measure(probabilities, sngp_dataset_targets(rows), e);
  if (good && ood != NULL) {
    good = cli_scores_predict(predictor, ood, nothing, &out) &&
           cli_scores_separate(&in, &out, &e->separation);
  }
  cli_scores_free(&in);
  cli_scores_free(&out);
  free(probabilities);
  return good;
}

static json_t *labels_json(const cli_label_evaluation *e) {
  json_t *labels = json_array();
  for (int64_t k = 0; k < e->num_labels; k++) {
    const cli_label_measures *m = &e->labels[k];
    const cli_json_number numbers[] = {{"frequency", m->frequency},
                                       {"accuracy", m->binary.accuracy},
                                       {"nll", m->binary.nll},
                                       {"ece", m->binary.ece},
                                       {"auroc", m->auroc}};
    json_t *measures = cli_json_numbers(numbers, sizeof numbers / sizeof numbers[0]);
    if (json_array_append_new(labels, cli_json_named(e->names, k, measures)) != 0) {
      json_decref(labels);
      return NULL;
    }
  }
  return labels;
}

json_t *cli_label_evaluation_json(const cli_label_evaluation *e) {
  const cli_json_number numbers[] = {{"accuracy", e->accuracy},
                                     {"exact_match", e->exact_match},
                                     {"nll", e->nll},
                                     {"brier", e->brier},
                                     {"macro_auroc", e->macro_auroc}};
  json_t *document = json_pack("{s:I}", "rows", (json_int_t)e->rows);
  json_t *measures = cli_json_numbers(numbers, sizeof numbers / sizeof numbers[0]);
  bool good = json_object_update(document, measures) == 0 &&
              json_object_set_new(document, "labels", labels_json(e)) == 0 &&
              cli_separation_add(document, &e->separation);
  json_decref(measures);
  if (good) return document;
  json_decref(document);
  return NULL;
}

void cli_label_evaluation_print(const cli_label_evaluation *e) {
  char count[CLI_COUNT_SIZE];
  printf("%-34s%10s\n", "Test rows", cli_format_count(e->rows, count));
  cli_print_measure("accuracy, mean of the labels", e->accuracy);
  cli_print_measure("rows with all labels right", e->exact_match);
  cli_print_measure("negative log-likelihood", e->nll);
  cli_print_measure("Brier score", e->brier);
  cli_print_measure("AUROC, mean of the labels", e->macro_auroc);
  printf("\n%-24s%10s%10s%10s%10s%10s\n", "Label", "frequency", "accuracy", "NLL", "ECE", "AUROC");
  for (int64_t k = 0; k < e->num_labels; k++) {
    const cli_label_measures *m = &e->labels[k];
    if (e->names != NULL) {
      printf("  %-22s", e->names[k]);
    } else {
      printf("  %-22" PRId64, k);
    }
    const double columns[] = {m->frequency, m->binary.accuracy, m->binary.nll, m->binary.ece,
                              m->auroc};
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) cli_print_column(columns[c]);
    putchar('\n');
  }
  cli_separation_print(&e->separation);
}

void cli_label_evaluation_free(cli_label_evaluation *evaluation) {
  free(evaluation->labels);
  *evaluation = (cli_label_evaluation){0};
}
