/* Calibration of models, judged by their predictions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/train/calibrated_models.h"

enum { HELD_OUT = 300 };

/* By every method, with either head: what is reported is what predictions then have. */
static void the_likelihoods_are_those_of_predictions(void **state) {
  (void)state;
  sngp_dataset *held_out = small_data(HELD_OUT, 2);
  for (int32_t head = SNGP_HEAD_DENSE; head <= SNGP_HEAD_GAUSSIAN_PROCESS; head++)
    for (int32_t m = SNGP_PREDICT_MEAN_FIELD; m <= SNGP_PREDICT_MC_DROPOUT; m++) {
      if (head == SNGP_HEAD_DENSE && m == SNGP_PREDICT_MONTE_CARLO) continue;
      sngp_model *model = trained(head, 7);
      const sngp_predict_config predict = method(m);
      double before = predicted_nll(model, held_out, &predict);
      sngp_calibration result = {.struct_size = sizeof result};
      assert_ok(sngp_calibrate(model, held_out, &predict, NULL, &result));
      double after = predicted_nll(model, held_out, &predict);
      assert_close(result.nll_before, before, TOLERANCE);
      assert_close(result.nll_after, after, TOLERANCE);
      assert_below(after, before);
      const sngp_model_config config = config_of(model);
      assert_true(result.rows == HELD_OUT && result.ridge == 1 && config.ridge == 1);
      assert_true(result.temperature == config.temperature && config.temperature != 1);
      assert_true(result.mean_field_factor == config.mean_field_factor);
      bool tuned = head == SNGP_HEAD_GAUSSIAN_PROCESS &&
                   (m == SNGP_PREDICT_MEAN_FIELD || m == SNGP_PREDICT_MC_DROPOUT);
      assert_true((config.mean_field_factor != PI / 8) == (tuned && result.factor_at_border == 0));
      sngp_model_free(model);
    }
  sngp_dataset_free(held_out);
}

static double penalty(double factor, double temperature, int64_t rows) {
  return (pow(log(temperature), 2) + pow(log10(factor / (PI / 8)), 2)) / (2 * (double)rows);
}

/* Predictions with any other factor and temperature of a grid are worse. */
static void no_other_factor_and_temperature_predict_better(void **state) {
  (void)state;
  sngp_dataset *held_out = small_data(HELD_OUT, 2);
  sngp_model *model = trained(SNGP_HEAD_GAUSSIAN_PROCESS, 7);
  sngp_calibration result = {.struct_size = sizeof result};
  assert_ok(sngp_calibrate(model, held_out, NULL, NULL, &result));
  assert_int_equal(result.factor_at_border, 0);
  double least = result.nll_after + penalty(result.mean_field_factor, result.temperature, HELD_OUT);
  sngp_predict_config other = method(SNGP_PREDICT_MEAN_FIELD);
  for (int i = 0; i <= 30; i++)
    for (int j = -20; j <= 20; j++) {
      other.mean_field_factor = PI / 80 * pow(10, i / 10.0);
      other.temperature = result.temperature * exp(j * j * j / 8000.0);
      double objective = predicted_nll(model, held_out, &other) +
                         penalty(other.mean_field_factor, other.temperature, HELD_OUT);
      assert_true(objective > least - TOLERANCE);
    }
  sngp_model_free(model);
  sngp_dataset_free(held_out);
}

/* Labels drawn from the model's own probabilities: it is calibrated. Then its logits are taken
   times 2.5. The standard error is about 1 / sqrt(4 n) in the logarithm (logits of size 2). */
