/* Draws of logits from their predictive distribution. A block of a random stream gives four
   numbers, for the classes 4 b ... 4 b + 3 of a row or of a feature; what is drawn for a row
   depends on its number in the call, not on the block of rows or the thread that it is worked on
   in. */
#ifndef SNGP_PREDICT_DRAWS_H
#define SNGP_PREDICT_DRAWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Elements of `words` and `normals`, and of `products`, that the draws of up to `rows` rows take;
   false where a size overflows. */
bool sngp_draws_sizes(int64_t rows, int64_t num_classes, int64_t num_features, size_t *numbers,
                      size_t *products);

typedef struct {
  int64_t seed, step; /* of the stream: step is the number of the pass */
  int64_t rows, num_classes;
  uint32_t *words; /* scratch */
  float *normals;
  float *products;
} sngp_draws;

/* logits (rows, K) = center + sqrt(variance) z, z standard normal, independent over rows and
   classes, with variances (rows, V), V being 1 or K; rows are first_row ... in the stream. */
void sngp_draw_independent(const sngp_draws *draws, int64_t first_row, const float *center,
                           const float *variance, int64_t num_variances, float *logits);

/* The same with factors L (rows, K, K), lower triangular, of the covariance of each row's classes:
   center + L z. */
void sngp_draw_correlated(const sngp_draws *draws, int64_t first_row, const float *center,
                          const float *factors, float *logits);

/* In place: a covariance C (n, n), whose upper triangle is not read, becomes L with L L^T = C, to
   the rounding of single precision; directions without variance stay without. */
void sngp_draws_factor(int64_t n, float *covariance);

/* logits = center + Y Z, Z (M, K) standard normal and the same for all rows of the call: for each
   class jointly normal over rows with covariance Y Y^T. Y = Phi R^T (rows, M). */
void sngp_draw_joint(const sngp_draws *draws, int64_t num_features, const float *projected,
                     const float *center, float *logits);

#endif
