/* Counter-based random streams: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as
   1, 2, 3", SC 2011), keyed by the seed, counted by (purpose, step, index, element). The number of
   an element does not depend on the order in which elements are drawn, nor on the thread. */
#ifndef SNGP_BASE_RANDOM_H
#define SNGP_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* What a stream is for: streams of different purposes never meet. */
typedef enum {
  SNGP_RANDOM_INITIAL = 1,     /* initial parameters; index: the tensor */
  SNGP_RANDOM_DROPOUT = 2,     /* index: the layer; step: the optimizer's step count */
  SNGP_RANDOM_SHUFFLE = 3,     /* step: the optimizer's, at the epoch's start */
  SNGP_RANDOM_SPLIT = 4,       /* index: the class */
  SNGP_RANDOM_DATA = 5,        /* synthetic data; index: which */
  SNGP_RANDOM_SUBSAMPLE = 6,   /* rows from which scales are chosen */
  SNGP_RANDOM_MEMBER = 7,      /* the seeds of an ensemble's members */
  SNGP_RANDOM_MC_DROPOUT = 8,  /* dropout of predictions; step: the pass; index: the layer */
  SNGP_RANDOM_MONTE_CARLO = 9, /* draws of logits; step: the pass */
  SNGP_RANDOM_JOINT = 10,      /* draws joint over rows; step: the pass */
  SNGP_RANDOM_CONFORMAL = 11   /* prediction sets; index: of calibration or of new rows */
} sngp_random_purpose;

typedef struct {
  uint32_t key[2];
  uint32_t purpose_step; /* purpose in the upper 8 bits, the step's upper 24 bits below */
  uint32_t step;
  uint32_t index;
} sngp_random_stream;

/* step must lie below 2^56, index below 2^32; elements from 2^34 on repeat the first ones. */
sngp_random_stream sngp_random_open(int64_t seed, sngp_random_purpose purpose, int64_t step,
                                    int64_t index);

/* The words of block `block` of the stream: elements 4 block ... 4 block + 3. */
void sngp_random_block(const sngp_random_stream *stream, uint32_t block, uint32_t words[4]);

/* Tables have more rows than a stream has blocks: where a row takes `blocks` of them, so many rows
   share a key, and the next ones have a key of their own. */
int64_t sngp_random_rows_of_key(int64_t blocks);

/* The first block of row `row`, 0 or more, and the stream's key of that row. The first
   sngp_random_rows_of_key() rows have the stream's own. */
uint32_t sngp_random_seek_row(sngp_random_stream *stream, int64_t row, int64_t blocks);

/* Element `element` as a number in (0, 1), 32 bits fine, never 0 or 1. */
double sngp_random_uniform(const sngp_random_stream *stream, int64_t element);

/* Fill `count` values: uniform over [low, high); normal with mean 0. */
void sngp_random_fill_uniform(const sngp_random_stream *stream, double low, double high,
                              float *values, size_t count);
void sngp_random_fill_normal(const sngp_random_stream *stream, double std, float *values,
                             size_t count);

/* A uniformly random permutation of 0 ... count - 1 (Fisher and Yates). */
void sngp_random_permutation(const sngp_random_stream *stream, int64_t *order, int64_t count);

#endif
