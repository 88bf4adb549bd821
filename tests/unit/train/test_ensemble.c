/* Ensembles in training: what comes out, what the callback sees, and what a failure leaves. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/ensemble.h"
#include "support/small_model.h"

enum { MEMBERS = 5, ROWS = 50, BATCH = 16, STEPS = 4, EPOCHS = 6 };

static sngp_ensemble *create_ensemble(int32_t head) {
  sngp_model_config config = small_config();
  config.head = head;
  sngp_ensemble *ensemble = NULL;
  assert_ok(sngp_ensemble_create(&config, MEMBERS, &ensemble));
  return ensemble;
}

static sngp_optimizer_config optimizer_config(double learning_rate) {
  sngp_optimizer_config config;
  assert_ok(sngp_optimizer_config_init(&config, sizeof config));
  config.learning_rate = learning_rate;
  return config;
}

typedef struct {
  void *bytes;
  int64_t size;
} file;

static void assert_same_files(file a, file b) {
  assert_int_equal(a.size, b.size);
  assert_memory_equal(a.bytes, b.bytes, (size_t)a.size);
  sngp_buffer_free(a.bytes);
  sngp_buffer_free(b.bytes);
}

static file file_of(const sngp_model *model) {
  file saved = {NULL, 0};
  assert_ok(sngp_model_save_buffer(model, &saved.bytes, &saved.size));
  return saved;
}

static void assert_same_histories(const sngp_history *a, const sngp_history *b) {
  assert_int_equal(sngp_history_num_epochs(a), sngp_history_num_epochs(b));
  for (int64_t i = 0; i < sngp_history_num_epochs(a); i++) {
    sngp_epoch_record x = {.struct_size = sizeof x}, y = x;
    assert_ok(sngp_history_epoch(a, i, &x));
    assert_ok(sngp_history_epoch(b, i, &y));
    assert_true(x.loss == y.loss && x.validation_loss == y.validation_loss);
  }
}

/* Members stop early, each in an epoch of its own, so that threads take them in different orders.
 */
static void members_are_bitwise_lone_fits_whatever_the_number_of_threads(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1), *validation = small_data(ROWS, 2);
  sngp_optimizer_config optimizer = optimizer_config(0.02);
  sngp_fit_config fit = constant_rate(40, BATCH);
  fit.patience = 1;
  for (int32_t head = SNGP_HEAD_DENSE; head <= SNGP_HEAD_GAUSSIAN_PROCESS; head++) {
    sngp_ensemble *fresh = create_ensemble(head);
    sngp_model *alone[MEMBERS];
    sngp_history *expected[MEMBERS];
    int different = 0;
    for (int i = 0; i < MEMBERS; i++) {
      sngp_optimizer *own = NULL;
      alone[i] = clone_of(sngp_ensemble_member(fresh, i));
      assert_ok(sngp_optimizer_create(&optimizer, &own));
      assert_ok(sngp_fit(alone[i], own, data, validation, &fit, &expected[i]));
      sngp_optimizer_free(own);
      different += sngp_history_num_epochs(expected[i]) != sngp_history_num_epochs(expected[0]);
    }
    assert_true(different > 0);
    static const int32_t THREADS[] = {1, 2, 3, 2 * MEMBERS};
    for (size_t t = 0; t < sizeof THREADS / sizeof *THREADS; t++) {
      sngp_ensemble *ensemble = create_ensemble(head);
      sngp_history *histories[MEMBERS];
      sngp_fit_config threaded = fit;
      threaded.num_threads = THREADS[t];
      assert_ok(sngp_ensemble_fit(ensemble, &optimizer, data, validation, &threaded, histories));
      for (int i = 0; i < MEMBERS; i++) {
        assert_same_files(file_of(sngp_ensemble_member(ensemble, i)), file_of(alone[i]));
        assert_same_histories(histories[i], expected[i]);
        sngp_history_free(histories[i]);
      }
      sngp_ensemble_free(ensemble);
    }
    for (int i = 0; i < MEMBERS; i++) {
      sngp_model_free(alone[i]);
      sngp_history_free(expected[i]);
    }
    sngp_ensemble_free(fresh);
  }
  sngp_dataset_free(validation);
  sngp_dataset_free(data);
}

/* A callback's notes. It runs in several threads, where asserting would end the program: it counts
   what is wrong. */
typedef struct {
  sngp_ensemble *ensemble;
  const sngp_dataset *data;
  atomic_int inside;
  int overlaps, wrong_counts, wrong_statuses;
  int steps[MEMBERS], epochs[MEMBERS];
  int64_t cancel_member, cancel_epoch; /* epoch 0: never */
  int calls_after_cancelling;
  int cancelled;
} notes;

