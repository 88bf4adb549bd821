/* What class weights and the focal loss do to imbalanced, overlapping classes: two normal clouds,
   1.5 deviations apart along one column, the others noise. Measured on 20,000 rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/small_model.h"

enum { NUM_SEEDS = 5, ROWS = 500, TEST_ROWS = 20000 };

/* One row in `period` belongs to the minority, class 1. */
typedef struct {
  int64_t columns, period, num_layers, num_hidden;
} problem;

/* Three blocks and 19 columns of noise are enough to learn 500 rows by heart. */
static const problem OVERFITTED = {.columns = 20, .period = 5, .num_layers = 3, .num_hidden = 64};
static const problem EASY = {.columns = 2, .period = 20, .num_layers = 2, .num_hidden = 32};

static sngp_dataset *clouds(const problem *p, int64_t rows, int64_t seed) {
  float *x = take((size_t)(p->columns * rows), sizeof *x);
  int32_t *labels = take((size_t)rows, sizeof *labels);
  sngp_random_stream stream = sngp_random_open(seed, SNGP_RANDOM_DATA, 0, 98);
  sngp_random_fill_normal(&stream, 1, x, (size_t)(p->columns * rows));
  for (int64_t i = 0; i < rows; i++) {
    labels[i] = i % p->period == 0;
    if (labels[i]) x[p->columns * i] += 1.5f;
  }
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_create(x, rows, p->columns, 0, labels, 2, &data));
  free(labels);
  free(x);
  return data;
}

typedef struct {
  double recall; /* share of the minority that is found */
  double confidence, ece, nll;
} measures;

static measures measure(const sngp_model *model, const sngp_dataset *data) {
  static float p[2 * TEST_ROWS];
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = p};
  assert_ok(sngp_predict(model, NULL, sngp_dataset_features(data), TEST_ROWS,
                         sngp_dataset_cols(data), 0, NULL, &out));
  sngp_classification_metrics metrics = {.struct_size = sizeof metrics};
  const int32_t *labels = sngp_dataset_labels(data);
  assert_ok(sngp_evaluate_classification(p, TEST_ROWS, 2, labels, &metrics));
  measures m = {.ece = metrics.ece, .nll = metrics.nll};
  int minority = 0;
  for (int i = 0; i < TEST_ROWS; i++) {
    m.confidence += (double)fmaxf(p[2 * i], p[2 * i + 1]) / TEST_ROWS;
    minority += labels[i];
    m.recall += labels[i] && p[2 * i + 1] > p[2 * i];
  }
  m.recall /= minority;
  return m;
}

static measures train(const problem *p, int32_t loss, int32_t class_weighting, int64_t seed) {
  sngp_model_config config;
  sngp_fit_config fit;
  assert_ok(sngp_model_config_init(&config, sizeof config));
  assert_ok(sngp_fit_config_init(&fit, sizeof fit));
  config.input_dim = p->columns;
  config.num_classes = 2;
  config.num_layers = p->num_layers;
  config.num_hidden = p->num_hidden;
  config.num_random_features = 128;
  config.seed = seed;
  fit.loss = loss;
  fit.class_weighting = class_weighting;
  sngp_model *model = create_model(&config);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-3);
  sngp_dataset *training = clouds(p, ROWS, seed), *test = clouds(p, TEST_ROWS, 100 + seed);
  assert_ok(sngp_fit(model, adam, training, NULL, &fit, NULL));
  measures m = measure(model, test);
  print_message(
      "  seed %d, loss %d, class weighting %d: recall %.3f, max p %.3f, ECE %.3f, NLL %.3f\n",
      (int)seed, loss, class_weighting, m.recall, m.confidence, m.ece, m.nll);
  sngp_dataset_free(test);
  sngp_dataset_free(training);
  sngp_optimizer_free(adam);
  sngp_model_free(model);
  return m;
}

static void balanced_weights_find_more_of_the_minority(void **state) {
  (void)state;
  for (int64_t seed = 1; seed <= NUM_SEEDS; seed++) {
    measures plain = train(&EASY, SNGP_LOSS_CROSS_ENTROPY, SNGP_CLASS_WEIGHTS_NONE, seed);
    measures balanced = train(&EASY, SNGP_LOSS_CROSS_ENTROPY, SNGP_CLASS_WEIGHTS_BALANCED, seed);
    assert_below(plain.recall, 0.25);
    assert_below(0.5, balanced.recall); /* the best rule under equal shares finds 0.77 */
  }
}

/* Mukhoti et al., arXiv 2002.09437: a network that has learnt its rows by heart is too sure of
   itself, and the focal loss keeps it from that. */
static void the_focal_loss_calibrates_a_network_that_overfits(void **state) {
  (void)state;
  for (int64_t seed = 1; seed <= NUM_SEEDS; seed++) {
    measures plain = train(&OVERFITTED, SNGP_LOSS_CROSS_ENTROPY, SNGP_CLASS_WEIGHTS_NONE, seed);
    measures focal = train(&OVERFITTED, SNGP_LOSS_FOCAL, SNGP_CLASS_WEIGHTS_NONE, seed);
    assert_below(focal.confidence, plain.confidence - 0.03);
    assert_below(focal.ece, 0.7 * plain.ece);
    assert_below(focal.nll, plain.nll);
  }
}

/* The focal loss is not a proper score: at its minimum p is nearer to 1/2 than the true share. A
   network that is not too sure of itself is then not sure enough. */
static void the_focal_loss_makes_a_calibrated_network_too_unsure(void **state) {
  (void)state;
  for (int64_t seed = 1; seed <= NUM_SEEDS; seed++) {
    measures plain = train(&EASY, SNGP_LOSS_CROSS_ENTROPY, SNGP_CLASS_WEIGHTS_NONE, seed);
    measures focal = train(&EASY, SNGP_LOSS_FOCAL, SNGP_CLASS_WEIGHTS_NONE, seed);
    assert_below(focal.confidence, plain.confidence - 0.03);
    assert_below(plain.ece, focal.ece);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(balanced_weights_find_more_of_the_minority),
      cmocka_unit_test(the_focal_loss_calibrates_a_network_that_overfits),
      cmocka_unit_test(the_focal_loss_makes_a_calibrated_network_too_unsure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
