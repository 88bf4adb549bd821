/* The rows to train on, and those that are held out. */
#ifndef SNGP_CLI_TRAINING_ROWS_H
#define SNGP_CLI_TRAINING_ROWS_H

#include <stdbool.h>

#include "cli/data_source.h"
#include "cli/training.h"
#include "sngp/sngp.h"

/* Zero it before use. */
typedef struct cli_training_rows {
  sngp_dataset *training;
  sngp_dataset *validation; /* NULL: none are held out */
  int64_t num_classes;      /* of all rows; 0: the task has none */
} cli_training_rows;

/* Reads rows with labels or targets, holds out the share that the settings say, and looks for what
   the fit would refuse. False: the reason has been reported. Free the rows in any case. */
bool cli_training_rows_read(const cli_training_settings *settings, const cli_data_source *source,
                            cli_training_rows *rows);

/* The same looks, at rows that were read and split elsewhere: whether labels are of two classes or
   more, and targets what the task allows; and whether the fit would refuse what was left of them to
   train on, said in the words of the options. */
bool cli_training_rows_check_outputs(int32_t task, const sngp_dataset *rows);
bool cli_training_rows_check(const cli_training_settings *settings, const sngp_dataset *training);

void cli_training_rows_free(cli_training_rows *rows);

#endif
