/* NumPy files of targets: one dimension or two, every type that features may have. */
#include <math.h>

#include "unit/data/npy_support.h"

/* Features of three rows, one column: 0. */
static image three_rows(void) {
  image file = preamble(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1)}\n");
  append_bits(&file, 0, 3, false);
  return file;
}

static uint64_t bits_of(double value, char kind, int size) {
  uint64_t bits = 0;
  uint32_t low = 0;
  float narrow = (float)value;
  if (kind != 'f') return (uint64_t)(int64_t)value;
  memcpy(&bits, &value, sizeof bits);
  memcpy(&low, &narrow, sizeof low);
  return size == 8 ? bits : low;
}

/* Values in the order of the file. */
static image targets_of(const char *type, const char *shape, bool fortran, const double *values,
                        int count) {
  char dictionary[128];
  snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': %s, 'shape': %s}", type,
           fortran ? "True" : "False", shape);
  image file = preamble(1, dictionary);
  int size = type[2] - '0';
  for (int i = 0; i < count; i++)
    append_bits(&file, bits_of(values[i], type[1], size), size, type[0] == '>');
  return file;
}

static sngp_status read_images(const image *targets, sngp_dataset **dataset) {
  image features = three_rows();
  scratch_file x = file_of_bytes(features.bytes, features.length),
               y = file_of_bytes(targets->bytes, targets->length);
  *dataset = poisoned();
  sngp_status status = sngp_dataset_read_npy_targets(x.path, y.path, dataset);
  if (status != SNGP_OK) {
    assert_null(*dataset);
    assert_non_null(strstr(sngp_last_error(), y.path));
  }
  remove_file(&x);
  remove_file(&y);
  return status;
}

static void check_targets(const image *file, int64_t num_targets, const float *expected) {
  sngp_dataset *dataset = NULL;
  assert_succeeds(read_images(file, &dataset));
  assert_int_equal(sngp_dataset_rows(dataset), 3);
  assert_int_equal(sngp_dataset_num_targets(dataset), num_targets);
  assert_null(sngp_dataset_labels(dataset));
  for (int64_t i = 0; i < 3 * num_targets; i++)
    assert_true(sngp_dataset_targets(dataset)[i] == expected[i]);
  sngp_dataset_free(dataset);
}

static void every_type_shape_and_order_is_read(void **state) {
  (void)state;
  const char *const types[] = {"<f4", ">f4", "<f8", ">f8", "|i1", "<i2",
                               ">i4", "<i8", "|u1", ">u2", "<u4", ">u8"};
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    double sign = types[t][1] == 'u' ? 1 : -1, part = types[t][1] == 'f' ? 0.5 : 0;
    const double values[] = {sign + part, 2, 3, 4, sign * 5 + part, 6}; /* (3, 2) by rows */
    const double by_column[] = {values[0], values[2], values[4], values[1], values[3], values[5]};
    float expected[6];
    for (int i = 0; i < 6; i++) expected[i] = (float)values[i];
    image one = targets_of(types[t], "(3,)", false, values, 3);
    image column = targets_of(types[t], "(3, 1)", true, values, 3);
    image rows = targets_of(types[t], "(3, 2)", false, values, 6);
    image columns = targets_of(types[t], "(3, 2)", true, by_column, 6);
    check_targets(&one, 1, expected);
    check_targets(&column, 1, expected);
    check_targets(&rows, 2, expected);
    check_targets(&columns, 2, expected);
  }
}

static void targets_that_are_not_finite_are_named(void **state) {
  (void)state;
  const double values[] = {1, 2, 3, (double)NAN, 5, 6}, large[] = {0, -1e300, 2};
  image file = targets_of("<f8", "(3, 2)", false, values, 6);
  sngp_dataset *dataset = NULL;
  assert_fails(read_images(&file, &dataset), SNGP_ERROR_NOT_FINITE, "targets[1][1] is nan");
  file = targets_of("<f8", "(3,)", false, large, 3);
  assert_fails(read_images(&file, &dataset), SNGP_ERROR_NOT_FINITE,
               "targets[1][0] is -1e+300, beyond the range of a float");
}

static void shapes_that_do_not_fit_are_refused(void **state) {
  (void)state;
  const struct {
    const char *shape, *part;
    int count;
  } cases[] = {{"()", "targets have 0 dimensions", 1},
               {"(3, 1, 1)", "targets have 3 dimensions", 3},
               {"(2,)", "there are 2 rows of targets, but 3 of features", 2},
               {"(1, 3)", "there are 1 rows of targets, but 3 of features", 3},
               {"(3, 0)", "targets have no columns", 0}};
  const double values[] = {1, 2, 3};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    image file = targets_of("<f4", cases[i].shape, false, values, cases[i].count);
    sngp_dataset *dataset = NULL;
    assert_fails(read_images(&file, &dataset), SNGP_ERROR_DIMENSION, cases[i].part);
  }
}

static void both_paths_are_needed(void **state) {
  (void)state;
  image features = three_rows();
  scratch_file x = file_of_bytes(features.bytes, features.length);
  sngp_dataset *dataset = poisoned();
  assert_fails(sngp_dataset_read_npy_targets(x.path, NULL, &dataset), SNGP_ERROR_INVALID_ARGUMENT,
               "targets_path is NULL");
  assert_null(dataset);
  dataset = poisoned();
  assert_fails(sngp_dataset_read_npy_targets("", x.path, &dataset), SNGP_ERROR_INVALID_ARGUMENT,
               "features_path is empty");
  assert_null(dataset);
  assert_fails(sngp_dataset_read_npy_targets(x.path, "/no/such/file", &dataset), SNGP_ERROR_READ,
               "/no/such/file");
  remove_file(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_type_shape_and_order_is_read),
      cmocka_unit_test(targets_that_are_not_finite_are_named),
      cmocka_unit_test(shapes_that_do_not_fit_are_refused),
      cmocka_unit_test(both_paths_are_needed),
  };
  return cmocka_run_group_tests_name("npy targets", tests, NULL, NULL);
}
