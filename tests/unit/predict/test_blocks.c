/* However rows are laid out, cut into blocks or shared over threads, predictions are the same to
   rounding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/small_model.h"

enum { ROWS = 300 };

/* Matrix products of other shapes round differently: logits and variances reach about 20. */
static const double ROUNDING = 2e-5;

typedef struct {
  sngp_model *model;
  sngp_dataset *rows;
  outputs expected; /* one call, no workspace, covariance included */
} subject;

static int create(void **state) {
  static subject s;
  sngp_model_config config = small_config();
  s.model = create_model(&config);
  s.rows = small_data(ROWS, 3);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(3, 32);
  assert_ok(sngp_fit(s.model, adam, s.rows, NULL, &fit, NULL));
  sngp_optimizer_free(adam);
  s.expected = take_outputs(ROWS, SMALL_CLASSES, 1);
  assert_ok(predict_rows(s.model, NULL, s.rows, NULL, &s.expected));
  *state = &s;
  return 0;
}

static int destroy(void **state) {
  subject *s = *state;
  free_outputs(&s->expected);
  sngp_dataset_free(s->rows);
  sngp_model_free(s->model);
  return 0;
}

static sngp_workspace *create_workspace(const sngp_model *model, int64_t max_rows, int threads,
                                        int covariance) {
  sngp_predict_config config;
  sngp_workspace *workspace = NULL;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.num_threads = threads;
  config.full_covariance = covariance;
  assert_ok(sngp_workspace_create(model, &config, max_rows, &workspace));
  return workspace;
}

/* Predicts with a workspace, twice: what the first call leaves in it must not matter. */
static void check_workspace(const subject *s, int64_t max_rows, int threads, int covariance) {
  sngp_workspace *workspace = create_workspace(s->model, max_rows, threads, covariance);
  outputs first = take_outputs(ROWS, SMALL_CLASSES, covariance);
  outputs second = take_outputs(ROWS, SMALL_CLASSES, covariance);
  assert_ok(predict_rows(s->model, workspace, s->rows, NULL, &first));
  assert_ok(predict_rows(s->model, workspace, s->rows, NULL, &second));
  assert_close(output_difference(&first, &s->expected, SMALL_CLASSES), 0, ROUNDING);
  assert_true(output_difference(&first, &second, SMALL_CLASSES) == 0);
  free_outputs(&second);
  free_outputs(&first);
  sngp_workspace_free(workspace);
}

static void the_size_of_a_block_changes_rounding_only(void **state) {
  const int64_t sizes[] = {1, 7, 128, ROWS, 10 * ROWS};
  for (int i = 0; i < 5; i++) check_workspace(*state, sizes[i], 1, 0);
}

static void the_number_of_threads_changes_rounding_only(void **state) {
  for (int threads = 2; threads <= 5; threads++) {
    check_workspace(*state, 7 * threads, threads, 0);
    check_workspace(*state, ROWS, threads, 1);
  }
}

static void a_call_may_have_fewer_rows_than_the_workspace_has_threads(void **state) {
  const subject *s = *state;
  sngp_workspace *workspace = create_workspace(s->model, ROWS, 3, 0);
  outputs one = take_outputs(1, SMALL_CLASSES, 0);
  sngp_dataset *row = rows_of(s->rows, 0, 1);
  assert_ok(predict_rows(s->model, workspace, row, NULL, &one));
  outputs expected = s->expected;
  expected.rows = 1;
  expected.out.covariance = NULL;
  assert_close(output_difference(&one, &expected, SMALL_CLASSES), 0, ROUNDING);
  sngp_dataset_free(row);
  free_outputs(&one);
  sngp_workspace_free(workspace);
}

/* Between the rows lie NaNs, which must not be looked at. */
static void rows_may_lie_further_apart_than_their_length(void **state) {
  const subject *s = *state;
  enum { STRIDE = SMALL_INPUTS + 4 };
  float *spread = take((size_t)ROWS * STRIDE, sizeof *spread);
  for (int64_t i = 0; i < ROWS; i++)
    for (int64_t j = 0; j < STRIDE; j++)
      spread[i * STRIDE + j] =
          j < SMALL_INPUTS ? sngp_dataset_features(s->rows)[i * SMALL_INPUTS + j] : NAN;
  outputs all = take_outputs(ROWS, SMALL_CLASSES, 1);
  assert_ok(sngp_predict(s->model, NULL, spread, ROWS, SMALL_INPUTS, STRIDE, NULL, &all.out));
  assert_true(output_difference(&all, &s->expected, SMALL_CLASSES) == 0);
  free_outputs(&all);
  free(spread);
}

