/* The safetensors format, written and read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "io/safetensors.h"

/* A file made of a header and some bytes of data. */
typedef struct {
  unsigned char bytes[2048];
  size_t size;
} image;

static image make_image(const char *header, size_t data_size) {
  image made = {.size = 8 + strlen(header) + data_size};
  assert_true(made.size <= sizeof made.bytes);
  for (size_t i = 0; i < 8; i++) made.bytes[i] = (unsigned char)(strlen(header) >> (8 * i) & 0xff);
  memcpy(made.bytes + 8, header, strlen(header));
  for (size_t i = 0; i < data_size; i++) made.bytes[8 + strlen(header) + i] = (unsigned char)i;
  return made;
}

/* Reads a copy of exactly the file's size, so that a sanitizer sees a step beyond it. */
static sngp_status open_copy(const unsigned char *bytes, size_t size) {
  unsigned char *copy = malloc(size > 0 ? size : 1);
  assert_non_null(copy);
  memcpy(copy, bytes, size);
  sngp_safetensors file;
  sngp_status status = sngp_safetensors_open(copy, size, &file);
  if (status == SNGP_OK) {
    for (size_t i = 0; i < file.count; i++) { /* all data can be read */
      volatile unsigned char sum = 0;
      const unsigned char *data = file.tensors[i].data;
      for (size_t j = 0; j < file.tensors[i].size; j++) sum = (unsigned char)(sum + data[j]);
    }
    sngp_safetensors_close(&file);
  }
  assert_null(file.header);
  assert_null(file.tensors);
  free(copy);
  return status;
}

/* The header as the format's description would have it, byte by byte. */
static void a_small_file_is_written_as_worked_by_hand(void **state) {
  (void)state;
  const double big[] = {1.0};
  const float small[] = {-2.0f, 0.5f, 0.0f};
  const sngp_metadata_entry metadata[] = {{"key", "a \"quoted\" \xc3\xa9"}};
  sngp_tensor tensors[] = {{.name = "b", .dtype = "F64", .rank = 0, .data = big},
                           {.name = "a", .dtype = "F32", .rank = 2, .shape = {1, 3}, .data = small},
                           {.name = "none", .dtype = "U8", .rank = 1, .shape = {0}}};
  unsigned char *bytes = NULL;
  size_t size = 0;
  assert_int_equal(sngp_safetensors_write(metadata, 1, tensors, 3, &bytes, &size), SNGP_OK);
  const char expected[] =
      "{\"__metadata__\":{\"key\":\"a \\\"quoted\\\" \xc3\xa9\"},"
      "\"b\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]},"
      "\"a\":{\"dtype\":\"F32\",\"shape\":[1,3],\"data_offsets\":[8,20]},"
      "\"none\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[20,20]}}";
  size_t length = sizeof expected - 1, padded = (length + 7) / 8 * 8;
  assert_true(length != padded); /* so that padding is seen */
  const unsigned char length_bytes[8] = {(unsigned char)padded};
  const unsigned char data[] = {0, 0,    0, 0, 0, 0,    0xf0, 0x3f, 0, 0,
                                0, 0xc0, 0, 0, 0, 0x3f, 0,    0,    0, 0};
  assert_true(padded < 256);
  assert_int_equal(size, 8 + padded + sizeof data);
  assert_memory_equal(bytes, length_bytes, 8);
  assert_memory_equal(bytes + 8, expected, length);
  for (size_t i = length; i < padded; i++) assert_int_equal(bytes[8 + i], ' ');
  assert_memory_equal(bytes + 8 + padded, data, sizeof data);

  sngp_safetensors file;
  assert_int_equal(sngp_safetensors_open(bytes, size, &file), SNGP_OK);
  assert_int_equal(file.count, 3);
  assert_string_equal(sngp_safetensors_metadata(&file, "key"), metadata[0].value);
  assert_null(sngp_safetensors_metadata(&file, "other"));
  assert_null(sngp_safetensors_find(&file, "__metadata__"));
  for (size_t i = 0; i < 3; i++) {
    const sngp_tensor *found = sngp_safetensors_find(&file, tensors[i].name);
    assert_non_null(found);
    assert_string_equal(found->dtype, tensors[i].dtype);
    assert_int_equal(found->rank, tensors[i].rank);
    assert_memory_equal(found->shape, tensors[i].shape, sizeof found->shape);
    assert_int_equal(found->size, tensors[i].size);
    if (found->size > 0) assert_memory_equal(found->data, tensors[i].data, found->size);
  }
  sngp_safetensors_close(&file);
  sngp_release(bytes);
}

