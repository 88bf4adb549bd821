/* Accuracy, negative log-likelihood and Brier score. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sngp/metrics.h"
#include "unit/metrics/support.h"

static sngp_classification_metrics evaluate(const float *probabilities, int64_t rows,
                                            int64_t classes, const int32_t *labels) {
  sngp_classification_metrics metrics = {.struct_size = sizeof metrics};
  assert_int_equal(sngp_evaluate_classification(probabilities, rows, classes, labels, &metrics),
                   SNGP_OK);
  assert_int_equal(metrics.rows, rows);
  return metrics;
}

/* Dyadic probabilities, so that every value below is exact. */
static void three_rows_worked_by_hand(void **state) {
  (void)state;
  const float probabilities[] = {0.5f, 0.25f, 0.25f, 0.125f, 0.75f, 0.125f, 0.25f, 0.25f, 0.5f};
  const int32_t labels[] = {0, 1, 0};
  sngp_classification_metrics metrics = evaluate(probabilities, 3, 3, labels);
  assert_near(metrics.accuracy, 2.0 / 3.0, 1e-15);
  assert_near(metrics.nll, (log(2.0) + log(4.0 / 3.0) + log(4.0)) / 3.0, 1e-15);
  /* 3/8, 3/32 and 9/16 + 1/16 + 1/4 */
  assert_near(metrics.brier, (12.0 + 3.0 + 28.0) / 32.0 / 3.0, 1e-15);
}

static void certain_and_right_is_perfect_and_certain_and_wrong_the_worst(void **state) {
  (void)state;
  const float probabilities[] = {1.0f, 0.0f, 0.0f, 1.0f};
  const int32_t right[] = {0, 1}, wrong[] = {1, 0};
  sngp_classification_metrics metrics = evaluate(probabilities, 2, 2, right);
  assert_true(metrics.accuracy == 1.0 && metrics.nll == 0.0 && metrics.brier == 0.0);
  metrics = evaluate(probabilities, 2, 2, wrong);
  assert_true(metrics.accuracy == 0.0 && metrics.brier == 2.0);
  assert_true(isinf(metrics.nll) && metrics.nll > 0.0);
}

static void the_first_class_among_equal_probabilities_counts(void **state) {
  (void)state;
  const float probabilities[] = {0.25f, 0.375f, 0.375f};
  const int32_t first = 1, second = 2;
  assert_true(evaluate(probabilities, 1, 3, &first).accuracy == 1.0);
  assert_true(evaluate(probabilities, 1, 3, &second).accuracy == 0.0);
}

/* A sum in single precision would stop growing at 2^24 rows of 1, and is off in the 4th digit here.
 */
static void a_million_rows_lose_no_digits(void **state) {
  (void)state;
  enum { ROWS = 1 << 20 };
  float *probabilities = malloc(2 * ROWS * sizeof *probabilities);
  int32_t *labels = calloc(ROWS, sizeof *labels);
  assert_true(probabilities != NULL && labels != NULL);
  for (size_t i = 0; i < ROWS; i++) {
    probabilities[2 * i] = 0.9f;
    probabilities[2 * i + 1] = 0.1f;
  }
  sngp_classification_metrics metrics = evaluate(probabilities, ROWS, 2, labels);
  assert_near(metrics.nll, -log((double)0.9f), 1e-11);
  assert_near(metrics.ece, 1.0 - (double)0.9f, 1e-11);
  free(probabilities);
  free(labels);
}

/* accuracy, log_loss and brier_score_loss (not halved) of scikit-learn 1.9.1. */
static void values_of_scikit_learn(void **state) {
  (void)state;
  const struct {
    int64_t seed, rows, classes;
    double accuracy, nll, brier;
  } cases[] = {
      {11, 300, 4, 0.233333333333333, 1.58416912796967, 0.822801511396739},
      {12, 250, 2, 0.444, 0.959732312405685, 0.650306566580267},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    float probabilities[1200];
    int32_t labels[300];
    int64_t rows = cases[c].rows, classes = cases[c].classes;
    fill_predictions(cases[c].seed, rows, classes, 1000, probabilities, labels);
    sngp_classification_metrics metrics = evaluate(probabilities, rows, classes, labels);
    assert_near(metrics.accuracy, cases[c].accuracy, 1e-14);
    /* scikit-learn was given rows that sum to 1 in double precision */
    assert_near(metrics.nll, cases[c].nll, 1e-8);
    assert_near(metrics.brier, cases[c].brier, 1e-8);
  }
}

