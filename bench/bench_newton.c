/* Linear heads of every likelihood by each solver, to a stated gradient, on random features of
   random embeddings. Each line: seconds, iterations, passes over the rows, the objective.
   Arguments: [rows] [features] [tolerance] [threads] [solver] [head] [folder], the last three "all"
   by default. Where a folder is given, features, and labels or targets, are written there as
   features.npy and targets.npy, for other programs to solve the same problem. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "bench.h"
#include "gp/newton.h"
#include "linalg/blas.h"
#include "mixture.h"

typedef struct {
  const char *name;
  sngp_linear_likelihood likelihood;
  int32_t classes;     /* of the mixture */
  int64_t num_outputs; /* of the head */
  double offset;       /* of targets' natural parameters: how rare they are */
} head;

static const head HEADS[] = {
    {"two classes", SNGP_LINEAR_LOGISTIC, 2, 1, 0},
    {"10 classes", SNGP_LINEAR_SOFTMAX, 10, 10, 0},
    {"150 classes", SNGP_LINEAR_SOFTMAX, 150, 150, 0},
    {"10 labels", SNGP_LINEAR_LOGISTIC, 10, 10, 0},
    {"10 rare labels", SNGP_LINEAR_LOGISTIC, 10, 10, -4},
    {"counts", SNGP_LINEAR_POISSON, 10, 1, 1},
    {"large counts", SNGP_LINEAR_POISSON, 10, 1, 5},
    {"10 counts", SNGP_LINEAR_POISSON, 10, 10, 0},
};
enum { NUM_HEADS = sizeof HEADS / sizeof *HEADS, MOST_ITERATIONS = 500 };
static const double LAMBDAS[] = {0.1, 1};
enum { NUM_LAMBDAS = sizeof LAMBDAS / sizeof *LAMBDAS };
static const char *const NAMES[] = {"automatic", "Newton", "majorised", "L-BFGS"};

/* A count of the given rate: products of uniforms (Knuth, The Art of Computer Programming, volume
   2, section 3.4.1), large rates by the normal distribution. */
static float draw_count(uint64_t *state, float rate) {
  if (rate > 30) return fmaxf(0, roundf(rate + sqrtf(rate) * mixture_normal(state)));
  float count = 0, least = expf(-rate), product = mixture_uniform(state);
  for (; product > least; product *= mixture_uniform(state)) count++;
  return count;
}

/* Labels and counts whose logits are linear in the embeddings, with variance 1 but for the means of
   the mixture, about an offset that differs from output to output. */
static float *make_targets(const mixture *data, const head *kind) {
  int64_t width = kind->num_outputs;
  uint64_t state = 7;
  float *targets = mixture_memory(data->rows * width, sizeof *targets);
  float *slopes = mixture_memory(MIXTURE_INPUTS * width, sizeof *slopes);
  for (int64_t j = 0; j < MIXTURE_INPUTS * width; j++)
    slopes[j] = mixture_normal(&state) / sqrtf(MIXTURE_INPUTS);
  for (int64_t i = 0; i < data->rows; i++)
    for (int64_t k = 0; k < width; k++) {
      float f = (float)kind->offset + 0.2f * (float)k;
      for (int64_t j = 0; j < MIXTURE_INPUTS; j++)
        f += data->embeddings[i * MIXTURE_INPUTS + j] * slopes[j * width + k];
      targets[i * width + k] = kind->likelihood == SNGP_LINEAR_POISSON
                                   ? draw_count(&state, expf(f))
                                   : (mixture_uniform(&state) < 1 / (1 + expf(-f)) ? 1.0f : 0.0f);
    }
  free(slopes);
  return targets;
}

static void time_solver(const head *kind, const sngp_linear_problem *problem, sngp_descent solver,
                        double tolerance, sngp_pool *pool) {
  const sngp_newton_settings settings = {solver, tolerance, MOST_ITERATIONS};
  size_t count = (size_t)(sngp_linear_side(problem) * problem->num_outputs);
  double *parameters = calloc(count, sizeof *parameters);
  if (parameters == NULL) exit(1);
  sngp_newton_result result;
  double start = now();
  sngp_status status = sngp_newton_solve(problem, &settings, pool, NULL, NULL, parameters, &result);
  free(parameters);
  if (status == SNGP_ERROR_UNSUPPORTED) return;
  check(status);
  printf("%-14s  %6g  %-9s  %8.2f  %10lld  %6lld  %14.4f%s\n", kind->name, problem->lambda,
         NAMES[solver], now() - start, (long long)result.iterations, (long long)result.passes,
         result.value, result.converged ? "" : "  (not converged)");
  fflush(stdout);
}

