/* Datasets made by formula: the two moons of the TensorFlow SNGP tutorial, its test grid, its
   out-of-domain blob. Arguments are checked by the caller; results are checked to be finite. */
#ifndef SNGP_DATA_SYNTHETIC_H
#define SNGP_DATA_SYNTHETIC_H

#include "data/dataset.h"

sngp_status sngp_make_two_moons(int64_t rows, double noise, int64_t seed, sngp_dataset **dataset);

sngp_status sngp_make_grid(double min_x, double max_x, double min_y, double max_y,
                           int64_t resolution, sngp_dataset **dataset);

sngp_status sngp_make_blob(int64_t rows, double center_x, double center_y, double std, int64_t seed,
                           sngp_dataset **dataset);

#endif
