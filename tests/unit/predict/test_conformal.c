/* Conformal prediction sets: thresholds and sets in closed form, coverage, streams, rounding. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sngp/sngp.h"
#include "support/check.h"
#include "unit/numeric.h"

enum { APS = SNGP_CONFORMAL_APS, THRESHOLD = SNGP_CONFORMAL_THRESHOLD };

static sngp_conformal_config configure(int32_t method, double coverage) {
  sngp_conformal_config config;
  assert_ok(sngp_conformal_config_init(&config, sizeof config));
  config.method = method;
  config.coverage = coverage;
  return config;
}

static double calibrate(const float *p, int64_t rows, int64_t classes, const int32_t *labels,
                        const sngp_conformal_config *config) {
  double threshold = (double)NAN;
  assert_ok(sngp_conformal_calibrate(p, rows, classes, labels, config, &threshold));
  return threshold;
}

/* ---- thresholds ---- */

/* Scores 1/128, 2/128, ..., exact in binary: the threshold tells its rank. Ranks are computed in
   integers, coverage in hundredths. */
static void the_threshold_has_the_rank_ceil_of_rows_plus_1_times_coverage(void **state) {
  (void)state;
  enum { MOST = 120 };
  float p[MOST * 2];
  int32_t labels[MOST] = {0};
  for (int i = 0; i < MOST; i++) {
    p[2 * i + 1] = (float)(i + 1) / 128;
    p[2 * i] = 1 - p[2 * i + 1];
  }
  for (int rows = 1; rows <= MOST; rows++)
    for (int percent = 1; percent <= 99; percent++) {
      sngp_conformal_config config = configure(THRESHOLD, percent / 100.0);
      int rank = ((rows + 1) * percent + 99) / 100;
      double threshold = calibrate(p, rows, 2, labels, &config);
      assert_true(threshold == (rank <= rows ? rank / 128.0 : (double)INFINITY));
    }
}

static void the_order_of_calibration_rows_does_not_matter(void **state) {
  (void)state;
  const float p[] = {0.5f, 0.5f, 0.125f, 0.875f, 0.25f, 0.75f, 0.375f, 0.625f};
  const int32_t labels[] = {0, 0, 1, 0};                    /* scores 1/2, 7/8, 1/4, 5/8 */
  sngp_conformal_config config = configure(THRESHOLD, 0.6); /* the third of four */
  assert_true(calibrate(p, 4, 2, labels, &config) == 0.625);
}

static void scores_of_adaptive_sets_are_sums_down_to_the_label(void **state) {
  (void)state;
  const float p[] = {0.125f, 0.5f, 0.0625f, 0.3125f};
  const double sums[] = {0.9375, 0.5, 1, 0.8125};
  sngp_conformal_config config = configure(APS, 0.5);
  config.randomize = 0;
  for (int32_t label = 0; label < 4; label++)
    assert_true(calibrate(p, 1, 4, &label, &config) == sums[label]);
}

/* ---- sets ---- */

static void assert_set(const float *p, int64_t classes, const sngp_conformal_config *config,
                       double threshold, const char *expected) {
  uint8_t set[8];
  assert_ok(sngp_conformal_sets(p, 1, classes, config, threshold, set));
  for (int64_t k = 0; k < classes; k++) assert_int_equal(set[k], expected[k] - '0');
}

static void sets_hold_the_classes_whose_score_is_at_most_the_threshold(void **state) {
  (void)state;
  const float p[] = {0.125f, 0.5f, 0.0625f, 0.3125f};
  sngp_conformal_config config = configure(APS, 0.9);
  config.randomize = 0;
  config.allow_empty = 1;
  assert_set(p, 4, &config, 0.49, "0000");
  assert_set(p, 4, &config, 0.5, "0100");
  assert_set(p, 4, &config, 0.8125, "0101");
  assert_set(p, 4, &config, 0.99, "1101");
  assert_set(p, 4, &config, 1, "1111");
  config.method = THRESHOLD; /* scores 0.875, 0.5, 0.9375, 0.6875 */
  assert_set(p, 4, &config, 0.49, "0000");
  assert_set(p, 4, &config, 0.6875, "0101");
  assert_set(p, 4, &config, 0.9, "1101");
  assert_set(p, 4, &config, 0.9375, "1111");
  config.allow_empty = 0;
  assert_set(p, 4, &config, 0.1, "0100");
  config.method = APS;
  assert_set(p, 4, &config, 0, "0100");
}

