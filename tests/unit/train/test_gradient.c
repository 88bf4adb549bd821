/* One step of gradient descent moves the projected weights by -rate times the gradient of the loss
   at the projected weights: against central differences of the loss in double precision. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/reference.h"

enum { ROWS = 7 };

static const double RATE = 1;
static const double STEP = 1e-5;      /* of the differences: their error is about 1e-9 */
static const double TOLERANCE = 4e-6; /* gradients of up to 1 in single precision */

static double normalize(int64_t n, double *x) {
  double square = 0;
  for (int64_t i = 0; i < n; i++) square += x[i] * x[i];
  for (int64_t i = 0; i < n; i++) x[i] /= sqrt(fmax(square, 1e-12));
  return sqrt(square);
}

/* v = normalise(W u), u = normalise(v W), sigma = v W u^T; returns sigma. */
static double iterate(int64_t n, const double *w, double *u, double *v) {
  for (int64_t i = 0; i < n; i++) {
    v[i] = 0;
    for (int64_t j = 0; j < n; j++) v[i] += w[i * n + j] * u[j];
  }
  normalize(n, v);
  for (int64_t j = 0; j < n; j++) {
    u[j] = 0;
    for (int64_t i = 0; i < n; i++) u[j] += v[i] * w[i * n + j];
  }
  return normalize(n, u);
}

/* One projection of every block, u and v included; asserts that it changes each. */
static void project(const reference *r) {
  int64_t n = r->config.num_hidden;
  if (r->config.spectral_norm_bound == 0) return;
  for (int64_t l = 0; l < r->config.num_layers; l++) {
    double *w = block_values(r, l, "weight");
    double sigma = iterate(n, w, block_values(r, l, "u"), block_values(r, l, "v"));
    assert_below(2 * r->config.spectral_norm_bound, sigma);
    for (int64_t i = 0; i < n * n; i++) w[i] *= r->config.spectral_norm_bound / sigma;
  }
}

static double derivative(const reference *r, const sngp_dataset *data, double *value) {
  double kept = *value;
  *value = kept + STEP;
  double above = reference_loss(r, data);
  *value = kept - STEP;
  double below = reference_loss(r, data);
  *value = kept;
  return (above - below) / (2 * STEP);
}

/* Every tensor after the step against projected values and gradient. */
static void check_step(const reference *projected, const reference *after,
                       const sngp_dataset *data) {
  double largest = 0;
  for (int64_t t = 0; t < projected->num_tensors; t++) {
    const reference_tensor *tensor = &projected->tensors[t];
    for (int64_t i = 0; i < tensor->rows * tensor->cols; i++) {
      double gradient = tensor->trainable ? derivative(projected, data, &tensor->values[i]) : 0;
      largest = fmax(largest, fabs(gradient));
      assert_close(after->tensors[t].values[i], tensor->values[i] - RATE * gradient, TOLERANCE);
    }
  }
  assert_below(1e-2, largest);
}

/* A model whose blocks are far beyond their bound. */
static sngp_model *create_outside_the_bound(const sngp_model_config *config,
                                            const sngp_dataset *data) {
  sngp_model *model = create_model(config);
  assert_ok(sngp_model_prepare(model, data));
  for (int l = 0; l < config->num_layers && config->spectral_norm_bound > 0; l++) {
    char name[40];
    snprintf(name, sizeof name, "block.%d.weight", l);
    int64_t count = 0;
    float *weight = parameter_of(model, name, &count);
    for (int64_t i = 0; i < count; i++) weight[i] *= 5;
    assert_ok(sngp_model_set_parameter(model, name, weight, count));
    free(weight);
  }
  return model;
}

static sngp_dataset *weighted_data(void) {
  sngp_dataset *data = small_data(ROWS, 2);
  const float weights[ROWS] = {1, 0.5f, 2, 0, 1, 3, 1};
  assert_ok(sngp_dataset_set_sample_weights(data, weights));
  return data;
}

