/* One optimizer step of the tutorial's SNGP against its matrix products alone.

   Both run in this process, in turn, on the same slices of the batch with the same number of
   threads and one-thread BLAS. The step does everything that training does but the precision
   matrix: spectral projection, gathering, dropout, cosines, loss, L2 term, Adam. The last line is
   the ratio for two threads, `ratio N.NN`; arguments: [rounds] [steps per round]. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "bench.h"
#include "linalg/blas.h"
#include "model/model.h"
#include "nn/loss.h"
#include "sngp/sngp.h"
#include "train/trainer.h"

enum { BATCH = 128, INPUTS = 2, CLASSES = 2 };
enum { MOST_ROUNDS = 1000, MOST_PRODUCTS = 64, MOST_THREADS = 2 };

/* C (m, n) = op(A) op(B) + beta C, inner dimension k. */
typedef struct {
  const char *what;
  bool transpose_a, transpose_b;
  int64_t m, n, k;
  const float *a, *b;
  float beta;
  float *c;
} product;

typedef struct {
  int count;
  product calls[MOST_PRODUCTS];
} product_list;

static void add(product_list *list, product call) { list->calls[list->count++] = call; }

/* The products of a step for a slice of `rows` rows, in its order, on the memory of a pass laid out
   as in training. The frozen input layer needs no gradient, so the first block's input needs none.
 */
static product_list list_products(const sngp_network *network, const sngp_pass *pass,
                                  int64_t rows) {
  const int64_t inputs = network->inputs, hidden = network->hidden, layers = network->num_layers;
  const int64_t features = network->features.num_features, classes = network->num_outputs;
  const float *w_random = network->features.weight, *w_out = network->output.weight;
  float *h = pass->h, *z = pass->z, *gradient = pass->gradient;
  int64_t plane = pass->rows * hidden;
  product_list list = {0};
  add(&list, (product){"input layer, forward", false, false, rows, hidden, inputs, pass->x,
                       network->input.weight, 0, h});
  for (int64_t i = 0; i < layers; i++)
    add(&list, (product){"blocks, forward", false, false, rows, hidden, hidden, h + i * plane,
                         network->blocks[i].dense.weight, 0, z});
  add(&list, (product){"random features, forward", false, false, rows, features, hidden, pass->g,
                       w_random, 0, pass->angles});
  add(&list, (product){"output, forward", false, false, rows, classes, features, pass->phi, w_out,
                       0, pass->logits});
  add(&list, (product){"output, gradient of its weights", true, false, features, classes, rows,
                       pass->phi, pass->logits, 0, gradient + (w_out - network->trainable)});
  add(&list, (product){"output, gradient of the features", false, true, rows, features, classes,
                       pass->logits, w_out, 0, pass->phi});
  add(&list, (product){"random features, gradient of their input", false, true, rows, hidden,
                       features, pass->phi, w_random, 0, pass->dh});
  for (int64_t i = layers - 1; i >= 0; i--) {
    const float *weight = network->blocks[i].dense.weight;
    add(&list, (product){"blocks, gradients of their weights", true, false, hidden, hidden, rows,
                         h + i * plane, z, 0, gradient + (weight - network->trainable)});
    if (i > 0)
      add(&list, (product){"blocks, gradients of their inputs", false, true, rows, hidden, hidden,
                           z, weight, 1, pass->dh});
  }
  return list;
}

static void multiply_slice(void *context, int index) {
  const product_list *list = (const product_list *)context + index;
  for (const product *p = list->calls; p < list->calls + list->count; p++)
    sngp_sgemm(p->transpose_a, p->transpose_b, p->m, p->n, p->k, p->a, p->transpose_a ? p->m : p->k,
               p->b, p->transpose_b ? p->k : p->n, p->beta, p->c, p->n);
}

/* Calls of one kind on a line; returns their MFLOP together. */
static double print_products(const product_list *list) {
  double total = 0;
  printf(
      "Matrix products of a step (batch %d; with several threads each takes its share of rows):\n",
      BATCH);
  for (int i = 0; i < list->count; i++) {
    const product *p = &list->calls[i];
    int times = 0, seen = 0;
    for (int j = 0; j < list->count; j++) {
      if (strcmp(list->calls[j].what, p->what) != 0) continue;
      times++;
      if (j < i) seen = 1;
    }
    if (seen) continue;
    double mflop = 2e-6 * (double)(times * p->m * p->n * p->k);
    total += mflop;
    printf("  %d x (%4lld x %4lld) = (%4lld x %4lld)(%4lld x %4lld)  %6.2f MFLOP  %s\n", times,
           (long long)p->m, (long long)p->n, (long long)p->m, (long long)p->k, (long long)p->k,
           (long long)p->n, mflop, p->what);
  }
  return total;
}

