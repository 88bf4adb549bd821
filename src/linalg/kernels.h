/* Vector kernels: plain loops that the compiler vectorises, for several instruction sets. On x86-64
   with gcc, cos, sin, exp and log go to glibc's vector library (at most 4 ulp off); elsewhere to
   libm.
 */
#ifndef SNGP_LINALG_KERNELS_H
#define SNGP_LINALG_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

/* y_i = scale cos(x_i) */
void sngp_kernel_cos(size_t n, const float *x, float scale, float *y);
/* y_i = scale cos(y_i) */
void sngp_kernel_cos_in_place(size_t n, float scale, float *y);
/* y_i = -scale sin(x_i) y_i: the derivative of the above times the gradient in y */
void sngp_kernel_cos_backward(size_t n, const float *x, float scale, float *y);
/* y_i = scale max(0, x_i), which may be in place. A NaN passes. */
void sngp_kernel_relu(size_t n, const float *x, float scale, float *y);
/* y_i = scale y_i where x_i > 0, else 0: the same for its derivative */
void sngp_kernel_relu_backward(size_t n, const float *x, float scale, float *y);
/* y_i = exp(y_i) */
void sngp_kernel_exp(size_t n, float *y);

/* Each row of x (rows, n) += bias (n). */
void sngp_kernel_add_rows(size_t rows, size_t n, const float *bias, float *x);
/* sums (n) = column sums of x (rows, n). */
void sngp_kernel_column_sums(size_t rows, size_t n, const float *x, float *sums);

/* h += max(0, z + bias) over (rows, n). A NaN passes. */
void sngp_kernel_relu_add(size_t rows, size_t n, const float *z, const float *bias, float *h);

/* One row of n with dropout: a = max(0, z + bias) keep_scale where kept, else 0; next = h + a. Each
   element takes 16 random bits of `words`, which sngp_kernel_random_words() made in (n + 7) / 8
   blocks, and is kept where they are at least `threshold`. A NaN passes. */
void sngp_kernel_relu_dropout(size_t n, const float *z, const float *bias, const float *h,
                              const uint32_t *words, uint32_t threshold, float keep_scale, float *a,
                              float *next);
/* The same in place, h += a, without keeping a. */
void sngp_kernel_relu_dropout_add(size_t n, const float *z, const float *bias,
                                  const uint32_t *words, uint32_t threshold, float keep_scale,
                                  float *h);
/* dz = dh keep_scale where a > 0, else 0. */
void sngp_kernel_relu_dropout_backward(size_t n, const float *a, const float *dh, float keep_scale,
                                       float *dz);

/* The words of `blocks` consecutive blocks of a stream: word k of block i at words[k * blocks + i].
 */
void sngp_kernel_random_words(const sngp_random_stream *stream, uint32_t first_block, size_t blocks,
                              uint32_t *words);

/* Standard normals z (4, blocks) from the words (4, blocks) of so many blocks of a stream, by Box
   and Muller's transform of 24 bits each: a number depends on its block alone, and lies within 5.9.
 */
void sngp_kernel_normal(size_t blocks, const uint32_t *words, float *z);

/* sum x, sum x y, sum (x - center)^2, each by 16 interleaved partial sums in a fixed order. */
float sngp_kernel_sum(size_t n, const float *x);
float sngp_kernel_dot(size_t n, const float *x, const float *y);
float sngp_kernel_sum_squares(size_t n, const float *x, float center);
/* sum x^2 the same way, but in double precision, where it cannot overflow. */
double sngp_kernel_square_norm(size_t n, const float *x);

/* y += x;  y = x scale + offset;  y += factor x;  y = (x - mean) / scale, element by element. */
void sngp_kernel_add(size_t n, const float *x, float *y);
void sngp_kernel_affine(size_t n, const float *x, float scale, float offset, float *y);
void sngp_kernel_add_scaled(size_t n, float factor, const float *x, float *y);
void sngp_kernel_standardize(size_t n, const float *x, const float *mean, const float *scale,
                             float *y);
/* y = x, between -limit and limit. A NaN passes. */
void sngp_kernel_clamp(size_t n, const float *x, float limit, float *y);
/* sums += x in double precision. */
void sngp_kernel_add_to_double(size_t n, const float *x, double *sums);
/* y = factor x, from double precision. */
void sngp_kernel_from_double(size_t n, const double *x, double factor, float *y);
/* y = factor x in double precision. */
void sngp_kernel_to_double(size_t n, const float *x, double factor, double *y);

/* One term's part of an update of a row of an inverse factor (linalg/inverse_update.h). */
typedef struct {
  double keep, take, weight;
} sngp_rotation;

/* For each of k rotations, one after the other, with its sums, n each, `stride` apart, at once:
   row = keep row - take sums and sums += weight row, by the row as it was. */
void sngp_kernel_rotate(size_t n, size_t k, const sngp_rotation *rotations, double *row,
                        double *sums, size_t stride);

/* Whether no element is NaN or infinite. */
bool sngp_kernel_all_finite(size_t n, const float *x);

/* What an optimizer update needs; the gradient is multiplied by gradient_scale first. */
typedef struct {
  float rate;            /* step size, for Adam with its bias correction */
  float momentum;        /* SGD */
  float one_minus_beta1; /* Adam; 1 - beta is taken in double precision, since that of 0.999 */
  float one_minus_beta2; /* in single precision is 1.3e-5 off */
  float epsilon;         /* Adam */
  float gradient_scale;
} sngp_update_scalars;

/* Adam in Keras's form; SGD as in PyTorch. */
void sngp_kernel_adam(size_t n, const sngp_update_scalars *scalars, const float *gradient,
                      float *parameter, float *first, float *second);
void sngp_kernel_sgd(size_t n, const sngp_update_scalars *scalars, bool nesterov,
                     const float *gradient, float *parameter, float *velocity);

/* The instruction set that the kernels run on: "avx512f", "avx2" or "baseline". */
const char *sngp_kernel_instruction_set(void);

#endif
