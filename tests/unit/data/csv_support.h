/* CSV texts read as files. */
#ifndef SNGP_TESTS_UNIT_DATA_CSV_SUPPORT_H
#define SNGP_TESTS_UNIT_DATA_CSV_SUPPORT_H

#include "unit/data/support.h"

static inline sngp_csv_config default_config(void) {
  sngp_csv_config config;
  assert_int_equal(sngp_csv_config_init(&config, sizeof config), SNGP_OK);
  return config;
}

static inline sngp_status read_bytes(const void *bytes, size_t length,
                                     const sngp_csv_config *config, sngp_dataset **dataset) {
  scratch_file file = file_of_bytes(bytes, length);
  *dataset = poisoned();
  sngp_status status = sngp_dataset_read_csv(file.path, config, dataset);
  if (status != SNGP_OK) {
    assert_null(*dataset);
    assert_non_null(strstr(sngp_last_error(), file.path));
  }
  remove_file(&file);
  return status;
}

static inline sngp_dataset *read_text(const char *text, const sngp_csv_config *config) {
  sngp_dataset *dataset = NULL;
  assert_succeeds(read_bytes(text, strlen(text), config, &dataset));
  return dataset;
}

static inline void check_refusal(const char *text, const sngp_csv_config *config,
                                 sngp_status status, const char *part, const char *file, int line) {
  sngp_dataset *dataset = NULL;
  check_failure(read_bytes(text, strlen(text), config, &dataset), status, part, file, line);
}

#define assert_refuses(text, config, status, part) \
  check_refusal((text), (config), (status), (part), __FILE__, __LINE__)

static inline void check_features(const sngp_dataset *dataset, int64_t rows, int64_t cols,
                                  const float *expected) {
  assert_int_equal(sngp_dataset_rows(dataset), rows);
  assert_int_equal(sngp_dataset_cols(dataset), cols);
  for (int64_t i = 0; i < rows * cols; i++)
    assert_true(sngp_dataset_features(dataset)[i] == expected[i]);
}

static inline void check_labels(const sngp_dataset *dataset, const int32_t *expected) {
  for (int64_t i = 0; i < sngp_dataset_rows(dataset); i++)
    assert_int_equal(sngp_dataset_labels(dataset)[i], expected[i]);
}

static inline void check_names(const char *const *names, int64_t count,
                               const char *const *expected) {
  assert_non_null(names);
  for (int64_t i = 0; i < count; i++) assert_string_equal(names[i], expected[i]);
}

/* A build without libcsv has the function, and says so. */
static inline void without_libcsv_reading_is_unsupported(void **state) {
  (void)state;
  sngp_dataset *dataset = poisoned();
  assert_fails(sngp_dataset_read_csv("data.csv", NULL, &dataset), SNGP_ERROR_UNSUPPORTED,
               "data.csv");
  assert_null(dataset);
}

static inline int run_csv_tests(const char *name, const struct CMUnitTest *tests, size_t count) {
  const struct CMUnitTest instead[] = {cmocka_unit_test(without_libcsv_reading_is_unsupported)};
  sngp_dataset *dataset = NULL;
  bool built = sngp_dataset_read_csv("/", NULL, &dataset) != SNGP_ERROR_UNSUPPORTED;
  return _cmocka_run_group_tests(name, built ? tests : instead, built ? count : 1, NULL, NULL);
}

#define RUN_CSV_TESTS(name, tests) run_csv_tests((name), (tests), sizeof(tests) / sizeof *(tests))

#endif
