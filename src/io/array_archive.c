#include "io/array_archive.h"

#include <string.h>

#include "base/half.h"
#include "base/memory.h"
#include "data/npy_header.h"

static const char EXTENSION[] = ".npy";
enum { EXTENSION_LENGTH = sizeof EXTENSION - 1 };

static bool ends_with(const char *text, const char *end) {
  size_t length = strlen(text), end_length = strlen(end);
  return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Every member is an array; the extension is cut off its name. */
static sngp_status name_members(sngp_zip_archive *members) {
  for (size_t i = 0; i < members->count; i++)
    if (ends_with(members->members[i].name, "data.pkl"))
      return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                       "a file of torch.save(), which holds programs: save the state_dict with "
                       "safetensors.torch.save_file()");
  for (size_t i = 0; i < members->count; i++) {
    char *name = members->members[i].name;
    if (!ends_with(name, EXTENSION) || strlen(name) == EXTENSION_LENGTH)
      return sngp_fail(SNGP_ERROR_FORMAT,
                       "not an .npz file: its member %s is no %s file with a name", name,
                       EXTENSION);
    name[strlen(name) - EXTENSION_LENGTH] = '\0';
  }
  return SNGP_OK;
}

static sngp_status check_names(const sngp_safetensors *tensors) {
  for (size_t i = 0; i < tensors->count; i++)
    for (const char *c = tensors->tensors[i].name; *c != '\0'; c++)
      if ((unsigned char)*c < ' ' || *c == 127)
        return sngp_fail(SNGP_ERROR_FORMAT, "the name of tensor %zu has control characters", i);
  return SNGP_OK;
}

static bool begins_with(const unsigned char *bytes, size_t size, const char *text) {
  size_t length = strlen(text);
  return size >= length && memcmp(bytes, text, length) == 0;
}

sngp_status sngp_array_archive_open(const unsigned char *bytes, size_t size,
                                    sngp_array_archive *archive) {
  *archive = (sngp_array_archive){.zipped = begins_with(bytes, size, "PK")};
  if (begins_with(bytes, size, "\x89HDF"))
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "an HDF5 file: safetensors and .npz files are read, see docs/import.md");
  sngp_status status = SNGP_OK;
  if (archive->zipped) {
    SNGP_TRY(sngp_zip_open(bytes, size, &archive->members));
    archive->count = archive->members.count;
    status = name_members(&archive->members);
  } else {
    SNGP_TRY(sngp_safetensors_open(bytes, size, &archive->tensors));
    archive->count = archive->tensors.count;
    status = check_names(&archive->tensors);
  }
  if (status != SNGP_OK) sngp_array_archive_close(archive);
  return status;
}

void sngp_array_archive_close(sngp_array_archive *archive) {
  if (archive->zipped)
    sngp_zip_close(&archive->members);
  else
    sngp_safetensors_close(&archive->tensors);
  *archive = (sngp_array_archive){0};
}

const char *sngp_array_archive_name(const sngp_array_archive *archive, size_t index) {
  return archive->zipped ? archive->members.members[index].name
                         : archive->tensors.tensors[index].name;
}

static sngp_status take_values(const char *name, sngp_array *array) {
  array->values = sngp_allocate((size_t)array->count, sizeof *array->values);
  return array->values != NULL ? SNGP_OK : sngp_fail_memory(name);
}

/* How the numbers of a dtype lie in a file: as NumPy's do, but for bfloat16. */
static bool describe_dtype(const char *dtype, sngp_npy_header *header) {
  *header = (sngp_npy_header){.size = (int)sngp_dtype_size(dtype)};
  if (strcmp(dtype, "F16") == 0 || strcmp(dtype, "F32") == 0 || strcmp(dtype, "F64") == 0)
    header->kind = 'f';
  else if (dtype[0] == 'I' || dtype[0] == 'U')
    header->kind = dtype[0] == 'I' ? 'i' : 'u';
  return header->kind != '\0' || strcmp(dtype, "BF16") == 0;
}

