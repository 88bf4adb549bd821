#include "nn/dropout.h"

#include <math.h>

#include "linalg/kernels.h"

enum { ELEMENTS_PER_BLOCK = 8 }; /* a Philox block has 128 bits, an element takes 16 */

static const double LEVELS = 65536;

sngp_dropout sngp_dropout_create(double rate) {
  double threshold = round(rate * LEVELS);
  if (threshold > LEVELS - 1) threshold = LEVELS - 1;
  return (sngp_dropout){.threshold = (uint32_t)threshold,
                        .keep_scale = (float)(1 / (1 - threshold / LEVELS))};
}

static size_t blocks_per_row(int64_t width) {
  return ((size_t)width + ELEMENTS_PER_BLOCK - 1) / ELEMENTS_PER_BLOCK;
}

size_t sngp_dropout_words(int64_t width) { return 4 * blocks_per_row(width); }

void sngp_dropout_draw(const sngp_random_stream *stream, int64_t row, int64_t width,
                       uint32_t *words) {
  size_t blocks = blocks_per_row(width);
  sngp_random_stream of_row = *stream;
  uint32_t first = sngp_random_seek_row(&of_row, row, (int64_t)blocks);
  sngp_kernel_random_words(&of_row, first, blocks, words);
}
