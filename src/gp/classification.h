/* Linear classification on fixed features: the penalised negative log-likelihood, its gradient and
   sums over rows with the weights of its Hessian, in passes over the rows block by block. Double
   precision; nothing depends on the pool. */
#ifndef SNGP_GP_CLASSIFICATION_H
#define SNGP_GP_CLASSIFICATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/parallel.h"
#include "base/status.h"

/* Minimise sum_n w_n NLL_n + lambda / 2 |beta|^2 over beta (M, K) and, where there are any,
   intercepts (K), which are not penalised: classes need not be equally frequent. With one output
   the likelihood is the logistic p = 1 / (1 + exp(-f)) of label 1 among 0 and 1, else the softmax.
 */
typedef struct {
  int64_t rows;        /* n */
  int64_t size;        /* M */
  int64_t num_outputs; /* K */
  bool intercept;
  double lambda;
  /* Features of rows [first, first + count), (count, M), good until the next call; count is at most
     SNGP_CLASSIFICATION_BLOCK. What fails here ends the pass with its status. */
  sngp_status (*read)(void *context, int64_t first, int64_t count, const float **features);
  void *context;
  const float *features; /* (n, M), where read is NULL */
  const int32_t *labels;
  const float *weights; /* NULL: 1 */
} sngp_classification;

enum { SNGP_CLASSIFICATION_BLOCK = 512 };

/* S = M, or M + 1 with intercepts: the parameters are (S, K), intercepts last. */
int64_t sngp_classification_side(const sngp_classification *problem);

/* The memory of a pass. */
typedef struct {
  const sngp_classification *problem;
  sngp_pool *pool;
  int64_t side;
  double *features; /* of a block (BLOCK, S), a column of ones last with intercepts */
  double *scaled;   /* the same, each row times a number */
  double *outputs;  /* of a block (BLOCK, K) */
  double *numbers;  /* of a block (BLOCK) */
  double *squares;  /* w |phi|^2 of a block (BLOCK) */
  double bound;     /* sqrt(sum w * sum w |phi|^2), from the first gradient on: the norm of the
                       likelihood's gradient, over sqrt(2), is at most that at any parameters */
} sngp_classification_pass;

sngp_status sngp_classification_pass_create(sngp_classification_pass *pass,
                                            const sngp_classification *problem, sngp_pool *pool);
void sngp_classification_pass_destroy(sngp_classification_pass *pass);

/* The objective at `parameters` (S, K) and its gradient (S, K). */
sngp_status sngp_classification_gradient(sngp_classification_pass *pass, const double *parameters,
                                         double *value, double *gradient);

/* Lower triangle of sum w phi phi^T (S, S), with intercepts' ones. */
sngp_status sngp_classification_gram(sngp_classification_pass *pass, double *gram);

/* Lower triangle of sum w p (1 - p) phi phi^T (S, S): the Hessian of one output, lambda apart. */
sngp_status sngp_classification_logistic_hessian(sngp_classification_pass *pass,
                                                 const double *parameters, double *hessian);

/* The three parts of a pass, for other sums. First: features of a block. */
sngp_status sngp_classification_read(sngp_classification_pass *pass, int64_t first, int64_t count);
/* Then: outputs = probabilities (count, K), of class 1 where K is 1. */
void sngp_classification_probabilities(sngp_classification_pass *pass, const double *parameters,
                                       int64_t count);
/* Then: lower triangle of G (size, size), with a stride, += sign sum numbers_n phi_n phi_n^T over
   the first `size` columns, the numbers 0 or more. */
void sngp_classification_add_gram(sngp_classification_pass *pass, int64_t count, int64_t size,
                                  double sign, double *gram, int64_t stride);
double sngp_classification_weight(const sngp_classification *problem, int64_t row);

#endif
