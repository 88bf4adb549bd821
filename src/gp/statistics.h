/* Sufficient statistics of a linear model on features: what a closed form, its evidence and its
   updates need of the rows, whatever their number. A row of weight w is one whose noise has 1 / w
   of the variance of others. Double precision. */
#ifndef SNGP_GP_STATISTICS_H
#define SNGP_GP_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/parallel.h"
#include "base/status.h"

typedef struct {
  int64_t size;           /* M */
  int64_t num_targets;    /* T */
  double *gram;           /* A = sum w phi^T phi (M, M), its lower triangle; NULL for a while where
                             somebody else sums it: rows then enter the other sums alone */
  double *cross;          /* B = sum w phi^T y (M, T) */
  double *feature_sums;   /* sum w phi (M) */
  double *target_sums;    /* sum w y (T) */
  double *target_squares; /* sum w y^2 (T) */
  double weight;          /* sum w */
  double count;           /* rows of weight above 0, less what was forgotten of them */
  double log_weight;      /* sum of their log w */
  int64_t rows;
  void *owned[2];
} sngp_statistics;

/* Rows of features with what is to be predicted: targets, or labels that stand for one-hot rows of
   T targets. */
typedef struct {
  int64_t count;
  const float *features; /* (count, M) */
  const double *targets; /* (count, T), or NULL */
  const int32_t *labels; /* (count), in [0, T), where targets is NULL */
  const float *weights;  /* (count), 0 or more; NULL: 1 */
} sngp_target_rows;

/* Statistics of no rows. Where `gram` is NULL a matrix of its own is taken; else it is the caller's
   (a posterior's precision, say), stays the caller's, and holds what it holds. */
sngp_status sngp_statistics_create(sngp_statistics *statistics, int64_t size, int64_t num_targets,
                                   double *gram);
void sngp_statistics_destroy(sngp_statistics *statistics);
/* Copies over statistics of the same sizes. */
void sngp_statistics_assign(sngp_statistics *to, const sngp_statistics *from);

/* Of no rows again. */
void sngp_statistics_reset(sngp_statistics *statistics);

/* Doubles of scratch that so many rows need. */
size_t sngp_statistics_scratch(const sngp_statistics *statistics, int64_t count);

/* Rows enter, or leave: those that leave must have entered with the same weights and not been
   forgotten in part, which is not checked. The result does not depend on the pool. */
void sngp_statistics_add(sngp_statistics *statistics, const sngp_target_rows *rows, double *scratch,
                         sngp_pool *pool);
void sngp_statistics_subtract(sngp_statistics *statistics, const sngp_target_rows *rows,
                              double *scratch, sngp_pool *pool);

/* Every sum, `count` too, is `factor` times what it was: exponential forgetting, for factors below
   1. The number of rows stays. */
void sngp_statistics_scale(sngp_statistics *statistics, double factor);

/* Rows of others, over the same features, enter. */
void sngp_statistics_merge(sngp_statistics *statistics, const sngp_statistics *others);

/* The targets less their means: means (T) = target_sums / weight (0 for no rows), squares (T) =
   sum w (y - mean)^2 and cross (M, T) = sum w phi^T (y - mean). The rows are not needed again. */
void sngp_statistics_center(const sngp_statistics *statistics, double *means, double *squares,
                            double *cross);

#endif
