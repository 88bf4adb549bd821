/* Softmax and its cross-entropy. */
#ifndef SNGP_NN_LOSS_H
#define SNGP_NN_LOSS_H

#include <stdint.h>

/* The index of the first largest element of a row. */
int64_t sngp_largest(const float *row, int64_t n);

/* In place: each row of logits (rows, K) becomes probabilities. The maximum is subtracted first. */
void sngp_softmax(float *logits, int64_t rows, int64_t num_classes);

typedef struct {
  double loss;     /* sum over rows of weight times cross-entropy */
  int64_t correct; /* rows whose largest logit, the first among equals, is the label's */
} sngp_loss_sums;

/* Softmax cross-entropy of logits (rows, K) against labels; weights NULL: 1. In place: the logits
   become the gradient of gradient_scale * loss. */
sngp_loss_sums sngp_softmax_cross_entropy(float *logits, const int32_t *labels,
                                          const float *weights, int64_t rows, int64_t num_classes,
                                          float gradient_scale);

#endif
