/* Expected calibration error. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sngp/metrics.h"
#include "unit/metrics/support.h"

static double ece(const float *probabilities, int64_t rows, int64_t classes,
                  const int32_t *labels) {
  sngp_classification_metrics metrics = {.struct_size = sizeof metrics};
  assert_int_equal(sngp_evaluate_classification(probabilities, rows, classes, labels, &metrics),
                   SNGP_OK);
  return metrics.ece;
}

/* Confidences .75, .75 and .75 fall into (11/15, 12/15], .9375 and .625 into bins of their own:
   (|2 - 2.25| + |0 - .9375| + |1 - .625|) / 5. */
static void five_rows_worked_by_hand(void **state) {
  (void)state;
  const float probabilities[] = {.75f, .25f, .25f, .75f, .75f, .25f, .9375f, .0625f, .375f, .625f};
  const int32_t labels[] = {0, 1, 1, 1, 1};
  assert_near(ece(probabilities, 5, 2, labels), (0.25 + 0.9375 + 0.375) / 5.0, 1e-15);
}

static void confidence_that_equals_accuracy_gives_zero(void **state) {
  (void)state;
  const float probabilities[] = {.75f, .25f, .75f, .25f, .75f, .25f, .75f, .25f};
  const int32_t labels[] = {0, 0, 1, 0};
  assert_true(ece(probabilities, 4, 2, labels) == 0.0);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(five_rows_worked_by_hand),
      cmocka_unit_test(confidence_that_equals_accuracy_gives_zero),
      cmocka_unit_test(confidences_on_either_side_of_a_border_lie_in_different_bins),
      cmocka_unit_test(full_confidence_belongs_to_the_last_bin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
