/* Telling out-of-domain rows (the positive class) from in-domain rows by a score. Out-of-domain
   rows are the marked ones, scores are larger out of domain, and both sides have a row. */
#ifndef SNGP_METRICS_OOD_H
#define SNGP_METRICS_OOD_H

#include <stddef.h>

#include "metrics/scored_rows.h"

typedef struct {
  double auroc, aupr, fpr95;
} sngp_separation;

/* Measures the separation; sorts `rows`. */
sngp_separation sngp_measure_separation(sngp_scored_row *rows, size_t count);

/* The ROC curve, (0, 0) first, then a point for each distinct score, the largest first; sorts
   `rows`. Returns the number of points, at most count + 1. */
size_t sngp_trace_roc(sngp_scored_row *rows, size_t count, double *false_positive_rate,
                      double *true_positive_rate);

#endif
