#include "io/import_read.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/import_names.h"

sngp_status sngp_import_measure(const sngp_import_state *state, const char *tensor,
                                sngp_array *array) {
  sngp_import_entry *found = NULL;
  *array = (sngp_array){0};
  SNGP_TRY(sngp_import_find(state, tensor, &found));
  if (found == NULL) return SNGP_OK;
  SNGP_TRY(sngp_array_archive_read(&state->archive, found->place, array));
  sngp_release(array->values);
  array->values = NULL;
  return SNGP_OK;
}

static sngp_status fail_shape(const char *tensor, const char *name, const sngp_array *array,
                              int64_t rows, int64_t cols) {
  enum { TEXT_SIZE = 200 };
  char shape[TEXT_SIZE] = "";
  size_t length = 0;
  for (size_t i = 0; i < array->rank && length < sizeof shape; i++)
    length += (size_t)snprintf(shape + length, sizeof shape - length, "%s%" PRId64,
                               i > 0 ? ", " : "", array->shape[i]);
  if (rows == 0)
    return sngp_fail(SNGP_ERROR_FORMAT, "%s: %s is (%s), but must have %" PRId64 " values", tensor,
                     name, shape, cols);
  return sngp_fail(SNGP_ERROR_FORMAT,
                   "%s: %s is (%s), but must be (%" PRId64 ", %" PRId64 "), inputs by outputs",
                   tensor, name, shape, rows, cols);
}

static bool has_shape(const sngp_array *array, int64_t rows, int64_t cols) {
  return array->rank == 2 && array->shape[0] == rows && array->shape[1] == cols;
}

/* Writes the transpose of an array (cols, rows) in its place. */
static sngp_status transpose(sngp_array *array, int64_t rows, int64_t cols) {
  double *values = sngp_allocate((size_t)array->count, sizeof *values);
  if (values == NULL) return sngp_fail_memory("a matrix that is transposed");
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < cols; j++) values[i * cols + j] = array->values[j * rows + i];
  sngp_release(array->values);
  array->values = values;
  return SNGP_OK;
}

/* Gives an array the shape of a tensor. */
static sngp_status arrange(const char *tensor, const char *name, bool transposed, int64_t rows,
                           int64_t cols, sngp_array *array) {
  if (rows == 0)
    return array->count == cols ? SNGP_OK : fail_shape(tensor, name, array, rows, cols);
  const bool as_it_is = has_shape(array, rows, cols), turned = has_shape(array, cols, rows);
  if (!as_it_is && !turned) return fail_shape(tensor, name, array, rows, cols);
  return turned && (transposed || !as_it_is) ? transpose(array, rows, cols) : SNGP_OK;
}

static sngp_status check_finite(const char *name, const sngp_array *array) {
  for (int64_t i = 0; i < array->count; i++)
    if (!isfinite((float)array->values[i]))
      return sngp_fail(SNGP_ERROR_FORMAT, "%s: element %" PRId64 " is %g%s", name, i,
                       array->values[i],
                       isfinite(array->values[i]) ? ", beyond the range of a float" : "");
  return SNGP_OK;
}

/* Reads an array in the shape of a tensor. */
static sngp_status read_entry(sngp_import_state *state, sngp_import_entry *entry,
                              const char *tensor, bool transposed, int64_t rows, int64_t cols,
                              double **values) {
  sngp_array array = {0};
  entry->used = true;
  sngp_status status = sngp_array_archive_read(&state->archive, entry->place, &array);
  if (status == SNGP_OK) status = check_finite(entry->name, &array);
  if (status == SNGP_OK) status = arrange(tensor, entry->name, transposed, rows, cols, &array);
  if (status != SNGP_OK) {
    sngp_array_release(&array);
    return status;
  }
  *values = array.values;
  return SNGP_OK;
}

static sngp_status read_vector(sngp_import_state *state, const char *tensor, int64_t cols,
                               double **values) {
  sngp_import_entry *entry = NULL;
  SNGP_TRY(sngp_import_find(state, tensor, &entry));
  if (entry == NULL) return sngp_fail(SNGP_ERROR_FORMAT, "no array was found for %s", tensor);
  return read_entry(state, entry, tensor, false, 0, cols, values);
}

/* Divides a weight (inputs, outputs) by its largest singular value, of vectors u on the outputs'
   side and v on the inputs'. */
static sngp_status divide(const char *tensor, int64_t rows, int64_t cols, const double *u,
                          const double *v, double *weight) {
  double sigma = 0.0;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < cols; j++) sigma += v[i] * weight[i * cols + j] * u[j];
  if (!(fabs(sigma) > 0.0) || !isfinite(sigma))
    return sngp_fail(SNGP_ERROR_FORMAT, "%s: u^T W v is %g, by which W is divided", tensor, sigma);
  for (int64_t i = 0; i < rows * cols; i++) weight[i] /= sigma;
  return SNGP_OK;
}

static sngp_status normalize(sngp_import_state *state, int64_t block, const char *tensor,
                             int64_t rows, int64_t cols, double *weight) {
  char u_name[SNGP_IMPORT_NAME_SIZE], v_name[SNGP_IMPORT_NAME_SIZE];
  double *u = NULL, *v = NULL;
  snprintf(u_name, sizeof u_name, "block.%" PRId64 ".u", block);
  snprintf(v_name, sizeof v_name, "block.%" PRId64 ".v", block);
  sngp_status status = read_vector(state, u_name, cols, &u);
  if (status == SNGP_OK) status = read_vector(state, v_name, rows, &v);
  if (status == SNGP_OK) status = divide(tensor, rows, cols, u, v, weight);
  sngp_release(u);
  sngp_release(v);
  return status;
}

/* PyTorch's weights are (outputs, inputs), whatever else is in the file. */
static sngp_status read_raw_weight(sngp_import_state *state, sngp_import_entry *entry,
                                   int64_t block, const char *tensor, int64_t rows, int64_t cols,
                                   double **values) {
  double *weight = NULL;
  SNGP_TRY(read_entry(state, entry, tensor, true, rows, cols, &weight));
  sngp_status status = normalize(state, block, tensor, rows, cols, weight);
  if (status != SNGP_OK) {
    sngp_release(weight);
    return status;
  }
  *values = weight;
  return SNGP_OK;
}

sngp_status sngp_import_read(sngp_import_state *state, const char *tensor, int64_t rows,
                             int64_t cols, double **values) {
  sngp_import_entry *entry = NULL, *raw = NULL;
  const int64_t block = sngp_import_block_of_weight(tensor);
  *values = NULL;
  if (rows == 0) return read_vector(state, tensor, cols, values);
  SNGP_TRY(sngp_import_find(state, tensor, &entry));
  if (block >= 0) SNGP_TRY(sngp_import_find_raw_weight(state, block, &raw));
  if (entry != NULL) return read_entry(state, entry, tensor, state->transposed, rows, cols, values);
  if (raw != NULL) return read_raw_weight(state, raw, block, tensor, rows, cols, values);
  return sngp_fail(SNGP_ERROR_FORMAT, "no array was found for %s", tensor);
}
