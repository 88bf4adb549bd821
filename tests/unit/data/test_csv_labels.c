/* CSV files: label texts become class numbers, and are kept as they were written. */
#include "unit/data/csv_support.h"

/* Rows of one feature, 0, and these labels. */
static char *table(const char *const *labels, int count) {
  static char text[4096];
  char *at = text;
  for (int i = 0; i < count; i++) at += sprintf(at, "0,%s\n", labels[i]);
  return text;
}

static void check_mapping(const char *const *labels, int count, const int32_t *numbers,
                          int64_t num_classes, const char *const *names) {
  sngp_dataset *dataset = read_text(table(labels, count), NULL);
  assert_int_equal(sngp_dataset_num_classes(dataset), num_classes);
  check_labels(dataset, numbers);
  if (names == NULL)
    assert_null(sngp_dataset_class_names(dataset));
  else
    check_names(sngp_dataset_class_names(dataset), num_classes, names);
  sngp_dataset_free(dataset);
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__})
#define NUMBERS(...) ((const int32_t[]){__VA_ARGS__})

static void integers_without_gaps_keep_their_value(void **state) {
  (void)state;
  check_mapping(TEXTS("2", "0", "1", "2"), 4, NUMBERS(2, 0, 1, 2), 3, NULL);
  check_mapping(TEXTS("0"), 1, NUMBERS(0), 1, NULL);
  check_mapping(TEXTS("10", "9", "8", "7", "6", "5", "4", "3", "2", "1", "0"), 11,
                NUMBERS(10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), 11, NULL);
}

static void other_numbers_are_sorted_by_value_and_named(void **state) {
  (void)state;
  check_mapping(TEXTS("10", "2", "2", "7"), 4, NUMBERS(2, 0, 0, 1), 3, TEXTS("2", "7", "10"));
  check_mapping(TEXTS("1", "-1", "1"), 3, NUMBERS(1, 0, 1), 2, TEXTS("-1", "1"));
  check_mapping(TEXTS("+1", "-1"), 2, NUMBERS(1, 0), 2, TEXTS("-1", "+1"));
  check_mapping(TEXTS("1", "2", "3"), 3, NUMBERS(0, 1, 2), 3, TEXTS("1", "2", "3"));
  check_mapping(TEXTS("02", "00", "01"), 3, NUMBERS(2, 0, 1), 3, TEXTS("00", "01", "02"));
  check_mapping(TEXTS("1.0", "0.0", "10.5"), 3, NUMBERS(1, 0, 2), 3, TEXTS("0.0", "1.0", "10.5"));
}

static void strings_are_sorted_by_bytes(void **state) {
  (void)state;
  check_mapping(TEXTS("dog", "Cat", "cat", "\xc3\xa9", "10", "9"), 6, NUMBERS(4, 2, 3, 5, 0, 1), 6,
                TEXTS("10", "9", "Cat", "cat", "dog", "\xc3\xa9"));
  check_mapping(TEXTS("\"a, b\"", "\"say \"\"a\"\"\"", "\" a\""), 3, NUMBERS(1, 2, 0), 3,
                TEXTS(" a", "a, b", "say \"a\""));
  /* numbers too long to be told apart as numbers */
  check_mapping(TEXTS("9007199254740993", "9007199254740992"), 2, NUMBERS(1, 0), 2,
                TEXTS("9007199254740992", "9007199254740993"));
}

static void equal_values_are_one_class_named_as_first_written(void **state) {
  (void)state;
  check_mapping(TEXTS("1.0", "2", "1", "2.0"), 4, NUMBERS(0, 1, 0, 1), 2, TEXTS("1.0", "2"));
  check_mapping(TEXTS("1", "0", "1.0"), 3, NUMBERS(1, 0, 1), 2, TEXTS("0", "1"));
}

static void many_different_labels_are_kept_apart(void **state) {
  (void)state;
  enum { COUNT = 5000 };
  char *text = malloc(32 * COUNT), *at = text;
  assert_non_null(text);
  for (int i = 0; i < COUNT; i++) at += sprintf(at, "%d,c%04d\n", i, i * 7 % COUNT);
  sngp_dataset *dataset = read_text(text, NULL);
  assert_int_equal(sngp_dataset_num_classes(dataset), COUNT);
  for (int i = 0; i < COUNT; i++) {
    char name[16];
    snprintf(name, sizeof name, "c%04d", i);
    assert_int_equal(sngp_dataset_labels(dataset)[i], i * 7 % COUNT);
    assert_string_equal(sngp_dataset_class_names(dataset)[i], name);
  }
  sngp_dataset_free(dataset);
  free(text);
}