/* As a program hands it in that was built when the struct ended with ece. */
static void an_older_smaller_struct_is_filled_and_nothing_beyond_it(void **state) {
  (void)state;
  const float probabilities[] = {0.75f, 0.25f};
  const int32_t label = 1;
  sngp_classification_metrics metrics = {.struct_size = 48};
  memset((char *)&metrics + 48, 0x5a, sizeof metrics - 48);
  sngp_classification_metrics before = metrics;
  assert_int_equal(offsetof(sngp_classification_metrics, ece) + sizeof(double), 48);
  assert_int_equal(sngp_evaluate_classification(probabilities, 1, 2, &label, &metrics), SNGP_OK);
  assert_int_equal(metrics.struct_size, 48);
  assert_near(metrics.ece, 0.75, 1e-15);
  assert_memory_equal((char *)&metrics + 48, (char *)&before + 48, sizeof metrics - 48);
}

static void bad_arguments_are_refused_with_their_place_and_nothing_is_written(void **state) {
  (void)state;
  const struct {
    float probabilities[4];
    int32_t labels[2];
    int64_t rows, classes;
    sngp_status status;
    const char *message;
  } cases[] = {
      {{.5f, .5f, .5f, .5f},
       {0, 2},
       2,
       2,
       SNGP_ERROR_LABEL_RANGE,
       "labels[1] is 2, but num_classes is 2"},
      {{.5f, .5f, .5f, .5f}, {-1, 0}, 2, 2, SNGP_ERROR_LABEL_RANGE, "labels[0] is -1"},
      {{.5f, .5f, 1.f, NAN}, {0, 0}, 2, 2, SNGP_ERROR_NOT_FINITE, "row 1, class 1 is nan"},
      {{.5f, .5f, INFINITY, 0.f}, {0, 0}, 2, 2, SNGP_ERROR_NOT_FINITE, "row 1, class 0 is inf"},
      {{1.25f, -.25f, .5f, .5f}, {0, 0}, 2, 2, SNGP_ERROR_INVALID_ARGUMENT, "row 0, class 1"},
      {{.5f, .5f, 3.f, 1.f}, {0, 0}, 2, 2, SNGP_ERROR_INVALID_ARGUMENT, "row 1 sum to 4"},
      {{1.f, 1.f, 1.f, 1.f}, {0, 0}, 4, 1, SNGP_ERROR_INVALID_ARGUMENT, "num_classes is 1"},
      {{.5f, .5f, .5f, .5f}, {0, 0}, 0, 2, SNGP_ERROR_NO_ROWS, "rows is 0"},
      {{.5f, .5f, .5f, .5f}, {0, 0}, -1, 2, SNGP_ERROR_INVALID_ARGUMENT, "rows is -1"},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    sngp_classification_metrics metrics = {.struct_size = sizeof metrics, .nll = 7.0};
    sngp_status status = sngp_evaluate_classification(cases[c].probabilities, cases[c].rows,
                                                      cases[c].classes, cases[c].labels, &metrics);
    assert_int_equal(status, cases[c].status);
    assert_non_null(strstr(sngp_last_error(), cases[c].message));
    assert_true(metrics.nll == 7.0 && metrics.rows == 0);
  }
  const float probabilities[] = {.5f, .5f};
  const int32_t label = 0;
  sngp_classification_metrics metrics = {.struct_size = sizeof metrics};
  assert_int_equal(sngp_evaluate_classification(NULL, 1, 2, &label, &metrics),
                   SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_evaluate_classification(probabilities, 1, 2, NULL, &metrics),
                   SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_evaluate_classification(probabilities, 1, 2, &label, NULL),
                   SNGP_ERROR_INVALID_ARGUMENT);
  metrics.struct_size = 8;
  assert_int_equal(sngp_evaluate_classification(probabilities, 1, 2, &label, &metrics),
                   SNGP_ERROR_INVALID_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(three_rows_worked_by_hand),
      cmocka_unit_test(certain_and_right_is_perfect_and_certain_and_wrong_the_worst),
      cmocka_unit_test(the_first_class_among_equal_probabilities_counts),
      cmocka_unit_test(a_million_rows_lose_no_digits),
      cmocka_unit_test(values_of_scikit_learn),
      cmocka_unit_test(an_older_smaller_struct_is_filled_and_nothing_beyond_it),
      cmocka_unit_test(bad_arguments_are_refused_with_their_place_and_nothing_is_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
