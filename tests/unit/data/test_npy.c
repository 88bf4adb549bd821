/* NumPy files made byte by byte after the format's description (NEP 1 and numpy.lib.format). */
#include <math.h>

#include "data/npy_header.h"
#include "unit/data/npy_support.h"

static sngp_status read_images(const image *features, const image *labels, sngp_dataset **dataset) {
  scratch_file x = file_of_bytes(features->bytes, features->length), y = {{0}};
  if (labels != NULL) y = file_of_bytes(labels->bytes, labels->length);
  *dataset = poisoned();
  sngp_status status = sngp_dataset_read_npy(x.path, labels != NULL ? y.path : NULL, dataset);
  if (status != SNGP_OK) {
    assert_null(*dataset);
    assert_non_null(strstr(sngp_last_error(), "/data-")); /* the path */
  }
  remove_file(&x);
  if (labels != NULL) remove_file(&y);
  return status;
}

static image with_dictionary(const char *dictionary, size_t data_bytes) {
  image file = preamble(1, dictionary);
  static const unsigned char zeros[1024] = {0};
  append(&file, zeros, data_bytes);
  return file;
}

/* What NumPy itself writes for [[1, -2.5, 3e10], [0.1, 5, -6]] in float64, header and all. */
static image numpys_own_file(void) {
  image file = {.length = 0};
  char header[119];
  snprintf(header, sizeof header, "%-117s\n",
           "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }");
  const double values[] = {1, -2.5, 3e10, 0.1, 5, -6};
  append(&file, "\x93NUMPY\x01\x00v\x00", 10);
  append(&file, header, 118);
  for (int i = 0; i < 6; i++) {
    uint64_t bits = 0;
    memcpy(&bits, &values[i], sizeof bits);
    append_bits(&file, bits, 8, false);
  }
  assert_int_equal(file.length, 176);
  return file;
}

static void a_file_as_numpy_writes_it_is_read(void **state) {
  (void)state;
  image file = numpys_own_file();
  sngp_dataset *dataset = NULL;
  assert_succeeds(read_images(&file, NULL, &dataset));
  const float expected[] = {1, -2.5f, 3e10f, 0.1f, 5, -6};
  assert_int_equal(sngp_dataset_rows(dataset), 2);
  assert_int_equal(sngp_dataset_cols(dataset), 3);
  assert_memory_equal(sngp_dataset_features(dataset), expected, sizeof expected);
  assert_null(sngp_dataset_labels(dataset));
  sngp_dataset_free(dataset);
}

/* Element (i, j) of the table that every type below holds: small, negative where it can be. */
static int64_t element(int i, int j, bool has_sign) {
  return has_sign ? 10 * i + j - 13 : 10 * i + j;
}

static uint64_t element_bits(int i, int j, char kind, int size) {
  int64_t value = element(i, j, kind != 'u');
  uint64_t bits = (uint64_t)value;
  if (kind == 'f' && size == 8) {
    double wide = (double)value + 0.25;
    memcpy(&bits, &wide, sizeof wide);
  } else if (kind == 'f') {
    float narrow = (float)value + 0.25f;
    uint32_t low = 0;
    memcpy(&low, &narrow, sizeof narrow);
    bits = low;
  }
  return bits;
}

static void every_type_order_and_version_is_read(void **state) {
  (void)state;
  const struct {
    char kind;
    int size;
  } types[] = {{'f', 4}, {'f', 8}, {'i', 1}, {'i', 2}, {'i', 4},
               {'i', 8}, {'u', 1}, {'u', 2}, {'u', 4}, {'u', 8}};
  for (size_t t = 0; t < sizeof types / sizeof *types; t++)
    for (int variant = 0; variant < 12; variant++) {
      char kind = types[t].kind, dictionary[128];
      int size = types[t].size, major = 1 + variant % 3;
      bool fortran = variant / 3 % 2, big = variant / 6;
      snprintf(dictionary, sizeof dictionary,
               "{'descr': '%c%c%d', 'fortran_order': %s, 'shape': (3, 4), }    \n",
               size == 1 ? '|' : (big ? '>' : '<'), kind, size, fortran ? "True" : "False");
      image file = preamble(major, dictionary);
      for (int k = 0; k < 12; k++) {
        int i = fortran ? k % 3 : k / 4, j = fortran ? k / 3 : k % 4;
        append_bits(&file, element_bits(i, j, kind, size), size, big);
      }
      sngp_dataset *dataset = NULL;
      assert_succeeds(read_images(&file, NULL, &dataset));
      for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) {
          float expected = (float)element(i, j, kind != 'u') + (kind == 'f' ? 0.25f : 0.0f);
          assert_true(sngp_dataset_features(dataset)[4 * i + j] == expected);
        }
      sngp_dataset_free(dataset);
    }
}

