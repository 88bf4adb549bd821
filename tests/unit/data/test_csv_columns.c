/* CSV files: which line is a header, which column is what. */
#include "unit/data/csv_support.h"

static sngp_csv_config with_label(const char *column, int32_t mode) {
  sngp_csv_config config = default_config();
  config.label_column = column;
  config.label_mode = mode;
  return config;
}

static sngp_csv_config with_features(const char *const *names, int64_t count, int32_t mode) {
  sngp_csv_config config = default_config();
  config.feature_names = names;
  config.num_features = count;
  config.label_mode = mode;
  return config;
}

static void check_table(const char *text, const sngp_csv_config *config, int64_t rows, int64_t cols,
                        const float *features, const int32_t *labels) {
  sngp_dataset *dataset = read_text(text, config);
  check_features(dataset, rows, cols, features);
  if (labels != NULL) {
    assert_non_null(sngp_dataset_labels(dataset));
    check_labels(dataset, labels);
  } else {
    assert_null(sngp_dataset_labels(dataset));
    assert_int_equal(sngp_dataset_num_classes(dataset), 0);
  }
  sngp_dataset_free(dataset);
}

static void a_first_line_of_numbers_is_data_and_any_name_makes_a_header(void **state) {
  (void)state;
  const struct {
    const char *text;
    int64_t rows;
  } cases[] = {{"1,2,0\n3,4,1\n", 2},     {"a,b,c\n3,4,1\n", 1},
               {"1,b,0\n3,4,1\n", 1},     {"1,2,cat\n3,4,dog\n", 2}, /* the label's field aside */
               {"1,\"x\",0\n3,4,1\n", 1}, {"\"1\",\"2\",0\n3,4,1\n", 2}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sngp_dataset *dataset = read_text(cases[i].text, NULL);
    assert_int_equal(sngp_dataset_rows(dataset), cases[i].rows);
    assert_int_equal(sngp_dataset_feature_names(dataset) == NULL, cases[i].rows == 2);
    sngp_dataset_free(dataset);
  }
  /* a hole in the first row of data makes no header of it: it is reported, not lost */
  assert_refuses("1,,0\n3,4,1\n", NULL, SNGP_ERROR_FORMAT, "line 1, column 1");
  assert_refuses("nan,2,0\n3,4,1\n", NULL, SNGP_ERROR_NOT_FINITE, "line 1, column 0");
}

/* Names that are numbers, as of a table that was written without names. */
static void a_label_that_is_a_word_over_a_number_makes_a_header_of_numbers(void **state) {
  (void)state;
  const float features[] = {5, 6, 7, 8};
  const int32_t labels[] = {0, 1};
  const char *const names[] = {"0", "1"};
  sngp_dataset *dataset = read_text("0,1,target\n5,6,0\n7,8,1\n", NULL);
  check_features(dataset, 2, 2, features);
  check_labels(dataset, labels);
  check_names(sngp_dataset_feature_names(dataset), 2, names);
  assert_int_equal(sngp_dataset_num_classes(dataset), 2);
  assert_null(sngp_dataset_class_names(dataset));
  sngp_dataset_free(dataset);
  check_table("1,2,y\n\n5,6,0\n7,8,1", NULL, 2, 2, features, labels);
  check_table("1,2,y\r\n5,6,0\r\n7,8,1\r\n", NULL, 2, 2, features, labels);
  sngp_csv_config config = with_label("1", SNGP_CSV_LABEL_LAST);
  check_table("7,y,9\n5,0,6\n7,1,8\n", &config, 2, 2, features, labels);
  config = default_config();
  config.label_mode = SNGP_CSV_LABEL_OPTIONAL;
  config.num_features = 2;
  check_table("1,2,y\n5,6,0\n7,8,1\n", &config, 2, 2, features, labels);
}

