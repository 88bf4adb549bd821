/* Weights of rows against second derivatives of their losses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/curvature.h"
#include "sngp/model.h"
#include "support/check.h"

/* In extended precision: p_k (1 - p_k) from its definition keeps more digits there. */
static long double softmax_weight(const float *f, int k) {
  long double sum = 0, others = 0;
  for (int l = 0; l < 3; l++) sum += expl((long double)f[l]);
  for (int l = 0; l < 3; l++)
    if (l != k) others += expl((long double)f[l]);
  return expl((long double)f[k]) / sum * (others / sum);
}

static void weights_are_exact_to_rounding_for_sure_rows_too(void **state) {
  (void)state;
  const float f[12] = {0.3f, -1, 2, 40, -3, 1, -60, -70, 5, 0, 0, 0};
  double w[12];
  sngp_curvature(SNGP_LIKELIHOOD_SOFTMAX, SNGP_POSTERIOR_PER_OUTPUT, 4, 3, f, w);
  for (int k = 0; k < 12; k++) {
    double expected = (double)softmax_weight(f + k / 3 * 3, k % 3);
    assert_close(w[k], expected, 1e-14 * expected);
  }
  sngp_curvature(SNGP_LIKELIHOOD_BINARY_LOGISTIC, SNGP_POSTERIOR_SHARED, 4, 3, f, w);
  for (int k = 0; k < 12; k++) {
    long double e = expl(-(long double)f[k]), expected = e / ((1 + e) * (1 + e));
    assert_close(w[k], (double)expected, 1e-15 * (double)expected);
  }
}

static void a_joint_posterior_takes_probabilities(void **state) {
  (void)state;
  const float f[4] = {0, 0, 1000, -1000};
  double p[4];
  sngp_curvature(SNGP_LIKELIHOOD_SOFTMAX, SNGP_POSTERIOR_JOINT, 2, 2, f, p);
  assert_true(p[0] == 0.5 && p[1] == 0.5 && p[2] == 1 && p[3] == 0);
}

static void weights_of_counts_are_their_rates_within_bounds(void **state) {
  (void)state;
  const float f[4] = {2, -1e30f, 1e30f, 0};
  double w[4];
  sngp_curvature(SNGP_LIKELIHOOD_POISSON, SNGP_POSTERIOR_SHARED, 4, 1, f, w);
  assert_true(w[0] == exp(2) && w[1] == exp(-30) && w[2] == exp(20) && w[3] == 1);
}

static void rows_of_a_gaussian_likelihood_have_none(void **state) {
  (void)state;
  assert_false(sngp_likelihood_has_curvature(SNGP_LIKELIHOOD_GAUSSIAN));
  assert_true(sngp_likelihood_has_curvature(SNGP_LIKELIHOOD_SOFTMAX));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_are_exact_to_rounding_for_sure_rows_too),
      cmocka_unit_test(a_joint_posterior_takes_probabilities),
      cmocka_unit_test(weights_of_counts_are_their_rates_within_bounds),
      cmocka_unit_test(rows_of_a_gaussian_likelihood_have_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
