/* Every bad input has a status of its own and a message that names the place; nothing changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/small_model.h"

enum { ROWS = 30 };

typedef struct {
  sngp_dataset *good;
  sngp_model *model, *untouched;
  sngp_optimizer *optimizer;
} subject;

static int create(void **state) {
  static subject s;
  sngp_model_config config = small_config();
  s.good = small_data(ROWS, 1);
  s.model = create_model(&config);
  s.untouched = clone_of(s.model);
  s.optimizer = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  *state = &s;
  return 0;
}

/* Nothing that was tried left a trace. */
static int destroy(void **state) {
  subject *s = *state;
  assert_true(parameter_difference(s->model, s->untouched) == 0);
  assert_int_equal(sngp_optimizer_step_count(s->optimizer), 0);
  sngp_training_record record = {.struct_size = sizeof record};
  assert_ok(sngp_model_get_training_record(s->model, &record));
  assert_int_equal(record.rows, 0);
  assert_fails(sngp_train_step(s->model, s->optimizer, s->good, NULL), SNGP_ERROR_NOT_PREPARED, "");
  sngp_optimizer_free(s->optimizer);
  sngp_model_free(s->untouched);
  sngp_model_free(s->model);
  sngp_dataset_free(s->good);
  return 0;
}

/* A dataset of rows of zeros with a few columns. */
static sngp_dataset *zeros(int64_t rows, int64_t cols, const int32_t *labels, int64_t classes) {
  float *features = take((size_t)(rows * cols), sizeof *features);
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_create(features, rows, cols, 0, labels, classes, &data));
  free(features);
  return data;
}

/* A fit, whose history must come back as NULL. */
static sngp_status fit(const subject *s, const sngp_dataset *training,
                       const sngp_dataset *validation, const sngp_fit_config *config) {
  sngp_history *history = (sngp_history *)s->model;
  sngp_status status = sngp_fit(s->model, s->optimizer, training, validation, config, &history);
  assert_null(history);
  return status;
}

static void a_feature_that_is_not_finite_is_named_by_row_and_column(void **state) {
  (void)state;
  float features[ROWS * SMALL_INPUTS] = {0};
  sngp_dataset *data = (sngp_dataset *)state;
  features[17 * SMALL_INPUTS + 2] = NAN;
  assert_fails(sngp_dataset_create(features, ROWS, SMALL_INPUTS, 0, NULL, 0, &data),
               SNGP_ERROR_NOT_FINITE, "17", "2", "nan");
  assert_null(data);
  features[17 * SMALL_INPUTS + 2] = INFINITY;
  assert_fails(sngp_dataset_borrow(features, ROWS, SMALL_INPUTS, 0, NULL, 0, &data),
               SNGP_ERROR_NOT_FINITE, "17", "2", "inf");
}

static void a_label_out_of_range_is_named_by_row(void **state) {
  const subject *s = *state;
  float features[ROWS * SMALL_INPUTS] = {0};
  int32_t labels[ROWS] = {0};
  sngp_dataset *data = NULL;
  labels[17] = 10;
  assert_fails(sngp_dataset_create(features, ROWS, SMALL_INPUTS, 0, labels, 10, &data),
               SNGP_ERROR_LABEL_RANGE, "labels[17] is 10", "num_classes is 10");
  labels[17] = -1;
  assert_fails(sngp_dataset_create(features, ROWS, SMALL_INPUTS, 0, labels, 0, &data),
               SNGP_ERROR_LABEL_RANGE, "labels[17] is -1");
  /* fine in the data, too many for the model */
  labels[17] = SMALL_CLASSES;
  data = zeros(ROWS, SMALL_INPUTS, labels, 0);
  assert_fails(fit(s, data, NULL, NULL), SNGP_ERROR_LABEL_RANGE, "training labels[17] is 3",
               "num_classes is 3");
  assert_fails(fit(s, s->good, data, NULL), SNGP_ERROR_LABEL_RANGE, "validation labels[17] is 3");
  assert_fails(sngp_train_step(s->model, s->optimizer, data, NULL), SNGP_ERROR_LABEL_RANGE,
               "batch labels[17] is 3");
  sngp_dataset_free(data);
}

