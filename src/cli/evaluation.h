/* What a classifier's answers are worth: measures against labels, what rejecting rows by a score
   gains, and how well the scores tell out-of-domain rows. */
#ifndef SNGP_CLI_EVALUATION_H
#define SNGP_CLI_EVALUATION_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/prediction.h"
#include "cli/scores.h"
#include "sngp/sngp.h"

/* Zero it before use. What it holds stays until it is freed. */
typedef struct cli_evaluation {
  int64_t num_classes;
  float *probabilities; /* of the labelled rows, each num_classes long */
  int32_t *classes;     /* predicted for the labelled rows */
  cli_scores in_domain;
  cli_scores out_of_domain; /* no rows: there were none */
  sngp_classification_metrics measures;
  sngp_selective_metrics selective[CLI_NUM_SCORES]; /* where in_domain has the score */
  cli_separation separation;
} cli_evaluation;

/* Predicts labelled rows, and out-of-domain rows where `ood` is not NULL, and computes all
   measures. False: the reason has been reported. Free the evaluation in any case. */
bool cli_evaluation_run(const cli_predictor *predictor, const sngp_dataset *rows,
                        const sngp_dataset *ood, cli_evaluation *evaluation);

/* The document of `sngp evaluate --json`; NULL: out of memory. */
json_t *cli_evaluation_json(const cli_evaluation *evaluation);

/* The same as a table, on standard output. */
void cli_evaluation_print(const cli_evaluation *evaluation);

void cli_evaluation_free(cli_evaluation *evaluation);

#endif
