/* Scores of rows, and how well they tell out-of-domain rows from others. */
#ifndef SNGP_CLI_SCORES_H
#define SNGP_CLI_SCORES_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/prediction.h"
#include "sngp/sngp.h"

/* Scores that are larger where a row is stranger. */
enum {
  CLI_SCORE_VARIANCE,        /* of several outputs the mean of theirs */
  CLI_SCORE_MAX_PROBABILITY, /* 1 - max p */
  CLI_SCORE_ENTROPY,
  CLI_SCORE_DEMPSTER_SHAFER,
  CLI_SCORE_ENERGY,
  CLI_SCORE_MUTUAL_INFORMATION, /* where there are several passes or members */
  CLI_NUM_SCORES
};

/* What their keys in documents and their titles in tables are. */
typedef struct cli_score_name {
  const char *key, *title;
} cli_score_name;

extern const cli_score_name cli_score_names[CLI_NUM_SCORES];

/* The scores of a set of rows. */
typedef struct cli_scores {
  int64_t rows;
  float *values[CLI_NUM_SCORES]; /* of each row; NULL: there is no such score */
  float *block;                  /* what `values` point into */
} cli_scores;

/* Predicts all rows: the buffers that `prediction` has, but its variance, and the scores that
   predictions of this kind have. False: the reason has been reported. Free the scores in any
   case. */
bool cli_scores_predict(const cli_predictor *predictor, const sngp_dataset *rows,
                        sngp_prediction prediction, cli_scores *scores);

void cli_scores_free(cli_scores *scores);

/* How well each score that both sets of rows have tells one from the other. */
typedef struct cli_separation {
  int64_t rows; /* out of domain; 0: there were none */
  bool has[CLI_NUM_SCORES];
  sngp_ood_metrics of[CLI_NUM_SCORES];
} cli_separation;

bool cli_scores_separate(const cli_scores *in_domain, const cli_scores *out_of_domain,
                         cli_separation *separation);

/* {score: what `of_score` makes of it, NULL being a failure} of the scores that `has` marks. */
json_t *cli_scores_json(const bool has[CLI_NUM_SCORES],
                        json_t *(*of_score)(const void *context, int score), const void *context);

/* Adds "ood" to a document where there were such rows. False: out of memory. */
bool cli_separation_add(json_t *document, const cli_separation *separation);

/* The same as a table, after an empty line. */
void cli_separation_print(const cli_separation *separation);

#endif
