/* One optimizer step of the tutorial's SNGP against its matrix products alone.

   Both run in this process, in turn, on the same slices of the batch with the same number of
   threads and one-thread BLAS. The step does everything that training does but the precision
   matrix: spectral projection, gathering, dropout, cosines, loss, L2 term, Adam. The last line is
   the ratio for two threads, `ratio N.NN`; arguments: [rounds] [steps per round]. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "linalg/blas.h"
#include "sngp/sngp.h"
#include "train/trainer.h"

enum { BATCH = 128, HIDDEN = 128, LAYERS = 6, FEATURES = 1024, INPUTS = 2, CLASSES = 2 };
enum { MOST_ROUNDS = 1000 };

/* C (m, n) = op(A) op(B), inner dimension k; ROWS stands for the rows of a slice. */
enum { ROWS = -1 };
typedef struct {
  const char *what;
  int times;
  int transpose_a, transpose_b;
  int64_t m, n, k;
} product;

/* The gradient of the frozen input layer's output is not needed: five products with W^T, not six.
 */
static const product PRODUCTS[] = {
    {"input layer, forward", 1, 0, 0, ROWS, HIDDEN, INPUTS},
    {"blocks, forward", LAYERS, 0, 0, ROWS, HIDDEN, HIDDEN},
    {"random features, forward", 1, 0, 0, ROWS, FEATURES, HIDDEN},
    {"output, forward", 1, 0, 0, ROWS, CLASSES, FEATURES},
    {"output, gradient of its weights", 1, 1, 0, FEATURES, CLASSES, ROWS},
    {"output, gradient of the features", 1, 0, 1, ROWS, FEATURES, CLASSES},
    {"random features, gradient of their input", 1, 0, 1, ROWS, HIDDEN, FEATURES},
    {"blocks, gradients of their weights", LAYERS, 1, 0, HIDDEN, HIDDEN, ROWS},
    {"blocks, gradients of their inputs", LAYERS - 1, 0, 1, ROWS, HIDDEN, HIDDEN},
};
enum { NUM_PRODUCTS = sizeof PRODUCTS / sizeof *PRODUCTS };

/* Operands: every call of a product has its own, as in the network. */
enum { LARGEST_OPERAND = BATCH * FEATURES };
typedef struct {
  int slices;
  float *a, *b, *c; /* per slice and call, each LARGEST_OPERAND */
} operands;
enum { CALLS = 1 + LAYERS + 1 + 1 + 1 + 1 + 1 + LAYERS + (LAYERS - 1) };

static int64_t or_rows(int64_t size, int64_t rows) { return size == ROWS ? rows : size; }

static void multiply_slice(void *context, int index) {
  const operands *all = context;
  int64_t begin = 0, end = 0;
  sngp_slice(BATCH, index, all->slices, &begin, &end);
  int64_t rows = end - begin;
  size_t at = (size_t)index * CALLS * LARGEST_OPERAND;
  for (int p = 0; p < NUM_PRODUCTS; p++) {
    const product *q = &PRODUCTS[p];
    int64_t m = or_rows(q->m, rows), n = or_rows(q->n, rows), k = or_rows(q->k, rows);
    for (int i = 0; i < q->times; i++, at += LARGEST_OPERAND)
      sngp_sgemm(q->transpose_a, q->transpose_b, m, n, k, all->a + at, q->transpose_a ? m : k,
                 all->b + at, q->transpose_b ? k : n, 0, all->c + at, n);
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, compare);
  return values[count / 2];
}

static void check(sngp_status status) {
  if (status == SNGP_OK) return;
  fprintf(stderr, "bench_train_step: %s\n", sngp_last_error());
  exit(1);
}

