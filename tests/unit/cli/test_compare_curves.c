/* The curves of a comparison: rows of all seeds together in a reliability diagram, means of the
   seeds at each point of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after these four */
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/compare_curves.h"

enum { ROWS = 4, OOD_ROWS = 2, CLASSES = 2, LAST = CLI_CURVE_POINTS - 1 };

/* An evaluation of rows with the given probabilities of class 0, and scores of the other rows. */
typedef struct {
  float probabilities[ROWS * CLASSES], uncertainty[ROWS], variance[ROWS];
  float ood_uncertainty[OOD_ROWS], ood_variance[OOD_ROWS];
  int32_t classes[ROWS];
  cli_evaluation evaluation;
} made_up;

static void make(made_up *m, const float p[ROWS], const float ood[OOD_ROWS], bool variance) {
  memset(m, 0, sizeof *m);
  for (int i = 0; i < ROWS; i++) {
    m->probabilities[2 * i] = p[i];
    m->probabilities[2 * i + 1] = 1 - p[i];
    m->uncertainty[i] = 1 - fmaxf(p[i], 1 - p[i]);
    m->variance[i] = (float)i;
    m->classes[i] = p[i] < 0.5f;
  }
  for (int i = 0; i < OOD_ROWS; i++) {
    m->ood_uncertainty[i] = ood[i];
    m->ood_variance[i] = 10;
  }
  m->evaluation.num_classes = CLASSES;
  m->evaluation.probabilities = m->probabilities;
  m->evaluation.classes = m->classes;
  m->evaluation.in_domain.rows = ROWS;
  m->evaluation.in_domain.values[CLI_SCORE_MAX_PROBABILITY] = m->uncertainty;
  m->evaluation.out_of_domain.rows = OOD_ROWS;
  m->evaluation.out_of_domain.values[CLI_SCORE_MAX_PROBABILITY] = m->ood_uncertainty;
  if (!variance) return;
  m->evaluation.in_domain.values[CLI_SCORE_VARIANCE] = m->variance;
  m->evaluation.out_of_domain.values[CLI_SCORE_VARIANCE] = m->ood_variance;
}

static int point_at(double (*where)(int point), double value) {
  int point = 0;
  while (point < LAST && where(point) < value) point++;
  return point;
}

/* Two seeds: rows 0 and 1 are right in both, row 2 in the second only, row 3 in none. */
static void add_two_seeds(cli_compare_curves *curves) {
  static made_up first, second;
  const int32_t labels[ROWS] = {0, 0, 0, 0};
  make(&first, (const float[ROWS]){0.99f, 0.98f, 0.3f, 0.38f},
       (const float[OOD_ROWS]){0.35f, 0.45f}, true);
  make(&second, (const float[ROWS]){0.99f, 0.9f, 0.7f, 0.38f},
       (const float[OOD_ROWS]){0.005f, 0.45f}, true);
  memset(curves, 0, sizeof *curves);
  assert_true(cli_compare_curves_add(curves, &first.evaluation, labels));
  assert_true(cli_compare_curves_add(curves, &second.evaluation, labels));
  assert_int_equal(curves->seeds, 2);
}

static void reliability_counts_the_rows_of_all_seeds(void **state) {
  (void)state;
  cli_compare_curves curves;
  add_two_seeds(&curves);
  /* Bins are a fifteenth wide: max p 0.62, 0.7, 0.9, 0.98 lie in those numbered 9, 10, 13, 14. */
  assert_true(curves.rows[9] == 2 && curves.right[9] == 0);
  assert_true(curves.rows[10] == 2 && curves.right[10] == 1);
  assert_true(fabs(curves.confidence[10] - 1.4) < 1e-6);
  assert_true(curves.rows[13] == 1 && curves.right[13] == 1);
  assert_true(curves.rows[14] == 3 && curves.right[14] == 3);
  assert_true(fabs(curves.confidence[14] - (0.99 + 0.98 + 0.99)) < 1e-6);
  double rows = 0;
  for (int i = 0; i < CLI_RELIABILITY_BINS; i++) rows += curves.rows[i];
  assert_true(rows == 8);
}

/* Largest 1 - max p first: row 3, then 2, then 1. */
static void accuracy_is_the_mean_of_the_seeds_at_each_coverage(void **state) {
  (void)state;
  cli_compare_curves curves;
  add_two_seeds(&curves);
  assert_true(cli_coverage(0) > 0 && cli_coverage(LAST) == 1);
  assert_true(curves.accuracy[0] / 2 == 1);
  /* All four rows: two of them, three of them. Three rows: two, three. Two rows: two. */
  assert_true(fabs(curves.accuracy[LAST] / 2 - (0.5 + 0.75) / 2) < 1e-12);
  assert_true(fabs(curves.accuracy[point_at(cli_coverage, 0.7)] / 2 - (2.0 / 3 + 1) / 2) < 1e-12);
  assert_true(curves.accuracy[point_at(cli_coverage, 0.45)] / 2 == 1);
}

static void roc_is_the_mean_of_the_seeds_at_each_false_positive_rate(void **state) {
  (void)state;
  cli_compare_curves curves;
  add_two_seeds(&curves);
  const double *by_max_p = curves.true_positive_rate[CLI_ROC_MAX_PROBABILITY];
  assert_true(curves.has_roc[CLI_ROC_MAX_PROBABILITY] && curves.has_roc[CLI_ROC_VARIANCE]);
  assert_true(cli_false_positive_rate(0) == 0 && cli_false_positive_rate(LAST) == 1);
  /* Test scores are 0.01, 0.02 or 0.1, 0.3, 0.38, those to notice 0.35 and 0.45, and 0.005 and
     0.45: above all test scores lies one of two in each; above three of the four, both and one; the
     last one of the second seed lies below all. */
  assert_true(by_max_p[0] / 2 == 0.5);
  assert_true(fabs(by_max_p[point_at(cli_false_positive_rate, 0.26)] / 2 - 0.75) < 1e-12);
  assert_true(fabs(by_max_p[point_at(cli_false_positive_rate, 0.98)] / 2 - 0.75) < 1e-12);
  assert_true(by_max_p[LAST] / 2 == 1);
  /* The variance tells all. */
  assert_true(curves.true_positive_rate[CLI_ROC_VARIANCE][0] / 2 == 1);
}

static void a_score_that_is_missing_has_no_curve(void **state) {
  (void)state;
  static made_up only;
  static cli_compare_curves curves;
  make(&only, (const float[ROWS]){0.99f, 0.9f, 0.3f, 0.4f}, (const float[OOD_ROWS]){0.3f, 0.4f},
       false);
  assert_true(cli_compare_curves_add(&curves, &only.evaluation, (const int32_t[ROWS]){0, 1, 0, 1}));
  assert_true(curves.has_roc[CLI_ROC_MAX_PROBABILITY]);
  assert_false(curves.has_roc[CLI_ROC_VARIANCE]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reliability_counts_the_rows_of_all_seeds),
      cmocka_unit_test(accuracy_is_the_mean_of_the_seeds_at_each_coverage),
      cmocka_unit_test(roc_is_the_mean_of_the_seeds_at_each_false_positive_rate),
      cmocka_unit_test(a_score_that_is_missing_has_no_curve),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
