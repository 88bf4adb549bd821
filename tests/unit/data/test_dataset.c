/* Datasets over arrays: copied and borrowed, checked, weighted. */
#include "data/dataset.h"

#include <math.h>

#include "unit/data/support.h"

/* 3 rows of 2 columns at a stride of 3; what lies between rows is none of the data. */
static const float strided[] = {1, 2, NAN, 3, 4, INFINITY, 5, 6};
static const int32_t three_labels[] = {0, 2, 1};

static void create_copies_rows_without_their_padding(void **state) {
  (void)state;
  float features[8];
  int32_t labels[3];
  memcpy(features, strided, sizeof features);
  memcpy(labels, three_labels, sizeof labels);
  sngp_dataset *dataset = NULL;
  assert_succeeds(sngp_dataset_create(features, 3, 2, 3, labels, 4, &dataset));
  memset(features, 0, sizeof features);
  memset(labels, 0, sizeof labels);
  assert_int_equal(sngp_dataset_rows(dataset), 3);
  assert_int_equal(sngp_dataset_cols(dataset), 2);
  assert_int_equal(sngp_dataset_row_stride(dataset), 2);
  assert_int_equal(sngp_dataset_num_classes(dataset), 4);
  for (int i = 0; i < 6; i++) assert_true(sngp_dataset_features(dataset)[i] == (float)(i + 1));
  assert_memory_equal(sngp_dataset_labels(dataset), three_labels, sizeof three_labels);
  assert_null(sngp_dataset_sample_weights(dataset));
  assert_null(sngp_dataset_class_names(dataset));
  assert_null(sngp_dataset_feature_names(dataset));
  sngp_dataset_free(dataset);
}

static void borrow_uses_the_arrays_in_place(void **state) {
  (void)state;
  sngp_dataset *dataset = NULL;
  assert_succeeds(sngp_dataset_borrow(strided, 3, 2, 3, three_labels, 0, &dataset));
  assert_ptr_equal(sngp_dataset_features(dataset), strided);
  assert_ptr_equal(sngp_dataset_labels(dataset), three_labels);
  assert_int_equal(sngp_dataset_row_stride(dataset), 3);
  assert_int_equal(sngp_dataset_num_classes(dataset), 3);
  sngp_dataset_free(dataset);
  assert_true(strided[0] == 1 && three_labels[1] == 2); /* left alone */
}

static void without_labels_there_are_no_classes(void **state) {
  (void)state;
  sngp_dataset *dataset = NULL;
  assert_succeeds(sngp_dataset_create(strided, 1, 2, 0, NULL, 7, &dataset));
  assert_int_equal(sngp_dataset_num_classes(dataset), 0);
  assert_null(sngp_dataset_labels(dataset));
  assert_int_equal(sngp_dataset_row_stride(dataset), 2);
  sngp_dataset_free(dataset);
}

static void no_rows_are_data_too(void **state) {
  (void)state;
  sngp_dataset *dataset = NULL;
  assert_succeeds(sngp_dataset_create(NULL, 0, 5, 0, NULL, 0, &dataset));
  assert_int_equal(sngp_dataset_rows(dataset), 0);
  assert_int_equal(sngp_dataset_cols(dataset), 5);
  sngp_dataset_free(dataset);
}

typedef sngp_status (*maker)(const float *, int64_t, int64_t, int64_t, const int32_t *, int64_t,
                             sngp_dataset **);
static const maker makers[] = {sngp_dataset_create, sngp_dataset_borrow};

#define FOR_EACH_MAKER for (const maker *make = makers; make < makers + 2; make++)

static void a_value_that_is_not_finite_is_named_by_row_and_column(void **state) {
  (void)state;
  const float bad[] = {NAN, INFINITY, -INFINITY};
  for (int i = 0; i < 3; i++) {
    float features[12] = {0};
    features[7] = bad[i];
    FOR_EACH_MAKER {
      sngp_dataset *dataset = poisoned();
      assert_fails((*make)(features, 4, 3, 0, NULL, 0, &dataset), SNGP_ERROR_NOT_FINITE,
                   "features[2][1] is ");
      assert_null(dataset);
    }
  }
}

