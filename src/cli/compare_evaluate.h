/* One method with the models of one seed: tuned, evaluated, timed. */
#ifndef SNGP_CLI_COMPARE_EVALUATE_H
#define SNGP_CLI_COMPARE_EVALUATE_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/compare_curves.h"
#include "cli/compare_train.h"

/* Tunes a copy of the trained models for the method, evaluates it and adds to the curves. The
   document is that of `sngp evaluate --json` and what a comparison adds to it. False: the reason
   has been reported. */
bool cli_compare_evaluate(const cli_compare_settings *settings, const cli_compare_method *method,
                          const cli_compare_trained *trained, const cli_compare_rows *rows,
                          int64_t seed, cli_compare_curves *curves, json_t **document);

#endif
