/* Trained lengths of the kernel: each column of the features' input is divided by exp(l_j), with
   one l for all columns or one for each (automatic relevance determination: Neal, "Bayesian
   Learning for Neural Networks", 1996). The logarithm keeps lengths positive. */
#ifndef SNGP_NN_KERNEL_LENGTH_H
#define SNGP_NN_KERNEL_LENGTH_H

#include <stdint.h>

typedef struct {
  int64_t width;           /* G */
  int64_t count;           /* 1 or G; 0: no lengths are trained, and nothing below is called */
  const float *log_length; /* (count) */
} sngp_kernel_length;

/* g (rows, G) in place; `factors` (G) keeps exp(-l_j). */
void sngp_kernel_length_forward(const sngp_kernel_length *length, int64_t rows, float *factors,
                                float *g);

/* dg (rows, G) in place; dlog_length (count), overwritten: -sum of dg g. g and factors as the way
   forward left them. */
void sngp_kernel_length_backward(const sngp_kernel_length *length, const float *g,
                                 const float *factors, int64_t rows, float *dg, float *dlog_length);

#endif
