/* Random splits and subsets. The first column of every dataset here is the row's number. */
#include <math.h>

#include "data/dataset.h"
#include "unit/data/support.h"

enum { MOST_ROWS = 500 };

static sngp_dataset *numbered(int64_t rows, const int32_t *labels, int64_t num_classes) {
  static float features[2 * MOST_ROWS];
  sngp_dataset *dataset = NULL;
  for (int64_t i = 0; i < rows; i++) {
    features[2 * i] = (float)i;
    features[2 * i + 1] = (float)(-i);
  }
  assert_succeeds(sngp_dataset_create(features, rows, 2, 0, labels, num_classes, &dataset));
  return dataset;
}

static int64_t number_of(const sngp_dataset *part, int64_t row) {
  return (int64_t)sngp_dataset_features(part)[2 * row];
}

/* Rows keep their order and stand in one part only: marks them, and checks what goes with them. */
static void check_part(const sngp_dataset *whole, const sngp_dataset *part, int *seen) {
  int64_t last = -1;
  for (int64_t i = 0; i < sngp_dataset_rows(part); i++) {
    int64_t row = number_of(part, i);
    assert_true(row > last);
    last = row;
    seen[row]++;
    assert_true(sngp_dataset_features(part)[2 * i + 1] == (float)(-row));
    if (sngp_dataset_labels(whole) != NULL)
      assert_int_equal(sngp_dataset_labels(part)[i], sngp_dataset_labels(whole)[row]);
    if (sngp_dataset_sample_weights(whole) != NULL)
      assert_true(sngp_dataset_sample_weights(part)[i] == sngp_dataset_sample_weights(whole)[row]);
  }
  assert_int_equal(sngp_dataset_num_classes(part), sngp_dataset_num_classes(whole));
}

static int64_t count_label(const sngp_dataset *dataset, int32_t label) {
  int64_t count = 0;
  for (int64_t i = 0; i < sngp_dataset_rows(dataset); i++)
    count += sngp_dataset_labels(dataset)[i] == label;
  return count;
}

/* The sizes that the header promises, for many class sizes and fractions. */
static void a_split_is_exact_in_total_and_to_one_row_in_each_class(void **state) {
  (void)state;
  const double fractions[] = {0.01, 0.1, 0.2, 0.25, 1.0 / 3.0, 0.5, 0.7, 0.9, 0.99};
  uint32_t number = 1;
  for (int trial = 0; trial < 60; trial++) {
    int32_t labels[MOST_ROWS], num_classes = 1 + (int32_t)(next_number(&number) % 12);
    int64_t rows = 100 + next_number(&number) % (MOST_ROWS - 99);
    for (int64_t i = 0; i < rows; i++) {
      uint32_t x = next_number(&number) % 1000, y = next_number(&number) % 1000;
      labels[i] =
          (int32_t)(x * y / 1000 * (uint32_t)num_classes / 1000); /* small ones are frequent */
    }
    sngp_dataset *whole = numbered(rows, labels, num_classes);
    for (size_t f = 0; f < sizeof fractions / sizeof *fractions; f++) {
      sngp_dataset *first = NULL, *second = NULL;
      assert_succeeds(sngp_dataset_split(whole, fractions[f], trial, &first, &second));
      assert_int_equal(sngp_dataset_rows(second), llround(fractions[f] * (double)rows));
      assert_int_equal(sngp_dataset_rows(first) + sngp_dataset_rows(second), rows);
      int seen[MOST_ROWS] = {0};
      check_part(whole, first, seen);
      check_part(whole, second, seen);
      for (int64_t i = 0; i < rows; i++) assert_int_equal(seen[i], 1);
      for (int32_t k = 0; k < num_classes; k++) {
        double share = fractions[f] * (double)count_label(whole, k);
        assert_true(fabs((double)count_label(second, k) - share) < 1.0);
      }
      sngp_dataset_free(first);
      sngp_dataset_free(second);
    }
    sngp_dataset_free(whole);
  }
}

/* Four classes of 10, 20, 30 and 40 rows in a mixed order: a fifth is 2, 4, 6 and 8. */
static void classes_that_divide_evenly_are_divided_evenly(void **state) {
  (void)state;
  int32_t labels[100];
  for (int i = 0; i < 100; i++) {
    int place = i * 37 % 100;
    labels[i] = place < 10 ? 0 : place < 30 ? 1 : place < 60 ? 2 : 3;
  }
  sngp_dataset *whole = numbered(100, labels, 0), *first = NULL, *second = NULL;
  assert_succeeds(sngp_dataset_split(whole, 0.2, 4, &first, &second));
  for (int32_t k = 0; k < 4; k++) assert_int_equal(count_label(second, k), 2 * (k + 1));
  sngp_dataset_free(whole);
  sngp_dataset_free(first);
  sngp_dataset_free(second);
}

