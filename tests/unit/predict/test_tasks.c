/* Predictions of regression, counts and independent labels, against what predict.h states, from the
   logits and the variances of the outputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/task_model.h"

enum { ROWS = 90, OUTPUTS = ROWS * TASK_TARGETS, FEATURES = 40 };

/* ridge phi P^-1 phi^T in double precision, by Gauss-Jordan elimination of [P | phi]. */
static double plain_variance(const sngp_model *model, const float *phi) {
  double a[FEATURES][FEATURES + 1];
  for (int i = 0; i < FEATURES; i++) {
    for (int j = 0; j < FEATURES; j++)
      a[i][j] = model->posterior.precision[i * FEATURES + j] + (i == j ? model->config.ridge : 0);
    a[i][FEATURES] = (double)phi[i];
  }
  for (int i = 0; i < FEATURES; i++)
    for (int r = 0; r < FEATURES; r++) {
      if (r == i) continue;
      double factor = a[r][i] / a[i][i];
      for (int c = i; c <= FEATURES; c++) a[r][c] -= factor * a[i][c];
    }
  double sum = 0;
  for (int i = 0; i < FEATURES; i++) sum += (double)phi[i] * a[i][FEATURES] / a[i][i];
  return model->config.ridge * sum;
}

typedef struct {
  float logits[OUTPUTS], mean[OUTPUTS], variance[OUTPUTS], features[ROWS * FEATURES];
} predicted;

static void predict(const sngp_model *model, const sngp_dataset *data, predicted *p) {
  sngp_prediction out = {
      .logits = p->logits, .mean = p->mean, .variance = p->variance, .features = p->features};
  assert_ok(predict_data(model, data, NULL, &out));
}

