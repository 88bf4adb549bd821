/* Initial parameters. */
#ifndef SNGP_NN_INITIALIZERS_H
#define SNGP_NN_INITIALIZERS_H

#include <stdint.h>

#include "base/random.h"
#include "base/status.h"

/* Glorot and Bengio 2010: uniform over (-a, a), a = sqrt(6 / (in + out)). */
void sngp_initialize_glorot(const sngp_random_stream *stream, int64_t in, int64_t out,
                            float *weight);

/* Orthogonal random features (Yu et al., arXiv 1610.09072): the columns of W (in, M) come in blocks
   of `in` orthonormal ones, each block a fresh draw, each column as long as a normal vector (chi
   with `in` degrees of freedom), times std. */
sngp_status sngp_initialize_orthogonal(int64_t seed, int64_t index, int64_t in,
                                       int64_t num_features, double std, float *weight);

/* Turns normal columns of W (in, M) into those of a multivariate Student-t distribution: each
   column is divided by sqrt(q / degrees), q chi-squared with so many degrees of freedom, one q a
   column. */
sngp_status sngp_initialize_student(const sngp_random_stream *stream, int64_t degrees, int64_t in,
                                    int64_t num_features, float *weight);

#endif
