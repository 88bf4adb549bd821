/* Softmax and cross-entropy: values, gradients, extreme logits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nn/loss.h"
#include "support/check.h"
#include "unit/numeric.h"
#include "unit/reference_layers.h"

enum { ROWS = 6, CLASSES = 4, SIZE = ROWS * CLASSES };

static const int32_t LABELS[ROWS] = {0, 3, 1, 2, 2, 0};
static const float WEIGHTS[ROWS] = {1, 0.25f, 3, 0, 2, 0.5f};

/* expf is at most 4 units in the last place off (2e-7 each), then a sum and a division. */
static const double TOLERANCE = 2e-6;

typedef struct {
  double logits[SIZE], scale;
  const float *weights;
} reference;

static double objective(const void *context) {
  const reference *r = context;
  return r->scale * reference_cross_entropy(r->logits, LABELS, r->weights, ROWS, CLASSES);
}

static void agrees(const float *weights) {
  float logits[SIZE];
  double gradient[SIZE];
  fill_normal(&(uint64_t){7}, logits, SIZE, 3);
  reference r = {.weights = weights, .scale = 0.125};
  to_doubles(logits, SIZE, r.logits);
  sngp_loss_sums sums =
      sngp_softmax_cross_entropy(logits, LABELS, weights, ROWS, CLASSES, (float)r.scale);
  assert_close(sums.loss, objective(&r) / r.scale, TOLERANCE * sums.loss);
  central_differences(objective, &r, r.logits, SIZE, gradient);
  assert_array(logits, gradient, SIZE, TOLERANCE);
}

static void loss_and_gradient_agree_with_the_definition(void **state) {
  (void)state;
  agrees(NULL);
}

static void sample_weights_multiply_loss_and_gradient(void **state) {
  (void)state;
  agrees(WEIGHTS);
}

/* A right row counts 1 whatever its weight; among equal logits the first is the answer. */
static void right_rows_are_counted_and_ties_go_to_the_first(void **state) {
  (void)state;
  float logits[] = {2, 1, 0, /**/ 1, 2, 2, /**/ 1, 2, 2, /**/ 0, 0, 0, /**/ 5, 6, 7};
  const int32_t labels[] = {0, 1, 1, 0, 0};
  const float weights[] = {0, 7, 7, 7, 7};
  assert_int_equal(sngp_softmax_cross_entropy(logits, labels, weights, 5, 3, 1).correct, 4);
}

static void softmax_agrees_with_the_definition(void **state) {
  (void)state;
  float logits[SIZE];
  double expected[SIZE];
  fill_normal(&(uint64_t){8}, logits, SIZE, 3);
  for (int i = 0; i < SIZE; i++) {
    double sum = 0;
    for (int k = 0; k < CLASSES; k++) sum += exp((double)logits[i / CLASSES * CLASSES + k]);
    expected[i] = exp((double)logits[i]) / sum;
  }
  sngp_softmax(logits, ROWS, CLASSES);
  for (int i = 0; i < SIZE; i++) assert_close(logits[i], expected[i], TOLERANCE * expected[i]);
}

static void logits_of_any_size_give_finite_answers(void **state) {
  (void)state;
  float logits[] = {1e30f, -1e30f, 0, /**/ -1e30f, -1e30f, -1e30f, /**/ 3e38f, 3e38f, -3e38f};
  float again[9];
  const int32_t labels[] = {0, 1, 1};
  memcpy(again, logits, sizeof again);
  sngp_softmax(logits, 3, 3);
  const double expected[] = {1, 0, 0, 1.0 / 3, 1.0 / 3, 1.0 / 3, 0.5, 0.5, 0};
  for (int i = 0; i < 9; i++) assert_close(logits[i], expected[i], 1e-7);
  sngp_loss_sums sums = sngp_softmax_cross_entropy(again, labels, NULL, 3, 3, 1);
  assert_close(sums.loss, log(3) + log(2), 1e-6);
  for (int i = 0; i < 9; i++) assert_close(again[i], expected[i] - (i % 3 == labels[i / 3]), 1e-7);
}

static void a_nan_among_the_logits_shows_in_the_loss(void **state) {
  (void)state;
  for (int at = 0; at < 3; at++) {
    float logits[] = {1, 2, 3};
    const int32_t label = 1;
    logits[at] = NAN;
    assert_true(isnan(sngp_softmax_cross_entropy(logits, &label, NULL, 1, 3, 1).loss));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(loss_and_gradient_agree_with_the_definition),
      cmocka_unit_test(sample_weights_multiply_loss_and_gradient),
      cmocka_unit_test(right_rows_are_counted_and_ties_go_to_the_first),
      cmocka_unit_test(softmax_agrees_with_the_definition),
      cmocka_unit_test(logits_of_any_size_give_finite_answers),
      cmocka_unit_test(a_nan_among_the_logits_shows_in_the_loss),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
