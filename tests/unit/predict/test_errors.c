/* What a prediction refuses, and that it then writes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/small_model.h"

enum { ROWS = 30 };
static const float SENTINEL = -12345;

typedef struct {
  sngp_model *model; /* trained */
  sngp_dataset *rows;
} subject;

static int create(void **state) {
  static subject s;
  sngp_model_config config = small_config();
  s.model = create_model(&config);
  s.rows = small_data(ROWS, 3);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(1, 10);
  assert_ok(sngp_fit(s.model, adam, s.rows, NULL, &fit, NULL));
  sngp_optimizer_free(adam);
  *state = &s;
  return 0;
}

static int destroy(void **state) {
  subject *s = *state;
  sngp_dataset_free(s->rows);
  sngp_model_free(s->model);
  return 0;
}

static size_t fill(float *buffer, size_t count, int check) {
  size_t changed = 0;
  for (size_t i = 0; buffer != NULL && i < count; i++) {
    if (check) changed += buffer[i] != SENTINEL;
    buffer[i] = SENTINEL;
  }
  return changed;
}

/* Fills all buffers with the sentinel; with `check` returns how many values were something else. */
static size_t seal(outputs *all, int check) {
  size_t n = (size_t)all->rows, changed = 0;
  changed += fill(all->out.logits, n * SMALL_CLASSES, check);
  changed += fill(all->out.probabilities, n * SMALL_CLASSES, check);
  changed += fill(all->out.variance, n, check);
  changed += fill(all->out.covariance, n * n, check);
  changed += fill(all->out.uncertainty, n, check);
  changed += fill(all->out.entropy, n, check);
  changed += fill(all->out.dempster_shafer, n, check);
  changed += fill(all->out.energy, n, check);
  changed += fill(all->out.mutual_information, n, check);
  for (size_t i = 0; i < n; i++) {
    if (check) changed += all->out.classes[i] != (int32_t)SENTINEL;
    all->out.classes[i] = (int32_t)SENTINEL;
  }
  return changed;
}

static void check_bad_value(const subject *s, float value, const char *text) {
  float features[ROWS * SMALL_INPUTS];
  memcpy(features, sngp_dataset_features(s->rows), sizeof features);
  features[17 * SMALL_INPUTS + 2] = value;
  outputs all = take_outputs(ROWS, SMALL_CLASSES, 1);
  seal(&all, 0);
  assert_fails(sngp_predict(s->model, NULL, features, ROWS, SMALL_INPUTS, 0, NULL, &all.out),
               SNGP_ERROR_NOT_FINITE, "x[17, 2]", text);
  assert_int_equal(seal(&all, 1), 0);
  free_outputs(&all);
}

static void an_input_that_is_not_finite_is_named_and_nothing_is_written(void **state) {
  check_bad_value(*state, NAN, "nan");
  check_bad_value(*state, INFINITY, "inf");
  check_bad_value(*state, -INFINITY, "-inf");
}

/* Tries a prediction of everything; a failure must leave the buffers alone. */
static sngp_status try(const sngp_model *model, sngp_workspace *workspace, int64_t rows,
                       int64_t cols, int64_t stride, int covariance) {
  const float inputs[ROWS * (SMALL_INPUTS + 1)] = {0};
  outputs all = take_outputs(ROWS, SMALL_CLASSES, covariance);
  seal(&all, 0);
  sngp_status status = sngp_predict(model, workspace, inputs, rows, cols, stride, NULL, &all.out);
  assert_true(status == SNGP_OK || seal(&all, 1) == 0);
  free_outputs(&all);
  return status;
}

static void shapes_that_do_not_fit_are_named(void **state) {
  const subject *s = *state;
  assert_fails(try(s->model, NULL, ROWS, SMALL_INPUTS + 1, 0, 0), SNGP_ERROR_DIMENSION, "cols is 4",
               "input_dim is 3");
  assert_fails(try(s->model, NULL, ROWS, SMALL_INPUTS, 2, 0), SNGP_ERROR_INVALID_ARGUMENT,
               "row_stride is 2", "3 columns");
  assert_fails(try(s->model, NULL, -1, SMALL_INPUTS, 0, 0), SNGP_ERROR_INVALID_ARGUMENT,
               "rows is -1");
  assert_fails(sngp_predict(s->model, NULL, NULL, 1, SMALL_INPUTS, 0, NULL,
                            &(sngp_prediction){.struct_size = sizeof(sngp_prediction)}),
               SNGP_ERROR_INVALID_ARGUMENT, "x is NULL");
  assert_fails(try(NULL, NULL, 1, SMALL_INPUTS, 0, 0), SNGP_ERROR_INVALID_ARGUMENT,
               "model is NULL");
}

