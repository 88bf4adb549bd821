#include "data/idx.h"

#include <inttypes.h>

#include "data/gzip_file.h"

enum {
  TYPE_UNSIGNED_BYTE = 0x08,
  LARGEST_BYTE = 255,
  CHUNK = 1 << 14 /* bytes read at once */
};

/* A file whose header has been read; it stands at its first element. */
typedef struct {
  const char *path;
  sngp_gzip_file *file;
  int num_dims;
  int64_t rows, cols; /* the first dimension; the product of all others */
} array;

static sngp_status in_file(const array *input, sngp_status status) {
  return sngp_fail_prefix(status, input->path);
}

static sngp_status read_bytes(const array *input, void *bytes, size_t size, const char *what) {
  size_t count = 0;
  SNGP_TRY(sngp_gzip_file_read(input->file, bytes, size, &count));
  if (count == size) return SNGP_OK;
  return in_file(input, sngp_fail(SNGP_ERROR_FORMAT, "the file ends in the %s", what));
}

static sngp_status read_dimensions(array *input) {
  int64_t bytes = 0;
  bool overflow = false;
  input->cols = 1;
  for (int i = 0; i < input->num_dims; i++) {
    unsigned char size[4];
    SNGP_TRY(read_bytes(input, size, sizeof size, "IDX header"));
    int64_t dim = (int64_t)size[0] << 24 | size[1] << 16 | size[2] << 8 | size[3];
    if (i == 0)
      input->rows = dim;
    else
      overflow = __builtin_mul_overflow(input->cols, dim, &input->cols) || overflow;
  }
  int64_t header = 4 + 4 * (int64_t)input->num_dims, limit = sngp_gzip_file_limit(input->file);
  overflow = __builtin_mul_overflow(input->rows, input->cols, &bytes) || overflow;
  if (overflow || bytes > limit - header)
    return in_file(input, sngp_fail(SNGP_ERROR_FORMAT,
                                    "the header promises %" PRId64 " rows of %" PRId64
                                    " bytes, which is more than the file can hold",
                                    input->rows, input->cols));
  return SNGP_OK;
}

static sngp_status read_header(array *input) {
  unsigned char magic[4];
  SNGP_TRY(read_bytes(input, magic, sizeof magic, "IDX header"));
  if (magic[0] != 0 || magic[1] != 0)
    return in_file(
        input, sngp_fail(SNGP_ERROR_FORMAT, "is no IDX file: it starts with 0x%02X%02X, not 0x0000",
                         magic[0], magic[1]));
  if (magic[2] != TYPE_UNSIGNED_BYTE)
    return in_file(input,
                   sngp_fail(SNGP_ERROR_FORMAT,
                             "IDX elements of type 0x%02X are not read, only unsigned bytes (0x08)",
                             magic[2]));
  input->num_dims = magic[3];
  return read_dimensions(input);
}

static sngp_status open_array(const char *path, array *input) {
  *input = (array){.path = path};
  SNGP_TRY(sngp_gzip_file_open(path, &input->file));
  sngp_status status = read_header(input);
  if (status != SNGP_OK) {
    sngp_gzip_file_close(input->file);
    input->file = NULL;
  }
  return status;
}

static sngp_status check_images(const array *images) {
  if (images->num_dims < 2)
    return in_file(images,
                   sngp_fail(SNGP_ERROR_DIMENSION, "images have %d dimension%s, but need 2 or more",
                             images->num_dims, images->num_dims == 1 ? "" : "s"));
  if (images->rows == 0) return in_file(images, sngp_fail(SNGP_ERROR_NO_ROWS, "there are no rows"));
  if (images->cols == 0)
    return in_file(images, sngp_fail(SNGP_ERROR_DIMENSION, "images of no pixels"));
  return SNGP_OK;
}

static sngp_status check_labels(const array *labels, int64_t rows) {
  if (labels->num_dims != 1)
    return in_file(labels,
                   sngp_fail(SNGP_ERROR_DIMENSION, "labels have %d dimensions, but must have 1",
                             labels->num_dims));
  if (labels->rows != rows)
    return in_file(labels, sngp_fail(SNGP_ERROR_DIMENSION,
                                     "there are %" PRId64 " labels, but %" PRId64 " images",
                                     labels->rows, rows));
  return SNGP_OK;
}

/* Puts byte number `index` where it belongs. */
typedef void (*receiver)(sngp_dataset *dataset, int64_t index, unsigned char byte);

static void receive_pixel(sngp_dataset *dataset, int64_t index, unsigned char byte) {
  dataset->owned_features[index] = (float)byte / (float)LARGEST_BYTE;
}

static void receive_label(sngp_dataset *dataset, int64_t index, unsigned char byte) {
  dataset->owned_labels[index] = byte;
}

static sngp_status read_elements(const array *input, receiver receive, sngp_dataset *dataset) {
  unsigned char buffer[CHUNK];
  int64_t total = input->rows * input->cols;
  for (int64_t index = 0; index < total;) {
    int64_t left = total - index, count = left < CHUNK ? left : CHUNK;
    SNGP_TRY(read_bytes(input, buffer, (size_t)count, "data"));
    for (int64_t i = 0; i < count; i++) receive(dataset, index + i, buffer[i]);
    index += count;
  }
  size_t more = 0;
  SNGP_TRY(sngp_gzip_file_read(input->file, buffer, 1, &more));
  if (more > 0)
    return in_file(
        input,
        sngp_fail(SNGP_ERROR_FORMAT,
                  "the file goes on behind the %" PRId64 " bytes that its header promises", total));
  return SNGP_OK;
}

static sngp_status read_arrays(const array *images, const array *labels, sngp_dataset **dataset) {
  SNGP_TRY(check_images(images));
  if (labels != NULL) SNGP_TRY(check_labels(labels, images->rows));
  sngp_dataset *made = NULL;
  SNGP_TRY(sngp_dataset_allocate(images->rows, images->cols, labels != NULL, &made));
  sngp_status status = read_elements(images, receive_pixel, made);
  if (status == SNGP_OK && labels != NULL) status = read_elements(labels, receive_label, made);
  return sngp_dataset_finish(made, status, dataset);
}

sngp_status sngp_idx_read(const char *images_path, const char *labels_path,
                          sngp_dataset **dataset) {
  array images, labels = {0};
  *dataset = NULL;
  SNGP_TRY(open_array(images_path, &images));
  sngp_status status = labels_path != NULL ? open_array(labels_path, &labels) : SNGP_OK;
  if (status == SNGP_OK)
    status = read_arrays(&images, labels_path != NULL ? &labels : NULL, dataset);
  sngp_gzip_file_close(images.file);
  sngp_gzip_file_close(labels.file);
  return status;
}
