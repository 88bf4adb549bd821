/* What can be set after training: factor, temperature, ridge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/reference.h"

enum { ROWS = 50 };

/* The variance in single precision, of features between -1 and 1. */
static const double TOLERANCE = 2e-4;

static sngp_model_config config_of(const sngp_model *model) {
  sngp_model_config config = small_config();
  assert_ok(sngp_model_get_config(model, &config));
  return config;
}

static void variance_of(const sngp_model *model, const sngp_dataset *data, float *variance) {
  sngp_prediction out = {.struct_size = sizeof out, .variance = variance};
  assert_ok(
      sngp_predict(model, NULL, sngp_dataset_features(data), ROWS, SMALL_INPUTS, 0, NULL, &out));
}

/* A fit's weights do not depend on the ridge. */
static sngp_model *fitted_with_ridge(double ridge, const sngp_dataset *data) {
  sngp_model_config config = small_config();
  config.ridge = ridge;
  sngp_model *model = create_model(&config);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(2, 16);
  assert_ok(sngp_fit(model, adam, data, NULL, &fit, NULL));
  sngp_optimizer_free(adam);
  return model;
}

static void a_ridge_set_after_training_is_the_ridge_trained_with(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *set = fitted_with_ridge(1, data);
  const double ridges[] = {0.01, 0.1, 10, 1000};
  for (size_t i = 0; i < sizeof ridges / sizeof *ridges; i++) {
    sngp_model *trained = fitted_with_ridge(ridges[i], data);
    assert_ok(sngp_model_set_ridge(set, ridges[i]));
    assert_true(config_of(set).ridge == ridges[i]);
    assert_true(parameter_difference(set, trained) == 0);
    assert_memory_equal(set->posterior.root, trained->posterior.root, 40 * 40 * sizeof(float));
    assert_memory_equal(set->posterior.precision, trained->posterior.precision,
                        40 * 40 * sizeof(double));
    sngp_model_free(trained);
  }
  sngp_model_free(set);
  sngp_dataset_free(data);
}

/* ridge phi (ridge I + A)^-1 phi^T, by an inverse of the test's own in double precision. */
static void variances_after_setting_the_ridge_have_their_closed_form(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = fitted_with_ridge(1, data);
  const double ridges[] = {0.1, 1, 10, 1000};
  float before[ROWS] = {0}, variance[ROWS];
  for (size_t step = 0; step < sizeof ridges / sizeof *ridges; step++) {
    assert_ok(sngp_model_set_ridge(model, ridges[step]));
    variance_of(model, data, variance);
    reference r = read_reference(model);
    int64_t m = r.config.num_random_features;
    double *a = take((size_t)(m * m), sizeof *a), *phi = take((size_t)m, sizeof *phi), logits[3];
    reference_add_rows(&r, data, 1, a);
    double *covariance = reference_weight_covariance(&r, a);
    for (int64_t i = 0; i < ROWS; i++) {
      double expected = 0;
      reference_logits(&r, sngp_dataset_features(data) + i * SMALL_INPUTS, phi, logits);
      for (int64_t j = 0; j < m; j++)
        for (int64_t k = 0; k < m; k++) expected += phi[j] * covariance[j * m + k] * phi[k];
      assert_close(variance[i], expected, TOLERANCE * fmax(expected, 1));
      assert_below(before[i], variance[i]); /* a larger ridge: data weigh less */
    }
    memcpy(before, variance, sizeof before);
    free(covariance);
    free(phi);
    free(a);
    free_reference(&r);
  }
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void updates_go_on_under_a_ridge_that_was_set(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1), *more = small_data(ROWS, 2);
  sngp_model *set = fitted_with_ridge(1, data), *trained = fitted_with_ridge(10, data);
  assert_ok(sngp_model_set_ridge(set, 10));
  sngp_model *const models[] = {set, trained};
  for (int i = 0; i < 2; i++) {
    assert_ok(sngp_model_update_covariance(models[i], more));
    assert_ok(sngp_model_finish_covariance(models[i]));
  }
  assert_memory_equal(set->posterior.root, trained->posterior.root, 40 * 40 * sizeof(float));
  sngp_model_free(trained);
  sngp_model_free(set);
  sngp_dataset_free(more);
  sngp_dataset_free(data);
}

