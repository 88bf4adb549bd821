/* What the outputs f of a network say of a row. */
#ifndef SNGP_NN_OUTPUT_LINK_H
#define SNGP_NN_OUTPUT_LINK_H

typedef enum {
  SNGP_LINK_SOFTMAX,    /* probabilities of K classes */
  SNGP_LINK_LOGISTIC,   /* one output: p = 1 / (1 + exp(-f)) is that of class 1 of 2 */
  SNGP_LINK_SIGMOID,    /* the same for each of T labels */
  SNGP_LINK_IDENTITY,   /* T scaled targets */
  SNGP_LINK_EXPONENTIAL /* T rates of counts, exp(f) */
} sngp_output_link;

#endif
