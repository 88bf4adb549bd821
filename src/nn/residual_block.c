#include "nn/residual_block.h"

#include "linalg/blas.h"
#include "linalg/kernels.h"

static void multiply(const sngp_dense *layer, const float *h, int64_t rows, float *z) {
  int64_t width = layer->in;
  sngp_sgemm(false, false, rows, width, width, h, width, layer->weight, width, 0, z, width);
}

void sngp_residual_block_forward(const sngp_dense *layer, float *h, int64_t rows, float *z) {
  multiply(layer, h, rows, z);
  sngp_kernel_relu_add((size_t)rows, (size_t)layer->in, z, layer->bias, h);
}

void sngp_residual_block_forward_dropout(const sngp_dense *layer, const sngp_dropout *dropout,
                                         const sngp_random_stream *stream, int64_t first_row,
                                         const float *h, int64_t rows, float *z, uint32_t *words,
                                         float *a, float *next) {
  int64_t width = layer->in;
  multiply(layer, h, rows, z);
  for (int64_t i = 0; i < rows; i++) {
    if (dropout->threshold > 0) sngp_dropout_draw(stream, first_row + i, width, words);
    int64_t row = i * width;
    sngp_kernel_relu_dropout((size_t)width, z + row, layer->bias, h + row, words,
                             dropout->threshold, dropout->keep_scale, a + row, next + row);
  }
}

void sngp_residual_block_sample(const sngp_dense *layer, const sngp_dropout *dropout,
                                const sngp_random_stream *stream, int64_t first_row, float *h,
                                int64_t rows, float *z, uint32_t *words) {
  int64_t width = layer->in;
  multiply(layer, h, rows, z);
  for (int64_t i = 0; i < rows; i++) {
    if (dropout->threshold > 0) sngp_dropout_draw(stream, first_row + i, width, words);
    sngp_kernel_relu_dropout_add((size_t)width, z + i * width, layer->bias, words,
                                 dropout->threshold, dropout->keep_scale, h + i * width);
  }
}

void sngp_residual_block_backward(const sngp_dense *layer, const sngp_dropout *dropout,
                                  const float *h, const float *a, int64_t rows, int input_gradient,
                                  float *dh, float *z, float *dweight, float *dbias) {
  int64_t width = layer->in;
  sngp_kernel_relu_dropout_backward((size_t)(rows * width), a, dh, dropout->keep_scale, z);
  sngp_dense_backward(layer, h, z, rows, dweight, dbias, NULL);
  if (input_gradient) /* dh += dz W^T: the identity's part is there already */
    sngp_sgemm(false, true, rows, width, width, z, width, layer->weight, width, 1, dh, width);
}
