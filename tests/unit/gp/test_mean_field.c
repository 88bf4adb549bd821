/* Mean-field logits whose classes have variances of their own. */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gp/mean_field.h"
#include "nn/loss.h"
#include "support/check.h"
#include "unit/numeric.h"

enum { CLASSES = 4, DRAWS = 1000000 };

/* C = B B^T of a drawn B. */
static void draw_covariance(uint64_t seed, double *covariance) {
  double b[CLASSES * CLASSES];
  for (int k = 0; k < CLASSES * CLASSES; k++) b[k] = next_normal(&seed);
  for (int k = 0; k < CLASSES; k++)
    for (int l = 0; l < CLASSES; l++) {
      covariance[k * CLASSES + l] = 0;
      for (int m = 0; m < CLASSES; m++)
        covariance[k * CLASSES + l] += b[k * CLASSES + m] * b[l * CLASSES + m];
    }
}

/* (H C H)_kk, both products written out. */
static double centered_variance(const double *covariance, int k) {
  double sum = 0;
  for (int i = 0; i < CLASSES; i++)
    for (int j = 0; j < CLASSES; j++)
      sum += ((i == k) - 1.0 / CLASSES) * covariance[i * CLASSES + j] * ((j == k) - 1.0 / CLASSES);
  return sum;
}

static void centered_variances_are_the_diagonal_of_h_c_h(void **state) {
  (void)state;
  enum { ROWS = 5, AREA = CLASSES * CLASSES };
  float covariance[ROWS * AREA], variance[ROWS * CLASSES], centered[ROWS * CLASSES];
  double exact[ROWS * AREA];
  for (int i = 0; i < ROWS; i++) draw_covariance((uint64_t)i, exact + i * AREA);
  for (int k = 0; k < ROWS * AREA; k++) covariance[k] = (float)exact[k];
  sngp_center_covariances(covariance, ROWS, CLASSES, centered);
  for (int i = 0; i < ROWS; i++)
    for (int k = 0; k < CLASSES; k++)
      assert_close(centered[i * CLASSES + k], centered_variance(exact + i * AREA, k), 1e-5);
  for (int i = 0; i < ROWS; i++) /* of independent logits */
    for (int k = 0; k < AREA; k++) {
      if (k % (CLASSES + 1) != 0) exact[i * AREA + k] = 0;
      if (k % (CLASSES + 1) == 0) variance[i * CLASSES + k / CLASSES] = covariance[i * AREA + k];
    }
  sngp_center_variances(variance, ROWS, CLASSES, centered);
  for (int i = 0; i < ROWS; i++)
    for (int k = 0; k < CLASSES; k++)
      assert_close(centered[i * CLASSES + k], centered_variance(exact + i * AREA, k), 1e-5);
}

static void what_all_logits_have_in_common_changes_nothing(void **state) {
  (void)state;
  float covariance[CLASSES * CLASSES], centered[CLASSES], logits[CLASSES] = {3, -1, 0.5f, 7};
  for (int k = 0; k < CLASSES * CLASSES; k++) covariance[k] = 9;
  sngp_center_covariances(covariance, 1, CLASSES, centered);
  for (int k = 0; k < CLASSES; k++) assert_true(centered[k] == 0);
  float moved[CLASSES];
  for (int k = 0; k < CLASSES; k++) moved[k] = logits[k] + 100;
  sngp_center_logits(logits, 1, CLASSES);
  sngp_center_logits(moved, 1, CLASSES);
  assert_close(largest_difference(logits, moved, CLASSES), 0, 1e-5);
  assert_close(logits[0], 3 - 9.5 / 4, 1e-6);
}

static void variances_at_the_end_of_single_precision_leave_finite_logits(void **state) {
  (void)state;
  float variance[CLASSES] = {FLT_MAX, FLT_MAX, FLT_MAX, 0}, centered[CLASSES];
  float logits[CLASSES] = {1e30f, -1e30f, 0, 1};
  sngp_center_variances(variance, 1, CLASSES, centered);
  for (int k = 0; k < CLASSES; k++) assert_true(centered[k] >= 0 && centered[k] <= FLT_MAX);
  sngp_center_logits(logits, 1, CLASSES);
  sngp_mean_field(logits, centered, CLASSES, 1, CLASSES, 0.4, 1);
  for (int k = 0; k < CLASSES; k++) assert_true(isfinite(logits[k]));
}

