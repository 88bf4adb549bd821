/* The default preset on real data: scikit-learn's wine (178 rows, 13 columns of very different
   scales, 3 classes), and the same rows multiplied by 2 to 3 as out-of-domain data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "support/singular_value.h"

enum { COLUMNS = 13, CLASSES = 3, MOST_ROWS = 178, NUM_SEEDS = 3 };

/* Held-out rows, each times a factor between 2 and 3. */
static sngp_dataset *multiply(const sngp_dataset *rows, int64_t seed) {
  int64_t count = sngp_dataset_rows(rows);
  float features[MOST_ROWS * COLUMNS];
  sngp_random_stream stream = sngp_random_open(seed, SNGP_RANDOM_DATA, 0, 50);
  for (int64_t i = 0; i < count; i++) {
    float factor = (float)(2 + sngp_random_uniform(&stream, i));
    for (int64_t j = 0; j < COLUMNS; j++)
      features[i * COLUMNS + j] = factor * sngp_dataset_features(rows)[i * COLUMNS + j];
  }
  sngp_dataset *multiplied = NULL;
  assert_ok(sngp_dataset_create(features, count, COLUMNS, 0, NULL, 0, &multiplied));
  return multiplied;
}

static sngp_model *train(const sngp_dataset *training, int64_t seed) {
  sngp_model_config config;
  sngp_fit_config fit;
  sngp_model *model = NULL;
  sngp_optimizer *adam = NULL;
  assert_ok(sngp_model_config_init(&config, sizeof config));
  config.input_dim = COLUMNS;
  config.num_classes = CLASSES;
  config.seed = seed;
  assert_ok(sngp_model_create(&config, &model));
  assert_ok(sngp_optimizer_create(NULL, &adam));
  assert_ok(sngp_fit_config_init(&fit, sizeof fit));
  fit.num_threads = 2;
  assert_ok(sngp_fit(model, adam, training, NULL, &fit, NULL));
  sngp_optimizer_free(adam);
  return model;
}

static void predict(const sngp_model *model, const sngp_dataset *rows, float *probabilities,
                    float *variance) {
  sngp_prediction out = {
      .struct_size = sizeof out, .probabilities = probabilities, .variance = variance};
  assert_ok(sngp_predict(model, NULL, sngp_dataset_features(rows), sngp_dataset_rows(rows), COLUMNS,
                         sngp_dataset_row_stride(rows), NULL, &out));
}

static void the_variance_tells_multiplied_wines_from_held_out_ones(void **state) {
  (void)state;
  sngp_dataset *wine = NULL;
  assert_ok(sngp_dataset_read_csv(SNGP_TEST_FIXTURES "/wine.csv", NULL, &wine));
  assert_int_equal(sngp_dataset_rows(wine), MOST_ROWS);
  for (int64_t seed = 1; seed <= NUM_SEEDS; seed++) {
    sngp_dataset *training = NULL, *held_out = NULL;
    assert_ok(sngp_dataset_split(wine, 0.2, seed, &training, &held_out));
    sngp_dataset *multiplied = multiply(held_out, seed);
    sngp_model *model = train(training, seed);
    int64_t rows = sngp_dataset_rows(held_out);
    float probabilities[MOST_ROWS * CLASSES], inside[MOST_ROWS], outside[MOST_ROWS];
    predict(model, multiplied, NULL, outside);
    predict(model, held_out, probabilities, inside);
    sngp_ood_metrics ood = {.struct_size = sizeof ood};
    sngp_classification_metrics metrics = {.struct_size = sizeof metrics};
    assert_ok(sngp_evaluate_ood(inside, rows, outside, rows, &ood));
    assert_ok(sngp_evaluate_classification(probabilities, rows, CLASSES,
                                           sngp_dataset_labels(held_out), &metrics));
    print_message("  seed %d: AUROC %.4f, accuracy %.3f, largest singular value %.4f\n", (int)seed,
                  ood.auroc, metrics.accuracy, largest_singular_value(model));
    assert_true(ood.auroc >= 0.95);
    assert_true(metrics.accuracy >= 0.9);
    assert_true(largest_singular_value(model) <= 1.05 * 0.9);
    sngp_model_free(model);
    sngp_dataset_free(multiplied);
    sngp_dataset_free(held_out);
    sngp_dataset_free(training);
  }
  sngp_dataset_free(wine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_variance_tells_multiplied_wines_from_held_out_ones),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
