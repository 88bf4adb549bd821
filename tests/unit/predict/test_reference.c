/* Predictions of trained models against the same numbers computed in double precision from the
   model's parameters and the training rows (support/reference.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <lapacke.h>

#include "support/reference.h"
#include "support/small_model.h"

enum { TRAINING_ROWS = 60, TEST_ROWS = 12 };

/* Features are single precision: about 1e-6 each, of 40, in variances of at most 20. */
static const double TOLERANCE = 2e-4;

typedef struct {
  sngp_model *model;
  sngp_dataset *training, *test;
  reference network;
  double *weight_covariance; /* NULL for a dense head */
} subject;

/* Half of the test rows lie near the training rows, half far away. */
static sngp_dataset *test_rows(void) {
  sngp_dataset *near = small_data(TEST_ROWS, 5), *rows = NULL;
  float features[TEST_ROWS * SMALL_INPUTS];
  for (int i = 0; i < TEST_ROWS * SMALL_INPUTS; i++)
    features[i] = sngp_dataset_features(near)[i] * (i < TEST_ROWS * SMALL_INPUTS / 2 ? 1 : 4);
  assert_ok(sngp_dataset_create(features, TEST_ROWS, SMALL_INPUTS, 0, NULL, 0, &rows));
  sngp_dataset_free(near);
  return rows;
}

static subject train(const sngp_model_config *config) {
  subject s = {
      .model = create_model(config), .training = small_data(TRAINING_ROWS, 1), .test = test_rows()};
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(5, 16);
  assert_ok(sngp_fit(s.model, adam, s.training, NULL, &fit, NULL));
  sngp_optimizer_free(adam);
  s.network = read_reference(s.model);
  if (config->head == SNGP_HEAD_DENSE) return s;
  int64_t m = reference_num_features(&s.network);
  double *a = take((size_t)(m * m), sizeof *a);
  reference_add_rows(&s.network, s.training, 1, a);
  s.weight_covariance = reference_weight_covariance(&s.network, a);
  free(a);
  return s;
}

static void release(subject *s) {
  free(s->weight_covariance);
  free_reference(&s->network);
  sngp_dataset_free(s->test);
  sngp_dataset_free(s->training);
  sngp_model_free(s->model);
}

/* Probabilities and scores of one row, from its logits and its variance, by their definitions. */
static void check_scores(const double *logits, double variance, double factor, double temperature,
                         const sngp_prediction *out, int64_t row) {
  double adjusted[SMALL_CLASSES], sum = 0, mass = 0, entropy = 0;
  int best = 0;
  for (int k = 0; k < SMALL_CLASSES; k++) {
    adjusted[k] = exp(logits[k] / temperature / (factor < 0 ? 1 : sqrt(1 + factor * variance)));
    sum += adjusted[k];
    mass += exp(logits[k]);
    if (adjusted[k] > adjusted[best]) best = k;
  }
  for (int k = 0; k < SMALL_CLASSES; k++) {
    double p = adjusted[k] / sum;
    entropy -= p * log(p);
    assert_close(out->logits[row * SMALL_CLASSES + k], logits[k], TOLERANCE);
    assert_close(out->probabilities[row * SMALL_CLASSES + k], p, TOLERANCE);
  }
  assert_int_equal(out->classes[row], best);
  assert_close(out->uncertainty[row], 1 - adjusted[best] / sum, TOLERANCE);
  assert_close(out->entropy[row], entropy, TOLERANCE);
  assert_close(out->dempster_shafer[row], SMALL_CLASSES / (SMALL_CLASSES + mass), TOLERANCE);
  assert_close(out->energy[row], -log(mass), TOLERANCE);
  assert_close(out->mutual_information[row], 0, 1e-6); /* of one pass */
}

/* The smallest eigenvalue of a covariance is at least 0, to the rounding of the largest. */
static void check_positive_semidefinite(float *covariance) {
  float eigenvalues[TEST_ROWS];
  assert_int_equal(
      LAPACKE_ssyev(LAPACK_ROW_MAJOR, 'N', 'U', TEST_ROWS, covariance, TEST_ROWS, eigenvalues), 0);
  assert_true(eigenvalues[0] >= -1e-6f * eigenvalues[TEST_ROWS - 1]);
}

/* All outputs of the test rows under a factor and a method; `effective` is the factor that should
   act. */
