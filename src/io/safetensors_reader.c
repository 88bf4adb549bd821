#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/json_text.h"
#include "io/safetensors.h"

enum { LENGTH_SIZE = SNGP_SAFETENSORS_LENGTH_SIZE };

static const char METADATA[] = "__metadata__";

/* A message about the tensor `name`. */
static sngp_status fail_tensor(const char *name, const char *problem) {
  return sngp_fail(SNGP_ERROR_FORMAT, "tensor \"%s\": %s", name, problem);
}

static sngp_status check_metadata(json_t *metadata) {
  if (!json_is_object(metadata))
    return sngp_fail(SNGP_ERROR_FORMAT, "%s is not a JSON object", METADATA);
  const char *key;
  json_t *value;
  json_object_foreach(metadata, key, value) {
    if (!json_is_string(value))
      return sngp_fail(SNGP_ERROR_FORMAT, "%s: \"%s\" is not a string", METADATA, key);
  }
  return SNGP_OK;
}

/* Reads the shape; `size` is the product times the size of an element. */
static sngp_status read_shape(const char *name, const json_t *shape, size_t element_size,
                              sngp_tensor *tensor) {
  if (!json_is_array(shape)) return fail_tensor(name, "shape is missing or not an array");
  tensor->rank = json_array_size(shape);
  if (tensor->rank > SNGP_SAFETENSORS_MAX_RANK)
    return sngp_fail(SNGP_ERROR_FORMAT, "tensor \"%s\": shape has %zu dimensions, more than %d",
                     name, tensor->rank, SNGP_SAFETENSORS_MAX_RANK);
  tensor->size = element_size;
  for (size_t i = 0; i < tensor->rank; i++) {
    const json_t *dimension = json_array_get(shape, i);
    tensor->shape[i] = json_is_integer(dimension) ? json_integer_value(dimension) : -1;
    if (tensor->shape[i] < 0) return fail_tensor(name, "shape holds something that is no size");
    if (!sngp_size_multiply(tensor->size, (size_t)tensor->shape[i], &tensor->size))
      return fail_tensor(name, "the product of the shape overflows");
  }
  return SNGP_OK;
}

/* Reads the place of the data, which must have the size that the shape asks for. */
static sngp_status read_offsets(const char *name, const json_t *offsets, const unsigned char *data,
                                size_t data_size, sngp_tensor *tensor) {
  const json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
  if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(last))
    return fail_tensor(name, "data_offsets is missing or not two whole numbers");
  json_int_t begin = json_integer_value(first), end = json_integer_value(last);
  if (begin < 0 || end < begin || (uintmax_t)end > data_size)
    return sngp_fail(SNGP_ERROR_FORMAT,
                     "tensor \"%s\": data_offsets [%lld, %lld] do not lie in the file's %zu bytes "
                     "of data",
                     name, (long long)begin, (long long)end, data_size);
  if ((size_t)(end - begin) != tensor->size)
    return sngp_fail(SNGP_ERROR_FORMAT,
                     "tensor \"%s\": has %lld bytes, but its shape and dtype ask for %zu", name,
                     (long long)(end - begin), tensor->size);
  tensor->data = data + begin;
  return SNGP_OK;
}

static sngp_status read_tensor(const char *name, const json_t *entry, const unsigned char *data,
                               size_t data_size, sngp_tensor *tensor) {
  enum { NUM_KEYS = 3 };
  if (!json_is_object(entry)) return fail_tensor(name, "its description is not a JSON object");
  tensor->name = name;
  tensor->dtype = json_string_value(json_object_get(entry, "dtype"));
  if (tensor->dtype == NULL) return fail_tensor(name, "dtype is missing or not a string");
  size_t element_size = sngp_dtype_size(tensor->dtype);
  if (element_size == 0)
    return sngp_fail(SNGP_ERROR_FORMAT, "tensor \"%s\": dtype \"%s\" is not known", name,
                     tensor->dtype);
  SNGP_TRY(read_shape(name, json_object_get(entry, "shape"), element_size, tensor));
  SNGP_TRY(read_offsets(name, json_object_get(entry, "data_offsets"), data, data_size, tensor));
  if (json_object_size(entry) != NUM_KEYS)
    return fail_tensor(name, "its description has more than dtype, shape and data_offsets");
  return SNGP_OK;
}

static sngp_status read_header(json_t *header, const unsigned char *data, size_t data_size,
                               sngp_tensor *tensors, size_t *count) {
  const char *key;
  json_t *value;
  *count = 0;
  json_object_foreach(header, key, value) {
    if (strcmp(key, METADATA) == 0) {
      SNGP_TRY(check_metadata(value));
    } else {
      SNGP_TRY(read_tensor(key, value, data, data_size, &tensors[*count]));
      ++*count;
    }
  }
  return SNGP_OK;
}