typedef struct {
  sngp_model *model;
  sngp_optimizer *adam;
  sngp_dataset *moons;
} subject;

static subject create(void) {
  subject made = {NULL, NULL, NULL};
  sngp_model_config config;
  check(sngp_model_config_init(&config, sizeof config));
  check(sngp_model_config_preset(&config, SNGP_PRESET_TUTORIAL));
  config.input_dim = INPUTS;
  config.num_classes = CLASSES;
  check(sngp_model_create(&config, &made.model));
  check(sngp_optimizer_create(NULL, &made.adam));
  check(sngp_dataset_two_moons(BATCH, 0.1, 1, &made.moons));
  return made;
}

static void release(const subject *made) {
  sngp_dataset_free(made->moons);
  sngp_optimizer_free(made->adam);
  sngp_model_free(made->model);
}

/* A pass for `rows` rows whose memory holds what a step would leave there. */
static void create_pass(const subject *made, int64_t rows, sngp_pass *pass) {
  const sngp_network *network = &made->model->network;
  check(sngp_pass_create(network, rows, true, made->model->table.trainable_size, pass));
  const float *points = sngp_dataset_features(made->moons);
  for (int64_t i = 0; i < rows; i++) sngp_pass_set_row(network, pass, i, points + i * INPUTS);
  sngp_network_forward_training(network, pass, rows, 0, 0, 0);
  sngp_softmax_cross_entropy(pass->logits, sngp_dataset_labels(made->moons), NULL, rows, CLASSES,
                             1.0f / BATCH);
}

/* Seconds of a step and of its products alone, medians over rounds that time both. */
static double measure(int threads, int rounds, int steps, double mflop) {
  subject made = create();
  sngp_trainer *trainer = NULL;
  check(sngp_trainer_create(made.model, made.adam, BATCH, threads, false, &trainer));
  sngp_pass passes[MOST_THREADS];
  product_list lists[MOST_THREADS];
  for (int i = 0; i < threads; i++) {
    int64_t begin = 0, end = 0;
    sngp_slice(BATCH, i, threads, &begin, &end);
    create_pass(&made, end - begin, &passes[i]);
    lists[i] = list_products(&made.model->network, &passes[i], end - begin);
  }
  static double step_times[MOST_ROUNDS], product_times[MOST_ROUNDS], ratios[MOST_ROUNDS];
  for (int round = -1; round < rounds; round++) { /* the first one warms up */
    double start = now();
    for (int i = 0; i < steps; i++) sngp_trainer_step(trainer, made.moons, NULL, BATCH, 1e-4, NULL);
    double middle = now();
    for (int i = 0; i < steps; i++)
      sngp_pool_run(sngp_trainer_pool(trainer), multiply_slice, lists, threads);
    double end = now();
    if (round < 0) continue;
    step_times[round] = (middle - start) / steps;
    product_times[round] = (end - middle) / steps;
    ratios[round] = step_times[round] / product_times[round];
  }
  double ratio = median(ratios, rounds), alone = median(product_times, rounds);
  printf("%d thread%s step %.0f us, products alone %.0f us (%.0f GFLOP/s), ratio %.2f\n", threads,
         threads == 1 ? ": " : "s:", 1e6 * median(step_times, rounds), 1e6 * alone,
         1e-3 * mflop / alone, ratio);
  for (int i = 0; i < threads; i++) sngp_pass_destroy(&passes[i]);
  sngp_trainer_free(trainer);
  release(&made);
  return ratio;
}

/* Prints the list for the whole batch; returns its MFLOP. */
static double describe(void) {
  subject made = create();
  sngp_pass pass;
  create_pass(&made, BATCH, &pass);
  product_list list = list_products(&made.model->network, &pass, BATCH);
  double mflop = print_products(&list), hidden = (double)made.model->network.hidden;
  printf(
      "  together %.1f MFLOP (%.1f with the gradient of the first block's input, which a frozen "
      "input "
      "layer spares)\n",
      mflop, mflop + 2e-6 * BATCH * hidden * hidden);
  sngp_pass_destroy(&pass);
  release(&made);
  return mflop;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 40, steps = argc > 2 ? atoi(argv[2]) : 25;
  if (rounds < 1 || rounds > MOST_ROUNDS || steps < 1) {
    fprintf(stderr, "usage: bench_train_step [rounds, 1 to %d] [steps per round]\n", MOST_ROUNDS);
    return 2;
  }
  check(sngp_set_blas_threads(1));
  printf("%s\n", sngp_build_info());
  double mflop = describe();
  measure(1, rounds, steps, mflop);
  printf("ratio %.2f\n", measure(2, rounds, steps, mflop));
  return 0;
}
