/* The options of a prediction. */
#ifndef SNGP_CLI_PREDICTION_OPTIONS_H
#define SNGP_CLI_PREDICTION_OPTIONS_H

#include <stdbool.h>

#include "cli/options.h"
#include "cli/prediction.h"

enum { CLI_PREDICTION_OPTIONS = 8, CLI_TUNED_OPTIONS = 2 };

typedef struct cli_prediction_options {
  cli_option table[CLI_PREDICTION_OPTIONS];
} cli_prediction_options;

/* The names of SNGP_PREDICT_*, ending with NULL. */
extern const char *const cli_predict_methods[];

/* The table of options that fill `settings`, which it initialises; all must stay where they are. */
cli_option_group cli_prediction_group(cli_prediction_options *options,
                                      cli_prediction_settings *settings);

/* The same but for factor and temperature: how a model will predict that is being tuned. */
cli_option_group cli_tuned_prediction_group(cli_prediction_options *options,
                                            cli_prediction_settings *settings);

/* After parsing: whether each option has an effect with the method; reports usage errors of
   `command`. With prediction sets, which are drawn, a seed always has one. */
bool cli_prediction_options_check(const cli_prediction_settings *settings, bool with_sets,
                                  const char *command);

#endif
