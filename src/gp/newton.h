/* Linear classification on fixed features, solved to a stated gradient: by Newton's method, by
   majorised steps, or by L-BFGS preconditioned with the majoriser. The problem is convex, strictly
   so in beta for lambda > 0. */
#ifndef SNGP_GP_NEWTON_H
#define SNGP_GP_NEWTON_H

#include "gp/classification.h"

typedef enum {
  /* L-BFGS, by measurement (bench/bench_newton, 20,000 rows, 1,024 features, lambda 0.1, relative
     gradient 1e-5, two threads): one output 1.1 s in 13 iterations, against 4.0 s in 7 Newton
     steps, each of which sums the Hessian anew, and 10 s in 453 majorised ones; ten outputs 2.2 s
     in 30, against more than 36 s and 500 majorised ones. */
  SNGP_SOLVER_AUTOMATIC,
  /* One output: the exact Hessian, factored in every step, which is halved until the objective
     falls enough. */
  SNGP_SOLVER_NEWTON,
  /* Boehning's bound (Annals of the Institute of Statistical Mathematics 44, 1992): the Hessian is
     at most (I - 1 1^T / K) / 2 (Kronecker) Phi^T W Phi + lambda I, for one output Phi^T W Phi / 4
     + lambda I, everywhere. One factor serves every step and class, and the objective falls in each
     step. */
  SNGP_SOLVER_MAJORISED,
  /* Limited-memory BFGS (Nocedal, Mathematics of Computation 35, 1980), the bound's inverse in the
     place of the initial matrix, steps halved until the objective falls enough. */
  SNGP_SOLVER_LBFGS
} sngp_solver;

typedef struct {
  sngp_solver solver;
  double tolerance; /* stop where the norm of the gradient is at most tolerance * sqrt(sum w * sum w
                       |phi|^2), intercepts' ones among phi: relative to a bound of the gradient at
                       any parameters, whatever the start */
  int64_t max_iterations;
} sngp_newton_settings;

typedef struct {
  double value;    /* the objective */
  double gradient; /* its norm, relative as above */
  int64_t iterations;
  int64_t passes; /* over the rows */
  bool converged; /* false: max_iterations, or no step that lowers the objective any more */
} sngp_newton_result;

/* From `parameters` (S, K), zeros or a solution nearby, to the optimum, which replaces them; on
   failure they stay. Memory is O(S^2 + S K), and that of a pass; nothing of the size of the rows.
   `progress` (or NULL) is called with the objective after every iteration. */
sngp_status sngp_newton_solve(const sngp_classification *problem,
                              const sngp_newton_settings *settings, sngp_pool *pool,
                              void (*progress)(void *context, double value), void *context,
                              double *parameters, sngp_newton_result *result);

#endif
