/* Class weights: a row's weight is its sample weight times its class's, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/reference.h"
#include "train/class_weights.h"

enum { ROWS = 24, BATCH = 10 };

/* Six of ten rows are of class 0, three of class 1, one of class 2; rows weigh 0.5 to 2 where
   asked. */
static sngp_dataset *imbalanced(int sample_weights) {
  static const int32_t classes[10] = {0, 1, 0, 2, 0, 1, 0, 0, 1, 0};
  sngp_dataset *data = small_data(ROWS, 3), *relabelled = NULL;
  int32_t labels[ROWS];
  float weights[ROWS];
  for (int i = 0; i < ROWS; i++) {
    labels[i] = classes[i % 10];
    weights[i] = 0.5f * (float)(1 + i % 4);
  }
  assert_ok(sngp_dataset_create(sngp_dataset_features(data), ROWS, SMALL_INPUTS, 0, labels,
                                SMALL_CLASSES, &relabelled));
  if (sample_weights) assert_ok(sngp_dataset_set_sample_weights(relabelled, weights));
  sngp_dataset_free(data);
  return relabelled;
}

static sngp_model *train(const sngp_dataset *data, const sngp_fit_config *fit) {
  sngp_model_config config = small_config();
  sngp_model *model = create_model(&config);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  assert_ok(sngp_fit(model, adam, data, NULL, fit, NULL));
  sngp_optimizer_free(adam);
  return model;
}

static sngp_fit_config weighing(const double *class_weights) {
  sngp_fit_config fit = constant_rate(3, BATCH);
  fit.class_weights = class_weights;
  fit.num_class_weights = class_weights != NULL ? SMALL_CLASSES : 0;
  return fit;
}

/* Bitwise, parameters and posterior. */
static int are_the_same(const sngp_model *a, const sngp_model *b) {
  size_t area = (size_t)(a->posterior.size * a->posterior.size);
  return parameter_difference(a, b) == 0 &&
         memcmp(a->posterior.precision, b->posterior.precision, area * sizeof(double)) == 0 &&
         memcmp(a->posterior.root, b->posterior.root, area * sizeof(float)) == 0;
}

static void set_products(sngp_dataset *data, const double *class_weights) {
  float products[ROWS];
  const float *weights = sngp_dataset_sample_weights(data);
  for (int i = 0; i < ROWS; i++)
    products[i] = (float)((weights != NULL ? (double)weights[i] : 1) *
                          class_weights[sngp_dataset_labels(data)[i]]);
  assert_ok(sngp_dataset_set_sample_weights(data, products));
}

static void class_weights_are_sample_weights_given_by_hand(void **state) {
  (void)state;
  const double class_weights[SMALL_CLASSES] = {0.3, 1.1, 4.7};
  const int32_t covariances[] = {SNGP_COVARIANCE_EXACT_PASS, SNGP_COVARIANCE_IN_TRAINING};
  for (int i = 0; i < 16; i++) {
    sngp_fit_config with = weighing(class_weights), without = weighing(NULL);
    with.covariance = without.covariance = covariances[i % 2];
    with.num_threads = without.num_threads = 1 + i / 2 % 2;
    with.loss = without.loss = i / 4 % 2;
    sngp_dataset *data = imbalanced(i / 8), *by_hand = imbalanced(i / 8);
    set_products(by_hand, class_weights);
    sngp_model *a = train(data, &with), *b = train(by_hand, &without);
    sngp_model *unweighted = train(data, &without); /* and they do matter */
    assert_true(are_the_same(a, b));
    assert_false(are_the_same(a, unweighted));
    sngp_model_free(unweighted);
    sngp_model_free(b);
    sngp_model_free(a);
    sngp_dataset_free(by_hand);
    sngp_dataset_free(data);
  }
}

/* Whose formula is n_samples / (n_classes * bincount(y)), n_classes counting those that occur. */
static void balanced_weights_are_those_of_scikit_learn(void **state) {
  (void)state;
  const float features[12] = {0};
  const int32_t labels[12] = {0, 0, 3, 0, 1, 0, 0, 3, 1, 0, 0, 3}; /* 7, 2, 0 and 3 rows */
  const double expected[] = {12 / (3 * 7.0), 12 / (3 * 2.0), 0, 12 / (3 * 3.0)};
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_create(features, 12, 1, 0, labels, 5, &data));
  sngp_fit_config fit = constant_rate(1, 0);
  fit.class_weighting = SNGP_CLASS_WEIGHTS_BALANCED;
  float *weights = NULL;
  assert_ok(sngp_class_weights_apply(&fit, data, &weights));
  double sum = 0;
  for (int i = 0; i < 12; i++) {
    assert_close(weights[i], expected[labels[i]], 1e-7);
    sum += (double)weights[i];
  }
  assert_close(sum, 12, 1e-6); /* rows keep a mean weight of 1 */
  free(weights);
  sngp_dataset_free(data);
}

static void balanced_weights_are_class_weights(void **state) {
  (void)state;
  for (int sample_weights = 0; sample_weights <= 1; sample_weights++) {
    sngp_dataset *data = imbalanced(sample_weights);
    double counts[SMALL_CLASSES] = {0}, class_weights[SMALL_CLASSES];
    for (int i = 0; i < ROWS; i++) counts[sngp_dataset_labels(data)[i]]++;
    for (int k = 0; k < SMALL_CLASSES; k++)
      class_weights[k] = ROWS / (SMALL_CLASSES * counts[k]); /* whatever the sample weights */
    sngp_fit_config balanced = weighing(NULL), by_hand = weighing(class_weights);
    balanced.class_weighting = SNGP_CLASS_WEIGHTS_BALANCED;
    sngp_model *a = train(data, &balanced), *b = train(data, &by_hand);
    assert_true(are_the_same(a, b));
    sngp_model_free(b);
    sngp_model_free(a);
    sngp_dataset_free(data);
  }
}