/* Tensors without elements come before the one that begins where they do. */
static int by_place(const void *left, const void *right) {
  const sngp_tensor *a = left, *b = right;
  const unsigned char *begin_a = a->data, *begin_b = b->data;
  if (begin_a != begin_b) return (begin_a > begin_b) - (begin_a < begin_b);
  return (a->size > b->size) - (a->size < b->size);
}

static int by_name(const void *left, const void *right) {
  return strcmp(((const sngp_tensor *)left)->name, ((const sngp_tensor *)right)->name);
}

/* Every byte belongs to one tensor. Leaves the tensors in the order of their data. */
static sngp_status check_coverage(const unsigned char *data, size_t data_size, sngp_tensor *tensors,
                                  size_t count) {
  qsort(tensors, count, sizeof *tensors, by_place);
  size_t end = 0;
  for (size_t i = 0; i < count; i++) {
    size_t begin = (size_t)((const unsigned char *)tensors[i].data - data);
    if (begin != end)
      return sngp_fail(SNGP_ERROR_FORMAT, "tensor \"%s\": begins at byte %zu of the data, %s",
                       tensors[i].name, begin,
                       begin > end ? "which leaves a hole before it" : "inside another tensor");
    end = begin + tensors[i].size;
  }
  if (end != data_size)
    return sngp_fail(SNGP_ERROR_FORMAT, "%zu bytes at the end belong to no tensor",
                     data_size - end);
  return SNGP_OK;
}

/* The length of the header, checked against the file's. */
static sngp_status read_header_size(const unsigned char *bytes, size_t size, size_t *header_size) {
  if (size < LENGTH_SIZE)
    return sngp_fail(SNGP_ERROR_FORMAT, "%zu bytes are too few for a safetensors file", size);
  uint64_t length = 0;
  for (int i = LENGTH_SIZE - 1; i >= 0; i--) length = length << 8 | bytes[i];
  if (length > SNGP_SAFETENSORS_MAX_HEADER_SIZE)
    return sngp_fail(SNGP_ERROR_FORMAT, "not a safetensors file: its header would have %llu bytes",
                     (unsigned long long)length);
  if (length > size - LENGTH_SIZE)
    return sngp_fail(SNGP_ERROR_FORMAT,
                     "the header should have %llu bytes, but the file ends after %zu",
                     (unsigned long long)length, size - LENGTH_SIZE);
  if (length == 0 || bytes[LENGTH_SIZE] != '{')
    return sngp_fail(SNGP_ERROR_FORMAT, "not a safetensors file: its header is no JSON object");
  *header_size = (size_t)length;
  return SNGP_OK;
}

sngp_status sngp_safetensors_open(const void *bytes, size_t size, sngp_safetensors *file) {
  *file = (sngp_safetensors){0};
  size_t header_size = 0;
  SNGP_TRY(read_header_size(bytes, size, &header_size));
  const char *text = (const char *)bytes + LENGTH_SIZE;
  SNGP_TRY(sngp_json_parse("header", text, header_size, &file->header));
  const unsigned char *data = (const unsigned char *)text + header_size;
  size_t data_size = size - LENGTH_SIZE - header_size;

  sngp_status status = SNGP_OK;
  file->tensors = sngp_allocate(json_object_size(file->header), sizeof *file->tensors);
  if (file->tensors == NULL) status = sngp_fail_memory("the table of tensors");
  if (status == SNGP_OK)
    status = read_header(file->header, data, data_size, file->tensors, &file->count);
  if (status == SNGP_OK) status = check_coverage(data, data_size, file->tensors, file->count);
  if (status == SNGP_OK)
    qsort(file->tensors, file->count, sizeof *file->tensors, by_name);
  else
    sngp_safetensors_close(file);
  return status;
}

void sngp_safetensors_close(sngp_safetensors *file) {
  json_decref(file->header);
  sngp_release(file->tensors);
  *file = (sngp_safetensors){0};
}

const sngp_tensor *sngp_safetensors_find(const sngp_safetensors *file, const char *name) {
  sngp_tensor wanted = {.name = name};
  return bsearch(&wanted, file->tensors, file->count, sizeof *file->tensors, by_name);
}

const char *sngp_safetensors_metadata(const sngp_safetensors *file, const char *key) {
  return json_string_value(json_object_get(json_object_get(file->header, METADATA), key));
}
