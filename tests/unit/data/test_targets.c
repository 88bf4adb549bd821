/* Datasets with targets: made from arrays, kept by splits and subsets. */
#include <math.h>

#include "data/dataset.h"
#include "unit/data/support.h"

enum { ROWS = 50, TARGETS = 3 };

/* Row i has the feature i and the targets i, i + 100, i + 200. */
static sngp_dataset *numbered(void) {
  float features[ROWS], targets[ROWS][TARGETS], weights[ROWS];
  sngp_dataset *dataset = NULL;
  for (int i = 0; i < ROWS; i++) {
    features[i] = (float)i;
    weights[i] = (float)(i + 1);
    for (int t = 0; t < TARGETS; t++) targets[i][t] = (float)(i + 100 * t);
  }
  assert_succeeds(
      sngp_dataset_create_targets(features, ROWS, 1, 0, &targets[0][0], TARGETS, &dataset));
  assert_succeeds(sngp_dataset_set_sample_weights(dataset, weights));
  const char *const names[TARGETS] = {"x", "y", "z"};
  assert_succeeds(sngp_dataset_name(dataset, NULL, NULL, names));
  return dataset;
}

/* Every row of a part has the targets, the weight and the names that go with its feature. */
static void check_part(const sngp_dataset *part, int64_t rows) {
  assert_int_equal(sngp_dataset_rows(part), rows);
  assert_int_equal(sngp_dataset_num_targets(part), TARGETS);
  assert_int_equal(sngp_dataset_num_classes(part), 0);
  assert_null(sngp_dataset_labels(part));
  for (int64_t i = 0; i < rows; i++) {
    float row = sngp_dataset_features(part)[i];
    assert_true(sngp_dataset_sample_weights(part)[i] == row + 1);
    for (int t = 0; t < TARGETS; t++)
      assert_true(sngp_dataset_targets(part)[i * TARGETS + t] == row + 100 * (float)t);
  }
  assert_string_equal(sngp_dataset_target_names(part)[0], "x");
  assert_string_equal(sngp_dataset_target_names(part)[2], "z");
}

static void create_copies_features_and_targets(void **state) {
  (void)state;
  float features[] = {1, 2, NAN, 3, 4, NAN}, targets[] = {5, -6};
  sngp_dataset *dataset = NULL;
  assert_succeeds(sngp_dataset_create_targets(features, 2, 2, 3, targets, 1, &dataset));
  memset(features, 0, sizeof features);
  memset(targets, 0, sizeof targets);
  assert_int_equal(sngp_dataset_rows(dataset), 2);
  assert_int_equal(sngp_dataset_row_stride(dataset), 2);
  assert_int_equal(sngp_dataset_num_targets(dataset), 1);
  for (int i = 0; i < 4; i++) assert_true(sngp_dataset_features(dataset)[i] == (float)(i + 1));
  assert_true(sngp_dataset_targets(dataset)[0] == 5 && sngp_dataset_targets(dataset)[1] == -6);
  assert_null(sngp_dataset_target_names(dataset));
  sngp_dataset_free(dataset);
}

static void no_rows_still_have_a_number_of_targets(void **state) {
  (void)state;
  sngp_dataset *dataset = NULL;
  assert_succeeds(sngp_dataset_create_targets(NULL, 0, 5, 0, NULL, 2, &dataset));
  assert_int_equal(sngp_dataset_rows(dataset), 0);
  assert_int_equal(sngp_dataset_num_targets(dataset), 2);
  sngp_dataset_free(dataset);
}

static void a_dataset_of_labels_or_of_nothing_has_no_targets(void **state) {
  (void)state;
  const float features[] = {1, 2};
  const int32_t labels[] = {0, 1};
  for (int labelled = 0; labelled < 2; labelled++) {
    sngp_dataset *dataset = NULL;
    assert_succeeds(sngp_dataset_create(features, 2, 1, 0, labelled ? labels : NULL, 0, &dataset));
    assert_int_equal(sngp_dataset_num_targets(dataset), 0);
    assert_null(sngp_dataset_targets(dataset));
    assert_null(sngp_dataset_target_names(dataset));
    sngp_dataset_free(dataset);
  }
  assert_int_equal(sngp_dataset_num_targets(NULL), 0);
  assert_null(sngp_dataset_targets(NULL));
  assert_null(sngp_dataset_target_names(NULL));
}