/* APS ranks equal classes by number; by their own probability they are in together, or out. */
static void equal_probabilities_are_ranked_by_class(void **state) {
  (void)state;
  const float p[] = {0.25f, 0.25f, 0.25f, 0.25f};
  sngp_conformal_config config = configure(APS, 0.9);
  config.randomize = 0;
  assert_set(p, 4, &config, 0.1, "1000");
  assert_set(p, 4, &config, 0.5, "1100");
  assert_set(p, 4, &config, 0.8, "1110");
  config.method = THRESHOLD;
  assert_set(p, 4, &config, 0.7, "1000");
  assert_set(p, 4, &config, 0.75, "1111");
}

/* A class of score before + u p is in with the probability (threshold - before) / p. */
static void a_random_share_lets_a_class_in_as_often_as_the_threshold_says(void **state) {
  (void)state;
  enum { ROWS = 20000 };
  static float p[ROWS * 3];
  static uint8_t sets[ROWS * 3];
  for (int i = 0; i < ROWS; i++) memcpy(p + 3 * i, (const float[]){0.5f, 0.125f, 0.375f}, 12);
  sngp_conformal_config config = configure(APS, 0.9);
  config.seed = 5;
  assert_ok(sngp_conformal_sets(p, ROWS, 3, &config, 0.8, sets));
  int counts[3] = {0};
  for (int i = 0; i < ROWS * 3; i++) counts[i % 3] += sets[i];
  assert_int_equal(counts[0], ROWS);
  assert_int_equal(counts[1], 0);
  double expected = (0.8 - 0.5) / 0.375; /* 0.8; 4 standard deviations of a share of 20,000 rows */
  assert_close(counts[2] / (double)ROWS, expected, 4 * sqrt(expected * (1 - expected) / ROWS));
}

/* Each row's sum is off by what single precision or the tolerance allows. */
static void a_threshold_of_1_holds_every_class_whatever_the_rounding(void **state) {
  (void)state;
  enum { ROWS = 50, CLASSES = 1000 };
  static float p[ROWS * CLASSES];
  static uint8_t sets[ROWS * CLASSES];
  uint64_t random = 3;
  for (int i = 0; i < ROWS; i++) {
    double sum = 0, scale = 1 + 0.0009 * (i % 3 - 1);
    double draws[CLASSES];
    for (int k = 0; k < CLASSES; k++) sum += draws[k] = k == 7 ? 0 : next_uniform(&random);
    for (int k = 0; k < CLASSES; k++) p[i * CLASSES + k] = (float)(scale * draws[k] / sum);
  }
  for (int i = 0; i < 4; i++) {
    sngp_conformal_config config = configure(i % 2, 0.9);
    config.randomize = i / 2;
    assert_ok(sngp_conformal_sets(p, ROWS, CLASSES, &config, 1, sets));
    for (int k = 0; k < ROWS * CLASSES; k++) assert_int_equal(sets[k], 1);
  }
}

static void too_few_calibration_rows_put_every_class_into_every_set(void **state) {
  (void)state;
  const float p[] = {1, 0, 0, /**/ 0.5f, 0.5f, 0};
  const int32_t labels[8] = {0};
  float calibration[8 * 3] = {0};
  for (int i = 0; i < 8; i++) calibration[3 * i] = 1;
  for (int32_t method = APS; method <= THRESHOLD; method++) {
    sngp_conformal_config config = configure(method, 0.9); /* takes 9 rows */
    uint8_t sets[6] = {0};
    double threshold = calibrate(calibration, 8, 3, labels, &config);
    assert_true(isinf(threshold));
    assert_ok(sngp_conformal_sets(p, 2, 3, &config, threshold, sets));
    for (int i = 0; i < 6; i++) assert_int_equal(sets[i], 1);
  }
}

/* Where the label's p is above 1 by rounding, the threshold is still one that sets can be made
   with. */
static void a_probability_above_1_by_rounding_scores_0(void **state) {
  (void)state;
  const float p[] = {1.0000001f, 0, /**/ 1.0000001f, 0};
  const int32_t labels[] = {0, 0};
  sngp_conformal_config config = configure(THRESHOLD, 0.5);
  double threshold = calibrate(p, 2, 2, labels, &config);
  assert_true(threshold == 0);
  assert_set(p, 2, &config, threshold, "10");
}

/* ---- coverage ---- */

enum { SPLITS = 200, CALIBRATION = 50, NEW = 200, CLASSES = 4, ROWS = CALIBRATION + NEW };

