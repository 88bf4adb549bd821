/* Heads without a closed form, by the public functions: the gradient of the penalised likelihood at
   what they find, computed here, and the Laplace posterior there. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/task_model.h"

enum { ROWS = 120, FEATURES = 16, MOST_OUTPUTS = 3 };
static const double RIDGE = 2;

static sngp_model_config without_backbone(sngp_model_config config) {
  config.backbone = SNGP_BACKBONE_NONE;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.num_random_features = FEATURES;
  config.ridge = RIDGE;
  return config;
}

static sngp_head_fit_config plain_fit(void) {
  sngp_head_fit_config config;
  assert_ok(sngp_head_fit_config_init(&config, sizeof config));
  config.selection = SNGP_SELECTION_NONE;
  config.calibrate = 0;
  config.tolerance = 1e-8;
  return config;
}

/* Two of the three classes of small_data(). */
static sngp_dataset *two_classes(int64_t rows, int64_t seed) {
  sngp_dataset *data = small_data(rows, seed), *two = NULL;
  int32_t *labels = take((size_t)rows, sizeof *labels);
  for (int64_t i = 0; i < rows; i++) labels[i] = sngp_dataset_labels(data)[i] == 2;
  assert_ok(
      sngp_dataset_create(sngp_dataset_features(data), rows, SMALL_INPUTS, 0, labels, 2, &two));
  free(labels);
  sngp_dataset_free(data);
  return two;
}

typedef struct {
  const char *name;
  sngp_model_config config;
  sngp_dataset *data;
} problem;

enum { NUM_PROBLEMS = 4 };

static void make_problems(problem problems[NUM_PROBLEMS]) {
  problems[0] = (problem){"classes", without_backbone(small_config()), small_data(ROWS, 3)};
  problems[1] = (problem){"two classes", without_backbone(small_config()), two_classes(ROWS, 3)};
  problems[1].config.num_classes = 2;
  problems[1].config.likelihood = SNGP_LIKELIHOOD_BINARY_LOGISTIC;
  problems[2] =
      (problem){"counts", without_backbone(task_config(&TASKS[1])), task_data(&TASKS[1], ROWS, 3)};
  problems[3] =
      (problem){"labels", without_backbone(task_config(&TASKS[2])), task_data(&TASKS[2], ROWS, 3)};
}

static double target_of(const problem *p, int64_t row, int64_t k, int64_t outputs) {
  if (sngp_dataset_targets(p->data) != NULL)
    return (double)sngp_dataset_targets(p->data)[row * outputs + k];
  int32_t label = sngp_dataset_labels(p->data)[row];
  return outputs == 1 ? label : label == k;
}

static double mean_of(const problem *p, const float *logits, int64_t k, int64_t outputs) {
  double f = (double)logits[k], sum = 0;
  if (p->config.likelihood == SNGP_LIKELIHOOD_POISSON) return exp(f);
  if (outputs == 1 || p->config.task == SNGP_TASK_MULTI_LABEL) return 1 / (1 + exp(-f));
  for (int64_t l = 0; l < outputs; l++) sum += exp((double)logits[l]);
  return exp(f) / sum;
}

/* The largest element of Phi^T W (mean - y) + ridge beta, and of sum w (mean - y), which is the
   intercepts'. */
static double largest_gradient(const problem *p, const sngp_model *model, const float *weights) {
  const int64_t outputs = sngp_model_num_outputs(model);
  static float logits[ROWS * MOST_OUTPUTS], features[ROWS * FEATURES];
  sngp_prediction out = {.logits = logits, .features = features};
  assert_ok(predict_data(model, p->data, NULL, &out));
  int64_t count = 0;
  float *beta = parameter_of(model, "output.weight", &count);
  double largest = 0;
  for (int64_t k = 0; k < outputs; k++)
    for (int j = 0; j <= FEATURES; j++) {
      double sum = j < FEATURES ? RIDGE * (double)beta[j * outputs + k] : 0;
      for (int64_t i = 0; i < ROWS; i++) {
        double off = mean_of(p, logits + i * outputs, k, outputs) - target_of(p, i, k, outputs);
        sum += (double)weights[i] * off * (j < FEATURES ? (double)features[i * FEATURES + j] : 1);
      }
      largest = fmax(largest, fabs(sum));
    }
  free(beta);
  return largest;
}

/* Sums over 120 rows whose features are of size 1: single-precision weights and logits leave 1e-5
   or so. */