static void what_the_format_allows_is_read(void **state) {
  (void)state;
  const struct {
    const char *header;
    size_t data_size;
  } cases[] = {
      {"{}", 0},
      {"{}      ", 0},
      {"{\"__metadata__\":{}}", 0},
      /* the order of the header need not be that of the data */
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]},"
       "\"b\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,2]}}",
       4},
      /* tensors without elements, first, last and between */
      {"{\"a\":{\"dtype\":\"F64\",\"shape\":[0,5],\"data_offsets\":[4,4]},"
       "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
       "\"c\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[0,0]},"
       "\"d\":{\"dtype\":\"F32\",\"shape\":[1,1,1],\"data_offsets\":[4,8]},"
       "\"e\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,8]}}",
       8},
      /* white space within the object, keys in another order */
      {"{ \"a\" : { \"data_offsets\":[0,1] , \"shape\":[ ], \"dtype\":\"BOOL\" } } ", 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    image file = make_image(cases[i].header, cases[i].data_size);
    if (open_copy(file.bytes, file.size) != SNGP_OK) fail_msg("case %zu: %s", i, sngp_last_error());
  }
}

#define TENSOR(dtype, shape, offsets) \
  "{\"a\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static void what_the_format_forbids_is_refused_with_the_reason(void **state) {
  (void)state;
  const struct {
    const char *header;
    size_t data_size;
    const char *message;
  } cases[] = {
      {"", 0, "no JSON object"},
      {" {}", 0, "no JSON object"}, /* must begin with the brace */
      {"[]", 0, "no JSON object"},
      {"{", 0, "not valid JSON"},
      {"{}x", 0, "not valid JSON"},
      {"{}", 1, "1 bytes at the end belong to no tensor"},
      {"{\"a\":1}", 0, "\"a\": its description is not"},
      {"{\"__metadata__\":[]}", 0, "__metadata__ is not"},
      {"{\"__metadata__\":{\"k\":1}}", 0, "__metadata__: \"k\" is not a string"},
      {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "duplicate"},
      {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"1\"}}", 0, "duplicate"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
       "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
       1, "duplicate"},
      {"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
       "duplicate"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":0}}", 1,
       "more than dtype"},
      {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "dtype is missing"},
      {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "shape is missing"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "data_offsets is missing"},
      {TENSOR("\"f32\"", "[1]", "[0,4]"), 4, "dtype \"f32\" is not known"},
      {TENSOR("7", "[1]", "[0,4]"), 4, "dtype is missing or not a string"},
      {TENSOR("\"F32\"", "1", "[0,4]"), 4, "shape is missing or not an array"},
      {TENSOR("\"F32\"", "[-1]", "[0,4]"), 4, "no size"},
      {TENSOR("\"F32\"", "[1.0]", "[0,4]"), 4, "no size"},
      {TENSOR("\"F32\"", "[\"1\"]", "[0,4]"), 4, "no size"},
      {TENSOR("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, "9 dimensions"},
      {TENSOR("\"F32\"", "[2]", "[0,4]"), 4, "has 4 bytes, but its shape and dtype ask for 8"},
      {TENSOR("\"F32\"", "[1]", "[0,8]"), 8, "has 8 bytes"},
      {TENSOR("\"F32\"", "[1]", "[0]"), 4, "data_offsets"},
      {TENSOR("\"F32\"", "[1]", "[0,4,4]"), 4, "data_offsets"},
      {TENSOR("\"F32\"", "[1]", "[0,4.0]"), 4, "data_offsets"},
      {TENSOR("\"F32\"", "[1]", "[4,0]"), 4, "do not lie in the file's 4 bytes"},
      {TENSOR("\"F32\"", "[1]", "[-4,0]"), 4, "do not lie in"},
      {TENSOR("\"F32\"", "[1]", "[4,8]"), 4, "do not lie in"},
      {TENSOR("\"F32\"", "[1]", "[1,5]"), 5, "begins at byte 1 of the data, which leaves a hole"},
      {TENSOR("\"F32\"", "[1]", "[0,4]"), 6, "2 bytes at the end"},
      /* 2^62 times 4 bytes is 2^64: 0 if it wrapped */
      {TENSOR("\"F32\"", "[4611686018427387904]", "[0,0]"), 0, "overflows"},
      {TENSOR("\"U8\"", "[4294967296,4294967296]", "[0,0]"), 0, "overflows"},
      {TENSOR("\"U8\"", "[9223372036854775808]", "[0,0]"), 0, "not valid JSON"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
       "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}",
       4, "\"b\": begins at byte 2 of the data, inside another tensor"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
       "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
       2, "inside another tensor"},
      {"{\"a\\u0000\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0,
       "not valid JSON"},
      {"{\"\xff\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0, "not valid JSON"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    image file = make_image(cases[i].header, cases[i].data_size);
    sngp_status status = open_copy(file.bytes, file.size);
    if (status != SNGP_ERROR_FORMAT || strstr(sngp_last_error(), cases[i].message) == NULL)
      fail_msg("case %zu (%s): %d, %s", i, cases[i].header, status, sngp_last_error());
  }
}

static void a_header_length_beyond_the_file_or_the_formats_bound_is_refused(void **state) {
  (void)state;
  image file = make_image("{}", 0);
  const uint64_t lengths[] = {3,         100000000, 100000001, UINT64_C(1) << 32, UINT64_MAX - 7,
                              UINT64_MAX};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    for (size_t j = 0; j < 8; j++) file.bytes[j] = (unsigned char)(lengths[i] >> (8 * j) & 0xff);
    assert_int_equal(open_copy(file.bytes, file.size), SNGP_ERROR_FORMAT);
    const char *message =
        lengths[i] > 100000000 ? "its header would have" : "the file ends after 2";
    assert_non_null(strstr(sngp_last_error(), message));
  }
}

static void every_truncation_is_refused(void **state) {
  (void)state;
  image file = make_image(TENSOR("\"F32\"", "[2,1]", "[0,8]") "   ", 8);
  assert_int_equal(open_copy(file.bytes, file.size), SNGP_OK);
  for (size_t size = 0; size < file.size; size++)
    assert_int_equal(open_copy(file.bytes, size), SNGP_ERROR_FORMAT);
  assert_int_equal(open_copy(file.bytes, file.size + 1), SNGP_ERROR_FORMAT);
}

/* Every bit of length and header. Some flips give another valid file (another name, say); none may
   be read out of bounds, which the sanitizers see. */
static void flipped_bits_are_refused_or_read_within_bounds(void **state) {
  (void)state;
  image file = make_image(
      "{\"__metadata__\":{\"k\":\"v\"},"
      "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
      "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[8,16]}}  ",
      16);
  int refused = 0, total = 0;
  for (size_t i = 0; i < file.size - 16; i++)
    for (int bit = 0; bit < 8; bit++, total++) {
      file.bytes[i] ^= (unsigned char)(1u << bit);
      sngp_status status = open_copy(file.bytes, file.size);
      assert_true(status == SNGP_OK || status == SNGP_ERROR_FORMAT);
      refused += status == SNGP_ERROR_FORMAT;
      file.bytes[i] ^= (unsigned char)(1u << bit);
    }
  assert_true(refused > total / 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_small_file_is_written_as_worked_by_hand),
      cmocka_unit_test(what_the_format_allows_is_read),
      cmocka_unit_test(what_the_format_forbids_is_refused_with_the_reason),
      cmocka_unit_test(a_header_length_beyond_the_file_or_the_formats_bound_is_refused),
      cmocka_unit_test(every_truncation_is_refused),
      cmocka_unit_test(flipped_bits_are_refused_or_read_within_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
