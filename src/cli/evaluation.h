/* What a predictor's answers are worth: measures against labels, what rejecting rows by a score
   gains, and how well the scores tell out-of-domain rows. */
#ifndef SNGP_CLI_EVALUATION_H
#define SNGP_CLI_EVALUATION_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/prediction.h"
#include "sngp/sngp.h"

/* Scores that are larger where a row is stranger. */
enum {
  CLI_SCORE_VARIANCE,
  CLI_SCORE_MAX_PROBABILITY, /* 1 - max p */
  CLI_SCORE_ENTROPY,
  CLI_SCORE_DEMPSTER_SHAFER,
  CLI_SCORE_ENERGY,
  CLI_SCORE_MUTUAL_INFORMATION, /* where there are several passes or members */
  CLI_NUM_SCORES
};

/* The scores of a set of rows. */
typedef struct cli_scores {
  int64_t rows;
  float *values[CLI_NUM_SCORES]; /* of each row; NULL: the predictor has no such score */
  float *block;                  /* what `values` point into */
} cli_scores;

/* Zero it before use. What it holds stays until it is freed. */
typedef struct cli_evaluation {
  int64_t num_classes;
  float *probabilities; /* of the labelled rows, each num_classes long */
  int32_t *classes;     /* predicted for the labelled rows */
  cli_scores in_domain;
  cli_scores out_of_domain; /* no rows: there were none */
  sngp_classification_metrics measures;
  sngp_selective_metrics selective[CLI_NUM_SCORES]; /* where in_domain has the score */
  sngp_ood_metrics separation[CLI_NUM_SCORES];      /* where both sets of rows have it */
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