static int32_t take_note(const sngp_fit_progress *progress, void *context) {
  notes *all = context;
  if (atomic_fetch_add(&all->inside, 1) != 0) all->overlaps++;
  for (int i = 0; i < 10; i++) sched_yield(); /* others, if they could, would come in */
  all->calls_after_cancelling += all->cancelled;
  int64_t i = progress->member;
  if (i < 0 || i >= MEMBERS || progress->num_members != MEMBERS) {
    all->wrong_counts++;
  } else if (progress->event == SNGP_EVENT_STEP) {
    all->steps[i]++;
  } else if (++all->epochs[i] != progress->epoch) {
    all->wrong_counts++;
  }
  all->cancelled = progress->event == SNGP_EVENT_EPOCH && i == all->cancel_member &&
                   progress->epoch == all->cancel_epoch;
  atomic_fetch_sub(&all->inside, 1);
  return all->cancelled;
}

static sngp_fit_config noting(notes *all, int32_t threads, sngp_fit_callback callback) {
  sngp_fit_config fit = constant_rate(EPOCHS, BATCH);
  fit.num_threads = threads;
  fit.callback = callback;
  fit.context = all;
  return fit;
}

static void the_callback_is_told_of_every_step_of_every_member_one_at_a_time(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  for (int32_t threads = 1; threads <= 3; threads++) {
    sngp_ensemble *ensemble = create_ensemble(SNGP_HEAD_DENSE);
    notes all = {.ensemble = ensemble};
    sngp_fit_config fit = noting(&all, threads, take_note);
    assert_ok(sngp_ensemble_fit(ensemble, NULL, data, NULL, &fit, NULL));
    assert_int_equal(all.overlaps + all.wrong_counts, 0);
    for (int i = 0; i < MEMBERS; i++) {
      assert_int_equal(all.steps[i], EPOCHS * STEPS);
      assert_int_equal(all.epochs[i], EPOCHS);
    }
    sngp_ensemble_free(ensemble);
  }
  sngp_dataset_free(data);
}

/* Uses the ensemble as const, and tries to change it. */
static int32_t use_and_abuse(const sngp_fit_progress *progress, void *context) {
  (void)progress;
  notes *all = context;
  sngp_model_config config = {.struct_size = sizeof config};
  if (sngp_ensemble_num_members(all->ensemble) != MEMBERS ||
      sngp_model_get_config(sngp_ensemble_member(all->ensemble, 0), &config) != SNGP_OK)
    all->wrong_statuses++;
  sngp_status status = sngp_ensemble_fit(all->ensemble, NULL, all->data, NULL, NULL, NULL);
  if (status != SNGP_ERROR_INVALID_ARGUMENT ||
      strcmp(sngp_last_error(), "the ensemble is being fitted: a callback must not change it") != 0)
    all->wrong_statuses++;
  return 0;
}

static void a_callback_may_look_at_the_ensemble_but_not_change_it(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_ensemble *ensemble = create_ensemble(SNGP_HEAD_DENSE);
  notes all = {.ensemble = ensemble, .data = data};
  sngp_fit_config fit = noting(&all, 2, use_and_abuse);
  assert_ok(sngp_ensemble_fit(ensemble, NULL, data, NULL, &fit, NULL));
  assert_int_equal(all.wrong_statuses, 0);
  fit.callback = NULL; /* and may be changed again afterwards */
  assert_ok(sngp_ensemble_fit(ensemble, NULL, data, NULL, &fit, NULL));
  sngp_ensemble_free(ensemble);
  sngp_dataset_free(data);
}

/* What an ensemble is: its members' files and their moments. */
typedef struct {
  file files[MEMBERS];
  sngp_model *copies[MEMBERS];
} snapshot;

static snapshot take_snapshot(const sngp_ensemble *ensemble) {
  snapshot taken;
  for (int i = 0; i < MEMBERS; i++) {
    taken.files[i] = file_of(sngp_ensemble_member(ensemble, i));
    taken.copies[i] = clone_of(sngp_ensemble_member(ensemble, i));
  }
  return taken;
}

static void assert_is_as_before(const sngp_ensemble *ensemble, snapshot *before) {
  for (int i = 0; i < MEMBERS; i++) {
    const sngp_model *member = sngp_ensemble_member(ensemble, i);
    assert_same_files(file_of(member), before->files[i]);
    for (int j = 0; j < 2; j++) {
      const float *moments = before->copies[i]->moments[j];
      assert_true((member->moments[j] == NULL) == (moments == NULL));
      if (moments != NULL)
        assert_memory_equal(member->moments[j], moments,
                            member->table.trainable_size * sizeof *moments);
    }
    sngp_model_free(before->copies[i]);
  }
}

static void fill_with_rubbish(sngp_history **histories) {
  for (int i = 0; i < MEMBERS; i++) histories[i] = (sngp_history *)(uintptr_t)1;
}

static void assert_all_null(sngp_history **histories) {
  for (int i = 0; i < MEMBERS; i++) assert_null(histories[i]);
}

