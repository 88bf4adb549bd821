/* Dropout: which units fall out, how often, and on what that depends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "linalg/kernels.h"
#include "nn/dropout.h"
#include "nn/residual_block.h"
#include "support/check.h"
#include "unit/reference_layers.h"

enum { WIDTH = 128 };

/* The factor of every unit of a row: dropout of relu(1). */
static void factors_of(const sngp_dropout *dropout, const sngp_random_stream *stream, int64_t row,
                       int64_t width, float *factors) {
  static const float zeros[WIDTH] = {0};
  float ones[WIDTH], next[WIDTH];
  for (int j = 0; j < WIDTH; j++) ones[j] = 1;
  uint32_t words[WIDTH] = {0};
  sngp_dropout_draw(stream, row, width, words);
  sngp_kernel_relu_dropout((size_t)width, ones, zeros, zeros, words, dropout->threshold,
                           dropout->keep_scale, factors, next);
  assert_memory_equal(factors, next, (size_t)width * sizeof *factors);
}

static void the_rate_is_rounded_to_65536ths_and_the_scale_with_it(void **state) {
  (void)state;
  const double rates[] = {0, 0.1, 0.25, 0.5, 0.9, 1e-6, 1 - 1e-9};
  const uint32_t thresholds[] = {0, 6554, 16384, 32768, 58982, 0, 65535};
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    sngp_dropout dropout = sngp_dropout_create(rates[i]);
    double scale = 65536.0 / (65536.0 - thresholds[i]);
    assert_int_equal(dropout.threshold, thresholds[i]);
    assert_close(dropout.keep_scale, scale, 1e-7 * scale);
  }
}

/* Every width up to 67: whole blocks of random bits and every kind of remainder. */
static void the_mask_is_the_documented_function_of_seed_step_layer_and_row(void **state) {
  (void)state;
  const int64_t seed = 0x123456789abcdef, step = 0x1234567890, layer = 4, row = 1000;
  sngp_dropout dropout = sngp_dropout_create(0.3);
  sngp_random_stream stream = sngp_random_open(seed, SNGP_RANDOM_DROPOUT, step, layer);
  for (int64_t width = 1; width <= 67; width++) {
    float factors[WIDTH];
    double expected[WIDTH];
    factors_of(&dropout, &stream, row, width, factors);
    reference_dropout(seed, step, layer, row, width, 0.3, expected);
    for (int64_t j = 0; j < width; j++) assert_close(factors[j], expected[j], 1e-6);
  }
}

/* Of 262,144 units the share that is kept has a standard deviation of sqrt(rate (1 - rate)) / 512;
   the share of neighbouring pairs, and of the same unit in two steps, likewise. Five deviations. */
static void units_are_kept_at_the_rate_and_independently(void **state) {
  (void)state;
  const double rates[] = {0.1, 0.5, 0.8};
  for (int k = 0; k < 3; k++) {
    sngp_dropout dropout = sngp_dropout_create(rates[k]);
    sngp_random_stream now = sngp_random_open(1, SNGP_RANDOM_DROPOUT, 20, 0);
    sngp_random_stream later = sngp_random_open(1, SNGP_RANDOM_DROPOUT, 21, 0);
    const int rows = 2048;
    double kept = 0, neighbours = 0, halves = 0, steps = 0, count = rows * WIDTH;
    for (int row = 0; row < rows; row++) {
      float a[WIDTH], b[WIDTH];
      factors_of(&dropout, &now, row, WIDTH, a);
      factors_of(&dropout, &later, row, WIDTH, b);
      for (int j = 0; j < WIDTH; j++) {
        kept += a[j] > 0;
        neighbours += a[j] > 0 && a[(j + 1) % WIDTH] > 0;
        halves += a[j] > 0 && a[(j + WIDTH / 2) % WIDTH] > 0;
        steps += a[j] > 0 && b[j] > 0;
      }
    }
    double keep = 1 - rates[k], both = keep * keep;
    double pair_deviation = 5 * sqrt(2 * both * (1 - both)) / 512; /* halves counts pairs twice */
    assert_close(kept / count, keep, 5 * sqrt(rates[k] * keep) / 512);
    assert_close(neighbours / count, both, pair_deviation);
    assert_close(halves / count, both, pair_deviation);
    assert_close(steps / count, both, pair_deviation);
  }
}

/* A thread's rows get the bits that they have in the whole batch. */
static void the_mask_does_not_depend_on_how_a_batch_is_cut(void **state) {
  (void)state;
  enum { ROWS = 10, UNITS = 20 };
  float weight[UNITS * UNITS] = {0}, bias[UNITS], h[ROWS * UNITS] = {0}, z[ROWS * UNITS];
  float a[ROWS * UNITS], whole[ROWS * UNITS], cut[ROWS * UNITS];
  uint32_t words[WIDTH] = {0};
  for (int j = 0; j < UNITS; j++) bias[j] = (float)(j + 1);
  const sngp_dense layer = {UNITS, UNITS, weight, bias};
  sngp_dropout dropout = sngp_dropout_create(0.5);
  sngp_random_stream stream = sngp_random_open(2, SNGP_RANDOM_DROPOUT, 3, 1);
  sngp_residual_block_forward_dropout(&layer, &dropout, &stream, 0, h, ROWS, z, words, a, whole);
  for (int64_t first = 0, rows = 1; first < ROWS; first += rows, rows++) {
    if (rows > ROWS - first) rows = ROWS - first;
    sngp_residual_block_forward_dropout(&layer, &dropout, &stream, first, h, rows, z, words, a,
                                        cut + first * UNITS);
  }
  assert_memory_equal(whole, cut, sizeof whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_rate_is_rounded_to_65536ths_and_the_scale_with_it),
      cmocka_unit_test(the_mask_is_the_documented_function_of_seed_step_layer_and_row),
      cmocka_unit_test(units_are_kept_at_the_rate_and_independently),
      cmocka_unit_test(the_mask_does_not_depend_on_how_a_batch_is_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
