/* The focal loss: values, gradients, and labels of probability nearly 0 and nearly 1. */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/loss.h"
#include "support/check.h"
#include "unit/numeric.h"

enum { ROWS = 6, CLASSES = 4, SIZE = ROWS * CLASSES };

static const int32_t LABELS[ROWS] = {0, 3, 1, 2, 2, 0};
static const float WEIGHTS[ROWS] = {1, 0.25f, 3, 0, 2, 0.5f};

/* expf is at most 4 units in the last place off (2e-7 each), then a division. */
static const double TOLERANCE = 2e-6;

typedef struct {
  double logits[SIZE], gamma, scale;
  const float *weights;
} reference;

/* scale * sum over rows of weight * -(1 - p)^gamma log p */
static double objective(const void *context) {
  const reference *r = context;
  double loss = 0;
  for (int i = 0; i < ROWS; i++) {
    double sum = 0;
    for (int k = 0; k < CLASSES; k++) sum += exp(r->logits[i * CLASSES + k]);
    double p = exp(r->logits[i * CLASSES + LABELS[i]]) / sum;
    double weight = r->weights != NULL ? (double)r->weights[i] : 1;
    loss -= weight * pow(1 - p, r->gamma) * log(p);
  }
  return r->scale * loss;
}

static void agrees(double gamma, const float *weights) {
  float logits[SIZE];
  double gradient[SIZE];
  fill_normal(&(uint64_t){7}, logits, SIZE, 3);
  reference r = {.weights = weights, .gamma = gamma, .scale = 0.125};
  to_doubles(logits, SIZE, r.logits);
  sngp_loss_sums sums =
      sngp_softmax_focal_loss(logits, LABELS, weights, ROWS, CLASSES, gamma, (float)r.scale);
  assert_close(sums.loss, objective(&r) / r.scale, TOLERANCE * sums.loss);
  central_differences(objective, &r, r.logits, SIZE, gradient);
  assert_array(logits, gradient, SIZE, TOLERANCE);
}

static void loss_and_gradient_agree_with_the_definition(void **state) {
  (void)state;
  const double gammas[] = {0, 0.5, 1, 2, 5};
  for (int i = 0; i < 5; i++) agrees(gammas[i], NULL);
}

static void sample_weights_multiply_loss_and_gradient(void **state) {
  (void)state;
  agrees(0.5, WEIGHTS);
  agrees(2, WEIGHTS);
}

static void with_gamma_0_it_is_the_cross_entropy(void **state) {
  (void)state;
  float focal[SIZE], plain[SIZE];
  fill_normal(&(uint64_t){9}, focal, SIZE, 3);
  memcpy(plain, focal, sizeof plain);
  sngp_loss_sums a = sngp_softmax_focal_loss(focal, LABELS, WEIGHTS, ROWS, CLASSES, 0, 0.125f);
  sngp_loss_sums b = sngp_softmax_cross_entropy(plain, LABELS, WEIGHTS, ROWS, CLASSES, 0.125f);
  assert_close(a.loss, b.loss, TOLERANCE * b.loss);
  assert_int_equal(a.correct, b.correct);
  assert_close(largest_difference(focal, plain, SIZE), 0, TOLERANCE * 0.125);
}

/* Of two classes whose logits differ by d, the label's the larger: p = 1 / (1 + exp(-d)). From
   labels that are all but impossible to those that are all but certain, digits are kept: the loss
   and the gradient with respect to d of -(1 - p)^gamma log p, by relative error. */
static void no_digits_are_lost_where_p_is_nearly_0_or_1(void **state) {
  (void)state;
  const double gammas[] = {0.5, 1, 2};
  for (int g = 0; g < 3; g++)
    for (int d = -80; d <= 40; d++) {
      double gamma = gammas[g], p = 1 / (1 + exp(-d)), q = 1 / (1 + exp(d));
      double log_p = d > 0 ? -log1p(exp(-d)) : d - log1p(exp(d));
      double loss = -pow(q, gamma) * log_p;
      double slope = -pow(q, gamma) * (q - gamma * p * log_p); /* d q / d d = -p q */
      float logits[] = {0, (float)d};
      const int32_t label = 1;
      sngp_loss_sums sums = sngp_softmax_focal_loss(logits, &label, NULL, 1, 2, gamma, 1);
      assert_close(sums.loss, loss, 1e-5 * loss);
      assert_close(logits[1], slope, 1e-5 * fabs(slope) + (double)FLT_MIN);
      assert_close(logits[0], -slope, 1e-5 * fabs(slope) + (double)FLT_MIN);
    }
}

/* p is 0 or 1 in any precision. */
static void logits_of_any_size_give_finite_answers(void **state) {
  (void)state;
  const double gammas[] = {0, 0.5, 2, 1e6};
  for (int g = 0; g < 4; g++) {
    float logits[] = {1e30f, -1e30f, 0, /**/ -1e30f, -1e30f, -1e30f, /**/ 3e38f, -3e38f, 3e38f};
    const int32_t labels[] = {0, 1, 1};
    sngp_loss_sums sums = sngp_softmax_focal_loss(logits, labels, NULL, 2, 3, gammas[g], 1);
    assert_close(sums.loss, pow(2.0 / 3, gammas[g]) * log(3), 1e-6);
    for (int k = 0; k < 3; k++) assert_true(logits[k] == 0);
    sums = sngp_softmax_focal_loss(logits + 6, labels + 2, NULL, 1, 3, gammas[g], 1);
    assert_true(isinf(sums.loss) || sums.loss > 3e38); /* -log p is about 6e38 */
    assert_close(logits[7], -1, 1e-6);
    assert_close(logits[6], 0.5, 1e-6);
  }
}

static void a_nan_among_the_logits_shows_in_the_loss(void **state) {
  (void)state;
  const double gammas[] = {0, 2};
  for (int at = 0; at < 6; at++) {
    float logits[] = {1, 2, 3};
    const int32_t label = 1;
    logits[at % 3] = NAN;
    assert_true(isnan(sngp_softmax_focal_loss(logits, &label, NULL, 1, 3, gammas[at / 3], 1).loss));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(loss_and_gradient_agree_with_the_definition),
      cmocka_unit_test(sample_weights_multiply_loss_and_gradient),
      cmocka_unit_test(with_gamma_0_it_is_the_cross_entropy),
      cmocka_unit_test(no_digits_are_lost_where_p_is_nearly_0_or_1),
      cmocka_unit_test(logits_of_any_size_give_finite_answers),
      cmocka_unit_test(a_nan_among_the_logits_shows_in_the_loss),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