static void arrays_longer_than_the_buffer_are_read_in_both_orders(void **state) {
  (void)state;
  enum { ROWS = 5000, COLS = 3 };
  for (int fortran = 0; fortran < 2; fortran++) {
    char dictionary[128];
    snprintf(dictionary, sizeof dictionary,
             "{'descr': '<i8', 'fortran_order': %s, 'shape': (%d, %d), }\n",
             fortran ? "True" : "False", ROWS, COLS);
    image start = preamble(1, dictionary);
    size_t length = start.length + 8 * ROWS * COLS;
    unsigned char *bytes = calloc(length, 1);
    assert_non_null(bytes);
    memcpy(bytes, start.bytes, start.length);
    for (size_t k = 0; k < ROWS * COLS; k++) {
      size_t value = fortran ? k % ROWS * COLS + k / ROWS : k;
      bytes[start.length + 8 * k] = (unsigned char)value;
      bytes[start.length + 8 * k + 1] = (unsigned char)(value >> 8);
    }
    scratch_file file = file_of_bytes(bytes, length);
    free(bytes);
    sngp_dataset *dataset = NULL;
    assert_succeeds(sngp_dataset_read_npy(file.path, NULL, &dataset));
    for (int k = 0; k < ROWS * COLS; k++)
      assert_true(sngp_dataset_features(dataset)[k] == (float)k);
    sngp_dataset_free(dataset);
    remove_file(&file);
  }
}

/* Features of two rows, one column. */
static image two_rows(void) {
  return with_dictionary("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1)}\n", 2);
}

static image labels_of(const char *type, int size, uint64_t first, uint64_t second) {
  char dictionary[128];
  snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (2,)}",
           type);
  image file = preamble(2, dictionary);
  append_bits(&file, first, size, type[0] == '>');
  append_bits(&file, second, size, type[0] == '>');
  return file;
}

static void labels_of_every_integer_type_are_read(void **state) {
  (void)state;
  enum { LAST = (1 << 24) - 1 }; /* of as many classes as there may be */
  const struct {
    const char *type;
    int size;
    int32_t largest;
  } types[] = {{"|i1", 1, 127},  {"|u1", 1, 255},  {"<i2", 2, 32767}, {">u2", 2, 65535},
               {">i4", 4, LAST}, {"<u4", 4, LAST}, {"<i8", 8, LAST},  {">u8", 8, LAST}};
  image features = two_rows();
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    image labels = labels_of(types[t].type, types[t].size, (uint64_t)types[t].largest, 1);
    sngp_dataset *dataset = NULL;
    assert_succeeds(read_images(&features, &labels, &dataset));
    assert_int_equal(sngp_dataset_labels(dataset)[0], types[t].largest);
    assert_int_equal(sngp_dataset_labels(dataset)[1], 1);
    assert_int_equal(sngp_dataset_num_classes(dataset), (int64_t)types[t].largest + 1);
    sngp_dataset_free(dataset);
  }
}

static void labels_out_of_range_are_named_by_their_row(void **state) {
  (void)state;
  image features = two_rows();
  sngp_dataset *dataset = NULL;
#define REFUSED(part, type, size, value)                                                   \
  do {                                                                                     \
    image labels = labels_of(type, size, 0, (uint64_t)(value));                            \
    assert_fails(read_images(&features, &labels, &dataset), SNGP_ERROR_LABEL_RANGE, part); \
  } while (0)
  REFUSED("labels[1] is -1", "|i1", 1, -1);
  REFUSED("labels[1] is -9223372036854775808", "<i8", 8, INT64_MIN);
  REFUSED("labels[1] is 16777216", "<i4", 4, 16777216);
  REFUSED("labels[1] is 2147483648", "<u4", 4, UINT32_C(2147483648));
  REFUSED("labels[1] is 18446744073709551615", ">u8", 8, UINT64_MAX);
#undef REFUSED
}

static void features_that_are_not_finite_are_named(void **state) {
  (void)state;
  const double bad[] = {(double)NAN, -(double)INFINITY, 1e39};
  const char *const messages[] = {"features[1][0] is nan", "features[1][0] is -inf",
                                  "features[1][0] is 1e+39, beyond the range of a float"};
  for (int i = 0; i < 3; i++)
    for (int fortran = 0; fortran < 2; fortran++) {
      image file = preamble(1, fortran ? "{'descr':'<f8','fortran_order':True,'shape':(2,2)}"
                                       : "{'descr':'<f8','fortran_order':False,'shape':(2,2)}");
      double values[4] = {0};
      values[fortran ? 1 : 2] = bad[i]; /* row 1, column 0 */
      for (int k = 0; k < 4; k++) {
        uint64_t bits = 0;
        memcpy(&bits, &values[k], sizeof bits);
        append_bits(&file, bits, 8, false);
      }
      sngp_dataset *dataset = NULL;
      assert_fails(read_images(&file, NULL, &dataset), SNGP_ERROR_NOT_FINITE, messages[i]);
    }
}

