#include "train/held_out.h"

#include <math.h>

#include "base/memory.h"
#include "linalg/kernels.h"
#include "nn/loss.h"

static sngp_status take(sngp_held_out *held_out) {
  const sngp_held_out_shape *shape = &held_out->shape;
  size_t threads = (size_t)sngp_pool_num_threads(held_out->pool), entries = 0, values = 0;
  const bool varies = shape->num_variances > 0;
  if (!sngp_size_multiply((size_t)shape->passes, (size_t)shape->rows, &entries) ||
      !sngp_size_multiply(entries, (size_t)shape->classes, &values))
    return sngp_fail_memory("calibration");
  held_out->logits = sngp_allocate(values, sizeof *held_out->logits);
  if (varies) /* no more numbers than logits */
    held_out->variance =
        sngp_allocate(entries * (size_t)shape->num_variances, sizeof *held_out->variance);
  held_out->exponentials =
      sngp_allocate(threads * SNGP_CHUNK_ROWS * (size_t)shape->classes, sizeof(float));
  held_out->sums = sngp_allocate((size_t)held_out->num_chunks, sizeof *held_out->sums);
  if (held_out->logits != NULL && (held_out->variance != NULL || !varies) &&
      held_out->exponentials != NULL && held_out->sums != NULL)
    return SNGP_OK;
  return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY,
                   "out of memory for %lld held-out rows in %lld passes of %lld classes",
                   (long long)shape->rows, (long long)shape->passes, (long long)shape->classes);
}

static double weight_of(const sngp_held_out_shape *shape, int64_t row) {
  return shape->weights != NULL ? (double)shape->weights[row] : 1;
}

sngp_status sngp_held_out_create(const sngp_held_out_shape *shape, sngp_pool *pool,
                                 sngp_held_out *held_out) {
  *held_out =
      (sngp_held_out){.shape = *shape,
                      .num_chunks = (int)((shape->rows + SNGP_CHUNK_ROWS - 1) / SNGP_CHUNK_ROWS),
                      .pool = pool};
  for (int64_t i = 0; i < shape->rows; i++) {
    held_out->total_weight += weight_of(shape, i);
    held_out->num_counted += weight_of(shape, i) > 0;
  }
  if (!(held_out->total_weight > 0))
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "the held-out data: all weights are 0 (rows: %lld)", (long long)shape->rows);
  sngp_status status = take(held_out);
  if (status != SNGP_OK) sngp_held_out_destroy(held_out);
  return status;
}

void sngp_held_out_destroy(sngp_held_out *held_out) {
  sngp_release(held_out->logits);
  sngp_release(held_out->variance);
  sngp_release(held_out->exponentials);
  sngp_release(held_out->sums);
  *held_out = (sngp_held_out){0};
}

sngp_held_out_chunk sngp_held_out_chunk_at(const sngp_held_out *held_out, int index) {
  const sngp_held_out_shape *shape = &held_out->shape;
  int64_t first = (int64_t)index * SNGP_CHUNK_ROWS, left = shape->rows - first;
  return (sngp_held_out_chunk){
      .first = first,
      .count = left < SNGP_CHUNK_ROWS ? left : SNGP_CHUNK_ROWS,
      .logits = held_out->logits + first * shape->passes * shape->classes,
      .variance = shape->num_variances > 0
                      ? held_out->variance + first * shape->passes * shape->num_variances
                      : NULL};
}

/* A row of logits becomes: first the label's logit less the largest, then all others (without one
   largest) less the largest. With a scale s > 0 of the logits and the others d_k

       log p(label) = s first - log(1 + sum_k exp(s d_k))

   and nothing is lost to rounding where a row is right and sure. */
static void arrange_row(float *row, int64_t classes, int32_t label) {
  int64_t top = sngp_largest(row, classes);
  float largest = row[top], gap = row[label] - largest;
  row[top] = row[0];
  row[0] = gap;
  for (int64_t k = 1; k < classes; k++) row[k] -= largest;
}

void sngp_held_out_arrange(const sngp_held_out *held_out, int index) {
  const sngp_held_out_shape *shape = &held_out->shape;
  sngp_held_out_chunk chunk = sngp_held_out_chunk_at(held_out, index);
  if (shape->num_variances > 1) return; /* which is the largest changes with the setting */
  for (int64_t i = 0; i < shape->passes * chunk.count; i++)
    arrange_row(chunk.logits + i * shape->classes, shape->classes,
                shape->labels[chunk.first + i % chunk.count]);
}

