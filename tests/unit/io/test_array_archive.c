/* Arrays of safetensors and .npz files, and archives that are not right. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "io/array_archive.h"
#include "support/check.h"
#include "support/npz.h"

static npz z; /* too large for a stack */

static void begin(void) { z = (npz){0}; }

static sngp_status open_bytes(const unsigned char *bytes, size_t size) {
  sngp_array_archive archive = {0};
  sngp_status status = sngp_array_archive_open(bytes, size, &archive);
  if (status == SNGP_OK) sngp_array_archive_close(&archive);
  return status;
}

/* Reads the first array of a file, of which there is one alone. */
static sngp_status read_first(const unsigned char *bytes, size_t size, sngp_array *array) {
  sngp_array_archive archive = {0};
  *array = (sngp_array){0};
  SNGP_TRY(sngp_array_archive_open(bytes, size, &archive));
  sngp_status status = sngp_array_archive_read(&archive, 0, array);
  sngp_array_archive_close(&archive);
  return status;
}

static void assert_array(sngp_array *array, const double *expected, int64_t count) {
  assert_int_equal(array->count, count);
  for (int64_t i = 0; i < count; i++) assert_true(array->values[i] == expected[i]);
  sngp_array_release(array);
}

static void assert_npz(const char *type, const char *order, const void *elements, size_t size,
                       const double *expected) {
  sngp_array array;
  begin();
  npz_add_array(&z, "a/b", type, order, "(2, 3)", elements, size);
  npz_finish(&z);
  assert_ok(read_first(z.bytes, z.size, &array));
  assert_int_equal(array.rank, 2);
  assert_int_equal(array.shape[0], 2);
  assert_int_equal(array.shape[1], 3);
  assert_array(&array, expected, 6);
}

static void arrays_of_every_type_and_order(void **state) {
  (void)state;
  const double rows[] = {1, -2, 0.5, 4, 5, 6}, columns[] = {1, 4, -2, 5, 0.5, 6};
  const float singles[] = {1, -2, 0.5f, 4, 5, 6};
  const uint16_t halves[] = {0x3c00, 0xc000, 0x3800, 0x4400, 0x4500, 0x4600};
  const int8_t bytes[] = {1, -2, 3, 4, 5, 6};
  const double whole[] = {1, -2, 3, 4, 5, 6};
  assert_npz("<f8", "False", rows, sizeof rows, rows);
  assert_npz("<f8", "True", columns, sizeof columns, rows);
  assert_npz("<f4", "False", singles, sizeof singles, rows);
  assert_npz("<f2", "False", halves, sizeof halves, rows);
  assert_npz("|i1", "False", bytes, sizeof bytes, whole);
}

/* Three dimensions, column-major: the first index runs fastest. */
static void three_dimensions_are_put_in_order(void **state) {
  (void)state;
  double columns[24], rows[24];
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 3; j++)
      for (int k = 0; k < 4; k++) {
        rows[(i * 3 + j) * 4 + k] = 100 * i + 10 * j + k;
        columns[i + 2 * (j + 3 * k)] = 100 * i + 10 * j + k;
      }
  sngp_array array;
  begin();
  npz_add_array(&z, "a", "<f8", "True", "(2, 3, 4)", columns, sizeof columns);
  npz_finish(&z);
  assert_ok(read_first(z.bytes, z.size, &array));
  assert_array(&array, rows, 24);
}

static void tensors_of_every_type(void **state) {
  (void)state;
  const uint16_t brains[] = {0x3f80, 0xc000}, halves[] = {0x3c00, 0xc000};
  const double doubles[] = {1, -2};
  const int32_t integers[] = {1, -2};
  const struct {
    const char *dtype;
    const void *data;
  } cases[] = {{"BF16", brains}, {"F16", halves}, {"F64", doubles}, {"I32", integers}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sngp_tensor tensor = {
        .name = "a", .dtype = cases[i].dtype, .rank = 1, .shape = {2}, .data = cases[i].data};
    sngp_array array;
    unsigned char *bytes = NULL;
    size_t size = 0;
    assert_ok(sngp_safetensors_write(NULL, 0, &tensor, 1, &bytes, &size));
    assert_ok(read_first(bytes, size, &array));
    assert_array(&array, doubles, 2);
    sngp_release(bytes);
  }
}

