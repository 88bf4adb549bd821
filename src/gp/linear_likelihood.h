/* Likelihoods of linear models with their natural links, NLL = A(f) - y f, up to what depends on
   the targets y alone (McCullagh and Nelder, Generalized Linear Models, 1989, section 2.2): A'(f)
   is the mean of y, A''(f) its variance, and NLL is convex in the outputs f. */
#ifndef SNGP_GP_LINEAR_LIKELIHOOD_H
#define SNGP_GP_LINEAR_LIKELIHOOD_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
  /* K classes: A = log sum_k exp(f_k). */
  SNGP_LINEAR_SOFTMAX,
  /* Each output on its own, 0 or 1: A = log(1 + exp(f)). */
  SNGP_LINEAR_LOGISTIC,
  /* Each output on its own, counts: A = exp(f) up to f = 20, above that the tangent there, so that
     A stays finite and convex. The variance is that of f clamped to [-30, 20]. */
  SNGP_LINEAR_POISSON
} sngp_linear_likelihood;

/* Whether each output has a likelihood of its own: the Hessian is then block by block. */
bool sngp_linear_is_separable(sngp_linear_likelihood likelihood);

/* In place, outputs f (K) of a row to their means A'(f); returns A(f), summed over the outputs of a
   separable likelihood. */
double sngp_linear_means(sngp_linear_likelihood likelihood, int64_t width, double *row);

/* The variance of an output with this mean: A'', the diagonal of the softmax's. */
double sngp_linear_variance(sngp_linear_likelihood likelihood, double mean);

#endif
