/* The configuration: defaults, presets, checks, other versions of the struct. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sngp/sngp.h"
#include "support/check.h"

static const double PI = 3.14159265358979323846;

static sngp_model_config initialised(void) {
  sngp_model_config config;
  memset(&config, 0xaa, sizeof config);
  assert_ok(sngp_model_config_init(&config, sizeof config));
  return config;
}

static sngp_model_config valid(void) {
  sngp_model_config config = initialised();
  config.input_dim = 3;
  config.num_classes = 4;
  config.num_layers = 1;
  config.num_hidden = 5;
  config.num_random_features = 6;
  return config;
}

static void defaults_are_the_documented_ones(void **state) {
  (void)state;
  const sngp_model_config c = initialised();
  assert_int_equal(c.struct_size, sizeof c);
  assert_int_equal(c.task, SNGP_TASK_CLASSIFICATION);
  assert_int_equal(c.backbone, SNGP_BACKBONE_RESIDUAL);
  assert_int_equal(c.head, SNGP_HEAD_GAUSSIAN_PROCESS);
  assert_int_equal(c.likelihood, SNGP_LIKELIHOOD_GAUSSIAN);
  assert_int_equal(c.normalize_input, SNGP_NORMALIZE_RADIUS);
  assert_true(c.input_dim == 0 && c.num_classes == 0); /* to be set */
  assert_true(c.num_layers == 6 && c.num_hidden == 128 && c.num_random_features == 1024);
  assert_true(c.dropout_rate == 0.1 && c.spectral_norm_bound == 0.9 && c.power_iterations == 1);
  assert_true(c.train_input_layer == 1 && c.standardize_inputs == 1);
  assert_true(c.kernel_scale == 0 && c.radius_scale == 0 && c.random_feature_std == 1);
  assert_true(c.orthogonal_features == 0 && c.scale_random_features == 0);
  assert_true(c.ridge == 1 && c.covariance_momentum == -1 && c.l2_regularization == 1e-6);
  assert_close(c.mean_field_factor, PI / 8, 1e-15);
  assert_true(c.temperature == 1);
  assert_true(c.seed == 0 && c.class_names == NULL && c.feature_names == NULL);
  assert_int_equal(c.kernel, SNGP_KERNEL_RBF);
  assert_int_equal(c.kernel_scaling, SNGP_KERNEL_SCALING_FIXED);
  assert_true(c.gp_input_dim == 0 && c.output_bias == 0 && c.train_output_bias == 0);
}

/* NUMERICS: bound 0.9, M 1024, std 1, scaled features, no input normalisation, ridge 1, exact sum,
   l2 1e-6, input layer frozen, inputs as they are. */
static void the_tutorials_preset_has_its_exact_values(void **state) {
  (void)state;
  sngp_model_config c = initialised();
  c.num_hidden = 7;
  c.dropout_rate = 0.5;
  assert_ok(sngp_model_config_preset(&c, SNGP_PRESET_TUTORIAL));
  assert_true(c.num_layers == 6 && c.num_hidden == 128 && c.num_random_features == 1024);
  assert_true(c.dropout_rate == 0.1 && c.spectral_norm_bound == 0.9 && c.power_iterations == 1);
  assert_true(c.train_input_layer == 0 && c.standardize_inputs == 0);
  assert_true(c.kernel_scale == 1 && c.random_feature_std == 1 && c.orthogonal_features == 0);
  assert_int_equal(c.normalize_input, SNGP_NORMALIZE_NONE);
  assert_true(c.scale_random_features == 1 && c.ridge == 1 && c.covariance_momentum == -1);
  assert_true(c.l2_regularization == 1e-6);
  assert_close(c.mean_field_factor, PI / 8, 1e-15);
  assert_true(c.temperature == 1);
}