static void shapes_that_do_not_fit_are_refused(void **state) {
  (void)state;
  image features = two_rows(), one = labels_of("|u1", 1, 0, 0), file;
  sngp_dataset *dataset = NULL;
  file = with_dictionary("{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}", 2);
  assert_fails(read_images(&file, NULL, &dataset), SNGP_ERROR_DIMENSION, "1 dimensions");
  file = with_dictionary("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 1)}", 2);
  assert_fails(read_images(&file, NULL, &dataset), SNGP_ERROR_DIMENSION, "3 dimensions");
  file = with_dictionary("{'descr': '|u1', 'fortran_order': False, 'shape': ()}", 1);
  assert_fails(read_images(&file, NULL, &dataset), SNGP_ERROR_DIMENSION, "0 dimensions");
  file = with_dictionary("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 0)}", 0);
  assert_fails(read_images(&file, NULL, &dataset), SNGP_ERROR_DIMENSION, "no columns");
  file = with_dictionary("{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1)}", 3);
  assert_fails(read_images(&file, &one, &dataset), SNGP_ERROR_DIMENSION,
               "2 labels, but 3 rows of features");
  assert_fails(read_images(&features, &features, &dataset), SNGP_ERROR_DIMENSION,
               "labels have 2 dimensions");
  file = labels_of("<f4", 4, 0, 0);
  assert_fails(read_images(&features, &file, &dataset), SNGP_ERROR_FORMAT, "float32");
  file = with_dictionary("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 7)}", 0);
  assert_succeeds(read_images(&file, NULL, &dataset)); /* no rows are data, too */
  assert_int_equal(sngp_dataset_rows(dataset), 0);
  assert_int_equal(sngp_dataset_cols(dataset), 7);
  sngp_dataset_free(dataset);
}

/* The header claims sizes; none is believed before the file's size agrees. */
static void sizes_are_checked_against_the_file(void **state) {
  (void)state;
  const struct {
    const char *shape, *part;
    size_t data;
  } cases[] = {
      {"(2, 3)", "takes 24 bytes, but 23 follow", 23},
      {"(2, 3)", "takes 24 bytes, but 25 follow", 25},
      {"(2, 3)", "takes 24 bytes, but 0 follow", 0},
      {"(1000000000, 1000000)", "takes 4000000000000000 bytes, but 24 follow", 24},
      {"(4294967296, 4294967296)", "more than 2^63 bytes", 24},
      {"(2305843009213693952, 1)", "more than 2^63 bytes", 24},
      {"(9223372036854775807, 9223372036854775807)", "more than 2^63 bytes", 24},
      {"(9223372036854775808, 1)", "beyond 64 bits", 24},
      {"(99999999999999999999999, 1)", "beyond 64 bits", 24},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char dictionary[256];
    snprintf(dictionary, sizeof dictionary, "{'descr': '<f4', 'fortran_order': False, 'shape': %s}",
             cases[i].shape);
    image file = with_dictionary(dictionary, cases[i].data);
    sngp_dataset *dataset = NULL;
    assert_fails(read_images(&file, NULL, &dataset), SNGP_ERROR_FORMAT, cases[i].part);
  }
}

static void what_is_no_npy_file_is_refused(void **state) {
  (void)state;
  sngp_dataset *dataset = NULL;
  image good = numpys_own_file(), file = good;
  file.bytes[1] = 'n';
  assert_fails(read_images(&file, NULL, &dataset), SNGP_ERROR_FORMAT, "is no NPY file");
  file = good;
  file.bytes[6] = 4;
  assert_fails(read_images(&file, NULL, &dataset), SNGP_ERROR_FORMAT, "NPY version 4.0");
  file.bytes[6] = 0;
  assert_fails(read_images(&file, NULL, &dataset), SNGP_ERROR_FORMAT, "NPY version 0.0");
  file = good;
  file.bytes[7] = 1;
  assert_fails(read_images(&file, NULL, &dataset), SNGP_ERROR_FORMAT, "NPY version 1.1");
  file = good;
  file.bytes[8] = file.bytes[9] = 0xff;
  assert_fails(read_images(&file, NULL, &dataset), SNGP_ERROR_FORMAT, "a header of 65535 bytes");
  file = preamble(2, "");
  memset(file.bytes + 8, 0xff, 4);
  assert_fails(read_images(&file, NULL, &dataset), SNGP_ERROR_FORMAT, "a header of 4294967295");
}

