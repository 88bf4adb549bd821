/* The search for factor and temperature, on rows whose answer is known or found otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "train/calibration_search.h"
#include "unit/train/calibration_rows.h"

static const double PI = 3.14159265358979323846;

/* Where tests start from. */
static const sngp_prediction_setting FRESH = {3.14159265358979323846 / 8, 1};

typedef struct {
  sngp_prediction_setting setting;
  double objective;
  bool factor_at_border;
} answer;

static answer search_with(const calibration_rows *rows, bool tune_factor, bool tune_temperature,
                          sngp_prediction_setting current, int threads) {
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(threads, &pool));
  sngp_held_out held_out = hold_out(rows, pool);
  sngp_calibration_found found =
      sngp_calibration_search(&held_out, tune_factor, tune_temperature, &current, 1);
  sngp_held_out_destroy(&held_out);
  sngp_pool_free(pool);
  return (answer){current, found.objective, found.factor_at_border};
}

static void stretch_logits(calibration_rows *rows, double times) {
  int64_t count = rows->shape.passes * rows->shape.rows * rows->shape.classes;
  for (int64_t i = 0; i < count; i++) rows->logits[i] = (double)(float)(rows->logits[i] * times);
}

/* The NLL with the priors as they are documented. */
static double reference_objective(const calibration_rows *rows, bool factor_tuned,
                                  sngp_prediction_setting setting) {
  double counted = 0, penalty = pow(log(setting.temperature), 2);
  for (int64_t i = 0; i < rows->shape.rows; i++)
    counted += rows->shape.weights == NULL || rows->shape.weights[i] > 0;
  if (factor_tuned) penalty += pow(log10(setting.factor / (PI / 8)), 2);
  return reference_nll(rows, &setting, 1) + penalty / (2 * counted);
}

/* A grid of 9 x 9 points, refined around its best point until it is finer than 1e-4. */
static sngp_prediction_setting brute_force(const calibration_rows *rows, bool factor_tuned,
                                           double factor) {
  double low = log(factor_tuned ? PI / 80 : factor), high = factor_tuned ? log(100 * PI / 8) : low;
  double cold = log(0.05), hot = log(20);
  sngp_prediction_setting best = {0, 0};
  while (hot - cold > 1e-4) {
    double least = (double)INFINITY;
    for (int i = 0; i <= (factor_tuned ? 8 : 0); i++)
      for (int j = 0; j <= 8; j++) {
        const sngp_prediction_setting at = {exp(low + (high - low) / 8 * i),
                                            exp(cold + (hot - cold) / 8 * j)};
        double objective = reference_objective(rows, factor_tuned, at);
        if (objective >= least) continue;
        least = objective;
        best = at;
      }
    double reach = (high - low) / 5, width = (hot - cold) / 5;
    low = fmax(log(best.factor) - reach, factor_tuned ? log(PI / 80) : low);
    high = fmin(log(best.factor) + reach, factor_tuned ? log(100 * PI / 8) : high);
    cold = fmax(log(best.temperature) - width, log(0.05));
    hot = fmin(log(best.temperature) + width, log(20));
  }
  return best;
}

static void assert_near(double a, double b, double relative) {
  assert_close(a, b, relative * fabs(b));
}

/* The rows are calibrated at factor 1; logits times 2.5 need temperature 2.5. Its standard error is
   1 / sqrt(n curvature), the curvature of the mean NLL in log temperature by differences. */
static void a_known_temperature_is_recovered(void **state) {
  (void)state;
  for (int64_t seed = 1; seed <= 3; seed++) {
    const int64_t n = 20000;
    calibration_rows rows = draw_rows(1, n, 5, seed, 0);
    stretch_logits(&rows, 2.5);
    answer found = search_with(&rows, false, true, (sngp_prediction_setting){1, 1}, 1);
    const double h = 0.05;
    double curvature = 0;
    for (int i = -1; i <= 1; i++) {
      const sngp_prediction_setting at = {1, 2.5 * exp(i * h)};
      curvature += (i == 0 ? -2 : 1) * reference_nll(&rows, &at, 1) / (h * h);
    }
    double error = 1 / sqrt((double)n * curvature);
    assert_below(error, 0.02);
    assert_close(log(found.setting.temperature / 2.5), 0, 4 * error);
    assert_true(found.setting.factor == 1 && !found.factor_at_border);
    free_rows(&rows);
  }
}

/* Twice the log-likelihood ratio to the truth is chi-squared with 2 degrees of freedom: above 18.4
   once in 10,000 times. */
