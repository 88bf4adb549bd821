/* Telling out-of-domain rows (the positive class) from in-domain rows by a score. */
#ifndef SNGP_METRICS_OOD_H
#define SNGP_METRICS_OOD_H

#include <stdbool.h>
#include <stddef.h>

/* A score and which side it comes from. */
typedef struct {
  float score; /* not NaN; larger means more out-of-domain */
  bool out_of_domain;
} sngp_scored_row;

typedef struct {
  double auroc, aupr, fpr95;
} sngp_separation;

/* Measures the separation; sorts `rows`. Both sides must have a row. */
sngp_separation sngp_measure_separation(sngp_scored_row *rows, size_t count);

#endif