/* The first line is data, whatever its label, unless a number stands below. */
static void a_word_alone_makes_no_header(void **state) {
  (void)state;
  const struct {
    const char *text;
    int64_t rows;
  } cases[] = {{"1,2,y\n3,4,x\n5,6,0\n", 3}, /* the third line does not count */
               {"1,2,y\n3,4,nan\n", 2},
               {"1,2,y\n", 1},
               {"1,2,y", 1},
               {"1,2,0\n3,4,y\n", 2}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sngp_dataset *dataset = read_text(cases[i].text, NULL);
    assert_int_equal(sngp_dataset_rows(dataset), cases[i].rows);
    assert_null(sngp_dataset_feature_names(dataset));
    sngp_dataset_free(dataset);
  }
  sngp_csv_config config = default_config();
  config.header = SNGP_CSV_HEADER_NO;
  sngp_dataset *dataset = read_text("1,2,y\n3,4,1\n", &config);
  assert_int_equal(sngp_dataset_rows(dataset), 2);
  sngp_dataset_free(dataset);
  /* holes of the first line are no names */
  assert_refuses("1,2,nan\n3,4,1\n", NULL, SNGP_ERROR_NOT_FINITE, "the label of row 0 is \"nan\"");
  assert_refuses("1,2,\n3,4,1\n", NULL, SNGP_ERROR_FORMAT, "line 1, column 2: the label of row 0");
  assert_refuses("1,2,y\n3\n", NULL, SNGP_ERROR_FORMAT, "line 2 has 1 fields");
}

/* What a trained model knows of its columns and classes settles what a file alone leaves open. */
static void a_models_names_tell_a_header_from_data(void **state) {
  (void)state;
  const float features[] = {5, 6, 7, 8};
  const char *const names[] = {"0", "1"}, *const classes[] = {"1", "none"};
  sngp_csv_config config = default_config();
  config.label_mode = SNGP_CSV_LABEL_OPTIONAL;
  config.feature_names = names;
  config.num_features = 2;
  check_table("0,1\n5,6\n7,8\n", &config, 2, 2, features, NULL);
  check_table("1,0\n6,5\n8,7\n", &config, 2, 2, features, NULL);
  config = default_config();
  config.class_names = classes;
  config.num_classes = 2;
  const int32_t labels[] = {1, 0};
  check_table("5,6,none\n7,8,1\n", &config, 2, 2, features, labels);
}

static void the_header_may_be_told(void **state) {
  (void)state;
  const float row[] = {3, 4};
  const int32_t label[] = {0};
  sngp_csv_config config = default_config();
  config.header = SNGP_CSV_HEADER_YES;
  check_table("1,2,0\n3,4,0\n", &config, 1, 2, row, label);
  config.header = SNGP_CSV_HEADER_NO;
  assert_refuses("a,b,c\n3,4,0\n", &config, SNGP_ERROR_FORMAT,
                 "line 1, column 0: \"a\" is not a number");
}

static void the_label_is_the_last_column_or_the_one_named(void **state) {
  (void)state;
  const char named[] = "a,y,b\n1,0,2\n3,1,4\n", plain[] = "1,0,2\n3,1,4\n";
  const float features[] = {1, 2, 3, 4};
  const int32_t labels[] = {0, 1};
  sngp_csv_config by_name = with_label("y", SNGP_CSV_LABEL_LAST),
                  by_number = with_label("1", SNGP_CSV_LABEL_LAST);
  check_table(named, &by_name, 2, 2, features, labels);
  check_table(named, &by_number, 2, 2, features, labels);
  check_table(plain, &by_number, 2, 2, features, labels);
  sngp_dataset *dataset = read_text(named, &by_name);
  const char *const names[] = {"a", "b"};
  check_names(sngp_dataset_feature_names(dataset), 2, names);
  sngp_dataset_free(dataset);
}

/* "0" is the column of that name where there is one, else the first. */
static void a_label_name_that_reads_as_a_number_prefers_the_name(void **state) {
  (void)state;
  const float features[] = {1, 2};
  const int32_t labels[] = {0};
  sngp_csv_config config = with_label("0", SNGP_CSV_LABEL_LAST);
  check_table("a,b,0\n1,2,0\n", &config, 1, 2, features, labels);
  check_table("y,a,b\n0,1,2\n", &config, 1, 2, features, labels);
}