static void check_outputs(const subject *s, int32_t method, double factor, double effective,
                          double temperature) {
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.method = method;
  config.mean_field_factor = factor;
  config.temperature = temperature;
  outputs all = take_outputs(TEST_ROWS, SMALL_CLASSES, 1);
  assert_ok(predict_rows(s->model, NULL, s->test, &config, &all));
  int64_t m = reference_num_features(&s->network);
  double *phi = take((size_t)(TEST_ROWS * m), sizeof *phi);
  for (int64_t i = 0; i < TEST_ROWS; i++) {
    double logits[SMALL_CLASSES], *own = phi + i * m;
    reference_logits(&s->network, sngp_dataset_features(s->test) + i * SMALL_INPUTS, own, logits);
    double variance = bilinear(m, own, s->weight_covariance, own);
    assert_close(all.out.variance[i], variance, TOLERANCE);
    check_scores(logits, variance, effective, isnan(temperature) ? 1.5 : temperature, &all.out, i);
    for (int64_t j = 0; j < i; j++) {
      double covariance = bilinear(m, own, s->weight_covariance, phi + j * m);
      assert_close(all.out.covariance[i * TEST_ROWS + j], covariance, TOLERANCE);
      assert_true(all.out.covariance[i * TEST_ROWS + j] == all.out.covariance[j * TEST_ROWS + i]);
    }
    assert_close(all.out.covariance[i * TEST_ROWS + i], all.out.variance[i], 1e-5);
  }
  check_positive_semidefinite(all.out.covariance);
  free(phi);
  free_outputs(&all);
}

static void check_gaussian_process(sngp_model_config config, int32_t scaled, int32_t standardize,
                                   double ridge) {
  config.scale_random_features = scaled;
  config.standardize_inputs = standardize;
  config.ridge = ridge;
  config.mean_field_factor = 0.7;
  config.temperature = 1.5;
  subject s = train(&config);
  check_outputs(&s, SNGP_PREDICT_MEAN_FIELD, (double)NAN, 0.7, (double)NAN); /* the model's */
  check_outputs(&s, SNGP_PREDICT_MEAN_FIELD, 3, 3, 1);
  check_outputs(&s, SNGP_PREDICT_MEAN_FIELD, -1, -1, 0.6);
  check_outputs(&s, SNGP_PREDICT_MAP, 3, -1, 2);
  release(&s);
}

static sngp_model_config normalized_by(int32_t normalize) {
  sngp_model_config config = small_config();
  config.normalize_input = normalize;
  return config;
}

/* Ridges other than 1, so that a factor ridge too many or too few shows. */
static void without_normalisation_everything_equals_the_reference(void **state) {
  (void)state;
  check_gaussian_process(normalized_by(SNGP_NORMALIZE_NONE), 0, 0, 10);
  check_gaussian_process(normalized_by(SNGP_NORMALIZE_NONE), 1, 1, 0.1);
}

static void with_layer_norm_everything_equals_the_reference(void **state) {
  (void)state;
  check_gaussian_process(normalized_by(SNGP_NORMALIZE_LAYER_NORM), 0, 1, 10);
  check_gaussian_process(normalized_by(SNGP_NORMALIZE_LAYER_NORM), 1, 0, 0.1);
}

static void with_the_plain_norm_everything_equals_the_reference(void **state) {
  (void)state;
  check_gaussian_process(normalized_by(SNGP_NORMALIZE_STANDARD), 0, 1, 10);
  check_gaussian_process(normalized_by(SNGP_NORMALIZE_STANDARD), 1, 0, 0.1);
}

static void with_the_radius_everything_equals_the_reference(void **state) {
  (void)state;
  check_gaussian_process(normalized_by(SNGP_NORMALIZE_RADIUS), 0, 1, 10);
  check_gaussian_process(normalized_by(SNGP_NORMALIZE_RADIUS), 1, 0, 0.1);
}

/* What belongs to the backbone is out of use: absurd sizes must not be looked at. */
static sngp_model_config without_backbone(void) {
  sngp_model_config config = small_config();
  config.backbone = SNGP_BACKBONE_NONE;
  config.num_layers = config.num_hidden = 1 << 20;
  return config;
}

/* The other kernels: of a network and of the inputs, ridges other than 1. */
static void every_kernel_equals_the_reference(void **state) {
  (void)state;
  for (int32_t kernel = SNGP_KERNEL_MATERN_32; kernel <= SNGP_KERNEL_LINEAR; kernel++) {
    sngp_model_config configs[] = {normalized_by(SNGP_NORMALIZE_RADIUS), without_backbone()};
    for (int i = 0; i < 2; i++) {
      configs[i].kernel = kernel;
      check_gaussian_process(configs[i], i, 1, i == 0 ? 10 : 0.1);
    }
  }
}

