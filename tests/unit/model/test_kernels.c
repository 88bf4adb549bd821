/* The features of a model: inner products are the kernel that its configuration names, whatever the
   kernel scale, the deviation and the scaling. How close many features come: unit/nn/kernels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/kernel_functions.h"
#include "support/small_model.h"
#include "unit/numeric.h"

enum { POINTS = 12, FEATURES = 2048 };

static const double KERNEL_SCALE = 1.7, STD = 0.8;

/* A head on the inputs as they are. */
static sngp_model_config config_of(int32_t kernel) {
  sngp_model_config config = small_config();
  config.backbone = SNGP_BACKBONE_NONE;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.standardize_inputs = 0;
  config.kernel_scale = KERNEL_SCALE;
  config.random_feature_std = STD;
  config.num_random_features = FEATURES;
  config.kernel = kernel;
  return config;
}

static float *features_of(const sngp_model *model, const float *x) {
  const sngp_network *network = &model->network;
  size_t count = (size_t)(POINTS * network->features.num_features);
  float *phi = take(count, sizeof *phi);
  sngp_pass pass;
  assert_ok(sngp_pass_create(network, POINTS, false, 0, &pass));
  for (int64_t i = 0; i < POINTS; i++) sngp_pass_set_row(network, &pass, i, x + i * SMALL_INPUTS);
  sngp_network_features(network, &pass, POINTS);
  memcpy(phi, pass.phi, count * sizeof *phi);
  sngp_pass_destroy(&pass);
  return phi;
}

static void check_kernel(const sngp_model_config *config) {
  float x[POINTS * SMALL_INPUTS];
  double exact[POINTS * SMALL_INPUTS];
  uint64_t seed = 5;
  for (int i = 0; i < POINTS; i++)
    fill_normal(&seed, x + i * SMALL_INPUTS, SMALL_INPUTS, 0.05 * pow(1.5, i));
  to_doubles(x, POINTS * SMALL_INPUTS, exact);
  sngp_model *model = create_model(config);
  float *phi = features_of(model, x);
  const bool linear = config->kernel == SNGP_KERNEL_LINEAR;
  int64_t count = linear ? SMALL_INPUTS : FEATURES;
  double length = linear ? sqrt(KERNEL_SCALE) : sqrt(KERNEL_SCALE) / STD;
  double factor = linear || config->scale_random_features ? 1 : FEATURES / 2.0;
  for (int i = 0; i < POINTS; i++)
    for (int j = 0; j <= i; j++) {
      const double *a = exact + i * SMALL_INPUTS, *b = exact + j * SMALL_INPUTS;
      double product = 0;
      for (int64_t m = 0; m < count; m++)
        product += (double)phi[i * count + m] * (double)phi[j * count + m];
      double expected = kernel_function(config->kernel, a, b, SMALL_INPUTS, length);
      double deviation = kernel_deviation(config->kernel, a, b, SMALL_INPUTS, length);
      assert_close(product / factor, expected,
                   4 * deviation / sqrt(FEATURES) + 1e-6 * fabs(expected) + 1e-6);
    }
  free(phi);
  sngp_model_free(model);
}

static void inner_products_are_the_kernel_of_the_configuration(void **state) {
  (void)state;
  for (int32_t kernel = SNGP_KERNEL_RBF; kernel <= SNGP_KERNEL_LINEAR; kernel++)
    for (int variant = 0; variant < 4; variant++) {
      sngp_model_config config = config_of(kernel);
      config.orthogonal_features = variant & 1;
      config.scale_random_features = variant >> 1;
      check_kernel(&config);
    }
}

