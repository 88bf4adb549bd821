/* Spectral normalisation as a projection (Liu et al. 2020, section 3.2; Yoshida and Miyato, arXiv
   1705.10941): where the largest singular value exceeds the bound, W = (bound / sigma) W. The
   gradient is then taken at the projected W, not through sigma. */
#ifndef SNGP_NN_SPECTRAL_NORM_H
#define SNGP_NN_SPECTRAL_NORM_H

#include <stdint.h>

typedef struct {
  double bound; /* 0: no projection */
  float *u;     /* (out), persistent */
  float *v;     /* (in), persistent */
} sngp_spectral_norm;

/* Projects W (in, out) in place after `iterations` power iterations; returns the sigma found.
   `scratch` holds `out` floats. */
float sngp_spectral_norm_project(const sngp_spectral_norm *norm, int64_t in, int64_t out,
                                 float *weight, int64_t iterations, float *scratch);

#endif
