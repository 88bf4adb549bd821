/* The options of a training: what the model is, and how it is fitted. */
#ifndef SNGP_CLI_TRAINING_OPTIONS_H
#define SNGP_CLI_TRAINING_OPTIONS_H

#include <stdbool.h>

#include "cli/data_source.h"
#include "cli/options.h"
#include "cli/training.h"

enum { CLI_TASK_OPTIONS = 3, CLI_MODEL_OPTIONS = 14, CLI_SOLVER_OPTIONS = 3, CLI_FIT_OPTIONS = 11 };

typedef struct cli_training_options {
  cli_option task[CLI_TASK_OPTIONS];
  cli_option model[CLI_MODEL_OPTIONS];
  cli_option solver[CLI_SOLVER_OPTIONS];
  cli_option fit[CLI_FIT_OPTIONS];
} cli_training_options;

/* The tables of options that fill `settings`; both must stay where they are, and those that a
   command has no use for be zero. */
cli_option_group cli_task_group(cli_training_options *options, cli_training_settings *settings,
                                cli_data_source *source);
cli_option_group cli_model_group(cli_training_options *options, cli_training_settings *settings);
cli_option_group cli_solver_group(cli_training_options *options, cli_training_settings *settings);
cli_option_group cli_fit_group(cli_training_options *options, cli_training_settings *settings);

/* After parsing: whether the options fit together; reports usage errors of `command`. */
bool cli_training_options_check(const cli_training_options *options,
                                const cli_training_settings *settings, const char *command);

#endif
