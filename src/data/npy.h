/* The reader of NumPy's .npy files: npy.c reads the values, npy_header.c what stands before them.
 */
#ifndef SNGP_DATA_NPY_H
#define SNGP_DATA_NPY_H

#include "data/dataset.h"

sngp_status sngp_npy_read(const char *features_path, const char *labels_path,
                          sngp_dataset **dataset);

sngp_status sngp_npy_read_targets(const char *features_path, const char *targets_path,
                                  sngp_dataset **dataset);

#endif