static void regression_is_in_the_units_of_targets(void **state) {
  (void)state;
  sngp_model_config config = task_config(&TASKS[0]);
  config.ridge = 10;
  sngp_dataset *data = task_data(&TASKS[0], ROWS, 4);
  sngp_model *model = fit_task(&config, data, 3);
  static predicted p;
  predict(model, data, &p);
  const sngp_network *network = &model->network;
  for (int i = 0; i < OUTPUTS; i++) {
    int k = i % TASK_TARGETS;
    double scale = (double)network->target_scale[k], noise = (double)network->noise[k];
    double mean = (double)network->target_mean[k] + scale * (double)p.logits[i];
    double leverage = plain_variance(model, p.features + i / TASK_TARGETS * FEATURES) / 10;
    assert_close(p.mean[i], mean, 1e-6 * fabs(mean));
    double expected = scale * scale * noise * (1 + leverage);
    assert_close(p.variance[i], expected, 1e-4 * expected);
  }
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void counts_have_log_normal_rates(void **state) {
  (void)state;
  sngp_model_config config = task_config(&TASKS[1]);
  config.posterior = SNGP_POSTERIOR_SHARED;
  config.prior_variance = 0.25;
  sngp_dataset *data = task_data(&TASKS[1], ROWS, 4);
  sngp_model *model = fit_task(&config, data, 3);
  static predicted p;
  predict(model, data, &p);
  for (int i = 0; i < OUTPUTS; i++) {
    double v = 0.25 * plain_variance(model, p.features + i / TASK_TARGETS * FEATURES);
    double rate = exp((double)p.logits[i] + v / 2);
    assert_close(p.mean[i], rate, 1e-4 * rate);
    double expected = rate + (exp(v) - 1) * rate * rate;
    assert_close(p.variance[i], expected, 3e-4 * expected);
  }
  sngp_predict_config map;
  assert_ok(sngp_predict_config_init(&map, sizeof map));
  map.method = SNGP_PREDICT_MAP;
  sngp_prediction out = {.mean = p.mean};
  assert_ok(predict_data(model, data, &map, &out));
  for (int i = 0; i < OUTPUTS; i++)
    assert_close(p.mean[i], exp((double)p.logits[i]), 1e-5 * (double)p.mean[i]);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void labels_are_independent(void **state) {
  (void)state;
  sngp_model_config config = task_config(&TASKS[2]);
  config.mean_field_factor = 2;
  config.temperature = 1.5;
  sngp_dataset *data = task_data(&TASKS[2], ROWS, 4);
  sngp_model *model = fit_task(&config, data, 3);
  static float logits[OUTPUTS], probabilities[OUTPUTS], variance[ROWS], entropy[ROWS];
  sngp_prediction out = {
      .logits = logits, .probabilities = probabilities, .variance = variance, .entropy = entropy};
  assert_ok(predict_data(model, data, NULL, &out));
  for (int i = 0; i < ROWS; i++) {
    double sum = 0;
    for (int k = 0; k < TASK_TARGETS; k++) {
      double f = (double)logits[i * TASK_TARGETS + k];
      double p = 1 / (1 + exp(-f / (1.5 * sqrt(1 + 2 * (double)variance[i]))));
      assert_close(probabilities[i * TASK_TARGETS + k], p, 1e-6);
      sum -= p * log(p) + (1 - p) * log(1 - p);
    }
    assert_close(entropy[i], sum, 1e-5);
  }
  sngp_model_free(model);
  sngp_dataset_free(data);
}

/* The mixture of the members' normal distributions, whose moments are in every textbook. */
static void ensembles_are_mixtures(void **state) {
  (void)state;
  enum { MEMBERS = 3 };
  sngp_dataset *data = task_data(&TASKS[0], ROWS, 4);
  sngp_model *members[MEMBERS];
  static predicted each[MEMBERS], mixed;
  for (int m = 0; m < MEMBERS; m++) {
    sngp_model_config config = task_config(&TASKS[0]);
    config.seed = m;
    members[m] = fit_task(&config, data, 2);
    predict(members[m], data, &each[m]);
  }
  sngp_ensemble *ensemble = NULL;
  assert_ok(sngp_ensemble_from_models((const sngp_model *const *)members, MEMBERS, &ensemble));
  sngp_prediction out = {.struct_size = sizeof out, .mean = mixed.mean, .variance = mixed.variance};
  assert_ok(sngp_ensemble_predict(ensemble, NULL, sngp_dataset_features(data), ROWS, SMALL_INPUTS,
                                  0, NULL, &out));
  for (int i = 0; i < OUTPUTS; i++) {
    double mean = 0, second = 0;
    for (int m = 0; m < MEMBERS; m++) {
      double own = (double)each[m].mean[i] - 1000;
      mean += own / MEMBERS;
      second += ((double)each[m].variance[i] + own * own) / MEMBERS;
    }
    assert_close(mixed.mean[i], 1000 + mean, 1e-3);
    assert_close(mixed.variance[i], second - mean * mean, 1e-3 * second);
  }
  sngp_ensemble_free(ensemble);
  for (int m = 0; m < MEMBERS; m++) sngp_model_free(members[m]);
  sngp_dataset_free(data);
}

/* With noise on its diagonal the covariance is that of the targets themselves. */
static void the_covariance_of_one_target_has_its_variances(void **state) {
  (void)state;
  sngp_model_config config = task_config(&TASKS[0]);
  config.num_targets = 1;
  config.noise_variance = 30;
  sngp_dataset *data = task_data(&TASKS[0], ROWS, 4), *one = NULL;
  float y[ROWS];
  for (int i = 0; i < ROWS; i++) y[i] = sngp_dataset_targets(data)[i * TASK_TARGETS];
  assert_ok(
      sngp_dataset_create_targets(sngp_dataset_features(data), ROWS, SMALL_INPUTS, 0, y, 1, &one));
  sngp_model *model = fit_task(&config, one, 3);
  static float covariance[ROWS * ROWS], variance[ROWS];
  sngp_prediction out = {.variance = variance, .covariance = covariance};
  assert_ok(predict_data(model, one, NULL, &out));
  for (int i = 0; i < ROWS; i++) {
    assert_close(covariance[i * ROWS + i], variance[i], 1e-4 * (double)variance[i]);
    assert_true(variance[i] > 30);
    for (int j = 0; j < i; j++) {
      assert_true(covariance[i * ROWS + j] == covariance[j * ROWS + i]);
      double limit = sqrt(((double)variance[i] - 30) * ((double)variance[j] - 30));
      assert_true(fabs((double)covariance[i * ROWS + j]) < 1.001 * limit);
    }
  }
  sngp_model_free(model);
  sngp_dataset_free(one);
  sngp_dataset_free(data);
}

#define assert_unsupported(model, data, buffer)                                                  \
  do {                                                                                           \
    static float taken[OUTPUTS * ROWS];                                                          \
    sngp_prediction out = {.buffer = (void *)taken};                                             \
    assert_fails(predict_data(model, data, NULL, &out), SNGP_ERROR_UNSUPPORTED, #buffer " was"); \
  } while (0)

static void buffers_that_a_task_has_nothing_for_are_refused(void **state) {
  (void)state;
  sngp_dataset *data = task_data(&TASKS[0], 8, 4);
  for (int t = 0; t < NUM_TASKS; t++) {
    sngp_model_config config = task_config(&TASKS[t]);
    config.standardize_inputs = config.standardize_targets = 0;
    config.kernel_scale = config.radius_scale = 1;
    sngp_model *model = create_model(&config);
    assert_unsupported(model, data, classes);
    assert_unsupported(model, data, uncertainty);
    assert_unsupported(model, data, dempster_shafer);
    assert_unsupported(model, data, energy);
    if (TASKS[t].task == SNGP_TASK_REGRESSION) {
      assert_unsupported(model, data, probabilities);
      assert_unsupported(model, data, entropy);
      assert_unsupported(model, data, mutual_information);
      assert_unsupported(model, data, samples);
    } else {
      assert_unsupported(model, data, mean);
    }
    sngp_model_free(model);
  }
  sngp_dataset_free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(regression_is_in_the_units_of_targets),
      cmocka_unit_test(counts_have_log_normal_rates),
      cmocka_unit_test(labels_are_independent),
      cmocka_unit_test(ensembles_are_mixtures),
      cmocka_unit_test(the_covariance_of_one_target_has_its_variances),
      cmocka_unit_test(buffers_that_a_task_has_nothing_for_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
