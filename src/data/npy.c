#include "data/npy.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "data/file.h"
#include "data/npy_header.h"

enum { CHUNK = 1 << 14 }; /* a multiple of every element's size */

/* An array whose header has been read; the file stands at its first element. */
typedef struct {
  const char *path;
  FILE *file;
  int64_t size; /* of the file, in bytes */
  sngp_npy_header header;
  int64_t count; /* of elements */
} array;

/* A message about a file, complete with its path. */
static sngp_status in_file(const array *input, sngp_status status) {
  return sngp_fail_prefix(status, input->path);
}

static sngp_status read_bytes(const array *input, void *bytes, size_t count) {
  errno = 0;
  if (fread(bytes, 1, count, input->file) == count) return SNGP_OK;
  if (ferror(input->file)) return sngp_fail_read(input->path, errno);
  return in_file(input, sngp_fail(SNGP_ERROR_FORMAT, "the file ends too early"));
}

/* Magic string, version and length of the dictionary, whose first byte is at `begin`. */
static sngp_status read_preamble(const array *input, int64_t *begin, int64_t *length) {
  unsigned char bytes[SNGP_NPY_MAGIC_SIZE + SNGP_NPY_MOST_LENGTH_BYTES];
  int width = 0;
  if (input->size < SNGP_NPY_MAGIC_SIZE + 2)
    return in_file(input,
                   sngp_fail(SNGP_ERROR_FORMAT, "%" PRId64 " bytes are no NPY file", input->size));
  SNGP_TRY(read_bytes(input, bytes, SNGP_NPY_MAGIC_SIZE));
  sngp_status status = sngp_npy_magic_check(bytes, &width);
  if (status != SNGP_OK) return in_file(input, status);
  SNGP_TRY(read_bytes(input, bytes, (size_t)width));
  *begin = SNGP_NPY_MAGIC_SIZE + width;
  status = sngp_npy_length_parse(bytes, width, input->size - *begin, length);
  return status == SNGP_OK ? SNGP_OK : in_file(input, status);
}

static sngp_status read_header(array *input) {
  int64_t begin = 0, length = 0;
  SNGP_TRY(read_preamble(input, &begin, &length));
  char *text = sngp_allocate((size_t)length, 1);
  if (text == NULL) return sngp_fail_memory("an NPY header");
  sngp_status status = read_bytes(input, text, (size_t)length);
  if (status == SNGP_OK) {
    status = sngp_npy_header_parse(text, (size_t)length, &input->header);
    if (status != SNGP_OK) status = in_file(input, status);
  }
  sngp_release(text);
  if (status != SNGP_OK) return status;
  status = sngp_npy_count(&input->header, input->size - begin - length, &input->count);
  return status == SNGP_OK ? SNGP_OK : in_file(input, status);
}

static sngp_status open_array(const char *path, array *input) {
  int descriptor = -1;
  *input = (array){.path = path};
  SNGP_TRY(sngp_file_open_sized(path, &descriptor, &input->size));
  input->file = fdopen(descriptor, "rb");
  if (input->file == NULL) {
    int error = errno;
    close(descriptor);
    return sngp_fail_read(path, error);
  }
  sngp_status status = read_header(input);
  if (status != SNGP_OK) {
    fclose(input->file);
    input->file = NULL;
  }
  return status;
}

static void close_array(array *input) {
  if (input->file != NULL) fclose(input->file);
}

/* Takes element `index`, in the file's order, from its bits. */
typedef sngp_status (*receiver)(void *context, const array *input, int64_t index, uint64_t bits);

static sngp_status read_elements(const array *input, receiver receive, void *context) {
  unsigned char buffer[CHUNK];
  int size = input->header.size;
  int64_t at_once = CHUNK / size;
  for (int64_t index = 0; index < input->count;) {
    int64_t left = input->count - index, count = left < at_once ? left : at_once;
    SNGP_TRY(read_bytes(input, buffer, (size_t)(count * size)));
    for (int64_t i = 0; i < count; i++, index++)
      SNGP_TRY(receive(context, input, index,
                       sngp_npy_bits(buffer + i * size, size, input->header.big_endian)));
  }
  return SNGP_OK;
}

/* A matrix that is being read. */
typedef struct {
  const char *name;
  float *values;
  int64_t rows, cols;
} matrix;

static sngp_status receive_number(void *context, const array *input, int64_t index, uint64_t bits) {
  const matrix *read = context;
  bool fortran = input->header.fortran_order;
  int64_t row = fortran ? index % read->rows : index / read->cols;
  int64_t col = fortran ? index / read->rows : index % read->cols;
  double value = sngp_npy_to_double(bits, &input->header);
  float number = (float)value;
  if (!isfinite(number))
    return in_file(
        input, sngp_fail(SNGP_ERROR_NOT_FINITE, "%s[%" PRId64 "][%" PRId64 "] is %g%s", read->name,
                         row, col, value, isfinite(value) ? ", beyond the range of a float" : ""));
  read->values[row * read->cols + col] = number;
  return SNGP_OK;
}