static void holes_among_labels_are_named_by_their_row(void **state) {
  (void)state;
  assert_refuses("0,1\n0,\n0,2\n", NULL, SNGP_ERROR_FORMAT,
                 "line 2, column 1: the label of row 1 is empty");
  assert_refuses("0,1\n0,2\n0,nan\n", NULL, SNGP_ERROR_NOT_FINITE, "the label of row 2 is \"nan\"");
  /* among strings it is a name */
  check_mapping(TEXTS("nan", "roti"), 2, NUMBERS(0, 1), 2, TEXTS("nan", "roti"));
}

static sngp_csv_config with_classes(const char *const *names, int64_t count) {
  sngp_csv_config config = default_config();
  config.class_names = names;
  config.num_classes = count;
  return config;
}

static void known_classes_keep_their_numbers(void **state) {
  (void)state;
  const char *const names[] = {"dog", "cat", "bird"};
  sngp_csv_config config = with_classes(names, 3);
  sngp_dataset *dataset = read_text("0,cat\n0,cat\n0,dog\n", &config);
  check_labels(dataset, NUMBERS(1, 1, 0));
  assert_int_equal(sngp_dataset_num_classes(dataset), 3);
  check_names(sngp_dataset_class_names(dataset), 3, names);
  sngp_dataset_free(dataset);
}

static void an_unknown_class_is_named_with_its_row(void **state) {
  (void)state;
  const char *const names[] = {"dog", "cat"}, *const numbers[] = {"-1", "1"};
  sngp_csv_config config = with_classes(names, 2);
  assert_refuses("x,y\n0,cat\n0,cow\n", &config, SNGP_ERROR_NOT_FOUND,
                 "line 3, column 1: label \"cow\" of row 1 is not one of the 2 known classes");
  assert_refuses("0,Cat\n", &config, SNGP_ERROR_NOT_FOUND, "label \"Cat\" of row 0");
  config = with_classes(numbers, 2);
  assert_refuses("0,0\n", &config, SNGP_ERROR_NOT_FOUND, "label \"0\" of row 0");
  assert_refuses("0,x\n", &config, SNGP_ERROR_NOT_FOUND, "label \"x\" of row 0");
}

static void known_classes_that_are_numbers_are_matched_by_value(void **state) {
  (void)state;
  const char *const names[] = {"-1", "1"};
  sngp_csv_config config = with_classes(names, 2);
  sngp_dataset *dataset = read_text("0,+1\n0,-1.0\n0,1\n0,+1\n", &config);
  check_labels(dataset, NUMBERS(1, 0, 1, 1));
  sngp_dataset_free(dataset);
}

static void numbered_classes_must_be_in_range(void **state) {
  (void)state;
  sngp_csv_config config = with_classes(NULL, 3);
  sngp_dataset *dataset = read_text("0,0\n0,2\n0,2.0\n", &config);
  check_labels(dataset, NUMBERS(0, 2, 2));
  assert_int_equal(sngp_dataset_num_classes(dataset), 3); /* not those that occur */
  assert_null(sngp_dataset_class_names(dataset));
  sngp_dataset_free(dataset);
  assert_refuses("0,0\n0,3\n", &config, SNGP_ERROR_LABEL_RANGE,
                 "the label of row 1 is 3, but num_classes is 3");
  assert_refuses("0,-1\n", &config, SNGP_ERROR_LABEL_RANGE, "the label of row 0 is -1");
  assert_refuses("0,cat\n", &config, SNGP_ERROR_NOT_FOUND, "label \"cat\" of row 0");
  assert_refuses("0,0.5\n", &config, SNGP_ERROR_NOT_FOUND, "label \"0.5\" of row 0");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers_without_gaps_keep_their_value),
      cmocka_unit_test(other_numbers_are_sorted_by_value_and_named),
      cmocka_unit_test(strings_are_sorted_by_bytes),
      cmocka_unit_test(equal_values_are_one_class_named_as_first_written),
      cmocka_unit_test(many_different_labels_are_kept_apart),
      cmocka_unit_test(holes_among_labels_are_named_by_their_row),
      cmocka_unit_test(known_classes_keep_their_numbers),
      cmocka_unit_test(an_unknown_class_is_named_with_its_row),
      cmocka_unit_test(known_classes_that_are_numbers_are_matched_by_value),
      cmocka_unit_test(numbered_classes_must_be_in_range),
  };
  return RUN_CSV_TESTS("csv labels", tests);
}
