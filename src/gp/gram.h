/* Sums over rows, X^T X and X^T Y, in double precision: in tiles that are shared out over a pool,
   each computed by one thread, so that the sums do not depend on it. */
#ifndef SNGP_GP_GRAM_H
#define SNGP_GP_GRAM_H

#include <stdint.h>

#include "base/parallel.h"

/* Lower triangle of G (size, size) = decay G + factor X^T X, X (count, size); both may be parts of
   wider matrices, with row strides. What stands above the diagonal stays. */
void sngp_gram_add(int64_t size, double decay, double *gram, int64_t stride_gram, double factor,
                   const double *rows, int64_t count, int64_t stride_rows, sngp_pool *pool);

/* C (size, num_targets) += factor X^T Y, X (count, size) with a stride, Y (count, num_targets). */
void sngp_cross_add(int64_t size, int64_t num_targets, double *cross, double factor,
                    const double *rows, int64_t count, int64_t stride_rows, const double *targets,
                    sngp_pool *pool);

#endif