static void a_label_out_of_range_is_named_by_its_row(void **state) {
  (void)state;
  const float features[3] = {0};
  const int32_t negative[] = {0, 1, -3}, large[] = {0, 10, 1};
  FOR_EACH_MAKER {
    sngp_dataset *dataset = poisoned();
    assert_fails((*make)(features, 3, 1, 0, negative, 0, &dataset), SNGP_ERROR_LABEL_RANGE,
                 "labels[2] is -3");
    assert_null(dataset);
    dataset = poisoned();
    assert_fails((*make)(features, 3, 1, 0, large, 10, &dataset), SNGP_ERROR_LABEL_RANGE,
                 "labels[1] is 10, but num_classes is 10");
    assert_null(dataset);
    assert_succeeds((*make)(features, 3, 1, 0, large, 11, &dataset));
    sngp_dataset_free(dataset);
  }
}

static void there_are_at_most_two_to_the_24_classes(void **state) {
  (void)state;
  const int64_t most = INT64_C(1) << 24;
  const float features[2] = {0};
  const int32_t last[] = {0, (1 << 24) - 1}, beyond[] = {0, 1 << 24};
  FOR_EACH_MAKER {
    for (int given = 0; given < 2; given++) {
      sngp_dataset *dataset = NULL;
      assert_succeeds((*make)(features, 2, 1, 0, last, given ? most : 0, &dataset));
      assert_int_equal(sngp_dataset_num_classes(dataset), most);
      sngp_dataset_free(dataset);
    }
    sngp_dataset *dataset = poisoned();
    assert_fails((*make)(features, 2, 1, 0, beyond, 0, &dataset), SNGP_ERROR_LABEL_RANGE,
                 "labels[1] is 16777216, but there are at most 16777216 classes");
    assert_null(dataset);
  }
}

static void wrong_arguments_are_named(void **state) {
  (void)state;
  const float features[4] = {0};
  const int32_t labels[4] = {0};
  FOR_EACH_MAKER {
    sngp_dataset *dataset = poisoned();
#define REFUSED(part, ...)                                                         \
  assert_fails((*make)(__VA_ARGS__, &dataset), SNGP_ERROR_INVALID_ARGUMENT, part); \
  assert_null(dataset)
    REFUSED("rows is -1", features, -1, 2, 0, NULL, 0);
    REFUSED("cols is 0", features, 2, 0, 0, NULL, 0);
    REFUSED("features is NULL", NULL, 2, 2, 0, NULL, 0);
    REFUSED("row_stride is 1", features, 2, 2, 1, NULL, 0);
    REFUSED("row_stride is -2", features, 2, 2, -2, NULL, 0);
    REFUSED("num_classes is -1", features, 2, 2, 0, labels, -1);
    REFUSED("num_classes is 16777217", features, 2, 2, 0, labels, 16777217);
    REFUSED("num_classes is 1099511627776", features, 2, 2, 0, labels, INT64_C(1) << 40);
#undef REFUSED
    assert_fails((*make)(features, 2, 2, 0, NULL, 0, NULL), SNGP_ERROR_INVALID_ARGUMENT,
                 "dataset is NULL");
  }
}

static void sizes_that_overflow_are_refused_before_anything_is_read(void **state) {
  (void)state;
  const float feature = 0;
  const int64_t sizes[][3] = {{INT64_MAX, 1, 0},
                              {INT64_C(1) << 32, INT64_C(1) << 32, 0},
                              {INT64_C(1) << 31, 1, INT64_C(1) << 31},
                              {2, INT64_MAX, 0}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) FOR_EACH_MAKER {
      sngp_dataset *dataset = poisoned();
      assert_fails((*make)(&feature, sizes[i][0], sizes[i][1], sizes[i][2], NULL, 0, &dataset),
                   SNGP_ERROR_OUT_OF_MEMORY, "more than memory can address");
      assert_null(dataset);
    }
}

