/* Memory that runs out at every allocation in turn: an error, nothing leaked (as the address
   sanitizer sees), nothing left in the out-pointers, and the message tells. */
#include "data/dataset.h"
#include "unit/data/support.h"

/* The library takes memory by aligned_alloc alone; this one stands before the C library's. */
static int64_t allocations_left = INT64_MAX;

void *aligned_alloc(size_t alignment, size_t size) {
  void *memory = NULL;
  if (allocations_left-- <= 0) return NULL;
  return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

static scratch_file csv, numbers, features, labels, images, image_labels;
static sngp_dataset *source, *regression;

static sngp_status create(sngp_dataset **a, sngp_dataset **b) {
  (void)b;
  const float values[] = {1, 2};
  const int32_t classes[] = {0, 1};
  return sngp_dataset_create(values, 2, 1, 0, classes, 0, a);
}

static sngp_status create_targets(sngp_dataset **a, sngp_dataset **b) {
  (void)b;
  const float values[] = {1, 2};
  return sngp_dataset_create_targets(values, 2, 1, 0, values, 1, a);
}

static sngp_status borrow(sngp_dataset **a, sngp_dataset **b) {
  (void)b;
  static const float values[] = {1, 2};
  return sngp_dataset_borrow(values, 2, 1, 0, NULL, 0, a);
}

static sngp_status read_csv(sngp_dataset **a, sngp_dataset **b) {
  (void)b;
  return sngp_dataset_read_csv(csv.path, NULL, a);
}

static sngp_status read_csv_of_a_model(sngp_dataset **a, sngp_dataset **b) {
  (void)b;
  const char *const names[] = {"y", "x"}, *const classes[] = {"two", "one"};
  sngp_csv_config config;
  assert_int_equal(sngp_csv_config_init(&config, sizeof config), SNGP_OK);
  config.feature_names = names;
  config.class_names = classes;
  config.num_features = config.num_classes = 2;
  return sngp_dataset_read_csv(csv.path, &config, a);
}

static sngp_status read_csv_targets(sngp_dataset **a, sngp_dataset **b) {
  (void)b;
  const char *const targets[] = {"y", "x"};
  sngp_csv_config config;
  assert_int_equal(sngp_csv_config_init(&config, sizeof config), SNGP_OK);
  config.label_mode = SNGP_CSV_TARGETS;
  config.target_columns = targets;
  config.num_target_columns = 2;
  return sngp_dataset_read_csv(numbers.path, &config, a);
}

static sngp_status read_npy(sngp_dataset **a, sngp_dataset **b) {
  (void)b;
  return sngp_dataset_read_npy(features.path, labels.path, a);
}

static sngp_status read_npy_targets(sngp_dataset **a, sngp_dataset **b) {
  (void)b;
  return sngp_dataset_read_npy_targets(features.path, labels.path, a);
}

static sngp_status read_idx(sngp_dataset **a, sngp_dataset **b) {
  (void)b;
  return sngp_dataset_read_idx(images.path, image_labels.path, a);
}

static sngp_status two_moons(sngp_dataset **a, sngp_dataset **b) {
  (void)b;
  return sngp_dataset_two_moons(5, 0.1, 0, a);
}

static sngp_status grid(sngp_dataset **a, sngp_dataset **b) {
  (void)b;
  return sngp_dataset_grid(0, 1, 0, 1, 3, a);
}

static sngp_status blob(sngp_dataset **a, sngp_dataset **b) {
  (void)b;
  return sngp_dataset_blob(5, 0, 0, 1, 0, a);
}

static sngp_status split(sngp_dataset **a, sngp_dataset **b) {
  return sngp_dataset_split(source, 0.5, 0, a, b);
}

/* With names too, as a file gives them. */
static sngp_status split_targets(sngp_dataset **a, sngp_dataset **b) {
  return sngp_dataset_split(regression, 0.5, 0, a, b);
}

static sngp_status subset(sngp_dataset **a, sngp_dataset **b) {
  (void)b;
  const int64_t indices[] = {1, 0};
  return sngp_dataset_subset(source, indices, 2, a);
}

static const struct {
  const char *name;
  sngp_status (*make)(sngp_dataset **, sngp_dataset **);
  int least; /* allocations it cannot do without */
} makers[] = {{"create", create, 3},
              {"borrow", borrow, 1},
              {"read_csv", read_csv, 10},
              {"read_csv_of_a_model", read_csv_of_a_model, 10},
              {"read_npy", read_npy, 5},
              {"read_idx", read_idx, 5},
              {"two_moons", two_moons, 3},
              {"grid", grid, 2},
              {"blob", blob, 2},
              {"split", split, 10},
              {"subset", subset, 4},
              {"create_targets", create_targets, 4},
              {"split_targets", split_targets, 10},
              {"read_npy_targets", read_npy_targets, 5},
              {"read_csv_targets", read_csv_targets, 10}};

static void every_allocation_may_fail(void **state) {
  (void)state;
  for (size_t m = 0; m < sizeof makers / sizeof *makers; m++) {
    sngp_status status = SNGP_ERROR_OUT_OF_MEMORY;
    int failures = 0;
    for (; status != SNGP_OK; failures++) {
      sngp_dataset *a = NULL, *b = NULL;
      allocations_left = failures;
      status = makers[m].make(&a, &b);
      bool enough = allocations_left >= 0;
      allocations_left = INT64_MAX;
      if (status == SNGP_ERROR_UNSUPPORTED) break; /* a build without the reader */
      if (status == SNGP_OK) {
        assert_true(enough); /* else a failure went unnoticed */
        sngp_dataset_free(a);
        sngp_dataset_free(b);
      } else {
        assert_fails(status, SNGP_ERROR_OUT_OF_MEMORY, "out of memory for ");
        assert_null(a);
        assert_null(b);
      }
      assert_true(failures < 1000);
    }
    if (status == SNGP_OK && failures <= makers[m].least) {
      print_error("%s succeeded with %d allocations\n", makers[m].name, failures - 1);
      fail();
    }
  }
}

static void weights_that_find_no_memory_leave_the_old_ones(void **state) {
  (void)state;
  const float before[] = {1, 2, 3, 4}, after[] = {5, 6, 7, 8};
  assert_succeeds(sngp_dataset_set_sample_weights(source, before));
  allocations_left = 0;
  sngp_status status = sngp_dataset_set_sample_weights(source, after);
  allocations_left = INT64_MAX;
  assert_int_equal(status, SNGP_ERROR_OUT_OF_MEMORY);
  assert_memory_equal(sngp_dataset_sample_weights(source), before, sizeof before);
}

#define FILE_OF(array) file_of_bytes(array, sizeof(array) - 1)

static int set_up(void **state) {
  (void)state;
  static const char npy_features[] =
      "\x93NUMPY\x01\0\x3a\0{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1)} \1\2";
  static const char npy_labels[] =
      "\x93NUMPY\x01\0\x3a\0{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}   \0\1";
  static const char idx_images[] = "\0\0\x08\x02\0\0\0\x02\0\0\0\x01\1\2";
  static const char idx_labels[] = "\0\0\x08\x01\0\0\0\x02\0\1";
  static const char table[] = "x,y,class\n1,2,one\n3,4,two\n";
  static const float values[] = {1, 2, 3, 4};
  static const int32_t classes[] = {0, 1, 0, 1};
  static const char table_of_numbers[] = "x,a,y\n1,2,3\n4,5,6\n";
  csv = FILE_OF(table);
  numbers = FILE_OF(table_of_numbers);
  features = FILE_OF(npy_features);
  labels = FILE_OF(npy_labels);
  images = FILE_OF(idx_images);
  image_labels = FILE_OF(idx_labels);
  assert_succeeds(sngp_dataset_borrow(values, 4, 1, 0, classes, 0, &source));
  assert_succeeds(sngp_dataset_set_sample_weights(source, values));
  const char *const target = "y";
  assert_succeeds(sngp_dataset_create_targets(values, 4, 1, 0, values, 1, &regression));
  assert_succeeds(sngp_dataset_name(regression, NULL, NULL, &target));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  sngp_dataset_free(source);
  sngp_dataset_free(regression);
  remove_file(&csv);
  remove_file(&numbers);
  remove_file(&features);
  remove_file(&labels);
  remove_file(&images);
  remove_file(&image_labels);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(weights_that_find_no_memory_leave_the_old_ones),
  };
  return cmocka_run_group_tests_name("allocation", tests, set_up, tear_down);
}
