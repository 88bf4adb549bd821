#include "linalg/kernels.h"

#include <Random123/philox.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__) && \
    !defined(SNGP_SCALAR_KERNELS)
#define VECTOR_MATH 1
#endif

#ifdef VECTOR_MATH
/* Declared here in place of <math.h>: the attribute says that vector versions exist (glibc's
   libmvec), which glibc's own header says under -ffast-math only, and that would remove the checks
   for NaN and switch the host's floating-point mode when the library is loaded. */
__attribute__((simd("notinbranch"))) extern float cosf(float);
__attribute__((simd("notinbranch"))) extern float sinf(float);
__attribute__((simd("notinbranch"))) extern float expf(float);
__attribute__((simd("notinbranch"))) extern float logf(float);
extern float sqrtf(float);
#else
#include <math.h>
#endif

/* A program under the thread sanitizer crashes in the resolvers before it starts. */
#if defined(VECTOR_MATH) && !defined(SNGP_NO_TARGET_CLONES)
#define TARGET_CLONES 1
#define KERNEL __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define KERNEL
#endif

enum { LANES = 16 };

KERNEL void sngp_kernel_cos(size_t n, const float *restrict x, float scale, float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] = scale * cosf(x[i]);
}

KERNEL void sngp_kernel_cos_in_place(size_t n, float scale, float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] = scale * cosf(y[i]);
}

/* A loop of its own: gcc fuses a sine and a cosine of one argument into a scalar sincosf. */
KERNEL void sngp_kernel_cos_backward(size_t n, const float *restrict x, float scale,
                                     float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] *= -scale * sinf(x[i]);
}

/* x and y may be the same. */
KERNEL void sngp_kernel_relu(size_t n, const float *x, float scale, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = x[i] < 0 ? 0 : scale * x[i];
}

KERNEL void sngp_kernel_relu_backward(size_t n, const float *restrict x, float scale,
                                      float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] = x[i] > 0 ? scale * y[i] : 0;
}

KERNEL void sngp_kernel_exp(size_t n, float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] = expf(y[i]);
}

KERNEL void sngp_kernel_add_rows(size_t rows, size_t n, const float *restrict bias,
                                 float *restrict x) {
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < n; i++) x[r * n + i] += bias[i];
}

KERNEL void sngp_kernel_column_sums(size_t rows, size_t n, const float *restrict x,
                                    float *restrict sums) {
  for (size_t i = 0; i < n; i++) sums[i] = 0;
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < n; i++) sums[i] += x[r * n + i];
}

KERNEL void sngp_kernel_relu_add(size_t rows, size_t n, const float *restrict z,
                                 const float *restrict bias, float *restrict h) {
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < n; i++) {
      float value = z[r * n + i] + bias[i];
      h[r * n + i] += value < 0 ? 0 : value;
    }
}

KERNEL
static void relu_dropout(size_t n, const float *restrict z, const float *restrict bias,
                         const float *restrict h, const uint32_t *restrict words, int shift,
                         uint32_t threshold, float keep_scale, float *restrict a,
                         float *restrict next) {
  for (size_t i = 0; i < n; i++) {
    float value = z[i] + bias[i];
    float factor = ((words[i] >> shift) & 0xffffu) >= threshold ? keep_scale : 0.0f;
    value = (value < 0 ? 0 : value) * factor;
    a[i] = value;
    next[i] = h[i] + value;
  }
}

/* The first half of the row takes the words' lower 16 bits, the second half the upper ones. */
void sngp_kernel_relu_dropout(size_t n, const float *z, const float *bias, const float *h,
                              const uint32_t *words, uint32_t threshold, float keep_scale, float *a,
                              float *next) {
  size_t num_words = (n + 7) / 8 * 4;
  size_t low = n < num_words ? n : num_words;
  relu_dropout(low, z, bias, h, words, 0, threshold, keep_scale, a, next);
  relu_dropout(n - low, z + low, bias + low, h + low, words, 16, threshold, keep_scale, a + low,
               next + low);
}

KERNEL
static void relu_dropout_add(size_t n, const float *restrict z, const float *restrict bias,
                             const uint32_t *restrict words, int shift, uint32_t threshold,
                             float keep_scale, float *restrict h) {
  for (size_t i = 0; i < n; i++) {
    float value = z[i] + bias[i];
    float factor = ((words[i] >> shift) & 0xffffu) >= threshold ? keep_scale : 0.0f;
    h[i] += (value < 0 ? 0 : value) * factor;
  }
}