static sngp_status receive_label(void *context, const array *input, int64_t index, uint64_t bits) {
  sngp_dataset *dataset = context;
  int64_t label =
      input->header.kind == 'i' ? sngp_npy_to_signed(bits, input->header.size) : (int64_t)bits;
  bool beyond = input->header.kind == 'u' && bits > INT64_MAX;
  if (beyond || label < 0 || label >= SNGP_MOST_CLASSES) {
    if (beyond)
      sngp_fail(SNGP_ERROR_LABEL_RANGE, "labels[%" PRId64 "] is %" PRIu64 ", beyond 2^24 - 1",
                index, bits);
    else
      sngp_fail(SNGP_ERROR_LABEL_RANGE, "labels[%" PRId64 "] is %" PRId64 ", not in 0 ... 2^24 - 1",
                index, label);
    return in_file(input, SNGP_ERROR_LABEL_RANGE);
  }
  dataset->owned_labels[index] = (int32_t)label;
  return SNGP_OK;
}

static sngp_status check_features(const array *input) {
  const sngp_npy_header *header = &input->header;
  if (header->num_dims != 2)
    return in_file(input, sngp_fail(SNGP_ERROR_DIMENSION,
                                    "features have %d dimensions, but must have 2: (rows, cols)",
                                    header->num_dims));
  if (header->shape[1] == 0)
    return in_file(input, sngp_fail(SNGP_ERROR_DIMENSION, "features have no columns"));
  return SNGP_OK;
}

static sngp_status check_labels(const array *input, int64_t rows) {
  const sngp_npy_header *header = &input->header;
  if (header->kind == 'f')
    return in_file(input, sngp_fail(SNGP_ERROR_FORMAT, "labels are not integers, but float%d",
                                    8 * header->size));
  if (header->num_dims != 1)
    return in_file(
        input, sngp_fail(SNGP_ERROR_DIMENSION,
                         "labels have %d dimensions, but must have 1: (rows,)", header->num_dims));
  if (header->shape[0] != rows)
    return in_file(input,
                   sngp_fail(SNGP_ERROR_DIMENSION,
                             "there are %" PRId64 " labels, but %" PRId64 " rows of features",
                             header->shape[0], rows));
  return SNGP_OK;
}

/* `num_targets`: 1 for an array of one dimension. */
static sngp_status check_targets(const array *input, int64_t rows, int64_t *num_targets) {
  const sngp_npy_header *header = &input->header;
  if (header->num_dims != 1 && header->num_dims != 2)
    return in_file(input, sngp_fail(SNGP_ERROR_DIMENSION,
                                    "targets have %d dimensions, but must have 1, (rows,), or 2: "
                                    "(rows, targets)",
                                    header->num_dims));
  if (header->shape[0] != rows)
    return in_file(input,
                   sngp_fail(SNGP_ERROR_DIMENSION,
                             "there are %" PRId64 " rows of targets, but %" PRId64 " of features",
                             header->shape[0], rows));
  *num_targets = header->num_dims == 2 ? header->shape[1] : 1;
  if (*num_targets == 0)
    return in_file(input, sngp_fail(SNGP_ERROR_DIMENSION, "targets have no columns"));
  return SNGP_OK;
}

static sngp_status read_features(const array *features, const sngp_dataset *made) {
  matrix read = {"features", made->owned_features, made->rows, made->cols};
  return read_elements(features, receive_number, &read);
}

/* Features, with labels where they are given. */
static sngp_status read_labelled(const array *features, const array *labels,
                                 sngp_dataset **dataset) {
  SNGP_TRY(check_features(features));
  int64_t rows = features->header.shape[0], cols = features->header.shape[1];
  if (labels != NULL) SNGP_TRY(check_labels(labels, rows));
  sngp_dataset *made = NULL;
  SNGP_TRY(sngp_dataset_allocate(rows, cols, labels != NULL, &made));
  sngp_status status = read_features(features, made);
  if (status == SNGP_OK && labels != NULL) status = read_elements(labels, receive_label, made);
  return sngp_dataset_finish(made, status, dataset);
}

static sngp_status read_with_targets(const array *features, const array *targets,
                                     sngp_dataset **dataset) {
  SNGP_TRY(check_features(features));
  int64_t rows = features->header.shape[0], cols = features->header.shape[1], num_targets = 0;
  SNGP_TRY(check_targets(targets, rows, &num_targets));
  sngp_dataset *made = NULL;
  SNGP_TRY(sngp_dataset_allocate(rows, cols, false, &made));
  sngp_status status = sngp_dataset_allocate_targets(made, num_targets);
  if (status == SNGP_OK) status = read_features(features, made);
  if (status == SNGP_OK) {
    matrix read = {"targets", made->owned_targets, rows, num_targets};
    status = read_elements(targets, receive_number, &read);
  }
  return sngp_dataset_finish(made, status, dataset);
}

/* Opens both files, the second where there is one, and reads them. */
static sngp_status read_pair(const char *features_path, const char *outputs_path,
                             sngp_status (*read)(const array *, const array *, sngp_dataset **),
                             sngp_dataset **dataset) {
  array features, outputs = {0};
  *dataset = NULL;
  SNGP_TRY(open_array(features_path, &features));
  sngp_status status = outputs_path != NULL ? open_array(outputs_path, &outputs) : SNGP_OK;
  if (status == SNGP_OK) status = read(&features, outputs_path != NULL ? &outputs : NULL, dataset);
  close_array(&features);
  close_array(&outputs);
  return status;
}

sngp_status sngp_npy_read(const char *features_path, const char *labels_path,
                          sngp_dataset **dataset) {
  return read_pair(features_path, labels_path, read_labelled, dataset);
}

sngp_status sngp_npy_read_targets(const char *features_path, const char *targets_path,
                                  sngp_dataset **dataset) {
  return read_pair(features_path, targets_path, read_with_targets, dataset);
}
