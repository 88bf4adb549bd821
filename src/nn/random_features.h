/* Random Fourier features (Rahimi and Recht, "Random Features for Large-Scale Kernel Machines",
   NIPS 2007): phi = s cos(g W + b), W (in, M) and b (M) frozen. */
#ifndef SNGP_NN_RANDOM_FEATURES_H
#define SNGP_NN_RANDOM_FEATURES_H

#include <stdint.h>

typedef struct {
  int64_t in, num_features;
  const float *weight; /* (in, M) */
  const float *bias;   /* (M) */
  float scale;         /* s: sqrt(2 / M) or 1 */
} sngp_random_features;

/* g (rows, in) to phi (rows, M). `z` (rows, M) keeps the angles; it may be phi itself where no
   gradient is wanted. */
void sngp_random_features_forward(const sngp_random_features *features, const float *g,
                                  int64_t rows, float *z, float *phi);

/* From dphi (rows, M), which is overwritten, to dg (rows, in). */
void sngp_random_features_backward(const sngp_random_features *features, const float *z,
                                   float *dphi, int64_t rows, float *dg);

#endif
