/* The negative log-likelihood of held-out rows as a function of factor and temperature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/train/calibration_rows.h"

/* Exponentials in single precision, relative to what is not certain. */
static const double TOLERANCE = 2e-6;

static void assert_nll(sngp_held_out *held_out, const calibration_rows *rows, double factor,
                       double temperature) {
  const sngp_prediction_setting setting = {factor, temperature};
  double expected = reference_nll(rows, &setting, 1);
  double nll = sngp_held_out_nll(held_out, &setting, 1);
  assert_close(nll, expected, TOLERANCE * (expected + 1e-30));
}

static void it_is_that_of_the_mean_probability_over_passes(void **state) {
  (void)state;
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(1, &pool));
  const int64_t passes[] = {1, 3}, classes[] = {2, 3, 40};
  for (int p = 0; p < 2; p++)
    for (int k = 0; k < 3; k++)
      for (int variant = 0; variant < 4; variant++) {
        calibration_rows rows = draw_rows(passes[p], 1100, classes[k], 1, variant % 2);
        if (variant >= 2) vary_by_class(&rows, 2);
        sngp_held_out held_out = hold_out(&rows, pool);
        const double factors[] = {-1, 0, 0.4, 30}, temperatures[] = {0.05, 1, 20};
        for (int c = 0; c < 4; c++)
          for (int t = 0; t < 3; t++) assert_nll(&held_out, &rows, factors[c], temperatures[t]);
        sngp_held_out_destroy(&held_out);
        free_rows(&rows);
      }
  sngp_pool_free(pool);
}

static void without_variances_there_is_no_factor(void **state) {
  (void)state;
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(1, &pool));
  calibration_rows rows = draw_rows(2, 50, 4, 1, 0);
  rows.shape.num_variances = 0;
  sngp_held_out held_out = hold_out(&rows, pool);
  assert_nll(&held_out, &rows, 5, 0.7);
  sngp_held_out_destroy(&held_out);
  free_rows(&rows);
  sngp_pool_free(pool);
}

/* Of an ensemble whose members were calibrated apart. */
static void members_may_have_settings_of_their_own(void **state) {
  (void)state;
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(1, &pool));
  calibration_rows rows = draw_rows(6, 50, 4, 1, 0); /* 3 members of 2 passes */
  sngp_held_out held_out = hold_out(&rows, pool);
  const sngp_prediction_setting settings[] = {{0.1, 0.5}, {-1, 2}, {10, 1}};
  double expected = reference_nll(&rows, settings, 3);
  assert_close(sngp_held_out_nll(&held_out, settings, 3), expected, TOLERANCE * expected);
  sngp_held_out_destroy(&held_out);
  free_rows(&rows);
  sngp_pool_free(pool);
}

/* Where a row is right by far, -log p is about exp(-gap): 1 - p would be 0 in single precision. */
static void rows_that_are_right_and_sure_keep_their_digits(void **state) {
  (void)state;
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(1, &pool));
  double logits[] = {31, 1, 1, -40, 5, -20};
  int32_t labels[] = {0, 1};
  const calibration_rows rows = {.shape = {.passes = 1, .rows = 2, .classes = 3, .labels = labels},
                                 .logits = logits};
  sngp_held_out held_out = hold_out(&rows, pool);
  const sngp_prediction_setting setting = {0, 1};
  double expected = (2 * exp(-30) + exp(-25) + exp(-45)) / 2;
  assert_close(sngp_held_out_nll(&held_out, &setting, 1), expected, 1e-6 * expected);
  sngp_held_out_destroy(&held_out);
  sngp_pool_free(pool);
}

static void logits_of_any_size_have_a_finite_likelihood(void **state) {
  (void)state;
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(1, &pool));
  double logits[] = {1e30, -1e30, 0, 1e38, -1e38, 7};
  int32_t labels[] = {1, 0};
  const calibration_rows rows = {.shape = {.passes = 1, .rows = 2, .classes = 3, .labels = labels},
                                 .logits = logits};
  sngp_held_out held_out = hold_out(&rows, pool);
  const sngp_prediction_setting setting = {0, 0.05};
  assert_close(sngp_held_out_nll(&held_out, &setting, 1) / 1e30, 2 / 0.05 / 2, 1e-4);
  sngp_held_out_destroy(&held_out);
  sngp_pool_free(pool);
}

/* The difference of the second row's logits is more than single precision holds: its label has the
   probability 0. */
static void rows_of_weight_0_do_not_count_however_unlikely(void **state) {
  (void)state;
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(1, &pool));
  double logits[] = {2, 1, 3e38, -3e38};
  int32_t labels[] = {0, 1};
  float weights[] = {3, 0};
  const calibration_rows rows = {
      .shape = {.passes = 1, .rows = 2, .classes = 2, .labels = labels, .weights = weights},
      .logits = logits};
  sngp_held_out held_out = hold_out(&rows, pool);
  const sngp_prediction_setting setting = {0, 1};
  assert_close(sngp_held_out_nll(&held_out, &setting, 1), log1p(exp(-1)), 1e-6);
  sngp_held_out_destroy(&held_out);
  sngp_pool_free(pool);
}

static void threads_do_not_change_a_bit(void **state) {
  (void)state;
  const sngp_prediction_setting setting = {0.7, 1.3};
  double expected = 0;
  for (int threads = 1; threads <= 4; threads++) {
    sngp_pool *pool = NULL;
    assert_ok(sngp_pool_create(threads, &pool));
    calibration_rows rows = draw_rows(3, 5000, 10, 1, 1);
    sngp_held_out held_out = hold_out(&rows, pool);
    double nll = sngp_held_out_nll(&held_out, &setting, 1);
    if (threads == 1) expected = nll;
    assert_memory_equal(&nll, &expected, sizeof nll);
    sngp_held_out_destroy(&held_out);
    free_rows(&rows);
    sngp_pool_free(pool);
  }
}

static void rows_of_which_none_counts_are_refused(void **state) {
  (void)state;
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(1, &pool));
  calibration_rows rows = draw_rows(1, 5, 3, 1, 1);
  for (int i = 0; i < 5; i++) rows.weights[i] = 0;
  sngp_held_out held_out;
  assert_fails(sngp_held_out_create(&rows.shape, pool, &held_out), SNGP_ERROR_INVALID_ARGUMENT,
               "all weights are 0 (rows: 5)");
  free_rows(&rows);
  sngp_pool_free(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_that_of_the_mean_probability_over_passes),
      cmocka_unit_test(without_variances_there_is_no_factor),
      cmocka_unit_test(members_may_have_settings_of_their_own),
      cmocka_unit_test(rows_that_are_right_and_sure_keep_their_digits),
      cmocka_unit_test(logits_of_any_size_have_a_finite_likelihood),
      cmocka_unit_test(rows_of_weight_0_do_not_count_however_unlikely),
      cmocka_unit_test(threads_do_not_change_a_bit),
      cmocka_unit_test(rows_of_which_none_counts_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