/* Rows of a model that is too sure of itself: labels are drawn from a flatter softmax. */
static void draw(uint64_t *random, float *p, int32_t *labels) {
  for (int i = 0; i < ROWS; i++) {
    double logits[CLASSES], sum = 0, flat = 0;
    for (int k = 0; k < CLASSES; k++) {
      logits[k] = 3 * next_normal(random);
      sum += exp(logits[k]);
      flat += exp(0.5 * logits[k]);
    }
    double left = next_uniform(random) * flat;
    labels[i] = 0;
    for (int k = 0; k < CLASSES; k++) {
      p[i * CLASSES + k] = (float)(exp(logits[k]) / sum);
      if (left > 0) labels[i] = k;
      left -= exp(0.5 * logits[k]);
    }
  }
}

/* The mean coverage over the splits, and the mean size. */
static sngp_set_metrics cover(const sngp_conformal_config *given) {
  static float p[ROWS * CLASSES];
  static uint8_t sets[NEW * CLASSES];
  int32_t labels[ROWS];
  uint64_t random = 11;
  sngp_set_metrics mean = {.struct_size = sizeof mean};
  for (int split = 0; split < SPLITS; split++) {
    sngp_conformal_config config = *given;
    sngp_set_metrics metrics = {.struct_size = sizeof metrics};
    config.seed = split;
    draw(&random, p, labels);
    double threshold = calibrate(p, CALIBRATION, CLASSES, labels, &config);
    assert_ok(
        sngp_conformal_sets(p + CALIBRATION * CLASSES, NEW, CLASSES, &config, threshold, sets));
    assert_ok(sngp_evaluate_sets(sets, NEW, CLASSES, labels + CALIBRATION, &metrics));
    assert_int_equal(metrics.rows, NEW);
    mean.coverage += metrics.coverage / SPLITS;
    mean.mean_size += metrics.mean_size / SPLITS;
  }
  return mean;
}

/* Without ties a split's coverage is Beta(k, n + 1 - k) distributed, with the mean k / (n + 1)
   (Vovk, arXiv 1209.2673), and what is counted on so many new rows is binomial around it: four
   standard deviations of the mean over the splits. */
static double tolerance_of(double k) {
  double n = CALIBRATION, mean = k / (n + 1), product = k * (n + 1 - k);
  double of_split = product / ((n + 1) * (n + 1) * (n + 2));
  double of_count = (mean * (1 - mean) - of_split) / NEW;
  return 4 * sqrt((of_split + of_count) / SPLITS);
}

static void mean_coverage_is_exact_where_sets_may_be_empty(void **state) {
  (void)state;
  const double coverages[] = {0.6, 0.9};
  for (int i = 0; i < 4; i++) {
    sngp_conformal_config config = configure(i % 2, coverages[i / 2]);
    config.allow_empty = 1;
    double k = ceil((CALIBRATION + 1) * coverages[i / 2]); /* 30.6 and 45.9, rounded up */
    sngp_set_metrics mean = cover(&config);
    print_message("  method %d, coverage %g: %.4f, mean size %.3f\n", config.method,
                  config.coverage, mean.coverage, mean.mean_size);
    assert_close(mean.coverage, k / (CALIBRATION + 1), tolerance_of(k));
  }
}

static void without_empty_sets_or_without_randomisation_it_is_at_least_that(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    sngp_conformal_config config = configure(i == 2 ? THRESHOLD : APS, 0.6), exact = config;
    exact.allow_empty = 1;
    config.randomize = i != 1;
    sngp_set_metrics mean = cover(&config), reference = cover(&exact);
    print_message("  method %d, randomised %d: %.4f, mean size %.3f\n", config.method,
                  config.randomize, mean.coverage, mean.mean_size);
    assert_below(31.0 / (CALIBRATION + 1) - tolerance_of(31), mean.coverage);
    assert_below(reference.mean_size - 1e-9, mean.mean_size);
  }
}

/* ---- streams ---- */

