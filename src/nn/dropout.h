/* Dropout: an element is kept with probability 1 - rate and then divided by it. Which ones is a
   function of (seed, step, layer, row, column), whatever the number of threads. */
#ifndef SNGP_NN_DROPOUT_H
#define SNGP_NN_DROPOUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

typedef struct {
  uint32_t threshold; /* kept where 16 random bits are at least this: the rate to 1 / 65536 */
  float keep_scale;   /* 1 / (1 - rate), of the rate as rounded */
} sngp_dropout;

sngp_dropout sngp_dropout_create(double rate);

/* Words of random bits that one row of `width` elements takes. */
size_t sngp_dropout_words(int64_t width);

/* The random bits of row `row`, counted within the batch of a step or within a table to be
   predicted. */
void sngp_dropout_draw(const sngp_random_stream *stream, int64_t row, int64_t width,
                       uint32_t *words);

#endif