static void the_gradient_is_zero_at_the_solution(void **state) {
  (void)state;
  float weights[ROWS];
  for (int i = 0; i < ROWS; i++) weights[i] = 0.5f + (float)(i % 3);
  problem problems[NUM_PROBLEMS];
  make_problems(problems);
  for (int i = 0; i < NUM_PROBLEMS; i++) {
    assert_ok(sngp_dataset_set_sample_weights(problems[i].data, weights));
    for (int32_t solver = SNGP_SOLVER_AUTOMATIC; solver <= SNGP_SOLVER_LBFGS; solver++) {
      const bool softmax = i == 0, counts = i == 2;
      if (solver == SNGP_SOLVER_CLOSED_FORM || (solver == SNGP_SOLVER_NEWTON && softmax) ||
          (solver == SNGP_SOLVER_MAJORISED && counts))
        continue;
      sngp_head_fit_config fit = plain_fit();
      fit.solver = solver;
      fit.max_iterations = 5000;
      sngp_head_fit_result result = {.struct_size = sizeof result};
      sngp_model *model = create_model(&problems[i].config);
      assert_ok(sngp_head_fit(model, problems[i].data, &fit, &result));
      double gradient = largest_gradient(&problems[i], model, weights);
      print_message("%s, solver %d: %lld iterations, gradient %g\n", problems[i].name,
                    (int)result.solver, (long long)result.iterations, gradient);
      assert_true(result.converged == 1);
      assert_true(gradient < 1e-4);
      sngp_model_free(model);
    }
    sngp_dataset_free(problems[i].data);
  }
}

/* phi (ridge I + sum p (1 - p) phi^T phi)^-1 phi^T, by elimination. */
static void one_output_has_its_laplace_posterior(void **state) {
  (void)state;
  problem problems[NUM_PROBLEMS];
  make_problems(problems);
  const problem *p = &problems[1];
  const sngp_head_fit_config fit = plain_fit();
  sngp_model *model = create_model(&p->config);
  assert_ok(sngp_head_fit(model, p->data, &fit, NULL));
  static float logits[ROWS], features[ROWS * FEATURES], variance[ROWS];
  sngp_prediction out = {.logits = logits, .features = features, .variance = variance};
  assert_ok(predict_data(model, p->data, NULL, &out));
  for (int row = 0; row < ROWS; row += 17) {
    double a[FEATURES][FEATURES + 1] = {{0}};
    for (int i = 0; i < FEATURES; i++) {
      a[i][i] = RIDGE;
      a[i][FEATURES] = (double)features[row * FEATURES + i];
    }
    for (int n = 0; n < ROWS; n++) {
      double mean = 1 / (1 + exp(-(double)logits[n]));
      for (int i = 0; i < FEATURES; i++)
        for (int j = 0; j < FEATURES; j++)
          a[i][j] += mean * (1 - mean) * (double)features[n * FEATURES + i] *
                     (double)features[n * FEATURES + j];
    }
    for (int i = 0; i < FEATURES; i++)
      for (int r = 0; r < FEATURES; r++) {
        double factor = a[r][i] / a[i][i];
        for (int c = i; r != i && c <= FEATURES; c++) a[r][c] -= factor * a[i][c];
      }
    double expected = 0;
    for (int i = 0; i < FEATURES; i++)
      expected += (double)features[row * FEATURES + i] * a[i][FEATURES] / a[i][i];
    assert_close(variance[row], expected, 1e-4 * expected);
  }
  sngp_model_free(model);
  for (int i = 0; i < NUM_PROBLEMS; i++) sngp_dataset_free(problems[i].data);
}

/* The held-out loss that cross-validation reports is about that of rows that were never seen. */
static void cross_validation_predicts_fresh_rows(void **state) {
  (void)state;
  enum { MANY = 300 };
  const int64_t sizes[] = {64, 640}; /* fewer features than rows, and more */
  for (int c = 0; c < 3; c++) {
    const bool softmax = c == 1;
    sngp_model_config config = without_backbone(small_config());
    config.num_random_features = sizes[c / 2];
    config.ridge = 1;
    if (softmax) config.likelihood = SNGP_LIKELIHOOD_SOFTMAX;
    sngp_dataset *data = small_data(MANY, 3), *fresh = small_data(MANY, 4);
    sngp_head_fit_result result = {.struct_size = sizeof result};
    sngp_model *model = create_model(&config);
    assert_ok(sngp_head_fit(model, data, NULL, &result));
    assert_int_equal(result.selection, SNGP_SELECTION_CROSS_VALIDATION);
    static float probabilities[MANY * SMALL_CLASSES];
    sngp_prediction out = {.probabilities = probabilities};
    assert_ok(predict_data(model, fresh, NULL, &out));
    sngp_classification_metrics metrics = {.struct_size = sizeof metrics};
    assert_ok(sngp_evaluate_classification(probabilities, MANY, SMALL_CLASSES,
                                           sngp_dataset_labels(fresh), &metrics));
    print_message("ridge %g, scale %g, temperature %g, factor %g: held-out %g, fresh %g, %g\n",
                  result.ridge, result.kernel_scale, result.temperature, result.mean_field_factor,
                  result.nll, metrics.nll, metrics.accuracy);
    assert_true(metrics.accuracy > 0.92 && fabs(result.nll - metrics.nll) < 0.06);
    sngp_model_free(model);
    sngp_dataset_free(data);
    sngp_dataset_free(fresh);
  }
}

