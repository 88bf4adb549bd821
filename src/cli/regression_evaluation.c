#include "cli/regression_evaluation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/message.h"
#include "cli/report.h"

/* Predictions of all rows of a dataset: each array (rows, num_targets), in `block`. */
typedef struct {
  int64_t rows;
  float *mean, *variance, *block;
} predictions;

static bool fail_memory(int64_t rows) {
  cli_fail("out of memory for the predictions of %" PRId64 " rows", rows);
  return false;
}

static bool predict(const cli_predictor *predictor, const sngp_dataset *rows, predictions *p) {
  int64_t targets = predictor->config.num_targets;
  p->rows = sngp_dataset_rows(rows);
  p->block = calloc((size_t)p->rows, 2 * (size_t)targets * sizeof(float));
  if (p->block == NULL) return fail_memory(p->rows);
  p->mean = p->block;
  p->variance = predictor->num_variances > 0 ? p->block + p->rows * targets : NULL;
  sngp_prediction prediction = {
      .struct_size = sizeof prediction, .mean = p->mean, .variance = p->variance};
  return cli_predictor_run(predictor, rows, 0, p->rows, &prediction);
}

/* Measures `count` targets of each row, from the `first` on: all, or one by itself. */
static bool measure(const cli_regression_evaluation *e, const predictions *p, const float *targets,
                    int64_t first, int64_t count, sngp_regression_metrics *metrics) {
  int64_t size = p->rows * count;
  float *copies = calloc((size_t)size, 3 * sizeof(float));
  if (copies == NULL) return fail_memory(p->rows);
  float *mean = copies, *variance = copies + size, *target = copies + 2 * size;
  for (int64_t i = 0; i < size; i++) {
    int64_t from = i / count * e->num_targets + first + i % count;
    mean[i] = p->mean[from];
    /* A count's variance is not that of a normal distribution: what is made of it is not shown. */
    variance[i] = e->task == CLI_TASK_COUNTS ? 1 : p->variance[from];
    target[i] = targets[from];
  }
  metrics->struct_size = sizeof *metrics;
  bool good =
      cli_succeeded(sngp_evaluate_regression(mean, variance, target, p->rows, count, metrics));
  free(copies);
  return good;
}

static bool measure_all(const sngp_dataset *rows, const predictions *p,
                        cli_regression_evaluation *e) {
  const float *targets = sngp_dataset_targets(rows);
  e->targets = calloc((size_t)e->num_targets, sizeof e->targets[0]);
  if (e->targets == NULL) return fail_memory(p->rows);
  for (int64_t k = 0; k < e->num_targets; k++) {
    if (!measure(e, p, targets, k, 1, &e->targets[k])) return false;
  }
  return measure(e, p, targets, 0, e->num_targets, &e->measures);
}

/* The mean over the targets of their variances, each divided by `units`, so that no target counts
   more than another for its units. */
static bool score(const predictions *p, int64_t num_targets, const double *units,
                  cli_scores *scores) {
  scores->rows = p->rows;
  scores->block = calloc((size_t)p->rows, sizeof(float));
  if (scores->block == NULL) return fail_memory(p->rows);
  scores->values[CLI_SCORE_VARIANCE] = scores->block;
  for (int64_t i = 0; i < p->rows; i++) {
    double sum = 0;
    for (int64_t k = 0; k < num_targets; k++)
      sum += (double)p->variance[i * num_targets + k] / units[k];
    scores->block[i] = (float)(sum / (double)num_targets);
  }
  return true;
}

/* The mean variance of each target over rows in domain; 1 where one target is all there is. */
static double *units_of(const predictions *p, int64_t num_targets) {
  double *units = calloc((size_t)num_targets, sizeof *units);
  if (units == NULL) return NULL;
  for (int64_t i = 0; num_targets > 1 && i < p->rows * num_targets; i++)
    units[i % num_targets] += (double)p->variance[i] / (double)p->rows;
  if (num_targets == 1) units[0] = 1;
  return units;
}

static bool separate(const cli_predictor *predictor, const predictions *in_domain,
                     const sngp_dataset *ood, cli_regression_evaluation *e) {
  predictions out_of_domain = {0};
  cli_scores in = {0}, out = {0};
  e->separation.rows = sngp_dataset_rows(ood);
  if (predictor->num_variances == 0) return true;
  double *units = units_of(in_domain, e->num_targets);
  bool good = units != NULL || fail_memory(in_domain->rows);
  good = good && predict(predictor, ood, &out_of_domain) &&
         score(in_domain, e->num_targets, units, &in) &&
         score(&out_of_domain, e->num_targets, units, &out) &&
         cli_scores_separate(&in, &out, &e->separation);
  free(units);
  cli_scores_free(&in);
  cli_scores_free(&out);
  free(out_of_domain.block);
  return good;
}

