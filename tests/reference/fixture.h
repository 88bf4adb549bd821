/* Fixtures of the reference layers: safetensors files, and models that take their tensors from one.
   Include after <cmocka.h>. */
#ifndef SNGP_TESTS_REFERENCE_FIXTURE_H
#define SNGP_TESTS_REFERENCE_FIXTURE_H

#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"
#include "io/file.h"
#include "io/safetensors.h"
#include "support/small_model.h"

enum { FIXTURE_PATH_SIZE = 512 };

typedef struct {
  unsigned char *bytes;
  sngp_safetensors file;
} fixture;

/* Those of this repository, or of the folder SNGP_REFERENCE_FIXTURES, where others were made. */
static inline fixture open_fixture(const char *name) {
  fixture f = {0};
  char path[FIXTURE_PATH_SIZE];
  size_t size = 0;
  const char *folder = getenv("SNGP_REFERENCE_FIXTURES");
  snprintf(path, sizeof path, "%s/%s.safetensors", folder != NULL ? folder : SNGP_TEST_REFERENCE,
           name);
  assert_ok(sngp_file_read(path, &f.bytes, &size));
  assert_ok(sngp_safetensors_open(f.bytes, size, &f.file));
  return f;
}

static inline void close_fixture(fixture *f) {
  sngp_safetensors_close(&f->file);
  sngp_release(f->bytes);
}

/* A tensor's values, to be freed, and its shape; NULL where there is none of that name. */
typedef struct {
  float *values;
  int64_t rows, cols; /* 1 row for vectors; the leading dimensions together */
  int64_t count;
} fixture_tensor;

static inline fixture_tensor find_tensor(const fixture *f, const char *name) {
  fixture_tensor found = {.rows = 1, .cols = 1, .count = 1};
  const sngp_tensor *tensor = sngp_safetensors_find(&f->file, name);
  if (tensor == NULL) return found;
  for (size_t i = 0; i < tensor->rank; i++) found.count *= tensor->shape[i];
  if (tensor->rank > 0) found.cols = tensor->shape[tensor->rank - 1];
  found.rows = found.count / found.cols;
  found.values = take((size_t)found.count, sizeof *found.values);
  if (strcmp(tensor->dtype, "F64") == 0) {
    for (int64_t i = 0; i < found.count; i++) {
      double value = 0;
      memcpy(&value, (const char *)tensor->data + (size_t)i * sizeof value, sizeof value);
      found.values[i] = (float)value;
    }
  } else {
    assert_string_equal(tensor->dtype, "F32");
    memcpy(found.values, tensor->data, tensor->size);
  }
  return found;
}

static inline fixture_tensor get_tensor(const fixture *f, const char *format, ...) {
  char name[FIXTURE_PATH_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(name, sizeof name, format, arguments);
  va_end(arguments);
  fixture_tensor tensor = find_tensor(f, name);
  if (tensor.values == NULL) fail_msg("the fixture has no tensor %s", name);
  return tensor;
}

/* Element `index` of a tensor of doubles, all of it. */
static inline double get_number(const fixture *f, int64_t index, const char *name) {
  const sngp_tensor *tensor = sngp_safetensors_find(&f->file, name);
  if (tensor == NULL) fail_msg("the fixture has no tensor %s", name);
  assert_string_equal(tensor->dtype, "F64");
  assert_true((size_t)index < tensor->size / sizeof(double));
  double value = 0;
  memcpy(&value, (const char *)tensor->data + (size_t)index * sizeof value, sizeof value);
  return value;
}

/* Sets every tensor of the model that the fixture has under `prefix`. */
static inline void set_parameters(sngp_model *model, const fixture *f, const char *prefix) {
  for (int64_t i = 0; i < sngp_model_num_tensors(model); i++) {
    char name[FIXTURE_PATH_SIZE];
    sngp_parameter_info info = {.struct_size = sizeof info};
    assert_ok(sngp_model_parameter_info(model, i, &info));
    snprintf(name, sizeof name, "%s%s", prefix, info.name);
    fixture_tensor tensor = find_tensor(f, name);
    if (tensor.values == NULL) continue;
    assert_ok(sngp_model_set_parameter(model, info.name, tensor.values, tensor.count));
    free(tensor.values);
  }
}

/* |a - b| / |b|, Euclidean norms. */
static inline double relative_difference(const float *a, const float *b, int64_t count) {
  double difference = 0, norm = 0;
  for (int64_t i = 0; i < count; i++) {
    difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    norm += (double)b[i] * (double)b[i];
  }
  return sqrt(difference / norm);
}

/* Keeps the largest of what is measured, or a NaN. */
static inline void keep_largest(double *largest, double value) {
  if (!(value <= *largest)) *largest = value;
}

#endif