/* Strings in the label column and a name for it: the name alone tells that there is a header. */
static void a_header_of_numbers_is_known_by_the_labels_name(void **state) {
  (void)state;
  const float features[] = {5, 6};
  const int32_t labels[] = {0};
  sngp_csv_config config = with_label("class", SNGP_CSV_LABEL_LAST);
  check_table("1,2,class\n5,6,0\n", &config, 1, 2, features, labels);
}

static void a_label_column_that_is_not_there_is_an_error_where_labels_are_needed(void **state) {
  (void)state;
  const char named[] = "a,b,c\n1,2,0\n", plain[] = "1,2,0\n";
  sngp_csv_config config = with_label("species", SNGP_CSV_LABEL_LAST);
  assert_refuses(named, &config, SNGP_ERROR_NOT_FOUND,
                 "label column \"species\" is not among the 3 columns");
  assert_refuses(plain, &config, SNGP_ERROR_NOT_FOUND, "the file has no header");
  config.label_column = "3";
  assert_refuses(named, &config, SNGP_ERROR_NOT_FOUND, "label column \"3\"");
  assert_refuses(plain, &config, SNGP_ERROR_NOT_FOUND, "label column \"3\"");
  config.label_column = "-1";
  assert_refuses(plain, &config, SNGP_ERROR_NOT_FOUND, "\"-1\"");
  config.label_column = "99999999999999999999";
  assert_refuses(plain, &config, SNGP_ERROR_NOT_FOUND, "\"99999999999999999999\"");
}

static void without_labels_every_column_is_a_feature_but_the_one_named(void **state) {
  (void)state;
  const float three[] = {1, 2, 0}, two[] = {1, 0};
  sngp_csv_config config = with_label(NULL, SNGP_CSV_LABEL_NONE);
  check_table("a,b,c\n1,2,0\n", &config, 1, 3, three, NULL);
  config.label_column = "b";
  check_table("a,b,c\n1,?,0\n", &config, 1, 2, two, NULL); /* its text does not matter */
  config.label_column = "1";
  check_table("1,2,0\n", &config, 1, 2, two, NULL);
  config.label_column = "z";
  check_table("a,b,c\n1,2,0\n", &config, 1, 3, three, NULL);
}

static void optional_labels_are_taken_when_the_file_has_them(void **state) {
  (void)state;
  const float features[] = {1, 2}, three[] = {1, 2, 0};
  const int32_t labels[] = {0};
  sngp_csv_config config = default_config();
  config.label_mode = SNGP_CSV_LABEL_OPTIONAL;
  check_table("1,2,0\n", &config, 1, 3, three, NULL); /* nothing tells of a label */
  config.num_features = 2;
  check_table("1,2,0\n", &config, 1, 2, features, labels);
  check_table("1,2\n", &config, 1, 2, features, NULL);
  check_table("a,b,c\n1,2,0\n", &config, 1, 2, features, labels);
  check_table("a,b\n1,2\n", &config, 1, 2, features, NULL);
  assert_refuses("1,2,3,0\n", &config, SNGP_ERROR_DIMENSION, "4 feature columns");
  config.label_column = "y";
  check_table("a,y,b\n1,0,2\n", &config, 1, 2, features, labels);
  check_table("a,b\n1,2\n", &config, 1, 2, features, NULL);
  check_table("1,2,0\n", &config, 1, 2, features, labels); /* no header: one column more */
  config.label_column = "0";
  check_table("0,1,2\n", &config, 1, 2, features, labels);
  check_table("1,2\n", &config, 1, 2, features, NULL);
}

static const char *const expected[] = {"a", "b"};