static void weights_are_copied_and_taken_back(void **state) {
  (void)state;
  float weights[] = {0.0f, 2.5f, 1.0f};
  sngp_dataset *dataset = NULL;
  assert_succeeds(sngp_dataset_borrow(strided, 3, 2, 3, NULL, 0, &dataset));
  assert_succeeds(sngp_dataset_set_sample_weights(dataset, weights));
  weights[1] = 7;
  assert_true(sngp_dataset_sample_weights(dataset)[1] == 2.5f);
  assert_succeeds(sngp_dataset_set_sample_weights(dataset, weights));
  assert_true(sngp_dataset_sample_weights(dataset)[1] == 7);
  assert_succeeds(sngp_dataset_set_sample_weights(dataset, NULL));
  assert_null(sngp_dataset_sample_weights(dataset));
  sngp_dataset_free(dataset);
}

static void wrong_weights_are_refused_and_change_nothing(void **state) {
  (void)state;
  const float good[] = {1, 2, 3}, negative[] = {1, -0.5f, 1}, zero[] = {0, -0.0f, 0},
              nan[] = {1, 1, NAN}, infinite[] = {INFINITY, 1, 1};
  sngp_dataset *dataset = NULL;
  assert_succeeds(sngp_dataset_borrow(strided, 3, 2, 3, NULL, 0, &dataset));
  assert_succeeds(sngp_dataset_set_sample_weights(dataset, good));
  assert_fails(sngp_dataset_set_sample_weights(dataset, negative), SNGP_ERROR_INVALID_ARGUMENT,
               "weights[1] is -0.5");
  assert_fails(sngp_dataset_set_sample_weights(dataset, zero), SNGP_ERROR_INVALID_ARGUMENT,
               "all weights are 0");
  assert_fails(sngp_dataset_set_sample_weights(dataset, nan), SNGP_ERROR_NOT_FINITE,
               "weights[2] is nan");
  assert_fails(sngp_dataset_set_sample_weights(dataset, infinite), SNGP_ERROR_NOT_FINITE,
               "weights[0] is inf");
  assert_fails(sngp_dataset_set_sample_weights(NULL, good), SNGP_ERROR_INVALID_ARGUMENT,
               "dataset is NULL");
  assert_memory_equal(sngp_dataset_sample_weights(dataset), good, sizeof good);
  sngp_dataset_free(dataset);
}

static void accessors_and_free_accept_null(void **state) {
  (void)state;
  sngp_dataset_free(NULL);
  assert_int_equal(sngp_dataset_rows(NULL), 0);
  assert_int_equal(sngp_dataset_cols(NULL), 0);
  assert_int_equal(sngp_dataset_num_classes(NULL), 0);
  assert_int_equal(sngp_dataset_row_stride(NULL), 0);
  assert_null(sngp_dataset_features(NULL));
  assert_null(sngp_dataset_labels(NULL));
  assert_null(sngp_dataset_sample_weights(NULL));
  assert_null(sngp_dataset_class_names(NULL));
  assert_null(sngp_dataset_feature_names(NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(create_copies_rows_without_their_padding),
      cmocka_unit_test(borrow_uses_the_arrays_in_place),
      cmocka_unit_test(without_labels_there_are_no_classes),
      cmocka_unit_test(no_rows_are_data_too),
      cmocka_unit_test(a_value_that_is_not_finite_is_named_by_row_and_column),
      cmocka_unit_test(a_label_out_of_range_is_named_by_its_row),
      cmocka_unit_test(there_are_at_most_two_to_the_24_classes),
      cmocka_unit_test(wrong_arguments_are_named),
      cmocka_unit_test(sizes_that_overflow_are_refused_before_anything_is_read),
      cmocka_unit_test(weights_are_copied_and_taken_back),
      cmocka_unit_test(wrong_weights_are_refused_and_change_nothing),
      cmocka_unit_test(accessors_and_free_accept_null),
  };
  return cmocka_run_group_tests_name("dataset", tests, NULL, NULL);
}
