#include <string.h>

#include "base/memory.h"
#include "io/json_text.h"
#include "io/safetensors.h"

enum { LENGTH_SIZE = SNGP_SAFETENSORS_LENGTH_SIZE, ALIGNMENT = 8 };

static sngp_status add_metadata(json_t *header, const sngp_metadata_entry *metadata, size_t count) {
  json_t *object = json_object();
  SNGP_TRY(sngp_json_set(header, "__metadata__", object)); /* the header owns it from here on */
  for (size_t i = 0; i < count; i++)
    SNGP_TRY(sngp_json_set(object, metadata[i].key, json_string(metadata[i].value)));
  return SNGP_OK;
}

static sngp_status append_integer(json_t *array, json_int_t value) {
  if (json_array_append_new(array, json_integer(value)) != 0) return sngp_fail_memory("JSON");
  return SNGP_OK;
}

/* Describes one tensor, whose size it finds; `begin` moves to the end of its data. */
static sngp_status add_tensor(json_t *header, sngp_tensor *tensor, size_t *begin) {
  tensor->size = sngp_dtype_size(tensor->dtype);
  for (size_t i = 0; i < tensor->rank; i++)
    if (!sngp_size_multiply(tensor->size, (size_t)tensor->shape[i], &tensor->size))
      return sngp_fail_memory(tensor->name);
  size_t end = 0;
  if (!sngp_size_add(*begin, tensor->size, &end)) return sngp_fail_memory(tensor->name);

  json_t *entry = json_object();
  SNGP_TRY(sngp_json_set(header, tensor->name, entry));
  SNGP_TRY(sngp_json_set(entry, "dtype", json_string(tensor->dtype)));
  json_t *shape = json_array();
  SNGP_TRY(sngp_json_set(entry, "shape", shape));
  for (size_t i = 0; i < tensor->rank; i++) SNGP_TRY(append_integer(shape, tensor->shape[i]));
  json_t *offsets = json_array();
  SNGP_TRY(sngp_json_set(entry, "data_offsets", offsets));
  SNGP_TRY(append_integer(offsets, (json_int_t)*begin));
  SNGP_TRY(append_integer(offsets, (json_int_t)end));
  *begin = end;
  return SNGP_OK;
}

/* Fills `header`; `data_size` is the tensors' bytes in all. */
static sngp_status describe(json_t *header, const sngp_metadata_entry *metadata,
                            size_t metadata_count, sngp_tensor *tensors, size_t count,
                            size_t *data_size) {
  SNGP_TRY(add_metadata(header, metadata, metadata_count));
  *data_size = 0;
  for (size_t i = 0; i < count; i++) SNGP_TRY(add_tensor(header, &tensors[i], data_size));
  return SNGP_OK;
}

/* Puts the parts together. */
static sngp_status assemble(const char *text, size_t length, const sngp_tensor *tensors,
                            size_t count, size_t data_size, unsigned char **bytes, size_t *size) {
  size_t header_size = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT, total = 0;
  if (header_size > SNGP_SAFETENSORS_MAX_HEADER_SIZE)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "the file's header would have %zu bytes, but the format allows %d",
                     header_size, SNGP_SAFETENSORS_MAX_HEADER_SIZE);
  if (!sngp_size_add(LENGTH_SIZE + header_size, data_size, &total))
    return sngp_fail_memory("a model file");
  unsigned char *file = sngp_allocate(total, 1);
  if (file == NULL) return sngp_fail_memory("a model file");
  for (int i = 0; i < LENGTH_SIZE; i++)
    file[i] = (unsigned char)((uint64_t)header_size >> (8 * i) & 0xff);
  memset(file + LENGTH_SIZE, ' ', header_size);
  memcpy(file + LENGTH_SIZE, text, length);
  unsigned char *next = file + LENGTH_SIZE + header_size;
  for (size_t i = 0; i < count; i++) {
    if (tensors[i].size > 0) memcpy(next, tensors[i].data, tensors[i].size);
    next += tensors[i].size;
  }
  *bytes = file;
  *size = total;
  return SNGP_OK;
}

sngp_status sngp_safetensors_write(const sngp_metadata_entry *metadata, size_t metadata_count,
                                   sngp_tensor *tensors, size_t count, unsigned char **bytes,
                                   size_t *size) {
  *bytes = NULL;
  *size = 0;
  char *text = NULL;
  size_t length = 0, data_size = 0;
  json_t *header = json_object();
  sngp_status status = header == NULL
                           ? sngp_fail_memory("JSON")
                           : describe(header, metadata, metadata_count, tensors, count, &data_size);
  if (status == SNGP_OK) status = sngp_json_print(header, &text, &length);
  if (status == SNGP_OK) status = assemble(text, length, tensors, count, data_size, bytes, size);
  sngp_release(text);
  json_decref(header);
  return status;
}
