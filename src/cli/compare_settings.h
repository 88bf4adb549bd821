/* What a comparison is asked to do. */
#ifndef SNGP_CLI_COMPARE_SETTINGS_H
#define SNGP_CLI_COMPARE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/compare_methods.h"
#include "cli/data_source.h"
#include "cli/options.h"
#include "cli/training.h"

typedef struct cli_compare_settings {
  cli_data_source input, test, ood;
  /* Of every model; the method, the seed and the spectral bound change from one to the next.
     `seed` is the first one's, `validation` the share that each seed holds out. */
  cli_training_settings training;
  cli_compare_selection selection;
  const char *out;
  double test_share; /* of the input; NaN where test rows are given */
  int64_t seeds, members, passes, samples;
  bool json, quiet;
} cli_compare_settings;

/* Reads the command line; prints help, or reports what is wrong. */
cli_parse_result cli_compare_parse(cli_compare_settings *settings, int argc, char **argv);

#endif
