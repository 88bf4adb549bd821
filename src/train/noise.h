/* The noise of Gaussian regression, estimated from what a trained network leaves of the targets. */
#ifndef SNGP_TRAIN_NOISE_H
#define SNGP_TRAIN_NOISE_H

#include "data/dataset.h"
#include "model/model.h"

/* Of an estimate, in units of scaled targets, whose variance is about 1: single precision, and what
   rounding leaves of a difference of sums, tell no less. */
extern const double SNGP_SMALLEST_NOISE;

/* Sets noise.variance, for each target, from rows with targets; the posterior must be current. With
   residuals r and leverages h = phi P^-1 phi^T (0 with a dense head), w the sample weights:

     held-out rows   mean w r^2 / (1 + w h), which maximises their likelihood;
     training rows   sum w r^2 / (n - sum w h): the head has spent sum w h, its effective number of
                     parameters, on them (Hastie and Tibshirani, Generalized Additive Models, 1990,
                     section 3.5).

   On failure nothing changes. */
sngp_status sngp_noise_estimate(sngp_model *model, const sngp_dataset *rows, bool held_out,
                                sngp_pool *pool);

#endif
