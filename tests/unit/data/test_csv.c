/* CSV files: what the text is made of, and what is wrong with it, line by line. */
#include <math.h>

#include "unit/data/csv_support.h"
/* wants cmocka.h, which the above includes */
#include "support/locales.h"

static const float one_to_four[] = {1, 2, 3, 4};

static void check_plain(const char *text) {
  sngp_dataset *dataset = read_text(text, NULL);
  const int32_t labels[] = {0, 1};
  check_features(dataset, 2, 2, one_to_four);
  check_labels(dataset, labels);
  assert_int_equal(sngp_dataset_num_classes(dataset), 2);
  assert_null(sngp_dataset_class_names(dataset));
  sngp_dataset_free(dataset);
}

static void one_table_is_read_from_all_its_spellings(void **state) {
  (void)state;
  check_plain("1,2,0\n3,4,1\n");
  check_plain("1,2,0\n3,4,1");       /* no line feed at the end */
  check_plain("1,2,0\r\n3,4,1\r\n"); /* CRLF */
  check_plain("1,2,0\r3,4,1\r");     /* CR */
  check_plain(
      "\xef\xbb\xbf"
      "1,2,0\n3,4,1\n");                                 /* byte order mark */
  check_plain("\"1\",\"2\",\"0\"\n\"3\",\"4\",\"1\"\n"); /* quoted */
  check_plain(" 1 ,\t2, 0 \n3 , 4 ,1\n");                /* spaces around */
  check_plain("\" 1\",\"2 \", \"0\" \n3,4,1\n");         /* inside and around quotes */
  check_plain("\n\n1,2,0\n\n \n3,4,1\n\n");              /* blank lines */
  check_plain("+1,2.0,0\n3e0,400e-2,1\n");               /* other numbers of the same value */
  check_plain("a,b,c\n1,2,0\n3,4,1\n");                  /* header */
  check_plain("\xef\xbb\xbf\"a\",\"b\",\"c\"\r\n1,2,0\r\n3,4,1\r\n");
}

static void names_are_read_from_quoted_headers(void **state) {
  (void)state;
  sngp_dataset *dataset =
      read_text("\"length, in cm\",\"a \"\"b\"\"\",\"two\nlines\",class\n1,2,3,0\n4,5,6,1\n", NULL);
  const char *const names[] = {"length, in cm", "a \"b\"", "two\nlines"};
  check_names(sngp_dataset_feature_names(dataset), 3, names);
  sngp_dataset_free(dataset);
}

/* The fixture's facts as the data's description states them: class sizes, and its first and last
   row. */
static void the_wine_data_are_read(void **state) {
  (void)state;
  sngp_dataset *wine = NULL;
  assert_succeeds(sngp_dataset_read_csv(SNGP_TEST_FIXTURES "/wine.csv", NULL, &wine));
  assert_int_equal(sngp_dataset_rows(wine), 178);
  assert_int_equal(sngp_dataset_cols(wine), 13);
  assert_int_equal(sngp_dataset_num_classes(wine), 3);
  assert_null(sngp_dataset_class_names(wine));
  int counts[3] = {0};
  for (int i = 0; i < 178; i++) counts[sngp_dataset_labels(wine)[i]]++;
  assert_true(counts[0] == 59 && counts[1] == 71 && counts[2] == 48);
  const float first[] = {14.23f, 1.71f, 2.43f, 15.6f, 127,   2.8f, 3.06f,
                         0.28f,  2.29f, 5.64f, 1.04f, 3.92f, 1065};
  const float last[] = {14.13f, 4.1f,  2.74f, 24.5f, 96,   2.05f, 0.76f,
                        0.56f,  1.35f, 9.2f,  0.61f, 1.6f, 560};
  assert_memory_equal(sngp_dataset_features(wine), first, sizeof first);
  assert_memory_equal(sngp_dataset_features(wine) + 177 * 13, last, sizeof last);
  assert_string_equal(sngp_dataset_feature_names(wine)[11], "od280/od315_of_diluted_wines");
  sngp_dataset_free(wine);
}

