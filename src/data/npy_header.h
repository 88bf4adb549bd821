/* The header of a .npy file: a Python dictionary with the keys descr, fortran_order and shape. */
#ifndef SNGP_DATA_NPY_HEADER_H
#define SNGP_DATA_NPY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { SNGP_NPY_MAX_DIMS = 64 };

typedef struct {
  char kind; /* 'f', 'i' or 'u' */
  int size;  /* bytes of an element: 1, 2, 4, 8 */
  bool big_endian;
  bool fortran_order;
  int num_dims;
  int64_t shape[SNGP_NPY_MAX_DIMS];
} sngp_npy_header;

/* Reads the dictionary; SNGP_ERROR_FORMAT with what is wrong, and the byte where it is. */
sngp_status sngp_npy_header_parse(const char *text, size_t length, sngp_npy_header *header);

#endif
