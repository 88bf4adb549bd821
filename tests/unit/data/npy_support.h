/* NumPy files made byte by byte. */
#ifndef SNGP_TESTS_UNIT_DATA_NPY_SUPPORT_H
#define SNGP_TESTS_UNIT_DATA_NPY_SUPPORT_H

#include "unit/data/support.h"

typedef struct {
  unsigned char bytes[4096];
  size_t length;
} image;

static inline void append(image *file, const void *bytes, size_t count) {
  assert_true(file->length + count <= sizeof file->bytes);
  memcpy(file->bytes + file->length, bytes, count);
  file->length += count;
}

static inline void append_bits(image *file, uint64_t bits, int size, bool big_endian) {
  for (int i = 0; i < size; i++) {
    int shift = 8 * (big_endian ? size - 1 - i : i);
    unsigned char byte = (unsigned char)(bits >> shift);
    append(file, &byte, 1);
  }
}

/* Everything up to the first element. */
static inline image preamble(int major, const char *dictionary) {
  image file = {.length = 0};
  const unsigned char version[] = {(unsigned char)major, 0};
  append(&file, "\x93NUMPY", 6);
  append(&file, version, 2);
  append_bits(&file, strlen(dictionary), major == 1 ? 2 : 4, false);
  append(&file, dictionary, strlen(dictionary));
  return file;
}

#endif
