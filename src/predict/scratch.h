/* What a thread needs beside its pass: sums over the passes of a block of rows, and draws. */
#ifndef SNGP_PREDICT_SCRATCH_H
#define SNGP_PREDICT_SCRATCH_H

#include "model/network.h"

typedef struct {
  float *memory;             /* one block; the pointers below lie in it */
  float *variance, *entropy; /* (rows, V), (rows): of the current pass */
  float *centered;           /* (rows, O): of centred logits, where classes have variances of their
                                own */
  float *covariance;         /* (rows, O, O): of a joint posterior; its factors for draws */
  float *projections;        /* what a posterior of several outputs needs for its variances */
  /* sums over passes: in double precision, since there may be many of them */
  double *logit_sum;       /* (rows, O) */
  double *probability_sum; /* (rows, K) */
  double *variance_sum;    /* (rows, V) */
  double *entropy_sum;     /* (rows) */
  /* regression: the mixture of the passes' distributions (predict/mixture.h), (rows, O) each */
  double *mean, *spread, *within;
  /* what all passes of a member have in common */
  float *entering; /* (rows, H): what enters the first block */
  float *center;   /* (rows, O): logits that draws are added to; in the end the mean logits */
  /* random bits of a row's dropout, or of draws (predict/draws.h) */
  uint32_t *words;
  float *normals, *products;
} sngp_scratch;

sngp_status sngp_scratch_create(const sngp_network *network, int64_t rows, sngp_scratch *scratch);
void sngp_scratch_destroy(sngp_scratch *scratch);

#endif
