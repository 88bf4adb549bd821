/* Rows of features and targets for the heads that are trained directly. Include after
   "support/check.h". */
#ifndef SNGP_TESTS_UNIT_GP_ROWS_H
#define SNGP_TESTS_UNIT_GP_ROWS_H

#include "base/parallel.h"
#include "gp/statistics.h"
#include "unit/numeric.h"

typedef struct {
  int64_t count, size, num_targets;
  float *features, *weights;
  double *targets;
  int32_t *labels;
  double *exact; /* the features in double precision */
} test_rows;

/* Features as a network gives them, cosines scaled by sqrt(2 / M); targets that are a linear
   function of them, an offset and noise; labels that go with the largest of as many others. */
static inline test_rows make_rows(uint64_t seed, int64_t count, int64_t size, int64_t width) {
  test_rows rows = {.count = count, .size = size, .num_targets = width};
  rows.features = take((size_t)(count * size), sizeof *rows.features);
  rows.exact = take((size_t)(count * size), sizeof *rows.exact);
  rows.weights = take((size_t)count, sizeof *rows.weights);
  rows.targets = take((size_t)(count * width), sizeof *rows.targets);
  rows.labels = take((size_t)count, sizeof *rows.labels);
  double *beta = take((size_t)(size * width), sizeof *beta);
  for (int64_t k = 0; k < size * width; k++) beta[k] = next_normal(&seed);
  for (int64_t k = 0; k < count * size; k++)
    rows.features[k] = (float)(sqrt(2.0 / (double)size) * cos(6.28 * next_uniform(&seed)));
  to_doubles(rows.features, (size_t)(count * size), rows.exact);
  for (int64_t i = 0; i < count; i++) {
    rows.weights[i] = (float)(0.2 + 2 * next_uniform(&seed));
    double largest = -INFINITY;
    for (int64_t t = 0; t < width; t++) {
      double product = 0;
      for (int64_t j = 0; j < size; j++) product += rows.exact[i * size + j] * beta[j * width + t];
      rows.targets[i * width + t] = product + 0.7 + (double)t + 0.3 * next_normal(&seed);
      double score = product + 0.3 * next_normal(&seed);
      if (score > largest) rows.labels[i] = (int32_t)t;
      if (score > largest) largest = score;
    }
  }
  free(beta);
  return rows;
}

static inline void free_rows(test_rows *rows) {
  free(rows->features);
  free(rows->exact);
  free(rows->weights);
  free(rows->targets);
  free(rows->labels);
}

/* Rows [first, first + count), with targets or labels, weighted or not. */
static inline sngp_target_rows part_of(const test_rows *rows, int64_t first, int64_t count,
                                       int labels, int weighted) {
  return (sngp_target_rows){
      .count = count,
      .features = rows->features + first * rows->size,
      .targets = labels ? NULL : rows->targets + first * rows->num_targets,
      .labels = labels ? rows->labels + first : NULL,
      .weights = weighted ? rows->weights + first : NULL,
  };
}

static inline double weight_of(const test_rows *rows, int64_t index, int weighted) {
  return weighted ? (double)rows->weights[index] : 1;
}

static inline double target_of(const test_rows *rows, int64_t index, int64_t target, int labels) {
  return labels ? rows->labels[index] == target : rows->targets[index * rows->num_targets + target];
}

static inline sngp_pool *pool_of(int threads) {
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(threads, &pool));
  return pool;
}

/* Adds, or subtracts for a negative sign, rows in one block. */
static inline void change_statistics(sngp_statistics *statistics, const sngp_target_rows *rows,
                                     int sign, int threads) {
  sngp_pool *pool = pool_of(threads);
  double *scratch = take(sngp_statistics_scratch(statistics, rows->count), sizeof *scratch);
  (sign > 0 ? sngp_statistics_add : sngp_statistics_subtract)(statistics, rows, scratch, pool);
  free(scratch);
  sngp_pool_free(pool);
}

/* Of all rows, in blocks. */
static inline sngp_statistics statistics_of(const test_rows *rows, int labels, int weighted,
                                            int64_t block, int threads) {
  sngp_statistics statistics;
  assert_ok(sngp_statistics_create(&statistics, rows->size, rows->num_targets, NULL));
  for (int64_t first = 0; first < rows->count; first += block) {
    int64_t count = block < rows->count - first ? block : rows->count - first;
    sngp_target_rows part = part_of(rows, first, count, labels, weighted);
    change_statistics(&statistics, &part, 1, threads);
  }
  return statistics;
}

#endif
