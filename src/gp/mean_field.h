/* Mean-field logits (Lu et al., arXiv 2006.07584) and temperature (Guo et al., arXiv 1706.04599):
   logits / (temperature sqrt(1 + factor variance)). */
#ifndef SNGP_GP_MEAN_FIELD_H
#define SNGP_GP_MEAN_FIELD_H

#include <stdint.h>

/* In place over logits (rows, K), each row with its variance. With a negative factor, or variance
   NULL, the temperature acts alone. */
void sngp_mean_field(float *logits, const float *variance, int64_t rows, int64_t num_classes,
                     double factor, double temperature);

#endif
