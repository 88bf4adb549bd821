/* Separation of out-of-domain from in-domain rows. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sngp/metrics.h"
#include "unit/metrics/support.h"

static sngp_ood_metrics evaluate(const float *inside, int64_t num_inside, const float *outside,
                                 int64_t num_outside) {
  sngp_ood_metrics metrics = {.struct_size = sizeof metrics};
  assert_int_equal(sngp_evaluate_ood(inside, num_inside, outside, num_outside, &metrics), SNGP_OK);
  return metrics;
}

static void perfect_separation(void **state) {
  (void)state;
  const float inside[] = {3.0f, 1.0f, 2.0f}, outside[] = {4.0f, 5.0f};
  sngp_ood_metrics metrics = evaluate(inside, 3, outside, 2);
  assert_true(metrics.auroc == 1.0 && metrics.aupr == 1.0 && metrics.fpr95 == 0.0);
}

/* In descending order: in, in, in, out, out: precision 1/4 and 2/5 at recall 1/2 and 1. */
static void perfectly_wrong_separation(void **state) {
  (void)state;
  const float inside[] = {3.0f, 4.0f, 5.0f}, outside[] = {1.0f, 2.0f};
  sngp_ood_metrics metrics = evaluate(inside, 3, outside, 2);
  assert_true(metrics.auroc == 0.0 && metrics.fpr95 == 1.0);
  assert_near(metrics.aupr, (1.0 / 4.0 + 2.0 / 5.0) / 2.0, 1e-15);
}

static void a_constant_score_says_nothing(void **state) {
  (void)state;
  const float inside[] = {1.0f, 1.0f, 1.0f, 1.0f, 1.0f}, outside[] = {1.0f, 1.0f, 1.0f};
  sngp_ood_metrics metrics = evaluate(inside, 5, outside, 3);
  assert_true(metrics.auroc == 0.5 && metrics.fpr95 == 1.0);
  assert_near(metrics.aupr, 3.0 / 8.0, 1e-15);
}

/* Descending: out 4, {out, in} 3, in 2, {out, in, in} 1. Pairs: 4 + 3.5 + 1 of 12; precision 1,
   2/3 and 3/7 at recall 1/3, 2/3 and 1. */
static void ties_worked_by_hand(void **state) {
  (void)state;
  const float inside[] = {1.0f, 3.0f, 2.0f, 1.0f}, outside[] = {1.0f, 3.0f, 4.0f};
  sngp_ood_metrics metrics = evaluate(inside, 4, outside, 3);
  assert_near(metrics.auroc, 8.5 / 12.0, 1e-15);
  assert_near(metrics.aupr, (1.0 + 2.0 / 3.0 + 3.0 / 7.0) / 3.0, 1e-15);
  assert_true(metrics.fpr95 == 1.0);
}

/* 19 of 20 is 0.95 exactly: the threshold of the 19th row counts. */
static void the_threshold_may_reach_95_percent_exactly(void **state) {
  (void)state;
  float outside[20];
  for (int i = 0; i < 20; i++) outside[i] = (float)(100 - i); /* 100 ... 81 */
  const float inside[] = {82.5f, 81.5f, 0.0f, 0.0f}; /* one above the 19th, two above all */
  assert_true(evaluate(inside, 4, outside, 20).fpr95 == 0.25);
  /* one row fewer: 18 of 19 fall short, the last one is needed */
  assert_true(evaluate(inside, 4, outside + 1, 19).fpr95 == 0.5);
}

static void infinities_are_the_ends_of_the_order(void **state) {
  (void)state;
  const float inside[] = {-INFINITY, 0.0f, 3e38f}, outside[] = {INFINITY, -INFINITY, 1.0f};
  const float finite_inside[] = {-2.0f, 0.0f, 2.0f}, finite_outside[] = {3.0f, -2.0f, 1.0f};
  sngp_ood_metrics metrics = evaluate(inside, 3, outside, 3);
  sngp_ood_metrics finite = evaluate(finite_inside, 3, finite_outside, 3);
  assert_memory_equal(&metrics, &finite, sizeof metrics);
  assert_near(metrics.auroc, (3.0 + 0.5 + 2.0) / 9.0, 1e-15);
}