static void a_known_factor_and_temperature_are_recovered_together(void **state) {
  (void)state;
  for (int64_t seed = 1; seed <= 3; seed++) {
    const int64_t n = 20000;
    calibration_rows rows = draw_rows(1, n, 5, seed, 0);
    stretch_logits(&rows, 2.5);
    answer found = search_with(&rows, true, true, FRESH, 1);
    const sngp_prediction_setting truth = {1, 2.5};
    double gain = reference_nll(&rows, &truth, 1) - reference_nll(&rows, &found.setting, 1);
    assert_below(-1.0, 2 * (double)n * gain); /* the priors may cost a little */
    assert_below(2 * (double)n * gain, 18.4);
    assert_near(found.setting.factor, 1, 0.3);
    assert_near(found.setting.temperature, 2.5, 0.1);
    free_rows(&rows);
  }
}

static void the_optimum_is_that_of_an_exhaustive_search(void **state) {
  (void)state;
  const struct {
    int64_t passes, rows, classes;
    int weighted;
    double stretch;
  } cases[] = {{1, 400, 3, 0, 2}, {1, 60, 10, 1, 0.3}, {4, 300, 4, 1, 1.5}, {1, 12, 2, 0, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    calibration_rows rows =
        draw_rows(cases[i].passes, cases[i].rows, cases[i].classes, 5, cases[i].weighted);
    stretch_logits(&rows, cases[i].stretch);
    for (int factor_tuned = 0; factor_tuned <= 1; factor_tuned++) {
      answer found = search_with(&rows, factor_tuned, true, FRESH, 1);
      sngp_prediction_setting best = brute_force(&rows, factor_tuned, FRESH.factor);
      double least = reference_objective(&rows, factor_tuned, best);
      assert_false(found.factor_at_border);
      assert_close(found.objective, reference_objective(&rows, factor_tuned, found.setting), 1e-6);
      assert_close(found.objective, least, 1e-6);
      assert_near(found.setting.temperature, best.temperature, factor_tuned ? 5e-3 : 1e-3);
      assert_near(found.setting.factor, best.factor, 2e-2);
    }
    free_rows(&rows);
  }
}

/* The likelihood alone would take the temperature to 0. */
static void rows_that_are_all_right_keep_a_temperature(void **state) {
  (void)state;
  calibration_rows rows = draw_rows(1, 200, 3, 1, 0);
  rows.shape.num_variances = 0;
  for (int64_t i = 0; i < 200; i++)
    for (int64_t k = 0; k < 3; k++)
      rows.logits[3 * i + k] = k == rows.labels[i] ? 4 + (double)(i % 4) : (double)k;
  answer found = search_with(&rows, false, true, FRESH, 1);
  sngp_prediction_setting best = brute_force(&rows, false, FRESH.factor);
  assert_near(found.setting.temperature, best.temperature, 1e-3);
  assert_below(0.2, found.setting.temperature);
  free_rows(&rows);
}

/* Sure and right where the variance is large, wrong where it is small: any factor harms. */
static void a_factor_that_the_likelihood_drives_to_zero_is_kept(void **state) {
  (void)state;
  const int64_t n = 1000;
  calibration_rows rows = draw_rows(1, n, 3, 1, 0);
  for (int64_t i = 0; i < n; i++) {
    bool wrong = i % 5 == 0;
    rows.variance[i] = wrong ? 0.01 : 5 + (double)(i % 3);
    for (int64_t k = 0; k < 3; k++) rows.logits[3 * i + k] = (k == rows.labels[i]) != wrong ? 3 : 0;
  }
  const sngp_prediction_setting unlike = {7, 3};
  answer found = search_with(&rows, true, true, unlike, 1);
  assert_true(found.factor_at_border);
  assert_true(found.setting.factor == PI / 8);
  sngp_prediction_setting best = brute_force(&rows, false, PI / 8);
  assert_near(found.setting.temperature, best.temperature, 1e-3);
  /* with the temperature fixed there is nothing else to tune */
  found = search_with(&rows, true, false, unlike, 1);
  assert_true(found.factor_at_border);
  assert_true(found.setting.factor == PI / 8 && found.setting.temperature == 3);
  free_rows(&rows);
}

/* Labels that follow logits / sqrt(variance): no factor is large enough. */
static void a_factor_beyond_the_range_is_not_taken(void **state) {
  (void)state;
  const int64_t n = 5000;
  calibration_rows rows = draw_rows(1, n, 3, 1, 0);
  for (int64_t i = 0; i < n; i++) {
    double drawn = 1 + rows.variance[i];
    rows.variance[i] = 1e-4 * drawn * drawn * drawn;
    for (int64_t k = 0; k < 3; k++) rows.logits[3 * i + k] *= drawn;
  }
  answer found = search_with(&rows, true, true, FRESH, 1);
  assert_true(found.factor_at_border);
  assert_true(found.setting.factor == PI / 8);
  sngp_prediction_setting best = brute_force(&rows, false, PI / 8);
  assert_near(found.setting.temperature, best.temperature, 1e-3);
  free_rows(&rows);
}

static void what_is_not_tuned_stays(void **state) {
  (void)state;
  calibration_rows rows = draw_rows(1, 2000, 3, 1, 0);
  const sngp_prediction_setting current = {-1, 0.01}; /* outside the ranges of both */
  answer found = search_with(&rows, false, true, current, 1);
  assert_true(found.setting.factor == -1 && found.setting.temperature > 0.5);
  found = search_with(&rows, false, false, current, 1);
  assert_true(found.setting.factor == -1 && found.setting.temperature == 0.01);
  const sngp_prediction_setting true_temperature = {-1, 1};
  found = search_with(&rows, true, false, true_temperature, 1);
  assert_true(found.setting.temperature == 1);
  assert_near(found.setting.factor, 1, 0.5);
  free_rows(&rows);
}

/* The library's own objective, to the bit. */
static double objective_of(const calibration_rows *rows, sngp_prediction_setting setting) {
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(1, &pool));
  sngp_held_out held_out = hold_out(rows, pool);
  double t = log(setting.temperature), d = log10(setting.factor / (PI / 8));
  double objective =
      sngp_held_out_nll(&held_out, &setting, 1) + (t * t + d * d) / (2 * (double)rows->shape.rows);
  sngp_held_out_destroy(&held_out);
  sngp_pool_free(pool);
  return objective;
}

