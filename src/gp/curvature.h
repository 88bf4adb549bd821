/* The curvature of a likelihood at a network's outputs: the weights of rows in the precision. */
#ifndef SNGP_GP_CURVATURE_H
#define SNGP_GP_CURVATURE_H

#include <stdbool.h>
#include <stdint.h>

/* Whether rows of this SNGP_LIKELIHOOD_* have weights of their own; else all have 1. */
bool sngp_likelihood_has_curvature(int32_t likelihood);

/* From outputs f (rows, O): p (1 - p) with p = 1 / (1 + exp(-f)) for BINARY_LOGISTIC; exp(f), f
   clamped (base/rate.h), for POISSON; p_k (1 - p_k) of the softmax for SOFTMAX, or p_k itself for a
   posterior that is SNGP_POSTERIOR_JOINT. */
void sngp_curvature(int32_t likelihood, int32_t posterior, int64_t rows, int64_t num_outputs,
                    const float *outputs, double *curvature);

#endif
