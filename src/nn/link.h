/* What the outputs f of a network say of a row; and the losses of those that are not classes of a
   softmax: each output has a target of its own. */
#ifndef SNGP_NN_LINK_H
#define SNGP_NN_LINK_H

#include "nn/loss.h"

typedef enum {
  SNGP_LINK_SOFTMAX,    /* probabilities of K classes */
  SNGP_LINK_LOGISTIC,   /* one output: p = 1 / (1 + exp(-f)) is that of class 1 of 2 */
  SNGP_LINK_SIGMOID,    /* the same for each of T labels */
  SNGP_LINK_IDENTITY,   /* T scaled targets */
  SNGP_LINK_EXPONENTIAL /* T rates of counts, exp(f) */
} sngp_output_link;

/* f_i = 1 / (1 + exp(-f_i)) */
void sngp_logistic(float *outputs, int64_t count);

/* In place: outputs (rows) of LOGISTIC become logits (rows, 2) of a softmax, (-f / 2, f / 2). */
void sngp_two_class_logits(float *outputs, int64_t rows);

/* Of outputs f (rows, O) against targets y (rows, O); weights (rows) NULL: 1. In place: the outputs
   become the gradient of gradient_scale * loss. A row's loss is the sum over its outputs of

     IDENTITY            (f - y)^2 / 2
     EXPONENTIAL         exp(f) - y f
     LOGISTIC, SIGMOID   log(1 + exp(f)) - y f

   A row is correct by the share of its outputs that are on their target's side of p = 1/2; that is
   NaN for the first two. */
sngp_loss_sums sngp_link_loss(sngp_output_link link, float *outputs, const float *targets,
                              const float *weights, int64_t rows, int64_t num_outputs,
                              float gradient_scale);

#endif
