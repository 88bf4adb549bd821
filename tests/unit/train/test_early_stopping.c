/* Early stopping, and the weights that a fit goes back to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/small_model.h"

enum { TRAINING_ROWS = 12, VALIDATION_ROWS = 60, EPOCHS = 200 };

/* A few rows with two wrong labels: the validation loss falls, then rises as they are learnt. */
static sngp_dataset *misleading_rows(void) {
  sngp_dataset *clean = small_data(TRAINING_ROWS, 1), *data = NULL;
  int32_t labels[TRAINING_ROWS];
  memcpy(labels, sngp_dataset_labels(clean), sizeof labels);
  labels[0] = (labels[0] + 1) % SMALL_CLASSES;
  labels[7] = (labels[7] + 1) % SMALL_CLASSES;
  assert_ok(sngp_dataset_create(sngp_dataset_features(clean), TRAINING_ROWS, SMALL_INPUTS, 0,
                                labels, SMALL_CLASSES, &data));
  sngp_dataset_free(clean);
  return data;
}

/* Mean cross-entropy of MAP probabilities, from the public predictions. */
static double validation_loss(const sngp_model *model, const sngp_dataset *data) {
  float logits[VALIDATION_ROWS * SMALL_CLASSES];
  sngp_prediction out = {.struct_size = sizeof out, .logits = logits};
  assert_ok(sngp_predict(model, NULL, sngp_dataset_features(data), VALIDATION_ROWS, SMALL_INPUTS, 0,
                         NULL, &out));
  double loss = 0;
  for (int i = 0; i < VALIDATION_ROWS; i++) {
    const float *row = logits + i * SMALL_CLASSES;
    double sum = 0;
    for (int k = 0; k < SMALL_CLASSES; k++) sum += exp((double)row[k]);
    loss += (log(sum) - (double)row[sngp_dataset_labels(data)[i]]) / VALIDATION_ROWS;
  }
  return loss;
}

typedef struct {
  sngp_dataset *training, *validation;
  sngp_model *model;
  sngp_history *history;
  int64_t epochs, best; /* that ran; of the lowest validation loss, from 1 */
  double best_loss;
} run;

static double loss_of(const run *r, int64_t epoch) {
  sngp_epoch_record record = {.struct_size = sizeof record};
  assert_ok(sngp_history_epoch(r->history, epoch - 1, &record));
  return record.validation_loss;
}

/* Without spectral normalisation unless a bound is given, so that the last projection, too, leaves
   the weights as they are. */
static run fit(double bound, int64_t patience, double min_improvement) {
  sngp_model_config config = small_config();
  config.spectral_norm_bound = bound;
  run r = {.training = misleading_rows(), .validation = small_data(VALIDATION_ROWS, 2)};
  r.model = create_model(&config);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 3e-3);
  sngp_fit_config fit = constant_rate(EPOCHS, 0);
  fit.patience = patience;
  fit.min_improvement = min_improvement;
  assert_ok(sngp_fit(r.model, adam, r.training, r.validation, &fit, &r.history));
  sngp_optimizer_free(adam);
  r.epochs = sngp_history_num_epochs(r.history);
  r.best_loss = (double)INFINITY;
  for (int64_t epoch = 1; epoch <= r.epochs; epoch++)
    if (loss_of(&r, epoch) < r.best_loss) {
      r.best = epoch;
      r.best_loss = loss_of(&r, epoch);
    }
  return r;
}

static void release(run *r) {
  sngp_history_free(r->history);
  sngp_model_free(r->model);
  sngp_dataset_free(r->validation);
  sngp_dataset_free(r->training);
}

static sngp_training_record record_of(const sngp_model *model) {
  sngp_training_record record = {.struct_size = sizeof record};
  assert_ok(sngp_model_get_training_record(model, &record));
  return record;
}

static void a_fit_ends_when_patience_does_and_goes_back_to_the_best_weights(void **state) {
  (void)state;
  run r = fit(0, 5, 0);
  assert_true(r.best > 5 && r.epochs < EPOCHS);
  assert_int_equal(r.epochs, r.best + 5);
  assert_close(validation_loss(r.model, r.validation), r.best_loss, 1e-6);
  assert_below(r.best_loss + 1e-4, loss_of(&r, r.epochs)); /* the last weights were others */
  assert_int_equal(record_of(r.model).stopped_early, 1);
  assert_int_equal(record_of(r.model).epochs, r.epochs);
  assert_int_equal(record_of(r.model).covariance_rows, TRAINING_ROWS);
  release(&r);
}

static void a_fit_that_runs_to_its_end_goes_back_too(void **state) {
  (void)state;
  run r = fit(0, EPOCHS, 0);
  assert_int_equal(r.epochs, EPOCHS);
  assert_below(r.best_loss + 1e-2, loss_of(&r, EPOCHS));
  assert_close(validation_loss(r.model, r.validation), r.best_loss, 1e-6);
  assert_int_equal(record_of(r.model).stopped_early, 0);
  release(&r);
}

static void without_patience_the_last_weights_stay(void **state) {
  (void)state;
  run r = fit(0, 0, 0);
  assert_int_equal(r.epochs, EPOCHS);
  assert_close(validation_loss(r.model, r.validation), loss_of(&r, EPOCHS), 1e-6);
  release(&r);
}

/* The bound is checked once more at the end, on the weights gone back to: they hardly move. */
static void under_a_bound_the_best_weights_are_projected_once_more(void **state) {
  (void)state;
  run r = fit(0.9, 5, 0);
  assert_int_equal(r.epochs, r.best + 5);
  assert_close(validation_loss(r.model, r.validation), r.best_loss, 0.01 * r.best_loss);
  release(&r);
}

/* Nothing improves by so much: the first epoch stays the best. */
static void smaller_improvements_do_not_count(void **state) {
  (void)state;
  run r = fit(0, 3, 100);
  assert_int_equal(r.epochs, 1 + 3);
  assert_close(validation_loss(r.model, r.validation), loss_of(&r, 1), 1e-6);
  release(&r);
}

static void patience_needs_validation_rows(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_model *model = create_model(&config), *untouched = clone_of(model);
  sngp_dataset *data = misleading_rows();
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(2, 0);
  fit.patience = 3;
  assert_fails(sngp_fit(model, adam, data, NULL, &fit, NULL), SNGP_ERROR_INVALID_ARGUMENT,
               "patience is 3", "no validation rows");
  assert_true(parameter_difference(model, untouched) == 0);
  sngp_optimizer_free(adam);
  sngp_dataset_free(data);
  sngp_model_free(untouched);
  sngp_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_fit_ends_when_patience_does_and_goes_back_to_the_best_weights),
      cmocka_unit_test(a_fit_that_runs_to_its_end_goes_back_too),
      cmocka_unit_test(without_patience_the_last_weights_stay),
      cmocka_unit_test(under_a_bound_the_best_weights_are_projected_once_more),
      cmocka_unit_test(smaller_improvements_do_not_count),
      cmocka_unit_test(patience_needs_validation_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
