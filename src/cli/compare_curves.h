/* The curves of one method over several seeds: reliability, ROC, accuracy against coverage. */
#ifndef SNGP_CLI_COMPARE_CURVES_H
#define SNGP_CLI_COMPARE_CURVES_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/evaluation.h"

/* Bins of the reliability diagram, as many as the expected calibration error has; points of the
   others, at which seeds are averaged. */
enum { CLI_RELIABILITY_BINS = 15, CLI_CURVE_POINTS = 201 };

/* The scores whose ROC curves are drawn. */
enum { CLI_ROC_MAX_PROBABILITY, CLI_ROC_VARIANCE, CLI_NUM_ROC };

/* Zero it before use. */
typedef struct cli_compare_curves {
  int seeds;
  /* Rows of all seeds in the bins of max p, and sums over them. */
  double rows[CLI_RELIABILITY_BINS], confidence[CLI_RELIABILITY_BINS], right[CLI_RELIABILITY_BINS];
  /* Sums over the seeds, at cli_false_positive_rate() and cli_coverage() of each point. */
  bool has_roc[CLI_NUM_ROC];
  double true_positive_rate[CLI_NUM_ROC][CLI_CURVE_POINTS];
  double accuracy[CLI_CURVE_POINTS];
} cli_compare_curves;

/* Where the points are: denser towards 0 for the ROC curves, which rise there. Coverage is never
   0, where there would be no row. */
double cli_false_positive_rate(int point);
double cli_coverage(int point);

/* Adds what one seed's evaluation says about rows with `labels`. False: the reason has been
   reported. */
bool cli_compare_curves_add(cli_compare_curves *curves, const cli_evaluation *evaluation,
                            const int32_t *labels);

/* Write the curves as lines of numbers. Bins without rows are left out. */
void cli_compare_curves_write_reliability(const cli_compare_curves *curves, FILE *stream);
void cli_compare_curves_write_roc(const cli_compare_curves *curves, int roc, FILE *stream);
void cli_compare_curves_write_rejection(const cli_compare_curves *curves, FILE *stream);

#endif
