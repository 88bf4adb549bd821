/* The layers once more: double precision, plain loops, written from their definition, with no call
   into the library. Include after "support/check.h". */
#ifndef SNGP_TESTS_UNIT_REFERENCE_LAYERS_H
#define SNGP_TESTS_UNIT_REFERENCE_LAYERS_H

#include <stdint.h>

/* Philox4x32-10 (Salmon et al., SC 2011), counter in place. */
static inline void reference_philox(const uint32_t key[2], uint32_t counter[4]) {
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    uint64_t product0 = 0xd2511f53u * (uint64_t)counter[0];
    uint64_t product1 = 0xcd9e8d57u * (uint64_t)counter[2];
    uint32_t next[4] = {(uint32_t)(product1 >> 32) ^ counter[1] ^ k0, (uint32_t)product1,
                        (uint32_t)(product0 >> 32) ^ counter[3] ^ k1, (uint32_t)product0};
    for (int i = 0; i < 4; i++) counter[i] = next[i];
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
}

/* What dropout multiplies the units of one row by: 0 or 1 / (1 - rate), the rate in 65536ths. The
   bits: purpose 2, the step, the layer; a row takes ceil(width / 8) blocks; word w of block b is
   word w blocks + b of the row; the first units take the lower halves of the words, the rest the
   upper ones. */
static inline void reference_dropout(int64_t seed, int64_t step, int64_t layer, int64_t row,
                                     int64_t width, double rate, double *factors) {
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  int64_t blocks = (width + 7) / 8;
  double level = round(rate * 65536);
  for (int64_t j = 0; j < width; j++) {
    int64_t word = j % (4 * blocks), block = row * blocks + word % blocks;
    uint32_t counter[4] = {(uint32_t)block, (uint32_t)layer, (uint32_t)step,
                           2u << 24 | (uint32_t)(step >> 32)};
    reference_philox(key, counter);
    uint32_t bits = counter[word / blocks];
    bits = j < 4 * blocks ? bits & 0xffff : bits >> 16;
    factors[j] = bits >= level ? 1 / (1 - level / 65536) : 0;
  }
}

/* y = x W + b */
static inline void reference_dense(const double *x, int64_t rows, int64_t in, int64_t out,
                                   const double *weight, const double *bias, double *y) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t j = 0; j < out; j++) {
      double sum = bias[j];
      for (int64_t i = 0; i < in; i++) sum += x[r * in + i] * weight[i * out + j];
      y[r * out + j] = sum;
    }
}

/* next = h + factor max(0, h W + b), factors NULL: 1. Returns the smallest |h W + b|, the distance
   from the kinks. */
static inline double reference_residual_block(const double *h, int64_t rows, int64_t width,
                                              const double *weight, const double *bias,
                                              const double *factors, double *next) {
  double smallest = INFINITY;
  for (int64_t r = 0; r < rows; r++)
    for (int64_t j = 0; j < width; j++) {
      double z = bias[j];
      for (int64_t i = 0; i < width; i++) z += h[r * width + i] * weight[i * width + j];
      smallest = fmin(smallest, fabs(z));
      next[r * width + j] =
          h[r * width + j] + (z > 0 ? z : 0) * (factors != NULL ? factors[r * width + j] : 1);
    }
  return smallest;
}

/* The inputs of the random features, by number as in sngp_model_config: 0 h, 1 layer norm of h, 2
   normalised h and its length, 3 normalised h; all over sqrt(kernel_scale). */
static inline void reference_head_input(int32_t normalize, const double *h, int64_t rows,
                                        int64_t hidden, double kernel_scale, double radius_scale,
                                        const double *scale, const double *offset, double *g) {
  int64_t width = normalize == 2 ? hidden + 1 : hidden;
  for (int64_t r = 0; r < rows; r++, h += hidden, g += width) {
    double mean = 0, variance = 0;
    for (int64_t j = 0; j < hidden; j++) mean += h[j] / (double)hidden;
    for (int64_t j = 0; j < hidden; j++) variance += (h[j] - mean) * (h[j] - mean) / (double)hidden;
    double radius = sqrt(variance + 1e-3);
    for (int64_t j = 0; j < hidden; j++) {
      double n = (h[j] - mean) / radius;
      g[j] = normalize == 0 ? h[j] : normalize == 1 ? n * scale[j] + offset[j] : n;
    }
    if (normalize == 2) g[hidden] = radius_scale * radius;
    for (int64_t j = 0; j < width; j++) g[j] /= sqrt(kernel_scale);
  }
}

/* phi = s cos(g W + b) */
static inline void reference_random_features(const double *g, int64_t rows, int64_t width,
                                             int64_t features, const double *weight,
                                             const double *bias, double s, double *phi) {
  reference_dense(g, rows, width, features, weight, bias, phi);
  for (int64_t i = 0; i < rows * features; i++) phi[i] = s * cos(phi[i]);
}

/* phi = s max(0, g W + b). Returns the smallest |g W + b|, the distance from the kinks. */
static inline double reference_relu_features(const double *g, int64_t rows, int64_t width,
                                             int64_t features, const double *weight,
                                             const double *bias, double s, double *phi) {
  double smallest = INFINITY;
  reference_dense(g, rows, width, features, weight, bias, phi);
  for (int64_t i = 0; i < rows * features; i++) {
    smallest = fmin(smallest, fabs(phi[i]));
    phi[i] = s * fmax(0, phi[i]);
  }
  return smallest;
}

/* sum over rows of weight * (log sum exp f - f_label); weights NULL: 1. */
static inline double reference_cross_entropy(const double *logits, const int32_t *labels,
                                             const float *weights, int64_t rows, int64_t classes) {
  double loss = 0;
  for (int64_t r = 0; r < rows; r++) {
    const double *f = logits + r * classes;
    double largest = f[0], sum = 0;
    for (int64_t k = 1; k < classes; k++) largest = fmax(largest, f[k]);
    for (int64_t k = 0; k < classes; k++) sum += exp(f[k] - largest);
    loss += (weights != NULL ? (double)weights[r] : 1) * (log(sum) + largest - f[labels[r]]);
  }
  return loss;
}

#endif
