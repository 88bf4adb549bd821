/* The dataset: rows of features with optional labels or targets, weights and names. Immutable once
   made, but for the weights. */
#ifndef SNGP_DATA_DATASET_H
#define SNGP_DATA_DATASET_H

#include <stdbool.h>

#include "base/status.h"
#include "sngp/dataset.h"

/* As many as a model may have. */
enum { SNGP_MOST_CLASSES = 1 << 24 };

struct sngp_dataset {
  int64_t rows, cols, row_stride;
  int64_t num_classes;   /* 0 without labels */
  int64_t num_targets;   /* 0 without targets */
  const float *features; /* owned_features or the caller's */
  const int32_t *labels; /* owned_labels, the caller's, or NULL */
  const float *targets;  /* dense, rows x num_targets: owned_targets, the caller's, or NULL */
  float *weights;        /* owned; NULL: all 1 */
  char **class_names;    /* owned, one block; NULL: plain numbers */
  char **feature_names;  /* owned, one block; NULL: none */
  char **target_names;   /* owned, one block; NULL: none */
  float *owned_features;
  int32_t *owned_labels;
  float *owned_targets;
};

/* A new dataset with room for rows x cols features of its own (stride cols), and labels where
   asked; the caller fills owned_features and owned_labels, then calls sngp_dataset_finish(). */
sngp_status sngp_dataset_allocate(int64_t rows, int64_t cols, bool labels, sngp_dataset **dataset);

/* Room for num_targets targets a row, in a dataset without labels; the caller fills owned_targets
   before sngp_dataset_finish(). */
sngp_status sngp_dataset_allocate_targets(sngp_dataset *dataset, int64_t num_targets);

/* The same over targets that stay the caller's; not checked. */
sngp_status sngp_dataset_wrap_targets(sngp_dataset *dataset, const float *targets,
                                      int64_t num_targets);

/* A new dataset over arrays that stay the caller's; not checked. */
sngp_status sngp_dataset_wrap(const float *features, int64_t rows, int64_t cols, int64_t row_stride,
                              const int32_t *labels, sngp_dataset **dataset);

/* Copies names into a dataset that has none; each may be NULL. class_names holds num_classes texts,
   feature_names cols, target_names num_targets. */
sngp_status sngp_dataset_name(sngp_dataset *dataset, const char *const *class_names,
                              const char *const *feature_names, const char *const *target_names);

/* Checks every feature, label and target; with num_classes 0 sets it to the largest label + 1. */
sngp_status sngp_dataset_check(sngp_dataset *dataset);

/* The end of making a dataset: where all went well, checks `made` and hands it over; else frees it.
   `filled` is how the filling went; returned where it failed. */
sngp_status sngp_dataset_finish(sngp_dataset *made, sngp_status filled, sngp_dataset **dataset);

/* Checks weights, then copies them into the dataset; NULL: all 1 again. */
sngp_status sngp_dataset_weigh(sngp_dataset *dataset, const float *weights);

#endif
