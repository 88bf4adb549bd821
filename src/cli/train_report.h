/* What sngp train says: before the training, and after it, in words and as JSON. */
#ifndef SNGP_CLI_TRAIN_REPORT_H
#define SNGP_CLI_TRAIN_REPORT_H

#include <stdbool.h>

#include "cli/data_source.h"
#include "cli/task_evaluation.h"
#include "cli/training.h"
#include "cli/training_rows.h"

/* What the command line asks for. */
typedef struct cli_train_settings {
  cli_data_source source;
  cli_training_settings training;
  const char *out;
  bool quiet, json;
} cli_train_settings;

/* "Rows ...", "Task ...", "Model ...". */
void cli_train_report_start(const cli_train_settings *settings, const cli_training_rows *rows,
                            const cli_trained *trained);

/* The end, as the settings say. `held_out` is what the held-out rows say of a model that has
   targets, NULL where there are none. False: the reason has been reported. */
bool cli_train_report(const cli_train_settings *settings, const cli_trained *trained,
                      const cli_task_evaluation *held_out);

#endif
