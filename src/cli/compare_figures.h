/* The pictures of a comparison: reliability diagram, ROC curves, rejection curve. */
#ifndef SNGP_CLI_COMPARE_FIGURES_H
#define SNGP_CLI_COMPARE_FIGURES_H

#include "cli/compare_curves.h"
#include "cli/compare_methods.h"
#include "cli/gnuplot.h"

/* One method in the pictures; its measures stand in the legends. */
typedef struct cli_compare_line {
  const cli_compare_method *method;
  const cli_compare_curves *curves;
  double ece;
  double auroc[CLI_NUM_ROC]; /* NaN: there is no such curve */
  double accuracy_at_80;
} cli_compare_line;

typedef struct cli_compare_figures {
  int count;
  cli_compare_line lines[CLI_COMPARE_NUM_METHODS];
} cli_compare_figures;

/* Writes reliability, rejection and, where there is a curve, roc into the directory, which is
   there: the data NAME.dat, the script NAME.gp and, by gnuplot, NAME.png. Where the result is
   CLI_GNUPLOT_MISSING, data and scripts are there. */
cli_gnuplot_result cli_compare_figures_write(const cli_compare_figures *figures,
                                             const char *directory);

#endif
