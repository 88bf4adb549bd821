/* Models and arrays that do not fit are spoken of in the user's words, not the library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after these four */
#include <cmocka.h>

#include "sngp/sngp.h"
#include "unit/cli/program.h"

static const char *const files[] = {"model", "rows.csv", "x.npy", "y.npy", "errors", NULL};

static int enter(void **state) {
  (void)state;
  scratch_folder();
  return 0;
}

static int leave(void **state) {
  (void)state;
  remove_scratch(files);
  return 0;
}

/* Saves a model of two columns and two classes that looked at data, or did not. */
static void save_model(bool prepared) {
  sngp_model_config config;
  sngp_model *model = NULL;
  sngp_dataset *rows = NULL;
  assert_int_equal(sngp_model_config_init(&config, sizeof config), SNGP_OK);
  config.input_dim = 2;
  config.num_classes = 2;
  config.num_layers = 1;
  config.num_hidden = 4;
  config.num_random_features = 4;
  assert_int_equal(sngp_model_create(&config, &model), SNGP_OK);
  assert_int_equal(sngp_dataset_two_moons(20, 0.1, 0, &rows), SNGP_OK);
  if (prepared) assert_int_equal(sngp_model_prepare(model, rows), SNGP_OK);
  assert_int_equal(sngp_model_save(model, "model"), SNGP_OK);
  sngp_dataset_free(rows);
  sngp_model_free(model);
}

static void write_file(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

/* A NumPy file of version 1.0: 10 bytes, a header of 118 bytes, the values. */
static void write_npy(const char *path, const char *type, const char *shape, const void *values,
                      size_t size) {
  enum { START = 10, HEADER = 118 };
  char bytes[256] = "\x93NUMPY\x01\x00\x76\x00";
  assert_true(START + HEADER + size <= sizeof bytes);
  int length = snprintf(bytes + START, HEADER,
                        "{'descr': '%s', 'fortran_order': False, 'shape': %s}", type, shape);
  assert_in_range(length, 1, HEADER - 1);
  memset(bytes + START + length, ' ', (size_t)(HEADER - length));
  bytes[START + HEADER - 1] = '\n';
  memcpy(bytes + START + HEADER, values, size);
  write_file(path, bytes, START + HEADER + size);
}

static void assert_failure(const char *words, const char *expected) {
  char text[1024] = "";
  assert_int_equal(end_of_program(start_program_with(words, STDERR_FILENO, "errors")), 1);
  FILE *file = fopen("errors", "rb");
  assert_non_null(file);
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  assert_string_equal(text, expected);
}

static void a_model_that_saw_no_data_is_said_to_be_untrained(void **state) {
  (void)state;
  static const char rows[] = "1,2\n";
  save_model(false);
  write_file("rows.csv", rows, sizeof rows - 1);
  assert_failure("predict model --data rows.csv",
                 "sngp: the model was saved before it was trained: it cannot predict\n");
}

static void arrays_that_do_not_fit_are_named_by_their_files(void **state) {
  (void)state;
  static const unsigned char three[3] = {1, 2, 3}, four[4] = {1, 2, 3, 4}, labels[2] = {1, 2};
  save_model(true);
  write_npy("x.npy", "|u1", "(1, 3)", three, sizeof three);
  assert_failure("predict model --npy x.npy",
                 "sngp: x.npy: the rows have 3 columns, but the model expects 2\n");
  write_npy("x.npy", "|u1", "(2, 2)", four, sizeof four);
  write_npy("y.npy", "|u1", "(2,)", labels, sizeof labels);
  assert_failure("evaluate model --npy x.npy y.npy",
                 "sngp: y.npy: the label of row 1 is 2, but the model's classes are 0 to 1\n");
}

static void labels_that_are_all_one_class_are_named(void **state) {
  (void)state;
  static const unsigned char four[4] = {1, 2, 3, 4}, labels[2] = {2, 2};
  write_npy("x.npy", "|u1", "(2, 2)", four, sizeof four);
  write_npy("y.npy", "|u1", "(2,)", labels, sizeof labels);
  assert_failure("train --npy x.npy y.npy --out model",
                 "sngp: training needs two classes or more, but all labels are 2\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_model_that_saw_no_data_is_said_to_be_untrained),
      cmocka_unit_test(arrays_that_do_not_fit_are_named_by_their_files),
      cmocka_unit_test(labels_that_are_all_one_class_are_named),
  };
  return cmocka_run_group_tests(tests, enter, leave);
}