/* More than a buffer of the reader, with line ends at every place of it; lines stay right. */
static void long_files_are_read_whole(void **state) {
  (void)state;
  enum { ROWS = 30000 };
  char *text = malloc(ROWS * 40), *at = text;
  assert_non_null(text);
  uint32_t number = 3;
  for (int i = 0; i < ROWS; i++)
    at += sprintf(at, "%d,%u,%d\r\n", i, next_number(&number) % 10000, i % 7);
  sngp_dataset *dataset = read_text(text, NULL);
  assert_int_equal(sngp_dataset_rows(dataset), ROWS);
  number = 3;
  for (int i = 0; i < ROWS; i++) {
    assert_true(sngp_dataset_features(dataset)[2 * i] == (float)i);
    assert_true(sngp_dataset_features(dataset)[2 * i + 1] == (float)(next_number(&number) % 10000));
    assert_int_equal(sngp_dataset_labels(dataset)[i], i % 7);
  }
  sngp_dataset_free(dataset);
  strcpy(at, "1,x,2\n");
  assert_refuses(text, NULL, SNGP_ERROR_FORMAT, "line 30001, column 1: \"x\" is not a number");
  free(text);
}

static void values_are_the_nearest_floats(void **state) {
  (void)state;
  sngp_dataset *dataset = read_text("0.1,-3.4028234e38,1e-45,16777217,1e-60,0\n", NULL);
  const float expected[] = {0.1f, -3.4028234e38f, 1e-45f, 16777216.0f, 0.0f};
  check_features(dataset, 1, 5, expected);
  sngp_dataset_free(dataset);
}

static void what_is_no_number_is_named_with_its_place(void **state) {
  (void)state;
  assert_refuses("1,2,0\n3,x,1\n", NULL, SNGP_ERROR_FORMAT,
                 "line 2, column 1: \"x\" is not a number");
  assert_refuses("a,b,c\n1,2,0\n\n3,4.5.6,1\n", NULL, SNGP_ERROR_FORMAT,
                 "line 4, column 1 (\"b\"): \"4.5.6\" is not a number");
  assert_refuses("a,b,c\n1,2,0\n,4,1\n", NULL, SNGP_ERROR_FORMAT,
                 "line 3, column 0 (\"a\"): the field is empty");
  assert_refuses("a,b,c\n1,\"\",0\n", NULL, SNGP_ERROR_FORMAT, "the field is empty");
  assert_refuses("a,b,c\n1,\"2,5\",0\n", NULL, SNGP_ERROR_FORMAT, "\"2,5\" is not a number");
  assert_refuses("a,b,c\n1,0x1p3,0\n", NULL, SNGP_ERROR_FORMAT, "is not a number");
  /* a quoted line feed counts as a line */
  assert_refuses("\"a\nb\",c\n1,0\n?,0\n", NULL, SNGP_ERROR_FORMAT, "line 4, column 0");
}