static void bad_settings_are_named(void **state) {
  const subject *s = *state;
  sngp_predict_config config;
  sngp_prediction out = {.struct_size = sizeof out};
  const float x[SMALL_INPUTS] = {0};
#define BAD(field, value, ...)                                                     \
  assert_ok(sngp_predict_config_init(&config, sizeof config));                     \
  config.field = value;                                                            \
  assert_fails(sngp_predict(s->model, NULL, x, 1, SMALL_INPUTS, 0, &config, &out), \
               SNGP_ERROR_INVALID_ARGUMENT, __VA_ARGS__)
  BAD(method, 4, "method is 4");
  BAD(method, -1, "method is -1");
  BAD(temperature, 0, "temperature is 0");
  BAD(temperature, (double)INFINITY, "temperature is inf");
  BAD(num_samples, -1, "num_samples is -1");
  BAD(num_samples, INT64_MAX, "num_samples is 9.2");
  BAD(seed, -1, "seed is -1");
  BAD(first_row, -1, "first_row is -1");
  BAD(first_row, (INT64_C(1) << 62) + 1, "first_row is 4.6");
  BAD(joint_samples, 2, "joint_samples is 2");
  BAD(reserved, 1, "reserved");
  BAD(num_threads, 0, "num_threads is 0");
  BAD(full_covariance, 7, "full_covariance is 7");
  BAD(mean_field_factor, (double)INFINITY, "mean_field_factor");
#undef BAD
  out.struct_size = 8;
  assert_fails(sngp_predict(s->model, NULL, x, 1, SMALL_INPUTS, 0, NULL, &out),
               SNGP_ERROR_INVALID_ARGUMENT, "struct_size is 8");
  assert_fails(sngp_predict(s->model, NULL, x, 1, SMALL_INPUTS, 0, NULL, NULL),
               SNGP_ERROR_INVALID_ARGUMENT, "prediction is NULL");
}

static void a_model_that_has_not_chosen_its_scales_predicts_nothing(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_model *model = create_model(&config);
  assert_fails(try(model, NULL, ROWS, SMALL_INPUTS, 0, 0), SNGP_ERROR_NOT_PREPARED,
               "sngp_model_prepare()");
  sngp_model_free(model);
}

/* MAP probabilities need no posterior. */
static void check_stale(const sngp_model *model) {
  assert_fails(try(model, NULL, ROWS, SMALL_INPUTS, 0, 0), SNGP_ERROR_POSTERIOR_STALE,
               "sngp_model_fit_covariance()");
  float probabilities[SMALL_CLASSES];
  const float x[SMALL_INPUTS] = {0};
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = probabilities};
  assert_fails(sngp_predict(model, NULL, x, 1, SMALL_INPUTS, 0, NULL, &out),
               SNGP_ERROR_POSTERIOR_STALE, "sngp_model_fit_covariance()");
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.method = SNGP_PREDICT_MAP;
  assert_ok(sngp_predict(model, NULL, x, 1, SMALL_INPUTS, 0, &config, &out));
  config.method = SNGP_PREDICT_MEAN_FIELD;
  config.mean_field_factor = -1;
  assert_ok(sngp_predict(model, NULL, x, 1, SMALL_INPUTS, 0, &config, &out));
  config.method = SNGP_PREDICT_MONTE_CARLO; /* draws need a variance, whatever the factor */
  assert_fails(sngp_predict(model, NULL, x, 1, SMALL_INPUTS, 0, &config, &out),
               SNGP_ERROR_POSTERIOR_STALE, "sngp_model_fit_covariance()");
}

