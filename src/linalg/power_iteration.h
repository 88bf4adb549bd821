/* The largest singular value by power iteration with persistent vectors. */
#ifndef SNGP_LINALG_POWER_ITERATION_H
#define SNGP_LINALG_POWER_ITERATION_H

#include <stdint.h>

/* `iterations` (1 or more) times v = normalise(W u), u = normalise(v W), for W (in, out), u (out),
   v (in); then returns sigma = v W u^T. normalise(x) = x / sqrt(max(|x|^2, 1e-12)), so that a zero
   matrix gives 0; but where |v W|^2 is below 1e-12, or NaN, u stays as it was, so that a weight
   that is next to zero for a while does not leave u at zero for good. `scratch` holds `out` floats.
 */
float sngp_power_iteration(int64_t in, int64_t out, const float *weight, int64_t iterations,
                           float *u, float *v, float *scratch);

#endif
