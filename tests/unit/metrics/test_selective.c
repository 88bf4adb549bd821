/* The risk-coverage curve and its summary. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sngp/metrics.h"
#include "unit/metrics/support.h"

enum { MOST_ROWS = 300 };

static sngp_selective_metrics evaluate(const float *scores, const int32_t *classes,
                                       const int32_t *labels, int64_t rows) {
  sngp_selective_metrics metrics = {.struct_size = sizeof metrics};
  assert_int_equal(sngp_evaluate_selective(scores, classes, labels, rows, &metrics), SNGP_OK);
  assert_int_equal(metrics.rows, rows);
  return metrics;
}

static void trace(const float *scores, const int32_t *classes, const int32_t *labels, int64_t rows,
                  double *risk) {
  assert_int_equal(sngp_risk_coverage_curve(scores, classes, labels, rows, risk), SNGP_OK);
}

/* By score: right, wrong, right, right, wrong, wrong. The best order has risks 0, 0, 0, 1/4, 2/5,
   1/2; ceil(0.8 * 6) = 5 rows hold two errors. */
static void six_rows_worked_by_hand(void **state) {
  (void)state;
  const float scores[] = {.5f, .1f, .9f, INFINITY, .2f, -INFINITY};
  const int32_t classes[] = {0, 1, 2, 0, 1, 2}, labels[] = {0, 2, 0, 1, 1, 2};
  const double expected[] = {0.0, 1.0 / 2.0, 1.0 / 3.0, 1.0 / 4.0, 2.0 / 5.0, 1.0 / 2.0};
  double risk[6], sum = 0.0;
  trace(scores, classes, labels, 6, risk);
  for (int i = 0; i < 6; i++) {
    assert_near(risk[i], expected[i], 1e-15);
    sum += expected[i];
  }
  sngp_selective_metrics metrics = evaluate(scores, classes, labels, 6);
  assert_near(metrics.aurc, sum / 6.0, 1e-15);
  assert_near(metrics.excess_aurc, (sum - 0.25 - 0.4 - 0.5) / 6.0, 1e-15);
  assert_near(metrics.accuracy_at_80, 0.6, 1e-15);
}

/* The mean over all 5,040 orders of seven rows, each sorted by a sort that keeps the order of equal
   scores. */
static void ties_count_as_the_mean_over_all_orders(void **state) {
  (void)state;
  enum { ROWS = 7, ORDERS = 5040 };
  const float scores[ROWS] = {2, 1, 2, 3, 2, 3, 2};
  const int32_t classes[ROWS] = {0}, labels[ROWS] = {1, 0, 0, 1, 0, 0, 1};
  double mean[ROWS] = {0}, risk[ROWS], area = 0.0;
  for (int order = 0; order < ORDERS; order++) {
    int rows[ROWS] = {0, 1, 2, 3, 4, 5, 6}, code = order;
    for (int i = ROWS - 1; i > 0; code /= i + 1, i--) {
      int j = code % (i + 1), moved = rows[i];
      rows[i] = rows[j];
      rows[j] = moved;
    }
    int covered = 0, errors = 0;
    for (int score = 1; score <= 3; score++)
      for (int i = 0; i < ROWS; i++)
        if ((int)scores[rows[i]] == score) {
          errors += labels[rows[i]] != classes[rows[i]];
          mean[covered] += (double)errors / (covered + 1) / ORDERS;
          covered++;
        }
  }
  trace(scores, classes, labels, ROWS, risk);
  for (int i = 0; i < ROWS; i++) {
    assert_near(risk[i], mean[i], 1e-12);
    area += mean[i] / ROWS;
  }
  sngp_selective_metrics metrics = evaluate(scores, classes, labels, ROWS);
  assert_near(metrics.aurc, area, 1e-12);
  assert_near(metrics.accuracy_at_80, 1.0 - mean[5], 1e-12);
}

