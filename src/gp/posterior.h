/* The Laplace posterior of the output weights: precision P = ridge I + A, its factor, variances.
   Double precision throughout; only the root that predictions use is single precision. */
#ifndef SNGP_GP_POSTERIOR_H
#define SNGP_GP_POSTERIOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/parallel.h"
#include "base/status.h"

typedef struct {
  int64_t size;      /* M */
  double *precision; /* A, the data term alone (M, M); its lower triangle while it grows, the whole
                        symmetric matrix when current */
  float *root;       /* R = sqrt(ridge) L^-1 with P = L L^T (M, M), lower triangular:
                        variance = |R phi|^2 */
  int64_t rows;      /* rows in A */
  double jitter;     /* added to P's diagonal to factor it */
  bool current;      /* root belongs to precision, precision to the weights */
} sngp_posterior;

/* Takes memory for M = size features; the posterior is that of no data: A = 0, R = I, current. */
sngp_status sngp_posterior_create(sngp_posterior *posterior, int64_t size);
void sngp_posterior_destroy(sngp_posterior *posterior);
sngp_status sngp_posterior_copy(sngp_posterior *to, const sngp_posterior *from);
/* Copies over a posterior of the same size, which has its memory. */
void sngp_posterior_assign(sngp_posterior *to, const sngp_posterior *from);

/* A = 0, and no longer current. */
void sngp_posterior_reset(sngp_posterior *posterior);

/* A = decay A + scale sum_i w_i phi_i^T phi_i for `count` rows of features (count, M), stride M;
   weights NULL: 1. `scratch` holds count * M doubles. The result does not depend on the pool. */
void sngp_posterior_update(sngp_posterior *posterior, const float *features, const float *weights,
                           int64_t count, double decay, double scale, double *scratch,
                           sngp_pool *pool);

/* Factors P = ridge I + A, with jitter where needed, and makes the posterior current. On failure
   nothing changes. */
sngp_status sngp_posterior_finish(sngp_posterior *posterior, double ridge);

/* In place: phi (count, M) becomes Y = phi R^T, so that variance = row sums of Y^2 and the
   covariance of the rows is Y Y^T. */
void sngp_posterior_project(const sngp_posterior *posterior, float *phi, int64_t count);

#endif
