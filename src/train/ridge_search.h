/* The ridge and the kernel scale of smallest held-out loss. */
#ifndef SNGP_TRAIN_RIDGE_SEARCH_H
#define SNGP_TRAIN_RIDGE_SEARCH_H

#include "train/head_job.h"

/* Multiples of the median squared distance that an open kernel_scale may be. */
enum { SNGP_NUM_MULTIPLES = 4 };
extern const double SNGP_MULTIPLES[SNGP_NUM_MULTIPLES];

/* A ridge to begin with: to a row's mean |phi|^2 as 1 is to that of 1,024 cosines, unscaled. */
double sngp_usual_ridge(double mean_square);

/* The held-out loss of a ridge. */
typedef sngp_status (*sngp_ridge_judge)(void *context, double ridge, double *loss);

/* From the usual ridge by decades, 6 at most, in the direction where the loss falls, until it falls
   no more. */
sngp_status sngp_ridge_search(sngp_ridge_judge judge, void *context, double usual, double *ridge,
                              double *loss);

#endif