static void data_without_rows_are_refused(void **state) {
  const subject *s = *state;
  const int32_t label = 0;
  sngp_dataset *none = zeros(0, SMALL_INPUTS, &label, 2);
  assert_fails(fit(s, none, NULL, NULL), SNGP_ERROR_NO_ROWS, "training data have no rows");
  assert_fails(fit(s, s->good, none, NULL), SNGP_ERROR_NO_ROWS, "validation data have no rows");
  assert_fails(sngp_train_step(s->model, s->optimizer, none, NULL), SNGP_ERROR_NO_ROWS, "no rows");
  assert_fails(sngp_model_prepare(s->model, none), SNGP_ERROR_NO_ROWS, "no rows");
  sngp_dataset_free(none);
}

static void data_without_labels_are_refused(void **state) {
  const subject *s = *state;
  sngp_dataset *data = zeros(ROWS, SMALL_INPUTS, NULL, 0);
  assert_fails(fit(s, data, NULL, NULL), SNGP_ERROR_NO_LABELS, "training data have no labels");
  assert_fails(fit(s, s->good, data, NULL), SNGP_ERROR_NO_LABELS, "validation data have no labels");
  assert_fails(sngp_train_step(s->model, s->optimizer, data, NULL), SNGP_ERROR_NO_LABELS, "labels");
  sngp_dataset_free(data);
}

static void training_needs_two_classes(void **state) {
  const subject *s = *state;
  int32_t labels[ROWS];
  for (int i = 0; i < ROWS; i++) labels[i] = 2;
  sngp_dataset *data = zeros(ROWS, SMALL_INPUTS, labels, SMALL_CLASSES);
  assert_fails(fit(s, data, NULL, NULL), SNGP_ERROR_ONE_CLASS, "all 30 training labels are 2");
  sngp_dataset_free(data);
}

static void a_batch_larger_than_the_data_is_refused(void **state) {
  const subject *s = *state;
  sngp_fit_config config = constant_rate(1, ROWS + 1);
  assert_fails(fit(s, s->good, NULL, &config), SNGP_ERROR_BATCH_SIZE, "batch_size is 31",
               "30 rows");
}

static void columns_that_do_not_match_are_counted(void **state) {
  const subject *s = *state;
  int32_t labels[ROWS] = {1};
  sngp_dataset *data = zeros(ROWS, SMALL_INPUTS + 1, labels, 2);
  assert_fails(fit(s, data, NULL, NULL), SNGP_ERROR_DIMENSION, "training data have 4 columns",
               "input_dim is 3");
  assert_fails(fit(s, s->good, data, NULL), SNGP_ERROR_DIMENSION, "validation data have 4 columns");
  assert_fails(sngp_train_step(s->model, s->optimizer, data, NULL), SNGP_ERROR_DIMENSION,
               "4 columns");
  assert_fails(sngp_model_prepare(s->model, data), SNGP_ERROR_DIMENSION, "4 columns");
  sngp_dataset_free(data);
}

