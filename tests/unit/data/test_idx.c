/* IDX files made byte by byte, plain and compressed. */
#include "unit/data/support.h"

/* Two images of 2 x 3 pixels, and their labels. */
static const unsigned char images[] = {0, 0, 8, 3,  0,   0,   0,   2,   0,   0, 0, 2, 0, 0,
                                       0, 3, 0, 51, 102, 153, 204, 255, 255, 1, 2, 3, 4, 5};
static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 3};

/* The images as gzip of Python 3 writes them. */
static const unsigned char compressed_images[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x63, 0x60, 0xe0, 0x60, 0x66,
    0x60, 0x60, 0x60, 0x82, 0x62, 0x66, 0x06, 0xe3, 0xb4, 0x99, 0x67, 0xfe, 0xff, 0x67, 0x64,
    0x62, 0x66, 0x61, 0x05, 0x00, 0x50, 0x61, 0x13, 0xbc, 0x1c, 0x00, 0x00, 0x00};

typedef struct {
  const unsigned char *bytes;
  size_t length;
} content;

#define CONTENT(array) ((content){(array), sizeof(array)})

static sngp_status read_contents(content x, content y, sngp_dataset **dataset) {
  scratch_file x_file = file_of_bytes(x.bytes, x.length), y_file = {{0}};
  if (y.bytes != NULL) y_file = file_of_bytes(y.bytes, y.length);
  *dataset = poisoned();
  sngp_status status =
      sngp_dataset_read_idx(x_file.path, y.bytes != NULL ? y_file.path : NULL, dataset);
  if (status != SNGP_OK) {
    assert_null(*dataset);
    assert_non_null(strstr(sngp_last_error(), "/data-")); /* the path */
  }
  remove_file(&x_file);
  if (y.bytes != NULL) remove_file(&y_file);
  return status;
}

static const content none = {NULL, 0};

static void check_images(const sngp_dataset *dataset) {
  assert_int_equal(sngp_dataset_rows(dataset), 2);
  assert_int_equal(sngp_dataset_cols(dataset), 6);
  for (int i = 0; i < 12; i++)
    assert_true(sngp_dataset_features(dataset)[i] == (float)((double)images[16 + i] / 255.0));
}

static void bytes_are_divided_by_255_and_images_flattened(void **state) {
  (void)state;
  sngp_dataset *dataset = NULL;
  assert_succeeds(read_contents(CONTENT(images), CONTENT(labels), &dataset));
  check_images(dataset);
  assert_int_equal(sngp_dataset_labels(dataset)[0], 7);
  assert_int_equal(sngp_dataset_labels(dataset)[1], 3);
  assert_int_equal(sngp_dataset_num_classes(dataset), 8);
  sngp_dataset_free(dataset);
  assert_succeeds(read_contents(CONTENT(images), none, &dataset));
  assert_null(sngp_dataset_labels(dataset));
  sngp_dataset_free(dataset);
}

static bool reads_gzip(void) {
  sngp_dataset *dataset = NULL;
  bool reads = read_contents(CONTENT(compressed_images), none, &dataset) != SNGP_ERROR_UNSUPPORTED;
  sngp_dataset_free(dataset);
  return reads;
}

/* In a build without zlib, a compressed file says so. */
static void compressed_files_read_the_same(void **state) {
  (void)state;
  sngp_dataset *dataset = NULL;
  if (!reads_gzip()) {
    assert_fails(read_contents(CONTENT(compressed_images), none, &dataset), SNGP_ERROR_UNSUPPORTED,
                 "compressed with gzip");
    return;
  }
  assert_succeeds(read_contents(CONTENT(compressed_images), CONTENT(labels), &dataset));
  check_images(dataset);
  assert_int_equal(sngp_dataset_labels(dataset)[1], 3);
  sngp_dataset_free(dataset);
}

