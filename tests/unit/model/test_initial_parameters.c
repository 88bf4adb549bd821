/* What a new model holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/singular_value.h"
#include "support/small_model.h"

enum { HIDDEN = 128, FEATURES = 512, LAYERS = 3 };

static sngp_model_config config_of(int64_t seed) {
  sngp_model_config config = small_config();
  config.num_hidden = HIDDEN;
  config.num_layers = LAYERS;
  config.num_random_features = FEATURES;
  config.random_feature_std = 2;
  config.normalize_input = SNGP_NORMALIZE_LAYER_NORM;
  config.seed = seed;
  return config;
}

typedef struct {
  double smallest, largest, mean, square;
  int64_t count;
} moments;

static moments moments_of(const sngp_model *model, const char *name) {
  moments m = {.smallest = INFINITY, .largest = -INFINITY};
  float *values = parameter_of(model, name, &m.count);
  for (int64_t i = 0; i < m.count; i++) {
    double value = (double)values[i];
    m.smallest = fmin(m.smallest, value);
    m.largest = fmax(m.largest, value);
    m.mean += value / (double)m.count;
    m.square += value * value / (double)m.count;
  }
  free(values);
  return m;
}

/* U(-a, a), a = sqrt(6 / (in + out)): five standard deviations of mean and mean square. */
static void check_glorot(const sngp_model *model, const char *name, double in, double out) {
  const moments m = moments_of(model, name);
  double a = sqrt(6 / (in + out)), n = (double)m.count;
  assert_true(m.smallest >= -a && m.largest <= a);
  assert_close(m.mean, 0, 5 * a / sqrt(3 * n));
  assert_close(m.square, a * a / 3, 5 * a * a * sqrt(4 / 45.0 / n));
}

static void check_constant(const sngp_model *model, const char *name, double value) {
  const moments m = moments_of(model, name);
  assert_true(m.smallest == value && m.largest == value);
}

static void weights_are_glorots_biases_zero_features_normal(void **state) {
  (void)state;
  sngp_model_config config = config_of(5);
  config.spectral_norm_bound = 0;
  sngp_model *model = create_model(&config);
  check_glorot(model, "input.weight", SMALL_INPUTS, HIDDEN);
  check_glorot(model, "block.0.weight", HIDDEN, HIDDEN);
  check_glorot(model, "block.2.weight", HIDDEN, HIDDEN);
  check_glorot(model, "output.weight", FEATURES, SMALL_CLASSES);
  check_constant(model, "input.bias", 0);
  check_constant(model, "block.1.bias", 0);
  check_constant(model, "output.bias", 0);
  check_constant(model, "layer_norm.scale", 1);
  check_constant(model, "layer_norm.offset", 0);
  check_constant(model, "input_scaling.mean", 0);
  check_constant(model, "input_scaling.scale", 1);
  const moments w = moments_of(model, "features.weight"), b = moments_of(model, "features.bias");
  assert_close(w.mean, 0, 5 * 2 / sqrt((double)w.count));
  assert_close(w.square, 4, 5 * 4 * sqrt(2 / (double)w.count));
  const double turn = 6.283185307179586;
  assert_true(b.smallest >= 0 && b.smallest < 0.02 * turn);
  assert_true(b.largest < turn && b.largest > 0.98 * turn);
  assert_close(b.mean, turn / 2, 5 * turn / sqrt(12.0 * FEATURES));
  sngp_model_free(model);
}

/* The largest singular value of Glorot's 128 x 128 matrices is about 2: one power iteration from a
   random start finds part of it, many find all. */
static void the_blocks_are_projected_once_with_the_iterations_configured(void **state) {
  (void)state;
  sngp_model_config config = config_of(5), unbound = config_of(5);
  unbound.spectral_norm_bound = 0;
  config.power_iterations = 3000;
  sngp_model *raw = create_model(&unbound), *projected = create_model(&config);
  config.power_iterations = 1;
  sngp_model *once = create_model(&config);
  double sigma = largest_singular_value(raw);
  assert_below(1.5, sigma);
  assert_close(largest_singular_value(projected), 0.9, 1e-4);
  assert_below(0.9, largest_singular_value(once));
  assert_below(largest_singular_value(once), sigma);
  sngp_model_free(once);
  sngp_model_free(projected);
  sngp_model_free(raw);
}

