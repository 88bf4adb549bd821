/* Files of named arrays: safetensors, and NumPy's .npz. */
#ifndef SNGP_IO_ARRAY_ARCHIVE_H
#define SNGP_IO_ARRAY_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "io/safetensors.h"
#include "io/zip_archive.h"

typedef struct {
  bool zipped;
  sngp_safetensors tensors; /* one of these two */
  sngp_zip_archive members;
  size_t count;
} sngp_array_archive;

/* An array as numbers, whatever they were: row-major, released by sngp_array_release(). */
typedef struct {
  size_t rank;
  int64_t shape[SNGP_SAFETENSORS_MAX_RANK];
  int64_t count;
  double *values;
} sngp_array;

/* Checks all of the file but the arrays in a .npz, which are checked as they are read.
   SNGP_ERROR_FORMAT, SNGP_ERROR_UNSUPPORTED. The bytes must stay as long as the archive, which the
   caller closes. */
sngp_status sngp_array_archive_open(const unsigned char *bytes, size_t size,
                                    sngp_array_archive *archive);
void sngp_array_archive_close(sngp_array_archive *archive);

/* The name of an array: text in UTF-8, without control characters, and without ".npy". */
const char *sngp_array_archive_name(const sngp_array_archive *archive, size_t index);

/* Reads an array: floating-point numbers of 16, 32 or 64 bits, or integers. */
sngp_status sngp_array_archive_read(const sngp_array_archive *archive, size_t index,
                                    sngp_array *array);
void sngp_array_release(sngp_array *array);

#endif
