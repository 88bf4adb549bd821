/* The evidence of a Gaussian regression head as a function of the lengths of its kernel (as
   nn/kernel_length.h) and of lambda. All below the lengths is fixed, as are the frequencies: the
   input of the features is computed once. */
#ifndef SNGP_TRAIN_LENGTH_EVIDENCE_H
#define SNGP_TRAIN_LENGTH_EVIDENCE_H

#include "data/dataset.h"
#include "gp/feature_evidence.h"
#include "model/model.h"

/* Rows of a dataset, with what a head is to predict of them. */
typedef struct {
  const sngp_dataset *data;
  const double *targets; /* (count, T) */
  int64_t num_targets;
  const float *weights; /* (count); NULL: 1 */
  int64_t count;
} sngp_evidence_rows;

typedef struct {
  sngp_random_features features; /* the network's */
  sngp_kernel_length length;     /* of 1 or G lengths; `log_length` below */
  float *log_length;             /* (G) */
  float *g;                      /* (n, G), with lengths 0 */
  float *roots;                  /* sqrt(w) (n) */
  float *scratch;                /* of each thread */
  double *gradients;             /* of each thread (rows of a block, M) */
  double *partials;              /* (blocks, lengths) */
  int num_blocks;
  int64_t scratch_size, gradients_size;
  sngp_feature_evidence evidence;
  sngp_pool *pool;
} sngp_length_evidence;

/* A network with a GP head whose other scales are chosen. Memory: about n M + 2 min(n, M)^2
   doubles. */
sngp_status sngp_length_evidence_create(sngp_length_evidence *evidence, const sngp_network *network,
                                        const sngp_evidence_rows *rows, int64_t num_lengths,
                                        sngp_pool *pool);
void sngp_length_evidence_destroy(sngp_length_evidence *evidence);

/* Takes these lengths (num_lengths) for what follows. O(n M min(n, M)). */
void sngp_length_evidence_set(sngp_length_evidence *evidence, const double *log_length);

/* As sngp_feature_evidence_value(). */
double sngp_length_evidence_value(sngp_length_evidence *evidence, sngp_noise_mode mode,
                                  double log_lambda, double *noise);

/* Of the last value, which was finite: the derivatives in the log lengths (num_lengths) and, after
   them, in log lambda. The lengths have to be set again before another value. */
sngp_status sngp_length_evidence_gradient(sngp_length_evidence *evidence, double *gradient);

#endif