static sngp_model_config preset_of(int32_t preset) {
  sngp_model_config c = initialised();
  c.ridge = 7;
  c.normalize_input = SNGP_NORMALIZE_RADIUS;
  assert_ok(sngp_model_config_preset(&c, preset));
  assert_true(c.num_layers == 6 && c.num_hidden == 128 && c.num_random_features == 1024);
  assert_true(c.spectral_norm_bound == 0.95 && c.power_iterations == 1);
  assert_true(c.standardize_inputs == 0 && c.kernel_scale == 1 && c.mean_field_factor == 1);
  assert_true(c.kernel == SNGP_KERNEL_RBF && c.kernel_scaling == SNGP_KERNEL_SCALING_FIXED);
  assert_true(c.output_bias == 0 && c.gp_input_dim == 0);
  return c;
}

/* Default arguments of the layers: tensorflow/models official/nlp/modeling/layers/
   gaussian_process.py, google/edward2 edward2/tensorflow/layers/random_feature.py and
   edward2/jax/nn/random_feature.py. */
static void the_references_presets_have_their_values(void **state) {
  (void)state;
  sngp_model_config c = preset_of(SNGP_PRESET_MODEL_GARDEN);
  assert_int_equal(c.normalize_input, SNGP_NORMALIZE_NONE);
  assert_true(c.random_feature_std == 1 && c.orthogonal_features == 0);
  assert_true(c.scale_random_features == 1 && c.train_output_bias == 0);
  assert_true(c.ridge == 1 && c.covariance_momentum == 0.999 && c.l2_regularization == 1e-6);
  c = preset_of(SNGP_PRESET_EDWARD2);
  assert_int_equal(c.normalize_input, SNGP_NORMALIZE_LAYER_NORM);
  assert_true(c.random_feature_std == 1 && c.orthogonal_features == 1);
  assert_true(c.scale_random_features == 1 && c.train_output_bias == 0);
  assert_true(c.ridge == 1e-6 && c.covariance_momentum == 0.999 && c.l2_regularization == 0);
  c = preset_of(SNGP_PRESET_EDWARD2_JAX);
  assert_int_equal(c.normalize_input, SNGP_NORMALIZE_STANDARD);
  assert_true(c.random_feature_std == 0 && c.orthogonal_features == 0);
  assert_true(c.scale_random_features == 0 && c.train_output_bias == 1);
  assert_true(c.ridge == 1 && c.covariance_momentum < 0 && c.l2_regularization == 0);
}

static void presets_leave_sizes_head_seed_and_names(void **state) {
  (void)state;
  const char *const classes[] = {"a", "b"}, *const features[] = {"x"};
  for (int32_t preset = SNGP_PRESET_DEFAULT; preset <= SNGP_PRESET_EDWARD2_JAX; preset++) {
    sngp_model_config c = initialised();
    c.input_dim = 1;
    c.num_classes = 2;
    c.head = SNGP_HEAD_DENSE;
    c.seed = 99;
    c.class_names = classes;
    c.feature_names = features;
    assert_ok(sngp_model_config_preset(&c, preset));
    assert_true(c.input_dim == 1 && c.num_classes == 2 && c.head == SNGP_HEAD_DENSE);
    assert_true(c.seed == 99 && c.class_names == classes && c.feature_names == features);
  }
  sngp_model_config c = initialised(), before = c;
  assert_fails(sngp_model_config_preset(&c, -1), SNGP_ERROR_INVALID_ARGUMENT, "preset is -1");
  assert_fails(sngp_model_config_preset(&c, 5), SNGP_ERROR_INVALID_ARGUMENT, "preset is 5");
  assert_fails(sngp_model_config_preset(NULL, 0), SNGP_ERROR_INVALID_ARGUMENT, "NULL");
  assert_memory_equal(&c, &before, sizeof c);
}

/* sngp_model_config_validate() and sngp_model_create() say the same. */
static void refuses(const sngp_model_config *config, sngp_status status, const char *field,
                    const char *value) {
  sngp_model *model = (sngp_model *)&status; /* anything but NULL */
  assert_fails(sngp_model_config_validate(config), status, "model config", field, value);
  assert_fails(sngp_model_create(config, &model), status, "model config", field, value);
  assert_null(model);
}

