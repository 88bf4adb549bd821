/* A head in closed form, from embeddings to a model that predicts, by sngp_head_fit(), against its
   BLAS and LAPACK calls alone: the same shapes, precisions and threads, block by block, products
   with one-hot targets among them. Both run in this process, in turn. The last line is the ratio,
   `ratio N.NN`; arguments: [rows] [threads] [rounds]. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "bench.h"
#include "gp/gram.h"
#include "gp/statistics.h"
#include "linalg/blas.h"
#include "linalg/cholesky.h"
#include "mixture.h"
#include "sngp/sngp.h"

enum { SIZE = 1024, TARGETS = 150, BLOCK = 512, ROWS_OF_TASK = 64, MOST_ROUNDS = 100 };
static const double LAMBDA = 1;

typedef struct {
  const mixture *data;
  sngp_pool *pool;
  float *phi;      /* (BLOCK, SIZE) */
  double *scratch; /* of a block of statistics */
  double *one_hot; /* (BLOCK, TARGETS) */
  sngp_statistics statistics;
  double *lower;
  sngp_dataset *rows;
  sngp_model_config config;
  sngp_head_fit_config fit;
  int64_t first; /* of the block at hand */
  int64_t count;
} head;

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

static void multiply_sums(head *h) {
  double *rows = h->scratch + h->count;
  sngp_gram_add(SIZE, 1, h->statistics.gram, SIZE, 1, rows, h->count, SIZE, h->pool);
  sngp_cross_add(SIZE, TARGETS, h->statistics.cross, 1, rows, h->count, SIZE, h->one_hot, h->pool);
}

/* The library's own way, from embeddings to a model that predicts. */
static double time_head(head *h) {
  sngp_model *model = NULL;
  check(sngp_model_create(&h->config, &model));
  double start = now();
  check(sngp_head_fit(model, h->rows, &h->fit, NULL));
  double seconds = now() - start;
  sngp_model_free(model);
  return seconds;
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

/* Nothing is chosen: ridge and kernel scale are given. */
static void prepare_fit(head *h, int64_t rows, int threads) {
  check(sngp_dataset_borrow(h->data->embeddings, rows, MIXTURE_INPUTS, 0, h->data->labels, TARGETS,
                            &h->rows));
  check(sngp_model_config_init(&h->config, sizeof h->config));
  h->config.input_dim = MIXTURE_INPUTS;
  h->config.num_classes = TARGETS;
  h->config.backbone = SNGP_BACKBONE_NONE;
  h->config.normalize_input = SNGP_NORMALIZE_NONE;
  h->config.standardize_inputs = 0;
  h->config.kernel_scale = MIXTURE_INPUTS;
  h->config.num_random_features = SIZE;
  check(sngp_head_fit_config_init(&h->fit, sizeof h->fit));
  h->fit.num_threads = threads;
  h->fit.solver = SNGP_SOLVER_CLOSED_FORM;
  h->fit.selection = SNGP_SELECTION_NONE;
  h->fit.calibrate = 0;
}

int main(int argc, char **argv) {
  int64_t rows = argc > 1 ? atoll(argv[1]) : 100000;
  int threads = argc > 2 ? atoi(argv[2]) : 1, rounds = argc > 3 ? atoi(argv[3]) : 3;
  if (rounds > MOST_ROUNDS) rounds = MOST_ROUNDS;
  sngp_blas_set_threads(1);
  mixture data = make_mixture(rows, SIZE, TARGETS);
  head h = {.data = &data};
  check(sngp_pool_create(threads, &h.pool));
  check(sngp_statistics_create(&h.statistics, SIZE, TARGETS, NULL));
  prepare_fit(&h, rows, threads);
  h.phi = mixture_memory(BLOCK * SIZE, sizeof *h.phi);
  h.scratch =
      mixture_memory((int64_t)sngp_statistics_scratch(&h.statistics, BLOCK), sizeof *h.scratch);
  h.lower = mixture_memory(SIZE * SIZE, sizeof *h.lower);
  h.one_hot = mixture_memory(BLOCK * TARGETS, sizeof *h.one_hot);
  for (size_t i = 0; i < sngp_statistics_scratch(&h.statistics, BLOCK); i++)
    h.scratch[i] = (double)data.features[i % (size_t)SIZE];
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
  sngp_statistics_destroy(&h.statistics);
  sngp_dataset_free(h.rows);
  sngp_pool_free(h.pool);
  free_mixture(&data);
  return 0;
}
