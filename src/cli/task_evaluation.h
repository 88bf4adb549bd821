/* What predictions are worth, whatever the model's task. */
#ifndef SNGP_CLI_TASK_EVALUATION_H
#define SNGP_CLI_TASK_EVALUATION_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/evaluation.h"
#include "cli/label_evaluation.h"
#include "cli/regression_evaluation.h"

/* One of the evaluations, by `task`. Zero it before use. */
typedef struct cli_task_evaluation {
  int32_t task; /* CLI_TASK_* */
  cli_evaluation classes;
  cli_regression_evaluation regression;
  cli_label_evaluation labels;
} cli_task_evaluation;

/* Predicts rows with labels or targets, and out-of-domain rows where `ood` is not NULL, and
   computes all measures. False: the reason has been reported. Free the evaluation in any case. */
bool cli_task_evaluation_run(const cli_predictor *predictor, const sngp_dataset *rows,
                             const sngp_dataset *ood, cli_task_evaluation *evaluation);

/* The document of `sngp evaluate --json`; NULL: out of memory. */
json_t *cli_task_evaluation_json(const cli_task_evaluation *evaluation);

/* The same as tables, on standard output. */
void cli_task_evaluation_print(const cli_task_evaluation *evaluation);

void cli_task_evaluation_free(cli_task_evaluation *evaluation);

#endif
