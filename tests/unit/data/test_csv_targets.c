/* CSV files with targets: which columns they are, and what stands in them. */
#include "unit/data/csv_support.h"

static sngp_csv_config with_targets(int32_t mode, const char *const *columns, int64_t count) {
  sngp_csv_config config = default_config();
  config.label_mode = mode;
  config.target_columns = columns;
  config.num_target_columns = count;
  return config;
}

/* Tables below have two rows. `targets` is NULL where the table must have none. */
static void check_table(const char *text, const sngp_csv_config *config, int64_t cols,
                        const float *features, int64_t num_targets, const float *targets) {
  sngp_dataset *dataset = read_text(text, config);
  check_features(dataset, 2, cols, features);
  assert_null(sngp_dataset_labels(dataset));
  assert_int_equal(sngp_dataset_num_classes(dataset), 0);
  assert_int_equal(sngp_dataset_num_targets(dataset), targets != NULL ? num_targets : 0);
  if (targets == NULL) assert_null(sngp_dataset_targets(dataset));
  for (int64_t i = 0; targets != NULL && i < 2 * num_targets; i++)
    assert_true(sngp_dataset_targets(dataset)[i] == targets[i]);
  sngp_dataset_free(dataset);
}

static const float features[] = {1, 2, 5, 6}, one[] = {3.5f, -7}, two[] = {3.5f, 4, -7, 8};

static void the_target_is_the_last_column_or_the_one_named(void **state) {
  (void)state;
  const char *const name = "y", *const number = "1";
  sngp_csv_config last = with_targets(SNGP_CSV_TARGETS, NULL, 0),
                  by_name = with_targets(SNGP_CSV_TARGETS, &name, 1),
                  by_number = with_targets(SNGP_CSV_TARGETS, &number, 1);
  check_table("1,2,3.5\n5,6,-7\n", &last, 2, features, 1, one);
  check_table("a,b,y\n1,2,3.5\n5,6,-7\n", &last, 2, features, 1, one);
  check_table("a,y,b\n1,3.5,2\n5,-7,6\n", &by_name, 2, features, 1, one);
  check_table("a,y,b\n1,3.5,2\n5,-7,6\n", &by_number, 2, features, 1, one);
  check_table("1,3.5,2\n5,-7,6\n", &by_number, 2, features, 1, one);
  /* a column named "1" comes before column number 1 */
  check_table("1,a,b\n3.5,1,2\n-7,5,6\n", &by_number, 2, features, 1, one);
}

static void several_targets_have_the_order_in_which_they_are_named(void **state) {
  (void)state;
  const char *const names[] = {"y", "z"}, *const numbers[] = {"3", "0"};
  sngp_csv_config last = with_targets(SNGP_CSV_TARGETS, NULL, 2),
                  by_name = with_targets(SNGP_CSV_TARGETS, names, 2),
                  by_number = with_targets(SNGP_CSV_TARGETS, numbers, 2);
  check_table("1,2,3.5,4\n5,6,-7,8\n", &last, 2, features, 2, two);
  check_table("z,a,b,y\n4,1,2,3.5\n8,5,6,-7\n", &by_name, 2, features, 2, two);
  check_table("4,1,2,3.5\n8,5,6,-7\n", &by_number, 2, features, 2, two);
  sngp_dataset *dataset = read_text("z,a,b,y\n4,1,2,3.5\n", &by_name);
  const char *const feature_names[] = {"a", "b"};
  check_names(sngp_dataset_feature_names(dataset), 2, feature_names);
  check_names(sngp_dataset_target_names(dataset), 2, names);
  sngp_dataset_free(dataset);
  dataset = read_text("4,1,2,3.5\n", &by_number);
  assert_null(sngp_dataset_target_names(dataset));
  sngp_dataset_free(dataset);
}

