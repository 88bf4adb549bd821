/* Calibration errors over bins of equal width and of equal numbers of rows. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

static double ece(const float *probabilities, int64_t rows, int64_t classes,
                  const int32_t *labels) {
  return evaluate(probabilities, rows, classes, labels).ece;
}

/* Confidences .75, .75 and .75 fall into (11/15, 12/15], .9375 and .625 into bins of their own:
   (|2 - 2.25| + |0 - .9375| + |1 - .625|) / 5; the largest is .9375. Five bins of equal numbers
   hold a row each, and the three rows of .75 have accuracy 2/3. */
static void five_rows_worked_by_hand(void **state) {
  (void)state;
  const float probabilities[] = {.75f, .25f, .25f, .75f, .75f, .25f, .9375f, .0625f, .375f, .625f};
  const int32_t labels[] = {0, 1, 1, 1, 1};
  sngp_classification_metrics metrics = evaluate(probabilities, 5, 2, labels);
  assert_near(metrics.ece, (0.25 + 0.9375 + 0.375) / 5.0, 1e-15);
  assert_near(metrics.max_calibration_error, 0.9375, 1e-15);
  assert_near(metrics.adaptive_ece, (3.0 * (0.75 - 2.0 / 3.0) + 0.9375 + 0.375) / 5.0, 1e-15);
}

static void confidence_that_equals_accuracy_gives_zero(void **state) {
  (void)state;
  const float probabilities[] = {.75f, .25f, .75f, .25f, .75f, .25f, .75f, .25f};
  const int32_t labels[] = {0, 0, 1, 0};
  sngp_classification_metrics metrics = evaluate(probabilities, 4, 2, labels);
  assert_true(metrics.ece == 0.0 && metrics.max_calibration_error == 0.0);
  assert_true(metrics.adaptive_ece == 0.0);
}

/* Two confidences on either side of the border 2/5 = 6/15: apart they are off by .6 and .4, in one
   bin their errors would cancel. 0.4f is the float just above 2/5, so it lies in (6/15, 7/15]; the
   float below it lies in (5/15, 6/15]. */
static void confidences_on_either_side_of_a_border_lie_in_different_bins(void **state) {
  (void)state;
  const float above = 0.4f, below = nextafterf(0.4f, 0.0f);
  assert_true((double)above > 0.4 && (double)below < 0.4);
  const float probabilities[] = {above, 1.0f - above - 0.25f, 0.25f,
                                 below, 1.0f - below - 0.25f, 0.25f};
  const int32_t labels[] = {0, 1};
  double apart = (1.0 - (double)above + (double)below) / 2.0;
  assert_near(ece(probabilities, 2, 3, labels), apart, 1e-15);
  /* .375 lies in (5/15, 6/15] with the float below the border */
  const float together[] = {.375f, .3125f, .3125f, below, 1.0f - below - 0.25f, 0.25f};
  assert_near(ece(together, 2, 3, labels), fabs(1.0 - .375 - (double)below) / 2.0, 1e-15);
}

static void full_confidence_belongs_to_the_last_bin(void **state) {
  (void)state;
  const float one_above = nextafterf(1.0f, 2.0f); /* as rounding may leave it */
  const float probabilities[] = {1.0f, 0.0f, one_above, 0.0f, 0.96875f, 0.03125f};
  const int32_t labels[] = {0, 1, 0};
  double sum = 1.0 + (double)one_above + 0.96875;
  assert_near(ece(probabilities, 3, 2, labels), (sum - 2.0) / 3.0, 1e-15);
}

/* 16 rows, so that the last of 15 bins holds two and every other one: of the two largest
   confidences one is too small and one too large, which makes up for a part there. */
static void bins_of_equal_numbers_differ_by_one_row_at_most(void **state) {
  (void)state;
  enum { ROWS = 16 };
  float probabilities[2 * ROWS];
  int32_t labels[ROWS];
  double expected = 0.0;
  for (int i = 0; i < ROWS; i++) {
    probabilities[2 * i] = 0.53125f + (float)i / 64.0f;
    probabilities[2 * i + 1] = 1.0f - probabilities[2 * i];
    labels[i] = i % 2;
    double gap = (i % 2 == 0 ? 1.0 : 0.0) - (double)probabilities[2 * i];
    expected += i < ROWS - 2 ? fabs(gap) : 0.0;
  }
  expected += fabs(1.0 - (double)probabilities[2 * ROWS - 2] - (double)probabilities[2 * ROWS - 4]);
  assert_near(evaluate(probabilities, ROWS, 2, labels).adaptive_ece, expected / ROWS, 1e-15);
}