#define assert_refuses(field, value, text)                        \
  do {                                                            \
    sngp_model_config c = valid();                                \
    c.field = (value);                                            \
    refuses(&c, SNGP_ERROR_INVALID_ARGUMENT, #field " is", text); \
  } while (0)

static void tasks_have_their_likelihoods_and_sizes(void **state) {
  (void)state;
  const struct {
    int32_t task, likelihood, posterior;
    int64_t num_classes, num_targets;
    const char *field, *value; /* NULL: all is well */
  } cases[] = {
      {SNGP_TASK_CLASSIFICATION, SNGP_LIKELIHOOD_SOFTMAX, SNGP_POSTERIOR_JOINT, 3, 0, NULL, NULL},
      {SNGP_TASK_CLASSIFICATION, SNGP_LIKELIHOOD_BINARY_LOGISTIC, 0, 2, 0, NULL, NULL},
      {SNGP_TASK_CLASSIFICATION, SNGP_LIKELIHOOD_BINARY_LOGISTIC, 0, 3, 0, "num_classes", "3"},
      {SNGP_TASK_CLASSIFICATION, SNGP_LIKELIHOOD_POISSON, 0, 2, 0, "likelihood", "poisson"},
      {SNGP_TASK_REGRESSION, SNGP_LIKELIHOOD_GAUSSIAN, 0, 0, 1, NULL, NULL},
      {SNGP_TASK_REGRESSION, SNGP_LIKELIHOOD_GAUSSIAN, 0, 0, 0, "num_targets", "0"},
      {SNGP_TASK_REGRESSION, SNGP_LIKELIHOOD_GAUSSIAN, 0, 2, 1, "num_classes", "2"},
      {SNGP_TASK_REGRESSION, SNGP_LIKELIHOOD_SOFTMAX, 0, 0, 1, "likelihood", "softmax"},
      {SNGP_TASK_REGRESSION, SNGP_LIKELIHOOD_POISSON, SNGP_POSTERIOR_PER_OUTPUT, 0, 2, NULL, NULL},
      {SNGP_TASK_REGRESSION, SNGP_LIKELIHOOD_POISSON, SNGP_POSTERIOR_JOINT, 0, 2, "posterior",
       "poisson"},
      {SNGP_TASK_MULTI_LABEL, SNGP_LIKELIHOOD_BINARY_LOGISTIC, 0, 0, 4, NULL, NULL},
      {SNGP_TASK_MULTI_LABEL, SNGP_LIKELIHOOD_POISSON, 0, 0, 4, "likelihood", "multi-label"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sngp_model_config c = valid();
    c.task = cases[i].task;
    c.likelihood = cases[i].likelihood;
    c.posterior = cases[i].posterior;
    c.num_classes = cases[i].num_classes;
    c.num_targets = cases[i].num_targets;
    if (cases[i].field == NULL)
      assert_ok(sngp_model_config_validate(&c));
    else
      assert_fails(sngp_model_config_validate(&c), SNGP_ERROR_INVALID_ARGUMENT, cases[i].field,
                   cases[i].value);
  }
}

static void every_choice_out_of_range_is_refused_by_name(void **state) {
  (void)state;
  assert_refuses(task, 3, "3");
  assert_refuses(task, -1, "-1");
  assert_refuses(backbone, 2, "2");
  assert_refuses(backbone, -1, "-1");
  assert_refuses(head, 2, "2");
  assert_refuses(head, -1, "-1");
  assert_refuses(likelihood, 4, "4");
  assert_refuses(posterior, 4, "4");
  assert_refuses(posterior, -1, "-1");
  assert_refuses(standardize_targets, 2, "2");
  assert_refuses(prior_variance, 0, "0");
  assert_refuses(prior_variance, NAN, "nan");
  assert_refuses(noise_variance, -1, "-1");
  assert_refuses(num_targets, 1, "1");
  assert_refuses(likelihood, -1, "-1");
  assert_refuses(normalize_input, 4, "4");
  assert_refuses(normalize_input, -1, "-1");
  assert_refuses(kernel, 5, "5");
  assert_refuses(kernel, -1, "-1");
  assert_refuses(kernel_scaling, 3, "3");
  assert_refuses(kernel_scaling, -1, "-1");
  assert_refuses(train_input_layer, 2, "2");
  assert_refuses(train_input_layer, -1, "-1");
  assert_refuses(train_output_bias, 2, "2");
  assert_refuses(train_output_bias, -1, "-1");
  assert_refuses(standardize_inputs, 2, "2");
  assert_refuses(standardize_inputs, -1, "-1");
  assert_refuses(orthogonal_features, 2, "2");
  assert_refuses(orthogonal_features, -1, "-1");
  assert_refuses(scale_random_features, 2, "2");
  assert_refuses(scale_random_features, -1, "-1");
}

static void every_size_out_of_range_is_refused_by_name(void **state) {
  (void)state;
  const int64_t too_many = (1 << 24) + 1;
  assert_refuses(input_dim, 0, "0");
  assert_refuses(input_dim, -3, "-3");
  assert_refuses(input_dim, too_many, "16777217");
  assert_refuses(num_classes, 1, "1");
  assert_refuses(num_classes, too_many, "16777217");
  assert_refuses(num_layers, -1, "-1");
  assert_refuses(num_layers, too_many, "16777217");
  assert_refuses(num_hidden, 0, "0");
  assert_refuses(num_hidden, 1, "1"); /* normalised, it would be 0 always */
  assert_refuses(num_hidden, too_many, "16777217");
  assert_refuses(gp_input_dim, -1, "-1");
  assert_refuses(gp_input_dim, 1, "1"); /* normalised, as above */
  assert_refuses(gp_input_dim, too_many, "16777217");
  assert_refuses(power_iterations, 0, "0");
  assert_refuses(power_iterations, too_many, "16777217");
  assert_refuses(num_random_features, 0, "0");
  assert_refuses(num_random_features, too_many, "16777217");
  assert_refuses(seed, -1, "-1");
  assert_refuses(seed, INT64_MIN, "-9223372036854775808");
}

static void every_number_out_of_range_is_refused_by_name(void **state) {
  (void)state;
  assert_refuses(dropout_rate, -0.1, "-0.1");
  assert_refuses(dropout_rate, 1, "1");
  assert_refuses(dropout_rate, NAN, "nan");
  assert_refuses(spectral_norm_bound, -0.1, "-0.1");
  assert_refuses(spectral_norm_bound, INFINITY, "inf");
  assert_refuses(spectral_norm_bound, NAN, "nan");
  assert_refuses(kernel_scale, -1, "-1");
  assert_refuses(kernel_scale, INFINITY, "inf");
  assert_refuses(kernel_scale, NAN, "nan");
  assert_refuses(radius_scale, -1, "-1");
  assert_refuses(radius_scale, INFINITY, "inf");
  assert_refuses(radius_scale, NAN, "nan");
  assert_refuses(random_feature_std, -1, "-1");
  assert_refuses(random_feature_std, INFINITY, "inf");
  assert_refuses(random_feature_std, NAN, "nan");
  assert_refuses(ridge, 0, "0");
  assert_refuses(ridge, -1, "-1");
  assert_refuses(ridge, INFINITY, "inf");
  assert_refuses(ridge, NAN, "nan");
  assert_refuses(covariance_momentum, 1, "1");
  assert_refuses(covariance_momentum, -INFINITY, "inf");
  assert_refuses(covariance_momentum, NAN, "nan");
  assert_refuses(l2_regularization, -1, "-1");
  assert_refuses(l2_regularization, INFINITY, "inf");
  assert_refuses(l2_regularization, NAN, "nan");
  assert_refuses(mean_field_factor, INFINITY, "inf");
  assert_refuses(mean_field_factor, -INFINITY, "inf");
  assert_refuses(mean_field_factor, NAN, "nan");
  assert_refuses(output_bias, 1e16, "1e+16");
  assert_refuses(output_bias, -INFINITY, "-inf");
  assert_refuses(output_bias, NAN, "nan");
  assert_refuses(temperature, 0, "0");
  assert_refuses(temperature, -1, "-1");
  assert_refuses(temperature, 9e-7, "9e-07");
  assert_refuses(temperature, 1.1e6, "1.1e+06");
  assert_refuses(temperature, INFINITY, "inf");
  assert_refuses(temperature, NAN, "nan");
}

static void names_must_be_there_and_utf8(void **state) {
  (void)state;
  const char *const missing[] = {"a", "b", NULL, "d"}, *const broken[] = {"a", "\xff", "c", "d"};
  sngp_model_config c = valid();
  c.class_names = missing;
  refuses(&c, SNGP_ERROR_INVALID_ARGUMENT, "class_names[2]", "NULL");
  c.class_names = broken;
  refuses(&c, SNGP_ERROR_INVALID_ARGUMENT, "class_names[1]", "UTF-8");
  c.class_names = NULL;
  c.feature_names = missing;
  refuses(&c, SNGP_ERROR_INVALID_ARGUMENT, "feature_names[2]", "NULL");
  c.feature_names = broken;
  refuses(&c, SNGP_ERROR_INVALID_ARGUMENT, "feature_names[1]", "UTF-8");
}

static void sizes_whose_product_overflows_are_refused(void **state) {
  (void)state;
  sngp_model_config c = valid();
  c.num_hidden = c.num_layers = 1 << 24;
  refuses(&c, SNGP_ERROR_OUT_OF_MEMORY, "16777216", "overflow");
}

static void sizes_of_a_backbone_that_is_not_there_are_ignored(void **state) {
  (void)state;
  sngp_model_config c = valid();
  c.backbone = SNGP_BACKBONE_NONE;
  c.num_hidden = c.num_layers = 1 << 24;
  sngp_model *model = NULL;
  assert_ok(sngp_model_create(&c, &model));
  sngp_model_free(model);
  c.input_dim = 1; /* normalised, it would be 0 always */
  refuses(&c, SNGP_ERROR_INVALID_ARGUMENT, "input_dim is", "1");
  c.normalize_input = SNGP_NORMALIZE_NONE;
  c.num_hidden = 1;
  assert_ok(sngp_model_config_validate(&c));
  c.input_dim = 2;
  c.normalize_input = SNGP_NORMALIZE_RADIUS;
  assert_ok(sngp_model_config_validate(&c));
  c.input_dim = 1; /* the projection is what is normalised */
  c.gp_input_dim = 2;
  assert_ok(sngp_model_config_validate(&c));
  c.backbone = SNGP_BACKBONE_RESIDUAL;
  c.num_layers = 0;
  assert_ok(sngp_model_config_validate(&c));
}

static void the_ends_of_every_range_are_accepted(void **state) {
  (void)state;
  sngp_model_config c = valid();
  c.input_dim = c.num_random_features = 1;
  c.num_hidden = c.num_classes = 2;
  c.num_layers = 0;
  c.dropout_rate = c.spectral_norm_bound = c.l2_regularization = 0;
  c.covariance_momentum = c.mean_field_factor = -1;
  c.temperature = 1e-6;
  sngp_model *model = NULL;
  assert_ok(sngp_model_create(&c, &model));
  sngp_model_free(model);
  c.covariance_momentum = 0.999999;
  c.dropout_rate = 0.999999;
  c.mean_field_factor = c.spectral_norm_bound = c.kernel_scale = c.temperature = 1e6;
  c.seed = INT64_MAX;
  c.num_layers = c.num_hidden = 1;
  c.normalize_input = SNGP_NORMALIZE_NONE;
  assert_ok(sngp_model_create(&c, &model));
  sngp_model_free(model);
}

/* A program built against a later header: its struct is longer. */
typedef struct {
  sngp_model_config known;
  int64_t later[2];
} later_config;

static void a_longer_struct_is_taken_while_its_end_is_zero(void **state) {
  (void)state;
  later_config config, filled;
  memset(&config, 0xaa, sizeof config);
  assert_ok(sngp_model_config_init(&config.known, sizeof config));
  assert_int_equal(config.known.struct_size, sizeof config);
  assert_true(config.later[0] == 0 && config.later[1] == 0);
  config.known.input_dim = config.known.num_classes = 2;
  config.known.num_random_features = 5;
  sngp_model *model = NULL;
  assert_ok(sngp_model_create(&config.known, &model));

  filled = config;
  filled.later[1] = 7;
  assert_ok(sngp_model_get_config(model, &filled.known));
  assert_int_equal(filled.known.struct_size, sizeof filled);
  assert_int_equal(filled.known.num_random_features, 5);
  assert_true(filled.later[1] == 7); /* nothing known about it, nothing written */
  sngp_model_free(model);

  config.later[1] = 1;
  refuses(&config.known, SNGP_ERROR_UNSUPPORTED, "newer version", "");
}

/* The first version ended with the names. */
static const size_t FIRST_SIZE = offsetof(sngp_model_config, temperature);

static void a_struct_of_the_first_version_has_the_defaults_of_later_fields(void **state) {
  (void)state;
  sngp_model_config c = valid(), read = initialised();
  c.temperature = 7; /* beyond the end of the caller's struct */
  c.kernel = -1;
  c.gp_input_dim = c.kernel_scaling = -1;
  c.struct_size = (uint32_t)FIRST_SIZE;
  sngp_model *model = NULL;
  assert_ok(sngp_model_create(&c, &model));
  assert_ok(sngp_model_get_config(model, &read));
  assert_true(read.temperature == 1 && read.num_random_features == 6);
  assert_true(read.kernel == SNGP_KERNEL_RBF && read.kernel_scaling == SNGP_KERNEL_SCALING_FIXED);
  assert_true(read.gp_input_dim == 0 && read.output_bias == 0);
  assert_ok(sngp_model_get_config(model, &c));
  assert_true(c.temperature == 7 && c.struct_size == FIRST_SIZE);
  sngp_model_free(model);
}

static void a_size_that_no_version_had_is_refused(void **state) {
  (void)state;
  sngp_model_config c = valid();
  c.struct_size = (uint32_t)FIRST_SIZE - 1;
  refuses(&c, SNGP_ERROR_INVALID_ARGUMENT, "struct_size", "");
  c.struct_size = 0;
  refuses(&c, SNGP_ERROR_INVALID_ARGUMENT, "struct_size is 0", "");
  assert_fails(sngp_model_config_init(&c, FIRST_SIZE - 1), SNGP_ERROR_INVALID_ARGUMENT, "bytes");
  assert_fails(sngp_model_config_init(NULL, sizeof c), SNGP_ERROR_INVALID_ARGUMENT, "NULL");
  assert_fails(sngp_model_config_validate(NULL), SNGP_ERROR_INVALID_ARGUMENT, "NULL");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_are_the_documented_ones),
      cmocka_unit_test(the_tutorials_preset_has_its_exact_values),
      cmocka_unit_test(the_references_presets_have_their_values),
      cmocka_unit_test(presets_leave_sizes_head_seed_and_names),
      cmocka_unit_test(tasks_have_their_likelihoods_and_sizes),
      cmocka_unit_test(every_choice_out_of_range_is_refused_by_name),
      cmocka_unit_test(every_size_out_of_range_is_refused_by_name),
      cmocka_unit_test(every_number_out_of_range_is_refused_by_name),
      cmocka_unit_test(names_must_be_there_and_utf8),
      cmocka_unit_test(sizes_whose_product_overflows_are_refused),
      cmocka_unit_test(sizes_of_a_backbone_that_is_not_there_are_ignored),
      cmocka_unit_test(the_ends_of_every_range_are_accepted),
      cmocka_unit_test(a_longer_struct_is_taken_while_its_end_is_zero),
      cmocka_unit_test(a_struct_of_the_first_version_has_the_defaults_of_later_fields),
      cmocka_unit_test(a_size_that_no_version_had_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
