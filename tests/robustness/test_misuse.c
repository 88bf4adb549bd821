/* What no program should do, and what inputs no one expects: clear errors, or sane answers. */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "predict/workspace.h"
#include "support/small_model.h"

enum { ROWS = 40, EPOCHS = 3 };

static sngp_model *fitted_model(int32_t normalize, sngp_dataset *data) {
  sngp_model_config config = small_config();
  config.normalize_input = normalize;
  sngp_model *model = create_model(&config);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(EPOCHS, 0);
  assert_ok(sngp_fit(model, adam, data, NULL, &fit, NULL));
  sngp_optimizer_free(adam);
  return model;
}

/* Every float that is finite gives finite answers: these are the rows farthest from all data. */
static void inputs_of_any_size_have_finite_answers(void **state) {
  (void)state;
  const float sizes[] = {1e10f, 1e15f, 1e19f, 1e20f, 1e30f, FLT_MAX};
  enum { NUM_SIZES = sizeof sizes / sizeof *sizes, NUM = 2 * NUM_SIZES };
  sngp_dataset *data = small_data(ROWS, 1);
  for (int32_t normalize = SNGP_NORMALIZE_NONE; normalize <= SNGP_NORMALIZE_RADIUS; normalize++) {
    sngp_model *model = fitted_model(normalize, data);
    float x[NUM][SMALL_INPUTS] = {{0}}, p[NUM][SMALL_CLASSES], variance[NUM], entropy[NUM];
    float dempster_shafer[NUM];
    for (int i = 0; i < NUM; i++) {
      x[i][0] = i < NUM_SIZES ? sizes[i] : -sizes[i - NUM_SIZES];
      x[i][1] = -x[i][0]; /* so that sums may cancel, too */
    }
    sngp_prediction out = {.struct_size = sizeof out,
                           .probabilities = &p[0][0],
                           .variance = variance,
                           .entropy = entropy,
                           .dempster_shafer = dempster_shafer};
    assert_ok(sngp_predict(model, NULL, &x[0][0], NUM, SMALL_INPUTS, 0, NULL, &out));
    for (int i = 0; i < NUM; i++) {
      double sum = 0;
      for (int k = 0; k < SMALL_CLASSES; k++) sum += (double)p[i][k];
      assert_close(sum, 1, 1e-5);
      assert_true(isfinite(variance[i]) && variance[i] >= 0);
      assert_true(isfinite(entropy[i]) && isfinite(dempster_shafer[i]));
    }
    sngp_model_free(model);
  }
  sngp_dataset_free(data);
}

static void features_too_small_for_a_length_scale_are_named_as_the_cause(void **state) {
  (void)state;
  float features[ROWS];
  int32_t labels[ROWS];
  for (int i = 0; i < ROWS; i++) {
    features[i] = (float)(i + 1) * 1e-40f;
    labels[i] = i % 2;
  }
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_create(features, ROWS, 1, 0, labels, 2, &data));
  sngp_model_config config = small_config();
  config.input_dim = 1;
  config.num_classes = 2;
  config.standardize_inputs = 0;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  sngp_model *model = create_model(&config);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  assert_fails(sngp_fit(model, adam, data, NULL, NULL, NULL), SNGP_ERROR_NUMERICAL, "kernel_scale",
               "very small numbers");
  sngp_optimizer_free(adam);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void arrays_beyond_all_memory_are_refused(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = fitted_model(SNGP_NORMALIZE_RADIUS, data);
  const float *x = sngp_dataset_features(data);
  const int32_t *labels = sngp_dataset_labels(data);
  float probability = 0;
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = &probability};
  assert_fails(sngp_predict(model, NULL, x, INT64_MAX, SMALL_INPUTS, 0, NULL, &out),
               SNGP_ERROR_INVALID_ARGUMENT, "9223372036854775807 rows");
  sngp_classification_metrics metrics = {.struct_size = sizeof metrics};
  assert_fails(sngp_evaluate_classification(x, INT64_MAX, 2, labels, &metrics),
               SNGP_ERROR_INVALID_ARGUMENT, "9223372036854775807 rows");
  sngp_ood_metrics ood = {.struct_size = sizeof ood};
  assert_fails(sngp_evaluate_ood(x, INT64_MAX, x, 2, &ood), SNGP_ERROR_INVALID_ARGUMENT,
               "in_domain");
  sngp_predict_config config;
  sngp_workspace *workspace = NULL;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.full_covariance = 1;
  assert_fails(sngp_workspace_create(model, &config, INT64_MAX, &workspace),
               SNGP_ERROR_OUT_OF_MEMORY, "covariance");
  assert_null(workspace);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void structs_that_were_not_initialised_are_found_out(void **state) {
  (void)state;
  sngp_model_config config;
  sngp_model *model = NULL;
  memset(&config, 0xa5, sizeof config);
  assert_fails(sngp_model_create(&config, &model), SNGP_ERROR_INVALID_ARGUMENT, "struct_size",
               "was it initialised?");
  memset(&config, 0, sizeof config);
  assert_fails(sngp_model_create(&config, &model), SNGP_ERROR_INVALID_ARGUMENT, "struct_size is 0");
}

