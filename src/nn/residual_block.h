/* Residual block: next = h + dropout(relu(h W + b)), W (H, H). */
#ifndef SNGP_NN_RESIDUAL_BLOCK_H
#define SNGP_NN_RESIDUAL_BLOCK_H

#include <stdint.h>

#include "nn/dense.h"
#include "nn/dropout.h"

/* Without dropout, in place; `z` holds rows * H floats of scratch. */
void sngp_residual_block_forward(const sngp_dense *layer, float *h, int64_t rows, float *z);

/* With dropout: h (rows, H) to next, keeping a = dropout(relu(h W + b)) for the way back. The rows
   are first_row, first_row + 1, ... of the batch. `words` holds sngp_dropout_words(H). */
void sngp_residual_block_forward_dropout(const sngp_dense *layer, const sngp_dropout *dropout,
                                         const sngp_random_stream *stream, int64_t first_row,
                                         const float *h, int64_t rows, float *z, uint32_t *words,
                                         float *a, float *next);

/* With dropout, in place, keeping nothing. */
void sngp_residual_block_sample(const sngp_dense *layer, const sngp_dropout *dropout,
                                const sngp_random_stream *stream, int64_t first_row, float *h,
                                int64_t rows, float *z, uint32_t *words);

/* From the gradient dh of `next`, in place: dh becomes the gradient of h. dweight and dbias are
   overwritten. With input_gradient 0 dh is left as it is. */
void sngp_residual_block_backward(const sngp_dense *layer, const sngp_dropout *dropout,
                                  const float *h, const float *a, int64_t rows, int input_gradient,
                                  float *dh, float *z, float *dweight, float *dbias);

#endif
