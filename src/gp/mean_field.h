/* Mean-field logits (Lu et al., arXiv 2006.07584) and temperature (Guo et al., arXiv 1706.04599):
   logits / (temperature sqrt(1 + factor variance)). */
#ifndef SNGP_GP_MEAN_FIELD_H
#define SNGP_GP_MEAN_FIELD_H

#include <stdint.h>

/* In place over logits (rows, K) with variances (rows, V), V being 1 or K. With a negative factor,
   or variance NULL, the temperature acts alone. */
void sngp_mean_field(float *logits, const float *variance, int64_t num_variances, int64_t rows,
                     int64_t num_outputs, double factor, double temperature);

/* A softmax depends on differences of logits alone. Where each has a variance of its own the mean
   field would not, so that it acts on centred logits, f - mean f, and their variances: */

/* in place over logits (rows, K); */
void sngp_center_logits(float *logits, int64_t rows, int64_t num_classes);
/* (rows, K) from (rows, K) of independent logits: v_k (1 - 2 / K) + sum_j v_j / K^2; */
void sngp_center_variances(const float *variance, int64_t rows, int64_t num_classes,
                           float *centered);
/* (rows, K) from covariances C (rows, K, K): the diagonal of H C H, H = I - 1 1^T / K. */
void sngp_center_covariances(const float *covariance, int64_t rows, int64_t num_classes,
                             float *centered);

#endif
