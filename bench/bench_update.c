/* Rows that enter or leave a Cholesky factor of M features, against factoring the matrix anew:
   where the two take the same time is a constant of src/gp/updates.c. Arguments: none.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "gp/updates.h"
#include "linalg/blas.h"
#include "linalg/cholesky.h"

enum { ROUNDS = 5, MOST_SIZE = 2048, MOST_COUNT = 512 };
static const int64_t SIZES[] = {256, 1024, MOST_SIZE};
static const int64_t COUNTS[] = {1, 4, 16, 64, 128, 256, MOST_COUNT};
enum { NUM_SIZES = sizeof SIZES / sizeof *SIZES, NUM_COUNTS = sizeof COUNTS / sizeof *COUNTS };

/* The rows that enter the factor, then leave it: milliseconds of each, median of the rounds. */
static void time_rows(int64_t size, int64_t count, double *lower, const float *features,
                      double factoring) {
  double add[ROUNDS], subtract[ROUNDS];
  for (int i = 0; i < ROUNDS; i++) {
    double start = now();
    check(sngp_factor_add(size, lower, features, NULL, count));
    double middle = now();
    check(sngp_factor_remove(size, lower, features, NULL, count));
    add[i] = 1e3 * (middle - start);
    subtract[i] = 1e3 * (now() - middle);
  }
  double added = median(add, ROUNDS);
  printf("%8lld  %6lld  %8.2f  %8.2f  %12.2f  %13.2f\n", (long long)size, (long long)count, added,
         median(subtract, ROUNDS), factoring, added / factoring);
}

static void time_size(int64_t size, const float *features) {
  size_t area = (size_t)(size * size);
  double *matrix = calloc(area, sizeof *matrix), *lower = calloc(area, sizeof *lower);
  double *inverse = calloc(area, sizeof *inverse);
  if (matrix == NULL || lower == NULL || inverse == NULL) exit(1);
  for (int64_t i = 0; i < size; i++) matrix[i * size + i] = 1;
  double factoring[ROUNDS], inverting[ROUNDS], jitter = 0;
  for (int i = 0; i < ROUNDS; i++) {
    double start = now();
    check(sngp_cholesky(size, matrix, 1, lower, &jitter));
    factoring[i] = 1e3 * (now() - start);
    memcpy(inverse, lower, area * sizeof *inverse);
    start = now();
    check(sngp_invert_lower(size, inverse));
    inverting[i] = 1e3 * (now() - start);
  }
  double factor = median(factoring, ROUNDS);
  for (int c = 0; c < NUM_COUNTS; c++)
    if (COUNTS[c] <= size) time_rows(size, COUNTS[c], lower, features, factor);
  printf("(the inverse of the factor, which predictions use: %.2f)\n", median(inverting, ROUNDS));
  free(inverse);
  free(lower);
  free(matrix);
}

int main(void) {
  sngp_blas_set_threads(1);
  float *features = malloc(sizeof(float) * MOST_COUNT * MOST_SIZE);
  if (features == NULL) return 1;
  uint32_t state = 1;
  for (size_t i = 0; i < (size_t)MOST_COUNT * MOST_SIZE; i++) {
    state = state * 1664525u + 1013904223u; /* Numerical Recipes' generator */
    features[i] = (float)(state >> 8) * 0x1p-24f - 0.5f;
  }
  printf("one thread; milliseconds, medians of %d rounds\n", ROUNDS);
  printf("features    rows     enter     leave   factor anew   enter / anew\n");
  for (int s = 0; s < NUM_SIZES; s++) time_size(SIZES[s], features);
  free(features);
  return 0;
}