/* The numbers 0 ... 19, 10 times, as raw deflate of zlib at level 9. */
static const unsigned char DEFLATED[] = {0x63, 0x60, 0x64, 0x62, 0x66, 0x61, 0x65, 0x63, 0xe7,
                                         0xe0, 0xe4, 0xe2, 0xe6, 0xe1, 0xe5, 0xe3, 0x17, 0x10,
                                         0x14, 0x12, 0x66, 0x18, 0x82, 0x62, 0x00};
enum { PLAIN_SIZE = 200 };

static sngp_status unpack(const unsigned char *packed, size_t packed_size, size_t size) {
  unsigned char plain[PLAIN_SIZE], *contents = NULL;
  for (int i = 0; i < PLAIN_SIZE; i++) plain[i] = (unsigned char)(i % 20);
  sngp_zip_archive archive = {0};
  begin();
  npz_add_packed(&z, "a.npy", 8, packed, packed_size, npz_checksum(plain, sizeof plain), size);
  npz_finish(&z);
  SNGP_TRY(sngp_zip_open(z.bytes, z.size, &archive));
  sngp_status status = sngp_zip_read(&archive.members[0], &contents);
  sngp_zip_close(&archive);
  if (status == SNGP_OK) assert_memory_equal(contents, plain, sizeof plain);
  sngp_release(contents);
  return status;
}

static void compressed_members_are_unpacked(void **state) {
  (void)state;
  sngp_status status = unpack(DEFLATED, sizeof DEFLATED, PLAIN_SIZE);
  if (status == SNGP_ERROR_UNSUPPORTED) { /* a build without zlib says so */
    assert_non_null(strstr(sngp_last_error(), "has no zlib"));
    return;
  }
  assert_ok(status);
  unsigned char longer[sizeof DEFLATED + 1] = {0};
  memcpy(longer, DEFLATED, sizeof DEFLATED);
  assert_fails(unpack(longer, sizeof longer, PLAIN_SIZE), SNGP_ERROR_FORMAT, "a.npy", "damaged");
  assert_fails(unpack(DEFLATED, sizeof DEFLATED - 1, PLAIN_SIZE), SNGP_ERROR_FORMAT, "damaged");
  assert_fails(unpack(DEFLATED, sizeof DEFLATED, PLAIN_SIZE - 1), SNGP_ERROR_FORMAT, "damaged");
  assert_fails(unpack(DEFLATED, sizeof DEFLATED, PLAIN_SIZE + 1), SNGP_ERROR_FORMAT, "damaged");
  /* before memory is taken */
  assert_fails(unpack(DEFLATED, sizeof DEFLATED, 0xfffffffe), SNGP_ERROR_FORMAT,
               "4294967294 bytes cannot come of 25");
}

/* An archive with one array, changed at a place counted from the begin of its directory (or, if
   `of_end`, of its end), by a value of 16 or 32 bits. */
static sngp_status open_changed(bool of_end, size_t offset, uint32_t value, int width) {
  const float one = 1;
  begin();
  npz_add_array(&z, "a", "<f4", "False", "()", &one, sizeof one);
  npz_finish(&z);
  size_t place = z.size - 22 - (of_end ? 0 : z.directory_size) + offset;
  npz_put(z.bytes, &place, value, width);
  return open_bytes(z.bytes, z.size);
}