/* Spaces may follow the dictionary, but not without end. */
static void a_header_of_a_hundred_thousand_bytes_is_refused(void **state) {
  (void)state;
  enum { LENGTH = 100000 };
  image start = preamble(2, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1)}"),
        data = two_rows();
  for (int i = 0; i < 4; i++) start.bytes[8 + i] = (unsigned char)(LENGTH >> (8 * i));
  unsigned char *bytes = malloc(12 + LENGTH + 2);
  assert_non_null(bytes);
  memset(bytes, ' ', 12 + LENGTH);
  memcpy(bytes, start.bytes, start.length);
  memcpy(bytes + 12 + LENGTH, data.bytes + data.length - 2, 2);
  scratch_file file = file_of_bytes(bytes, 12 + LENGTH + 2);
  free(bytes);
  sngp_dataset *dataset = NULL;
  assert_fails(sngp_dataset_read_npy(file.path, NULL, &dataset), SNGP_ERROR_FORMAT,
               "at most 65536 are read");
  remove_file(&file);
}

static void files_that_cannot_be_read_are_named_with_the_reason(void **state) {
  (void)state;
  image features = two_rows();
  scratch_file file = file_of_bytes(features.bytes, features.length);
  sngp_dataset *dataset = poisoned();
  assert_fails(sngp_dataset_read_npy("/no/such/x.npy", NULL, &dataset), SNGP_ERROR_READ,
               "/no/such/x.npy: cannot be read: No such file");
  assert_null(dataset);
  dataset = poisoned();
  assert_fails(sngp_dataset_read_npy(file.path, "/no/such/y.npy", &dataset), SNGP_ERROR_READ,
               "/no/such/y.npy: cannot be read: No such file");
  assert_null(dataset);
  assert_fails(sngp_dataset_read_npy("/", NULL, &dataset), SNGP_ERROR_READ,
               "is not a regular file");
  assert_fails(sngp_dataset_read_npy(NULL, NULL, &dataset), SNGP_ERROR_INVALID_ARGUMENT,
               "features_path is NULL");
  assert_fails(sngp_dataset_read_npy("/", NULL, NULL), SNGP_ERROR_INVALID_ARGUMENT,
               "dataset is NULL");
  remove_file(&file);
}

static void headers_are_read_in_every_spelling(void **state) {
  (void)state;
  const char *const spellings[] = {
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }",
      "{'shape':(3,4),'fortran_order':False,'descr':'<f4'}",
      "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (3, 4)}",
      " \t{ 'descr' : '<f4' ,\n'shape' : ( 3 , 4 , ) , 'fortran_order' : False , }\r\n  ",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 4L)}"};
  for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
    sngp_npy_header header;
    assert_succeeds(sngp_npy_header_parse(spellings[i], strlen(spellings[i]), &header));
    assert_int_equal(header.kind, 'f');
    assert_int_equal(header.size, 4);
    assert_false(header.big_endian);
    assert_false(header.fortran_order);
    assert_int_equal(header.num_dims, 2);
    assert_int_equal(header.shape[0], 3);
    assert_int_equal(header.shape[1], 4);
  }
  sngp_npy_header header;
  const char *native = "{'descr': '=i4', 'fortran_order': True, 'shape': (7,)}";
  assert_succeeds(sngp_npy_header_parse(native, strlen(native), &header));
  uint16_t one = 1;
  unsigned char first = 0;
  memcpy(&first, &one, 1);
  assert_int_equal(header.big_endian, first == 0);
  assert_true(header.fortran_order);
  assert_int_equal(header.num_dims, 1);
}

