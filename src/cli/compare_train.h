/* The models of one seed, each trained when it is first needed. */
#ifndef SNGP_CLI_COMPARE_TRAIN_H
#define SNGP_CLI_COMPARE_TRAIN_H

#include <stdbool.h>

#include "cli/compare_rows.h"
#include "cli/compare_settings.h"
#include "cli/progress.h"

/* A model, or several, as an ensemble. Zero it before use. */
typedef struct cli_compare_trained {
  cli_trained models; /* without an ensemble: not trained yet */
  double seconds;
} cli_compare_trained;

/* Trains the model. False: the reason has been reported, unless it is Ctrl-C, which
   cli_interrupted() tells. */
bool cli_compare_train(const cli_compare_settings *settings, cli_compare_model model,
                       const cli_compare_rows *rows, int64_t seed, cli_progress *progress,
                       cli_compare_trained *trained);

void cli_compare_trained_free(cli_compare_trained *trained);

#endif
