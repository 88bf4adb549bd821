/* Embeddings from a mixture of normals, one component a class, and their random features. */
#ifndef SNGP_BENCH_MIXTURE_H
#define SNGP_BENCH_MIXTURE_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "nn/random_features.h"

enum { MIXTURE_INPUTS = 384, MIXTURE_BLOCK = 512 };

typedef struct {
  int64_t rows, size;
  float *embeddings; /* (rows, MIXTURE_INPUTS) */
  float *features;   /* (rows, size), scaled */
  int32_t *labels;
  float *weight, *bias;
  sngp_random_features layer;
} mixture;

/* A multiplicative generator (Steele and Vigna, "Computationally easy, spectrally good
   multipliers", 2021), of which the top bits are used. */
static inline float mixture_uniform(uint64_t *state) {
  *state = *state * 0xd1342543de82ef95u + 1;
  return ((float)(*state >> 40) + 0.5f) * 0x1p-24f;
}

static inline float mixture_normal(uint64_t *state) {
  float radius = sqrtf(-2 * logf(mixture_uniform(state)));
  return radius * cosf(6.2831853f * mixture_uniform(state));
}

static inline void *mixture_memory(int64_t count, size_t size) {
  void *memory = malloc((size_t)count * size);
  if (memory == NULL) exit(1);
  return memory;
}

/* Centres of variance 0.1 a coordinate in noise of variance 1: neighbours overlap. The kernel's
   length is the usual distance of two embeddings. */
static inline mixture make_mixture(int64_t rows, int64_t size, int32_t classes) {
  mixture data = {.rows = rows, .size = size};
  uint64_t state = 1;
  const float spread = sqrtf(0.1f), length = sqrtf(2 * 1.1f * MIXTURE_INPUTS);
  float *centres = mixture_memory((int64_t)classes * MIXTURE_INPUTS, sizeof *centres);
  for (int64_t i = 0; i < (int64_t)classes * MIXTURE_INPUTS; i++)
    centres[i] = spread * mixture_normal(&state);
  data.embeddings = mixture_memory(rows * MIXTURE_INPUTS, sizeof *data.embeddings);
  data.features = mixture_memory(rows * size, sizeof *data.features);
  data.labels = mixture_memory(rows, sizeof *data.labels);
  data.weight = mixture_memory(MIXTURE_INPUTS * size, sizeof *data.weight);
  data.bias = mixture_memory(size, sizeof *data.bias);
  for (int64_t i = 0; i < rows; i++) {
    data.labels[i] = (int32_t)((float)classes * mixture_uniform(&state)) % classes;
    for (int64_t j = 0; j < MIXTURE_INPUTS; j++)
      data.embeddings[i * MIXTURE_INPUTS + j] =
          centres[data.labels[i] * MIXTURE_INPUTS + j] + mixture_normal(&state);
  }
  for (int64_t i = 0; i < MIXTURE_INPUTS * size; i++)
    data.weight[i] = mixture_normal(&state) / length;
  for (int64_t j = 0; j < size; j++) data.bias[j] = 6.2831853f * mixture_uniform(&state);
  data.layer = (sngp_random_features){.in = MIXTURE_INPUTS,
                                      .num_features = size,
                                      .weight = data.weight,
                                      .bias = data.bias,
                                      .scale = sqrtf(2 / (float)size)};
  for (int64_t first = 0; first < rows; first += MIXTURE_BLOCK) {
    int64_t count = rows - first < MIXTURE_BLOCK ? rows - first : MIXTURE_BLOCK;
    float *phi = data.features + first * size;
    sngp_random_features_forward(&data.layer, data.embeddings + first * MIXTURE_INPUTS, count, phi,
                                 phi);
  }
  free(centres);
  return data;
}

static inline void free_mixture(mixture *data) {
  free(data->embeddings);
  free(data->features);
  free(data->labels);
  free(data->weight);
  free(data->bias);
}

#endif
