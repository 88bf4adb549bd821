#include "nn/dense.h"

#include "linalg/blas.h"
#include "linalg/kernels.h"

void sngp_dense_forward(const sngp_dense *layer, const float *x, int64_t rows, float *y) {
  sngp_sgemm(false, false, rows, layer->out, layer->in, x, layer->in, layer->weight, layer->out, 0,
             y, layer->out);
  if (layer->bias != NULL) sngp_kernel_add_rows((size_t)rows, (size_t)layer->out, layer->bias, y);
}

void sngp_dense_backward(const sngp_dense *layer, const float *x, const float *dy, int64_t rows,
                         float *dweight, float *dbias, float *dx) {
  if (dweight != NULL)
    sngp_sgemm(true, false, layer->in, layer->out, rows, x, layer->in, dy, layer->out, 0, dweight,
               layer->out);
  if (dbias != NULL) sngp_kernel_column_sums((size_t)rows, (size_t)layer->out, dy, dbias);
  if (dx != NULL)
    sngp_sgemm(false, true, rows, layer->in, layer->out, dy, layer->out, layer->weight, layer->out,
               0, dx, layer->in);
}
