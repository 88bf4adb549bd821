/* Linear models on fixed features, solved to a stated gradient: by Newton's method, by majorised
   steps, or by preconditioned L-BFGS. The problem is convex, strictly so in beta for lambda > 0. */
#ifndef SNGP_GP_NEWTON_H
#define SNGP_GP_NEWTON_H

#include "gp/linear_problem.h"

typedef enum {
  /* L-BFGS, by measurement (bench/bench_newton, 20,000 rows, 1,024 features, lambda 0.1, relative
     gradient 1e-5, two threads): two classes 0.4 s in 22 iterations, against 2.5 s in 7 Newton
     steps, each of which sums the Hessian anew; counts 0.3 s in 14, against 1.7 s in 5; ten labels
     0.5 s in 11, against 16 s in 4; ten classes 0.7 s in 23; 150 classes 3.8 s in 17. Majorised
     steps take hundreds. */
  SNGP_DESCENT_AUTOMATIC,
  /* Separable likelihoods: the exact Hessian of each output, summed in a pass of its own and
     factored in every step, which is halved until the objective falls enough. */
  SNGP_DESCENT_NEWTON,
  /* The bound of SNGP_PRECONDITIONER_BOUND in the Hessian's place: one factor serves every step and
     output, and the objective falls in each step. Not for the Poisson likelihood. */
  SNGP_DESCENT_MAJORISED,
  /* Limited-memory BFGS (Nocedal, Mathematics of Computation 35, 1980), the inverse of
     SNGP_PRECONDITIONER_VARIANCE in the place of the initial matrix, steps halved until the
     objective falls enough. */
  SNGP_DESCENT_LBFGS
} sngp_descent;

typedef struct {
  sngp_descent solver;
  double tolerance; /* stop where the norm of the gradient is at most tolerance * `bound` of
                       sngp_linear_pass, whatever the start; rounding allows 1e-12 and less */
  int64_t max_iterations;
} sngp_newton_settings;

typedef struct {
  double value;    /* the objective */
  double gradient; /* its norm, relative as above */
  int64_t iterations;
  int64_t passes; /* over the rows */
  bool converged; /* false: max_iterations, or no step that lowers the objective any more */
} sngp_newton_result;

/* Called after every iteration with what is reached, where it is not NULL; a status other than
   SNGP_OK ends the solution, which fails with it. */
typedef sngp_status (*sngp_newton_progress)(void *context, const sngp_newton_result *reached);

/* From `parameters` (S, K), zeros or a solution nearby, to the optimum, which replaces them; on
   failure they stay. Memory is O(S^2 + S K), and that of a pass; nothing of the size of the rows.
 */
sngp_status sngp_newton_solve(const sngp_linear_problem *problem,
                              const sngp_newton_settings *settings, sngp_pool *pool,
                              sngp_newton_progress progress, void *context, double *parameters,
                              sngp_newton_result *result);

#endif