static void after_a_lone_step_the_posterior_is_stale_until_it_is_fitted(void **state) {
  const subject *s = *state;
  sngp_model *model = clone_of(s->model);
  sngp_optimizer *sgd = create_optimizer(SNGP_OPTIMIZER_SGD, 0.1);
  assert_ok(try(model, NULL, ROWS, SMALL_INPUTS, 0, 0));
  assert_ok(sngp_train_step(model, sgd, s->rows, NULL));
  check_stale(model);
  assert_ok(sngp_model_fit_covariance(model, s->rows, 1));
  assert_ok(try(model, NULL, ROWS, SMALL_INPUTS, 0, 0));
  sngp_optimizer_free(sgd);
  sngp_model_free(model);
}

static void after_set_parameter_the_posterior_is_stale_until_it_is_fitted(void **state) {
  const subject *s = *state;
  sngp_model *model = clone_of(s->model);
  int64_t count = 0;
  float *bias = parameter_of(model, "block.0.bias", &count);
  assert_ok(sngp_model_set_parameter(model, "block.0.bias", bias, count));
  free(bias);
  check_stale(model);
  assert_ok(sngp_model_fit_covariance(model, s->rows, 1));
  assert_ok(try(model, NULL, ROWS, SMALL_INPUTS, 0, 0));
  sngp_model_free(model);
}

static void covariance_updates_are_stale_until_they_are_finished(void **state) {
  const subject *s = *state;
  sngp_model *model = clone_of(s->model);
  assert_ok(sngp_model_update_covariance(model, s->rows));
  check_stale(model);
  assert_ok(sngp_model_finish_covariance(model));
  assert_ok(try(model, NULL, ROWS, SMALL_INPUTS, 0, 0));
  assert_ok(sngp_model_reset_covariance(model));
  check_stale(model);
  sngp_model_free(model);
}

static void a_dense_head_has_no_variance_nor_covariance(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.head = SNGP_HEAD_DENSE;
  config.standardize_inputs = 0;
  sngp_model *model = create_model(&config);
  float value = SENTINEL;
  const float x[SMALL_INPUTS] = {0};
  sngp_prediction out = {.struct_size = sizeof out, .variance = &value};
  assert_fails(sngp_predict(model, NULL, x, 1, SMALL_INPUTS, 0, NULL, &out), SNGP_ERROR_UNSUPPORTED,
               "dense head");
  out = (sngp_prediction){.struct_size = sizeof out, .covariance = &value};
  assert_fails(sngp_predict(model, NULL, x, 1, SMALL_INPUTS, 0, NULL, &out), SNGP_ERROR_UNSUPPORTED,
               "dense head");
  assert_true(value == SENTINEL);
  sngp_model_free(model);
}

/* A workspace of a model that differs from small_config() in one field. */
static void check_workspace_of_another(const subject *s, sngp_model_config config) {
  sngp_model *other = create_model(&config);
  sngp_workspace *workspace = NULL;
  assert_ok(sngp_workspace_create(other, NULL, ROWS, &workspace));
  assert_fails(try(s->model, workspace, ROWS, SMALL_INPUTS, 0, 0), SNGP_ERROR_DIMENSION,
               "workspace");
  sngp_workspace_free(workspace);
  sngp_model_free(other);
}

static void a_workspace_serves_models_of_its_own_shape_only(void **state) {
  sngp_model_config config = small_config();
#define OTHER(field, value) \
  config = small_config();  \
  config.field = value;     \
  check_workspace_of_another(*state, config)
  OTHER(num_hidden, 4);
  OTHER(num_hidden, 16);
  OTHER(input_dim, 2);
  OTHER(num_classes, 4);
  OTHER(num_random_features, 41);
  OTHER(normalize_input, SNGP_NORMALIZE_NONE);
  OTHER(head, SNGP_HEAD_DENSE);
  OTHER(kernel_scaling, SNGP_KERNEL_SCALING_TRAINED);
  OTHER(gp_input_dim, 8); /* as many columns as before, but room for more of them */
#undef OTHER
}