static void a_model_that_is_too_sure_by_a_known_factor_gets_it_back(void **state) {
  (void)state;
  enum { MANY = 6000 };
  sngp_model *model = trained(SNGP_HEAD_DENSE, 7);
  assert_ok(sngp_model_set_temperature(model, 4)); /* labels that are not all certain */
  sngp_dataset *rows = small_data(MANY, 2), *held_out = NULL;
  float *p = take((size_t)MANY * SMALL_CLASSES, sizeof *p);
  int32_t *labels = take(MANY, sizeof *labels);
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = p};
  assert_ok(
      sngp_predict(model, NULL, sngp_dataset_features(rows), MANY, SMALL_INPUTS, 0, NULL, &out));
  sngp_random_stream stream = sngp_random_open(5, SNGP_RANDOM_DATA, 0, 1);
  for (int64_t i = 0; i < MANY; i++) {
    double left = sngp_random_uniform(&stream, i);
    while (labels[i] < SMALL_CLASSES - 1 && (left -= (double)p[SMALL_CLASSES * i + labels[i]]) > 0)
      labels[i]++;
  }
  assert_ok(sngp_dataset_create(sngp_dataset_features(rows), MANY, SMALL_INPUTS, 0, labels,
                                SMALL_CLASSES, &held_out));
  const char *const names[] = {"output.weight", "output.bias"};
  for (int i = 0; i < 2; i++) {
    int64_t count = 0;
    float *values = parameter_of(model, names[i], &count);
    for (int64_t k = 0; k < count; k++) values[k] *= 2.5f;
    assert_ok(sngp_model_set_parameter(model, names[i], values, count));
    free(values);
  }
  sngp_calibration result = {.struct_size = sizeof result};
  assert_ok(sngp_calibrate(model, held_out, NULL, NULL, &result));
  assert_close(log(result.temperature / (4 * 2.5)), 0, 4 / sqrt(4.0 * MANY));
  free(labels);
  free(p);
  sngp_dataset_free(held_out);
  sngp_dataset_free(rows);
  sngp_model_free(model);
}

static void what_is_not_tuned_stays(void **state) {
  (void)state;
  sngp_dataset *held_out = small_data(HELD_OUT, 2);
  sngp_model *model = trained(SNGP_HEAD_GAUSSIAN_PROCESS, 7);
  sngp_calibrate_config config = default_calibration();
  assert_ok(sngp_model_set_mean_field_factor(model, -1));
  config.tune_factor = config.tune_temperature = 0;
  sngp_calibration result = {.struct_size = sizeof result};
  assert_ok(sngp_calibrate(model, held_out, NULL, &config, &result));
  assert_true(result.nll_before == result.nll_after);
  assert_close(result.nll_before, predicted_nll(model, held_out, NULL), TOLERANCE);
  config.tune_temperature = 1;
  assert_ok(sngp_calibrate(model, held_out, NULL, &config, &result));
  assert_true(config_of(model).mean_field_factor == -1 && config_of(model).temperature != 1);
  assert_close(result.nll_after, predicted_nll(model, held_out, NULL), TOLERANCE);
  double temperature = result.temperature;
  config.tune_temperature = 0;
  config.tune_factor = 1;
  assert_ok(sngp_calibrate(model, held_out, NULL, &config, NULL));
  assert_true(config_of(model).mean_field_factor > 0 &&
              config_of(model).temperature == temperature);
  sngp_model_free(model);
  sngp_dataset_free(held_out);
}

static void the_result_is_in_the_models_file(void **state) {
  (void)state;
  sngp_dataset *held_out = small_data(HELD_OUT, 2);
  sngp_model *model = trained(SNGP_HEAD_GAUSSIAN_PROCESS, 7), *loaded = NULL;
  sngp_calibrate_config config = default_calibration();
  config.tune_ridge = 1;
  sngp_calibration result = {.struct_size = sizeof result};
  assert_ok(sngp_calibrate(model, held_out, NULL, &config, &result));
  void *bytes = NULL;
  int64_t size = 0;
  assert_ok(sngp_model_save_buffer(model, &bytes, &size));
  assert_ok(sngp_model_load_buffer(bytes, size, &loaded));
  const sngp_model_config read = config_of(loaded);
  assert_true(read.mean_field_factor == result.mean_field_factor &&
              read.temperature == result.temperature && read.ridge == result.ridge);
  assert_close(predicted_nll(loaded, held_out, NULL), result.nll_after, TOLERANCE);
  sngp_model_free(loaded);
  sngp_buffer_free(bytes);
  sngp_model_free(model);
  sngp_dataset_free(held_out);
}