static void the_order_of_the_rows_does_not_matter(void **state) {
  (void)state;
  enum { ROWS = 293 };
  float scores[ROWS], moved_scores[ROWS];
  int32_t classes[ROWS], labels[ROWS], moved_classes[ROWS], moved_labels[ROWS];
  double risk[ROWS], moved_risk[ROWS];
  int64_t stream = 41;
  for (int i = 0; i < ROWS; i++) {
    scores[i] = (float)(next_integer(&stream) % 7);
    classes[i] = next_integer(&stream) % 2;
    labels[i] = next_integer(&stream) % 2;
  }
  trace(scores, classes, labels, ROWS, risk);
  sngp_selective_metrics expected = evaluate(scores, classes, labels, ROWS);
  for (int step = 2; step < 20; step++) { /* 293 is a prime: each step visits every row */
    for (int i = 0; i < ROWS; i++) {
      moved_scores[i] = scores[i * step % ROWS];
      moved_classes[i] = classes[i * step % ROWS];
      moved_labels[i] = labels[i * step % ROWS];
    }
    trace(moved_scores, moved_classes, moved_labels, ROWS, moved_risk);
    assert_memory_equal(risk, moved_risk, sizeof risk);
    sngp_selective_metrics moved = evaluate(moved_scores, moved_classes, moved_labels, ROWS);
    assert_memory_equal(&expected, &moved, sizeof moved);
  }
}

static void the_best_order_has_no_excess_and_the_worst_has_most(void **state) {
  (void)state;
  float scores[100], reversed[100], constant[100];
  int32_t classes[100] = {0}, labels[100];
  for (int i = 0; i < 100; i++) {
    scores[i] = (float)(i / 3); /* errors last, and ties among them and among the others */
    reversed[i] = -scores[i];
    constant[i] = 1.0f;
    labels[i] = i >= 72;
  }
  sngp_selective_metrics best = evaluate(scores, classes, labels, 100);
  assert_true(best.excess_aurc == 0.0);
  assert_near(best.accuracy_at_80, 0.9, 1e-15);
  sngp_selective_metrics worst = evaluate(reversed, classes, labels, 100);
  sngp_selective_metrics none = evaluate(constant, classes, labels, 100);
  assert_near(none.aurc, 0.28, 1e-15);
  assert_near(none.accuracy_at_80, 0.72, 1e-15);
  assert_true(worst.excess_aurc > none.excess_aurc && none.excess_aurc > 0.0);
  assert_near(none.aurc - none.excess_aurc, best.aurc, 1e-15);
}

static void all_right_and_all_wrong_leave_nothing_to_order(void **state) {
  (void)state;
  const float scores[] = {3.0f, 1.0f, 2.0f};
  const int32_t classes[] = {0, 0, 0}, others[] = {1, 2, 1};
  sngp_selective_metrics right = evaluate(scores, classes, classes, 3);
  assert_true(right.aurc == 0.0 && right.excess_aurc == 0.0 && right.accuracy_at_80 == 1.0);
  sngp_selective_metrics wrong = evaluate(scores, classes, others, 3);
  assert_true(wrong.aurc == 1.0 && wrong.excess_aurc == 0.0 && wrong.accuracy_at_80 == 0.0);
  right = evaluate(scores, classes, classes, 1);
  assert_true(right.aurc == 0.0 && right.excess_aurc == 0.0 && right.accuracy_at_80 == 1.0);
}

/* Rows in the order of their scores, the last of those that are kept being the only error. */
static void four_fifths_are_rounded_up(void **state) {
  (void)state;
  const int kept[] = {0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 8, 9};
  for (int rows = 1; rows < (int)(sizeof kept / sizeof *kept); rows++) {
    float scores[12];
    int32_t classes[12] = {0}, labels[12] = {0};
    for (int i = 0; i < rows; i++) scores[i] = (float)i;
    labels[kept[rows] - 1] = 1;
    assert_near(evaluate(scores, classes, labels, rows).accuracy_at_80, 1.0 - 1.0 / kept[rows],
                1e-15);
  }
}

