/* safetensors: an 8-byte little-endian length N, a JSON object of N bytes, and the tensors' bytes.
   Each of the object's members but `__metadata__` (strings by strings) describes a tensor:
   {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, offsets from the first byte
   after the object. */
#ifndef SNGP_IO_SAFETENSORS_H
#define SNGP_IO_SAFETENSORS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
  SNGP_SAFETENSORS_LENGTH_SIZE = 8,             /* bytes before the header */
  SNGP_SAFETENSORS_MAX_HEADER_SIZE = 100000000, /* the format's own bound */
  SNGP_SAFETENSORS_MAX_RANK = 8
};

typedef struct {
  const char *name;
  const char *dtype; /* "F32", "F64", "I64", ... */
  size_t rank;
  int64_t shape[SNGP_SAFETENSORS_MAX_RANK];
  const void *data; /* little-endian; not aligned in a file that was read */
  size_t size;      /* bytes: the product of the shape times the size of the dtype */
} sngp_tensor;

typedef struct {
  const char *key, *value;
} sngp_metadata_entry;

/* A file that was read: the tensors' data lie in the bytes that were given. */
typedef struct {
  json_t *header;       /* owns every name */
  sngp_tensor *tensors; /* sorted by name */
  size_t count;
} sngp_safetensors;

/* Bytes of an element of a dtype; 0 for one that is not known. */
size_t sngp_dtype_size(const char *dtype);

/* Checks a whole file: the header's form and length, every tensor's description, and that tensors
   lie one after the other and cover all bytes. SNGP_ERROR_FORMAT says what is wrong. The bytes must
   stay as long as the result, which the caller closes. */
sngp_status sngp_safetensors_open(const void *bytes, size_t size, sngp_safetensors *file);
void sngp_safetensors_close(sngp_safetensors *file);

/* The tensor of that name, or NULL. */
const sngp_tensor *sngp_safetensors_find(const sngp_safetensors *file, const char *name);

/* The metadata of that key, or NULL. */
const char *sngp_safetensors_metadata(const sngp_safetensors *file, const char *key);

/* Makes a file of metadata and tensors (their sizes are filled in), in the order given. Spaces
   after the header make the data begin at a multiple of 8 bytes. Equal arguments give equal bytes.
   The caller releases the bytes. Texts must be valid UTF-8. */
sngp_status sngp_safetensors_write(const sngp_metadata_entry *metadata, size_t metadata_count,
                                   sngp_tensor *tensors, size_t count, unsigned char **bytes,
                                   size_t *size);

#endif