/* The same as setting each ridge and calibrating with it, from a ridge that is far too large. */
static double best_ridge(int64_t rows) {
  sngp_dataset *held_out = small_data(rows, 2);
  sngp_model *model = trained(SNGP_HEAD_GAUSSIAN_PROCESS, 7);
  assert_ok(sngp_model_set_ridge(model, 1000));
  double least = (double)INFINITY, best = 0;
  sngp_calibration result = {.struct_size = sizeof result}, expected = result;
  for (int decades = -3; decades <= 3; decades++) {
    sngp_model *other = clone_of(model);
    assert_ok(sngp_model_set_ridge(other, 1000 * pow(10, decades)));
    assert_ok(sngp_calibrate(other, held_out, NULL, NULL, &result));
    double objective = result.nll_after + decades * decades / (2 * (double)rows) +
                       penalty(result.mean_field_factor, result.temperature, rows);
    if (objective < least) {
      least = objective;
      best = 1000 * pow(10, decades);
      expected = result;
    }
    sngp_model_free(other);
  }
  sngp_calibrate_config config = default_calibration();
  config.tune_ridge = 1;
  assert_ok(sngp_calibrate(model, held_out, NULL, &config, &result));
  assert_true(result.ridge == best && config_of(model).ridge == best);
  assert_true(result.mean_field_factor == expected.mean_field_factor &&
              result.temperature == expected.temperature);
  assert_true(result.nll_after == expected.nll_after);
  assert_close(predicted_nll(model, held_out, NULL), result.nll_after, TOLERANCE);
  sngp_model_free(model);
  sngp_dataset_free(held_out);
  return best;
}

static void the_ridge_is_the_best_of_its_decades(void **state) {
  (void)state;
  assert_below(best_ridge(5000), 1000);
  assert_true(best_ridge(HELD_OUT) == 1000); /* too few rows to move it against its prior */
}

static void threads_do_not_change_a_bit(void **state) {
  (void)state;
  sngp_dataset *held_out = small_data(500, 2);
  for (int32_t m = SNGP_PREDICT_MEAN_FIELD; m <= SNGP_PREDICT_MC_DROPOUT; m++) {
    sngp_calibration one = {.struct_size = sizeof one}, result = one;
    for (int32_t threads = 1; threads <= 4; threads++) {
      sngp_model *model = trained(SNGP_HEAD_GAUSSIAN_PROCESS, 7);
      sngp_predict_config predict = method(m);
      predict.num_threads = threads;
      assert_ok(sngp_calibrate(model, held_out, &predict, NULL, &result));
      if (threads == 1) one = result;
      assert_memory_equal(&result, &one, sizeof one);
      sngp_model_free(model);
    }
  }
  sngp_dataset_free(held_out);
}

static void sample_weights_weigh_the_rows(void **state) {
  (void)state;
  sngp_dataset *held_out = small_data(HELD_OUT, 2);
  float weights[HELD_OUT];
  for (int i = 0; i < HELD_OUT; i++) weights[i] = (float)(i % 5);
  assert_ok(sngp_dataset_set_sample_weights(held_out, weights));
  sngp_model *model = trained(SNGP_HEAD_GAUSSIAN_PROCESS, 7);
  double before = predicted_nll(model, held_out, NULL); /* weighted by the test */
  sngp_calibration result = {.struct_size = sizeof result};
  assert_ok(sngp_calibrate(model, held_out, NULL, NULL, &result));
  assert_close(result.nll_before, before, TOLERANCE);
  assert_close(result.nll_after, predicted_nll(model, held_out, NULL), TOLERANCE);
  sngp_dataset *weightless = rows_of(held_out, 0, 1);
  assert_fails(sngp_calibrate(model, weightless, NULL, NULL, NULL), SNGP_ERROR_INVALID_ARGUMENT,
               "all weights are 0");
  sngp_dataset_free(weightless);
  sngp_model_free(model);
  sngp_dataset_free(held_out);
}