static void a_value_that_is_not_finite_is_named_by_row_and_column(void **state) {
  (void)state;
  const float bad[] = {NAN, INFINITY, -INFINITY};
  for (int i = 0; i < 3; i++) {
    float features[4] = {0}, targets[8] = {0};
    targets[5] = bad[i];
    sngp_dataset *dataset = poisoned();
    assert_fails(sngp_dataset_create_targets(features, 4, 1, 0, targets, 2, &dataset),
                 SNGP_ERROR_NOT_FINITE, "targets[2][1] is ");
    assert_null(dataset);
    features[1] = bad[i];
    dataset = poisoned();
    assert_fails(sngp_dataset_create_targets(features, 4, 1, 0, targets, 2, &dataset),
                 SNGP_ERROR_NOT_FINITE, "features[1][0] is ");
    assert_null(dataset);
  }
}

static void wrong_arguments_are_named(void **state) {
  (void)state;
  const float values[4] = {0};
  sngp_dataset *dataset = NULL;
#define REFUSED(status, part, ...)                                                             \
  dataset = poisoned();                                                                        \
  assert_fails(sngp_dataset_create_targets(__VA_ARGS__, &dataset), SNGP_ERROR_##status, part); \
  assert_null(dataset)
  REFUSED(INVALID_ARGUMENT, "rows is -1", values, -1, 2, 0, values, 1);
  REFUSED(INVALID_ARGUMENT, "cols is 0", values, 2, 0, 0, values, 1);
  REFUSED(INVALID_ARGUMENT, "features is NULL", NULL, 2, 2, 0, values, 1);
  REFUSED(INVALID_ARGUMENT, "row_stride is 1", values, 2, 2, 1, values, 1);
  REFUSED(INVALID_ARGUMENT, "num_targets is 0", values, 2, 2, 0, values, 0);
  REFUSED(INVALID_ARGUMENT, "num_targets is -3", values, 2, 2, 0, values, -3);
  REFUSED(INVALID_ARGUMENT, "targets is NULL", values, 2, 2, 0, NULL, 1);
  REFUSED(OUT_OF_MEMORY, "2 rows of 4611686018427387904 targets", values, 2, 2, 0, values,
          INT64_C(1) << 62);
  REFUSED(OUT_OF_MEMORY, "more than memory can address", values, INT64_MAX, 1, 0, values, 1);
#undef REFUSED
  assert_fails(sngp_dataset_create_targets(values, 2, 2, 0, values, 1, NULL),
               SNGP_ERROR_INVALID_ARGUMENT, "dataset is NULL");
}

static void targets_go_with_their_rows(void **state) {
  (void)state;
  const int64_t indices[] = {7, 49, 7, 0};
  sngp_dataset *whole = numbered(), *first = NULL, *second = NULL, *subset = NULL;
  check_part(whole, ROWS);
  assert_succeeds(sngp_dataset_split(whole, 0.3, 5, &first, &second));
  assert_succeeds(sngp_dataset_subset(whole, indices, 4, &subset));
  sngp_dataset_free(whole);
  check_part(first, 35);
  check_part(second, 15);
  check_part(subset, 4);
  for (int i = 0; i < 4; i++) assert_true(sngp_dataset_features(subset)[i] == (float)indices[i]);
  sngp_dataset_free(first);
  sngp_dataset_free(second);
  sngp_dataset_free(subset);
}

/* What the targets are has no part in what is drawn: the rows are those of a dataset without. */
static void a_split_does_not_look_at_the_targets(void **state) {
  (void)state;
  sngp_dataset *whole = numbered(), *plain = NULL, *parts[4] = {NULL};
  assert_succeeds(sngp_dataset_create(sngp_dataset_features(whole), ROWS, 1, 0, NULL, 0, &plain));
  assert_succeeds(sngp_dataset_split(whole, 0.3, 5, &parts[0], &parts[1]));
  assert_succeeds(sngp_dataset_split(plain, 0.3, 5, &parts[2], &parts[3]));
  for (int i = 0; i < 2; i++) {
    size_t bytes = (size_t)sngp_dataset_rows(parts[i]) * sizeof(float);
    assert_memory_equal(sngp_dataset_features(parts[i]), sngp_dataset_features(parts[i + 2]),
                        bytes);
  }
  for (int i = 0; i < 4; i++) sngp_dataset_free(parts[i]);
  sngp_dataset_free(plain);
  sngp_dataset_free(whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(create_copies_features_and_targets),
      cmocka_unit_test(no_rows_still_have_a_number_of_targets),
      cmocka_unit_test(a_dataset_of_labels_or_of_nothing_has_no_targets),
      cmocka_unit_test(a_value_that_is_not_finite_is_named_by_row_and_column),
      cmocka_unit_test(wrong_arguments_are_named),
      cmocka_unit_test(targets_go_with_their_rows),
      cmocka_unit_test(a_split_does_not_look_at_the_targets),
  };
  return cmocka_run_group_tests_name("targets", tests, NULL, NULL);
}
