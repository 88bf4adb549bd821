/* What a callback is told, what cancelling leaves behind, and what divergence does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/small_model.h"

enum { ROWS = 50, BATCH = 16, STEPS = 4, EPOCHS = 3, MOST_EVENTS = 64 };

/* A callback's notes; it cancels at one of the calls, counted from 1 (0: never). */
typedef struct {
  int count, cancel_at;
  sngp_fit_progress events[MOST_EVENTS];
} notes;

static int32_t take_note(const sngp_fit_progress *progress, void *context) {
  notes *all = context;
  if (all->count < MOST_EVENTS) all->events[all->count] = *progress;
  return ++all->count == all->cancel_at;
}

typedef struct {
  sngp_dataset *data;
  sngp_model *model;
  sngp_optimizer *optimizer;
} subject;

static subject create(int32_t algorithm, double learning_rate, double bound) {
  sngp_model_config config = small_config();
  config.spectral_norm_bound = bound;
  return (subject){small_data(ROWS, 1), create_model(&config),
                   create_optimizer(algorithm, learning_rate)};
}

static void release(subject *s) {
  sngp_optimizer_free(s->optimizer);
  sngp_model_free(s->model);
  sngp_dataset_free(s->data);
}

static sngp_fit_config noting(notes *all) {
  sngp_fit_config fit = constant_rate(EPOCHS, BATCH);
  fit.callback = take_note;
  fit.context = all;
  return fit;
}

static void assert_predicts(const sngp_model *model, const sngp_dataset *data) {
  outputs all = take_outputs(ROWS, SMALL_CLASSES, 0);
  assert_ok(predict_rows(model, NULL, data, NULL, &all));
  for (int i = 0; i < ROWS; i++)
    assert_true(isfinite(all.out.variance[i]) && isfinite(all.out.probabilities[i]));
  free_outputs(&all);
}

static void the_callback_is_told_of_every_step_and_every_epoch(void **state) {
  (void)state;
  subject s = create(SNGP_OPTIMIZER_ADAM, 1e-2, 0.9);
  static notes all;
  sngp_fit_config fit = noting(&all);
  fit.warmup_steps = 5;
  sngp_history *history = NULL;
  assert_ok(sngp_fit(s.model, s.optimizer, s.data, s.data, &fit, &history));
  assert_int_equal(all.count, EPOCHS * (STEPS + 1));
  for (int i = 0; i < all.count; i++) {
    const sngp_fit_progress *event = &all.events[i];
    int epoch = i / (STEPS + 1), step = i % (STEPS + 1);
    int at_end = step == STEPS;
    assert_int_equal(event->struct_size, sizeof *event);
    assert_int_equal(event->event, at_end ? SNGP_EVENT_EPOCH : SNGP_EVENT_STEP);
    assert_int_equal(event->epoch, epoch + 1);
    assert_int_equal(event->num_epochs, EPOCHS);
    assert_int_equal(event->step, at_end ? STEPS : step + 1);
    assert_int_equal(event->steps_per_epoch, STEPS);
    assert_int_equal(event->member, 0);
    assert_int_equal(event->num_members, 1);
    int taken = epoch * STEPS + (at_end ? STEPS - 1 : step); /* steps before this one */
    assert_close(event->learning_rate, 1e-2 * fmin(1, (taken + 1) / 5.0), 1e-12);
    assert_int_equal(isnan(event->validation_loss), !at_end);
    assert_int_equal(isnan(event->validation_accuracy), !at_end);
    if (!at_end) continue;
    sngp_epoch_record record = {.struct_size = sizeof record};
    assert_ok(sngp_history_epoch(history, epoch, &record));
    assert_int_equal(record.epoch, epoch + 1);
    assert_true(record.loss == event->loss && record.accuracy == event->accuracy);
    assert_true(record.loss == all.events[i - 1].loss);
    assert_true(record.validation_loss == event->validation_loss);
    assert_true(record.validation_accuracy == event->validation_accuracy);
    assert_true(record.learning_rate == event->learning_rate);
  }
  sngp_epoch_record none = {.struct_size = sizeof none};
  assert_int_equal(sngp_history_num_epochs(history), EPOCHS);
  assert_fails(sngp_history_epoch(history, EPOCHS, &none), SNGP_ERROR_INVALID_ARGUMENT,
               "index is 3");
  sngp_history_free(history);
  release(&s);
}