void sngp_kernel_relu_dropout_add(size_t n, const float *z, const float *bias,
                                  const uint32_t *words, uint32_t threshold, float keep_scale,
                                  float *h) {
  size_t num_words = (n + 7) / 8 * 4;
  size_t low = n < num_words ? n : num_words;
  relu_dropout_add(low, z, bias, words, 0, threshold, keep_scale, h);
  relu_dropout_add(n - low, z + low, bias + low, words, 16, threshold, keep_scale, h + low);
}

KERNEL void sngp_kernel_relu_dropout_backward(size_t n, const float *restrict a,
                                              const float *restrict dh, float keep_scale,
                                              float *restrict dz) {
  for (size_t i = 0; i < n; i++) dz[i] = a[i] > 0 ? dh[i] * keep_scale : 0.0f;
}

KERNEL void sngp_kernel_random_words(const sngp_random_stream *stream, uint32_t first_block,
                                     size_t blocks, uint32_t *restrict words) {
  const philox4x32_key_t key = {{stream->key[0], stream->key[1]}};
  const uint32_t index = stream->index, step = stream->step, purpose = stream->purpose_step;
  for (size_t i = 0; i < blocks; i++) {
    philox4x32_ctr_t counter = {{first_block + (uint32_t)i, index, step, purpose}};
    philox4x32_ctr_t result = philox4x32(counter, key);
    words[i] = result.v[0];
    words[blocks + i] = result.v[1];
    words[2 * blocks + i] = result.v[2];
    words[3 * blocks + i] = result.v[3];
  }
}

/* The middle of one of 2^24 intervals of (0, 1). */
static inline float to_unit(uint32_t word) {
  return (float)(int32_t)(word >> 8) * 0x1p-24f + 0x1p-25f;
}

/* sin a = cos(a - pi / 2): gcc would fuse a sine and a cosine of one argument. */
KERNEL
static void box_muller(size_t n, const uint32_t *restrict first, const uint32_t *restrict second,
                       float *restrict z, float *restrict z_other) {
  const float two_pi = 6.2831853f, half_pi = 1.57079633f;
  for (size_t i = 0; i < n; i++) {
    float radius = sqrtf(-2 * logf(to_unit(first[i]))), angle = two_pi * to_unit(second[i]);
    z[i] = radius * cosf(angle);
    z_other[i] = radius * cosf(angle - half_pi);
  }
}

void sngp_kernel_normal(size_t blocks, const uint32_t *words, float *z) {
  box_muller(blocks, words, words + blocks, z, z + blocks);
  box_muller(blocks, words + 2 * blocks, words + 3 * blocks, z + 2 * blocks, z + 3 * blocks);
}

KERNEL float sngp_kernel_sum(size_t n, const float *x) {
  float lanes[LANES] = {0}, sum = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) lanes[k] += x[i + k];
  for (; i < n; i++) sum += x[i];
  for (size_t k = 0; k < LANES; k++) sum += lanes[k];
  return sum;
}

KERNEL float sngp_kernel_dot(size_t n, const float *x, const float *y) {
  float lanes[LANES] = {0}, sum = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) lanes[k] += x[i + k] * y[i + k];
  for (; i < n; i++) sum += x[i] * y[i];
  for (size_t k = 0; k < LANES; k++) sum += lanes[k];
  return sum;
}

KERNEL float sngp_kernel_sum_squares(size_t n, const float *x, float center) {
  float lanes[LANES] = {0}, sum = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) {
      float difference = x[i + k] - center;
      lanes[k] += difference * difference;
    }
  for (; i < n; i++) sum += (x[i] - center) * (x[i] - center);
  for (size_t k = 0; k < LANES; k++) sum += lanes[k];
  return sum;
}

KERNEL double sngp_kernel_square_norm(size_t n, const float *x) {
  double lanes[LANES] = {0}, sum = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) lanes[k] += (double)x[i + k] * (double)x[i + k];
  for (; i < n; i++) sum += (double)x[i] * (double)x[i];
  for (size_t k = 0; k < LANES; k++) sum += lanes[k];
  return sum;
}

