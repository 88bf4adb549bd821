/* Where rows come from: --data (CSV), --idx or --npy, and their --ood-, --calibration- and
   --test- twins. */
#ifndef SNGP_CLI_DATA_SOURCE_H
#define SNGP_CLI_DATA_SOURCE_H

#include <stdbool.h>

#include "cli/options.h"
#include "sngp/sngp.h"

enum { CLI_DATA_SOURCE_OPTIONS = 5 };

/* What a command does with labels. */
typedef enum {
  CLI_LABELS_NEEDED,      /* training and evaluating */
  CLI_LABELS_LEFT_OUT,    /* predicting */
  CLI_LABELS_OOD,         /* out-of-domain rows: the --ood- options */
  CLI_LABELS_CALIBRATION, /* labelled rows for prediction sets: the --calibration- options */
  CLI_LABELS_TEST         /* labelled rows beside those to train on: the --test- options */
} cli_labels;

typedef struct cli_data_source {
  cli_labels labels;
  const char *data;
  const char *label;
  int32_t header; /* SNGP_CSV_HEADER_* */
  const char *idx[2];
  const char *npy[2];
  cli_option options[CLI_DATA_SOURCE_OPTIONS];
} cli_data_source;

/* Empties the source and makes the table of its options. `source` must stay where it is. */
cli_option_group cli_data_source_group(cli_data_source *source, cli_labels labels);

/* After parsing: whether the options of the first source, which must be given, and of those beside
   it fit together; reports usage errors of `command`. What --label and --header say of the first
   then counts for all. */
bool cli_data_sources_check(cli_data_source *const *sources, int count, const char *command);

bool cli_data_source_given(const cli_data_source *source);

/* Whether writing to `out` (NULL: standard output) leaves all files of the source alone; reports
   where it does not. */
bool cli_data_source_spared(const cli_data_source *source, const char *out);

/* Reads labelled rows to train on. False: the reason has been reported. */
bool cli_data_source_read_training(const cli_data_source *source, sngp_dataset **dataset);

/* Reads rows for models of a configuration: with its columns and, where labels are needed, its
   classes. False: the reason has been reported. */
bool cli_data_source_read_like(const cli_data_source *source, const sngp_model_config *config,
                               sngp_dataset **dataset);

/* Reads rows for a trained model: its columns and, where labels are needed, its classes.
   False: the reason has been reported. */
bool cli_data_source_read_for(const cli_data_source *source, const sngp_model *model,
                              sngp_dataset **dataset);

#endif