static void what_is_not_read_is_named(void **state) {
  (void)state;
  const sngp_status unsupported = SNGP_ERROR_UNSUPPORTED, format = SNGP_ERROR_FORMAT;
  assert_ok(open_changed(false, 0, 0x02014b50, 4)); /* as it was */
  assert_fails(open_changed(false, 8, 1, 2), unsupported, "a.npy: is encrypted");
  assert_fails(open_changed(false, 10, 14, 2), unsupported, "compression method 14");
  assert_fails(open_changed(false, 20, 0xffffffff, 4), unsupported, "Zip64");
  assert_fails(open_changed(false, 24, 0xffffffff, 4), unsupported, "Zip64");
  assert_fails(open_changed(false, 42, 0xffffffff, 4), unsupported, "Zip64");
  assert_fails(open_changed(true, 8, 0xffffffff, 4), unsupported, "Zip64");
  assert_fails(open_changed(true, 16, 0xffffffff, 4), unsupported, "Zip64");
  assert_fails(open_changed(true, 4, 1, 2), unsupported, "several files");

  assert_fails(open_changed(false, 0, 0, 4), format, "breaks off at member 0");
  assert_fails(open_changed(false, 20, 5, 4), format, "its two sizes differ");
  assert_fails(open_changed(false, 28, 999, 2), format, "breaks off in member 0");
  assert_fails(open_changed(false, 42, 1, 4), format, "is not where");
  assert_fails(open_changed(false, 42, 0x7fffffff, 4), format, "is not where");
  assert_fails(open_changed(false, 46, 'b', 1), format, "another name");
  assert_fails(open_changed(false, 46, '\n', 1), format, "is no text");
  assert_fails(open_changed(false, 46, 0, 1), format, "is no text");
  assert_fails(open_changed(false, 46, 0xff, 1), format, "is no text");
  assert_fails(open_changed(true, 8, 0x00020002, 4), format, "2 members in a directory of 51");
  assert_fails(open_changed(true, 8, 0, 4), format, "more than its 0 members");
  assert_fails(open_changed(true, 16, 3, 4), format, "from byte 3 on");
  assert_fails(open_changed(true, 20, 1, 2), format, "has no end");

  assert_fails(open_bytes((const unsigned char *)"\x89HDF\r\n\x1a\n", 8), unsupported, "HDF5");
  begin();
  npz_add_stored(&z, "archive/data.pkl", "", 0);
  npz_finish(&z);
  assert_fails(open_bytes(z.bytes, z.size), unsupported, "state_dict");
  begin();
  npz_add_stored(&z, "read.me", "", 0);
  npz_finish(&z);
  assert_fails(open_bytes(z.bytes, z.size), format, "read.me is no .npy file");
}

static sngp_status read_array(const char *type, const char *shape, size_t size) {
  const unsigned char zeros[64] = {0};
  sngp_array array;
  begin();
  npz_add_array(&z, "a", type, "False", shape, zeros, size);
  npz_finish(&z);
  sngp_status status = read_first(z.bytes, z.size, &array);
  sngp_array_release(&array);
  return status;
}

static void arrays_that_are_wrong_are_named(void **state) {
  (void)state;
  sngp_array array;
  assert_ok(read_array("<f4", "(2, 0)", 0));
  assert_fails(read_array("<f4", "(2, 3)", 20), SNGP_ERROR_FORMAT, "a: the shape takes 24 bytes",
               "but 20 follow");
  assert_fails(read_array("|S5", "(2,)", 10), SNGP_ERROR_FORMAT, "a: elements of type \"|S5\"");
  assert_fails(read_array("<f4", "(4611686018427387904, 9)", 4), SNGP_ERROR_FORMAT, "2^63");
  assert_fails(read_array("<f4", "(1, 1, 1, 1, 1, 1, 1, 1, 1)", 4), SNGP_ERROR_UNSUPPORTED,
               "a: has 9 dimensions");
  begin();
  npz_add_stored(&z, "a.npy", "\x93NUM", 4);
  npz_finish(&z);
  assert_fails(read_first(z.bytes, z.size, &array), SNGP_ERROR_FORMAT, "4 bytes are no NPY file");
  begin();
  npz_add_packed(&z, "a.npy", 0, "1234", 4, 0x12345678, 4);
  npz_finish(&z);
  assert_fails(read_first(z.bytes, z.size, &array), SNGP_ERROR_FORMAT, "a: is damaged");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arrays_of_every_type_and_order),
      cmocka_unit_test(three_dimensions_are_put_in_order),
      cmocka_unit_test(tensors_of_every_type),
      cmocka_unit_test(compressed_members_are_unpacked),
      cmocka_unit_test(what_is_not_read_is_named),
      cmocka_unit_test(arrays_that_are_wrong_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