/* The wrong field is on the fourth line of each file. */
static void lines_are_counted_alike_whatever_ends_them(void **state) {
  (void)state;
  const char *const texts[] = {"a,b\n1,0\n\n?,0\n",
                               "a,b\r\n1,0\r\n\r\n?,0\r\n",
                               "a,b\r1,0\r\r?,0\r",
                               "a,b\r\n1,0\n\r?,0\n",
                               "\"a\r\nb\",c\r\n1,0\r\n?,0\r\n",
                               "\"a\rb\",c\r1,0\r?,0",
                               "1,0\r2,0\r\r?,0\r1,1\r",
                               "\r\r1,0\r?,0\r"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_refuses(texts[i], NULL, SNGP_ERROR_FORMAT, "line 4, column 0");
  assert_refuses("1,0\r2,0\r1,2,0\r", NULL, SNGP_ERROR_FORMAT, "line 3 has 3 fields");
  assert_refuses("1,0\r2,0\r\"1,0\r", NULL, SNGP_ERROR_FORMAT, "the row that starts on line 3");
  /* CR and LF of one line end in two buffers of the reader */
  enum { BUFFER = 1 << 16 };
  char *text = malloc(BUFFER + 16);
  assert_non_null(text);
  memset(text, ' ', BUFFER);
  memcpy(text, "1,0\n2,", 6);
  text[BUFFER - 2] = '0';
  strcpy(text + BUFFER - 1, "\r\n?,0\n");
  assert_refuses(text, NULL, SNGP_ERROR_FORMAT, "line 3, column 0");
  free(text);
}

/* In Latin-1. The message itself is ASCII. */
static void names_and_labels_in_another_encoding_are_named_with_their_place(void **state) {
  (void)state;
  assert_refuses("\n\nb,caf\xe9,y\n1,2,0\n", NULL, SNGP_ERROR_FORMAT,
                 "line 3: the name of column 1, \"caf?\", is not valid UTF-8");
  assert_refuses("1,2,caf\xe9\n", NULL, SNGP_ERROR_FORMAT,
                 "line 1, column 2: the label of row 0, \"caf?\", is not valid UTF-8");
  assert_refuses("a,y\n1,th\xc3\xa9\n2,th\xe9\n", NULL, SNGP_ERROR_FORMAT,
                 "line 3, column 1: the label of row 1, \"th?\", is not valid UTF-8");
  assert_refuses("a,y\n\xe9,0\n", NULL, SNGP_ERROR_FORMAT, "\"?\" is not a number");
  sngp_csv_config config = default_config();
  const char *const classes[] = {"tea", "coffee"};
  config.class_names = classes;
  config.num_classes = 2;
  assert_refuses("a,y\n1,th\xe9\n", &config, SNGP_ERROR_FORMAT, "is not valid UTF-8");
  const char *const names[] = {"caf\xc3\xa9"};
  sngp_dataset *dataset = read_text("caf\xc3\xa9,y\n1,th\xc3\xa9\n2,tea\n", NULL);
  check_names(sngp_dataset_feature_names(dataset), 1, names);
  assert_string_equal(sngp_dataset_class_names(dataset)[1], "th\xc3\xa9");
  sngp_dataset_free(dataset);
}

static void numbers_that_are_not_finite_have_their_own_status(void **state) {
  (void)state;
  const char *const words[] = {"nan", "NaN", "-inf", "Infinity", "1e39", "-1e999", "3.5e38"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    char text[64];
    snprintf(text, sizeof text, "1,2,0\n3,%s,1\n", words[i]);
    assert_refuses(text, NULL, SNGP_ERROR_NOT_FINITE, "line 2, column 1: ");
  }
  assert_refuses("1,nan,0\n3,4,1\n", NULL, SNGP_ERROR_NOT_FINITE, "line 1, column 1: ");
}

static void rows_of_another_length_are_named(void **state) {
  (void)state;
  assert_refuses("1,2,0\n3,1\n", NULL, SNGP_ERROR_FORMAT,
                 "line 2 has 2 fields, but the first one has 3");
  assert_refuses("1,2,0\n3,4,1,5\n1,2,0", NULL, SNGP_ERROR_FORMAT,
                 "line 2 has 4 fields, but the first one has 3");
  assert_refuses("a,b,c\n1,2,0\n3,4,1,\n", NULL, SNGP_ERROR_FORMAT, "line 3 has 4 fields");
}

static void broken_quotes_are_named(void **state) {
  (void)state;
  assert_refuses("1,2,0\n1,2,0\n3,\"4,1\n5,6,0\n", NULL, SNGP_ERROR_FORMAT,
                 "a quote is not closed in the row that starts on line 3");
  assert_refuses("1,2,0\n3,4\"4,1\n", NULL, SNGP_ERROR_FORMAT, "line 2: a quote");
  assert_refuses("1,2,0\n3,\"4\"4,1\n", NULL, SNGP_ERROR_FORMAT, "line 2: a quote");
  /* a field of two megabytes: given up before it is all in memory */
  enum { LENGTH = 1 << 21 };
  char *text = malloc(LENGTH + 1);
  assert_non_null(text);
  memset(text, '7', LENGTH);
  memcpy(text, "1,2,0\n\"", 7);
  text[LENGTH] = '\0';
  assert_refuses(text, NULL, SNGP_ERROR_FORMAT,
                 "the row that starts on line 2 has a field of more than 1048576 bytes");
  free(text);
}

static void nul_bytes_are_refused_wherever_they_stand(void **state) {
  (void)state;
  static const char feature[] = "1,2\0,0\n", label[] = "1,2,a\0b\n", name[] = "a\0,b,c\n1,2,0\n";
  sngp_dataset *dataset = NULL;
  sngp_csv_config config = default_config();
  config.header = SNGP_CSV_HEADER_NO;
  assert_fails(read_bytes(feature, sizeof feature - 1, &config, &dataset), SNGP_ERROR_FORMAT,
               "line 1, column 1: \"2?\" is not a number");
  assert_fails(read_bytes(label, sizeof label - 1, &config, &dataset), SNGP_ERROR_FORMAT,
               "the label of row 0 holds a NUL byte");
  assert_fails(read_bytes(name, sizeof name - 1, NULL, &dataset), SNGP_ERROR_FORMAT,
               "the name of column 0 holds a NUL byte");
}

static void files_without_rows_are_refused(void **state) {
  (void)state;
  assert_refuses("", NULL, SNGP_ERROR_NO_ROWS, "the file is empty");
  assert_refuses("\n \r\n\n", NULL, SNGP_ERROR_NO_ROWS, "the file is empty");
  assert_refuses("\xef\xbb\xbf", NULL, SNGP_ERROR_NO_ROWS, "the file is empty");
  assert_refuses("a,b,c\n", NULL, SNGP_ERROR_NO_ROWS, "no rows of data");
  assert_refuses("a,b,c", NULL, SNGP_ERROR_NO_ROWS, "no rows of data");
}

static void files_that_cannot_be_read_are_named_with_the_reason(void **state) {
  (void)state;
  sngp_dataset *dataset = poisoned();
  assert_fails(sngp_dataset_read_csv("/no/such/file.csv", NULL, &dataset), SNGP_ERROR_READ,
               "/no/such/file.csv: cannot be read: No such file");
  assert_null(dataset);
  dataset = poisoned();
  assert_fails(sngp_dataset_read_csv("/", NULL, &dataset), SNGP_ERROR_READ,
               "/: cannot be read: Is a directory");
  assert_null(dataset);
  assert_fails(sngp_dataset_read_csv(NULL, NULL, &dataset), SNGP_ERROR_INVALID_ARGUMENT,
               "path is NULL");
  assert_fails(sngp_dataset_read_csv("/", NULL, NULL), SNGP_ERROR_INVALID_ARGUMENT,
               "dataset is NULL");
}

/* A file cut anywhere is an error, or a table with fewer rows: never a crash, never another value
   in a complete row. */
static void a_file_cut_at_any_byte_gives_an_error_or_complete_rows(void **state) {
  (void)state;
  const char text[] =
      "\xef\xbb\xbf\"x \"\"1\"\"\",y,class\r\n1,22,\"one\"\r\n\n3,4e1,two\r\n5,6,one";
  sngp_dataset *whole = read_text(text, NULL);
  assert_int_equal(sngp_dataset_rows(whole), 3);
  for (size_t length = 0; length < sizeof text - 1; length++) {
    sngp_dataset *part = NULL;
    if (read_bytes(text, length, NULL, &part) != SNGP_OK) continue;
    int64_t complete = sngp_dataset_rows(part) - 1; /* the last may have lost digits */
    assert_memory_equal(sngp_dataset_features(part), sngp_dataset_features(whole),
                        (size_t)(2 * complete) * sizeof(float));
    sngp_dataset_free(part);
  }
  sngp_dataset_free(whole);
}

/* Every byte of a file replaced by every one that means something. */
static void no_wrong_byte_does_harm(void **state) {
  (void)state;
  const char good[] = "a,b,class\n1,2.5,\"x\"\r\n-3,4e1,y\n";
  const char bytes[] = {'"', ',', '\n', '\r', '\0', ' ', 'e', '.', '-', '9', '\xff'};
  for (size_t at = 0; at < sizeof good - 1; at++)
    for (size_t i = 0; i < sizeof bytes; i++) {
      char text[sizeof good];
      memcpy(text, good, sizeof good);
      text[at] = bytes[i];
      sngp_dataset *dataset = NULL;
      sngp_status status = read_bytes(text, sizeof text - 1, NULL, &dataset);
      if (status == SNGP_OK) {
        for (int64_t v = 0; v < sngp_dataset_rows(dataset) * sngp_dataset_cols(dataset); v++)
          assert_true(isfinite(sngp_dataset_features(dataset)[v]));
        sngp_dataset_free(dataset);
      }
    }
}

static void numbers_are_read_alike_where_the_locale_writes_commas(void **state) {
  (void)state;
  const char text[] = "a,b,class\n1.5,0.12345678901234567,-1\n2.5e-1,1234567890123456789.5,1.5\n";
  sngp_dataset *plain = read_text(text, NULL);
  char shown[8], folder[LOCALE_PATH_SIZE];
  enter_locale("de_DE", folder);
  snprintf(shown, sizeof shown, "%.1f", 1.5);
  assert_string_equal(shown, "1,5"); /* the locale is in effect */
  sngp_dataset *dataset = read_text(text, NULL);
  assert_refuses("a,b,c\n1,\"2,5\",0\n", NULL, SNGP_ERROR_FORMAT, "\"2,5\" is not a number");
  snprintf(shown, sizeof shown, "%.1f", 1.5);
  assert_string_equal(shown, "1,5"); /* and was left alone */
  setlocale(LC_ALL, "C");
  check_features(dataset, 2, 2, sngp_dataset_features(plain));
  const char *const classes[] = {"-1", "1.5"};
  check_names(sngp_dataset_class_names(dataset), 2, classes);
  sngp_dataset_free(plain);
  sngp_dataset_free(dataset);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_table_is_read_from_all_its_spellings),
      cmocka_unit_test(names_are_read_from_quoted_headers),
      cmocka_unit_test(the_wine_data_are_read),
      cmocka_unit_test(long_files_are_read_whole),
      cmocka_unit_test(values_are_the_nearest_floats),
      cmocka_unit_test(what_is_no_number_is_named_with_its_place),
      cmocka_unit_test(lines_are_counted_alike_whatever_ends_them),
      cmocka_unit_test(names_and_labels_in_another_encoding_are_named_with_their_place),
      cmocka_unit_test(numbers_that_are_not_finite_have_their_own_status),
      cmocka_unit_test(rows_of_another_length_are_named),
      cmocka_unit_test(broken_quotes_are_named),
      cmocka_unit_test(nul_bytes_are_refused_wherever_they_stand),
      cmocka_unit_test(files_without_rows_are_refused),
      cmocka_unit_test(files_that_cannot_be_read_are_named_with_the_reason),
      cmocka_unit_test(a_file_cut_at_any_byte_gives_an_error_or_complete_rows),
      cmocka_unit_test(no_wrong_byte_does_harm),
      cmocka_unit_test(numbers_are_read_alike_where_the_locale_writes_commas),
  };
  return RUN_CSV_TESTS("csv", tests);
}
