#include "base/random.h"

#include <Random123/philox.h>
#include <math.h>

static const double PI = 3.14159265358979323846;

sngp_random_stream sngp_random_open(int64_t seed, sngp_random_purpose purpose, int64_t step,
                                    int64_t index) {
  sngp_random_stream stream = {
      .key = {(uint32_t)(uint64_t)seed, (uint32_t)((uint64_t)seed >> 32)},
      .purpose_step = (uint32_t)purpose << 24 | ((uint32_t)((uint64_t)step >> 32) & 0xffffffu),
      .step = (uint32_t)(uint64_t)step,
      .index = (uint32_t)index,
  };
  return stream;
}

void sngp_random_block(const sngp_random_stream *stream, uint32_t block, uint32_t words[4]) {
  philox4x32_ctr_t counter = {{block, stream->index, stream->step, stream->purpose_step}};
  philox4x32_key_t key = {{stream->key[0], stream->key[1]}};
  philox4x32_ctr_t result = philox4x32(counter, key);
  for (int i = 0; i < 4; i++) words[i] = result.v[i];
}

int64_t sngp_random_rows_of_key(int64_t blocks) {
  const int64_t blocks_of_key = INT64_C(1) << 32; /* as many as 32 bits count */
  return blocks_of_key / blocks;
}

/* The seed's upper half is changed: within one seed no two parts of a table share a key. */
uint32_t sngp_random_seek_row(sngp_random_stream *stream, int64_t row, int64_t blocks) {
  int64_t rows = sngp_random_rows_of_key(blocks);
  stream->key[1] ^= (uint32_t)(row / rows);
  return (uint32_t)(row % rows * blocks);
}

/* The middle of the word's interval, so that neither 0 nor 1 occurs. */
static double to_unit(uint32_t word) { return ((double)word + 0.5) * 0x1p-32; }

double sngp_random_uniform(const sngp_random_stream *stream, int64_t element) {
  uint32_t words[4];
  sngp_random_block(stream, (uint32_t)(element / 4), words);
  return to_unit(words[element % 4]);
}

/* In single precision, but still in [low, high). */
static float round_within(double value, double low, double high) {
  float rounded = (float)value;
  if ((double)rounded >= high) return nextafterf(rounded, -INFINITY);
  return (double)rounded < low ? nextafterf(rounded, INFINITY) : rounded;
}

void sngp_random_fill_uniform(const sngp_random_stream *stream, double low, double high,
                              float *values, size_t count) {
  uint32_t words[4] = {0};
  for (size_t i = 0; i < count; i++) {
    if (i % 4 == 0) sngp_random_block(stream, (uint32_t)(i / 4), words);
    values[i] = round_within(low + (high - low) * to_unit(words[i % 4]), low, high);
  }
}

/* Box and Muller's transform: two normals from two uniforms. */
void sngp_random_fill_normal(const sngp_random_stream *stream, double std, float *values,
                             size_t count) {
  uint32_t words[4] = {0};
  for (size_t i = 0; i < count; i += 2) {
    if (i % 4 == 0) sngp_random_block(stream, (uint32_t)(i / 4), words);
    double radius = std * sqrt(-2.0 * log(to_unit(words[i % 4])));
    double angle = 2.0 * PI * to_unit(words[i % 4 + 1]);
    values[i] = (float)(radius * cos(angle));
    if (i + 1 < count) values[i + 1] = (float)(radius * sin(angle));
  }
}

void sngp_random_permutation(const sngp_random_stream *stream, int64_t *order, int64_t count) {
  for (int64_t i = 0; i < count; i++) order[i] = i;
  for (int64_t i = count - 1; i > 0; i--) {
    int64_t j = (int64_t)(sngp_random_uniform(stream, i) * (double)(i + 1));
    int64_t swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
}