/* Thirty rows, two to a bin: one of confidence .5 and wrong, 29 of confidence .75 of which 20 are
   right. The first bin takes one of the 29 with 20/29 of a right answer, and -.5 - .75 + 20/29 has
   the other sign than the rest. */
static void rows_of_equal_confidence_are_shared_out_between_bins(void **state) {
  (void)state;
  enum { ROWS = 30 };
  float probabilities[2 * ROWS] = {0.5f, 0.5f};
  int32_t labels[ROWS] = {1};
  for (int i = 1; i < ROWS; i++) {
    probabilities[2 * i] = 0.75f;
    probabilities[2 * i + 1] = 0.25f;
    labels[i] = i > 20;
  }
  double gap = 0.75 - 20.0 / 29.0, expected = (0.5 + gap + 28.0 * gap) / ROWS;
  assert_near(evaluate(probabilities, ROWS, 2, labels).adaptive_ece, expected, 1e-15);
}

static void the_order_of_the_rows_does_not_matter(void **state) {
  (void)state;
  enum { ROWS = 293, CLASSES = 3 };
  float probabilities[ROWS * CLASSES], moved[ROWS * CLASSES];
  int32_t labels[ROWS], moved_labels[ROWS];
  fill_predictions(5, ROWS, CLASSES, 3, probabilities, labels);
  double expected = evaluate(probabilities, ROWS, CLASSES, labels).adaptive_ece;
  for (int64_t step = 2; step < 40; step++) { /* 293 is a prime: each step visits every row */
    for (int64_t i = 0; i < ROWS; i++) {
      int64_t from = i * step % ROWS;
      memcpy(moved + i * CLASSES, probabilities + from * CLASSES, CLASSES * sizeof *moved);
      moved_labels[i] = labels[from];
    }
    assert_true(evaluate(moved, ROWS, CLASSES, moved_labels).adaptive_ece == expected);
  }
}

static void one_row_has_its_own_error_by_every_measure(void **state) {
  (void)state;
  const float probabilities[] = {0.625f, 0.375f};
  const int32_t label = 0;
  sngp_classification_metrics metrics = evaluate(probabilities, 1, 2, &label);
  assert_true(metrics.ece == 0.375 && metrics.adaptive_ece == 0.375);
  assert_true(metrics.max_calibration_error == 0.375);
}

/* The maximum by calibration_curve of scikit-learn 1.9.1, the adaptive error by numpy, checked
   there against calibration_curve with quantiles where no two confidences are equal (the first
   case). */
static void values_of_scikit_learn_and_numpy(void **state) {
  (void)state;
  const struct {
    int64_t seed, rows, classes;
    int32_t largest;
    double adaptive_ece, max_calibration_error;
  } cases[] = {
      {11, 300, 4, 1000, 0.186295786996682, 0.820882081985474},
      {12, 250, 2, 1000, 0.267868621110916, 0.550145081111363},
      {13, 300, 3, 4, 0.161375370996121, 0.490196098299587},
      {14, 209, 20, 3, 0.0414658723385661, 0.063604831447204},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    float probabilities[4180];
    int32_t labels[300];
    fill_predictions(cases[c].seed, cases[c].rows, cases[c].classes, cases[c].largest,
                     probabilities, labels);
    sngp_classification_metrics metrics =
        evaluate(probabilities, cases[c].rows, cases[c].classes, labels);
    assert_near(metrics.adaptive_ece, cases[c].adaptive_ece, 1e-14);
    assert_near(metrics.max_calibration_error, cases[c].max_calibration_error, 1e-14);
  }
}