/* Targets are numbers, so a word in the first line is a name, in the target's column too. */
static void any_word_makes_a_header(void **state) {
  (void)state;
  const char *const year = "1990";
  sngp_csv_config config = with_targets(SNGP_CSV_TARGETS, NULL, 0);
  check_table("1,2,y\n1,2,3.5\n5,6,-7\n", &config, 2, features, 1, one);
  assert_refuses("1,2,y\n1,2,\n", &config, SNGP_ERROR_FORMAT, "line 2, column 2 (\"y\")");
  assert_refuses("1,2,y\n", &config, SNGP_ERROR_NO_ROWS, "a header, but no rows");
  config = with_targets(SNGP_CSV_TARGETS, &year, 1);
  config.header = SNGP_CSV_HEADER_YES;
  check_table("1980,1985,1990\n1,2,3.5\n5,6,-7\n", &config, 2, features, 1, one);
}

static void what_is_no_number_is_named_by_its_place(void **state) {
  (void)state;
  sngp_csv_config config = with_targets(SNGP_CSV_TARGETS, NULL, 0);
  assert_refuses("a,y\n1,2\n1,two\n", &config, SNGP_ERROR_FORMAT,
                 "line 3, column 1 (\"y\"): \"two\" is not a number");
  assert_refuses("1,2\n1,\n", &config, SNGP_ERROR_FORMAT, "line 2, column 1: the field is empty");
  assert_refuses("1,2\n1,nan\n", &config, SNGP_ERROR_NOT_FINITE, "line 2, column 1: \"nan\"");
  assert_refuses("1,2\n1,1e39\n", &config, SNGP_ERROR_NOT_FINITE, "beyond the range of a float");
}

static void target_columns_that_are_not_there_are_named(void **state) {
  (void)state;
  const char *const names[] = {"y", "z"}, *const numbers[] = {"1", "9"};
  sngp_csv_config config = with_targets(SNGP_CSV_TARGETS, names, 2);
  assert_refuses("a,y,b\n1,2,3\n", &config, SNGP_ERROR_NOT_FOUND,
                 "target column \"z\" is not among the 3 columns");
  assert_refuses("1,2,3\n", &config, SNGP_ERROR_NOT_FOUND,
                 "target column \"y\": the file has no header");
  config = with_targets(SNGP_CSV_TARGETS, numbers, 2);
  assert_refuses("1,2,3\n", &config, SNGP_ERROR_NOT_FOUND, "target column \"9\"");
  config = with_targets(SNGP_CSV_TARGETS, NULL, 4);
  assert_refuses("1,2,3\n", &config, SNGP_ERROR_DIMENSION, "3 columns, separated by commas, fewer");
  config.num_target_columns = INT64_MAX;
  assert_refuses("1,2,3\n", &config, SNGP_ERROR_DIMENSION, "9223372036854775807 targets");
  config.num_target_columns = 3;
  assert_refuses("1,2,3\n", &config, SNGP_ERROR_DIMENSION, "none is left for the features");
}

static void one_column_is_not_two_targets(void **state) {
  (void)state;
  const char *const columns[] = {"y", "1"};
  sngp_csv_config config = with_targets(SNGP_CSV_TARGETS, columns, 2);
  assert_refuses("a,y,b\n1,2,3\n", &config, SNGP_ERROR_INVALID_ARGUMENT,
                 "\"y\" and \"1\" are the same column, number 1");
}

static void optional_targets_are_taken_when_the_file_has_them(void **state) {
  (void)state;
  const char *const names[] = {"y", "z"}, *const numbers[] = {"2", "3"};
  sngp_csv_config config = with_targets(SNGP_CSV_TARGETS_OPTIONAL, NULL, 2);
  config.num_features = 2;
  check_table("1,2,3.5,4\n5,6,-7,8\n", &config, 2, features, 2, two);
  check_table("1,2\n5,6\n", &config, 2, features, 0, NULL);
  check_table("a,b\n1,2\n5,6\n", &config, 2, features, 0, NULL);
  assert_refuses("1,2,3\n", &config, SNGP_ERROR_DIMENSION, "3 feature columns");
  config.num_target_columns = INT64_MAX;
  check_table("1,2\n5,6\n", &config, 2, features, 0, NULL);

  config = with_targets(SNGP_CSV_TARGETS_OPTIONAL, names, 2);
  config.num_features = 2;
  check_table("z,a,b,y\n4,1,2,3.5\n8,5,6,-7\n", &config, 2, features, 2, two);
  check_table("a,b\n1,2\n5,6\n", &config, 2, features, 0, NULL);
  check_table("1,2\n5,6\n", &config, 2, features, 0, NULL);
  assert_refuses("a,b,z\n1,2,3\n", &config, SNGP_ERROR_NOT_FOUND,
                 "target column \"y\" is not among the 3 columns, but others of the 2");
  /* without a header they are the last ones, and have the names that were given */
  check_table("1,2,3.5,4\n5,6,-7,8\n", &config, 2, features, 2, two);
  sngp_dataset *dataset = read_text("1,2,3.5,4\n", &config);
  check_names(sngp_dataset_target_names(dataset), 2, names);
  sngp_dataset_free(dataset);

  config = with_targets(SNGP_CSV_TARGETS_OPTIONAL, numbers, 2);
  config.num_features = 2;
  check_table("1,2,3.5,4\n5,6,-7,8\n", &config, 2, features, 2, two);
  check_table("1,2\n5,6\n", &config, 2, features, 0, NULL);
  assert_refuses("1,2,3\n", &config, SNGP_ERROR_NOT_FOUND, "target column \"3\"");
}

