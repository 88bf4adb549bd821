/* What stands for the Hessian of a linear model wherever its parameters are: c Phi^T W Phi +
   lambda I for each output, W the rows' weights and c a number for their variances A''. */
#ifndef SNGP_GP_PRECONDITIONER_H
#define SNGP_GP_PRECONDITIONER_H

#include "gp/linear_problem.h"

typedef enum {
  /* c such that the Hessian is never above it: 1/2 for the softmax, on parameters whose mean over
     the classes is 0, and 1/4 for the logistic (Boehning, Annals of the Institute of Statistical
     Mathematics 44, 1992). There is none for the Poisson. */
  SNGP_PRECONDITIONER_BOUND,
  /* c near the variance of each output's targets: what the Hessian is where features say little. It
     is far below the bound where classes are many or rare. Outputs of similar variance share a
     factor; those of the softmax all do, since their parameters are to keep their mean. Of many
     rows a part is enough for the sum. */
  SNGP_PRECONDITIONER_VARIANCE
} sngp_preconditioner_kind;

typedef struct {
  const sngp_linear_problem *problem;
  int64_t side;
  int num_groups;     /* of outputs that share a factor */
  int64_t enough;     /* rows for the sum */
  double least, most; /* c; groups divide the interval between them evenly on a logarithmic scale */
  double *memory;
  double *gram;      /* (S, S) */
  double *lower;     /* (num_groups, S, S): Cholesky factors */
  double *variances; /* (K) */
  double *columns;   /* (S, K), of a group */
} sngp_preconditioner;

/* Memory is O(S^2 + S K). */
sngp_status sngp_preconditioner_create(sngp_preconditioner *made,
                                       const sngp_linear_problem *problem,
                                       sngp_preconditioner_kind kind);
void sngp_preconditioner_destroy(sngp_preconditioner *preconditioner);

/* Sums and factors, in one pass over the rows. */
sngp_status sngp_preconditioner_factor(sngp_preconditioner *preconditioner, sngp_linear_pass *pass);

/* vector (S, K) becomes the matrices' inverses times its columns. */
void sngp_preconditioner_solve(const sngp_preconditioner *preconditioner, double *vector);

/* L L^T = factor * matrix + lambda I, lambda on the features alone; `matrix` (S, S) changes. */
sngp_status sngp_factor_penalised(const sngp_linear_problem *problem, double factor, double *matrix,
                                  double *lower);

#endif