static void fields_out_of_range_are_named_with_their_value(void **state) {
  const subject *s = *state;
  sngp_fit_config config;
#define BAD(field, value, ...)  \
  config = constant_rate(1, 0); \
  config.field = value;         \
  assert_fails(fit(s, s->good, s->good, &config), SNGP_ERROR_INVALID_ARGUMENT, #field, __VA_ARGS__)
  BAD(num_threads, 0, "is 0");
  BAD(epochs, 0, "is 0");
  BAD(epochs, INT64_MAX, "is");
  BAD(batch_size, -1, "is -1");
  BAD(shuffle, 2, "is 2");
  BAD(schedule, 3, "is 3");
  BAD(warmup_steps, -5, "is -5");
  BAD(step_epochs, 0, "is 0");
  BAD(step_factor, 1.5, "is 1.5");
  BAD(step_factor, (double)NAN, "is nan");
  BAD(patience, -2, "is -2");
  BAD(min_improvement, (double)INFINITY, "is inf");
  BAD(covariance, -1, "is -1");
  BAD(loss, 2, "is 2");
  BAD(focal_gamma, -0.5, "is -0.5");
  BAD(focal_gamma, (double)NAN, "is nan");
  BAD(focal_gamma, (double)INFINITY, "is inf");
  BAD(class_weighting, 2, "is 2");
  BAD(num_class_weights, 3, "is 3", "class_weights is NULL");
  BAD(struct_size, 12, "is 12");
#undef BAD
}

static void class_weights_that_are_none_are_named(void **state) {
  const subject *s = *state;
  double weights[SMALL_CLASSES] = {1, 2, 3};
  sngp_fit_config config = constant_rate(1, 0);
  config.class_weights = weights;
  const sngp_status bad = SNGP_ERROR_INVALID_ARGUMENT;
  config.num_class_weights = 2;
  assert_fails(fit(s, s->good, NULL, &config), bad, "num_class_weights is 2", "num_classes is 3");
  config.num_class_weights = SMALL_CLASSES;
  config.class_weighting = SNGP_CLASS_WEIGHTS_BALANCED;
  assert_fails(fit(s, s->good, NULL, &config), bad, "class_weighting", "is 1");
  config.class_weighting = SNGP_CLASS_WEIGHTS_NONE;
  weights[1] = -2;
  assert_fails(fit(s, s->good, NULL, &config), bad, "class_weights[1] is -2");
  weights[1] = (double)NAN;
  assert_fails(fit(s, s->good, NULL, &config), bad, "class_weights[1] is nan");
  weights[1] = 1e39; /* more than single precision holds */
  assert_fails(fit(s, s->good, NULL, &config), bad, "training row 1,", "class weight 1e+39");
  weights[0] = weights[1] = weights[2] = 0;
  assert_fails(fit(s, s->good, NULL, &config), bad, "all 3 class_weights are 0");
  weights[0] = 1; /* of which there are no rows below */
  float features[2 * SMALL_INPUTS] = {0};
  const int32_t labels[2] = {1, 2};
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_create(features, 2, SMALL_INPUTS, 0, labels, SMALL_CLASSES, &data));
  assert_fails(fit(s, data, NULL, &config), bad, "is 0 for all 2 training rows");
  sngp_dataset_free(data);
}

static void missing_arguments_are_named(void **state) {
  const subject *s = *state;
  const sngp_status bad = SNGP_ERROR_INVALID_ARGUMENT;
  assert_fails(sngp_fit(NULL, s->optimizer, s->good, NULL, NULL, NULL), bad, "model is NULL");
  assert_fails(sngp_fit(s->model, NULL, s->good, NULL, NULL, NULL), bad, "optimizer is NULL");
  assert_fails(sngp_fit(s->model, s->optimizer, NULL, NULL, NULL, NULL), bad, "training is NULL");
  assert_fails(sngp_train_step(s->model, s->optimizer, NULL, NULL), bad, "batch is NULL");
  assert_fails(sngp_model_prepare(s->model, NULL), bad, "training_rows is NULL");
  assert_fails(sngp_model_fit_covariance(s->model, NULL, 1), bad, "rows is NULL");
  sngp_step_result result = {.struct_size = 4};
  assert_fails(sngp_train_step(s->model, s->optimizer, s->good, &result), bad, "struct_size is 4");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_feature_that_is_not_finite_is_named_by_row_and_column),
      cmocka_unit_test(a_label_out_of_range_is_named_by_row),
      cmocka_unit_test(data_without_rows_are_refused),
      cmocka_unit_test(data_without_labels_are_refused),
      cmocka_unit_test(training_needs_two_classes),
      cmocka_unit_test(a_batch_larger_than_the_data_is_refused),
      cmocka_unit_test(columns_that_do_not_match_are_counted),
      cmocka_unit_test(fields_out_of_range_are_named_with_their_value),
      cmocka_unit_test(class_weights_that_are_none_are_named),
      cmocka_unit_test(missing_arguments_are_named),
  };
  return cmocka_run_group_tests(tests, create, destroy);
}
