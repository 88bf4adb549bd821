/* What a regression's predictions are worth: measures of the predicted distributions against
   targets, in the targets' own units, and how well the variance tells out-of-domain rows. */
#ifndef SNGP_CLI_REGRESSION_EVALUATION_H
#define SNGP_CLI_REGRESSION_EVALUATION_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/prediction.h"
#include "cli/scores.h"
#include "sngp/sngp.h"

/* Zero it before use. Its names are the model's, and live as long as it. */
typedef struct cli_regression_evaluation {
  int32_t task; /* CLI_TASK_REGRESSION; or CLI_TASK_COUNTS, which have errors of the mean only */
  int64_t num_targets;
  const char *const *names;         /* of the targets; NULL: none */
  sngp_regression_metrics measures; /* means over the targets */
  sngp_regression_metrics *targets; /* of each */
  cli_separation separation;        /* by the variance */
} cli_regression_evaluation;

/* Predicts rows with targets, and out-of-domain rows where `ood` is not NULL, and computes all
   measures. False: the reason has been reported. Free the evaluation in any case. */
bool cli_regression_evaluation_run(const cli_predictor *predictor, const sngp_dataset *rows,
                                   const sngp_dataset *ood, cli_regression_evaluation *evaluation);

/* The document of `sngp evaluate --json`; NULL: out of memory. */
json_t *cli_regression_evaluation_json(const cli_regression_evaluation *evaluation);

/* The same as a table, on standard output. */
void cli_regression_evaluation_print(const cli_regression_evaluation *evaluation);

void cli_regression_evaluation_free(cli_regression_evaluation *evaluation);

#endif
