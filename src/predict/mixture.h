/* Regression: the distribution of targets that a pass predicts, and the mixture of those of all
   passes, its mean and variance. */
#ifndef SNGP_PREDICT_MIXTURE_H
#define SNGP_PREDICT_MIXTURE_H

#include "model/network.h"

/* Sums over the passes so far (rows, O), in double precision: the mean of their means, the sum of
   squares of these about it (Welford, Technometrics 4, 1962), and the sum of their variances. */
typedef struct {
  double *mean, *spread, *within;
} sngp_mixture;

/* Pass `number`, from 0, enters with its outputs (rows, O) and their variances (rows, V; NULL: 0),
   those of Gaussian regression in multiples of the noise. In the targets' own units:

     Gaussian   mean + scale f,                   scale^2 noise (1 + variance)
     Poisson    rate = exp(f + variance / 2),     rate + (exp(variance) - 1) rate^2,

   the moments of a Poisson distribution whose rate is log-normal. */
void sngp_mixture_add(const sngp_mixture *mixture, const sngp_network *network, int64_t number,
                      const float *outputs, const float *variance, int64_t rows);

/* Of `passes` passes, into arrays (rows, O), either of which may be NULL; bounded to single
   precision's range. */
void sngp_mixture_write(const sngp_mixture *mixture, int64_t passes, int64_t count, float *mean,
                        float *variance);

#endif
