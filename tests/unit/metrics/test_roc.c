/* The ROC curve. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sngp/metrics.h"
#include "unit/metrics/support.h"

enum { MOST_POINTS = 1001 };

typedef struct {
  double false_positive_rate[MOST_POINTS], true_positive_rate[MOST_POINTS];
  int64_t count;
} curve;

static curve trace(const float *inside, int64_t num_inside, const float *outside,
                   int64_t num_outside) {
  curve traced = {.count = -1};
  assert_int_equal(
      sngp_roc_curve(inside, num_inside, outside, num_outside, num_inside + num_outside + 1,
                     traced.false_positive_rate, traced.true_positive_rate, &traced.count),
      SNGP_OK);
  return traced;
}

static void assert_point(const curve *c, int64_t i, double fpr, double tpr) {
  assert_true(i < c->count);
  assert_near(c->false_positive_rate[i], fpr, 1e-15);
  assert_near(c->true_positive_rate[i], tpr, 1e-15);
}

/* Descending: out infinity, {out, in} 3, in 2, {out, in} minus infinity. */
static void equal_scores_make_one_point(void **state) {
  (void)state;
  const float inside[] = {-INFINITY, 3.0f, 2.0f}, outside[] = {3.0f, INFINITY, -INFINITY};
  curve c = trace(inside, 3, outside, 3);
  assert_int_equal(c.count, 5);
  assert_point(&c, 0, 0.0, 0.0);
  assert_point(&c, 1, 0.0, 1.0 / 3.0);
  assert_point(&c, 2, 1.0 / 3.0, 2.0 / 3.0);
  assert_point(&c, 3, 2.0 / 3.0, 2.0 / 3.0);
  assert_point(&c, 4, 1.0, 1.0);
}

static void a_constant_score_makes_the_diagonal(void **state) {
  (void)state;
  const float inside[] = {0.0f, -0.0f}, outside[] = {0.0f};
  curve c = trace(inside, 2, outside, 1);
  assert_int_equal(c.count, 2);
  assert_point(&c, 0, 0.0, 0.0);
  assert_point(&c, 1, 1.0, 1.0);
}

/* roc_curve of scikit-learn 1.9.1, with intermediate points. */
static void values_of_scikit_learn(void **state) {
  (void)state;
  const struct {
    int64_t seed, inside, outside;
    int32_t levels, shift;
    int64_t count;
    double points[18]; /* false-positive rates, true-positive rates */
  } cases[] = {
      {2,
       60,
       900,
       7,
       1,
       9,
       {0, 0, 0.116666666666667, 0.2, 0.383333333333333, 0.55, 0.733333333333333, 0.85, 1, 0,
        0.144444444444444, 0.304444444444444, 0.453333333333333, 0.593333333333333,
        0.711111111111111, 0.845555555555556, 1, 1}},
      {4, 50, 40, 3, -1, 5, {0, 0.3, 0.74, 1, 1, 0, 0, 0.4, 0.625, 1}},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    float scores[1000];
    int64_t stream = cases[k].seed, rows = cases[k].inside + cases[k].outside;
    for (int64_t i = 0; i < rows; i++)
      scores[i] = (float)(next_integer(&stream) * cases[k].levels / 1000 +
                          (i < cases[k].inside ? 0 : cases[k].shift));
    curve c = trace(scores, cases[k].inside, scores + cases[k].inside, cases[k].outside);
    assert_int_equal(c.count, cases[k].count);
    for (int64_t i = 0; i < c.count; i++)
      assert_point(&c, i, cases[k].points[i], cases[k].points[c.count + i]);
  }
}

static void the_area_below_is_auroc(void **state) {
  (void)state;
  float inside[300], outside[400];
  int64_t stream = 31;
  for (int i = 0; i < 300; i++) inside[i] = (float)(next_integer(&stream) % 90);
  for (int i = 0; i < 400; i++) outside[i] = (float)(next_integer(&stream) % 90 + 20);
  curve c = trace(inside, 300, outside, 400);
  double area = 0.0;
  for (int64_t i = 1; i < c.count; i++)
    area += (c.false_positive_rate[i] - c.false_positive_rate[i - 1]) *
            (c.true_positive_rate[i] + c.true_positive_rate[i - 1]) / 2.0;
  sngp_ood_metrics metrics = {.struct_size = sizeof metrics};
  assert_int_equal(sngp_evaluate_ood(inside, 300, outside, 400, &metrics), SNGP_OK);
  assert_near(area, metrics.auroc, 1e-13);
  assert_point(&c, c.count - 1, 1.0, 1.0);
}

static void bad_arguments_are_refused_and_nothing_is_written(void **state) {
  (void)state;
  const float good[] = {1.0f, 2.0f}, bad[] = {1.0f, NAN};
  double fpr[5] = {7.0}, tpr[5] = {7.0};
  int64_t count = 7;
  const struct {
    const float *in, *out;
    int64_t num_in, num_out, capacity;
    sngp_status status;
    const char *message;
  } cases[] = {
      {good, good, 2, 2, 4, SNGP_ERROR_INVALID_ARGUMENT, "capacity is 4, but"},
      {good, bad, 2, 2, 5, SNGP_ERROR_NOT_FINITE, "out_of_domain[1] is NaN"},
      {good, good, 0, 2, 5, SNGP_ERROR_NO_ROWS, "in_domain has no rows"},
      {good, good, 2, 0, 5, SNGP_ERROR_NO_ROWS, "out_of_domain has no rows"},
      {NULL, good, 2, 2, 5, SNGP_ERROR_INVALID_ARGUMENT, "in_domain is NULL"},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    assert_int_equal(sngp_roc_curve(cases[c].in, cases[c].num_in, cases[c].out, cases[c].num_out,
                                    cases[c].capacity, fpr, tpr, &count),
                     cases[c].status);
    assert_non_null(strstr(sngp_last_error(), cases[c].message));
  }
  assert_int_equal(sngp_roc_curve(good, 2, good, 2, 5, NULL, tpr, &count),
                   SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_roc_curve(good, 2, good, 2, 5, fpr, NULL, &count),
                   SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_roc_curve(good, 2, good, 2, 5, fpr, tpr, NULL),
                   SNGP_ERROR_INVALID_ARGUMENT);
  assert_true(fpr[0] == 7.0 && tpr[0] == 7.0 && count == 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_scores_make_one_point),
      cmocka_unit_test(a_constant_score_makes_the_diagonal),
      cmocka_unit_test(values_of_scikit_learn),
      cmocka_unit_test(the_area_below_is_auroc),
      cmocka_unit_test(bad_arguments_are_refused_and_nothing_is_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