/* Each output alone: what else is asked for does not change it. */
static void an_output_is_the_same_when_asked_for_alone(void **state) {
  const subject *s = *state;
  outputs all = take_outputs(ROWS, SMALL_CLASSES, 1);
  const sngp_prediction own = all.out;
  const sngp_prediction empty = {.struct_size = sizeof empty};
#define ASK_FOR(field)       \
  all.out = empty;           \
  all.out.field = own.field; \
  assert_ok(predict_rows(s->model, NULL, s->rows, NULL, &all));
  ASK_FOR(logits)
  ASK_FOR(probabilities)
  ASK_FOR(classes)
  ASK_FOR(variance)
  ASK_FOR(covariance)
  ASK_FOR(uncertainty)
  ASK_FOR(entropy)
  ASK_FOR(dempster_shafer)
  ASK_FOR(energy)
  ASK_FOR(mutual_information)
#undef ASK_FOR
  all.out = own;
  assert_true(output_difference(&all, &s->expected, SMALL_CLASSES) == 0);
  free_outputs(&all);
}

static void no_rows_are_predicted_without_inputs(void **state) {
  const subject *s = *state;
  float untouched = 42;
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = &untouched};
  sngp_workspace *workspace = create_workspace(s->model, 4, 2, 0);
  assert_ok(sngp_predict(s->model, NULL, NULL, 0, SMALL_INPUTS, 0, NULL, &out));
  assert_ok(sngp_predict(s->model, workspace, NULL, 0, SMALL_INPUTS, 0, NULL, &out));
  assert_true(untouched == 42);
  sngp_workspace_free(workspace);
}

/* Output weights of +-1e30 make logits of that size, of one sign within a row; the posterior does
   not depend on them. */
static void huge_logits_give_finite_probabilities_and_scores(void **state) {
  const subject *s = *state;
  sngp_model *model = clone_of(s->model);
  int64_t count = 0;
  float *weights = parameter_of(model, "output.weight", &count);
  for (int64_t i = 0; i < count; i++)
    weights[i] = (i / SMALL_CLASSES % 2 == 0 ? 1e30f : -1e30f) * (float)(1 + i % SMALL_CLASSES);
  assert_ok(sngp_model_set_parameter(model, "output.weight", weights, count));
  assert_ok(sngp_model_fit_covariance(model, s->rows, 1));
  outputs all = take_outputs(ROWS, SMALL_CLASSES, 0);
  assert_ok(predict_rows(model, NULL, s->rows, NULL, &all));
  int positive = 0;
  for (int64_t i = 0; i < ROWS; i++) {
    double sum = 0, largest = -INFINITY;
    for (int k = 0; k < SMALL_CLASSES; k++) {
      sum += (double)all.out.probabilities[i * SMALL_CLASSES + k];
      largest = fmax(largest, (double)all.out.logits[i * SMALL_CLASSES + k]);
    }
    assert_close(sum, 1, 1e-6);
    assert_close(all.out.entropy[i], 0, log(SMALL_CLASSES) + 1e-6);
    assert_close(all.out.uncertainty[i], 0, 1);
    assert_true(fabs(largest) > 1e20);
    positive += largest > 0;
    /* K / (K + sum exp): 0 above, 1 below */
    assert_close(all.out.dempster_shafer[i], largest > 0 ? 0 : 1, 1e-6);
  }
  assert_true(positive > 0 && positive < ROWS);
  free_outputs(&all);
  free(weights);
  sngp_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_size_of_a_block_changes_rounding_only),
      cmocka_unit_test(the_number_of_threads_changes_rounding_only),
      cmocka_unit_test(a_call_may_have_fewer_rows_than_the_workspace_has_threads),
      cmocka_unit_test(rows_may_lie_further_apart_than_their_length),
      cmocka_unit_test(an_output_is_the_same_when_asked_for_alone),
      cmocka_unit_test(no_rows_are_predicted_without_inputs),
      cmocka_unit_test(huge_logits_give_finite_probabilities_and_scores),
  };
  return cmocka_run_group_tests(tests, create, destroy);
}
