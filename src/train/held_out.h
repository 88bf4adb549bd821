/* Held-out rows as a model's passes see them, and their negative log-likelihood as a function of
   factor and temperature. */
#ifndef SNGP_TRAIN_HELD_OUT_H
#define SNGP_TRAIN_HELD_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/parallel.h"

/* Rows of a chunk, whatever the number of threads: sums in a fixed order are the same on all. */
enum { SNGP_CHUNK_ROWS = 128 };

/* How a member turns logits into probabilities; a factor below 0: no mean field. */
typedef struct {
  double factor, temperature;
} sngp_prediction_setting;

typedef struct {
  int64_t passes, rows, classes; /* P, n, K */
  int64_t num_variances;         /* V, of a row in a pass: 0 for none, 1, or K */
  const int32_t *labels;         /* n */
  const float *weights;          /* n, or NULL: all 1 */
} sngp_held_out_shape;

/* Chunk i has the rows from i SNGP_CHUNK_ROWS on: `count` of them. */
typedef struct {
  int64_t first, count;
  float *logits;   /* (P, count, K) */
  float *variance; /* (P, count, V), or NULL */
} sngp_held_out_chunk;

typedef struct {
  sngp_held_out_shape shape;
  int num_chunks;
  sngp_pool *pool;                         /* the caller's */
  double total_weight, num_counted;        /* sum of the weights; rows with a weight above 0 */
  float *logits, *variance;                /* chunk after chunk; no variance: NULL */
  float *exponentials;                     /* for each thread (SNGP_CHUNK_ROWS, K) */
  double *sums;                            /* one a chunk */
  const sngp_prediction_setting *settings; /* of the evaluation that is under way */
  int64_t passes_per_setting;
} sngp_held_out;

/* Takes memory for what the passes will say, which the caller writes chunk by chunk, each then to
   be arranged. Fails with SNGP_ERROR_INVALID_ARGUMENT where all weights are 0. */
sngp_status sngp_held_out_create(const sngp_held_out_shape *shape, sngp_pool *pool,
                                 sngp_held_out *held_out);
void sngp_held_out_destroy(sngp_held_out *held_out);

/* Where a chunk's passes are to be written. */
sngp_held_out_chunk sngp_held_out_chunk_at(const sngp_held_out *held_out, int index);

/* To be called once a chunk is written. */
void sngp_held_out_arrange(const sngp_held_out *held_out, int index);

/* The weighted mean over rows of -log(mean over passes of the probability of the label):

       probabilities = softmax(logits / (temperature sqrt(1 + factor variance)))

   with one variance for all logits of a row, or one for each. The passes share out the settings in
   order: with one setting all have it, with as many as members each member's passes have its own.
 */
double sngp_held_out_nll(sngp_held_out *held_out, const sngp_prediction_setting *settings,
                         int64_t num_settings);

#endif