static void features_are_matched_by_name_beside_targets(void **state) {
  (void)state;
  const char *const expected[] = {"a", "b"}, *const name = "y", *const feature = "b";
  for (int optional = 0; optional < 2; optional++) {
    int32_t mode = optional ? SNGP_CSV_TARGETS_OPTIONAL : SNGP_CSV_TARGETS;
    sngp_csv_config config = with_targets(mode, &name, 1);
    config.feature_names = expected;
    config.num_features = 2;
    check_table("b,y,a\n2,3.5,1\n6,-7,5\n", &config, 2, features, 1, one);
    assert_refuses("b,y,a,c\n2,3,1,0\n", &config, SNGP_ERROR_DIMENSION,
                   "column 3, \"c\", is none of the 2 expected features");
    config.target_columns = &feature;
    assert_refuses("a,b,y\n1,2,3\n", &config, SNGP_ERROR_NOT_FOUND,
                   "no column \"b\", feature 1 of 2 (the column of that name is a target)");
    config = with_targets(mode, NULL, 0);
    config.feature_names = expected;
    config.num_features = 2;
    check_table("b,a,y\n2,1,3.5\n6,5,-7\n", &config, 2, features, 1, one);
    assert_refuses("y,a,b,c,d\n0,1,2,3,4\n", &config, SNGP_ERROR_DIMENSION, "is none of the 2");
    if (optional)
      check_table("b,a\n2,1\n6,5\n", &config, 2, features, 0, NULL);
    else
      assert_refuses("y,a,b\n0,1,2\n", &config, SNGP_ERROR_NOT_FOUND,
                     "the last column, \"b\", is a feature of the model, not the target");
    config.num_target_columns = 2;
    assert_refuses("y,a,z,b\n0,1,2,3\n", &config,
                   optional ? SNGP_ERROR_DIMENSION : SNGP_ERROR_NOT_FOUND,
                   optional ? "column 0, \"y\", is none of the 2"
                            : "\"b\", one of the last 2 columns, is a feature of the model");
  }
}

static void without_targets_their_columns_are_left_out_unread(void **state) {
  (void)state;
  const char *const names[] = {"y", "z"}, *const numbers[] = {"0", "3"};
  sngp_csv_config config = with_targets(SNGP_CSV_LABEL_NONE, names, 2);
  config.num_features = 2;
  check_table("z,a,b,y\n?,1,2,none\n,5,6,\n", &config, 2, features, 0, NULL);
  check_table("z,a,b\n?,1,2\n,5,6\n", &config, 2, features, 0, NULL);
  check_table("a,b\n1,2\n5,6\n", &config, 2, features, 0, NULL);
  config = with_targets(SNGP_CSV_LABEL_NONE, numbers, 2);
  check_table("?,1,2,none\n,5,6,\n", &config, 2, features, 0, NULL);
}

