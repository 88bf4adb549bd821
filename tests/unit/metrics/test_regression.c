/* Measures of predicted means and variances. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sngp/metrics.h"
#include "unit/metrics/support.h"

static const double PI = 3.14159265358979323846;

static sngp_regression_metrics evaluate(const float *mean, const float *variance,
                                        const float *targets, int64_t rows, int64_t num_targets) {
  sngp_regression_metrics metrics = {.struct_size = sizeof metrics};
  assert_int_equal(sngp_evaluate_regression(mean, variance, targets, rows, num_targets, &metrics),
                   SNGP_OK);
  assert_int_equal(metrics.rows, rows);
  return metrics;
}

static sngp_regression_metrics evaluate_one(float mean, float variance, float target) {
  return evaluate(&mean, &variance, &target, 1, 1);
}

/* Errors 0, 3, -1 and 2, variances 4, 4, 1 and 16, as two rows of two targets. */
static void two_rows_of_two_targets_worked_by_hand(void **state) {
  (void)state;
  const float mean[] = {1, 1, 0, -2}, variance[] = {4, 4, 1, 16}, targets[] = {1, 4, -1, 0};
  sngp_regression_metrics metrics = evaluate(mean, variance, targets, 2, 2);
  assert_near(metrics.rmse, sqrt(14.0 / 4.0), 1e-15);
  assert_near(metrics.mae, 6.0 / 4.0, 1e-15);
  assert_near(metrics.nll,
              (4 * log(2 * PI) + log(4.0 * 4.0 * 16.0) + 9.0 / 4.0 + 1.0 + 4.0 / 16.0) / 8.0,
              1e-15);
  assert_near(metrics.coverage95, 1.0, 0.0);
  assert_near(metrics.mean_width95, 2.0 * 1.959963984540054 * (2.0 + 2.0 + 1.0 + 4.0) / 4.0, 1e-14);
}

/* CRPS of a target at the mean: s (sqrt 2 - 1) / sqrt pi. */
static void a_prediction_without_error_costs_what_its_width_does(void **state) {
  (void)state;
  for (int k = -20; k <= 20; k++) {
    float variance = ldexpf(1.0f, 2 * k);
    sngp_regression_metrics metrics = evaluate_one(5, variance, 5);
    double expected = ldexp((sqrt(2.0) - 1.0) / sqrt(PI), k);
    assert_near(metrics.crps, expected, 1e-15 * expected + 1e-22);
    assert_near(metrics.nll, 0.5 * log(2 * PI) + k * log(2.0), 1e-13);
    assert_true(metrics.rmse == 0 && metrics.mae == 0 && metrics.coverage95 == 1);
  }
}

/* Where the deviation is nothing beside the error, the CRPS is |error| - s / sqrt pi. */
static void far_from_its_target_the_crps_is_the_absolute_error(void **state) {
  (void)state;
  for (int sign = -1; sign <= 1; sign += 2) {
    sngp_regression_metrics metrics = evaluate_one(1, 1, (float)(1 + sign * 1000));
    assert_near(metrics.crps, 1000.0 - 1.0 / sqrt(PI), 1e-12);
    metrics = evaluate_one(0, 1e-30f, (float)sign * 1e30f);
    assert_near(metrics.crps / (double)1e30f, 1.0, 1e-15);
    assert_true(isfinite(metrics.nll) && metrics.coverage95 == 0);
  }
}

/* Simpson's rule. */
static double integrate(double (*f)(double, const void *), const void *context, double begin,
                        double end) {
  enum { STEPS = 4000 };
  double h = (end - begin) / STEPS, sum = f(begin, context) + f(end, context);
  for (int i = 1; i < STEPS; i++) sum += (i % 2 ? 4 : 2) * f(begin + i * h, context);
  return sum * h / 3;
}

typedef struct {
  double mean, deviation, step;
} forecast;

static double squared_difference(double x, const void *context) {
  const forecast *f = context;
  double below = 0.5 * erfc((f->mean - x) / (f->deviation * sqrt(2.0)));
  return (below - f->step) * (below - f->step);
}

static void the_crps_is_the_integral_of_the_squared_difference_to_a_step(void **state) {
  (void)state;
  const float variances[] = {0.25f, 1, 9};
  for (int v = 0; v < 3; v++)
    for (float target = -6; target <= 8; target += 0.5f) {
      forecast f = {.mean = 1.5, .deviation = sqrt((double)variances[v])};
      double span = 12 * f.deviation + fabs((double)target - f.mean);
      f.step = 0;
      double expected = integrate(squared_difference, &f, f.mean - span, (double)target);
      f.step = 1;
      expected += integrate(squared_difference, &f, (double)target, f.mean + span);
      assert_near(evaluate_one(1.5f, variances[v], target).crps, expected, 1e-10);
    }
}