static void auroc_is_the_share_of_pairs_in_order(void **state) {
  (void)state;
  enum { INSIDE = 211, OUTSIDE = 173 };
  float inside[INSIDE], outside[OUTSIDE];
  const int levels[] = {2, 5, 40, 1000};
  for (size_t l = 0; l < 4; l++) {
    int64_t stream = 100 + (int64_t)l;
    for (int i = 0; i < INSIDE; i++) inside[i] = (float)(next_integer(&stream) % levels[l]);
    for (int i = 0; i < OUTSIDE; i++) outside[i] = (float)(next_integer(&stream) % levels[l] + 1);
    int64_t twice = 0; /* 2 for a pair in order, 1 for a tie */
    for (int i = 0; i < INSIDE; i++)
      for (int j = 0; j < OUTSIDE; j++)
        twice += (outside[j] > inside[i]) + (outside[j] >= inside[i]);
    assert_near(evaluate(inside, INSIDE, outside, OUTSIDE).auroc,
                (double)twice / (2.0 * INSIDE * OUTSIDE), 1e-14);
  }
}

/* roc_auc_score, average_precision_score and roc_curve of scikit-learn 1.9.1. */
static void values_of_scikit_learn(void **state) {
  (void)state;
  const struct {
    int64_t seed, inside, outside;
    int32_t levels, shift;
    double auroc, aupr, fpr95;
  } cases[] = {
      {1, 400, 150, 20, 5, 0.728466666666667, 0.576298951673614, 0.71},
      {2, 60, 900, 7, 1, 0.662759259259259, 0.964573135079022, 0.85},
      {3, 500, 500, 1000, 300, 0.752262, 0.777190882569565, 0.632},
      {4, 50, 40, 3, -1, 0.22125, 0.362421383647799, 1.0},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    float scores[1000];
    int64_t stream = cases[c].seed, count = cases[c].inside + cases[c].outside;
    for (int64_t i = 0; i < count; i++)
      scores[i] = (float)(next_integer(&stream) * cases[c].levels / 1000 +
                          (i < cases[c].inside ? 0 : cases[c].shift));
    sngp_ood_metrics metrics =
        evaluate(scores, cases[c].inside, scores + cases[c].inside, cases[c].outside);
    assert_near(metrics.auroc, cases[c].auroc, 1e-14);
    assert_near(metrics.aupr, cases[c].aupr, 1e-14);
    assert_near(metrics.fpr95, cases[c].fpr95, 1e-14);
  }
}

static void bad_arguments_are_refused_with_their_place_and_nothing_is_written(void **state) {
  (void)state;
  const float good[] = {1.0f, 2.0f}, bad[] = {1.0f, NAN};
  sngp_ood_metrics metrics = {.struct_size = sizeof metrics, .auroc = 7.0};
  assert_int_equal(sngp_evaluate_ood(bad, 2, good, 2, &metrics), SNGP_ERROR_NOT_FINITE);
  assert_non_null(strstr(sngp_last_error(), "in_domain[1] is NaN"));
  assert_int_equal(sngp_evaluate_ood(good, 2, bad, 2, &metrics), SNGP_ERROR_NOT_FINITE);
  assert_non_null(strstr(sngp_last_error(), "out_of_domain[1] is NaN"));
  assert_int_equal(sngp_evaluate_ood(NULL, 0, good, 2, &metrics), SNGP_ERROR_NO_ROWS);
  assert_int_equal(sngp_evaluate_ood(good, 2, good, 0, &metrics), SNGP_ERROR_NO_ROWS);
  assert_int_equal(sngp_evaluate_ood(good, -1, good, 2, &metrics), SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_evaluate_ood(good, 2, NULL, 2, &metrics), SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_evaluate_ood(good, 2, good, 2, NULL), SNGP_ERROR_INVALID_ARGUMENT);
  assert_true(metrics.auroc == 7.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(perfect_separation),
      cmocka_unit_test(perfectly_wrong_separation),
      cmocka_unit_test(a_constant_score_says_nothing),
      cmocka_unit_test(ties_worked_by_hand),
      cmocka_unit_test(the_threshold_may_reach_95_percent_exactly),
      cmocka_unit_test(infinities_are_the_ends_of_the_order),
      cmocka_unit_test(auroc_is_the_share_of_pairs_in_order),
      cmocka_unit_test(values_of_scikit_learn),
      cmocka_unit_test(bad_arguments_are_refused_with_their_place_and_nothing_is_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