static void a_projected_head_with_a_bias_equals_the_reference(void **state) {
  (void)state;
  sngp_model_config configs[] = {normalized_by(SNGP_NORMALIZE_RADIUS),
                                 normalized_by(SNGP_NORMALIZE_LAYER_NORM), without_backbone()};
  for (int i = 0; i < 3; i++) {
    configs[i].gp_input_dim = 4 + i;
    configs[i].output_bias = -0.7;
    configs[i].train_output_bias = i % 2;
    check_gaussian_process(configs[i], 1, 1, 0.1);
  }
}

static void trained_lengths_equal_the_reference(void **state) {
  (void)state;
  for (int32_t scaling = SNGP_KERNEL_SCALING_TRAINED; scaling <= SNGP_KERNEL_SCALING_ARD;
       scaling++) {
    sngp_model_config configs[] = {normalized_by(SNGP_NORMALIZE_RADIUS), without_backbone()};
    for (int i = 0; i < 2; i++) {
      configs[i].kernel_scaling = scaling;
      check_gaussian_process(configs[i], i, 1, i == 0 ? 10 : 0.1);
    }
  }
}

static void a_head_on_the_inputs_equals_the_reference(void **state) {
  (void)state;
  for (int32_t normalize = SNGP_NORMALIZE_NONE; normalize <= SNGP_NORMALIZE_RADIUS; normalize++) {
    sngp_model_config config = without_backbone();
    config.normalize_input = normalize;
    check_gaussian_process(config, normalize != SNGP_NORMALIZE_NONE, 1, 0.1);
    check_gaussian_process(config, 0, normalize != SNGP_NORMALIZE_NONE, 10);
  }
}

/* A dense head: no variance, and mean field is MAP. */
static void check_dense(const sngp_model_config *config) {
  subject s = train(config);
  outputs all = take_outputs(TEST_ROWS, SMALL_CLASSES, 0);
  free(all.out.variance);
  all.out.variance = NULL;
  assert_ok(predict_rows(s.model, NULL, s.test, NULL, &all));
  for (int64_t i = 0; i < TEST_ROWS; i++) {
    double logits[SMALL_CLASSES];
    reference_logits(&s.network, sngp_dataset_features(s.test) + i * SMALL_INPUTS, NULL, logits);
    check_scores(logits, 0, -1, 1, &all.out, i);
  }
  free_outputs(&all);
  release(&s);
}

/* Without a backbone it is multinomial logistic regression. */
static void a_dense_head_equals_the_reference(void **state) {
  (void)state;
  sngp_model_config configs[] = {small_config(), without_backbone()};
  for (int i = 0; i < 2; i++) {
    configs[i].head = SNGP_HEAD_DENSE;
    check_dense(&configs[i]);
  }
}

/* Before any data the posterior is the prior: variance = phi phi^T, whatever the ridge. */
static void an_untrained_model_predicts_the_prior_variance(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.standardize_inputs = 0;
  config.kernel_scale = 2;
  config.ridge = 10;
  subject s = {.model = create_model(&config), .training = NULL, .test = test_rows()};
  s.network = read_reference(s.model);
  float variance[TEST_ROWS];
  sngp_prediction out = {.struct_size = sizeof out, .variance = variance};
  assert_ok(sngp_predict(s.model, NULL, sngp_dataset_features(s.test), TEST_ROWS, SMALL_INPUTS, 0,
                         NULL, &out));
  for (int64_t i = 0; i < TEST_ROWS; i++) {
    double phi[64], logits[SMALL_CLASSES], square = 0;
    reference_logits(&s.network, sngp_dataset_features(s.test) + i * SMALL_INPUTS, phi, logits);
    for (int64_t j = 0; j < config.num_random_features; j++) square += phi[j] * phi[j];
    assert_close(variance[i], square, TOLERANCE);
  }
  release(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_normalisation_everything_equals_the_reference),
      cmocka_unit_test(with_layer_norm_everything_equals_the_reference),
      cmocka_unit_test(with_the_plain_norm_everything_equals_the_reference),
      cmocka_unit_test(with_the_radius_everything_equals_the_reference),
      cmocka_unit_test(every_kernel_equals_the_reference),
      cmocka_unit_test(a_projected_head_with_a_bias_equals_the_reference),
      cmocka_unit_test(trained_lengths_equal_the_reference),
      cmocka_unit_test(a_head_on_the_inputs_equals_the_reference),
      cmocka_unit_test(a_dense_head_equals_the_reference),
      cmocka_unit_test(an_untrained_model_predicts_the_prior_variance),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
