/* Predictions as CSV: a header and a line for each row, whatever the task. */
#ifndef SNGP_CLI_PREDICTION_TABLE_H
#define SNGP_CLI_PREDICTION_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/conformal.h"
#include "cli/prediction.h"
#include "sngp/sngp.h"

/* Zero it before use. */
typedef struct cli_prediction_table {
  const cli_predictor *predictor;
  const cli_conformal *conformal; /* NULL: no sets */
  sngp_prediction prediction;     /* of a block of rows */
  float *numbers;                 /* what it points into */
  uint8_t *sets;                  /* NULL: there are none */
  char *set_text;
} cli_prediction_table;

/* Takes the memory; `conformal` (NULL: none) makes sets. The predictor and it must outlive the
   table. False, here and below: the reason has been reported. Free the table in any case. */
bool cli_prediction_table_create(const cli_predictor *predictor, const cli_conformal *conformal,
                                 cli_prediction_table *table);

/* Predicts all rows and writes them. A failure of the stream is left for its owner to see. */
bool cli_prediction_table_write(cli_prediction_table *table, const sngp_dataset *rows,
                                FILE *stream);

void cli_prediction_table_free(cli_prediction_table *table);

#endif
