/* What the benchmarks share. */
#ifndef SNGP_BENCH_BENCH_H
#define SNGP_BENCH_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sngp/status.h"

/* Ends the program where a call failed. */
static inline void check(sngp_status status) {
  if (status == SNGP_OK) return;
  fprintf(stderr, "%s: %s\n", sngp_status_name(status), sngp_last_error());
  exit(1);
}

/* Seconds of a clock that only goes forward. */
static inline double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static inline int compare_numbers(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Sorts the values. */
static inline double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, compare_numbers);
  return values[count / 2];
}

#endif
