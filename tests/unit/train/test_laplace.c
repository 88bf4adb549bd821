/* The exact pass of likelihoods whose rows have weights, against the Hessian of the objective in
   the output weights by finite differences of its gradient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "model/model.h"
#include "sngp/train.h"
#include "support/check.h"
#include "unit/numeric.h"

enum { ROWS = 300, INPUTS = 3, FEATURES = 7, MOST_OUTPUTS = 3, MOST = FEATURES * MOST_OUTPUTS };

typedef struct {
  int32_t task, likelihood, posterior;
  int64_t outputs;
} likelihood_case;

static const likelihood_case CASES[] = {
    {SNGP_TASK_CLASSIFICATION, SNGP_LIKELIHOOD_SOFTMAX, SNGP_POSTERIOR_JOINT, 3},
    {SNGP_TASK_CLASSIFICATION, SNGP_LIKELIHOOD_SOFTMAX, SNGP_POSTERIOR_PER_OUTPUT, 3},
    {SNGP_TASK_CLASSIFICATION, SNGP_LIKELIHOOD_SOFTMAX, SNGP_POSTERIOR_SHARED, 3},
    {SNGP_TASK_CLASSIFICATION, SNGP_LIKELIHOOD_BINARY_LOGISTIC, SNGP_POSTERIOR_AUTOMATIC, 1},
    {SNGP_TASK_MULTI_LABEL, SNGP_LIKELIHOOD_BINARY_LOGISTIC, SNGP_POSTERIOR_AUTOMATIC, 3},
    {SNGP_TASK_MULTI_LABEL, SNGP_LIKELIHOOD_GAUSSIAN, SNGP_POSTERIOR_AUTOMATIC, 3},
    {SNGP_TASK_REGRESSION, SNGP_LIKELIHOOD_POISSON, SNGP_POSTERIOR_AUTOMATIC, 2},
    {SNGP_TASK_REGRESSION, SNGP_LIKELIHOOD_POISSON, SNGP_POSTERIOR_SHARED, 2},
};
enum { NUM_CASES = sizeof CASES / sizeof *CASES };

static float inputs[ROWS * INPUTS], weights[ROWS];
static double phi[ROWS * FEATURES];

static sngp_dataset *make_data(void) {
  uint64_t seed = 9;
  sngp_dataset *data = NULL;
  fill_normal(&seed, inputs, ROWS * INPUTS, 1);
  for (int i = 0; i < ROWS; i++) weights[i] = (float)(2 * next_uniform(&seed));
  assert_ok(sngp_dataset_create(inputs, ROWS, INPUTS, 0, NULL, 0, &data));
  assert_ok(sngp_dataset_set_sample_weights(data, weights));
  return data;
}

/* A head on its own, large weights, so that some rows are nearly sure. */
static sngp_model *make_head(const likelihood_case *c) {
  sngp_model_config config;
  sngp_model *model = NULL;
  assert_ok(sngp_model_config_init(&config, sizeof config));
  config.backbone = SNGP_BACKBONE_NONE;
  config.input_dim = INPUTS;
  config.task = c->task;
  config.likelihood = c->likelihood;
  config.posterior = c->posterior;
  const bool classifies = c->task == SNGP_TASK_CLASSIFICATION;
  if (classifies) config.num_classes = c->outputs == 1 ? 2 : c->outputs;
  if (!classifies) config.num_targets = c->outputs;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.kernel_scale = 1;
  config.num_random_features = FEATURES;
  config.standardize_inputs = config.standardize_targets = 0;
  assert_ok(sngp_model_create(&config, &model));
  float beta[MOST], bias[MOST_OUTPUTS] = {0.5f, -0.5f, 0};
  fill_normal(&(uint64_t){4}, beta, MOST, 1.5);
  assert_ok(sngp_model_set_parameter(model, "output.weight", beta, FEATURES * c->outputs));
  assert_ok(sngp_model_set_parameter(model, "output.bias", bias, c->outputs));
  return model;
}

static void compute_features(const sngp_model *model) {
  sngp_pass pass;
  assert_ok(sngp_pass_create(&model->network, ROWS, false, 0, &pass));
  for (int64_t i = 0; i < ROWS; i++)
    sngp_pass_set_row(&model->network, &pass, i, inputs + i * INPUTS);
  sngp_network_features(&model->network, &pass, ROWS);
  to_doubles(pass.phi, ROWS * FEATURES, phi);
  sngp_pass_destroy(&pass);
}

/* dl / df_k of a row, the target apart, which is not in second derivatives. */
static void mean_of_target(const likelihood_case *c, const double *f, double *mean) {
  double sum = 0;
  for (int64_t k = 0; k < c->outputs; k++) {
    if (c->likelihood == SNGP_LIKELIHOOD_GAUSSIAN) mean[k] = f[k];
    if (c->likelihood == SNGP_LIKELIHOOD_BINARY_LOGISTIC) mean[k] = 1 / (1 + exp(-f[k]));
    if (c->likelihood == SNGP_LIKELIHOOD_POISSON) mean[k] = exp(f[k]);
    if (c->likelihood == SNGP_LIKELIHOOD_SOFTMAX) sum += mean[k] = exp(f[k]);
  }
  for (int64_t k = 0; k < c->outputs && sum > 0; k++) mean[k] /= sum;
}

