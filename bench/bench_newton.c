/* Heads for classification by each solver, to a stated gradient, on random features of random
   embeddings whose labels are those of a mixture. Each line: seconds, iterations, passes over the
   rows, the objective. Arguments: [rows] [features] [tolerance] [threads]. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/parallel.h"
#include "bench.h"
#include "gp/newton.h"
#include "linalg/blas.h"
#include "mixture.h"

static const int64_t CLASSES[] = {1, 10, 150};
enum { NUM_CLASSES = sizeof CLASSES / sizeof *CLASSES, MOST_ITERATIONS = 500 };
static const double LAMBDAS[] = {0.1, 1};
enum { NUM_LAMBDAS = sizeof LAMBDAS / sizeof *LAMBDAS };
static const char *const NAMES[] = {"automatic", "Newton", "majorised", "L-BFGS"};

static void time_solver(const sngp_classification *problem, sngp_solver solver, double tolerance,
                        sngp_pool *pool) {
  const sngp_newton_settings settings = {solver, tolerance, MOST_ITERATIONS};
  size_t count = (size_t)(sngp_classification_side(problem) * problem->num_outputs);
  double *parameters = calloc(count, sizeof *parameters);
  if (parameters == NULL) exit(1);
  sngp_newton_result result;
  double start = now();
  check(sngp_newton_solve(problem, &settings, pool, NULL, NULL, parameters, &result));
  printf("%7lld  %6g  %-9s  %8.2f  %10lld  %6lld  %12.4f%s\n", (long long)problem->num_outputs,
         problem->lambda, NAMES[solver], now() - start, (long long)result.iterations,
         (long long)result.passes, result.value, result.converged ? "" : "  (not converged)");
  fflush(stdout);
  free(parameters);
}

int main(int argc, char **argv) {
  int64_t rows = argc > 1 ? atoll(argv[1]) : 10000, size = argc > 2 ? atoll(argv[2]) : 1024;
  double tolerance = argc > 3 ? atof(argv[3]) : 1e-6;
  int threads = argc > 4 ? atoi(argv[4]) : 1;
  sngp_blas_set_threads(1);
  sngp_pool *pool = NULL;
  check(sngp_pool_create(threads, &pool));
  printf("%lld rows, %lld features, tolerance %g, %d thread(s)\n", (long long)rows, (long long)size,
         tolerance, threads);
  printf("outputs  lambda  solver      seconds  iterations  passes     objective\n");
  for (int c = 0; c < NUM_CLASSES; c++) {
    mixture data = make_mixture(rows, size, CLASSES[c] == 1 ? 2 : (int32_t)CLASSES[c]);
    for (int l = 0; l < NUM_LAMBDAS; l++) {
      const sngp_classification problem = {.rows = rows,
                                           .size = size,
                                           .num_outputs = CLASSES[c],
                                           .intercept = true,
                                           .lambda = LAMBDAS[l],
                                           .features = data.features,
                                           .labels = data.labels};
      for (int s = CLASSES[c] == 1 ? SNGP_SOLVER_NEWTON : SNGP_SOLVER_MAJORISED;
           s <= SNGP_SOLVER_LBFGS; s++)
        time_solver(&problem, (sngp_solver)s, tolerance, pool);
    }
    free_mixture(&data);
  }
  sngp_pool_free(pool);
  return 0;
}