static void check_count(int count, int trials, double probability) {
  double expected = probability * trials;
  assert_true(fabs(count - expected) <= 5.0 * sqrt(expected * (1.0 - probability)));
}

/* 2000 seeds: each row is in the second part with the probability of the fraction, p; a count
   beyond 5 deviations of the binomial has a probability of 6e-7. Rows 4 and 10 of one stratum of n
   are drawn without replacement, together with p (n p - 1) / (n - 1); rows 4 and 5, each the third
   of its class, independently. */
static void every_row_is_drawn_with_the_same_probability(void **state) {
  (void)state;
  enum { ROWS = 20, SEEDS = 2000 };
  int32_t labels[ROWS];
  for (int i = 0; i < ROWS; i++) labels[i] = i % 2;
  for (int labelled = 0; labelled < 2; labelled++) {
    sngp_dataset *whole = numbered(ROWS, labelled ? labels : NULL, 0);
    int counts[ROWS] = {0}, together = 0, neighbours = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      sngp_dataset *first = NULL, *second = NULL;
      assert_succeeds(sngp_dataset_split(whole, 0.3, seed, &first, &second));
      bool has[ROWS] = {false};
      for (int64_t i = 0; i < sngp_dataset_rows(second); i++) has[number_of(second, i)] = true;
      for (int i = 0; i < ROWS; i++) counts[i] += has[i];
      together += has[4] && has[10];
      neighbours += has[4] && has[5];
      sngp_dataset_free(first);
      sngp_dataset_free(second);
    }
    for (int i = 0; i < ROWS; i++) check_count(counts[i], SEEDS, 0.3);
    double n = labelled ? ROWS / 2 : ROWS, both = 0.3 * (0.3 * n - 1.0) / (n - 1.0);
    check_count(together, SEEDS, both);
    check_count(neighbours, SEEDS, labelled ? 0.3 * 0.3 : both);
    sngp_dataset_free(whole);
  }
}

static void equal_seeds_give_equal_splits(void **state) {
  (void)state;
  sngp_dataset *whole = numbered(200, NULL, 0), *parts[4] = {NULL}, *rest = NULL;
  const int64_t seeds[4] = {1, 1, 2, INT64_C(1) << 33};
  for (int i = 0; i < 4; i++) {
    assert_succeeds(sngp_dataset_split(whole, 0.5, seeds[i], &rest, &parts[i]));
    sngp_dataset_free(rest);
  }
  for (int i = 1; i < 4; i++)
    assert_int_equal(memcmp(sngp_dataset_features(parts[0]), sngp_dataset_features(parts[i]),
                            200 * sizeof(float)) == 0,
                     seeds[i] == seeds[0]);
  for (int i = 0; i < 4; i++) sngp_dataset_free(parts[i]);
  sngp_dataset_free(whole);
}

static void weights_and_names_go_with_the_rows(void **state) {
  (void)state;
  const int32_t labels[] = {0, 1, 0, 1, 0, 1};
  const float weights[] = {1, 2, 3, 4, 5, 6};
  const char *const classes[] = {"no", "yes"}, *const columns[] = {"number", "negative"};
  sngp_dataset *whole = numbered(6, labels, 0), *first = NULL, *second = NULL;
  assert_succeeds(sngp_dataset_set_sample_weights(whole, weights));
  assert_succeeds(sngp_dataset_name(whole, classes, columns, NULL));
  assert_succeeds(sngp_dataset_split(whole, 0.5, 0, &first, &second));
  int seen[6] = {0};
  check_part(whole, first, seen);
  check_part(whole, second, seen);
  sngp_dataset_free(whole); /* both parts own copies */
  for (int i = 0; i < 2; i++) {
    const sngp_dataset *part = i == 0 ? first : second;
    assert_string_equal(sngp_dataset_class_names(part)[1], "yes");
    assert_string_equal(sngp_dataset_feature_names(part)[0], "number");
  }
  sngp_dataset_free(first);
  sngp_dataset_free(second);
}

/* The number of classes costs nothing: only those that occur are looked at. */
static void a_lone_label_of_sixteen_million_is_no_trouble(void **state) {
  (void)state;
  enum { LAST = (1 << 24) - 1 };
  const int32_t labels[] = {LAST, 0, LAST, 0};
  sngp_dataset *whole = numbered(4, labels, 0), *first = NULL, *second = NULL;
  assert_int_equal(sngp_dataset_num_classes(whole), LAST + 1);
  assert_succeeds(sngp_dataset_split(whole, 0.5, 0, &first, &second));
  assert_int_equal(count_label(second, LAST), 1);
  sngp_dataset_free(whole);
  sngp_dataset_free(first);
  sngp_dataset_free(second);
}