static double scale_of(const sngp_prediction_setting *setting, const float *variance) {
  if (variance == NULL || setting->factor < 0) return 1 / setting->temperature;
  return 1 / (setting->temperature * sqrt(1 + setting->factor * (double)*variance));
}

/* Where each logit has a scale of its own; they are as they were written. */
static void log_probabilities_apart(const sngp_held_out *held_out, const sngp_held_out_chunk *chunk,
                                    int64_t pass, float *scaled, double *log_p) {
  const sngp_prediction_setting *setting = &held_out->settings[pass / held_out->passes_per_setting];
  const int64_t classes = held_out->shape.classes;
  for (int64_t i = 0; i < chunk->count; i++) {
    const int64_t at = (pass * chunk->count + i) * classes;
    float *row = scaled + i * classes;
    for (int64_t k = 0; k < classes; k++)
      row[k] = (float)scale_of(setting, chunk->variance + at + k) * chunk->logits[at + k];
    arrange_row(row, classes, held_out->shape.labels[chunk->first + i]);
    log_p[i] = (double)row[0];
  }
  sngp_kernel_exp((size_t)(chunk->count * classes), scaled);
  for (int64_t i = 0; i < chunk->count; i++) {
    double sum = 0;
    for (int64_t k = 1; k < classes; k++) sum += (double)scaled[i * classes + k];
    log_p[i] -= log1p(sum);
  }
}

/* log p of the labels of a chunk's rows in one pass. */
static void log_probabilities(const sngp_held_out *held_out, const sngp_held_out_chunk *chunk,
                              int64_t pass, float *exponentials, double *log_p) {
  if (held_out->shape.num_variances > 1) {
    log_probabilities_apart(held_out, chunk, pass, exponentials, log_p);
    return;
  }
  int64_t classes = held_out->shape.classes, others = classes - 1;
  const float *rows = chunk->logits + pass * chunk->count * classes;
  const float *variance = chunk->variance != NULL ? chunk->variance + pass * chunk->count : NULL;
  const sngp_prediction_setting *setting = &held_out->settings[pass / held_out->passes_per_setting];
  for (int64_t i = 0; i < chunk->count; i++) {
    double scale = scale_of(setting, variance != NULL ? variance + i : NULL);
    log_p[i] = scale * (double)rows[i * classes];
    for (int64_t k = 0; k < others; k++)
      exponentials[i * others + k] = (float)scale * rows[i * classes + 1 + k];
  }
  sngp_kernel_exp((size_t)(chunk->count * others), exponentials);
  for (int64_t i = 0; i < chunk->count; i++) {
    double sum = 0;
    for (int64_t k = 0; k < others; k++) sum += (double)exponentials[i * others + k];
    log_p[i] -= log1p(sum);
  }
}

/* log(exp(a) + exp(b)) */
static double log_add(double a, double b) { return fmax(a, b) + log1p(exp(-fabs(a - b))); }

static void sum_chunk(void *context, int index) {
  const sngp_held_out *held_out = context;
  const sngp_held_out_shape *shape = &held_out->shape;
  const sngp_held_out_chunk chunk = sngp_held_out_chunk_at(held_out, index);
  double total[SNGP_CHUNK_ROWS], log_p[SNGP_CHUNK_ROWS];
  float *exponentials = held_out->exponentials + index % sngp_pool_num_threads(held_out->pool) *
                                                     SNGP_CHUNK_ROWS * shape->classes;
  log_probabilities(held_out, &chunk, 0, exponentials, total);
  for (int64_t pass = 1; pass < shape->passes; pass++) {
    log_probabilities(held_out, &chunk, pass, exponentials, log_p);
    for (int64_t i = 0; i < chunk.count; i++) total[i] = log_add(total[i], log_p[i]);
  }
  double sum = 0, log_passes = log((double)shape->passes);
  for (int64_t i = 0; i < chunk.count; i++) {
    double weight = weight_of(shape, chunk.first + i);
    if (weight > 0) sum += weight * (log_passes - total[i]);
  }
  held_out->sums[index] = sum;
}

double sngp_held_out_nll(sngp_held_out *held_out, const sngp_prediction_setting *settings,
                         int64_t num_settings) {
  held_out->settings = settings;
  held_out->passes_per_setting = held_out->shape.passes / num_settings;
  sngp_pool_run(held_out->pool, sum_chunk, held_out, held_out->num_chunks);
  double sum = 0;
  for (int i = 0; i < held_out->num_chunks; i++) sum += held_out->sums[i];
  return sum / held_out->total_weight;
}