/* The mean over targets from N(0, 1) of the score of N(0, s^2), by the midpoint rule: a proper
   score is best where s is 1. The CRPS is 1 / sqrt pi there, half the mean distance of two draws,
   and the NLL the entropy. */
static void both_scores_are_best_where_the_variance_is_right(void **state) {
  (void)state;
  enum { STEPS = 4000 };
  double crps[3] = {0}, nll[3] = {0};
  for (int k = 0; k < 3; k++)
    for (int i = 0; i < STEPS; i++) {
      float y = -10.0f + 20.0f * ((float)i + 0.5f) / STEPS;
      double weight = exp(-0.5 * (double)y * (double)y) / sqrt(2 * PI) * 20.0 / STEPS;
      sngp_regression_metrics metrics = evaluate_one(0, ldexpf(0.5f, k), y);
      crps[k] += weight * metrics.crps;
      nll[k] += weight * metrics.nll;
    }
  assert_near(crps[1], 1 / sqrt(PI), 1e-5);
  assert_near(nll[1], 0.5 * log(2 * PI) + 0.5, 1e-5);
  assert_true(crps[0] > crps[1] + 0.01 && crps[2] > crps[1] + 0.01);
  assert_true(nll[0] > nll[1] + 0.05 && nll[2] > nll[1] + 0.05);
}

/* The 97.5% quantile is 1.959963985: of both sides, and with the deviation 2. */
static void the_interval_ends_at_the_quantile(void **state) {
  (void)state;
  const float inside = 1.959963f, outside = 1.959965f;
  for (int sign = -1; sign <= 1; sign += 2) {
    assert_true(evaluate_one(0, 1, (float)sign * inside).coverage95 == 1);
    assert_true(evaluate_one(0, 1, (float)sign * outside).coverage95 == 0);
    assert_true(evaluate_one(0, 4, (float)sign * 2 * inside).coverage95 == 1);
    assert_true(evaluate_one(0, 4, (float)sign * 2 * outside).coverage95 == 0);
  }
}

enum { MOST_VALUES = 300 };

/* regression() of make_metrics.py, all values in units of 1 / scale, a power of two. */
static void fill(int64_t seed, int count, int32_t spread, float scale, float *mean, float *variance,
                 float *targets) {
  for (int i = 0; i < count; i++) {
    mean[i] = scale * (float)(next_integer(&seed) - 500) / 64;
    variance[i] = scale * scale * (float)(next_integer(&seed) + 1) / 256;
    targets[i] = mean[i] + scale * (float)(next_integer(&seed) - 500) / (float)spread;
  }
}

static void other_units_scale_the_measures(void **state) {
  (void)state;
  float mean[MOST_VALUES], variance[MOST_VALUES], targets[MOST_VALUES];
  fill(41, MOST_VALUES, 256, 1, mean, variance, targets);
  sngp_regression_metrics plain = evaluate(mean, variance, targets, MOST_VALUES, 1);
  fill(41, MOST_VALUES, 256, 1024, mean, variance, targets);
  sngp_regression_metrics scaled = evaluate(mean, variance, targets, MOST_VALUES, 1);
  assert_near(scaled.rmse, 1024 * plain.rmse, 1e-9);
  assert_near(scaled.mae, 1024 * plain.mae, 1e-9);
  assert_near(scaled.crps, 1024 * plain.crps, 1e-9);
  assert_near(scaled.mean_width95, 1024 * plain.mean_width95, 1e-9);
  assert_near(scaled.nll, plain.nll + log(1024.0), 1e-12);
  assert_true(scaled.coverage95 == plain.coverage95);
}

/* make_metrics.py: scikit-learn 1.9.1 for RMSE and MAE, Python's statistics.NormalDist for what is
   about the distribution; its CRPS is an integral of pinball losses. */