static uint32_t crc32_of(const unsigned char *bytes, size_t length) {
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < length; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

static unsigned char *put_little_endian(unsigned char *at, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; i++) *at++ = (unsigned char)(value >> (8 * i));
  return at;
}

/* gzip of stored blocks (RFC 1951 and 1952), 1000 bytes each. */
static content gzip_stored(const unsigned char *bytes, size_t length) {
  static const unsigned char header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
  unsigned char *made = malloc(length + 5 * (length / 1000 + 1) + 18), *at = made + 10;
  assert_non_null(made);
  memcpy(made, header, sizeof header);
  for (size_t done = 0; done < length;) {
    uint32_t size = length - done < 1000 ? (uint32_t)(length - done) : 1000;
    *at++ = done + size == length; /* the last block */
    at = put_little_endian(at, size, 2);
    at = put_little_endian(at, ~size & 0xffff, 2);
    memcpy(at, bytes + done, size);
    at += size;
    done += size;
  }
  at = put_little_endian(at, crc32_of(bytes, length), 4);
  at = put_little_endian(at, (uint32_t)length, 4);
  return (content){made, (size_t)(at - made)};
}

static void put_big_endian(unsigned char *at, uint32_t value) {
  for (int i = 0; i < 4; i++) at[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* More than the readers' buffers hold. */
static void long_files_are_read_whole(void **state) {
  (void)state;
  enum { ROWS = 700, COLS = 301, LENGTH = 12 + ROWS * COLS };
  static unsigned char bytes[LENGTH] = {0, 0, 8, 2};
  put_big_endian(bytes + 4, ROWS);
  put_big_endian(bytes + 8, COLS);
  uint32_t number = 5;
  for (int i = 12; i < LENGTH; i++) bytes[i] = (unsigned char)(next_number(&number) >> 8);
  content contents[2] = {CONTENT(bytes), gzip_stored(bytes, LENGTH)};
  for (int kind = 0; kind < (reads_gzip() ? 2 : 1); kind++) {
    sngp_dataset *dataset = NULL;
    assert_succeeds(read_contents(contents[kind], none, &dataset));
    for (int i = 0; i < ROWS * COLS; i++)
      assert_true(sngp_dataset_features(dataset)[i] == (float)bytes[12 + i] / 255.0f);
    sngp_dataset_free(dataset);
  }
  free((void *)(uintptr_t)contents[1].bytes);
}

static void a_plain_file_cut_at_any_byte_is_refused(void **state) {
  (void)state;
  sngp_dataset *dataset = NULL;
  for (size_t length = 0; length < sizeof images; length++)
    assert_fails(read_contents((content){images, length}, CONTENT(labels), &dataset),
                 SNGP_ERROR_FORMAT,
                 length < 16 ? "the file ends in the IDX header" : "more than the file can hold");
  for (size_t length = 0; length < sizeof labels; length++)
    assert_fails(read_contents(CONTENT(images), (content){labels, length}, &dataset),
                 SNGP_ERROR_FORMAT, "");
}

static void a_compressed_file_cut_at_any_byte_is_refused(void **state) {
  (void)state;
  if (!reads_gzip()) return;
  sngp_dataset *dataset = NULL;
  content stored = gzip_stored(images, sizeof images);
  const content files[] = {CONTENT(compressed_images), stored};
  for (int i = 0; i < 2; i++)
    for (size_t length = 0; length < files[i].length; length++)
      assert_fails(read_contents((content){files[i].bytes, length}, none, &dataset),
                   SNGP_ERROR_FORMAT, "");
  free((void *)(uintptr_t)stored.bytes);
}

/* One bit flipped anywhere behind the gzip header: the check sum tells, if nothing else did. The
   bits that fill up the last byte of the deflated data mean nothing. */
static void a_damaged_compressed_file_is_refused(void **state) {
  (void)state;
  if (!reads_gzip()) return;
  sngp_dataset *dataset = NULL;
  int harmless = 0;
  for (size_t at = 10; at < sizeof compressed_images; at++)
    for (int bit = 0; bit < 8; bit++) {
      unsigned char bytes[sizeof compressed_images];
      memcpy(bytes, compressed_images, sizeof bytes);
      bytes[at] ^= (unsigned char)(1 << bit);
      sngp_status status = read_contents(CONTENT(bytes), none, &dataset);
      if (status == SNGP_OK) {
        check_images(dataset);
        sngp_dataset_free(dataset);
        harmless++;
      } else {
        assert_fails(status, SNGP_ERROR_FORMAT, "");
      }
    }
  assert_true(harmless < 8);
}

static void check_header(const unsigned char *header, size_t length, sngp_status expected,
                         const char *part) {
  unsigned char bytes[64] = {0};
  sngp_dataset *dataset = NULL;
  memcpy(bytes, header, length);
  content stored = gzip_stored(bytes, sizeof bytes);
  assert_fails(read_contents(CONTENT(bytes), none, &dataset), expected, part);
  if (reads_gzip()) assert_fails(read_contents(stored, none, &dataset), expected, part);
  free((void *)(uintptr_t)stored.bytes);
}

/* A header in a file of 64 bytes. */
#define HEADER_REFUSED(expected, part, ...)              \
  do {                                                   \
    const unsigned char header[] = {__VA_ARGS__};        \
    check_header(header, sizeof header, expected, part); \
  } while (0)

static void wrong_headers_are_refused(void **state) {
  (void)state;
  HEADER_REFUSED(SNGP_ERROR_FORMAT, "starts with 0x0100", 1, 0, 8, 2);
  HEADER_REFUSED(SNGP_ERROR_FORMAT, "starts with 0x0002", 0, 2, 8, 2);
  HEADER_REFUSED(SNGP_ERROR_FORMAT, "type 0x0D", 0, 0, 0x0d, 2);
  HEADER_REFUSED(SNGP_ERROR_FORMAT, "type 0x00", 0, 0, 0, 0);
  HEADER_REFUSED(SNGP_ERROR_DIMENSION, "images have 0 dimensions", 0, 0, 8, 0);
  HEADER_REFUSED(SNGP_ERROR_DIMENSION, "images have 1 dimension,", 0, 0, 8, 1, 0, 0, 0, 5);
  HEADER_REFUSED(SNGP_ERROR_NO_ROWS, "there are no rows", 0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 5);
  HEADER_REFUSED(SNGP_ERROR_DIMENSION, "no pixels", 0, 0, 8, 2, 0, 0, 0, 5);
  HEADER_REFUSED(SNGP_ERROR_FORMAT, "the file ends in the IDX header", 0, 0, 8, 255);
  HEADER_REFUSED(SNGP_ERROR_FORMAT, "goes on behind the 51 bytes", 0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0,
                 51);
}

/* Sizes beyond what the file can hold are refused before memory is taken: a gzip file expands at
   most 1032 times. */
static void sizes_are_checked_before_memory_is_taken(void **state) {
  (void)state;
  const char *part = "more than the file can hold";
  /* 64 bytes, and 87 when compressed in stored blocks: room for 89,784 */
  HEADER_REFUSED(SNGP_ERROR_FORMAT, part, 0, 0, 8, 2, 0, 1, 0x60, 0, 0, 0, 0, 1);
  HEADER_REFUSED(SNGP_ERROR_FORMAT, part, 0, 0, 8, 2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1);
  HEADER_REFUSED(SNGP_ERROR_FORMAT, part, 0, 0, 8, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                 0xff);
  HEADER_REFUSED(SNGP_ERROR_FORMAT, part, 0, 0, 8, 4, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0x80, 0, 0, 0,
                 0x80, 0, 0, 0);
  HEADER_REFUSED(SNGP_ERROR_FORMAT, part, 0, 0, 8, 3, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff,
                 0xff, 0xff, 0xff);
}

/* Data that compress 700 times are no error. */
static void the_strongest_compression_is_believed(void **state) {
  (void)state;
  if (!reads_gzip()) return;
  /* 100 x 1000 zeros as gzip of Python 3 writes them, level 9 */
  static const unsigned char zeros[141] = {
      0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed,         0xc1,
      0x31, 0x11, 0x00, 0x20, 0x0c, 0x00, 0xb1, 0x3f, 0x58, 0x2a, 0x14,         0xf1,
      0xc8, 0xc0, 0x06, 0x43, 0x92, 0x9a, 0x55, 0x9d, 0xda, 0x37, [130] = 0xe0, 0x5b,
      0x0f, 0x9d, 0x5c, 0xbf, 0xd0, 0xac, 0x86, 0x01, 0x00};
  sngp_dataset *dataset = NULL;
  assert_succeeds(read_contents(CONTENT(zeros), none, &dataset));
  assert_int_equal(sngp_dataset_rows(dataset), 100);
  assert_int_equal(sngp_dataset_cols(dataset), 1000);
  for (int i = 0; i < 100000; i++) assert_true(sngp_dataset_features(dataset)[i] == 0.0f);
  sngp_dataset_free(dataset);
}

static void labels_that_do_not_fit_are_refused(void **state) {
  (void)state;
  static const unsigned char three[] = {0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 2};
  static const unsigned char longer[] = {0, 0, 8, 1, 0, 0, 0, 2, 0, 1, 2};
  sngp_dataset *dataset = NULL;
  assert_fails(read_contents(CONTENT(images), CONTENT(three), &dataset), SNGP_ERROR_DIMENSION,
               "there are 3 labels, but 2 images");
  assert_fails(read_contents(CONTENT(images), CONTENT(images), &dataset), SNGP_ERROR_DIMENSION,
               "labels have 3 dimensions");
  assert_fails(read_contents(CONTENT(images), CONTENT(longer), &dataset), SNGP_ERROR_FORMAT,
               "goes on behind the 2 bytes");
}

static void files_that_cannot_be_read_are_named_with_the_reason(void **state) {
  (void)state;
  sngp_dataset *dataset = poisoned();
  assert_fails(sngp_dataset_read_idx("/no/such/images", NULL, &dataset), SNGP_ERROR_READ,
               "/no/such/images: cannot be read: No such file");
  assert_null(dataset);
  scratch_file file = file_of_bytes(images, sizeof images);
  dataset = poisoned();
  assert_fails(sngp_dataset_read_idx(file.path, "/no/such/labels", &dataset), SNGP_ERROR_READ,
               "/no/such/labels: cannot be read: No such file");
  assert_null(dataset);
  remove_file(&file);
  assert_fails(sngp_dataset_read_idx("/", NULL, &dataset), SNGP_ERROR_READ,
               "is not a regular file");
  assert_fails(sngp_dataset_read_idx(NULL, NULL, &dataset), SNGP_ERROR_INVALID_ARGUMENT,
               "images_path is NULL");
  assert_fails(sngp_dataset_read_idx("/", NULL, NULL), SNGP_ERROR_INVALID_ARGUMENT,
               "dataset is NULL");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_are_divided_by_255_and_images_flattened),
      cmocka_unit_test(compressed_files_read_the_same),
      cmocka_unit_test(long_files_are_read_whole),
      cmocka_unit_test(a_plain_file_cut_at_any_byte_is_refused),
      cmocka_unit_test(a_compressed_file_cut_at_any_byte_is_refused),
      cmocka_unit_test(a_damaged_compressed_file_is_refused),
      cmocka_unit_test(wrong_headers_are_refused),
      cmocka_unit_test(sizes_are_checked_before_memory_is_taken),
      cmocka_unit_test(the_strongest_compression_is_believed),
      cmocka_unit_test(labels_that_do_not_fit_are_refused),
      cmocka_unit_test(files_that_cannot_be_read_are_named_with_the_reason),
  };
  return cmocka_run_group_tests_name("idx", tests, NULL, NULL);
}