/* The losses so far are means over rows: after the first step that step's loss, and so on. */
static void the_loss_so_far_is_a_mean_over_the_rows_so_far(void **state) {
  (void)state;
  subject s = create(SNGP_OPTIMIZER_SGD, 1e-2, 0.9);
  static notes all;
  sngp_fit_config fit = noting(&all);
  fit.shuffle = 0;
  assert_ok(sngp_model_prepare(s.model, s.data));
  sngp_model *stepped = clone_of(s.model);
  sngp_optimizer *sgd = create_optimizer(SNGP_OPTIMIZER_SGD, 1e-2);
  assert_ok(sngp_fit(s.model, s.optimizer, s.data, NULL, &fit, NULL));
  double loss = 0;
  for (int step = 0; step < STEPS; step++) {
    int64_t first = step * BATCH, count = ROWS - first < BATCH ? ROWS - first : BATCH;
    sngp_dataset *batch = rows_of(s.data, first, count);
    sngp_step_result result = {.struct_size = sizeof result};
    assert_ok(sngp_train_step(stepped, sgd, batch, &result));
    loss += result.loss * (double)count;
    assert_close(all.events[step].loss, loss / (double)(first + count), 1e-12);
    sngp_dataset_free(batch);
  }
  sngp_optimizer_free(sgd);
  sngp_model_free(stepped);
  release(&s);
}

static sngp_training_record record_of(const sngp_model *model) {
  sngp_training_record record = {.struct_size = sizeof record};
  assert_ok(sngp_model_get_training_record(model, &record));
  return record;
}

/* Cancelled at a call, after so many steps and complete epochs. */
static void check_cancelled(int cancel_at, int64_t steps, int64_t epochs) {
  subject s = create(SNGP_OPTIMIZER_ADAM, 1e-2, 0.9);
  notes all = {.cancel_at = cancel_at};
  sngp_fit_config fit = noting(&all);
  sngp_history *history = NULL;
  assert_fails(sngp_fit(s.model, s.optimizer, s.data, NULL, &fit, &history), SNGP_ERROR_CANCELLED,
               "epoch 2");
  assert_int_equal(all.count, cancel_at); /* not called again */
  assert_int_equal(sngp_history_num_epochs(history), epochs);
  assert_int_equal(sngp_optimizer_step_count(s.optimizer), steps);
  sngp_training_record record = record_of(s.model);
  assert_int_equal(record.stopped_early, 1);
  assert_int_equal(record.epochs, epochs);
  assert_int_equal(record.steps, steps);
  assert_int_equal(record.covariance_rows, ROWS);
  assert_predicts(s.model, s.data);
  fit.callback = NULL;
  assert_ok(sngp_fit(s.model, s.optimizer, s.data, NULL, &fit, NULL));
  assert_predicts(s.model, s.data);
  sngp_history_free(history);
  release(&s);
}

static void a_fit_cancelled_within_an_epoch_leaves_a_model_that_predicts(void **state) {
  (void)state;
  check_cancelled(STEPS + 1 + 2, STEPS + 2, 1);
}

static void a_fit_cancelled_after_an_epoch_keeps_that_epoch(void **state) {
  (void)state;
  check_cancelled(2 * (STEPS + 1), 2 * STEPS, 2);
}

static sngp_status fit_apart(const subject *s, int64_t epochs, int32_t covariance,
                             sngp_history **history) {
  sngp_fit_config fit = constant_rate(epochs, BATCH);
  fit.covariance = covariance;
  return sngp_fit(s->model, s->optimizer, s->data, NULL, &fit, history);
}

