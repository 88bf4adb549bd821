/* Reliability, resolution and uncertainty of the Brier score. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sngp/metrics.h"
#include "unit/metrics/support.h"

static sngp_classification_metrics evaluate(const float *probabilities, int64_t rows,
                                            int64_t classes, const int32_t *labels) {
  sngp_classification_metrics metrics = {.struct_size = sizeof metrics};
  assert_int_equal(sngp_evaluate_classification(probabilities, rows, classes, labels, &metrics),
                   SNGP_OK);
  return metrics;
}

static double recomposed(const sngp_classification_metrics *m) {
  return m->brier_reliability - m->brier_resolution + m->brier_uncertainty;
}

/* Forecasts .75 and .25, four rows each, of which two and one are events of class 0; both classes
   give the same: reliability (1/2)(1/4)^2, resolution (1/8)^2, uncertainty 3/8 * 5/8. */
static void eight_rows_worked_by_hand(void **state) {
  (void)state;
  const float probabilities[] = {.75f, .25f, .75f, .25f, .75f, .25f, .75f, .25f,
                                 .25f, .75f, .25f, .75f, .25f, .75f, .25f, .75f};
  const int32_t labels[] = {0, 0, 1, 1, 0, 1, 1, 1};
  sngp_classification_metrics metrics = evaluate(probabilities, 8, 2, labels);
  assert_true(metrics.brier_reliability == 2.0 / 32.0);
  assert_true(metrics.brier_resolution == 2.0 / 64.0);
  assert_true(metrics.brier_uncertainty == 2.0 * 15.0 / 64.0);
  assert_true(metrics.brier == recomposed(&metrics));
}

/* 0, 1/8, 1/4, 1/2, 3/4 and 1 lie in bins of their own. */
static void forecasts_that_are_constant_within_bins_recompose_the_brier_score(void **state) {
  (void)state;
  enum { ROWS = 400, CLASSES = 3 };
  static const float forecasts[][CLASSES] = {
      {.5f, .25f, .25f}, {.25f, .5f, .25f}, {.125f, .125f, .75f}, {0.f, 1.f, 0.f}};
  float probabilities[ROWS * CLASSES];
  int32_t labels[ROWS];
  int64_t stream = 9;
  for (int i = 0; i < ROWS; i++) {
    const float *forecast = forecasts[next_integer(&stream) % 4];
    for (int k = 0; k < CLASSES; k++) probabilities[i * CLASSES + k] = forecast[k];
    labels[i] = next_integer(&stream) % CLASSES;
  }
  sngp_classification_metrics metrics = evaluate(probabilities, ROWS, CLASSES, labels);
  assert_near(recomposed(&metrics), metrics.brier, 1e-15);
  assert_true(metrics.brier_reliability > 0.01 && metrics.brier_resolution > 1e-4);
}

/* numpy's values, with the terms of Stephenson, Coelho and Jolliffe (2008): the variance of p
   within bins less twice its covariance with the event. The last case has more classes than are
   binned at once. */
static void values_of_numpy_recompose_with_what_varies_within_bins(void **state) {
  (void)state;
  const struct {
    int64_t seed, rows, classes;
    int32_t largest;
    double reliability, resolution, uncertainty, within;
  } cases[] = {
      {11, 300, 4, 1000, 0.0875865060027855, 0.0150275264333119, 0.749177777777778,
       0.00106475424664925},
      {12, 250, 2, 1000, 0.180023746825795, 0.0342971428894164, 0.5, 0.00457996302959667},
      {13, 300, 3, 4, 0.0685960564270853, 0.0167178901931018, 0.666466666666667,
       0.000228747555464144},
      {14, 209, 20, 3, 0.0136443171267633, 0.00338785395215865, 0.94659005059408,
       0.00414966946535787},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    float probabilities[4180];
    int32_t labels[300];
    fill_predictions(cases[c].seed, cases[c].rows, cases[c].classes, cases[c].largest,
                     probabilities, labels);
    sngp_classification_metrics metrics =
        evaluate(probabilities, cases[c].rows, cases[c].classes, labels);
    assert_near(metrics.brier_reliability, cases[c].reliability, 1e-14);
    assert_near(metrics.brier_resolution, cases[c].resolution, 1e-14);
    assert_near(metrics.brier_uncertainty, cases[c].uncertainty, 1e-14);
    assert_near(metrics.brier, recomposed(&metrics) + cases[c].within, 1e-13);
  }
}

static void labels_of_one_class_leave_no_uncertainty_to_resolve(void **state) {
  (void)state;
  const float probabilities[] = {.75f, .25f, .5f, .5f, .25f, .75f};
  const int32_t labels[] = {0, 0, 0};
  sngp_classification_metrics metrics = evaluate(probabilities, 3, 2, labels);
  assert_true(metrics.brier_uncertainty == 0.0 && metrics.brier_resolution == 0.0);
  assert_near(metrics.brier_reliability, metrics.brier, 1e-15);
}

static void the_base_rates_as_forecast_are_reliable_and_resolve_nothing(void **state) {
  (void)state;
  const float probabilities[] = {.5f, .25f, .25f, .5f, .25f, .25f,
                                 .5f, .25f, .25f, .5f, .25f, .25f};
  const int32_t labels[] = {1, 0, 2, 0};
  sngp_classification_metrics metrics = evaluate(probabilities, 4, 3, labels);
  assert_true(metrics.brier_reliability == 0.0 && metrics.brier_resolution == 0.0);
  assert_true(metrics.brier_uncertainty == 0.25 + 2.0 * 3.0 / 16.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(eight_rows_worked_by_hand),
      cmocka_unit_test(forecasts_that_are_constant_within_bins_recompose_the_brier_score),
      cmocka_unit_test(values_of_numpy_recompose_with_what_varies_within_bins),
      cmocka_unit_test(labels_of_one_class_leave_no_uncertainty_to_resolve),
      cmocka_unit_test(the_base_rates_as_forecast_are_reliable_and_resolve_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