enum { NUM_BATCHES = 3 };

static sngp_status give(void *context, int64_t index, const sngp_dataset **batch) {
  *batch = ((sngp_dataset **)context)[index];
  return SNGP_OK;
}

/* Batches' features are computed in every pass, and the factor that begins the search takes every
   other block of rows or fewer: blocks of 512 lie across the batches, and between. */
static void batches_find_the_same_weights(void **state) {
  (void)state;
  enum { MANY = 3000 };
  const sngp_model_config config = without_backbone(small_config());
  sngp_dataset *data = small_data(MANY, 3);
  sngp_dataset *parts[NUM_BATCHES] = {rows_of(data, 0, 700), rows_of(data, 700, 1299),
                                      rows_of(data, 1999, 1001)};
  const sngp_head_fit_config fit = plain_fit();
  sngp_head_fit_result whole_result = {.struct_size = sizeof whole_result}, result = whole_result;
  sngp_model *whole = create_model(&config), *pieces = create_model(&config);
  assert_ok(sngp_model_prepare(whole, data));
  assert_ok(sngp_model_prepare(pieces, data));
  assert_ok(sngp_head_fit(whole, data, &fit, &whole_result));
  assert_ok(sngp_head_fit_batches(pieces, NUM_BATCHES, give, parts, &fit, &result));
  assert_int_equal(result.rows, MANY);
  assert_int_equal(result.iterations, whole_result.iterations);
  assert_close(result.objective, whole_result.objective, 1e-12 * whole_result.objective);
  assert_true(parameter_difference(whole, pieces) < 1e-6);
  for (int i = 0; i < NUM_BATCHES; i++) sngp_dataset_free(parts[i]);
  sngp_model_free(whole);
  sngp_model_free(pieces);
  sngp_dataset_free(data);
}

typedef struct {
  const sngp_dataset *first, *later;
  int64_t calls;
  sngp_status status;
} changing;

static sngp_status give_another_later(void *context, int64_t index, const sngp_dataset **batch) {
  changing *c = context;
  (void)index;
  *batch = c->calls++ == 0 ? c->first : c->later;
  return c->status;
}

static void batches_are_checked_each_time(void **state) {
  (void)state;
  const sngp_head_fit_config fit = plain_fit();
  problem problems[NUM_PROBLEMS];
  make_problems(problems);
  for (int i = 0; i < NUM_PROBLEMS; i++) { /* the other kind: labels or targets */
    const sngp_dataset *other = problems[sngp_dataset_labels(problems[i].data) ? 2 : 0].data;
    changing c = {.first = problems[i].data, .later = other};
    sngp_model *model = create_model(&problems[i].config);
    assert_int_equal(sngp_head_fit_batches(model, 1, give_another_later, &c, &fit, NULL),
                     SNGP_ERROR_NO_LABELS);
    assert_non_null(strstr(sngp_last_error(), "batch 0"));
    c = (changing){.status = SNGP_ERROR_READ};
    assert_int_equal(sngp_head_fit_batches(model, 1, give_another_later, &c, &fit, NULL),
                     SNGP_ERROR_READ);
    assert_string_equal(sngp_last_error(), "the callback of batch 0 failed");
    sngp_model_free(model);
  }
  for (int i = 0; i < NUM_PROBLEMS; i++) sngp_dataset_free(problems[i].data);
}

static void counts_beyond_the_largest_rate_are_refused(void **state) {
  (void)state;
  const float features[2 * SMALL_INPUTS] = {0, 1, 2}, largest[2] = {0, 4.85e8f},
                           beyond[2] = {0, 4.86e8f};
  sngp_dataset *good = NULL, *bad = NULL;
  assert_ok(sngp_dataset_create_targets(features, 2, SMALL_INPUTS, 0, largest, 1, &good));
  assert_ok(sngp_dataset_create_targets(features, 2, SMALL_INPUTS, 0, beyond, 1, &bad));
  sngp_model_config config = without_backbone(task_config(&TASKS[1]));
  config.num_targets = 1;
  const sngp_head_fit_config fit = plain_fit();
  sngp_model *model = create_model(&config);
  assert_ok(sngp_head_fit(model, good, &fit, NULL));
  assert_int_equal(sngp_head_fit(model, bad, &fit, NULL), SNGP_ERROR_LABEL_RANGE);
  assert_non_null(strstr(sngp_last_error(), "targets[1, 0] is 4.86e+08"));
  sngp_model_free(model);
  sngp_dataset_free(good);
  sngp_dataset_free(bad);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_gradient_is_zero_at_the_solution),
      cmocka_unit_test(one_output_has_its_laplace_posterior),
      cmocka_unit_test(batches_find_the_same_weights),
      cmocka_unit_test(cross_validation_predicts_fresh_rows),
      cmocka_unit_test(batches_are_checked_each_time),
      cmocka_unit_test(counts_beyond_the_largest_rate_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
