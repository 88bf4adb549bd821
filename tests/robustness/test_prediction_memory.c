/* The memory that predictions take: none with a workspace, and little without one, however many
   rows there are. */
#include "robustness/allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/small_model.h"

enum { MEGABYTE = 1000 * 1000, LIMIT = 10 * MEGABYTE };

static int begin(void **state) {
  (void)state;
  leave_blas_out();
  return 0;
}

/* A model that needs no training: scales given, the posterior that of no data. */
static sngp_model *untrained(sngp_model_config config) {
  config.standardize_inputs = 0;
  config.kernel_scale = 100;
  config.radius_scale = 1;
  return create_model(&config);
}

static void with_a_workspace_a_prediction_allocates_nothing(void **state) {
  (void)state;
  enum { ROWS = 700 };
  sngp_model *model = untrained(small_config());
  sngp_dataset *rows = small_data(ROWS, 1);
  outputs all = take_outputs(ROWS, SMALL_CLASSES, 1);
  for (int threads = 1; threads <= 3; threads++) {
    sngp_predict_config config;
    sngp_workspace *workspace = NULL;
    assert_ok(sngp_predict_config_init(&config, sizeof config));
    config.full_covariance = 1;
    config.num_threads = threads;
    assert_ok(sngp_workspace_create(model, &config, ROWS, &workspace));
    assert_ok(predict_rows(model, workspace, rows, NULL, &all)); /* BLAS takes its buffers */
    long before = atomic_load(&allocations);
    assert_ok(predict_rows(model, workspace, rows, NULL, &all));
    assert_int_equal(atomic_load(&allocations) - before, 0);
    sngp_workspace_free(workspace);
  }
  free_outputs(&all);
  sngp_dataset_free(rows);
  sngp_model_free(model);
}

/* The bytes in use at the worst moment of a prediction of variances and probabilities, beside what
   was in use before. */
static long peak_of(const sngp_model *model, int64_t rows, int64_t cols, int64_t classes,
                    int threads) {
  float *x = take((size_t)(rows * cols), sizeof *x);
  float *variance = take((size_t)rows, sizeof *variance);
  float *probabilities = take((size_t)(rows * classes), sizeof *probabilities);
  for (int64_t i = 0; i < rows * cols; i++) x[i] = (float)(i % 17) / 16;
  sngp_prediction out = {
      .struct_size = sizeof out, .variance = variance, .probabilities = probabilities};
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.num_threads = threads;
  measure_peak_from_here();
  long before = atomic_load(&bytes_in_use);
  assert_ok(sngp_predict(model, NULL, x, rows, cols, 0, &config, &out));
  long peak = atomic_load(&most_bytes_in_use) - before;
  assert_true(variance[rows - 1] > 0 && probabilities[rows * classes - 1] > 0);
  free(probabilities);
  free(variance);
  free(x);
  return peak;
}

/* Fashion-MNIST's test images: 784 columns, the default preset's sizes. */
static void ten_thousand_images_take_less_than_ten_megabytes(void **state) {
  (void)state;
  if (!ALLOCATOR_MEASURES) skip();
  sngp_model_config config = small_config(), sizes;
  assert_ok(sngp_model_config_init(&sizes, sizeof sizes));
  config.input_dim = 784;
  config.num_classes = 10;
  config.num_layers = sizes.num_layers;
  config.num_hidden = sizes.num_hidden;
  config.num_random_features = sizes.num_random_features;
  sngp_model *model = untrained(config);
  long peak = peak_of(model, 10000, 784, 10, 2);
  print_message("  %.2f MB\n", (double)peak / MEGABYTE);
  assert_true(peak > 100000); /* the allocator does see it */
  assert_true(peak < LIMIT);
  sngp_model_free(model);
}

static void a_million_rows_take_no_more_than_ten_thousand(void **state) {
  (void)state;
  if (!ALLOCATOR_MEASURES) skip();
  sngp_model *model = untrained(small_config());
  for (int threads = 1; threads <= 2; threads++) {
    long few = peak_of(model, 10000, SMALL_INPUTS, SMALL_CLASSES, threads);
    long many = peak_of(model, 1000000, SMALL_INPUTS, SMALL_CLASSES, threads);
    assert_int_equal(many, few);
    assert_true(many < LIMIT);
  }
  sngp_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(with_a_workspace_a_prediction_allocates_nothing),
      cmocka_unit_test(ten_thousand_images_take_less_than_ten_megabytes),
      cmocka_unit_test(a_million_rows_take_no_more_than_ten_thousand),
  };
  return cmocka_run_group_tests(tests, begin, NULL);
}
