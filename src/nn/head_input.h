/* The input g of the random features, from the hidden representation h:
     none        g = h / sqrt(kernel_scale)
     layer norm  g = (n scale + offset) / sqrt(kernel_scale)
     standard    g = n / sqrt(kernel_scale)
     radius      g = [n, radius_scale r] / sqrt(kernel_scale)
   with r = sqrt(var(h) + 1e-3) and n = (h - mean(h)) / r over the units of a row (Ba et al., arXiv
   1607.06450; epsilon as in the reference layers). The radius form keeps the length that layer norm
   divides by, and with it the distance. */
#ifndef SNGP_NN_HEAD_INPUT_H
#define SNGP_NN_HEAD_INPUT_H

#include <stdint.h>

#include "sngp/model.h"

typedef struct {
  int32_t normalize; /* SNGP_NORMALIZE_* */
  int64_t hidden;    /* H */
  double kernel_scale;
  double radius_scale;
  float *scale; /* (H), trainable, layer norm only */
  float *offset;
} sngp_head_input;

/* Width of g: H, or H + 1 with the radius. */
int64_t sngp_head_input_width(int32_t normalize, int64_t hidden);

/* h (rows, H) to g (rows, width). `moments` (rows, 2) keeps each row's mean and r. */
void sngp_head_input_forward(const sngp_head_input *input, const float *h, int64_t rows, float *g,
                             float *moments);

/* From dg (rows, width) to dh (rows, H), overwritten; dscale and doffset (layer norm only). */
void sngp_head_input_backward(const sngp_head_input *input, const float *h, const float *moments,
                              const float *dg, int64_t rows, float *dh, float *dscale,
                              float *doffset);

#endif