static void wrong_headers_are_refused(void **state) {
  (void)state;
  const char *const wrong[][2] = {
      {"", "byte 0: a dictionary's { is expected"},
      {"[]", "a dictionary's {"},
      {"{}", "\"descr\" is missing"},
      {"{'descr': '<f4', 'shape': (1,)}", "\"fortran_order\" is missing"},
      {"{'descr': '<f4', 'fortran_order': False}", "\"shape\" is missing"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)", "a comma or }"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "the header's end"},
      {"{'descr': '<f4', 'fortran_order': False 'shape': (1,)}", "a comma or }"},
      {"{'descr': '<f4', 'descr': '<f4'}", "\"descr\" stands there twice"},
      {"{'descr': '<f4', 'color': 3}", "key \"color\""},
      {"{'descr' '<f4'}", "a colon"},
      {"{descr: '<f4'}", "a string in quotes"},
      {"{'descr': '<f4", "the end of a string"},
      {"{'descr': '<f\\x34'}", "the end of a string"},
      {"{'descr': [('a', '<f4')], 'fortran_order': False}", "records"},
      {"{'descr': '<c8'}", "elements of type \"<c8\""},
      {"{'descr': '|O'}", "elements of type \"|O\""},
      {"{'descr': '|b1'}", "elements of type \"|b1\""},
      {"{'descr': '<i3'}", "elements of type \"<i3\""},
      {"{'descr': '|f4'}", "elements of type \"|f4\""},
      {"{'descr': '<f16'}", "elements of type \"<f16\""},
      {"{'descr': ''}", "elements of type \"\""},
      {"{'fortran_order': 0}", "True or False"},
      {"{'shape': 3}", "the shape's ("},
      {"{'shape': (3)}", "a comma behind the only size"},
      {"{'shape': (3 4)}", "a comma or )"},
      {"{'shape': (-3,)}", "a size is expected"},
      {"{'shape': (,)}", "a size is expected"},
      {"{'shape': (3,,)}", "a size is expected"},
      {"{'shape': (3", "a comma or )"},
      {"{'shape': (0x3,)}", "a comma or )"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    sngp_npy_header header;
    /* a copy without a NUL behind it, so that reading on would be noticed */
    size_t length = strlen(wrong[i][0]);
    char *text = malloc(length > 0 ? length : 1);
    assert_non_null(text);
    memcpy(text, wrong[i][0], length);
    assert_fails(sngp_npy_header_parse(text, length, &header), SNGP_ERROR_FORMAT, wrong[i][1]);
    free(text);
  }
  char deep[512] = "{'shape': (";
  for (int i = 0; i < 65; i++) strcat(deep, "1,");
  strcat(deep, ")}");
  sngp_npy_header header;
  assert_fails(sngp_npy_header_parse(deep, strlen(deep), &header), SNGP_ERROR_FORMAT,
               "more than 64 dimensions");
}

static void a_file_cut_at_any_byte_is_refused(void **state) {
  (void)state;
  image features = two_rows(), labels = labels_of("<i4", 4, 0, 1), cut;
  sngp_dataset *dataset = NULL;
  assert_succeeds(read_images(&features, &labels, &dataset));
  sngp_dataset_free(dataset);
  for (cut = features; cut.length-- > 0;)
    assert_fails(read_images(&cut, &labels, &dataset), SNGP_ERROR_FORMAT, "");
  for (cut = labels; cut.length-- > 0;)
    assert_fails(read_images(&features, &cut, &dataset), SNGP_ERROR_FORMAT, "");
}

/* Every byte of the header replaced by others: an error, or an array that fits the file. */
static void no_wrong_byte_does_harm(void **state) {
  (void)state;
  const unsigned char bytes[] = {0, ' ', '\'', '(', ')', ',', '9', '{', '}', 0x80, 0xff};
  image good = numpys_own_file();
  for (size_t at = 0; at < 70; at++)
    for (size_t i = 0; i < sizeof bytes; i++) {
      image file = good;
      file.bytes[at] = bytes[i];
      sngp_dataset *dataset = NULL;
      if (read_images(&file, NULL, &dataset) == SNGP_OK) {
        assert_true(sngp_dataset_rows(dataset) * sngp_dataset_cols(dataset) * 8 <= 48);
        sngp_dataset_free(dataset);
      }
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_as_numpy_writes_it_is_read),
      cmocka_unit_test(every_type_order_and_version_is_read),
      cmocka_unit_test(arrays_longer_than_the_buffer_are_read_in_both_orders),
      cmocka_unit_test(labels_of_every_integer_type_are_read),
      cmocka_unit_test(labels_out_of_range_are_named_by_their_row),
      cmocka_unit_test(features_that_are_not_finite_are_named),
      cmocka_unit_test(shapes_that_do_not_fit_are_refused),
      cmocka_unit_test(sizes_are_checked_against_the_file),
      cmocka_unit_test(what_is_no_npy_file_is_refused),
      cmocka_unit_test(a_header_of_a_hundred_thousand_bytes_is_refused),
      cmocka_unit_test(files_that_cannot_be_read_are_named_with_the_reason),
      cmocka_unit_test(headers_are_read_in_every_spelling),
      cmocka_unit_test(wrong_headers_are_refused),
      cmocka_unit_test(a_file_cut_at_any_byte_is_refused),
      cmocka_unit_test(no_wrong_byte_does_harm),
  };
  return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}