static void values_of_scikit_learn_and_of_numerical_integration(void **state) {
  (void)state;
  const struct {
    int64_t seed;
    int count, num_targets;
    int32_t spread;
    double rmse, mae, nll, crps, coverage95, mean_width95;
  } cases[] = {{31, 300, 3, 256, 1.09880643882647, 0.954973958333333, 2.15813992729773,
                0.664976303926262, 0.94, 5.20082342523476},
               {32, 250, 1, 4096, 0.0671825815219148, 0.05762890625, 1.06335271023182,
                0.298670757087408, 1, 4.97961434428992},
               {33, 60, 2, 64, 4.60564776917405, 3.89609375, 18.5316918221034, 3.29278240831154,
                0.383333333333333, 5.16097599686031}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    float mean[MOST_VALUES], variance[MOST_VALUES], targets[MOST_VALUES];
    fill(cases[i].seed, cases[i].count, cases[i].spread, 1, mean, variance, targets);
    sngp_regression_metrics metrics = evaluate(
        mean, variance, targets, cases[i].count / cases[i].num_targets, cases[i].num_targets);
    assert_near(metrics.rmse, cases[i].rmse, 1e-12);
    assert_near(metrics.mae, cases[i].mae, 1e-12);
    assert_near(metrics.nll, cases[i].nll, 1e-11);
    assert_near(metrics.crps, cases[i].crps, 1e-11);
    assert_near(metrics.coverage95, cases[i].coverage95, 1e-15);
    assert_near(metrics.mean_width95, cases[i].mean_width95, 1e-12);
  }
}

static void check_refusal(sngp_status status, sngp_status expected, const char *part) {
  assert_int_equal(status, expected);
  assert_non_null(strstr(sngp_last_error(), part));
}

static void what_cannot_be_measured_is_named_and_nothing_is_written(void **state) {
  (void)state;
  const float good[] = {1, 2, 3, 4}, nan[] = {1, 2, 3, NAN}, infinite[] = {1, INFINITY, 3, 4},
              zero[] = {1, 2, 0, 4}, negative[] = {1, -2, 3, 4};
  sngp_regression_metrics metrics = {.struct_size = sizeof metrics, .rmse = -1};
#define REFUSED(status, part, ...) \
  check_refusal(sngp_evaluate_regression(__VA_ARGS__), SNGP_ERROR_##status, part)
  REFUSED(NO_ROWS, "", good, good, good, 0, 1, &metrics);
  REFUSED(INVALID_ARGUMENT, "rows is -1", good, good, good, -1, 1, &metrics);
  REFUSED(INVALID_ARGUMENT, "num_targets is 0", good, good, good, 2, 0, &metrics);
  REFUSED(INVALID_ARGUMENT, "targets: 4611686018427387904 rows", good, good, good, INT64_C(1) << 62,
          2, &metrics);
  REFUSED(INVALID_ARGUMENT, "mean is NULL", NULL, good, good, 2, 2, &metrics);
  REFUSED(INVALID_ARGUMENT, "variance is NULL", good, NULL, good, 2, 2, &metrics);
  REFUSED(INVALID_ARGUMENT, "targets is NULL", good, good, NULL, 2, 2, &metrics);
  REFUSED(NOT_FINITE, "mean[1][1] is nan", nan, good, good, 2, 2, &metrics);
  REFUSED(NOT_FINITE, "variance[0][1] is inf", good, infinite, good, 2, 2, &metrics);
  REFUSED(NOT_FINITE, "targets[3][0] is nan", good, good, nan, 4, 1, &metrics);
  REFUSED(INVALID_ARGUMENT, "variance[1][0] is 0, but must be positive", good, zero, good, 2, 2,
          &metrics);
  REFUSED(INVALID_ARGUMENT, "variance[0][1] is -2", good, negative, good, 2, 2, &metrics);
  REFUSED(INVALID_ARGUMENT, "sngp_regression_metrics is NULL", good, good, good, 2, 2, NULL);
  assert_true(metrics.rmse == -1 && metrics.rows == 0);
  metrics.struct_size = 16;
  REFUSED(INVALID_ARGUMENT, "struct_size is 16", good, good, good, 2, 2, &metrics);
#undef REFUSED
  assert_true(metrics.rmse == -1 && metrics.rows == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_rows_of_two_targets_worked_by_hand),
      cmocka_unit_test(a_prediction_without_error_costs_what_its_width_does),
      cmocka_unit_test(far_from_its_target_the_crps_is_the_absolute_error),
      cmocka_unit_test(the_crps_is_the_integral_of_the_squared_difference_to_a_step),
      cmocka_unit_test(both_scores_are_best_where_the_variance_is_right),
      cmocka_unit_test(the_interval_ends_at_the_quantile),
      cmocka_unit_test(other_units_scale_the_measures),
      cmocka_unit_test(values_of_scikit_learn_and_of_numerical_integration),
      cmocka_unit_test(what_cannot_be_measured_is_named_and_nothing_is_written),
  };
  return cmocka_run_group_tests_name("regression", tests, NULL, NULL);
}
