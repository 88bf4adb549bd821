/* The results of a comparison: the document, the table, the pictures. */
#ifndef SNGP_CLI_COMPARE_RESULTS_H
#define SNGP_CLI_COMPARE_RESULTS_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/compare_curves.h"
#include "cli/compare_figures.h"
#include "cli/compare_rows.h"
#include "cli/compare_settings.h"

#define CLI_COMPARE_RESULTS "results.json"

/* Zero it before use. */
typedef struct cli_compare_results {
  json_t *document;
  json_t *methods;                                    /* within it: by name */
  cli_compare_curves curves[CLI_COMPARE_NUM_METHODS]; /* as the methods were named */
} cli_compare_results;

/* Makes the document of a comparison of which nothing is known yet but its settings. False, here
   and below: the reason has been reported. Free the results in any case. */
bool cli_compare_results_begin(cli_compare_results *results, const cli_compare_settings *settings,
                               const cli_compare_rows *rows);

/* Adds one method's document of one seed; takes it. */
bool cli_compare_results_add(cli_compare_results *results, const cli_compare_method *method,
                             json_t *document);

/* Computes means and standard deviations, when all seeds are there. */
bool cli_compare_results_finish(cli_compare_results *results);

/* One line for each method, on standard output. */
void cli_compare_results_print(const cli_compare_results *results,
                               const cli_compare_selection *selection);

/* Writes results.json, whole or not at all, into the directory. */
bool cli_compare_results_write(const cli_compare_results *results, const char *directory);

/* What the pictures show; points into the results. */
void cli_compare_results_figures(const cli_compare_results *results,
                                 const cli_compare_selection *selection,
                                 cli_compare_figures *figures);

void cli_compare_results_free(cli_compare_results *results);

#endif
