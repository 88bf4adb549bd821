/* Rows in the order of a score, some of them marked (out of domain, right, wrong). Rows of equal
   score have no order among themselves: whoever walks through them takes them together, so that no
   measure depends on the order in which the rows came. */
#ifndef SNGP_METRICS_SCORED_ROWS_H
#define SNGP_METRICS_SCORED_ROWS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  float score; /* not NaN */
  bool marked;
} sngp_scored_row;

/* Rows [begin, end) have one score; `marked` of them are marked. */
typedef struct {
  size_t begin, end, marked;
} sngp_tied_rows;

void sngp_sort_ascending(sngp_scored_row *rows, size_t count);
void sngp_sort_descending(sngp_scored_row *rows, size_t count);

/* Goes on from tied->end (0 at first) to the next rows of equal score; false after the last. */
bool sngp_next_tied_rows(const sngp_scored_row *rows, size_t count, sngp_tied_rows *tied);

#endif