static sngp_status read_tensor(const sngp_tensor *tensor, sngp_array *array) {
  sngp_npy_header header;
  if (!describe_dtype(tensor->dtype, &header))
    return sngp_fail(SNGP_ERROR_UNSUPPORTED, "%s: numbers of dtype %s are not read", tensor->name,
                     tensor->dtype);
  array->rank = tensor->rank;
  memcpy(array->shape, tensor->shape, sizeof array->shape);
  array->count = (int64_t)(tensor->size / (size_t)header.size);
  SNGP_TRY(take_values(tensor->name, array));
  const unsigned char *bytes = tensor->data;
  for (int64_t i = 0; i < array->count; i++) {
    uint64_t bits = sngp_npy_bits(bytes + i * header.size, header.size, false);
    array->values[i] = header.kind == '\0' ? sngp_bfloat_to_double((uint16_t)bits)
                                           : sngp_npy_to_double(bits, &header);
  }
  return SNGP_OK;
}

/* What stands before an array's elements, which begin at `begin`. */
static sngp_status read_header(const unsigned char *bytes, size_t size, sngp_npy_header *header,
                               size_t *begin) {
  int length_bytes = 0;
  int64_t length = 0;
  if (size < SNGP_NPY_MAGIC_SIZE + SNGP_NPY_MOST_LENGTH_BYTES)
    return sngp_fail(SNGP_ERROR_FORMAT, "%zu bytes are no NPY file", size);
  SNGP_TRY(sngp_npy_magic_check(bytes, &length_bytes));
  *begin = (size_t)(SNGP_NPY_MAGIC_SIZE + length_bytes);
  SNGP_TRY(sngp_npy_length_parse(bytes + SNGP_NPY_MAGIC_SIZE, length_bytes,
                                 (int64_t)(size - *begin), &length));
  SNGP_TRY(sngp_npy_header_parse((const char *)bytes + *begin, (size_t)length, header));
  *begin += (size_t)length;
  if (header->num_dims > SNGP_SAFETENSORS_MAX_RANK)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED, "has %d dimensions, more than %d", header->num_dims,
                     SNGP_SAFETENSORS_MAX_RANK);
  return SNGP_OK;
}

/* Where element `index` of a column-major file lies in a row-major array. */
static int64_t row_major(const sngp_array *array, int64_t index) {
  int64_t place = 0, stride = array->count;
  for (size_t i = 0; i < array->rank; i++) {
    stride /= array->shape[i];
    place += index % array->shape[i] * stride;
    index /= array->shape[i];
  }
  return place;
}

static sngp_status read_contents(const char *name, const unsigned char *bytes, size_t size,
                                 sngp_array *array) {
  sngp_npy_header header;
  size_t begin = 0;
  SNGP_TRY(read_header(bytes, size, &header, &begin));
  SNGP_TRY(sngp_npy_count(&header, (int64_t)(size - begin), &array->count));
  array->rank = (size_t)header.num_dims;
  memcpy(array->shape, header.shape, sizeof array->shape);
  SNGP_TRY(take_values(name, array));
  for (int64_t i = 0; i < array->count; i++) {
    uint64_t bits =
        sngp_npy_bits(bytes + begin + (size_t)(i * header.size), header.size, header.big_endian);
    array->values[header.fortran_order ? row_major(array, i) : i] =
        sngp_npy_to_double(bits, &header);
  }
  return SNGP_OK;
}

static sngp_status read_member(const sngp_zip_member *member, sngp_array *array) {
  unsigned char *contents = NULL;
  SNGP_TRY(sngp_zip_read(member, &contents));
  sngp_status status = read_contents(member->name, contents, member->size, array);
  sngp_release(contents);
  if (status == SNGP_OK || status == SNGP_ERROR_OUT_OF_MEMORY) return status;
  return sngp_fail_prefix(status, member->name);
}

sngp_status sngp_array_archive_read(const sngp_array_archive *archive, size_t index,
                                    sngp_array *array) {
  *array = (sngp_array){0};
  return archive->zipped ? read_member(&archive->members.members[index], array)
                         : read_tensor(&archive->tensors.tensors[index], array);
}

void sngp_array_release(sngp_array *array) {
  sngp_release(array->values);
  *array = (sngp_array){0};
}