static void cancelling_leaves_the_ensemble_bitwise_as_it_was(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_ensemble *ensemble = create_ensemble(SNGP_HEAD_GAUSSIAN_PROCESS);
  sngp_history *histories[MEMBERS];
  for (int32_t threads = 1; threads <= 3; threads++)
    for (int trained = 0; trained < 2; trained++) { /* a fresh ensemble, then one with moments */
      snapshot before = take_snapshot(ensemble);
      notes all = {.cancel_member = 2, .cancel_epoch = 3};
      sngp_fit_config fit = noting(&all, threads, take_note);
      fill_with_rubbish(histories);
      assert_fails(sngp_ensemble_fit(ensemble, NULL, data, NULL, &fit, histories),
                   SNGP_ERROR_CANCELLED, "member 2: the callback cancelled the fit in epoch 3");
      assert_all_null(histories);
      assert_int_equal(all.overlaps + all.wrong_counts + all.calls_after_cancelling, 0);
      assert_int_equal(all.epochs[2], 3);
      assert_is_as_before(ensemble, &before);
      all = (notes){.cancel_epoch = 0};
      assert_ok(sngp_ensemble_fit(ensemble, NULL, data, NULL, &fit, NULL));
    }
  sngp_ensemble_free(ensemble);
  sngp_dataset_free(data);
}

/* An ensemble that would train for ever, were it not for member 1, whose loss overflows at once. */
static void a_member_that_fails_stops_the_others_at_their_next_step(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_ensemble *fresh = create_ensemble(SNGP_HEAD_DENSE), *ensemble = NULL;
  sngp_model *broken = clone_of(sngp_ensemble_member(fresh, 1));
  int64_t count = 0;
  float *weight = parameter_of(broken, "output.weight", &count);
  for (int64_t i = 0; i < count; i++) weight[i] = i % 2 == 0 ? 3e38f : -3e38f;
  assert_ok(sngp_model_set_parameter(broken, "output.weight", weight, count));
  const sngp_model *models[MEMBERS];
  for (int i = 0; i < MEMBERS; i++) models[i] = i == 1 ? broken : sngp_ensemble_member(fresh, i);
  assert_ok(sngp_ensemble_from_models(models, MEMBERS, &ensemble));
  snapshot before = take_snapshot(ensemble);
  sngp_history *histories[MEMBERS];
  sngp_fit_config fit = constant_rate(1 << 20, BATCH);
  fit.num_threads = 2;
  fill_with_rubbish(histories);
  assert_fails(sngp_ensemble_fit(ensemble, NULL, data, NULL, &fit, histories), SNGP_ERROR_NUMERICAL,
               "member 1: training diverged in epoch 1");
  assert_all_null(histories);
  assert_is_as_before(ensemble, &before);
  sngp_ensemble_free(ensemble);
  sngp_ensemble_free(fresh);
  sngp_model_free(broken);
  free(weight);
  sngp_dataset_free(data);
}

static void arguments_are_checked_as_a_fits_are(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1), *one_class = rows_of(data, 0, 1);
  sngp_ensemble *ensemble = create_ensemble(SNGP_HEAD_DENSE);
  sngp_history *histories[MEMBERS];
  sngp_fit_config fit = constant_rate(1, BATCH);
  sngp_optimizer_config optimizer = optimizer_config(-1);
  fill_with_rubbish(histories);
  assert_fails(sngp_ensemble_fit(ensemble, NULL, NULL, NULL, &fit, histories),
               SNGP_ERROR_INVALID_ARGUMENT, "training is NULL");
  assert_all_null(histories);
  assert_fails(sngp_ensemble_fit(NULL, NULL, data, NULL, &fit, histories),
               SNGP_ERROR_INVALID_ARGUMENT, "ensemble is NULL");
  assert_fails(sngp_ensemble_fit(ensemble, &optimizer, data, NULL, &fit, histories),
               SNGP_ERROR_INVALID_ARGUMENT, "learning_rate is -1");
  assert_fails(sngp_ensemble_fit(ensemble, NULL, one_class, NULL, NULL, histories),
               SNGP_ERROR_ONE_CLASS, "all 1 training labels");
  assert_true(strncmp(sngp_last_error(), "member", 6) != 0); /* it is not a member's fault */
  fit.patience = 1;
  assert_fails(sngp_ensemble_fit(ensemble, NULL, data, NULL, &fit, histories),
               SNGP_ERROR_INVALID_ARGUMENT, "patience is 1, but there are no validation rows");
  fit.patience = 0;
  fit.num_threads = 0;
  assert_fails(sngp_ensemble_fit(ensemble, NULL, data, NULL, &fit, histories),
               SNGP_ERROR_INVALID_ARGUMENT, "num_threads is 0");
  fit.num_threads = 1;
  fit.reserved = 1;
  assert_fails(sngp_ensemble_fit(ensemble, NULL, data, NULL, &fit, histories),
               SNGP_ERROR_INVALID_ARGUMENT, "reserved is 1");
  assert_all_null(histories);
  sngp_ensemble_free(ensemble);
  sngp_dataset_free(one_class);
  sngp_dataset_free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(members_are_bitwise_lone_fits_whatever_the_number_of_threads),
      cmocka_unit_test(the_callback_is_told_of_every_step_of_every_member_one_at_a_time),
      cmocka_unit_test(a_callback_may_look_at_the_ensemble_but_not_change_it),
      cmocka_unit_test(cancelling_leaves_the_ensemble_bitwise_as_it_was),
      cmocka_unit_test(a_member_that_fails_stops_the_others_at_their_next_step),
      cmocka_unit_test(arguments_are_checked_as_a_fits_are),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
