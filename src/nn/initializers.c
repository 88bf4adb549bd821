#include "nn/initializers.h"

#include <math.h>

#include "base/memory.h"
#include "linalg/orthogonal.h"

void sngp_initialize_glorot(const sngp_random_stream *stream, int64_t in, int64_t out,
                            float *weight) {
  double limit = sqrt(6.0 / (double)(in + out));
  sngp_random_fill_uniform(stream, -limit, limit, weight, (size_t)(in * out));
}

/* Draws: `normal` (n, n) and the columns' lengths from a second normal matrix. */
static sngp_status draw_block(int64_t seed, int64_t index, int64_t block, int64_t n, float *draws,
                              double *q, double *lengths) {
  size_t size = (size_t)(n * n);
  sngp_random_stream lengths_stream =
      sngp_random_open(seed, SNGP_RANDOM_INITIAL, 2 * block + 2, index);
  sngp_random_fill_normal(&lengths_stream, 1, draws, size);
  for (int64_t j = 0; j < n; j++) {
    double square = 0;
    for (int64_t i = 0; i < n; i++) square += (double)draws[j * n + i] * (double)draws[j * n + i];
    lengths[j] = sqrt(square);
  }
  sngp_random_stream directions = sngp_random_open(seed, SNGP_RANDOM_INITIAL, 2 * block + 1, index);
  sngp_random_fill_normal(&directions, 1, draws, size);
  for (size_t i = 0; i < size; i++) q[i] = (double)draws[i];
  return sngp_orthonormalize(n, q);
}

sngp_status sngp_initialize_orthogonal(int64_t seed, int64_t index, int64_t in,
                                       int64_t num_features, double std, float *weight) {
  size_t size = (size_t)(in * in);
  double *q = sngp_allocate(size + (size_t)in, sizeof *q);
  float *draws = sngp_allocate(size, sizeof *draws);
  sngp_status status =
      q != NULL && draws != NULL ? SNGP_OK : sngp_fail_memory("orthogonal features");
  for (int64_t first = 0; first < num_features && status == SNGP_OK; first += in) {
    double *lengths = q + size;
    status = draw_block(seed, index, first / in, in, draws, q, lengths);
    int64_t columns = num_features - first < in ? num_features - first : in;
    for (int64_t i = 0; i < in && status == SNGP_OK; i++)
      for (int64_t j = 0; j < columns; j++)
        weight[i * num_features + first + j] = (float)(std * lengths[j] * q[i * in + j]);
  }
  sngp_release(draws);
  sngp_release(q);
  return status;
}

sngp_status sngp_initialize_student(const sngp_random_stream *stream, int64_t degrees, int64_t in,
                                    int64_t num_features, float *weight) {
  size_t count = (size_t)(degrees * num_features);
  float *draws = sngp_allocate(count, sizeof *draws);
  if (draws == NULL) return sngp_fail_memory("the frequencies of random features");
  sngp_random_fill_normal(stream, 1, draws, count);
  for (int64_t j = 0; j < num_features; j++) {
    double square = 0;
    for (int64_t k = 0; k < degrees; k++) {
      double draw = (double)draws[j * degrees + k];
      square += draw * draw;
    }
    double factor = 1 / sqrt(square / (double)degrees);
    for (int64_t i = 0; i < in; i++) {
      float *element = &weight[i * num_features + j];
      *element = (float)(factor * (double)*element);
    }
  }
  sngp_release(draws);
  return SNGP_OK;
}