static void the_seed_determines_every_draw_and_tensors_share_none(void **state) {
  (void)state;
  const sngp_model_config config = config_of(5), other_config = config_of(6);
  sngp_model *model = create_model(&config), *again = create_model(&config);
  sngp_model *other = create_model(&other_config);
  assert_true(parameter_difference(model, again) == 0);
  const char *const names[] = {"input.weight",    "block.0.weight", "block.1.weight",
                               "features.weight", "features.bias",  "output.weight"};
  for (int n = 0; n < 6; n++) {
    int64_t count = 0;
    float *a = parameter_of(model, names[n], &count), *b = parameter_of(other, names[n], &count);
    for (int64_t i = 0; i < count; i++) assert_true(a[i] != b[i] || fabsf(a[i]) < 1e-3f);
    free(a);
    free(b);
  }
  int64_t count = 0;
  float *a = parameter_of(model, "block.0.weight", &count);
  float *b = parameter_of(model, "block.1.weight", &count);
  double correlation = 0, square = 0;
  for (int64_t i = 0; i < count; i++) {
    correlation += (double)a[i] * (double)b[i];
    square += (double)a[i] * (double)a[i];
  }
  assert_close(correlation / square, 0, 10 / sqrt((double)count));
  free(a);
  free(b);
  sngp_model_free(other);
  sngp_model_free(again);
  sngp_model_free(model);
}

/* N(0, 1 / P), so that squared distances are kept on average: five standard deviations. */
static void a_projection_has_the_variance_that_keeps_distances(void **state) {
  (void)state;
  enum { P = 40 };
  sngp_model_config config = config_of(5);
  config.gp_input_dim = P;
  sngp_model *model = create_model(&config);
  const moments m = moments_of(model, "projection.weight");
  assert_int_equal(m.count, HIDDEN * P);
  assert_close(m.mean, 0, 5 / sqrt((double)P * (double)m.count));
  assert_close(m.square, 1.0 / P, 5.0 / P * sqrt(2 / (double)m.count));
  sngp_model_free(model);
}

/* As wide as what it projects, so that no other shape changes. */
static void projection_and_lengths_leave_the_other_draws_as_they_were(void **state) {
  (void)state;
  sngp_model_config config = config_of(5);
  sngp_model *without = create_model(&config);
  config.gp_input_dim = HIDDEN;
  config.kernel_scaling = SNGP_KERNEL_SCALING_ARD;
  sngp_model *with = create_model(&config);
  for (int64_t i = 0; i < sngp_model_num_tensors(without); i++) {
    sngp_parameter_info info = {.struct_size = sizeof info};
    assert_ok(sngp_model_parameter_info(without, i, &info));
    int64_t count = 0, count_with = 0;
    float *a = parameter_of(without, info.name, &count);
    float *b = parameter_of(with, info.name, &count_with);
    assert_int_equal(count, count_with);
    assert_memory_equal(a, b, (size_t)count * sizeof *a);
    free(a);
    free(b);
  }
  sngp_model_free(with);
  sngp_model_free(without);
}

/* sqrt(2 / G), G the columns that enter the features; the model says what it was. */
static void a_deviation_of_zero_is_that_of_the_width(void **state) {
  (void)state;
  sngp_model_config config = config_of(5);
  config.random_feature_std = 0;
  config.normalize_input = SNGP_NORMALIZE_RADIUS;
  sngp_model *model = create_model(&config);
  const moments m = moments_of(model, "features.weight");
  double variance = 2.0 / (HIDDEN + 1);
  assert_close(m.square, variance, 5 * variance * sqrt(2 / (double)m.count));
  assert_ok(sngp_model_get_config(model, &config));
  assert_close(config.random_feature_std, sqrt(variance), 1e-15);
  sngp_model_free(model);
  config.random_feature_std = 0;
  config.head = SNGP_HEAD_DENSE; /* which has no use for it */
  sngp_model_free(create_model(&config));
}

static void a_gp_heads_bias_starts_where_it_is_told(void **state) {
  (void)state;
  sngp_model_config config = config_of(5);
  config.output_bias = -1.5;
  sngp_model *model = create_model(&config);
  check_constant(model, "output.bias", -1.5);
  sngp_model_free(model);
  config.head = SNGP_HEAD_DENSE;
  model = create_model(&config);
  check_constant(model, "output.bias", 0);
  sngp_model_free(model);
}

static void an_untrained_model_has_an_empty_record(void **state) {
  (void)state;
  const sngp_model_config config = small_config();
  sngp_model *model = create_model(&config);
  sngp_training_record record = {.struct_size = sizeof record, .epochs = 5, .loss = 7};
  const sngp_training_record empty = {.struct_size = sizeof record};
  assert_ok(sngp_model_get_training_record(model, &record));
  assert_memory_equal(&record, &empty, sizeof record);
  sngp_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_are_glorots_biases_zero_features_normal),
      cmocka_unit_test(the_blocks_are_projected_once_with_the_iterations_configured),
      cmocka_unit_test(the_seed_determines_every_draw_and_tensors_share_none),
      cmocka_unit_test(a_projection_has_the_variance_that_keeps_distances),
      cmocka_unit_test(projection_and_lengths_leave_the_other_draws_as_they_were),
      cmocka_unit_test(a_deviation_of_zero_is_that_of_the_width),
      cmocka_unit_test(a_gp_heads_bias_starts_where_it_is_told),
      cmocka_unit_test(an_untrained_model_has_an_empty_record),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