bool cli_regression_evaluation_run(const cli_predictor *predictor, const sngp_dataset *rows,
                                   const sngp_dataset *ood, cli_regression_evaluation *evaluation) {
  predictions in_domain = {0};
  evaluation->task = predictor->task;
  evaluation->num_targets = predictor->config.num_targets;
  evaluation->names = predictor->config.target_names;
  bool good = predict(predictor, rows, &in_domain) && measure_all(rows, &in_domain, evaluation) &&
              (ood == NULL || separate(predictor, &in_domain, ood, evaluation));
  free(in_domain.block);
  return good;
}

static json_t *measures_json(const cli_regression_evaluation *e, const sngp_regression_metrics *m) {
  const cli_json_number numbers[] = {{"rmse", m->rmse},
                                     {"mae", m->mae},
                                     /* the rest is of normal distributions */
                                     {"nll", m->nll},
                                     {"crps", m->crps},
                                     {"coverage95", m->coverage95},
                                     {"mean_width95", m->mean_width95}};
  enum { ALL = sizeof numbers / sizeof numbers[0], OF_MEAN = 2 };
  return cli_json_numbers(numbers, e->task == CLI_TASK_COUNTS ? OF_MEAN : ALL);
}

static json_t *targets_json(const cli_regression_evaluation *e) {
  json_t *targets = json_array();
  for (int64_t k = 0; k < e->num_targets; k++) {
    json_t *target = cli_json_named(e->names, k, measures_json(e, &e->targets[k]));
    if (json_array_append_new(targets, target) != 0) {
      json_decref(targets);
      return NULL;
    }
  }
  return targets;
}

json_t *cli_regression_evaluation_json(const cli_regression_evaluation *e) {
  json_t *document = json_pack("{s:I}", "rows", (json_int_t)e->measures.rows);
  json_t *measures = measures_json(e, &e->measures);
  bool good = json_object_update(document, measures) == 0;
  json_decref(measures);
  if (good && e->num_targets > 1)
    good = json_object_set_new(document, "targets", targets_json(e)) == 0;
  good = good && cli_separation_add(document, &e->separation);
  if (good) return document;
  json_decref(document);
  return NULL;
}

/* In the units of a target, which may be of any size. */
static void print_in_units(const char *title, double value) {
  printf("  %-32s%10.5g\n", title, value);
}

static void print_measures(const cli_regression_evaluation *e) {
  const sngp_regression_metrics *m = &e->measures;
  print_in_units("root mean squared error", m->rmse);
  print_in_units("mean absolute error", m->mae);
  if (e->task == CLI_TASK_COUNTS) return;
  cli_print_measure("negative log-likelihood", m->nll);
  print_in_units("CRPS", m->crps);
  cli_print_measure("coverage of the 95% interval", m->coverage95);
  print_in_units("  its mean width", m->mean_width95);
}

static void print_targets(const cli_regression_evaluation *e) {
  bool counts = e->task == CLI_TASK_COUNTS;
  printf("\n%-34s%10s%10s", "Target", "RMSE", "MAE");
  printf(counts ? "\n" : "%10s%10s%10s%10s\n", "NLL", "CRPS", "coverage", "width");
  for (int64_t k = 0; k < e->num_targets; k++) {
    const sngp_regression_metrics *m = &e->targets[k];
    if (e->names != NULL) {
      printf("  %-32s", e->names[k]);
    } else {
      printf("  %-32" PRId64, k);
    }
    printf("%10.5g%10.5g", m->rmse, m->mae);
    if (!counts)
      printf("%10.4f%10.5g%10.4f%10.5g", m->nll, m->crps, m->coverage95, m->mean_width95);
    putchar('\n');
  }
}

void cli_regression_evaluation_print(const cli_regression_evaluation *e) {
  char count[CLI_COUNT_SIZE];
  printf("%-34s%10s\n", "Test rows", cli_format_count(e->measures.rows, count));
  print_measures(e);
  if (e->num_targets > 1) print_targets(e);
  cli_separation_print(&e->separation);
}

void cli_regression_evaluation_free(cli_regression_evaluation *evaluation) {
  free(evaluation->targets);
  *evaluation = (cli_regression_evaluation){0};
}
