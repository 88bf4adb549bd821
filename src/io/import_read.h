/* Arrays of a file as the tensors of a model. */
#ifndef SNGP_IO_IMPORT_READ_H
#define SNGP_IO_IMPORT_READ_H

#include "io/import_state.h"

/* The shape of the array that a tensor is made of, and its number of elements, without values; a
   count of 0 where there is none. */
sngp_status sngp_import_measure(const sngp_import_state *state, const char *tensor,
                                sngp_array *array);

/* Reads the array of a tensor, in double precision, and marks it as used: for a vector (rows 0) any
   of `cols` elements; for a matrix one of (rows, cols), inputs by outputs, or (cols, rows), which
   is transposed. A raw weight of PyTorch's spectral normalisation is divided by u^T W v. Released
   by the caller. */
sngp_status sngp_import_read(sngp_import_state *state, const char *tensor, int64_t rows,
                             int64_t cols, double **values);

#endif
