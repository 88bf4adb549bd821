/* Losses of outputs with a target each: against their definitions in double precision, and their
   gradients against central differences. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/link.h"
#include "support/check.h"

enum { ROWS = 4, OUTPUTS = 3, COUNT = ROWS * OUTPUTS };

static const float WEIGHTS[ROWS] = {1, 0.25f, 2, 0};
static const float OUTPUT[COUNT] = {-1.5f, 0.25f, 3, 0.75f, -2, 1.25f, -0.5f, 2.5f, -4, 1, 1, 1};
static const float BINARY[COUNT] = {0, 1, 1, 1, 0, 0, 1, 0, 0, 1, 0, 1};
static const float NUMBERS[COUNT] = {2, 0, 5, 1, 0, 3, 0.5f, 7, 1, 4, 2, 9};

/* As the header states them. */
static double loss(sngp_output_link link, double f, double y) {
  if (link == SNGP_LINK_IDENTITY) return (f - y) * (f - y) / 2;
  if (link == SNGP_LINK_EXPONENTIAL) return exp(f) - y * f;
  return log(1 + exp(f)) - y * f;
}

static const float *targets_of(sngp_output_link link) {
  return link == SNGP_LINK_SIGMOID || link == SNGP_LINK_LOGISTIC ? BINARY : NUMBERS;
}

static void losses_and_gradients_are_those_of_the_definition(void **state) {
  (void)state;
  const sngp_output_link links[] = {SNGP_LINK_LOGISTIC, SNGP_LINK_SIGMOID, SNGP_LINK_IDENTITY,
                                    SNGP_LINK_EXPONENTIAL};
  for (size_t l = 0; l < sizeof links / sizeof *links; l++) {
    const float *y = targets_of(links[l]);
    float outputs[COUNT];
    for (int i = 0; i < COUNT; i++) outputs[i] = OUTPUT[i];
    sngp_loss_sums sums = sngp_link_loss(links[l], outputs, y, WEIGHTS, ROWS, OUTPUTS, 0.5f);
    double expected = 0, step = 1e-5;
    for (int i = 0; i < COUNT; i++) {
      double f = (double)OUTPUT[i], target = (double)y[i], w = (double)WEIGHTS[i / OUTPUTS];
      expected += w * loss(links[l], f, target);
      double slope = (loss(links[l], f + step, target) - loss(links[l], f - step, target)) / 2;
      assert_close(outputs[i], 0.5 * w * slope / step, 2e-6 * fmax(1, fabs(slope / step)));
    }
    assert_close(sums.loss, expected, 1e-6 * expected);
  }
}

static void rows_are_right_by_their_share_of_outputs(void **state) {
  (void)state;
  float outputs[COUNT];
  for (int i = 0; i < COUNT; i++) outputs[i] = OUTPUT[i];
  /* signs -++ +-+ -+- +++ against 011 100 100 101: 3, 2, 1 and 2 of 3 */
  double right = sngp_link_loss(SNGP_LINK_SIGMOID, outputs, BINARY, NULL, ROWS, OUTPUTS, 1).correct;
  assert_close(right, 8.0 / 3, 1e-12);
  right = sngp_link_loss(SNGP_LINK_IDENTITY, outputs, NUMBERS, NULL, ROWS, OUTPUTS, 1).correct;
  assert_true(isnan(right));
}

/* Finite at any output, with the slopes that the limits have. */
static void far_outputs_are_finite(void **state) {
  (void)state;
  float logits[2] = {1e30f, -1e30f};
  const float labels[2] = {1, 1};
  sngp_loss_sums sums = sngp_link_loss(SNGP_LINK_SIGMOID, logits, labels, NULL, 2, 1, 1);
  assert_close(sums.loss, 1e30, 1e24);
  assert_close(logits[0], 0, 1e-12);
  assert_close(logits[1], -1, 1e-12);
  /* beyond 20 the rate is clamped, and the loss goes on along its tangent */
  float rates[2] = {30, 20};
  const float counts[2] = {0, 0};
  sums = sngp_link_loss(SNGP_LINK_EXPONENTIAL, rates, counts, NULL, 2, 1, 1);
  assert_close(sums.loss / exp(20), 11 + 1, 1e-9);
  assert_close((double)rates[0] / exp(20), 1, 1e-6);
}

static void one_output_is_two_logits(void **state) {
  (void)state;
  float logits[4] = {3, -1}, p[2] = {3, -1};
  sngp_two_class_logits(logits, 2);
  sngp_softmax(logits, 2, 2);
  sngp_logistic(p, 2);
  for (int i = 0; i < 2; i++) assert_close(logits[2 * i + 1], p[i], 1e-6);
  assert_close(p[0], 1 / (1 + exp(-3)), 1e-7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(losses_and_gradients_are_those_of_the_definition),
      cmocka_unit_test(rows_are_right_by_their_share_of_outputs),
      cmocka_unit_test(far_outputs_are_finite),
      cmocka_unit_test(one_output_is_two_logits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