static void splits_that_leave_a_part_empty_are_refused(void **state) {
  (void)state;
  sngp_dataset *whole = numbered(10, NULL, 0), *first = poisoned(), *second = poisoned();
#define REFUSED(part, call)                              \
  first = second = poisoned();                           \
  assert_fails(call, SNGP_ERROR_INVALID_ARGUMENT, part); \
  assert_null(first);                                    \
  assert_null(second)
  REFUSED("leaves one part without rows", sngp_dataset_split(whole, 0.04, 0, &first, &second));
  REFUSED("leaves one part without rows", sngp_dataset_split(whole, 0.96, 0, &first, &second));
  REFUSED("fraction is 0", sngp_dataset_split(whole, 0.0, 0, &first, &second));
  REFUSED("fraction is 1", sngp_dataset_split(whole, 1.0, 0, &first, &second));
  REFUSED("fraction is nan", sngp_dataset_split(whole, (double)NAN, 0, &first, &second));
  REFUSED("seed is -1", sngp_dataset_split(whole, 0.5, -1, &first, &second));
  REFUSED("dataset is NULL", sngp_dataset_split(NULL, 0.5, 0, &first, &second));
#undef REFUSED
  assert_fails(sngp_dataset_split(whole, 0.5, 0, NULL, &second), SNGP_ERROR_INVALID_ARGUMENT,
               "first is NULL");
  assert_fails(sngp_dataset_split(whole, 0.5, 0, &first, NULL), SNGP_ERROR_INVALID_ARGUMENT,
               "second is NULL");
  assert_fails(sngp_dataset_split(whole, 0.5, 0, &first, &first), SNGP_ERROR_INVALID_ARGUMENT,
               "the same pointer");
  sngp_dataset_free(whole);
}

static void a_subset_has_the_rows_asked_for_in_their_order(void **state) {
  (void)state;
  const int32_t labels[] = {2, 0, 1, 0};
  const float features[] = {0, 0, 9, 1, -1, 9, 2, -2, 9, 3, -3}, weights[] = {4, 3, 2, 1};
  const int64_t indices[] = {3, 0, 3, 1};
  sngp_dataset *whole = NULL, *subset = NULL;
  assert_succeeds(sngp_dataset_borrow(features, 4, 2, 3, labels, 5, &whole));
  assert_succeeds(sngp_dataset_set_sample_weights(whole, weights));
  assert_succeeds(sngp_dataset_subset(whole, indices, 4, &subset));
  sngp_dataset_free(whole);
  assert_int_equal(sngp_dataset_rows(subset), 4);
  assert_int_equal(sngp_dataset_num_classes(subset), 5);
  for (int i = 0; i < 4; i++) {
    int64_t row = indices[i];
    assert_int_equal(number_of(subset, i), row);
    assert_int_equal(sngp_dataset_labels(subset)[i], labels[row]);
    assert_true(sngp_dataset_sample_weights(subset)[i] == weights[row]);
  }
  sngp_dataset_free(subset);
}

static void an_index_out_of_range_is_named(void **state) {
  (void)state;
  const int64_t large[] = {0, 1, 4}, negative[] = {-1};
  sngp_dataset *whole = numbered(4, NULL, 0), *subset = poisoned();
  assert_fails(sngp_dataset_subset(whole, large, 3, &subset), SNGP_ERROR_INVALID_ARGUMENT,
               "indices[2] is 4, but the dataset has 4 rows");
  assert_null(subset);
  subset = poisoned();
  assert_fails(sngp_dataset_subset(whole, negative, 1, &subset), SNGP_ERROR_INVALID_ARGUMENT,
               "indices[0] is -1");
  assert_null(subset);
  assert_fails(sngp_dataset_subset(whole, NULL, 1, &subset), SNGP_ERROR_INVALID_ARGUMENT,
               "indices is NULL");
  assert_fails(sngp_dataset_subset(whole, large, -1, &subset), SNGP_ERROR_INVALID_ARGUMENT,
               "count is -1");
  assert_fails(sngp_dataset_subset(NULL, large, 1, &subset), SNGP_ERROR_INVALID_ARGUMENT,
               "dataset is NULL");
  assert_fails(sngp_dataset_subset(whole, large, 1, NULL), SNGP_ERROR_INVALID_ARGUMENT,
               "subset is NULL");
  assert_succeeds(sngp_dataset_subset(whole, NULL, 0, &subset));
  assert_int_equal(sngp_dataset_rows(subset), 0);
  sngp_dataset_free(subset);
  sngp_dataset_free(whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_split_is_exact_in_total_and_to_one_row_in_each_class),
      cmocka_unit_test(classes_that_divide_evenly_are_divided_evenly),
      cmocka_unit_test(every_row_is_drawn_with_the_same_probability),
      cmocka_unit_test(equal_seeds_give_equal_splits),
      cmocka_unit_test(weights_and_names_go_with_the_rows),
      cmocka_unit_test(a_lone_label_of_sixteen_million_is_no_trouble),
      cmocka_unit_test(splits_that_leave_a_part_empty_are_refused),
      cmocka_unit_test(a_subset_has_the_rows_asked_for_in_their_order),
      cmocka_unit_test(an_index_out_of_range_is_named),
  };
  return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
