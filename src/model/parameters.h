/* The table of a model's named tensors: one contiguous block of floats for all that training moves,
   another for all that it does not. Summary, files, import and the optimizer read this table. */
#ifndef SNGP_MODEL_PARAMETERS_H
#define SNGP_MODEL_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "sngp/model.h"

enum { SNGP_PARAMETER_NAME_SIZE = 40 };

/* Tensors draw their initial values from streams 0, 1, ... in the order of the table. What came
   later has a stream of its own, beyond all places in a table, so that it leaves the others' draws
   as they were. */
enum {
  SNGP_STREAM_TAILS = 1 << 30, /* the chi-squared numbers of Matern frequencies */
  SNGP_STREAM_PROJECTION,
  SNGP_STREAM_LENGTHS /* nothing is drawn: they start at 0 */
};

typedef struct {
  char name[SNGP_PARAMETER_NAME_SIZE]; /* as in the file, "block.0.weight" */
  int64_t rows, cols;                  /* rows is 1 for vectors */
  bool vector;                         /* one-dimensional in files */
  bool trainable;                      /* which block it lies in */
  bool decay;                          /* weight decay applies: a weight, not a bias */
  bool counted;                        /* a parameter of the summary: all but input scaling */
  int64_t stream;                      /* of its initial values */
  size_t offset;                       /* in floats, from the start of its block */
} sngp_parameter;

typedef struct {
  sngp_parameter *items;
  size_t count;
  int64_t num_streams;   /* of tensors that draw in the table's order */
  size_t trainable_size; /* floats in each block, padding between tensors included */
  size_t frozen_size;
} sngp_parameter_table;

/* Lists the tensors of a checked configuration, in the order of the file. */
sngp_status sngp_parameter_table_create(const sngp_model_config *config,
                                        sngp_parameter_table *table);

/* The tensor of that name, or NULL. */
const sngp_parameter *sngp_parameter_find(const sngp_parameter_table *table, const char *name);

#endif