/* An NPY file, version 1.0: values of `type`, such as "<f4", in rows. */
static void write_npy(const char *folder, const char *name, const char *type, int64_t rows,
                      int64_t cols, const void *values, size_t size) {
  enum { PREFIX = 10, HEADER = 118 }; /* together a multiple of 64 */
  char path[4096], header[HEADER + 1];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  int length = snprintf(header, sizeof header,
                        "{'descr': '%s', 'fortran_order': False, 'shape': (%lld, %lld), }", type,
                        (long long)rows, (long long)cols);
  memset(header + length, ' ', (size_t)(HEADER - 1 - length));
  header[HEADER - 1] = '\n';
  fwrite("\x93NUMPY\x01\x00\x76\x00", 1, PREFIX, file);
  fwrite(header, 1, HEADER, file);
  fwrite(values, size, (size_t)(rows * cols), file);
  if (fclose(file) != 0) exit(1);
}

static void write_problem(const char *folder, const sngp_linear_problem *problem) {
  write_npy(folder, "features.npy", "<f4", problem->rows, problem->size, problem->features,
            sizeof(float));
  if (problem->labels != NULL)
    write_npy(folder, "targets.npy", "<i4", problem->rows, 1, problem->labels, sizeof(int32_t));
  else
    write_npy(folder, "targets.npy", "<f4", problem->rows, problem->num_outputs, problem->targets,
              sizeof(float));
}

typedef struct {
  int64_t rows, size;
  double tolerance;
  const char *solver, *head, *folder; /* NULL: all, all, none */
} selection;

static bool is_chosen(const char *wanted, const char *name) {
  return wanted == NULL || strcmp(wanted, "all") == 0 || strcmp(wanted, name) == 0;
}

static void time_head(const head *kind, const selection *chosen, sngp_pool *pool) {
  mixture data = make_mixture(chosen->rows, chosen->size, kind->classes);
  bool labelled = kind->num_outputs == 1 || kind->likelihood == SNGP_LINEAR_SOFTMAX;
  labelled = labelled && kind->likelihood != SNGP_LINEAR_POISSON;
  float *targets = labelled ? NULL : make_targets(&data, kind);
  sngp_linear_problem problem = {.rows = chosen->rows,
                                 .size = chosen->size,
                                 .num_outputs = kind->num_outputs,
                                 .likelihood = kind->likelihood,
                                 .intercept = true,
                                 .features = data.features,
                                 .labels = labelled ? data.labels : NULL,
                                 .targets = targets};
  if (chosen->folder != NULL) write_problem(chosen->folder, &problem);
  for (int l = 0; l < NUM_LAMBDAS; l++) {
    problem.lambda = LAMBDAS[l];
    for (int s = SNGP_DESCENT_NEWTON; s <= SNGP_DESCENT_LBFGS; s++)
      if (is_chosen(chosen->solver, NAMES[s]))
        time_solver(kind, &problem, (sngp_descent)s, chosen->tolerance, pool);
  }
  free(targets);
  free_mixture(&data);
}

int main(int argc, char **argv) {
  const selection chosen = {.rows = argc > 1 ? atoll(argv[1]) : 10000,
                            .size = argc > 2 ? atoll(argv[2]) : 1024,
                            .tolerance = argc > 3 ? atof(argv[3]) : 1e-6,
                            .solver = argc > 5 ? argv[5] : NULL,
                            .head = argc > 6 ? argv[6] : NULL,
                            .folder = argc > 7 ? argv[7] : NULL};
  int threads = argc > 4 ? atoi(argv[4]) : 1;
  sngp_blas_set_threads(1);
  sngp_pool *pool = NULL;
  check(sngp_pool_create(threads, &pool));
  printf("%lld rows, %lld features, tolerance %g, %d thread(s)\n", (long long)chosen.rows,
         (long long)chosen.size, chosen.tolerance, threads);
  printf("head            lambda  solver      seconds  iterations  passes       objective\n");
  for (int h = 0; h < NUM_HEADS; h++)
    if (is_chosen(chosen.head, HEADS[h].name)) time_head(HEADS + h, &chosen, pool);
  sngp_pool_free(pool);
  return 0;
}