/* sum_n s_n phi_nj mean_nk, index k M + j: the gradient but for a constant. */
static void gradient_of(const likelihood_case *c, const sngp_model *model, const double *beta,
                        double *gradient) {
  memset(gradient, 0, MOST * sizeof *gradient);
  for (int64_t i = 0; i < ROWS; i++) {
    double f[MOST_OUTPUTS], mean[MOST_OUTPUTS];
    const double *row = phi + i * FEATURES;
    for (int64_t k = 0; k < c->outputs; k++) {
      f[k] = (double)model->network.output.bias[k];
      for (int64_t j = 0; j < FEATURES; j++) f[k] += row[j] * beta[j * c->outputs + k];
    }
    mean_of_target(c, f, mean);
    for (int64_t k = 0; k < c->outputs; k++)
      for (int64_t j = 0; j < FEATURES; j++)
        gradient[k * FEATURES + j] += (double)weights[i] * mean[k] * row[j];
  }
}

/* Both index k M + j: element (a, b) of what the posterior should hold of the Hessian. */
static double *hessian_of(const likelihood_case *c, const sngp_model *model) {
  double *hessian = take(MOST * MOST, sizeof *hessian), beta[MOST], above[MOST], below[MOST];
  const double step = 1e-5;
  const int64_t side = FEATURES * c->outputs;
  to_doubles(model->network.output.weight, (size_t)side, beta);
  for (int64_t b = 0; b < side; b++) {
    double *value = &beta[b % FEATURES * c->outputs + b / FEATURES], kept = *value;
    *value = kept + step;
    gradient_of(c, model, beta, above);
    *value = kept - step;
    gradient_of(c, model, beta, below);
    *value = kept;
    for (int64_t a = 0; a < side; a++) hessian[a * side + b] = (above[a] - below[a]) / (2 * step);
  }
  return hessian;
}

static double expected_of(const sngp_posterior *posterior, const double *hessian, int64_t matrix,
                          int64_t a, int64_t b) {
  const int64_t outputs = posterior->num_outputs, side = outputs * FEATURES;
  double sum = 0;
  if (posterior->kind == SNGP_POSTERIOR_JOINT) return hessian[a * side + b];
  if (posterior->kind == SNGP_POSTERIOR_PER_OUTPUT)
    return hessian[(matrix * FEATURES + a) * side + matrix * FEATURES + b];
  for (int64_t k = 0; k < outputs; k++)
    sum += hessian[(k * FEATURES + a) * side + k * FEATURES + b] / (double)outputs;
  return sum;
}

/* Logits are of single precision in the pass, of double precision here: 1e-5 of the largest
   element, the differences' own error far below. */
static void the_exact_pass_is_the_hessian_of_the_objective(void **state) {
  (void)state;
  sngp_dataset *data = make_data();
  for (int c = 0; c < NUM_CASES; c++) {
    sngp_model *model = make_head(&CASES[c]);
    const sngp_posterior *posterior = &model->posterior;
    compute_features(model);
    double *hessian = hessian_of(&CASES[c], model), largest = 0;
    for (int k = 0; k < MOST * MOST; k++) largest = fmax(largest, fabs(hessian[k]));
    for (int32_t threads = 1; threads <= 2; threads++) {
      assert_ok(sngp_model_fit_covariance(model, data, threads));
      const int64_t side = posterior->matrices.side;
      for (int64_t k = 0; k < posterior->matrices.count; k++)
        for (int64_t a = 0; a < side; a++)
          for (int64_t b = 0; b < side; b++)
            assert_close(posterior->precision[(k * side + a) * side + b],
                         expected_of(posterior, hessian, k, a, b), 1e-5 * largest);
    }
    free(hessian);
    sngp_model_free(model);
  }
  sngp_dataset_free(data);
}

static void the_summary_counts_all_precision_matrices(void **state) {
  (void)state;
  const char *const lines[] = {"joint precision matrix     21 x 21                 441",
                               "precision of each output   7 x 7                   147",
                               "precision matrix           7 x 7                    49"};
  for (int c = 0; c < 3; c++) {
    sngp_model *model = make_head(&CASES[c]);
    char text[4000];
    assert_ok(sngp_model_summary(model, text, sizeof text, NULL));
    if (strstr(text, lines[c]) == NULL) fail_msg("no \"%s\" in\n%s", lines[c], text);
    sngp_model_free(model);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_exact_pass_is_the_hessian_of_the_objective),
      cmocka_unit_test(the_summary_counts_all_precision_matrices),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
