/* Where rows come from: --data (CSV), --idx or --npy, and their --ood-, --calibration- and
   --test- twins. */
#ifndef SNGP_CLI_DATA_SOURCE_H
#define SNGP_CLI_DATA_SOURCE_H

#include <stdbool.h>

#include "cli/options.h"
#include "sngp/sngp.h"

/* At most so many targets can be named; --num-targets may say more. */
enum { CLI_DATA_SOURCE_OPTIONS = 6, CLI_MOST_NAMED_TARGETS = 256 };

/* What a command does with the labels, or the targets, of rows: its outputs. */
typedef enum {
  CLI_OUTPUTS_NEEDED,     /* training and evaluating: labels or targets, as the task says */
  CLI_OUTPUTS_LEFT_OUT,   /* predicting */
  CLI_LABELS_NEEDED,      /* calibrating and comparing, which are for classification */
  CLI_LABELS_OOD,         /* out-of-domain rows: the --ood- options */
  CLI_LABELS_CALIBRATION, /* labelled rows for prediction sets: the --calibration- options */
  CLI_LABELS_TEST         /* labelled rows beside those to train on: the --test- options */
} cli_labels;

typedef struct cli_data_source {
  cli_labels labels;
  const char *data;
  const char *label;
  const char *targets[CLI_MOST_NAMED_TARGETS]; /* ends with NULL where there are fewer */
  int64_t num_targets;                         /* the last columns; CLI_NOT_GIVEN: as named, or 1 */
  int32_t header;                              /* SNGP_CSV_HEADER_* */
  const char *idx[2];
  const char *npy[2];
  cli_option options[CLI_DATA_SOURCE_OPTIONS];
} cli_data_source;

/* Empties the source and makes the table of its options. `source` must stay where it is. */
cli_option_group cli_data_source_group(cli_data_source *source, cli_labels labels);

/* The row of an option table for --num-targets, of the rows to train on. */
cli_option cli_num_targets_option(cli_data_source *source);

/* After parsing: whether the options of the first source, which must be given, and of those beside
   it fit together; reports usage errors of `command`. What --label, --target and --header say of
   the first then counts for all. */
bool cli_data_sources_check(cli_data_source *const *sources, int count, const char *command);

bool cli_data_source_given(const cli_data_source *source);

/* Whether the source's rows must have labels or targets. */
bool cli_data_source_needs_outputs(const cli_data_source *source);

/* Whether writing to `out` (NULL: standard output) leaves all files of the source alone; reports
   where it does not. */
bool cli_data_source_spared(const cli_data_source *source, const char *out);

/* After parsing: whether the options fit a task, CLI_TASK_*, that is to be trained; reports usage
   errors of `command`. */
bool cli_data_source_check_task(const cli_data_source *source, int32_t task, const char *command);

/* Reads rows to train a task on, with labels or targets. False: the reason has been reported. */
bool cli_data_source_read_training(const cli_data_source *source, int32_t task,
                                   sngp_dataset **dataset);

/* Reads rows for models of a configuration: with its columns and, where they are needed, labels of
   its classes or its targets. False: the reason has been reported. */
bool cli_data_source_read_like(const cli_data_source *source, const sngp_model_config *config,
                               sngp_dataset **dataset);

/* The same for a trained model. */
bool cli_data_source_read_for(const cli_data_source *source, const sngp_model *model,
                              sngp_dataset **dataset);

#endif
