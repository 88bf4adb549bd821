/* Linear models on fixed features: the penalised negative log-likelihood, its gradient and sums
   over rows with the weights of its Hessian, in passes over the rows block by block. Double
   precision; nothing depends on the pool. */
#ifndef SNGP_GP_LINEAR_PROBLEM_H
#define SNGP_GP_LINEAR_PROBLEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/parallel.h"
#include "base/status.h"
#include "gp/linear_likelihood.h"

/* Minimise sum_n w_n NLL_n + lambda / 2 |beta|^2 over beta (M, K) and, where there are any,
   intercepts (K), which are not penalised: classes need not be equally frequent, nor rates near 1.
   NLL is that of sngp_linear_likelihood, without what depends on the targets alone. */
typedef struct {
  int64_t rows;        /* n */
  int64_t size;        /* M */
  int64_t num_outputs; /* K */
  sngp_linear_likelihood likelihood;
  bool intercept;
  double lambda;
  /* Features of rows [first, first + count), (count, M), good until the next call; count is at most
     SNGP_LINEAR_BLOCK. What fails here ends the pass with its status. */
  sngp_status (*read)(void *context, int64_t first, int64_t count, const float **features);
  void *context;
  const float *features; /* (n, M), where read is NULL */
  const int32_t *labels; /* (n), in [0, K), of the softmax; 0 or 1, of the logistic with K = 1 */
  const float *targets;  /* (n, K), where labels is NULL: 0 or 1 of the logistic, counts */
  const float *weights;  /* (n), 0 or more; NULL: 1. A row of weight w counts as w equal rows */
} sngp_linear_problem;

enum { SNGP_LINEAR_BLOCK = 512 };

/* S = M, or M + 1 with intercepts: the parameters are (S, K), intercepts last. */
int64_t sngp_linear_side(const sngp_linear_problem *problem);

double sngp_linear_weight(const sngp_linear_problem *problem, int64_t row);

/* (K): the mean of each target over the rows and one more of weight 1, in which it is 1/2: never 0,
   nor 1 where all are 1. */
void sngp_linear_target_means(const sngp_linear_problem *problem, double *means);

/* The memory of a pass, and what the last gradient found beside it. */
typedef struct {
  const sngp_linear_problem *problem;
  sngp_pool *pool;
  int64_t side;
  double *features; /* of a block (BLOCK, S), a column of ones last with intercepts */
  double *scaled;   /* the same, each row times a number */
  double *outputs;  /* of a block (BLOCK, K) */
  double *numbers;  /* of a block (BLOCK) */
  double *rows;     /* of a block, what its rows add to sums (BLOCK, ...) */
  /* sqrt(sum w |y|^2 * sum w |phi|^2), |y|^2 being 1 for the softmax, K for the logistic: the norm
     of the likelihood's gradient, over sqrt(2), is at most that at any parameters. For counts, for
     whose gradient there is no bound, their sum of squares, or K if that is 0 over all rows. */
  double bound;
  double magnitude; /* sum of the absolute values that the objective is the sum of */
} sngp_linear_pass;

sngp_status sngp_linear_pass_create(sngp_linear_pass *pass, const sngp_linear_problem *problem,
                                    sngp_pool *pool);
void sngp_linear_pass_destroy(sngp_linear_pass *pass);

/* The objective at `parameters` (S, K) and its gradient (S, K). */
sngp_status sngp_linear_gradient(sngp_linear_pass *pass, const double *parameters, double *value,
                                 double *gradient);

/* Lower triangle of sum w phi phi^T (S, S), with intercepts' ones. Where `enough` rows are at most
   half of all, an estimate from about as many to twice as many, in blocks spread evenly over all,
   scaled to the weight of all. */
sngp_status sngp_linear_gram(sngp_linear_pass *pass, int64_t enough, double *gram);

/* Lower triangle of sum w A''(f_k) phi phi^T (S, S): output k's block of the Hessian, lambda apart.
 */
sngp_status sngp_linear_hessian(sngp_linear_pass *pass, const double *parameters, int64_t k,
                                double *hessian);

#endif
