/* The features phi of the head's input g: random ones, whose inner products approximate a kernel,
   or g itself. RBF, Matern    s cos(g W + b): random Fourier features (Rahimi and Recht, "Random
   Features for Large-Scale Kernel Machines", NIPS 2007); the kernel lies in how W is drawn
     arc-cosine     s max(0, g W + b) with b = 0 (Cho and Saul, "Kernel Methods for Deep Learning",
                    NIPS 2009, the kernel of order 1)
     linear         g
   W (in, M) and b (M) are frozen. */
#ifndef SNGP_NN_RANDOM_FEATURES_H
#define SNGP_NN_RANDOM_FEATURES_H

#include <stdint.h>

#include "sngp/model.h"

typedef struct {
  int32_t kernel; /* SNGP_KERNEL_* */
  int64_t in, num_features;
  const float *weight; /* (in, M); NULL for the linear kernel, as the bias */
  const float *bias;   /* (M) */
  float scale;         /* s: sqrt(2 / M) or 1; not used by the linear kernel */
} sngp_random_features;

/* g (rows, in) to phi (rows, M). `z` (rows, M) keeps g W + b; it may be phi itself where no
   gradient is wanted, and is not used by the linear kernel. */
void sngp_random_features_forward(const sngp_random_features *features, const float *g,
                                  int64_t rows, float *z, float *phi);

/* From dphi (rows, M), which is overwritten, to dg (rows, in). */
void sngp_random_features_backward(const sngp_random_features *features, const float *z,
                                   float *dphi, int64_t rows, float *dg);

#endif