/* Also where a search ends within its tolerance of something better. */
static void what_is_found_is_never_worse_than_what_was(void **state) {
  (void)state;
  for (int64_t seed = 1; seed <= 20; seed++) {
    calibration_rows rows = draw_rows(1 + seed % 3, 30, 4, seed, 0);
    answer found = search_with(&rows, true, true, FRESH, 1);
    for (int i = -8; i <= 8 && !found.factor_at_border; i++) {
      const sngp_prediction_setting start = {found.setting.factor * exp(2e-4 * i),
                                             found.setting.temperature * exp(-1e-4 * i)};
      answer again = search_with(&rows, true, true, start, 1);
      assert_true(again.objective <= objective_of(&rows, start));
      assert_true(again.objective <= found.objective);
    }
    if (!found.factor_at_border) assert_true(found.objective <= objective_of(&rows, FRESH));
    free_rows(&rows);
  }
}

static void rows_without_weight_and_the_unit_of_weights_do_not_count(void **state) {
  (void)state;
  const int64_t n = 400, heavy = 300;
  calibration_rows rows = draw_rows(1, n, 4, 1, 1);
  for (int64_t i = 0; i < n; i++) rows.weights[i] = i < heavy ? 1 : 0;
  answer weighted = search_with(&rows, true, true, FRESH, 1);
  for (int64_t i = 0; i < n; i++) rows.weights[i] *= 1e-3f;
  answer light = search_with(&rows, true, true, FRESH, 1);
  rows.shape.weights = NULL;
  answer all = search_with(&rows, true, true, FRESH, 1);
  rows.shape.rows = heavy;
  answer part = search_with(&rows, true, true, FRESH, 1);
  assert_near(weighted.setting.factor, part.setting.factor, 1e-2);
  assert_near(weighted.setting.temperature, part.setting.temperature, 1e-3);
  assert_near(light.setting.factor, part.setting.factor, 1e-2);
  assert_near(light.setting.temperature, part.setting.temperature, 1e-3);
  assert_below(0.01, fabs(all.setting.factor / part.setting.factor - 1));
  free_rows(&rows);
}

static void threads_do_not_change_a_bit(void **state) {
  (void)state;
  calibration_rows rows = draw_rows(2, 3000, 10, 1, 1);
  answer one = search_with(&rows, true, true, FRESH, 1);
  for (int threads = 2; threads <= 4; threads++) {
    answer found = search_with(&rows, true, true, FRESH, threads);
    assert_memory_equal(&found.setting, &one.setting, sizeof one.setting);
    assert_true(found.objective == one.objective); /* to the bit */
  }
  free_rows(&rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_known_temperature_is_recovered),
      cmocka_unit_test(a_known_factor_and_temperature_are_recovered_together),
      cmocka_unit_test(the_optimum_is_that_of_an_exhaustive_search),
      cmocka_unit_test(rows_that_are_all_right_keep_a_temperature),
      cmocka_unit_test(a_factor_that_the_likelihood_drives_to_zero_is_kept),
      cmocka_unit_test(a_factor_beyond_the_range_is_not_taken),
      cmocka_unit_test(what_is_not_tuned_stays),
      cmocka_unit_test(what_is_found_is_never_worse_than_what_was),
      cmocka_unit_test(rows_without_weight_and_the_unit_of_weights_do_not_count),
      cmocka_unit_test(threads_do_not_change_a_bit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
