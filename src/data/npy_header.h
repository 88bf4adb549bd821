/* What stands before the elements of a .npy file: a magic string with a version, the length of the
   header, and the header, a Python dictionary with the keys descr, fortran_order and shape. And the
   elements as numbers. */
#ifndef SNGP_DATA_NPY_HEADER_H
#define SNGP_DATA_NPY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
  SNGP_NPY_MAX_DIMS = 64,
  SNGP_NPY_MAGIC_SIZE = 8,        /* the magic string, major and minor version */
  SNGP_NPY_MOST_LENGTH_BYTES = 4, /* of the header's length; 2 in version 1 */
  SNGP_NPY_LONGEST_HEADER = 65536 /* a longer one is no header of plain numbers */
};

typedef struct {
  char kind; /* 'f', 'i' or 'u' */
  int size;  /* bytes of an element: 1, 2, 4, 8; 2, 4, 8 of 'f' */
  bool big_endian;
  bool fortran_order;
  int num_dims;
  int64_t shape[SNGP_NPY_MAX_DIMS];
} sngp_npy_header;

/* Checks the first SNGP_NPY_MAGIC_SIZE bytes: how many bytes the header's length takes after them.
 */
sngp_status sngp_npy_magic_check(const unsigned char *bytes, int *length_bytes);

/* The header's length, which must fit into the `rest` of the file behind it. */
sngp_status sngp_npy_length_parse(const unsigned char *bytes, int length_bytes, int64_t rest,
                                  int64_t *length);

/* Reads the dictionary; SNGP_ERROR_FORMAT with what is wrong, and the byte where it is. */
sngp_status sngp_npy_header_parse(const char *text, size_t length, sngp_npy_header *header);

/* The number of elements, which must fill the `rest` of the file behind the header. */
sngp_status sngp_npy_count(const sngp_npy_header *header, int64_t rest, int64_t *count);

/* An element's bits, and what they mean. */
uint64_t sngp_npy_bits(const unsigned char *bytes, int size, bool big_endian);
int64_t sngp_npy_to_signed(uint64_t bits, int size); /* two's complement of `size` bytes */
double sngp_npy_to_double(uint64_t bits, const sngp_npy_header *header);

#endif