KERNEL void sngp_kernel_add(size_t n, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] += x[i];
}

KERNEL void sngp_kernel_affine(size_t n, const float *restrict x, float scale, float offset,
                               float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] = x[i] * scale + offset;
}

KERNEL void sngp_kernel_add_scaled(size_t n, float factor, const float *restrict x,
                                   float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
}

KERNEL void sngp_kernel_standardize(size_t n, const float *restrict x, const float *restrict mean,
                                    const float *restrict scale, float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] = (x[i] - mean[i]) / scale[i];
}

/* x and y may be the same. */
KERNEL void sngp_kernel_clamp(size_t n, const float *x, float limit, float *y) {
  for (size_t i = 0; i < n; i++) {
    float value = x[i] > limit ? limit : x[i];
    y[i] = value < -limit ? -limit : value;
  }
}

KERNEL void sngp_kernel_to_double(size_t n, const float *restrict x, double factor,
                                  double *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] = factor * (double)x[i];
}

KERNEL void sngp_kernel_from_double(size_t n, const double *restrict x, double factor,
                                    float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] = (float)(factor * x[i]);
}

KERNEL void sngp_kernel_add_to_double(size_t n, const float *restrict x, double *restrict sums) {
  for (size_t i = 0; i < n; i++) sums[i] += (double)x[i];
}

KERNEL void sngp_kernel_rotate(size_t n, size_t k, const sngp_rotation *restrict rotations,
                               double *restrict row, double *restrict sums, size_t stride) {
  size_t t = 0;
  for (; t + 2 <= k; t += 2) { /* two at once: the row is read and written half as often */
    const sngp_rotation a = rotations[t], b = rotations[t + 1];
    double *restrict first = sums + t * stride, *restrict second = sums + (t + 1) * stride;
    for (size_t j = 0; j < n; j++) {
      double old = row[j], between = a.keep * old - a.take * first[j];
      first[j] += a.weight * old;
      row[j] = b.keep * between - b.take * second[j];
      second[j] += b.weight * between;
    }
  }
  for (; t < k; t++) {
    const sngp_rotation a = rotations[t];
    double *restrict first = sums + t * stride;
    for (size_t j = 0; j < n; j++) {
      double old = row[j];
      row[j] = a.keep * old - a.take * first[j];
      first[j] += a.weight * old;
    }
  }
}

/* x - x is 0 for a finite x, else NaN, and a NaN stays in every sum. */
KERNEL bool sngp_kernel_all_finite(size_t n, const float *x) {
  float lanes[LANES] = {0}, sum = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) lanes[k] += x[i + k] - x[i + k];
  for (; i < n; i++) sum += x[i] - x[i];
  for (size_t k = 0; k < LANES; k++) sum += lanes[k];
  return sum == 0;
}

KERNEL void sngp_kernel_adam(size_t n, const sngp_update_scalars *scalars,
                             const float *restrict gradient, float *restrict parameter,
                             float *restrict first, float *restrict second) {
  const float rate = scalars->rate, epsilon = scalars->epsilon, scale = scalars->gradient_scale;
  const float step1 = scalars->one_minus_beta1, step2 = scalars->one_minus_beta2;
  for (size_t i = 0; i < n; i++) {
    float g = gradient[i] * scale;
    first[i] += (g - first[i]) * step1;
    second[i] += (g * g - second[i]) * step2;
    parameter[i] -= rate * first[i] / (sqrtf(second[i]) + epsilon);
  }
}

KERNEL void sngp_kernel_sgd(size_t n, const sngp_update_scalars *scalars, bool nesterov,
                            const float *restrict gradient, float *restrict parameter,
                            float *restrict velocity) {
  const float rate = scalars->rate, momentum = scalars->momentum, scale = scalars->gradient_scale;
  for (size_t i = 0; i < n; i++) {
    float g = gradient[i] * scale;
    velocity[i] = momentum * velocity[i] + g;
    parameter[i] -= rate * (nesterov ? g + momentum * velocity[i] : velocity[i]);
  }
}

const char *sngp_kernel_instruction_set(void) {
#ifdef TARGET_CLONES
  if (__builtin_cpu_supports("avx512f")) return "avx512f";
  if (__builtin_cpu_supports("avx2")) return "avx2";
#endif
  return "baseline";
}