static double print_products(void) {
  double total = 0;
  printf(
      "Matrix products of a step (batch %d; with several threads each takes its share of rows):\n",
      BATCH);
  for (int p = 0; p < NUM_PRODUCTS; p++) {
    const product *q = &PRODUCTS[p];
    int64_t m = or_rows(q->m, BATCH), n = or_rows(q->n, BATCH), k = or_rows(q->k, BATCH);
    double mflop = 2e-6 * (double)(q->times * m * n * k);
    total += mflop;
    printf("  %d x (%4lld x %4lld) = (%4lld x %4lld)(%4lld x %4lld)  %7.2f MFLOP  %s\n", q->times,
           (long long)m, (long long)n, (long long)m, (long long)k, (long long)k, (long long)n,
           mflop, q->what);
  }
  double spared = 2e-6 * BATCH * HIDDEN * HIDDEN;
  printf(
      "  together %.1f MFLOP (%.1f with the sixth gradient of a block's input, which a frozen "
      "input "
      "layer spares)\n",
      total, total + spared);
  return total;
}

/* The median over rounds of the ratio, each round timing steps, then products alone. */
static double measure(int threads, int rounds, int steps, double mflop) {
  sngp_model_config config;
  check(sngp_model_config_init(&config, sizeof config));
  check(sngp_model_config_preset(&config, SNGP_PRESET_TUTORIAL));
  config.input_dim = INPUTS;
  config.num_classes = CLASSES;
  sngp_model *model = NULL;
  sngp_optimizer *adam = NULL;
  sngp_dataset *moons = NULL;
  sngp_trainer *trainer = NULL;
  check(sngp_model_create(&config, &model));
  check(sngp_optimizer_create(NULL, &adam));
  check(sngp_dataset_two_moons(BATCH, 0.1, 1, &moons));
  check(sngp_trainer_create(model, adam, BATCH, threads, &trainer));

  size_t size = (size_t)threads * CALLS * LARGEST_OPERAND;
  operands all = {threads, sngp_allocate(size, sizeof(float)), sngp_allocate(size, sizeof(float)),
                  sngp_allocate(size, sizeof(float))};
  if (all.a == NULL || all.b == NULL || all.c == NULL) check(sngp_fail_memory("operands"));
  for (size_t i = 0; i < size; i++) all.a[i] = all.b[i] = (float)(i % 17) * 0.01f;

  static double step_times[MOST_ROUNDS], product_times[MOST_ROUNDS], ratios[MOST_ROUNDS];
  for (int round = -1; round < rounds; round++) { /* the first one warms up */
    double start = now();
    for (int i = 0; i < steps; i++) sngp_trainer_step(trainer, moons, NULL, BATCH, 1e-4, NULL);
    double middle = now();
    for (int i = 0; i < steps; i++)
      sngp_pool_run(sngp_trainer_pool(trainer), multiply_slice, &all, threads);
    double end = now();
    if (round < 0) continue;
    step_times[round] = (middle - start) / steps;
    product_times[round] = (end - middle) / steps;
    ratios[round] = step_times[round] / product_times[round];
  }
  double ratio = median(ratios, rounds), alone = median(product_times, rounds);
  printf("%d thread%s: step %.0f us, products alone %.0f us (%.0f GFLOP/s), ratio %.2f\n", threads,
         threads == 1 ? " " : "s", 1e6 * median(step_times, rounds), 1e6 * alone,
         1e-3 * mflop / alone, ratio);

  sngp_release(all.a);
  sngp_release(all.b);
  sngp_release(all.c);
  sngp_trainer_free(trainer);
  sngp_dataset_free(moons);
  sngp_optimizer_free(adam);
  sngp_model_free(model);
  return ratio;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 40, steps = argc > 2 ? atoi(argv[2]) : 25;
  if (rounds < 1 || rounds > MOST_ROUNDS || steps < 1) {
    fprintf(stderr, "usage: bench_train_step [rounds, 1 to %d] [steps per round]\n", MOST_ROUNDS);
    return 2;
  }
  check(sngp_set_blas_threads(1));
  printf("%s\n", sngp_build_info());
  double mflop = print_products();
  measure(1, rounds, steps, mflop);
  printf("ratio %.2f\n", measure(2, rounds, steps, mflop));
  return 0;
}