static void one_variance_is_that_of_all_logits(void **state) {
  (void)state;
  const float same[CLASSES] = {2, 2, 2, 2};
  float one[CLASSES] = {1, -2, 0.5f, 3}, each[CLASSES] = {1, -2, 0.5f, 3};
  sngp_mean_field(one, same, 1, 1, CLASSES, 0.7, 1.5);
  sngp_mean_field(each, same, CLASSES, 1, CLASSES, 0.7, 1.5);
  assert_memory_equal(one, each, sizeof one);
  assert_close(one[0], 1 / (1.5 * sqrt(1 + 0.7 * 2)), 1e-6);
}

/* The mean of a softmax over a million draws of its logits, good to 0.0005, is what mean field
   approximates: with pi / 8, right for one sigmoid, its probabilities are off by 0.02 here, those
   without it by 0.13 and more. The bound leaves room for the approximation, not for variances that
   were not centred. */
static void mean_field_probabilities_are_near_those_of_many_draws(void **state) {
  (void)state;
  const double factor = 3.14159265358979 / 8, center[CLASSES] = {2, 0, -0.5, 0.5};
  for (int correlated = 0; correlated < 2; correlated++) {
    /* columns of a factor of the covariance: what all share, differences, each alone */
    const double shared = correlated ? 2 : 0, opposed = correlated ? 1 : 0;
    const double alone[CLASSES] = {2.5, 1, 0.5, 1.5};
    float covariance[CLASSES * CLASSES], variance[CLASSES], centered[CLASSES];
    float logits[CLASSES], plain[CLASSES];
    for (int k = 0; k < CLASSES; k++)
      for (int l = 0; l < CLASSES; l++)
        covariance[k * CLASSES + l] =
            (float)(shared * shared + opposed * opposed * ((k + l) % 2 ? -1 : 1) +
                    (k == l ? alone[k] * alone[k] : 0));
    for (int k = 0; k < CLASSES; k++) {
      variance[k] = covariance[k * (CLASSES + 1)];
      logits[k] = plain[k] = (float)center[k];
    }
    uint64_t seed = 3;
    double mean[CLASSES] = {0};
    for (int s = 0; s < DRAWS; s++) {
      double p[CLASSES], sum = 0;
      double common = shared * next_normal(&seed), other = opposed * next_normal(&seed);
      for (int k = 0; k < CLASSES; k++)
        sum += p[k] =
            exp(center[k] + common + (k % 2 ? -other : other) + alone[k] * next_normal(&seed));
      for (int k = 0; k < CLASSES; k++) mean[k] += p[k] / (sum * DRAWS);
    }
    if (correlated)
      sngp_center_covariances(covariance, 1, CLASSES, centered);
    else
      sngp_center_variances(variance, 1, CLASSES, centered);
    sngp_center_logits(logits, 1, CLASSES);
    sngp_mean_field(logits, centered, CLASSES, 1, CLASSES, factor, 1);
    sngp_softmax(logits, 1, CLASSES);
    sngp_softmax(plain, 1, CLASSES);
    double with = 0, without = 0;
    for (int k = 0; k < CLASSES; k++) {
      with = fmax(with, fabs((double)logits[k] - mean[k]));
      without = fmax(without, fabs((double)plain[k] - mean[k]));
    }
    assert_below(with, 0.03);
    assert_below(0.12, without);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(centered_variances_are_the_diagonal_of_h_c_h),
      cmocka_unit_test(what_all_logits_have_in_common_changes_nothing),
      cmocka_unit_test(variances_at_the_end_of_single_precision_leave_finite_logits),
      cmocka_unit_test(one_variance_is_that_of_all_logits),
      cmocka_unit_test(mean_field_probabilities_are_near_those_of_many_draws),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