/* Two epochs that go well, then a learning rate that cannot. */
static void check_divergence(int32_t covariance) {
  subject s = create(SNGP_OPTIMIZER_SGD, 1e-2, 0); /* no projection that moves weights at the end */
  assert_ok(fit_apart(&s, 2, covariance, NULL));
  sngp_model *before = clone_of(s.model);
  assert_ok(sngp_optimizer_set_learning_rate(s.optimizer, 1e6));
  sngp_history *history = NULL;
  assert_fails(fit_apart(&s, 50, covariance, &history), SNGP_ERROR_NUMERICAL, "diverged in epoch 1",
               "learning rate");
  assert_non_null(history);
  assert_int_equal(sngp_history_num_epochs(history), 0); /* none was completed */
  assert_true(parameter_difference(s.model, before) == 0);
  assert_predicts(s.model, s.data);
  /* and what diverged leaves nothing behind: training goes on at a rate that can */
  assert_ok(sngp_optimizer_set_learning_rate(s.optimizer, 1e-3));
  assert_ok(fit_apart(&s, 2, covariance, NULL));
  assert_predicts(s.model, s.data);
  sngp_history_free(history);
  sngp_model_free(before);
  release(&s);
}

static void a_fit_that_diverges_goes_back_to_finite_weights(void **state) {
  (void)state;
  check_divergence(SNGP_COVARIANCE_EXACT_PASS);
  check_divergence(SNGP_COVARIANCE_IN_TRAINING);
}

/* 2^62 epochs of four steps are more than 64 bits can count: the rate then never drops. */
static void a_schedule_may_drop_after_more_epochs_than_there_are(void **state) {
  (void)state;
  const int64_t step_epochs[] = {EPOCHS + 1, INT64_C(1) << 62, INT64_MAX};
  for (int i = 0; i < 3; i++) {
    subject s = create(SNGP_OPTIMIZER_ADAM, 1e-3, 0);
    notes all = {0};
    sngp_fit_config fit = noting(&all);
    fit.schedule = SNGP_SCHEDULE_STEP;
    fit.step_epochs = step_epochs[i];
    assert_ok(sngp_fit(s.model, s.optimizer, s.data, NULL, &fit, NULL));
    assert_int_equal(all.count, EPOCHS * (STEPS + 1));
    for (int e = 0; e < all.count; e++) assert_close(all.events[e].learning_rate, 1e-3, 0);
    release(&s);
  }
}

/* A first step of such a rate is still finite, and makes weights whose activations overflow. */
static void a_lone_step_that_diverges_says_so_and_does_not_update(void **state) {
  (void)state;
  subject s = create(SNGP_OPTIMIZER_SGD, 1e30, 0);
  sngp_step_result result = {.struct_size = sizeof result};
  assert_ok(sngp_model_prepare(s.model, s.data));
  assert_ok(sngp_train_step(s.model, s.optimizer, s.data, &result));
  assert_true(isfinite(result.loss));
  sngp_model *before = clone_of(s.model);
  assert_fails(sngp_train_step(s.model, s.optimizer, s.data, &result), SNGP_ERROR_NUMERICAL,
               "the weights were not updated");
  assert_true(!isfinite(result.loss));
  assert_true(parameter_difference(s.model, before) == 0);
  assert_true(sngp_optimizer_step_count(s.optimizer) == 1);
  sngp_model_free(before);
  release(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_callback_is_told_of_every_step_and_every_epoch),
      cmocka_unit_test(the_loss_so_far_is_a_mean_over_the_rows_so_far),
      cmocka_unit_test(a_fit_cancelled_within_an_epoch_leaves_a_model_that_predicts),
      cmocka_unit_test(a_fit_cancelled_after_an_epoch_keeps_that_epoch),
      cmocka_unit_test(a_fit_that_diverges_goes_back_to_finite_weights),
      cmocka_unit_test(a_schedule_may_drop_after_more_epochs_than_there_are),
      cmocka_unit_test(a_lone_step_that_diverges_says_so_and_does_not_update),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
