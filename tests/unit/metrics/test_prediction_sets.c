/* Measures of prediction sets, and what the functions of prediction sets refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sngp/sngp.h"
#include "support/check.h"

static const sngp_status BAD = SNGP_ERROR_INVALID_ARGUMENT;

static void sets_are_counted_by_hand(void **state) {
  (void)state;
  const uint8_t sets[] = {1, 0, 0, /**/ 0, 1, 1, /**/ 0, 0, 0, /**/ 1, 1, 1, /**/ 0, 0, 1};
  const int32_t labels[] = {0, 0, 2, 1, 1}; /* in, out, out, in, out */
  sngp_set_metrics metrics = {.struct_size = sizeof metrics};
  assert_ok(sngp_evaluate_sets(sets, 5, 3, labels, &metrics));
  assert_int_equal(metrics.rows, 5);
  assert_close(metrics.coverage, 2 / 5.0, 1e-15);
  assert_close(metrics.mean_size, 7 / 5.0, 1e-15);
  assert_close(metrics.singletons, 2 / 5.0, 1e-15);
  assert_close(metrics.empty, 1 / 5.0, 1e-15);
}

static void bad_sets_are_named(void **state) {
  (void)state;
  const uint8_t sets[] = {1, 0, /**/ 0, 2};
  const int32_t labels[] = {0, 2};
  sngp_set_metrics metrics = {.struct_size = sizeof metrics, .coverage = -1};
  assert_fails(sngp_evaluate_sets(sets, 2, 2, labels, &metrics), BAD, "row 1 holds 2 for class 1");
  assert_fails(sngp_evaluate_sets(sets, 1, 2, labels + 1, &metrics), SNGP_ERROR_LABEL_RANGE,
               "labels[0] is 2", "num_classes is 2");
  assert_fails(sngp_evaluate_sets(sets, 0, 2, labels, &metrics), SNGP_ERROR_NO_ROWS, "rows is 0");
  assert_fails(sngp_evaluate_sets(sets, 1, 1, labels, &metrics), BAD, "num_classes is 1");
  assert_fails(sngp_evaluate_sets(NULL, 1, 2, labels, &metrics), BAD, "sets is NULL");
  assert_fails(sngp_evaluate_sets(sets, 1, 2, NULL, &metrics), BAD, "labels is NULL");
  assert_fails(sngp_evaluate_sets(sets, 1, 2, labels, NULL), BAD, "NULL");
  assert_true(metrics.coverage == -1);
}

static const float P[] = {0.5f, 0.5f, /**/ 0.25f, 0.75f};
static const int32_t LABELS[] = {0, 1};

static void fields_out_of_range_are_named_with_their_value(void **state) {
  (void)state;
  sngp_conformal_config config;
  double threshold = -1;
  uint8_t sets[4] = {7, 7, 7, 7};
#define REFUSED(field, value, text)                                                           \
  do {                                                                                        \
    assert_ok(sngp_conformal_config_init(&config, sizeof config));                            \
    config.field = value;                                                                     \
    assert_fails(sngp_conformal_calibrate(P, 2, 2, LABELS, &config, &threshold), BAD, #field, \
                 text);                                                                       \
    assert_fails(sngp_conformal_sets(P, 2, 2, &config, 1, sets), BAD, #field, text);          \
  } while (0)
  REFUSED(method, 2, "is 2");
  REFUSED(coverage, 0, "is 0");
  REFUSED(coverage, 1, "is 1");
  REFUSED(coverage, (double)NAN, "is nan");
  REFUSED(seed, -3, "is -3");
  REFUSED(randomize, 2, "is 2");
  REFUSED(allow_empty, -1, "is -1");
  REFUSED(first_row, -1, "is -1");
  REFUSED(struct_size, 8, "is 8");
#undef REFUSED
  assert_ok(sngp_conformal_config_init(&config, sizeof config));
  config.first_row = INT64_MAX - 1;
  assert_fails(sngp_conformal_sets(P, 2, 2, &config, 1, sets), BAD, "first_row", "2 rows");
  assert_true(threshold == -1 && sets[0] == 7);
}

static void bad_probabilities_labels_and_thresholds_are_named(void **state) {
  (void)state;
  const float logits[] = {0.5f, 0.5f, /**/ 2, -1}, nothing[] = {(float)NAN, 1};
  const int32_t labels[] = {0, 2};
  double threshold = -1;
  uint8_t sets[4] = {7, 7, 7, 7};
  assert_fails(sngp_conformal_calibrate(logits, 2, 2, LABELS, NULL, &threshold), BAD, "row 1");
  assert_fails(sngp_conformal_calibrate(nothing, 1, 2, LABELS, NULL, &threshold),
               SNGP_ERROR_NOT_FINITE, "row 0, class 0");
  assert_fails(sngp_conformal_calibrate(P, 2, 2, labels, NULL, &threshold), SNGP_ERROR_LABEL_RANGE,
               "labels[1] is 2");
  assert_fails(sngp_conformal_calibrate(P, 0, 2, LABELS, NULL, &threshold), SNGP_ERROR_NO_ROWS, "");
  assert_fails(sngp_conformal_calibrate(P, 2, 1, LABELS, NULL, &threshold), BAD, "num_classes");
  assert_fails(sngp_conformal_calibrate(NULL, 2, 2, LABELS, NULL, &threshold), BAD,
               "probabilities is NULL");
  assert_fails(sngp_conformal_calibrate(P, 2, 2, NULL, NULL, &threshold), BAD, "labels is NULL");
  assert_fails(sngp_conformal_calibrate(P, 2, 2, LABELS, NULL, NULL), BAD, "threshold is NULL");
  assert_fails(sngp_conformal_sets(logits, 2, 2, NULL, 1, sets), BAD, "row 1");
  assert_fails(sngp_conformal_sets(P, -1, 2, NULL, 1, sets), BAD, "rows is -1");
  assert_fails(sngp_conformal_sets(P, INT64_MAX, 2, NULL, 1, sets), BAD, "memory");
  assert_fails(sngp_conformal_sets(P, 2, 2, NULL, (double)NAN, sets), BAD, "threshold is nan");
  assert_fails(sngp_conformal_sets(P, 2, 2, NULL, -0.1, sets), BAD, "threshold is -0.1");
  assert_fails(sngp_conformal_sets(P, 2, 2, NULL, 1, NULL), BAD, "sets is NULL");
  assert_ok(sngp_conformal_sets(NULL, 0, 2, NULL, 1, NULL));
  assert_true(threshold == -1 && sets[0] == 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sets_are_counted_by_hand),
      cmocka_unit_test(bad_sets_are_named),
      cmocka_unit_test(fields_out_of_range_are_named_with_their_value),
      cmocka_unit_test(bad_probabilities_labels_and_thresholds_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
