/* A head in closed form, from embeddings to the root that predictions use, against its BLAS and
   LAPACK calls alone: the same shapes, precisions and threads, block by block, products with
   one-hot targets among them. Both run in this process, in turn. The last line is the ratio, `ratio
   N.NN`; arguments: [rows] [threads] [rounds]. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "bench.h"
#include "gp/gram.h"
#include "gp/posterior.h"
#include "gp/ridge_regression.h"
#include "linalg/blas.h"
#include "linalg/cholesky.h"
#include "mixture.h"

enum { SIZE = 1024, TARGETS = 150, BLOCK = 512, ROWS_OF_TASK = 64, MOST_ROUNDS = 100 };
static const double LAMBDA = 1;

typedef struct {
  const mixture *data;
  sngp_pool *pool;
  float *phi;      /* (BLOCK, SIZE) */
  double *scratch; /* of a block of statistics */
  double *one_hot; /* (BLOCK, TARGETS) */
  sngp_statistics statistics;
  sngp_posterior posterior;
  sngp_ridge_regression regression;
  double *lower;
  int64_t first; /* of the block at hand */
  int64_t count;
} head;

static void compute_features(void *context, int index) {
  head *h = context;
  int64_t begin = (int64_t)index * ROWS_OF_TASK, rest = h->count - begin;
  float *phi = h->phi + begin * SIZE;
  sngp_random_features_forward(&h->data->layer,
                               h->data->embeddings + (h->first + begin) * MIXTURE_INPUTS,
                               rest < ROWS_OF_TASK ? rest : ROWS_OF_TASK, phi, phi);
}

static void multiply_features(void *context, int index) {
  head *h = context;
  int64_t begin = (int64_t)index * ROWS_OF_TASK, rest = h->count - begin;
  sngp_sgemm(false, false, rest < ROWS_OF_TASK ? rest : ROWS_OF_TASK, SIZE, MIXTURE_INPUTS,
             h->data->embeddings + (h->first + begin) * MIXTURE_INPUTS, MIXTURE_INPUTS,
             h->data->weight, SIZE, 0, h->phi + begin * SIZE, SIZE);
}

static void each_block(head *h, sngp_task features, void (*sums)(head *)) {
  for (h->first = 0; h->first < h->data->rows; h->first += BLOCK) {
    int64_t rest = h->data->rows - h->first;
    h->count = rest < BLOCK ? rest : BLOCK;
    sngp_pool_run(h->pool, features, h, (int)((h->count + ROWS_OF_TASK - 1) / ROWS_OF_TASK));
    sums(h);
  }
}

static void add_statistics(head *h) {
  const sngp_target_rows rows = {
      .count = h->count, .features = h->phi, .labels = h->data->labels + h->first};
  sngp_statistics_add(&h->statistics, &rows, h->scratch, h->pool);
}

/* On whatever numbers the scratch holds: finite ones, from the other way. */
static void multiply_sums(head *h) {
  double *rows = h->scratch + h->count;
  sngp_gram_add(SIZE, 1, h->statistics.gram, SIZE, 1, rows, h->count, SIZE, h->pool);
  sngp_cross_add(SIZE, TARGETS, h->statistics.cross, 1, rows, h->count, SIZE, h->one_hot, h->pool);
}

/* Sums over rows, coefficients with centred targets, the posterior's root. */
static double time_head(head *h) {
  double start = now();
  sngp_statistics_reset(&h->statistics);
  each_block(h, compute_features, add_statistics);
  check(sngp_ridge_regression_fit(&h->regression, &h->statistics, LAMBDA, true));
  check(sngp_posterior_finish(&h->posterior, LAMBDA));
  return now() - start;
}

/* The products, one factor, two triangular solutions, the inverse of the factor. */
static double time_products(head *h) {
  sngp_statistics_reset(&h->statistics);
  double start = now(), jitter = 0;
  each_block(h, multiply_features, multiply_sums);
  check(sngp_cholesky(SIZE, h->statistics.gram, LAMBDA, h->lower, &jitter));
  sngp_solve_lower(false, SIZE, h->lower, TARGETS, h->statistics.cross);
  sngp_solve_lower(true, SIZE, h->lower, TARGETS, h->statistics.cross);
  check(sngp_invert_lower(SIZE, h->lower));
  return now() - start;
}

int main(int argc, char **argv) {
  int64_t rows = argc > 1 ? atoll(argv[1]) : 100000;
  int threads = argc > 2 ? atoi(argv[2]) : 1, rounds = argc > 3 ? atoi(argv[3]) : 3;
  if (rounds > MOST_ROUNDS) rounds = MOST_ROUNDS;
  sngp_blas_set_threads(1);
  mixture data = make_mixture(rows, SIZE, TARGETS);
  head h = {.data = &data};
  check(sngp_pool_create(threads, &h.pool));
  check(sngp_posterior_create(&h.posterior, SNGP_POSTERIOR_SHARED, SIZE, TARGETS));
  check(sngp_statistics_create(&h.statistics, SIZE, TARGETS, h.posterior.precision));
  check(sngp_ridge_regression_create(&h.regression, SIZE, TARGETS));
  h.phi = mixture_memory(BLOCK * SIZE, sizeof *h.phi);
  h.scratch =
      mixture_memory((int64_t)sngp_statistics_scratch(&h.statistics, BLOCK), sizeof *h.scratch);
  h.lower = mixture_memory(SIZE * SIZE, sizeof *h.lower);
  h.one_hot = mixture_memory(BLOCK * TARGETS, sizeof *h.one_hot);
  for (int64_t i = 0; i < BLOCK * TARGETS; i++)
    h.one_hot[i] = i % TARGETS == data.labels[i / TARGETS % rows];
  printf("%lld rows, %d inputs, %d features, %d one-hot targets, %d thread(s)\n", (long long)rows,
         MIXTURE_INPUTS, SIZE, TARGETS, threads);
  double whole[MOST_ROUNDS], products[MOST_ROUNDS], ratios[MOST_ROUNDS];
  for (int i = 0; i < rounds; i++) {
    whole[i] = time_head(&h);
    products[i] = time_products(&h);
    ratios[i] = whole[i] / products[i];
    printf("head %8.3f s   products %8.3f s\n", whole[i], products[i]);
    fflush(stdout);
  }
  printf("medians: head %.3f s, products %.3f s\nratio %.2f\n", median(whole, rounds),
         median(products, rounds), median(ratios, rounds));
  free(h.one_hot);
  free(h.lower);
  free(h.scratch);
  free(h.phi);
  sngp_ridge_regression_destroy(&h.regression);
  sngp_statistics_destroy(&h.statistics);
  sngp_posterior_destroy(&h.posterior);
  sngp_pool_free(h.pool);
  free_mixture(&data);
  return 0;
}
