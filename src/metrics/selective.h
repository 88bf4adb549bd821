/* Selective prediction: what is left when the rows with the largest scores are rejected. The marked
   rows are the errors; count is 1 or more. */
#ifndef SNGP_METRICS_SELECTIVE_H
#define SNGP_METRICS_SELECTIVE_H

#include <stddef.h>

#include "metrics/scored_rows.h"

/* risk[i]: the error rate among the i + 1 rows of smallest score, in expectation over the orders of
   rows of equal score; sorts `rows`. */
void sngp_risk_coverage(sngp_scored_row *rows, size_t count, double *risk);

typedef struct {
  double aurc, excess_aurc, accuracy_at_80;
} sngp_selective_summary;

/* Summarises the curve; sorts `rows`. */
sngp_selective_summary sngp_summarize_risk(sngp_scored_row *rows, size_t count);

#endif