static void reserved_fields_stay_reserved(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = fitted_model(SNGP_NORMALIZE_RADIUS, data);
  sngp_optimizer_config optimizer;
  sngp_optimizer *adam = NULL;
  assert_ok(sngp_optimizer_config_init(&optimizer, sizeof optimizer));
  optimizer.reserved = 1;
  assert_fails(sngp_optimizer_create(&optimizer, &adam), SNGP_ERROR_INVALID_ARGUMENT, "reserved");
  adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(1, 0);
  fit.reserved = 1;
  assert_fails(sngp_fit(model, adam, data, NULL, &fit, NULL), SNGP_ERROR_INVALID_ARGUMENT,
               "reserved");
  sngp_prediction out = {.struct_size = sizeof out, .reserved = 1};
  assert_fails(
      sngp_predict(model, NULL, sngp_dataset_features(data), 1, SMALL_INPUTS, 0, NULL, &out),
      SNGP_ERROR_INVALID_ARGUMENT, "reserved");
  sngp_optimizer_free(adam);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void an_empty_path_is_named(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_model *model = create_model(&config), *loaded = NULL;
  sngp_dataset *data = NULL;
  assert_fails(sngp_model_save(model, ""), SNGP_ERROR_INVALID_ARGUMENT, "path is empty");
  assert_fails(sngp_model_load("", &loaded), SNGP_ERROR_INVALID_ARGUMENT, "path is empty");
  assert_fails(sngp_dataset_read_csv("", NULL, &data), SNGP_ERROR_INVALID_ARGUMENT,
               "path is empty");
  assert_fails(sngp_dataset_read_npy("", NULL, &data), SNGP_ERROR_INVALID_ARGUMENT,
               "features_path is empty");
  assert_fails(sngp_dataset_read_idx("", NULL, &data), SNGP_ERROR_INVALID_ARGUMENT,
               "images_path is empty");
  sngp_model_free(model);
}

static void names_must_differ(void **state) {
  (void)state;
  const char *const names[SMALL_CLASSES] = {"a", "b", "a"};
  sngp_model_config config = small_config();
  config.class_names = names;
  assert_fails(sngp_model_config_validate(&config), SNGP_ERROR_INVALID_ARGUMENT, "class_names",
               "\"a\" twice");
}

static void a_workspace_that_is_in_use_is_refused(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = fitted_model(SNGP_NORMALIZE_RADIUS, data);
  sngp_workspace *workspace = NULL;
  float variance[ROWS];
  sngp_prediction out = {.struct_size = sizeof out, .variance = variance};
  assert_ok(sngp_workspace_create(model, NULL, ROWS, &workspace));
  const float *x = sngp_dataset_features(data);
  assert_false(atomic_flag_test_and_set(&workspace->in_use)); /* as a call in another thread does */
  assert_fails(sngp_predict(model, workspace, x, ROWS, SMALL_INPUTS, 0, NULL, &out),
               SNGP_ERROR_INVALID_ARGUMENT, "in use");
  atomic_flag_clear(&workspace->in_use);
  for (int i = 0; i < 2; i++)
    assert_ok(sngp_predict(model, workspace, x, ROWS, SMALL_INPUTS, 0, NULL, &out));
  sngp_workspace_free(workspace);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

typedef struct {
  sngp_model *model;
  sngp_optimizer *optimizer;
  const sngp_dataset *data;
  int calls;
} intruder;

static int32_t intrude(const sngp_fit_progress *progress, void *context) {
  (void)progress;
  intruder *self = context;
  const float zero[SMALL_CLASSES] = {0};
  const char *const text = "callback must not change it";
  assert_fails(sngp_model_set_temperature(self->model, 2), SNGP_ERROR_INVALID_ARGUMENT, text);
  assert_fails(sngp_model_set_mean_field_factor(self->model, 2), SNGP_ERROR_INVALID_ARGUMENT, text);
  assert_fails(sngp_model_set_ridge(self->model, 2), SNGP_ERROR_INVALID_ARGUMENT, text);
  assert_fails(sngp_calibrate(self->model, self->data, NULL, NULL, NULL),
               SNGP_ERROR_INVALID_ARGUMENT, text);
  assert_fails(sngp_fit(self->model, self->optimizer, self->data, NULL, NULL, NULL),
               SNGP_ERROR_INVALID_ARGUMENT, text);
  assert_fails(sngp_train_step(self->model, self->optimizer, self->data, NULL),
               SNGP_ERROR_INVALID_ARGUMENT, text);
  assert_fails(sngp_model_prepare(self->model, self->data), SNGP_ERROR_INVALID_ARGUMENT, text);
  assert_fails(sngp_model_set_parameter(self->model, "output.bias", zero, SMALL_CLASSES),
               SNGP_ERROR_INVALID_ARGUMENT, text);
  assert_fails(sngp_model_reset_covariance(self->model), SNGP_ERROR_INVALID_ARGUMENT, text);
  assert_fails(sngp_model_update_covariance(self->model, self->data), SNGP_ERROR_INVALID_ARGUMENT,
               text);
  assert_fails(sngp_model_finish_covariance(self->model), SNGP_ERROR_INVALID_ARGUMENT, text);
  assert_fails(sngp_model_fit_covariance(self->model, self->data, 1), SNGP_ERROR_INVALID_ARGUMENT,
               text);
  sngp_predict_config map;
  float p[ROWS * SMALL_CLASSES];
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = p};
  assert_ok(sngp_predict_config_init(&map, sizeof map));
  map.method = SNGP_PREDICT_MAP; /* as const functions may be called */
  assert_ok(sngp_predict(self->model, NULL, sngp_dataset_features(self->data), ROWS, SMALL_INPUTS,
                         0, &map, &out));
  self->calls++;
  return 0;
}

static void a_callback_cannot_change_the_model_that_is_fitted(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model_config config = small_config();
  intruder self = {create_model(&config), create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2), data, 0};
  sngp_fit_config fit = constant_rate(EPOCHS, 0);
  sngp_model *same = clone_of(self.model);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  assert_ok(sngp_fit(same, adam, data, NULL, &fit, NULL));
  fit.callback = intrude;
  fit.context = &self;
  assert_ok(sngp_fit(self.model, self.optimizer, data, NULL, &fit, NULL));
  assert_int_equal(self.calls, 2 * EPOCHS); /* a step and an epoch, each time */
  assert_true(parameter_difference(self.model, same) == 0);
  assert_ok(sngp_train_step(self.model, self.optimizer, data, NULL)); /* and afterwards it may */
  sngp_optimizer_free(adam);
  sngp_model_free(same);
  sngp_optimizer_free(self.optimizer);
  sngp_model_free(self.model);
  sngp_dataset_free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(inputs_of_any_size_have_finite_answers),
      cmocka_unit_test(features_too_small_for_a_length_scale_are_named_as_the_cause),
      cmocka_unit_test(arrays_beyond_all_memory_are_refused),
      cmocka_unit_test(structs_that_were_not_initialised_are_found_out),
      cmocka_unit_test(reserved_fields_stay_reserved),
      cmocka_unit_test(an_empty_path_is_named),
      cmocka_unit_test(names_must_differ),
      cmocka_unit_test(a_workspace_that_is_in_use_is_refused),
      cmocka_unit_test(a_callback_cannot_change_the_model_that_is_fitted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