/* Made by numpy, errors of rows of equal score replaced by their mean. */
static void values_of_numpy(void **state) {
  (void)state;
  const struct {
    int64_t seed, rows;
    int32_t levels;
    double aurc, excess_aurc, accuracy_at_80, first, tenth, last;
  } cases[] = {
      {21, 300, 1000, 0.650983949268179, 0.349412736821474, 0.325, 0, 0.4, 0.666666666666667},
      {22, 299, 12, 0.728517544650618, 0.377517364912915, 0.303985507246376, 0.72, 0.72,
       0.70903010033445},
      {23, 101, 1, 0.663366336633664, 0.36325078799969, 0.336633663366336, 0.663366336633663,
       0.663366336633663, 0.663366336633664},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    float scores[MOST_ROWS];
    int32_t classes[MOST_ROWS], labels[MOST_ROWS];
    double risk[MOST_ROWS];
    int64_t stream = cases[c].seed, rows = cases[c].rows;
    for (int64_t i = 0; i < rows; i++) {
      scores[i] = (float)(next_integer(&stream) * cases[c].levels / 1000);
      classes[i] = next_integer(&stream) % 3;
      labels[i] = next_integer(&stream) % 3;
    }
    trace(scores, classes, labels, rows, risk);
    assert_near(risk[0], cases[c].first, 1e-14);
    assert_near(risk[9], cases[c].tenth, 1e-14);
    assert_near(risk[rows - 1], cases[c].last, 1e-14);
    sngp_selective_metrics metrics = evaluate(scores, classes, labels, rows);
    assert_near(metrics.aurc, cases[c].aurc, 1e-14);
    assert_near(metrics.excess_aurc, cases[c].excess_aurc, 1e-14);
    assert_near(metrics.accuracy_at_80, cases[c].accuracy_at_80, 1e-14);
  }
}

static void bad_arguments_are_refused_with_their_place_and_nothing_is_written(void **state) {
  (void)state;
  const float good[] = {1.0f, 2.0f}, bad[] = {1.0f, NAN};
  const int32_t classes[] = {0, 1}, negative[] = {0, -1};
  const struct {
    const float *scores;
    const int32_t *classes, *labels;
    int64_t rows;
    sngp_status status;
    const char *message;
  } cases[] = {
      {bad, classes, classes, 2, SNGP_ERROR_NOT_FINITE, "scores[1] is NaN"},
      {good, negative, classes, 2, SNGP_ERROR_LABEL_RANGE, "classes[1] is -1"},
      {good, classes, negative, 2, SNGP_ERROR_LABEL_RANGE, "labels[1] is -1"},
      {good, classes, classes, 0, SNGP_ERROR_NO_ROWS, "rows is 0"},
      {good, classes, classes, -1, SNGP_ERROR_INVALID_ARGUMENT, "rows is -1"},
      {good, classes, classes, INT64_MAX, SNGP_ERROR_INVALID_ARGUMENT, "9223372036854775807 rows"},
      {NULL, classes, classes, 2, SNGP_ERROR_INVALID_ARGUMENT, "scores is NULL"},
      {good, NULL, classes, 2, SNGP_ERROR_INVALID_ARGUMENT, "classes is NULL"},
      {good, classes, NULL, 2, SNGP_ERROR_INVALID_ARGUMENT, "labels is NULL"},
  };
  double risk[2] = {7.0, 7.0};
  sngp_selective_metrics metrics = {.struct_size = sizeof metrics, .aurc = 7.0};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    assert_int_equal(sngp_risk_coverage_curve(cases[c].scores, cases[c].classes, cases[c].labels,
                                              cases[c].rows, risk),
                     cases[c].status);
    assert_non_null(strstr(sngp_last_error(), cases[c].message));
    assert_int_equal(sngp_evaluate_selective(cases[c].scores, cases[c].classes, cases[c].labels,
                                             cases[c].rows, &metrics),
                     cases[c].status);
    assert_non_null(strstr(sngp_last_error(), cases[c].message));
  }
  assert_int_equal(sngp_risk_coverage_curve(good, classes, classes, 2, NULL),
                   SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_evaluate_selective(good, classes, classes, 2, NULL),
                   SNGP_ERROR_INVALID_ARGUMENT);
  assert_true(risk[0] == 7.0 && risk[1] == 7.0 && metrics.aurc == 7.0 && metrics.rows == 0);
  metrics.struct_size = 8;
  assert_int_equal(sngp_evaluate_selective(good, classes, classes, 2, &metrics),
                   SNGP_ERROR_INVALID_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(six_rows_worked_by_hand),
      cmocka_unit_test(ties_count_as_the_mean_over_all_orders),
      cmocka_unit_test(the_order_of_the_rows_does_not_matter),
      cmocka_unit_test(the_best_order_has_no_excess_and_the_worst_has_most),
      cmocka_unit_test(all_right_and_all_wrong_leave_nothing_to_order),
      cmocka_unit_test(four_fifths_are_rounded_up),
      cmocka_unit_test(values_of_numpy),
      cmocka_unit_test(bad_arguments_are_refused_with_their_place_and_nothing_is_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
