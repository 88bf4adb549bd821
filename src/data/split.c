#include "data/split.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

sngp_status sngp_dataset_copy_rows(const sngp_dataset *dataset, const int64_t *indices,
                                   int64_t count, sngp_dataset **out) {
  *out = NULL;
  for (int64_t i = 0; i < count && indices != NULL; i++)
    if (indices[i] < 0 || indices[i] >= dataset->rows)
      return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                       "indices[%" PRId64 "] is %" PRId64 ", but the dataset has %" PRId64 " rows",
                       i, indices[i], dataset->rows);
  sngp_dataset *subset = NULL;
  SNGP_TRY(sngp_dataset_allocate(count, dataset->cols, dataset->labels != NULL, &subset));
  subset->num_classes = dataset->num_classes;
  sngp_status status = SNGP_OK;
  if (dataset->num_targets > 0)
    status = sngp_dataset_allocate_targets(subset, dataset->num_targets);
  if (status == SNGP_OK)
    status =
        sngp_dataset_name(subset, sngp_dataset_class_names(dataset),
                          sngp_dataset_feature_names(dataset), sngp_dataset_target_names(dataset));
  if (status == SNGP_OK && dataset->weights != NULL) {
    subset->weights = sngp_allocate((size_t)count, sizeof(float));
    if (subset->weights == NULL) status = sngp_fail_memory("sample weights");
  }
  if (status != SNGP_OK) {
    sngp_dataset_free(subset);
    return status;
  }
  for (int64_t i = 0; i < count; i++) {
    int64_t row = indices != NULL ? indices[i] : i;
    memcpy(subset->owned_features + i * dataset->cols,
           dataset->features + row * dataset->row_stride, (size_t)dataset->cols * sizeof(float));
    if (dataset->labels != NULL) subset->owned_labels[i] = dataset->labels[row];
    if (dataset->targets != NULL)
      memcpy(subset->owned_targets + i * dataset->num_targets,
             dataset->targets + row * dataset->num_targets,
             (size_t)dataset->num_targets * sizeof(float));
    if (dataset->weights != NULL) subset->weights[i] = dataset->weights[row];
  }
  *out = subset;
  return SNGP_OK;
}

/* The rows of one class: order[begin] ... order[begin + count - 1]. */
typedef struct {
  int64_t begin, count;
  int32_t label;
  int64_t taken;    /* rows that go to the second part */
  double remainder; /* what rounding down left */
} stratum;

typedef struct {
  int32_t label;
  int64_t row;
} labelled_row;

static int compare_labelled_rows(const void *a, const void *b) {
  const labelled_row *x = a, *y = b;
  if (x->label != y->label) return x->label < y->label ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

static int compare_remainders(const void *a, const void *b) {
  const stratum *x = a, *y = b;
  if (x->remainder != y->remainder) return x->remainder > y->remainder ? -1 : 1;
  return (x->label > y->label) - (x->label < y->label);
}

/* Sorts rows by label, and by number within a label; without labels all are of one class. Only
   classes that occur are counted, so a lone label of 2^24 - 1 costs no memory. */
static void sort_rows(const sngp_dataset *dataset, labelled_row *order) {
  for (int64_t i = 0; i < dataset->rows; i++)
    order[i] = (labelled_row){dataset->labels != NULL ? dataset->labels[i] : 0, i};
  if (dataset->labels != NULL)
    qsort(order, (size_t)dataset->rows, sizeof *order, compare_labelled_rows);
}

static int64_t count_strata(const labelled_row *order, int64_t rows) {
  int64_t count = 0;
  for (int64_t i = 0; i < rows; i++) count += i == 0 || order[i].label != order[i - 1].label;
  return count;
}

/* Shares `total` rows among the classes by the largest remainders: each gets fraction * count,
   rounded up or down, and the sum is exact. */
static void share(const labelled_row *order, int64_t rows, double fraction, int64_t total,
                  stratum *strata, int64_t num_strata) {
  for (int64_t i = 0, s = -1; i < rows; i++) {
    if (i == 0 || order[i].label != order[i - 1].label)
      strata[++s] = (stratum){.begin = i, .label = order[i].label};
    strata[s].count++;
  }
  int64_t missing = total;
  for (int64_t s = 0; s < num_strata; s++) {
    double exact = fraction * (double)strata[s].count;
    strata[s].taken = (int64_t)floor(exact);
    strata[s].remainder = exact - floor(exact);
    missing -= strata[s].taken;
  }
  qsort(strata, (size_t)num_strata, sizeof *strata, compare_remainders);
  for (int64_t s = 0; s < num_strata && missing > 0; s++)
    if (strata[s].taken < strata[s].count) {
      strata[s].taken++;
      missing--;
    }
}

/* Marks, in each class, `taken` rows drawn without replacement. `permutation` has room for them
   all. */
static void draw(const labelled_row *order, const stratum *strata, int64_t num_strata, int64_t seed,
                 int64_t *permutation, bool *chosen) {
  for (int64_t s = 0; s < num_strata; s++) {
    sngp_random_stream stream = sngp_random_open(seed, SNGP_RANDOM_SPLIT, 0, strata[s].label);
    sngp_random_permutation(&stream, permutation, strata[s].count);
    for (int64_t i = 0; i < strata[s].taken; i++)
      chosen[order[strata[s].begin + permutation[i]].row] = true;
  }
}

sngp_status sngp_dataset_divide(const sngp_dataset *dataset, double fraction, int64_t seed,
                                sngp_dataset **first, sngp_dataset **second) {
  *first = *second = NULL;
  int64_t rows = dataset->rows, taken = (int64_t)llround(fraction * (double)rows);
  if (taken < 1 || taken >= rows)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "fraction %g of %" PRId64 " rows leaves one part without rows", fraction,
                     rows);
  sngp_status status = SNGP_OK;
  stratum *strata = NULL;
  labelled_row *order = sngp_allocate((size_t)rows, sizeof *order);
  int64_t *indices = sngp_allocate((size_t)rows, sizeof *indices);
  bool *chosen = sngp_allocate((size_t)rows, sizeof *chosen);
  if (order == NULL || indices == NULL || chosen == NULL) {
    status = sngp_fail_memory("a split");
    goto done;
  }
  sort_rows(dataset, order);
  int64_t num_strata = count_strata(order, rows);
  strata = sngp_allocate((size_t)num_strata, sizeof *strata);
  if (strata == NULL) {
    status = sngp_fail_memory("a split");
    goto done;
  }
  share(order, rows, fraction, taken, strata, num_strata);
  draw(order, strata, num_strata, seed, indices, chosen);
  int64_t kept = 0, moved = rows - taken; /* the first part's rows, then the second's */
  for (int64_t i = 0; i < rows; i++) {
    if (chosen[i])
      indices[moved++] = i;
    else
      indices[kept++] = i;
  }
  status = sngp_dataset_copy_rows(dataset, indices, kept, first);
  if (status == SNGP_OK)
    status = sngp_dataset_copy_rows(dataset, indices + kept, rows - kept, second);
  if (status != SNGP_OK) {
    sngp_dataset_free(*first);
    *first = NULL;
  }
done:
  sngp_release(order);
  sngp_release(indices);
  sngp_release(chosen);
  sngp_release(strata);
  return status;
}