/* Of equal widths, but where one has an input layer the other's pass has no room for its output. */
static void workspaces_of_a_head_alone_and_of_a_network_do_not_mix(void **state) {
  (void)state;
  sngp_model_config configs[2] = {small_config(), small_config()};
  configs[1].backbone = SNGP_BACKBONE_NONE;
  sngp_model *models[2];
  sngp_workspace *workspaces[2];
  for (int i = 0; i < 2; i++) {
    configs[i].num_hidden = SMALL_INPUTS;
    configs[i].standardize_inputs = 0;
    configs[i].kernel_scale = configs[i].radius_scale = 1;
    models[i] = create_model(&configs[i]);
    assert_ok(sngp_workspace_create(models[i], NULL, ROWS, &workspaces[i]));
  }
  for (int i = 0; i < 2; i++) {
    assert_ok(try(models[i], workspaces[i], ROWS, SMALL_INPUTS, 0, 0));
    assert_fails(try(models[i], workspaces[1 - i], ROWS, SMALL_INPUTS, 0, 0), SNGP_ERROR_DIMENSION,
                 "3 units (no backbone)");
  }
  for (int i = 0; i < 2; i++) {
    sngp_workspace_free(workspaces[i]);
    sngp_model_free(models[i]);
  }
}

static void a_workspace_serves_any_model_of_its_configuration(void **state) {
  const subject *s = *state;
  sngp_model *clone = clone_of(s->model);
  sngp_workspace *workspace = NULL;
  assert_ok(sngp_workspace_create(clone, NULL, 5, &workspace));
  sngp_model_free(clone);
  assert_ok(try(s->model, workspace, ROWS, SMALL_INPUTS, 0, 0));
  sngp_workspace_free(workspace);
}

static void a_covariance_needs_room_in_the_workspace(void **state) {
  const subject *s = *state;
  sngp_predict_config config;
  sngp_workspace *workspace = NULL;
  assert_ok(sngp_workspace_create(s->model, NULL, ROWS, &workspace));
  assert_fails(try(s->model, workspace, ROWS, SMALL_INPUTS, 0, 1), SNGP_ERROR_INVALID_ARGUMENT,
               "full_covariance");
  sngp_workspace_free(workspace);
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.full_covariance = 1;
  assert_ok(sngp_workspace_create(s->model, &config, ROWS - 1, &workspace));
  assert_fails(try(s->model, workspace, ROWS, SMALL_INPUTS, 0, 1), SNGP_ERROR_INVALID_ARGUMENT,
               "30 rows", "max_rows 29");
  assert_ok(try(s->model, workspace, ROWS - 1, SMALL_INPUTS, 0, 1));
  sngp_workspace_free(workspace);
}

static void a_workspace_that_cannot_be_made_is_null(void **state) {
  const subject *s = *state;
  sngp_workspace *workspace = (sngp_workspace *)state;
  assert_fails(sngp_workspace_create(s->model, NULL, 0, &workspace), SNGP_ERROR_INVALID_ARGUMENT,
               "max_rows is 0");
  assert_null(workspace);
  workspace = (sngp_workspace *)state;
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.full_covariance = 1;
  assert_fails(sngp_workspace_create(s->model, &config, INT64_MAX / 2, &workspace),
               SNGP_ERROR_OUT_OF_MEMORY, "covariance");
  assert_null(workspace);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_input_that_is_not_finite_is_named_and_nothing_is_written),
      cmocka_unit_test(shapes_that_do_not_fit_are_named),
      cmocka_unit_test(bad_settings_are_named),
      cmocka_unit_test(a_model_that_has_not_chosen_its_scales_predicts_nothing),
      cmocka_unit_test(after_a_lone_step_the_posterior_is_stale_until_it_is_fitted),
      cmocka_unit_test(after_set_parameter_the_posterior_is_stale_until_it_is_fitted),
      cmocka_unit_test(covariance_updates_are_stale_until_they_are_finished),
      cmocka_unit_test(a_dense_head_has_no_variance_nor_covariance),
      cmocka_unit_test(a_workspace_serves_models_of_its_own_shape_only),
      cmocka_unit_test(workspaces_of_a_head_alone_and_of_a_network_do_not_mix),
      cmocka_unit_test(a_workspace_serves_any_model_of_its_configuration),
      cmocka_unit_test(a_covariance_needs_room_in_the_workspace),
      cmocka_unit_test(a_workspace_that_cannot_be_made_is_null),
  };
  return cmocka_run_group_tests(tests, create, destroy);
}
