/* Trained lengths of the kernel: that they really train, and to where they should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/small_model.h"

enum { ROWS = 300, COLUMNS = 5, RELEVANT = 2 };

/* Normal columns; the class is the sign of the product of the first two: no column tells anything
   alone, and the other three nothing at all. */
static sngp_dataset *checkerboard(int64_t seed) {
  static float x[ROWS * COLUMNS];
  static int32_t labels[ROWS];
  sngp_random_stream stream = sngp_random_open(seed, SNGP_RANDOM_DATA, 0, 50);
  sngp_random_fill_normal(&stream, 1, x, ROWS * COLUMNS);
  for (int i = 0; i < ROWS; i++) labels[i] = x[i * COLUMNS] * x[i * COLUMNS + 1] > 0;
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_create(x, ROWS, COLUMNS, 0, labels, 2, &data));
  return data;
}

static sngp_model_config config_of(int32_t kernel_scaling) {
  sngp_model_config config = small_config();
  config.input_dim = COLUMNS;
  config.num_classes = 2;
  config.backbone = SNGP_BACKBONE_NONE;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.num_random_features = 200;
  config.kernel_scaling = kernel_scaling;
  return config;
}

/* Fits and returns the loss of held-out rows. */
static double fit(sngp_model *model) {
  sngp_dataset *training = checkerboard(1), *held_out = checkerboard(2);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 2e-2);
  sngp_fit_config settings = constant_rate(40, 50);
  sngp_history *history = NULL;
  sngp_epoch_record record = {.struct_size = sizeof record};
  assert_ok(sngp_fit(model, adam, training, held_out, &settings, &history));
  assert_ok(sngp_history_epoch(history, settings.epochs - 1, &record));
  sngp_history_free(history);
  sngp_optimizer_free(adam);
  sngp_dataset_free(held_out);
  sngp_dataset_free(training);
  return record.validation_loss;
}

static double fitted_loss(const sngp_model_config *config) {
  sngp_model *model = create_model(config);
  double loss = fit(model);
  sngp_model_free(model);
  return loss;
}

/* From a length twenty times too long: the features hardly differ, and only a shorter one helps. */
static void one_length_goes_where_the_loss_is_lower(void **state) {
  (void)state;
  sngp_model_config config = config_of(SNGP_KERNEL_SCALING_TRAINED);
  config.kernel_scale = 400;
  sngp_model *model = create_model(&config);
  double trained = fit(model);
  int64_t count = 0;
  float *log_length = parameter_of(model, "kernel.log_length", &count);
  assert_int_equal(count, 1);
  assert_below(log_length[0], -0.5);
  config.kernel_scaling = SNGP_KERNEL_SCALING_FIXED;
  assert_below(trained, 0.8 * fitted_loss(&config));
  free(log_length);
  sngp_model_free(model);
}

static void columns_of_no_use_get_long_lengths(void **state) {
  (void)state;
  sngp_model_config config = config_of(SNGP_KERNEL_SCALING_ARD);
  sngp_model *model = create_model(&config);
  double trained = fit(model);
  int64_t count = 0;
  float *log_length = parameter_of(model, "kernel.log_length", &count);
  assert_int_equal(count, COLUMNS);
  float longest = fmaxf(log_length[0], log_length[1]);
  for (int j = RELEVANT; j < COLUMNS; j++) assert_below(longest + 0.5f, log_length[j]);
  config.kernel_scaling = SNGP_KERNEL_SCALING_FIXED;
  assert_below(trained, 0.8 * fitted_loss(&config));
  free(log_length);
  sngp_model_free(model);
}

/* exp(l) on all columns is the same as kernel_scale exp(2 l): logits and variances agree. */
static void a_length_acts_as_its_kernel_scale_does(void **state) {
  (void)state;
  const float log_length = 0.4f;
  sngp_dataset *data = checkerboard(1);
  float logits[2][ROWS * 2], variance[2][ROWS];
  for (int i = 0; i < 2; i++) {
    sngp_model_config config =
        config_of(i == 0 ? SNGP_KERNEL_SCALING_TRAINED : SNGP_KERNEL_SCALING_FIXED);
    config.kernel_scale = i == 0 ? 3 : 3 * exp(2 * (double)log_length);
    config.standardize_inputs = 0;
    sngp_model *model = create_model(&config);
    if (i == 0) assert_ok(sngp_model_set_parameter(model, "kernel.log_length", &log_length, 1));
    assert_ok(sngp_model_fit_covariance(model, data, 1));
    sngp_prediction out = {.struct_size = sizeof out, .logits = logits[i], .variance = variance[i]};
    assert_ok(sngp_predict(model, NULL, sngp_dataset_features(data), ROWS, COLUMNS, 0, NULL, &out));
    sngp_model_free(model);
  }
  assert_close(largest_difference(logits[0], logits[1], ROWS * 2), 0, 1e-5);
  assert_close(largest_difference(variance[0], variance[1], ROWS), 0, 1e-4);
  sngp_dataset_free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_length_goes_where_the_loss_is_lower),
      cmocka_unit_test(columns_of_no_use_get_long_lengths),
      cmocka_unit_test(a_length_acts_as_its_kernel_scale_does),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