static void products_beyond_single_precision_are_refused(void **state) {
  (void)state;
  const double class_weights[SMALL_CLASSES] = {1, 1e10, 1};
  sngp_dataset *data = imbalanced(0);
  float sample_weights[ROWS];
  for (int i = 0; i < ROWS; i++) sample_weights[i] = 1e30f;
  assert_ok(sngp_dataset_set_sample_weights(data, sample_weights));
  sngp_model_config config = small_config();
  sngp_model *model = create_model(&config);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = weighing(class_weights);
  assert_fails(sngp_fit(model, adam, data, NULL, &fit, NULL), SNGP_ERROR_INVALID_ARGUMENT,
               "training row 1", "class weight 1e+10", "too large"); /* the first of class 1 */
  sngp_optimizer_free(adam);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void the_precision_is_the_sum_of_outer_products_by_weight(void **state) {
  (void)state;
  const double class_weights[SMALL_CLASSES] = {0.3, 0, 4.7};
  sngp_dataset *data = imbalanced(1);
  sngp_fit_config fit = weighing(class_weights);
  sngp_model *model = train(data, &fit);
  reference r = read_reference(model);
  r.class_weights = class_weights;
  int64_t m = model->posterior.size;
  double *expected = take((size_t)(m * m), sizeof *expected);
  reference_add_rows(&r, data, 1, expected);
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j <= i; j++)
      assert_close(model->posterior.precision[i * m + j], expected[i * m + j], 2e-4);
  free(expected);
  free_reference(&r);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

/* The validation loss of a model at rest. */
static double validation_loss(const sngp_dataset *data, sngp_fit_config fit) {
  sngp_model_config config = small_config();
  sngp_model *model = create_model(&config);
  sngp_optimizer *sgd = create_optimizer(SNGP_OPTIMIZER_SGD, 1e-30);
  sngp_history *history = NULL;
  sngp_epoch_record record = {.struct_size = sizeof record};
  assert_ok(sngp_fit(model, sgd, data, data, &fit, &history));
  assert_ok(sngp_history_epoch(history, 0, &record));
  sngp_history_free(history);
  sngp_optimizer_free(sgd);
  sngp_model_free(model);
  return record.validation_loss;
}

static void validation_stays_the_cross_entropy_without_class_weights(void **state) {
  (void)state;
  const double class_weights[SMALL_CLASSES] = {0.3, 1.1, 4.7};
  sngp_dataset *data = imbalanced(1);
  sngp_fit_config fit = weighing(NULL);
  double plain = validation_loss(data, fit);
  fit = weighing(class_weights);
  fit.loss = SNGP_LOSS_FOCAL;
  assert_true(validation_loss(data, fit) == plain);
  set_products(data, class_weights); /* sample weights do count */
  assert_true(validation_loss(data, weighing(NULL)) != plain);
  sngp_dataset_free(data);
}

static void a_focal_loss_with_gamma_0_is_the_cross_entropy(void **state) {
  (void)state;
  sngp_dataset *data = imbalanced(1);
  sngp_fit_config plain = weighing(NULL), focal = plain;
  focal.loss = SNGP_LOSS_FOCAL;
  sngp_model *a = train(data, &plain), *b = train(data, &focal);
  focal.focal_gamma = 0;
  sngp_model *c = train(data, &focal);
  assert_false(are_the_same(a, b));
  assert_true(are_the_same(a, c));
  sngp_model_free(c);
  sngp_model_free(b);
  sngp_model_free(a);
  sngp_dataset_free(data);
}

/* What stands beyond a smaller struct's end is not read: the defaults are. */
static void a_configuration_of_the_first_version_means_what_it_did(void **state) {
  (void)state;
  const double class_weights[SMALL_CLASSES] = {0.3, 1.1, 4.7};
  sngp_dataset *data = imbalanced(0);
  sngp_fit_config now = weighing(NULL), then = weighing(class_weights);
  then.struct_size = offsetof(sngp_fit_config, focal_gamma);
  then.focal_gamma = -1;
  sngp_model *a = train(data, &now), *b = train(data, &then);
  assert_true(are_the_same(a, b));
  sngp_model_free(b);
  sngp_model_free(a);
  sngp_dataset_free(data);
}

static void a_preset_keeps_class_weights(void **state) {
  (void)state;
  const double class_weights[SMALL_CLASSES] = {0.3, 1.1, 4.7};
  sngp_fit_config fit = weighing(class_weights);
  fit.loss = SNGP_LOSS_FOCAL;
  assert_ok(sngp_fit_config_preset(&fit, SNGP_PRESET_TUTORIAL));
  assert_ptr_equal(fit.class_weights, class_weights);
  assert_int_equal(fit.num_class_weights, SMALL_CLASSES);
  assert_int_equal(fit.loss, SNGP_LOSS_CROSS_ENTROPY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(class_weights_are_sample_weights_given_by_hand),
      cmocka_unit_test(balanced_weights_are_those_of_scikit_learn),
      cmocka_unit_test(balanced_weights_are_class_weights),
      cmocka_unit_test(products_beyond_single_precision_are_refused),
      cmocka_unit_test(the_precision_is_the_sum_of_outer_products_by_weight),
      cmocka_unit_test(validation_stays_the_cross_entropy_without_class_weights),
      cmocka_unit_test(a_focal_loss_with_gamma_0_is_the_cross_entropy),
      cmocka_unit_test(a_configuration_of_the_first_version_means_what_it_did),
      cmocka_unit_test(a_preset_keeps_class_weights),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