/* From the very draws of the RBF kernel: each column of W is divided by a length of its own. */
static void matern_frequencies_are_the_normal_ones_with_one_factor_a_column(void **state) {
  (void)state;
  const int32_t kernels[] = {SNGP_KERNEL_MATERN_32, SNGP_KERNEL_MATERN_52};
  sngp_model_config config = config_of(SNGP_KERNEL_RBF);
  sngp_model *normal = create_model(&config);
  int64_t count = 0;
  float *w = parameter_of(normal, "features.weight", &count);
  for (int k = 0; k < 2; k++) {
    config.kernel = kernels[k];
    sngp_model *matern = create_model(&config);
    float *v = parameter_of(matern, "features.weight", &count);
    double mean = 0, square = 0, degrees = k == 0 ? 3 : 5; /* w^2 / v^2 = q / degrees */
    for (int64_t j = 0; j < FEATURES; j++) {
      double factor = (double)v[j] / (double)w[j];
      for (int64_t i = 1; i < SMALL_INPUTS; i++)
        assert_close(v[i * FEATURES + j], factor * (double)w[i * FEATURES + j],
                     1e-5 * fabs((double)v[i * FEATURES + j]));
      mean += 1 / (factor * factor * FEATURES);
      square += pow(1 / (factor * factor) - 1, 2) / FEATURES;
    }
    /* Chi-squared: mean 1, variance 2 / degrees, excess kurtosis 12 / degrees; four deviations. */
    double variance = 2 / degrees;
    assert_close(mean, 1, 4 * sqrt(variance / FEATURES));
    assert_close(square, variance, 4 * variance * sqrt((2 + 12 / degrees) / FEATURES));
    free(v);
    sngp_model_free(matern);
  }
  free(w);
  sngp_model_free(normal);
}

static void arc_cosine_features_have_no_phase_and_linear_ones_no_tensors(void **state) {
  (void)state;
  sngp_model_config config = config_of(SNGP_KERNEL_ARC_COSINE);
  sngp_model *model = create_model(&config);
  int64_t count = 0;
  float *bias = parameter_of(model, "features.bias", &count);
  for (int64_t i = 0; i < count; i++) assert_true(bias[i] == 0);
  free(bias);
  sngp_model_free(model);
  config.kernel = SNGP_KERNEL_LINEAR;
  model = create_model(&config);
  assert_int_equal(sngp_model_num_tensors(model), 2);
  int64_t total = 0, trainable = 0;
  assert_ok(sngp_model_parameter_count(model, &total, &trainable));
  int64_t weights = SMALL_INPUTS * SMALL_CLASSES;
  assert_int_equal(trainable, weights);
  assert_int_equal(total, weights + SMALL_CLASSES + SMALL_INPUTS * SMALL_INPUTS);
  char text[2000];
  assert_ok(sngp_model_summary(model, text, sizeof text, NULL));
  assert_non_null(strstr(text, "linear features"));
  sngp_model_free(model);
}

/* Of the largest inputs there are: squares that overflow must not become a NaN. */
static void rows_as_far_as_can_be_have_finite_answers(void **state) {
  (void)state;
  const float x[SMALL_INPUTS] = {3e38f, -3e38f, 3e38f};
  const int32_t methods[] = {SNGP_PREDICT_MEAN_FIELD, SNGP_PREDICT_MONTE_CARLO};
  for (int32_t kernel = SNGP_KERNEL_RBF; kernel <= SNGP_KERNEL_LINEAR; kernel++) {
    sngp_model_config config = config_of(kernel);
    config.num_random_features = 40;
    config.kernel_scale = 1e-10;
    sngp_model *model = create_model(&config);
    for (int m = 0; m < 2; m++) {
      float p[SMALL_CLASSES], variance = (float)NAN;
      sngp_prediction out = {.struct_size = sizeof out, .probabilities = p, .variance = &variance};
      sngp_predict_config prediction;
      assert_ok(sngp_predict_config_init(&prediction, sizeof prediction));
      prediction.method = methods[m];
      assert_ok(sngp_predict(model, NULL, x, 1, SMALL_INPUTS, 0, &prediction, &out));
      assert_true(isfinite(variance) && variance > 0);
      for (int k = 0; k < SMALL_CLASSES; k++) assert_true(p[k] >= 0 && p[k] <= 1);
    }
    sngp_model_free(model);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(inner_products_are_the_kernel_of_the_configuration),
      cmocka_unit_test(matern_frequencies_are_the_normal_ones_with_one_factor_a_column),
      cmocka_unit_test(arc_cosine_features_have_no_phase_and_linear_ones_no_tensors),
      cmocka_unit_test(rows_as_far_as_can_be_have_finite_answers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