static void what_cannot_be_calibrated_is_refused_and_stays(void **state) {
  (void)state;
  sngp_dataset *held_out = small_data(HELD_OUT, 2), *unlabelled = NULL, *wide = NULL, *many = NULL;
  sngp_dataset *none = NULL;
  const float row[SMALL_INPUTS + 1] = {0};
  const int32_t label = 0, high = SMALL_CLASSES;
  assert_ok(sngp_dataset_create(row, 1, SMALL_INPUTS, 0, NULL, 0, &unlabelled));
  assert_ok(sngp_dataset_create(row, 1, SMALL_INPUTS + 1, 0, &label, SMALL_CLASSES, &wide));
  assert_ok(sngp_dataset_create(row, 1, SMALL_INPUTS, 0, &high, SMALL_CLASSES + 1, &many));
  assert_ok(sngp_dataset_create(row, 0, SMALL_INPUTS, 0, &label, SMALL_CLASSES, &none));
  sngp_model *model = trained(SNGP_HEAD_GAUSSIAN_PROCESS, 7);
  sngp_model *dense = trained(SNGP_HEAD_DENSE, 7);
  sngp_calibration result = {.struct_size = sizeof result, .rows = -1};
  assert_fails(sngp_calibrate(NULL, held_out, NULL, NULL, &result), SNGP_ERROR_INVALID_ARGUMENT,
               "model is NULL");
  assert_fails(sngp_ensemble_calibrate(NULL, held_out, NULL, NULL, &result),
               SNGP_ERROR_INVALID_ARGUMENT, "ensemble is NULL");
  assert_fails(sngp_calibrate(model, NULL, NULL, NULL, &result), SNGP_ERROR_INVALID_ARGUMENT,
               "held_out is NULL");
  assert_fails(sngp_calibrate(model, unlabelled, NULL, NULL, &result), SNGP_ERROR_NO_LABELS,
               "held-out");
  assert_fails(sngp_calibrate(model, wide, NULL, NULL, &result), SNGP_ERROR_DIMENSION, "held-out",
               "4 columns");
  assert_fails(sngp_calibrate(model, many, NULL, NULL, &result), SNGP_ERROR_LABEL_RANGE,
               "labels[0] is 3");
  assert_fails(sngp_calibrate(model, none, NULL, NULL, &result), SNGP_ERROR_NO_ROWS, "held-out");
  sngp_predict_config predict = method(SNGP_PREDICT_MONTE_CARLO);
  assert_fails(sngp_calibrate(dense, held_out, &predict, NULL, &result), SNGP_ERROR_UNSUPPORTED,
               "dense head");
  predict.method = 9;
  assert_fails(sngp_calibrate(model, held_out, &predict, NULL, &result),
               SNGP_ERROR_INVALID_ARGUMENT, "method is 9");
  sngp_calibrate_config config = default_calibration();
  config.tune_ridge = 2;
  assert_fails(sngp_calibrate(model, held_out, NULL, &config, &result), SNGP_ERROR_INVALID_ARGUMENT,
               "tune_ridge is 2");
  sngp_calibration old = {.struct_size = 8};
  assert_fails(sngp_calibrate(model, held_out, NULL, NULL, &old), SNGP_ERROR_INVALID_ARGUMENT,
               "calibration: struct_size is 8");
  assert_ok(sngp_model_update_covariance(model, held_out));
  assert_fails(sngp_calibrate(model, held_out, NULL, NULL, &result), SNGP_ERROR_POSTERIOR_STALE,
               "finish");
  /* a factor below 0 needs no variance, a tuned one does */
  assert_ok(sngp_model_set_mean_field_factor(model, -1));
  assert_fails(sngp_calibrate(model, held_out, NULL, NULL, &result), SNGP_ERROR_POSTERIOR_STALE,
               "finish");
  assert_true(config_of(model).temperature == 1 && config_of(model).ridge == 1);
  assert_true(result.rows == -1);
  predict = method(SNGP_PREDICT_MAP);
  config = default_calibration();
  config.tune_factor = 0;
  assert_ok(sngp_calibrate(model, held_out, &predict, &config, &result));
  sngp_model_config fresh = small_config();
  sngp_model *unprepared = create_model(&fresh);
  assert_fails(sngp_calibrate(unprepared, held_out, NULL, NULL, NULL), SNGP_ERROR_NOT_PREPARED,
               "sngp_fit");
  sngp_model_free(unprepared);
  sngp_model_free(dense);
  sngp_model_free(model);
  sngp_dataset_free(none);
  sngp_dataset_free(many);
  sngp_dataset_free(wide);
  sngp_dataset_free(unlabelled);
  sngp_dataset_free(held_out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_likelihoods_are_those_of_predictions),
      cmocka_unit_test(no_other_factor_and_temperature_predict_better),
      cmocka_unit_test(a_model_that_is_too_sure_by_a_known_factor_gets_it_back),
      cmocka_unit_test(what_is_not_tuned_stays),
      cmocka_unit_test(the_result_is_in_the_models_file),
      cmocka_unit_test(the_ridge_is_the_best_of_its_decades),
      cmocka_unit_test(threads_do_not_change_a_bit),
      cmocka_unit_test(sample_weights_weigh_the_rows),
      cmocka_unit_test(what_cannot_be_calibrated_is_refused_and_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
