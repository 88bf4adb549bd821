/* What a model chooses from its training rows, once. */
#ifndef SNGP_TRAIN_PREPARE_H
#define SNGP_TRAIN_PREPARE_H

#include "data/dataset.h"
#include "model/model.h"

/* What the median squared distance is multiplied by to give kernel_scale. */
extern const double SNGP_KERNEL_FACTOR;

/* Chooses input scaling, radius_scale and kernel_scale where the configuration leaves them open;
   see sngp_model_prepare(). On failure the model is as it was. */
sngp_status sngp_prepare(sngp_model *model, const sngp_dataset *rows);

/* The median of |x_i - x_j|^2 over all pairs of `count` rows of x (count, width), for widths
   counted from 1; where it is 0 the mean of the positive ones, where there are none 1; NaN
   where a distance is not finite. */
sngp_status sngp_median_square_distance(const double *x, int64_t count, int64_t width,
                                        double *median);

#endif
