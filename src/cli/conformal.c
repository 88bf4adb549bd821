#include "cli/conformal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/message.h"
#include "cli/report.h"

/* Draws and dropout belong to a row's number. Those of calibration rows start here, where no table
   comes to, so that they are independent of those of the rows that sets are made for. */
static const int64_t FIRST_CALIBRATION_ROW = INT64_C(1) << 40;

cli_option cli_coverage_option(cli_conformal_settings *settings) {
  settings->coverage = NAN;
  cli_option option =
      cli_share_option("coverage", &settings->coverage,
                       "sets of classes, made so that a share X of them hold their\n"
                       "row's own; needs calibration rows");
  option.value = "X";
  return option;
}

bool cli_conformal_wanted(const cli_conformal_settings *settings) {
  return !isnan(settings->coverage);
}

bool cli_conformal_check(const cli_conformal_settings *settings, const char *command) {
  bool rows = cli_data_source_given(&settings->source), wanted = cli_conformal_wanted(settings);
  if (wanted && !rows) {
    cli_fail_usage(command,
                   "--coverage needs calibration rows: give one of --calibration-data, "
                   "--calibration-idx, --calibration-npy");
  } else if (rows && !wanted) {
    cli_fail_usage(command,
                   "calibration rows need --coverage: the share of sets that are to hold "
                   "their row's class");
  }
  return rows == wanted;
}

static bool calibrate(const cli_predictor *predictor, const sngp_dataset *rows,
                      cli_conformal *conformal) {
  int64_t count = sngp_dataset_rows(rows);
  float *probabilities = calloc((size_t)count, (size_t)conformal->num_classes * sizeof(float));
  if (probabilities == NULL) {
    cli_fail("out of memory for the probabilities of %" PRId64 " calibration rows", count);
    return false;
  }
  cli_predictor elsewhere = *predictor;
  elsewhere.settings.first_row = FIRST_CALIBRATION_ROW;
  sngp_prediction prediction = {.struct_size = sizeof prediction, .probabilities = probabilities};
  bool good = cli_predictor_run(&elsewhere, rows, 0, count, &prediction) &&
              cli_succeeded(sngp_conformal_calibrate(probabilities, count, conformal->num_classes,
                                                     sngp_dataset_labels(rows), &conformal->config,
                                                     &conformal->threshold));
  conformal->calibration_rows = count;
  free(probabilities);
  return good;
}

/* The fewest calibration rows n with a threshold among them: (n + 1) coverage <= n. */
static double fewest_rows(double coverage) {
  const double rounding = 1e-12; /* of the quotient, relative: 0.9 takes 9 rows, not 10 */
  return ceil(coverage / (1 - coverage) * (1 - rounding));
}

/* Such sets are right, but hardly what was wanted. */
static void warn_of_full_sets(const cli_conformal *conformal) {
  double coverage = conformal->config.coverage;
  cli_fail("%" PRId64
           " calibration rows are too few for a coverage of %g: every set holds every "
           "class; it takes %.0f rows or more",
           conformal->calibration_rows, coverage, fewest_rows(coverage));
}

bool cli_conformal_calibrate(const cli_conformal_settings *settings, const cli_predictor *predictor,
                             cli_conformal *conformal) {
  sngp_dataset *rows = NULL;
  conformal->num_classes = predictor->config.num_classes;
  if (!cli_task_check_classes(&predictor->config, "--coverage")) return false;
  if (!cli_succeeded(sngp_conformal_config_init(&conformal->config, sizeof conformal->config)) ||
      !cli_data_source_read_for(&settings->source, predictor->model, &rows)) {
    return false;
  }
  conformal->config.coverage = settings->coverage;
  conformal->config.seed = predictor->settings.seed;
  bool good = calibrate(predictor, rows, conformal);
  sngp_dataset_free(rows);
  if (good && isinf(conformal->threshold)) warn_of_full_sets(conformal);
  return good;
}

bool cli_conformal_sets(const cli_conformal *conformal, const float *probabilities, int64_t rows,
                        int64_t first_row, uint8_t *sets) {
  sngp_conformal_config config = conformal->config;
  config.first_row = first_row;
  return cli_succeeded(sngp_conformal_sets(probabilities, rows, conformal->num_classes, &config,
                                           conformal->threshold, sets));
}

bool cli_conformal_evaluate(const cli_conformal *conformal, const float *probabilities,
                            const int32_t *labels, int64_t rows, sngp_set_metrics *metrics) {
  uint8_t *sets = calloc((size_t)rows, (size_t)conformal->num_classes);
  if (sets == NULL) {
    cli_fail("out of memory for the sets of %" PRId64 " rows", rows);
    return false;
  }
  metrics->struct_size = sizeof *metrics;
  bool good =
      cli_conformal_sets(conformal, probabilities, rows, 0, sets) &&
      cli_succeeded(sngp_evaluate_sets(sets, rows, conformal->num_classes, labels, metrics));
  free(sets);
  return good;
}

json_t *cli_conformal_json(const cli_conformal *conformal, const sngp_set_metrics *metrics) {
  return json_pack(
      "{s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "target", cli_json_real(conformal->config.coverage),
      "calibration_rows", (json_int_t)conformal->calibration_rows, "threshold",
      cli_json_real(conformal->threshold), "coverage", cli_json_real(metrics->coverage),
      "mean_size", cli_json_real(metrics->mean_size), "singletons",
      cli_json_real(metrics->singletons), "empty", cli_json_real(metrics->empty));
}

void cli_conformal_print(const cli_conformal *conformal, const sngp_set_metrics *metrics) {
  char count[CLI_COUNT_SIZE];
  printf("\nPrediction sets for a coverage of %g, by %s calibration rows\n",
         conformal->config.coverage, cli_format_count(conformal->calibration_rows, count));
  printf("  %-32s%10.4f\n", "coverage", metrics->coverage);
  printf("  %-32s%10.4f\n", "classes in a set", metrics->mean_size);
  printf("  %-32s%10.4f\n", "share of sets of one class", metrics->singletons);
}
