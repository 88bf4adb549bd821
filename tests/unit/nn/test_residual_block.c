/* Residual block: values and gradients, with dropout and the very same mask on both sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nn/residual_block.h"
#include "support/check.h"
#include "unit/numeric.h"
#include "unit/reference_layers.h"

/* Sums of at most ROWS or WIDTH products in single precision. */
static const double TOLERANCE = 2e-6;

/* No |h W + b| is nearer to the kink of relu than this, or rounding and the steps of the central
   differences could cross it. */
static const double FROM_THE_KINKS = 1e-4;

/* 21 units: two whole blocks of random bits and part of a third. FIRST_ROW: a slice of a batch. */
enum { ROWS = 6, WIDTH = 21, SIZE = ROWS * WIDTH, FIRST_ROW = 11, SEED = 5, STEP = 77, LAYER = 3 };

typedef struct {
  float h[SIZE], weight[WIDTH * WIDTH], bias[WIDTH], dnext[SIZE];
} single;

typedef struct {
  double h[SIZE], weight[WIDTH * WIDTH], bias[WIDTH], dnext[SIZE], factors[SIZE];
} reference;

static void draw(double rate, single *s, reference *r) {
  uint64_t state = 9;
  fill_normal(&state, s->h, SIZE, 1);
  fill_normal(&state, s->weight, WIDTH * WIDTH, 0.3);
  fill_normal(&state, s->bias, WIDTH, 0.3);
  fill_normal(&state, s->dnext, SIZE, 1);
  to_doubles(s->h, SIZE, r->h);
  to_doubles(s->weight, WIDTH * WIDTH, r->weight);
  to_doubles(s->bias, WIDTH, r->bias);
  to_doubles(s->dnext, SIZE, r->dnext);
  for (int64_t i = 0; i < ROWS; i++)
    reference_dropout(SEED, STEP, LAYER, FIRST_ROW + i, WIDTH, rate, r->factors + i * WIDTH);
}

static double objective(const void *context) {
  const reference *r = context;
  double next[SIZE], sum = 0;
  reference_residual_block(r->h, ROWS, WIDTH, r->weight, r->bias, r->factors, next);
  for (int i = 0; i < SIZE; i++) sum += r->dnext[i] * next[i];
  return sum;
}

static void forward_without_dropout_agrees_with_the_definition(void **state) {
  (void)state;
  single s;
  reference r;
  draw(0, &s, &r);
  const sngp_dense layer = {WIDTH, WIDTH, s.weight, s.bias};
  float z[SIZE];
  double next[SIZE];
  reference_residual_block(r.h, ROWS, WIDTH, r.weight, r.bias, NULL, next);
  sngp_residual_block_forward(&layer, s.h, ROWS, z);
  assert_array(s.h, next, SIZE, TOLERANCE);
}

static void agrees_at_rate(double rate) {
  single s;
  reference r;
  draw(rate, &s, &r);
  const sngp_dense layer = {WIDTH, WIDTH, s.weight, s.bias};
  const sngp_dropout dropout = sngp_dropout_create(rate);
  const sngp_random_stream stream = sngp_random_open(SEED, SNGP_RANDOM_DROPOUT, STEP, LAYER);
  float z[SIZE], a[SIZE], next[SIZE], dh[SIZE], dweight[WIDTH * WIDTH], dbias[WIDTH];
  double expected[SIZE], gradient[WIDTH * WIDTH];
  uint32_t words[64] = {0};
  assert_true(sngp_dropout_words(WIDTH) <= sizeof words / sizeof *words);
  assert_below(FROM_THE_KINKS,
               reference_residual_block(r.h, ROWS, WIDTH, r.weight, r.bias, r.factors, expected));
  sngp_residual_block_forward_dropout(&layer, &dropout, &stream, FIRST_ROW, s.h, ROWS, z, words, a,
                                      next);
  assert_array(next, expected, SIZE, TOLERANCE);

  memcpy(dh, s.dnext, sizeof dh);
  sngp_residual_block_backward(&layer, &dropout, s.h, a, ROWS, 1, dh, z, dweight, dbias);
  central_differences(objective, &r, r.weight, WIDTH * WIDTH, gradient);
  assert_array(dweight, gradient, WIDTH * WIDTH, TOLERANCE);
  central_differences(objective, &r, r.bias, WIDTH, gradient);
  assert_array(dbias, gradient, WIDTH, TOLERANCE);
  central_differences(objective, &r, r.h, SIZE, gradient);
  assert_array(dh, gradient, SIZE, TOLERANCE);
}

static void values_and_gradients_agree_without_dropout(void **state) {
  (void)state;
  agrees_at_rate(0);
}

static void values_and_gradients_agree_under_the_same_mask(void **state) {
  (void)state;
  agrees_at_rate(0.1);
  agrees_at_rate(0.5);
}

/* Below the first block nothing may be trainable: then dh stays as it came. */
static void the_gradient_of_the_input_may_be_left_out(void **state) {
  (void)state;
  single s;
  reference r;
  draw(0, &s, &r);
  const sngp_dense layer = {WIDTH, WIDTH, s.weight, s.bias};
  const sngp_dropout dropout = sngp_dropout_create(0);
  float z[SIZE], a[SIZE], dh[SIZE], dweight[WIDTH * WIDTH], dbias[WIDTH];
  for (int i = 0; i < SIZE; i++) a[i] = s.h[i] > 0 ? s.h[i] : 0;
  memcpy(dh, s.dnext, sizeof dh);
  sngp_residual_block_backward(&layer, &dropout, s.h, a, ROWS, 0, dh, z, dweight, dbias);
  assert_memory_equal(dh, s.dnext, sizeof dh);
}

static void a_nan_in_one_row_reaches_that_row_and_no_other(void **state) {
  (void)state;
  for (int training = 0; training < 2; training++) {
    single s;
    reference r;
    draw(0.5, &s, &r);
    s.h[2 * WIDTH + 4] = NAN;
    const sngp_dense layer = {WIDTH, WIDTH, s.weight, s.bias};
    const sngp_dropout dropout = sngp_dropout_create(0.5);
    const sngp_random_stream stream = sngp_random_open(SEED, SNGP_RANDOM_DROPOUT, STEP, LAYER);
    float z[SIZE], a[SIZE], next[SIZE];
    uint32_t words[64] = {0};
    if (training) {
      sngp_residual_block_forward_dropout(&layer, &dropout, &stream, 0, s.h, ROWS, z, words, a,
                                          next);
    } else {
      sngp_residual_block_forward(&layer, s.h, ROWS, z);
      memcpy(next, s.h, sizeof next);
    }
    for (int i = 0; i < SIZE; i++) assert_int_equal(isnan(next[i]) != 0, i / WIDTH == 2);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(forward_without_dropout_agrees_with_the_definition),
      cmocka_unit_test(values_and_gradients_agree_without_dropout),
      cmocka_unit_test(values_and_gradients_agree_under_the_same_mask),
      cmocka_unit_test(the_gradient_of_the_input_may_be_left_out),
      cmocka_unit_test(a_nan_in_one_row_reaches_that_row_and_no_other),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