static void a_ridge_that_cannot_be_set_changes_nothing(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = fitted_with_ridge(1, data);
  float before[ROWS], after[ROWS];
  variance_of(model, data, before);
  const double wrong[] = {0, -1, (double)NAN, (double)INFINITY};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_fails(sngp_model_set_ridge(model, wrong[i]), SNGP_ERROR_INVALID_ARGUMENT, "ridge is",
                 "[1e-12, 1e12]");
  double own = model->posterior.precision[0];
  model->posterior.precision[0] = (double)NAN; /* nothing can factor that */
  assert_fails(sngp_model_set_ridge(model, 10), SNGP_ERROR_NUMERICAL, "");
  model->posterior.precision[0] = own;
  variance_of(model, data, after);
  assert_memory_equal(before, after, sizeof before);
  assert_true(config_of(model).ridge == 1);

  assert_ok(sngp_model_update_covariance(model, data));
  assert_fails(sngp_model_set_ridge(model, 10), SNGP_ERROR_POSTERIOR_STALE, "finish");
  assert_true(config_of(model).ridge == 1);
  assert_fails(sngp_model_set_ridge(NULL, 1), SNGP_ERROR_INVALID_ARGUMENT, "model is NULL");
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void factor_and_temperature_are_stored_where_their_range_holds(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  const char *const names[SMALL_CLASSES] = {"a", "b", "c"};
  config.class_names = names;
  for (int32_t head = SNGP_HEAD_DENSE; head <= SNGP_HEAD_GAUSSIAN_PROCESS; head++) {
    config.head = head;
    sngp_model *model = create_model(&config);
    assert_ok(sngp_model_set_temperature(model, 2.5));
    assert_ok(sngp_model_set_mean_field_factor(model, -1));
    assert_ok(sngp_model_set_mean_field_factor(model, 20));
    const double wrong[] = {0, -1, 9e-7, 1.1e6, (double)NAN, (double)INFINITY};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
      assert_fails(sngp_model_set_temperature(model, wrong[i]), SNGP_ERROR_INVALID_ARGUMENT,
                   "temperature is", "[1e-6, 1e6]");
    assert_fails(sngp_model_set_mean_field_factor(model, (double)NAN), SNGP_ERROR_INVALID_ARGUMENT,
                 "mean_field_factor is nan");
    sngp_model *clone = clone_of(model);
    assert_true(config_of(model).temperature == 2.5 && config_of(model).mean_field_factor == 20);
    assert_true(config_of(clone).temperature == 2.5 && config_of(clone).mean_field_factor == 20);
    assert_string_equal(config_of(model).class_names[2], "c");
    sngp_model_free(clone);
    sngp_model_free(model);
  }
  assert_fails(sngp_model_set_temperature(NULL, 1), SNGP_ERROR_INVALID_ARGUMENT, "model is NULL");
  assert_fails(sngp_model_set_mean_field_factor(NULL, 1), SNGP_ERROR_INVALID_ARGUMENT,
               "model is NULL");
}

static void a_dense_head_has_no_ridge_to_set(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.head = SNGP_HEAD_DENSE;
  sngp_model *model = create_model(&config);
  assert_fails(sngp_model_set_ridge(model, 1), SNGP_ERROR_UNSUPPORTED, "dense head");
  sngp_model_free(model);
}

static void what_was_set_is_saved_and_loaded(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = fitted_with_ridge(1, data), *loaded = NULL;
  assert_ok(sngp_model_set_ridge(model, 3));
  assert_ok(sngp_model_set_temperature(model, 1.75));
  assert_ok(sngp_model_set_mean_field_factor(model, 0.5));
  void *bytes = NULL;
  int64_t size = 0;
  assert_ok(sngp_model_save_buffer(model, &bytes, &size));
  assert_ok(sngp_model_load_buffer(bytes, size, &loaded));
  const sngp_model_config config = config_of(loaded);
  assert_true(config.ridge == 3 && config.temperature == 1.75 && config.mean_field_factor == 0.5);
  sngp_model_free(loaded);
  sngp_buffer_free(bytes);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_ridge_set_after_training_is_the_ridge_trained_with),
      cmocka_unit_test(variances_after_setting_the_ridge_have_their_closed_form),
      cmocka_unit_test(updates_go_on_under_a_ridge_that_was_set),
      cmocka_unit_test(a_ridge_that_cannot_be_set_changes_nothing),
      cmocka_unit_test(factor_and_temperature_are_stored_where_their_range_holds),
      cmocka_unit_test(a_dense_head_has_no_ridge_to_set),
      cmocka_unit_test(what_was_set_is_saved_and_loaded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
