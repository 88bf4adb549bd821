/* The Hessian of a linear model's likelihood at its optimum, the data term A of the Laplace
   posterior N(beta, (lambda I + A)^-1): for the features' weights, intercepts taken as known. */
#ifndef SNGP_GP_LAPLACE_H
#define SNGP_GP_LAPLACE_H

#include <stddef.h>

#include "gp/linear_problem.h"

typedef enum {
  /* The Hessian itself, (K M, K M), index k M + j. Of the softmax, block (k, l) is sum w p_k ([k =
     l] - p_l) phi phi^T; of separable likelihoods, blocks beside the diagonal are 0. */
  SNGP_LAPLACE_JOINT,
  /* Its diagonal blocks alone, (K, M, M): sum w p_k (1 - p_k) phi phi^T, or the Poisson's sum w
     rate_k phi phi^T with the rate of a logit clamped to [-30, 20]. All there is of separable
     likelihoods; of the softmax an approximation that takes the classes for independent. */
  SNGP_LAPLACE_PER_OUTPUT,
  /* The mean of these over the outputs, (M, M): coarser, one matrix for all. */
  SNGP_LAPLACE_SHARED
} sngp_laplace_kind;

/* The largest K M for which the joint Hessian is the one to take: 128 MiB of doubles. */
enum { SNGP_LAPLACE_MOST_JOINT = 4096 };

/* Doubles of the result; false where they overflow. */
bool sngp_laplace_area(const sngp_linear_problem *problem, sngp_laplace_kind kind, size_t *area);

/* Writes the lower triangles (of the whole for the joint kind, of each matrix else), lambda apart;
   what stands above them is undefined. With one output all kinds are the same. On failure `hessian`
   is undefined. */
sngp_status sngp_laplace_hessian(const sngp_linear_problem *problem, sngp_laplace_kind kind,
                                 const double *parameters, sngp_pool *pool, double *hessian);

#endif
