/* Softmax, its cross-entropy and the focal loss. */
#ifndef SNGP_NN_LOSS_H
#define SNGP_NN_LOSS_H

#include <stdint.h>

/* The index of the first largest element of a row. */
int64_t sngp_largest(const float *row, int64_t n);

/* In place: each row of logits (rows, K) becomes probabilities. The maximum is subtracted first. */
void sngp_softmax(float *logits, int64_t rows, int64_t num_classes);

typedef struct {
  double loss;    /* sum over rows of weight times loss */
  double correct; /* rows whose largest logit, the first among equals, is the label's */
} sngp_loss_sums;

/* Softmax cross-entropy of logits (rows, K) against labels; weights NULL: 1. In place: the logits
   become the gradient of gradient_scale * loss. */
sngp_loss_sums sngp_softmax_cross_entropy(float *logits, const int32_t *labels,
                                          const float *weights, int64_t rows, int64_t num_classes,
                                          float gradient_scale);

/* The same for the focal loss -(1 - p)^gamma log p of the label's probability p (Lin et al., arXiv
   1708.02002), gamma 0 or more; with gamma 0 it is the cross-entropy, but for rounding. */
sngp_loss_sums sngp_softmax_focal_loss(float *logits, const int32_t *labels, const float *weights,
                                       int64_t rows, int64_t num_classes, double gamma,
                                       float gradient_scale);

#endif
