/* Rows that enter or leave the inverse factor of M features, against factoring and inverting the
   changed matrix anew: where the two take the same time decides a constant of src/gp/updates.c.
   Arguments: none. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "linalg/blas.h"
#include "linalg/cholesky.h"
#include "linalg/inverse_update.h"

enum { ROUNDS = 5, MOST_SIZE = 2048, MOST_COUNT = 256 };
static const int64_t SIZES[] = {256, 1024, MOST_SIZE};
static const int64_t COUNTS[] = {1, 4, 16, 64, 128, MOST_COUNT};
enum { NUM_SIZES = sizeof SIZES / sizeof *SIZES, NUM_COUNTS = sizeof COUNTS / sizeof *COUNTS };

static double change(int64_t size, double *inverse, int64_t count, double sign, const double *x,
                     double *scratch, sngp_pool *pool) {
  double start = now();
  check(sngp_inverse_update_check(size, inverse, count, sign, x, scratch));
  sngp_inverse_update_apply(size, inverse, count, sign, x, scratch, pool);
  return 1e3 * (now() - start);
}

/* The rows enter, then leave: milliseconds of each, median of the rounds. */
static void time_rows(int64_t size, int64_t count, double *inverse, const double *x, double anew,
                      sngp_pool *pool) {
  double entering[ROUNDS], leaving[ROUNDS];
  size_t doubles = 0;
  if (!sngp_inverse_update_scratch(size, count, &doubles)) exit(1);
  double *scratch = calloc(doubles, sizeof *scratch);
  if (scratch == NULL) exit(1);
  for (int i = 0; i < ROUNDS; i++) {
    entering[i] = change(size, inverse, count, 1, x, scratch, pool);
    leaving[i] = change(size, inverse, count, -1, x, scratch, pool);
  }
  double entered = median(entering, ROUNDS);
  printf("%8lld  %6lld  %8.2f  %8.2f  %8.2f  %13.2f\n", (long long)size, (long long)count, entered,
         median(leaving, ROUNDS), anew, entered / anew);
  free(scratch);
}

static void time_size(int64_t size, const double *x, sngp_pool *pool) {
  size_t area = (size_t)(size * size);
  double *matrix = calloc(area, sizeof *matrix), *inverse = calloc(area, sizeof *inverse);
  if (matrix == NULL || inverse == NULL) exit(1);
  for (int64_t i = 0; i < size; i++) matrix[i * size + i] = 1;
  double anew[ROUNDS], jitter = 0;
  for (int i = 0; i < ROUNDS; i++) {
    double start = now();
    check(sngp_cholesky(size, matrix, 1, inverse, &jitter));
    check(sngp_invert_lower(size, inverse));
    anew[i] = 1e3 * (now() - start);
  }
  double median_anew = median(anew, ROUNDS);
  for (int c = 0; c < NUM_COUNTS; c++)
    if (COUNTS[c] <= size) time_rows(size, COUNTS[c], inverse, x, median_anew, pool);
  free(inverse);
  free(matrix);
}

int main(void) {
  sngp_pool *pool = NULL;
  sngp_blas_set_threads(1);
  check(sngp_pool_create(1, &pool));
  double *x = malloc(sizeof(double) * MOST_COUNT * MOST_SIZE);
  if (x == NULL) return 1;
  uint32_t state = 1;
  for (size_t i = 0; i < (size_t)MOST_COUNT * MOST_SIZE; i++) {
    state = state * 1664525u + 1013904223u; /* Numerical Recipes' generator */
    x[i] = (state >> 8) * 0x1p-24 - 0.5;
  }
  printf("one thread; milliseconds, medians of %d rounds\n", ROUNDS);
  printf("features    rows     enter     leave      anew   enter / anew\n");
  for (int s = 0; s < NUM_SIZES; s++) time_size(SIZES[s], x, pool);
  free(x);
  sngp_pool_free(pool);
  return 0;
}
