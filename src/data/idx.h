/* The reader of IDX files (the MNIST family), plain or compressed. */
#ifndef SNGP_DATA_IDX_H
#define SNGP_DATA_IDX_H

#include "data/dataset.h"

sngp_status sngp_idx_read(const char *images_path, const char *labels_path, sngp_dataset **dataset);

#endif
