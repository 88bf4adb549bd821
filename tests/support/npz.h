/* .npz files written in memory: ZIP archives of stored members. Include after <cmocka.h>. */
#ifndef SNGP_TESTS_SUPPORT_NPZ_H
#define SNGP_TESTS_SUPPORT_NPZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NPZ_CAPACITY = 1 << 16, NPZ_MOST_MEMBERS = 32 };

typedef struct {
  unsigned char bytes[NPZ_CAPACITY];
  size_t size;
  unsigned char directory[NPZ_CAPACITY];
  size_t directory_size;
  int count;
} npz;

static inline void npz_put(unsigned char *bytes, size_t *size, uint64_t value, int width) {
  assert_true(*size + (size_t)width <= NPZ_CAPACITY);
  for (int i = 0; i < width; i++) bytes[(*size)++] = (unsigned char)(value >> 8 * i);
}

static inline void npz_put_bytes(unsigned char *bytes, size_t *size, const void *from,
                                 size_t count) {
  assert_true(*size + count <= NPZ_CAPACITY);
  if (count > 0) memcpy(bytes + *size, from, count);
  *size += count;
}

/* CRC-32 by its definition, a bit at a time. */
static inline uint32_t npz_checksum(const unsigned char *bytes, size_t size) {
  uint32_t sum = 0xffffffff;
  for (size_t i = 0; i < size; i++) {
    sum ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
  }
  return ~sum;
}

/* A member of any contents: packed as they are given, by this method, of this many bytes unpacked.
 */
static inline void npz_add_packed(npz *z, const char *name, int method, const void *packed,
                                  size_t packed_size, uint32_t checksum, size_t size) {
  const size_t place = z->size, length = strlen(name);
  npz_put(z->bytes, &z->size, 0x04034b50, 4);
  npz_put(z->bytes, &z->size, 20, 2);
  npz_put(z->bytes, &z->size, 0, 2);
  npz_put(z->bytes, &z->size, (uint64_t)method, 2);
  npz_put(z->bytes, &z->size, 0, 4);
  npz_put(z->bytes, &z->size, checksum, 4);
  npz_put(z->bytes, &z->size, 0xffffffff, 4); /* as numpy.savez() leaves them, for Zip64 */
  npz_put(z->bytes, &z->size, 0xffffffff, 4);
  npz_put(z->bytes, &z->size, length, 2);
  npz_put(z->bytes, &z->size, 20, 2);
  npz_put_bytes(z->bytes, &z->size, name, length);
  npz_put(z->bytes, &z->size, 0x00100001, 4);
  npz_put(z->bytes, &z->size, size, 8);
  npz_put(z->bytes, &z->size, packed_size, 8);
  npz_put_bytes(z->bytes, &z->size, packed, packed_size);

  unsigned char *d = z->directory;
  size_t *at = &z->directory_size;
  npz_put(d, at, 0x02014b50, 4);
  npz_put(d, at, 20, 2);
  npz_put(d, at, 20, 2);
  npz_put(d, at, 0, 2);
  npz_put(d, at, (uint64_t)method, 2);
  npz_put(d, at, 0, 4);
  npz_put(d, at, checksum, 4);
  npz_put(d, at, packed_size, 4);
  npz_put(d, at, size, 4);
  npz_put(d, at, length, 2);
  npz_put(d, at, 0, 8); /* extra, comment, disk, internal attributes */
  npz_put(d, at, 0, 4);
  npz_put(d, at, place, 4);
  npz_put_bytes(d, at, name, length);
  z->count++;
}

static inline void npz_add_stored(npz *z, const char *name, const void *bytes, size_t size) {
  npz_add_packed(z, name, 0, bytes, size, npz_checksum(bytes, size), size);
}

/* An array of a NumPy type, such as "<f4", and of a shape such as "(2, 3)". */
static inline void npz_add_array(npz *z, const char *name, const char *type, const char *order,
                                 const char *shape, const void *elements, size_t size) {
  unsigned char *file = malloc(NPZ_CAPACITY);
  char header[256], member[256];
  size_t length = 0;
  assert_non_null(file);
  snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", type,
           order, shape);
  npz_put_bytes(file, &length, "\x93NUMPY\x01", 7);
  npz_put(file, &length, 0, 1);
  npz_put(file, &length, strlen(header), 2);
  npz_put_bytes(file, &length, header, strlen(header));
  npz_put_bytes(file, &length, elements, size);
  snprintf(member, sizeof member, "%s.npy", name);
  npz_add_stored(z, member, file, length);
  free(file);
}

/* Ends the archive: `bytes` and `size` are a file. */
static inline void npz_finish(npz *z) {
  const size_t begin = z->size;
  npz_put_bytes(z->bytes, &z->size, z->directory, z->directory_size);
  npz_put(z->bytes, &z->size, 0x06054b50, 4);
  npz_put(z->bytes, &z->size, 0, 4);
  npz_put(z->bytes, &z->size, (uint64_t)z->count, 2);
  npz_put(z->bytes, &z->size, (uint64_t)z->count, 2);
  npz_put(z->bytes, &z->size, z->directory_size, 4);
  npz_put(z->bytes, &z->size, begin, 4);
  npz_put(z->bytes, &z->size, 0, 2);
}

#endif
