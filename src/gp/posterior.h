/* The Laplace posterior of the output weights: precision P = ridge I + A, its factor, variances.
   Double precision throughout; only the root that predictions use is single precision. */
#ifndef SNGP_GP_POSTERIOR_H
#define SNGP_GP_POSTERIOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/parallel.h"
#include "base/status.h"
#include "sngp/model.h"

/* Matrices, each (side, side), of M features and O outputs: one (M, M) for SNGP_POSTERIOR_SHARED;
   O of them for SNGP_POSTERIOR_PER_OUTPUT; one (O M, O M), index k M + j, for SNGP_POSTERIOR_JOINT.
 */
typedef struct {
  int64_t count, side;
} sngp_posterior_matrices;

sngp_posterior_matrices sngp_posterior_matrices_of(int32_t kind, int64_t size, int64_t num_outputs);

typedef struct {
  int32_t kind;        /* SNGP_POSTERIOR_*, not AUTOMATIC */
  int64_t size;        /* M */
  int64_t num_outputs; /* O */
  sngp_posterior_matrices matrices;
  double *precision; /* A, the data term alone, of each matrix; its lower triangle (of each block of
                        M rows and columns, where it is joint) while it grows, the whole symmetric
                        matrix when current */
  float *root;       /* R = sqrt(ridge) L^-1 with P = L L^T, of each matrix, lower triangular:
                        variance = |R phi|^2 */
  double *inverse;   /* L^-1 of each matrix, in double precision, where rows enter and leave one by
                        one (gp/updates.h); else NULL. It is not copied */
  int64_t changes;   /* terms of rank one that entered or left it since it was computed */
  int64_t rows;      /* rows in A */
  double jitter;     /* added to the diagonal of each P to factor them all */
  bool current;      /* root belongs to precision, precision to the weights */
} sngp_posterior;

/* Takes memory, 12 bytes an element, and makes the posterior that of no data: A = 0, R = I,
   current. What could not fit the machine, the factors' own memory included, is refused before it
   is taken, with SNGP_ERROR_OUT_OF_MEMORY. */
sngp_status sngp_posterior_create(sngp_posterior *posterior, int32_t kind, int64_t size,
                                  int64_t num_outputs);
void sngp_posterior_destroy(sngp_posterior *posterior);
sngp_status sngp_posterior_copy(sngp_posterior *to, const sngp_posterior *from);
/* Copies over a posterior of the same kind and sizes, which has its memory. */
void sngp_posterior_assign(sngp_posterior *to, const sngp_posterior *from);

/* A = 0, and no longer current. */
void sngp_posterior_reset(sngp_posterior *posterior);

/* Rows that enter. Each counts with its weight s, and with its curvature: w_k of output k, of which
   SHARED takes the mean over outputs; for JOINT the probabilities p of a softmax, whose Hessian is
   diag(p) - p p^T. */
typedef struct {
  int64_t count;
  const float *features;   /* (count, M) */
  const float *weights;    /* (count); NULL: 1 */
  const double *curvature; /* (count, O), 0 or more; NULL, not for JOINT: 1 */
} sngp_posterior_rows;

/* A = decay A + scale sum_i s_i w_i phi_i^T phi_i; JOINT: (diag(p_i) - p_i p_i^T) kron phi_i^T
   phi_i. With a scale below 0 rows leave. The posterior is no longer current. `scratch` holds count
   * M doubles. The result does not depend on the pool. */
void sngp_posterior_update(sngp_posterior *posterior, const sngp_posterior_rows *rows, double decay,
                           double scale, double *scratch, sngp_pool *pool);

/* Factors P = ridge I + A, with jitter where needed, and makes the posterior current. On failure
   nothing changes. */
sngp_status sngp_posterior_finish(sngp_posterior *posterior, double ridge);

/* The same, and keeps the inverse factors, which take another 8 bytes an element. */
sngp_status sngp_posterior_finish_for_changes(sngp_posterior *posterior, double ridge);

/* Fills what stands above the diagonals of A from what stands below. */
void sngp_posterior_complete(sngp_posterior *posterior);

/* The weight w of row i in matrix k, not for JOINT. */
double sngp_posterior_curvature(const sngp_posterior *posterior, const sngp_posterior_rows *rows,
                                int64_t i, int64_t k);

/* SHARED, in place: phi (count, M) becomes Y = phi R^T, so that variance = row sums of Y^2 and the
   covariance of the rows is Y Y^T. */
void sngp_posterior_project(const sngp_posterior *posterior, float *phi, int64_t count);

/* Columns of the variance: 1 for SHARED, else O. */
int64_t sngp_posterior_num_variances(const sngp_posterior *posterior);

/* Floats of scratch that variances or covariances of `count` rows take; false where they overflow.
   None for SHARED. */
bool sngp_posterior_scratch(int32_t kind, int64_t size, int64_t num_outputs, int64_t count,
                            size_t *floats);

/* variance (count, V) = |R_k phi|^2, at most FLT_MAX: features that grow without bound (arc-cosine,
   linear) can have larger ones, far from all data. SHARED projects phi in place; the other kinds
   leave it as it is. */
void sngp_posterior_variance(const sngp_posterior *posterior, float *phi, int64_t count,
                             float *scratch, float *variance);

/* JOINT: the covariance (count, O, O) of each row's outputs, whose diagonal is the variance. What
   lies beyond single precision is FLT_MAX on the diagonal and 0 beside it. */
void sngp_posterior_output_covariance(const sngp_posterior *posterior, const float *phi,
                                      int64_t count, float *scratch, float *covariance);

#endif