static void fields_of_the_other_kind_are_refused(void **state) {
  (void)state;
  const char *const names[] = {"y", "y"}, *const hole[] = {"y", NULL};
  sngp_csv_config config;
#define REFUSED(mode, part, ...)                                                             \
  config = with_targets(SNGP_CSV_##mode, NULL, 0);                                           \
  __VA_ARGS__;                                                                               \
  do {                                                                                       \
    sngp_dataset *dataset = poisoned();                                                      \
    assert_fails(sngp_dataset_read_csv("x", &config, &dataset), SNGP_ERROR_INVALID_ARGUMENT, \
                 part);                                                                      \
    assert_null(dataset);                                                                    \
  } while (0)
  REFUSED(LABEL_LAST, "target_columns is set", config.target_columns = names);
  REFUSED(LABEL_OPTIONAL, "num_target_columns is set", config.num_target_columns = 1);
  REFUSED(TARGETS, "label_column is set", config.label_column = "y");
  REFUSED(TARGETS_OPTIONAL, "class_names is set", config.class_names = names);
  REFUSED(TARGETS, "num_classes is set", config.num_classes = 2);
  REFUSED(TARGETS, "num_target_columns is -1", config.num_target_columns = -1);
  REFUSED(TARGETS, "num_target_columns is 0", config.target_columns = names);
  REFUSED(LABEL_NONE, "num_target_columns is 1", config.num_target_columns = 1);
  REFUSED(LABEL_NONE, "both set", config.target_columns = names; config.num_target_columns = 1;
          config.label_column = "z");
  REFUSED(TARGETS, "target_columns[0] and target_columns[1] are both \"y\"",
          config.target_columns = names;
          config.num_target_columns = 2);
  REFUSED(TARGETS, "target_columns[1] is NULL", config.target_columns = hole;
          config.num_target_columns = 2);
#undef REFUSED
}

/* A program that was built when the struct ended with num_features. */
static void the_struct_without_targets_goes_on_working(void **state) {
  (void)state;
  const size_t size = offsetof(sngp_csv_config, target_columns);
  sngp_csv_config config;
  memset(&config, 0x5a, sizeof config);
  assert_succeeds(sngp_csv_config_init(&config, size));
  assert_int_equal(config.struct_size, size);
  assert_int_equal(config.num_features, 0);
  assert_int_equal(config.num_target_columns, 0x5a5a5a5a5a5a5a5a);
  sngp_dataset *dataset = read_text("1,2,0\n3,4,1\n", &config);
  assert_int_equal(sngp_dataset_num_classes(dataset), 2);
  sngp_dataset_free(dataset);
}

static void rows_beyond_the_first_allocation_keep_their_targets(void **state) {
  (void)state;
  enum { ROWS = 3000 };
  static char text[32 * ROWS];
  char *at = text;
  for (int i = 0; i < ROWS; i++) at += sprintf(at, "%d,%d,%d\n", i, 2 * i, -i);
  sngp_csv_config config = with_targets(SNGP_CSV_TARGETS, NULL, 2);
  sngp_dataset *dataset = read_text(text, &config);
  assert_int_equal(sngp_dataset_rows(dataset), ROWS);
  for (int i = 0; i < ROWS; i++) {
    assert_true(sngp_dataset_features(dataset)[i] == (float)i);
    assert_true(sngp_dataset_targets(dataset)[2 * i] == (float)(2 * i));
    assert_true(sngp_dataset_targets(dataset)[2 * i + 1] == (float)-i);
  }
  sngp_dataset_free(dataset);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_target_is_the_last_column_or_the_one_named),
      cmocka_unit_test(several_targets_have_the_order_in_which_they_are_named),
      cmocka_unit_test(any_word_makes_a_header),
      cmocka_unit_test(what_is_no_number_is_named_by_its_place),
      cmocka_unit_test(target_columns_that_are_not_there_are_named),
      cmocka_unit_test(one_column_is_not_two_targets),
      cmocka_unit_test(optional_targets_are_taken_when_the_file_has_them),
      cmocka_unit_test(features_are_matched_by_name_beside_targets),
      cmocka_unit_test(without_targets_their_columns_are_left_out_unread),
      cmocka_unit_test(fields_of_the_other_kind_are_refused),
      cmocka_unit_test(the_struct_without_targets_goes_on_working),
      cmocka_unit_test(rows_beyond_the_first_allocation_keep_their_targets),
  };
  return RUN_CSV_TESTS("csv targets", tests);
}
