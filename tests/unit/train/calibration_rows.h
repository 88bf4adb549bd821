/* Rows to calibrate on, and their likelihood once more, in double precision and straight from its
   definition. Include after <cmocka.h>. */
#ifndef SNGP_TESTS_UNIT_TRAIN_CALIBRATION_ROWS_H
#define SNGP_TESTS_UNIT_TRAIN_CALIBRATION_ROWS_H

#include <stdbool.h>

#include "base/random.h"
#include "support/check.h"
#include "train/held_out.h"

typedef struct {
  sngp_held_out_shape shape;
  double *logits, *variance; /* (P, n, K), (P, n, V): values of single precision */
  float *weights;
  int32_t *labels;
} calibration_rows;

/* Normal logits of standard deviation 2, exponential variances of mean 1, each pass of its own;
   labels drawn from the probabilities softmax(logits of the first pass / sqrt(1 + variance)). */
static inline calibration_rows draw_rows(int64_t passes, int64_t n, int64_t classes, int64_t seed,
                                         int weighted) {
  size_t count = (size_t)(passes * n * classes);
  calibration_rows rows = {.logits = take(count, sizeof(double)),
                           .variance = take((size_t)(passes * n), sizeof(double)),
                           .weights = take((size_t)n, sizeof(float)),
                           .labels = take((size_t)n, sizeof(int32_t))};
  float *drawn = take(count, sizeof *drawn);
  sngp_random_stream normal = sngp_random_open(seed, SNGP_RANDOM_DATA, 0, 50);
  sngp_random_stream uniform = sngp_random_open(seed, SNGP_RANDOM_DATA, 0, 51);
  sngp_random_fill_normal(&normal, 2, drawn, count);
  for (size_t i = 0; i < count; i++) rows.logits[i] = (double)drawn[i];
  for (int64_t i = 0; i < passes * n; i++)
    rows.variance[i] = (double)(float)-log(sngp_random_uniform(&uniform, i));
  for (int64_t i = 0; i < n; i++) {
    const double *row = rows.logits + i * classes;
    double scale = 1 / sqrt(1 + rows.variance[i]), sum = 0;
    for (int64_t k = 0; k < classes; k++) sum += exp(scale * row[k]);
    double left = sum * sngp_random_uniform(&uniform, passes * n + i);
    int64_t label = 0;
    while (label < classes - 1 && (left -= exp(scale * row[label])) > 0) label++;
    rows.labels[i] = (int32_t)label;
    rows.weights[i] = 0.5f * (float)(i % 4);
  }
  free(drawn);
  rows.shape = (sngp_held_out_shape){.passes = passes,
                                     .rows = n,
                                     .classes = classes,
                                     .num_variances = 1,
                                     .labels = rows.labels,
                                     .weights = weighted ? rows.weights : NULL};
  return rows;
}

/* Instead, a variance for each class of a row. */
static inline void vary_by_class(calibration_rows *rows, int64_t seed) {
  const int64_t count = rows->shape.passes * rows->shape.rows * rows->shape.classes;
  sngp_random_stream uniform = sngp_random_open(seed, SNGP_RANDOM_DATA, 0, 52);
  free(rows->variance);
  rows->variance = take((size_t)count, sizeof(double));
  rows->shape.num_variances = rows->shape.classes;
  for (int64_t i = 0; i < count; i++)
    rows->variance[i] = (double)(float)-log(sngp_random_uniform(&uniform, i));
}

/* The rows as passes write them; to be destroyed. */
static inline sngp_held_out hold_out(const calibration_rows *rows, sngp_pool *pool) {
  sngp_held_out held_out;
  const sngp_held_out_shape *shape = &rows->shape;
  assert_ok(sngp_held_out_create(shape, pool, &held_out));
  for (int c = 0; c < held_out.num_chunks; c++) {
    const sngp_held_out_chunk chunk = sngp_held_out_chunk_at(&held_out, c);
    for (int64_t p = 0; p < shape->passes; p++)
      for (int64_t i = 0; i < chunk.count; i++) {
        int64_t to = p * chunk.count + i, from = p * shape->rows + chunk.first + i;
        for (int64_t k = 0; k < shape->classes; k++)
          chunk.logits[to * shape->classes + k] = (float)rows->logits[from * shape->classes + k];
        const int64_t variances = shape->num_variances;
        for (int64_t k = 0; k < variances; k++)
          chunk.variance[to * variances + k] = (float)rows->variance[from * variances + k];
      }
    sngp_held_out_arrange(&held_out, c);
  }
  return held_out;
}

static inline void free_rows(calibration_rows *rows) {
  free(rows->logits);
  free(rows->variance);
  free(rows->weights);
  free(rows->labels);
}

/* Of logit k of a row in a pass, `at` rows after the first of all passes. */
static inline double reference_scale(const calibration_rows *rows, const sngp_prediction_setting *s,
                                     int64_t at, int64_t k) {
  const int64_t variances = rows->shape.num_variances;
  if (variances == 0 || s->factor < 0) return 1 / s->temperature;
  const double variance = rows->variance[at * variances + (variances > 1 ? k : 0)];
  return 1 / (s->temperature * sqrt(1 + s->factor * variance));
}

static inline double reference_nll(const calibration_rows *rows,
                                   const sngp_prediction_setting *settings, int64_t num_settings) {
  const sngp_held_out_shape *h = &rows->shape;
  double total = 0, weights = 0;
  for (int64_t i = 0; i < h->rows; i++) {
    double probability = 0, weight = h->weights != NULL ? (double)h->weights[i] : 1;
    for (int64_t p = 0; p < h->passes; p++) {
      const sngp_prediction_setting *s = &settings[p * num_settings / h->passes];
      const double *row = rows->logits + (p * h->rows + i) * h->classes;
      double of_label = row[h->labels[i]], sum = 0;
      of_label *= reference_scale(rows, s, p * h->rows + i, h->labels[i]);
      for (int64_t k = 0; k < h->classes; k++)
        sum += exp(reference_scale(rows, s, p * h->rows + i, k) * row[k] - of_label);
      probability += 1 / sum;
    }
    total -= weight * log(probability / (double)h->passes);
    weights += weight;
  }
  return total / weights;
}

#endif
