#include "metrics/scored_rows.h"

#include <stdlib.h>

static int by_ascending_score(const void *left, const void *right) {
  float a = ((const sngp_scored_row *)left)->score, b = ((const sngp_scored_row *)right)->score;
  return (a > b) - (a < b);
}

static int by_descending_score(const void *left, const void *right) {
  return by_ascending_score(right, left);
}

void sngp_sort_ascending(sngp_scored_row *rows, size_t count) {
  qsort(rows, count, sizeof *rows, by_ascending_score);
}

void sngp_sort_descending(sngp_scored_row *rows, size_t count) {
  qsort(rows, count, sizeof *rows, by_descending_score);
}

bool sngp_next_tied_rows(const sngp_scored_row *rows, size_t count, sngp_tied_rows *tied) {
  *tied = (sngp_tied_rows){.begin = tied->end, .end = tied->end};
  for (; tied->end < count && rows[tied->end].score == rows[tied->begin].score; tied->end++)
    if (rows[tied->end].marked) tied->marked++;
  return tied->end > tied->begin;
}
