/* Prediction sets: the classes that, with a chosen probability, hold a row's own, by split
   conformal prediction with calibration rows. */
#ifndef SNGP_CLI_CONFORMAL_H
#define SNGP_CLI_CONFORMAL_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/data_source.h"
#include "cli/options.h"
#include "cli/prediction.h"
#include "sngp/sngp.h"

/* What options say; coverage is NaN where there are to be no sets. */
typedef struct cli_conformal_settings {
  cli_data_source source;
  double coverage;
} cli_conformal_settings;

typedef struct cli_conformal {
  sngp_conformal_config config;
  double threshold;
  int64_t calibration_rows;
  int64_t num_classes;
} cli_conformal;

/* The row of an option table for --coverage. */
cli_option cli_coverage_option(cli_conformal_settings *settings);

/* After parsing: whether coverage and calibration rows stand together; reports usage errors of
   `command`. */
bool cli_conformal_check(const cli_conformal_settings *settings, const char *command);

bool cli_conformal_wanted(const cli_conformal_settings *settings);

/* Reads the calibration rows and finds the threshold. False: the reason has been reported. */
bool cli_conformal_calibrate(const cli_conformal_settings *settings, const cli_predictor *predictor,
                             cli_conformal *conformal);

/* The sets of rows of probabilities, the first of them row `first_row` of its table: for each row
   num_classes bytes, 1 where the class is in the set. False: the reason has been reported. */
bool cli_conformal_sets(const cli_conformal *conformal, const float *probabilities, int64_t rows,
                        int64_t first_row, uint8_t *sets);

/* Makes the sets of labelled rows and measures them. False: the reason has been reported. */
bool cli_conformal_evaluate(const cli_conformal *conformal, const float *probabilities,
                            const int32_t *labels, int64_t rows, sngp_set_metrics *metrics);

/* What evaluate reports: as a document (NULL: out of memory) and as a table. */
json_t *cli_conformal_json(const cli_conformal *conformal, const sngp_set_metrics *metrics);
void cli_conformal_print(const cli_conformal *conformal, const sngp_set_metrics *metrics);

#endif