static void sets_depend_on_seed_and_row_alone(void **state) {
  (void)state;
  static float p[ROWS * CLASSES];
  static uint8_t whole[ROWS * CLASSES], parts[ROWS * CLASSES], others[ROWS * CLASSES];
  int32_t labels[ROWS];
  draw(&(uint64_t){17}, p, labels);
  sngp_conformal_config config = configure(APS, 0.9), other = config;
  const int64_t starts[] = {0, 1000, (INT64_C(1) << 32) - 100, INT64_C(1) << 32};
  for (int s = 0; s < 4; s++) {
    config.first_row = starts[s];
    assert_ok(sngp_conformal_sets(p, ROWS, CLASSES, &config, 0.8, whole));
    for (int64_t first = 0; first < ROWS; first += 60) {
      sngp_conformal_config part = config;
      part.first_row += first;
      int64_t rows = ROWS - first < 60 ? ROWS - first : 60;
      assert_ok(sngp_conformal_sets(p + first * CLASSES, rows, CLASSES, &part, 0.8,
                                    parts + first * CLASSES));
    }
    assert_memory_equal(whole, parts, sizeof whole);
    assert_ok(sngp_conformal_sets(p, ROWS, CLASSES, &other, 0.8, others));
    assert_int_equal(memcmp(whole, others, sizeof whole) == 0, starts[s] == 0);
  }
  other.seed = 1;
  config.first_row = 0;
  assert_ok(sngp_conformal_sets(p, ROWS, CLASSES, &config, 0.8, whole));
  assert_ok(sngp_conformal_sets(p, ROWS, CLASSES, &other, 0.8, others));
  assert_true(memcmp(whole, others, sizeof whole) != 0);
  assert_true(calibrate(p, ROWS, CLASSES, labels, &config) ==
              calibrate(p, ROWS, CLASSES, labels, &config));
  assert_true(calibrate(p, ROWS, CLASSES, labels, &config) !=
              calibrate(p, ROWS, CLASSES, labels, &other));
}

/* With one class per row of probability 1/2 each, a calibration row and the new row of the same
   number would otherwise have one score: the new row's label would be in its set for certain. */
static void calibration_and_sets_draw_from_streams_of_their_own(void **state) {
  (void)state;
  const float p[] = {0.5f, 0.5f};
  const int32_t label = 0;
  int outside = 0;
  for (int64_t seed = 0; seed < 50; seed++) {
    sngp_conformal_config config = configure(APS, 0.5); /* the one row's score */
    config.seed = seed;
    config.allow_empty = 1;
    uint8_t set[2];
    double threshold = calibrate(p, 1, 2, &label, &config);
    assert_ok(sngp_conformal_sets(p, 1, 2, &config, threshold, set));
    outside += !set[0];
  }
  assert_in_range(outside, 10, 40);
}

typedef struct {
  const float *p;
  const int32_t *labels;
  double threshold;
  uint8_t sets[ROWS * CLASSES];
  sngp_status status;
} caller;

static void *call(void *argument) {
  caller *self = argument;
  for (int i = 0; i < 20 && self->status == SNGP_OK; i++)
    self->status =
        sngp_conformal_calibrate(self->p, ROWS, CLASSES, self->labels, NULL, &self->threshold);
  for (int i = 0; i < 20 && self->status == SNGP_OK; i++)
    self->status = sngp_conformal_sets(self->p, ROWS, CLASSES, NULL, self->threshold, self->sets);
  return NULL;
}

static void concurrent_calls_give_what_one_gives(void **state) {
  (void)state;
  enum { THREADS = 4 };
  static float p[ROWS * CLASSES];
  static caller callers[THREADS + 1];
  int32_t labels[ROWS];
  pthread_t threads[THREADS];
  draw(&(uint64_t){23}, p, labels);
  for (int i = 0; i <= THREADS; i++) {
    callers[i].p = p;
    callers[i].labels = labels;
  }
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  call(&callers[THREADS]);
  for (int i = 0; i <= THREADS; i++) {
    assert_ok(callers[i].status);
    assert_true(callers[i].threshold == callers[THREADS].threshold);
    assert_memory_equal(callers[i].sets, callers[THREADS].sets, sizeof callers[i].sets);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_threshold_has_the_rank_ceil_of_rows_plus_1_times_coverage),
      cmocka_unit_test(the_order_of_calibration_rows_does_not_matter),
      cmocka_unit_test(scores_of_adaptive_sets_are_sums_down_to_the_label),
      cmocka_unit_test(sets_hold_the_classes_whose_score_is_at_most_the_threshold),
      cmocka_unit_test(equal_probabilities_are_ranked_by_class),
      cmocka_unit_test(a_random_share_lets_a_class_in_as_often_as_the_threshold_says),
      cmocka_unit_test(a_threshold_of_1_holds_every_class_whatever_the_rounding),
      cmocka_unit_test(too_few_calibration_rows_put_every_class_into_every_set),
      cmocka_unit_test(a_probability_above_1_by_rounding_scores_0),
      cmocka_unit_test(mean_coverage_is_exact_where_sets_may_be_empty),
      cmocka_unit_test(without_empty_sets_or_without_randomisation_it_is_at_least_that),
      cmocka_unit_test(sets_depend_on_seed_and_row_alone),
      cmocka_unit_test(calibration_and_sets_draw_from_streams_of_their_own),
      cmocka_unit_test(concurrent_calls_give_what_one_gives),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
