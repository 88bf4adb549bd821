/* The rows of a comparison: read once, split anew for every seed. */
#ifndef SNGP_CLI_COMPARE_ROWS_H
#define SNGP_CLI_COMPARE_ROWS_H

#include <stdbool.h>

#include "cli/compare_settings.h"
#include "sngp/sngp.h"

/* Zero it before use. */
typedef struct cli_compare_data {
  sngp_dataset *input;
  sngp_dataset *test; /* NULL: taken from the input */
  sngp_dataset *ood;  /* NULL: there are none */
} cli_compare_data;

/* Reads all files. False: the reason has been reported. Free the data in any case. */
bool cli_compare_data_read(const cli_compare_settings *settings, cli_compare_data *data);

void cli_compare_data_free(cli_compare_data *data);

/* What one seed sees. Zero it before use. */
typedef struct cli_compare_rows {
  sngp_dataset *training, *held_out;
  const sngp_dataset *test, *ood;
  sngp_dataset *split_test; /* what `test` points to where it comes from the input */
} cli_compare_rows;

/* Splits the data by a seed. False: the reason has been reported. Free the rows in any case, and
   before the data. */
bool cli_compare_rows_split(const cli_compare_settings *settings, const cli_compare_data *data,
                            int64_t seed, cli_compare_rows *rows);

void cli_compare_rows_free(cli_compare_rows *rows);

#endif