/* calibration_curve of scikit-learn 1.9.1, which leaves out empty bins. */
static void a_reliability_curve_of_scikit_learn(void **state) {
  (void)state;
  enum { BINS = 10 };
  const struct {
    int64_t seed, rows, classes, first_bin;
    double curve[14]; /* confidence, accuracy */
  } cases[] = {
      {11,
       300,
       4,
       2,
       {0.291889678348194, 0.356173737757448, 0.445312603448446, 0.539077249012495,
        0.63924914598465, 0.738696237405141, 0.820882081985474, 0.181818181818182,
        0.239130434782609, 0.259615384615385, 0.184210526315789, 0.2, 0, 0}},
      {12,
       250,
       2,
       4,
       {0.5, 0.547941754414485, 0.649632077468069, 0.753068531381673, 0.857657408991525,
        0.950586776733398, 0, 0.415384615384615, 0.385964912280702, 0.448275862068966,
        0.534883720930233, 0.52}},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    float probabilities[1200];
    int32_t labels[300];
    int64_t counts[BINS], bins = cases[c].first_bin == 2 ? 7 : 6, sum = 0;
    double confidence[BINS], accuracy[BINS];
    fill_predictions(cases[c].seed, cases[c].rows, cases[c].classes, 1000, probabilities, labels);
    assert_int_equal(sngp_reliability_curve(probabilities, cases[c].rows, cases[c].classes, labels,
                                            BINS, counts, confidence, accuracy),
                     SNGP_OK);
    for (int64_t bin = 0; bin < BINS; bin++) {
      int64_t at = bin - cases[c].first_bin;
      sum += counts[bin];
      assert_true((counts[bin] > 0) == (at >= 0 && at < bins));
      if (counts[bin] > 0) {
        assert_near(confidence[bin], cases[c].curve[at], 1e-14);
        assert_near(accuracy[bin], cases[c].curve[bins + at], 1e-14);
      } else {
        assert_true(isnan(confidence[bin]) && isnan(accuracy[bin]));
      }
    }
    assert_int_equal(sum, cases[c].rows);
  }
}

static void a_curve_of_15_bins_holds_both_errors(void **state) {
  (void)state;
  float probabilities[1200];
  int32_t labels[300];
  int64_t counts[15];
  double confidence[15], accuracy[15], mean = 0.0, largest = 0.0;
  fill_predictions(11, 300, 4, 1000, probabilities, labels);
  assert_int_equal(
      sngp_reliability_curve(probabilities, 300, 4, labels, 15, counts, confidence, accuracy),
      SNGP_OK);
  for (int bin = 0; bin < 15; bin++) {
    if (counts[bin] == 0) continue;
    mean += (double)counts[bin] / 300.0 * fabs(accuracy[bin] - confidence[bin]);
    largest = fmax(largest, fabs(accuracy[bin] - confidence[bin]));
  }
  sngp_classification_metrics metrics = evaluate(probabilities, 300, 4, labels);
  assert_near(metrics.ece, mean, 1e-14);
  assert_near(metrics.max_calibration_error, largest, 1e-14);
}

static void a_reliability_curve_needs_bins_and_buffers_and_touches_nothing_when_it_fails(void **s) {
  (void)s;
  const float probabilities[] = {0.5f, 0.5f};
  const int32_t label = 0, beyond = 2;
  int64_t counts[] = {7};
  double confidence[] = {7.0}, accuracy[] = {7.0};
  assert_int_equal(
      sngp_reliability_curve(probabilities, 1, 2, &label, 0, counts, confidence, accuracy),
      SNGP_ERROR_INVALID_ARGUMENT);
  assert_non_null(strstr(sngp_last_error(), "num_bins is 0"));
  assert_int_equal(
      sngp_reliability_curve(probabilities, 1, 2, &beyond, 1, counts, confidence, accuracy),
      SNGP_ERROR_LABEL_RANGE);
  assert_int_equal(
      sngp_reliability_curve(probabilities, 1, 2, &label, INT64_MAX, counts, confidence, accuracy),
      SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(
      sngp_reliability_curve(probabilities, 1, 2, &label, 1, NULL, confidence, accuracy),
      SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_reliability_curve(probabilities, 1, 2, &label, 1, counts, NULL, accuracy),
                   SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_reliability_curve(probabilities, 1, 2, &label, 1, counts, confidence, NULL),
                   SNGP_ERROR_INVALID_ARGUMENT);
  assert_true(counts[0] == 7 && confidence[0] == 7.0 && accuracy[0] == 7.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(five_rows_worked_by_hand),
      cmocka_unit_test(confidence_that_equals_accuracy_gives_zero),
      cmocka_unit_test(confidences_on_either_side_of_a_border_lie_in_different_bins),
      cmocka_unit_test(full_confidence_belongs_to_the_last_bin),
      cmocka_unit_test(bins_of_equal_numbers_differ_by_one_row_at_most),
      cmocka_unit_test(rows_of_equal_confidence_are_shared_out_between_bins),
      cmocka_unit_test(the_order_of_the_rows_does_not_matter),
      cmocka_unit_test(one_row_has_its_own_error_by_every_measure),
      cmocka_unit_test(values_of_scikit_learn_and_numpy),
      cmocka_unit_test(a_reliability_curve_of_scikit_learn),
      cmocka_unit_test(a_curve_of_15_bins_holds_both_errors),
      cmocka_unit_test(
          a_reliability_curve_needs_bins_and_buffers_and_touches_nothing_when_it_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