static void features_are_matched_by_name_in_any_order(void **state) {
  (void)state;
  const float features[] = {1, 2};
  const int32_t labels[] = {0};
  sngp_csv_config config = with_features(expected, 2, SNGP_CSV_LABEL_LAST);
  check_table("a,b,y\n1,2,0\n", &config, 1, 2, features, labels);
  check_table("b,a,y\n2,1,0\n", &config, 1, 2, features, labels);
  config.label_column = "y";
  check_table("y,b,a\n0,2,1\n", &config, 1, 2, features, labels);
  sngp_dataset *dataset = read_text("b,y,a\n2,0,1\n", &config);
  check_names(sngp_dataset_feature_names(dataset), 2, expected);
  sngp_dataset_free(dataset);
  config = with_features(expected, 2, SNGP_CSV_LABEL_OPTIONAL);
  check_table("b,a\n2,1\n", &config, 1, 2, features, NULL);
  check_table("b,a,y\n2,1,0\n", &config, 1, 2, features, labels);
  config = with_features(expected, 2, SNGP_CSV_LABEL_NONE);
  config.label_column = "y";
  check_table("b,y,a\n2,?,1\n", &config, 1, 2, features, NULL);
}

static void without_a_header_columns_count(void **state) {
  (void)state;
  const float features[] = {1, 2};
  const int32_t labels[] = {0};
  sngp_csv_config config = with_features(expected, 2, SNGP_CSV_LABEL_LAST);
  check_table("1,2,0\n", &config, 1, 2, features, labels);
  sngp_dataset *dataset = read_text("1,2,0\n", &config);
  check_names(sngp_dataset_feature_names(dataset), 2, expected);
  sngp_dataset_free(dataset);
  assert_refuses("1,0\n", &config, SNGP_ERROR_DIMENSION,
                 "1 feature columns and the label's, but 2 are expected");
  assert_refuses("1,2,3,0\n", &config, SNGP_ERROR_DIMENSION, "3 feature columns");
}

static void missing_and_surplus_columns_are_named(void **state) {
  (void)state;
  sngp_csv_config config = with_features(expected, 2, SNGP_CSV_LABEL_LAST);
  assert_refuses("a,c,y\n1,2,0\n", &config, SNGP_ERROR_NOT_FOUND,
                 "the file has no column \"b\", feature 1 of 2");
  assert_refuses("a,c,b,y\n1,2,3,0\n", &config, SNGP_ERROR_DIMENSION,
                 "column 1, \"c\", is none of the 2 expected features");
  assert_refuses("y,a,b\n0,1,2\n", &config, SNGP_ERROR_NOT_FOUND,
                 "the last column, \"b\", is a feature of the model");
  config.label_column = "b";
  assert_refuses("a,b\n1,0\n", &config, SNGP_ERROR_NOT_FOUND,
                 "no column \"b\", feature 1 of 2 (the column of that name is the label's)");
  config = with_features(expected, 2, SNGP_CSV_LABEL_OPTIONAL);
  assert_refuses("id,a,b\n0,1,2\n", &config, SNGP_ERROR_DIMENSION, "column 0, \"id\"");
  config = with_features(expected, 2, SNGP_CSV_LABEL_NONE);
  assert_refuses("a,b,y\n1,2,0\n", &config, SNGP_ERROR_DIMENSION, "column 2, \"y\"");
}

static void column_names_must_differ(void **state) {
  (void)state;
  assert_refuses("a,b,a,y\n1,2,3,0\n", NULL, SNGP_ERROR_FORMAT,
                 "line 1: columns 0 and 2 have the same name, \"a\"");
}

static void a_label_alone_is_no_table(void **state) {
  (void)state;
  assert_refuses("0\n1\n", NULL, SNGP_ERROR_DIMENSION, "1 column, separated by commas");
  assert_refuses("1;2;0\n3;4;1\n", NULL, SNGP_ERROR_DIMENSION, "separated by commas");
}

static void a_thousand_columns_are_matched(void **state) {
  (void)state;
  enum { COLUMNS = 1000 };
  static char names[COLUMNS][16], text[32 * COLUMNS];
  const char *pointers[COLUMNS];
  char *at = text;
  for (int i = 0; i < COLUMNS; i++) {
    snprintf(names[i], sizeof names[i], "x%d", i);
    pointers[i] = names[i];
  }
  for (int i = 0; i < COLUMNS; i++) at += sprintf(at, "x%d,", i * 7 % COLUMNS);
  at += sprintf(at, "y\n");
  for (int i = 0; i < COLUMNS; i++) at += sprintf(at, "%d,", i * 7 % COLUMNS);
  sprintf(at, "0\n");
  sngp_csv_config config = with_features(pointers, COLUMNS, SNGP_CSV_LABEL_LAST);
  sngp_dataset *dataset = read_text(text, &config);
  assert_int_equal(sngp_dataset_cols(dataset), COLUMNS);
  for (int i = 0; i < COLUMNS; i++) assert_true(sngp_dataset_features(dataset)[i] == (float)i);
  sngp_dataset_free(dataset);
}