static void check(const sngp_model_config *config) {
  sngp_dataset *data = weighted_data();
  sngp_model *model = create_outside_the_bound(config, data);
  sngp_optimizer *sgd = create_optimizer(SNGP_OPTIMIZER_SGD, RATE);
  reference r = read_reference(model);
  project(&r);
  sngp_step_result result = {.struct_size = sizeof result};
  assert_ok(sngp_train_step(model, sgd, data, &result));
  assert_close(result.loss, reference_loss(&r, data), 1e-5);
  reference after = read_reference(model);
  check_step(&r, &after, data);
  free_reference(&after);
  free_reference(&r);
  sngp_optimizer_free(sgd);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

/* One epoch of one batch is the same step, by the loss and the weights of the fit's configuration;
   and the precision matrix is that of the step's features and weights. */
static void check_fit(const sngp_model_config *config, double focal_gamma) {
  const double class_weights[SMALL_CLASSES] = {0.5, 3, 1.25};
  sngp_dataset *data = weighted_data();
  sngp_model *model = create_outside_the_bound(config, data);
  sngp_optimizer *sgd = create_optimizer(SNGP_OPTIMIZER_SGD, RATE);
  reference r = read_reference(model);
  project(&r);
  r.focal_gamma = focal_gamma;
  r.class_weights = class_weights;
  sngp_fit_config fit = constant_rate(1, ROWS);
  fit.loss = focal_gamma > 0 ? SNGP_LOSS_FOCAL : SNGP_LOSS_CROSS_ENTROPY;
  fit.focal_gamma = focal_gamma;
  fit.class_weights = class_weights;
  fit.num_class_weights = SMALL_CLASSES;
  fit.covariance = SNGP_COVARIANCE_IN_TRAINING; /* no last projection */
  sngp_history *history = NULL;
  sngp_epoch_record record = {.struct_size = sizeof record};
  assert_ok(sngp_fit(model, sgd, data, NULL, &fit, &history));
  assert_ok(sngp_history_epoch(history, 0, &record));
  assert_close(record.loss, reference_loss(&r, data), 1e-5);
  reference after = read_reference(model);
  check_step(&r, &after, data);
  int64_t m = config->num_random_features;
  double *precision = take((size_t)(m * m), sizeof *precision);
  reference_add_rows(&r, data, 1, precision);
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j <= i; j++)
      assert_close(model->posterior.precision[i * m + j], precision[i * m + j], 1e-4);
  free(precision);
  free_reference(&after);
  free_reference(&r);
  sngp_history_free(history);
  sngp_optimizer_free(sgd);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static sngp_model_config config_without_dropout(void) {
  sngp_model_config config = small_config();
  config.num_hidden = 6;
  config.num_random_features = 10;
  config.spectral_norm_bound = 0.4;
  config.dropout_rate = 0;
  config.l2_regularization = 0.05; /* enough to be seen */
  return config;
}

static void with_the_radius_a_step_follows_the_gradient_of_the_projected_weights(void **state) {
  (void)state;
  sngp_model_config config = config_without_dropout();
  check(&config);
}

static void with_layer_norm_a_step_follows_the_gradient_of_the_projected_weights(void **state) {
  (void)state;
  sngp_model_config config = config_without_dropout();
  config.normalize_input = SNGP_NORMALIZE_LAYER_NORM;
  check(&config);
}

static void with_a_frozen_input_layer_everything_else_follows_its_gradient(void **state) {
  (void)state;
  sngp_model_config config = config_without_dropout();
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.scale_random_features = 1;
  config.train_input_layer = 0;
  check(&config);
}

/* The L2 term is the Gaussian process head's alone. */
static void a_dense_head_follows_the_gradient_without_l2(void **state) {
  (void)state;
  sngp_model_config config = config_without_dropout();
  config.head = SNGP_HEAD_DENSE;
  check(&config);
  config.spectral_norm_bound = 0;
  check(&config);
}

static void a_fit_follows_the_gradient_of_its_loss_with_its_class_weights(void **state) {
  (void)state;
  sngp_model_config config = config_without_dropout();
  const double gammas[] = {0, 0.5, 2};
  for (int i = 0; i < 3; i++) check_fit(&config, gammas[i]);
}

/* The derivative through sigma, for a projection sigma(W) = v W u^T with u and v held, is another
   one: the tests above tell the two apart. */
static void the_gradient_through_sigma_would_be_another(void **state) {
  (void)state;
  sngp_model_config config = config_without_dropout();
  sngp_dataset *data = weighted_data();
  sngp_model *model = create_outside_the_bound(&config, data);
  reference raw = read_reference(model), projected = read_reference(model);
  project(&projected);
  int64_t n = config.num_hidden;
  const double *u = block_values(&projected, 0, "u"), *v = block_values(&projected, 0, "v");
  const double *w = block_values(&raw, 0, "weight");
  double *p = block_values(&projected, 0, "weight"), sigma = bilinear(n, v, w, u), inner = 0;
  double gradient[64];
  for (int64_t i = 0; i < n * n; i++) {
    gradient[i] = derivative(&projected, data, &p[i]);
    inner += gradient[i] * p[i];
  }
  /* d/dW of loss(bound W / sigma) = (bound / sigma) (G - <G, P> v u^T / bound) */
  double largest = 0, bound = config.spectral_norm_bound;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      double through = bound / sigma * (gradient[i * n + j] - inner * v[i] * u[j] / bound);
      largest = fmax(largest, fabs(through - gradient[i * n + j]));
    }
  assert_below(100 * TOLERANCE, largest);
  free_reference(&projected);
  free_reference(&raw);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(with_the_radius_a_step_follows_the_gradient_of_the_projected_weights),
      cmocka_unit_test(with_layer_norm_a_step_follows_the_gradient_of_the_projected_weights),
      cmocka_unit_test(with_a_frozen_input_layer_everything_else_follows_its_gradient),
      cmocka_unit_test(a_dense_head_follows_the_gradient_without_l2),
      cmocka_unit_test(a_fit_follows_the_gradient_of_its_loss_with_its_class_weights),
      cmocka_unit_test(the_gradient_through_sigma_would_be_another),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
