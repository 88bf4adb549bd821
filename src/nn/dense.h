/* Dense layer: y = x W + b, W (in, out), or y = x W. */
#ifndef SNGP_NN_DENSE_H
#define SNGP_NN_DENSE_H

#include <stdint.h>

typedef struct {
  int64_t in, out;
  float *weight; /* (in, out) */
  float *bias;   /* (out); NULL: none */
} sngp_dense;

/* x (rows, in) to y (rows, out). */
void sngp_dense_forward(const sngp_dense *layer, const float *x, int64_t rows, float *y);

/* From dy (rows, out): dweight, dbias (each NULL: not wanted) and dx (rows, in; NULL: not wanted),
   all overwritten. */
void sngp_dense_backward(const sngp_dense *layer, const float *x, const float *dy, int64_t rows,
                         float *dweight, float *dbias, float *dx);

#endif