static void the_configuration_is_checked_field_by_field(void **state) {
  (void)state;
  const char *const same[] = {"a", "a"}, *const hole[] = {"a", NULL};
  sngp_csv_config config = default_config();
  assert_int_equal(config.struct_size, sizeof config);
  assert_int_equal(config.header, SNGP_CSV_HEADER_DETECT);
  assert_int_equal(config.label_mode, SNGP_CSV_LABEL_LAST);
#define REFUSED(part, ...)                                                                   \
  config = default_config();                                                                 \
  __VA_ARGS__;                                                                               \
  do {                                                                                       \
    sngp_dataset *dataset = poisoned();                                                      \
    assert_fails(sngp_dataset_read_csv("x", &config, &dataset), SNGP_ERROR_INVALID_ARGUMENT, \
                 part);                                                                      \
    assert_null(dataset);                                                                    \
  } while (0)
  REFUSED("header is 2", config.header = 2);
  REFUSED("header is -2", config.header = -2);
  REFUSED("label_mode is -1", config.label_mode = -1);
  REFUSED("label_mode is 5", config.label_mode = 5);
  REFUSED("reserved is 1", config.reserved = 1);
  REFUSED("num_classes is -1", config.num_classes = -1);
  REFUSED("num_classes is 16777217", config.num_classes = 16777217);
  REFUSED("num_features is -1", config.num_features = -1);
  REFUSED("num_classes is 0", config.class_names = same);
  REFUSED("num_features is 0", config.feature_names = same);
  REFUSED("class_names[0] and class_names[1] are both \"a\"", config.class_names = same,
          config.num_classes = 2);
  REFUSED("feature_names[1] is NULL", config.feature_names = hole, config.num_features = 2);
  REFUSED("struct_size is 8", config.struct_size = 8);
#undef REFUSED
  assert_fails(sngp_csv_config_init(NULL, sizeof config), SNGP_ERROR_INVALID_ARGUMENT, "NULL");
  assert_fails(sngp_csv_config_init(&config, 4), SNGP_ERROR_INVALID_ARGUMENT, "4");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_first_line_of_numbers_is_data_and_any_name_makes_a_header),
      cmocka_unit_test(a_label_that_is_a_word_over_a_number_makes_a_header_of_numbers),
      cmocka_unit_test(a_word_alone_makes_no_header),
      cmocka_unit_test(a_models_names_tell_a_header_from_data),
      cmocka_unit_test(the_header_may_be_told),
      cmocka_unit_test(the_label_is_the_last_column_or_the_one_named),
      cmocka_unit_test(a_label_name_that_reads_as_a_number_prefers_the_name),
      cmocka_unit_test(a_header_of_numbers_is_known_by_the_labels_name),
      cmocka_unit_test(a_label_column_that_is_not_there_is_an_error_where_labels_are_needed),
      cmocka_unit_test(without_labels_every_column_is_a_feature_but_the_one_named),
      cmocka_unit_test(optional_labels_are_taken_when_the_file_has_them),
      cmocka_unit_test(features_are_matched_by_name_in_any_order),
      cmocka_unit_test(without_a_header_columns_count),
      cmocka_unit_test(missing_and_surplus_columns_are_named),
      cmocka_unit_test(column_names_must_differ),
      cmocka_unit_test(a_label_alone_is_no_table),
      cmocka_unit_test(a_thousand_columns_are_matched),
      cmocka_unit_test(the_configuration_is_checked_field_by_field),
  };
  return RUN_CSV_TESTS("csv columns", tests);
}
