/* What a multi-label model's predictions are worth: measures of each label's probability, and how
   well scores tell out-of-domain rows. */
#ifndef SNGP_CLI_LABEL_EVALUATION_H
#define SNGP_CLI_LABEL_EVALUATION_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/prediction.h"
#include "cli/scores.h"
#include "sngp/sngp.h"

/* Of one label. */
typedef struct cli_label_measures {
  double frequency;                   /* share of the rows that have it */
  double auroc;                       /* of its probability; NaN where all rows, or none, have it */
  sngp_classification_metrics binary; /* of its probability, as of two classes */
} cli_label_measures;

/* Zero it before use. Its names are the model's, and live as long as it. */
typedef struct cli_label_evaluation {
  int64_t rows, num_labels;
  const char *const *names;   /* of the labels; NULL: none */
  cli_label_measures *labels; /* num_labels */
  double accuracy;            /* mean over the labels */
  double exact_match;         /* share of rows whose labels are all right */
  double nll;                 /* of a row: sum over its labels */
  double brier;               /* the same */
  double macro_auroc;         /* mean over the labels that have one; NaN: none has */
  cli_separation separation;
} cli_label_evaluation;

/* Predicts rows with labels, and out-of-domain rows where `ood` is not NULL, and computes all
   measures. False: the reason has been reported. Free the evaluation in any case. */
bool cli_label_evaluation_run(const cli_predictor *predictor, const sngp_dataset *rows,
                              const sngp_dataset *ood, cli_label_evaluation *evaluation);

/* The document of `sngp evaluate --json`; NULL: out of memory. */
json_t *cli_label_evaluation_json(const cli_label_evaluation *evaluation);

/* The same as a table, on standard output. */
void cli_label_evaluation_print(const cli_label_evaluation *evaluation);

void cli_label_evaluation_free(cli_label_evaluation *evaluation);

#endif
