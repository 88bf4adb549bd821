/* Any number of threads predict with one model at once, and each gets what it would get alone. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/small_model.h"

enum { ROWS = 200, THREADS = 4, ROUNDS = 20 };

typedef struct {
  const sngp_model *model;
  const sngp_dataset *rows;
  const outputs *expected;
  int own_workspace, num_threads;
  double difference;
  sngp_status status;
} caller;

/* No assertions here: cmocka's belong to the main thread. */
static void *call(void *argument) {
  caller *self = argument;
  sngp_predict_config config;
  sngp_workspace *workspace = NULL;
  sngp_predict_config_init(&config, sizeof config);
  config.num_threads = self->num_threads;
  if (self->own_workspace)
    self->status = sngp_workspace_create(self->model, &config, ROWS, &workspace);
  outputs all = take_outputs(ROWS, SMALL_CLASSES, 0);
  for (int i = 0; i < ROUNDS && self->status == SNGP_OK; i++) {
    self->status = predict_rows(self->model, workspace, self->rows, &config, &all);
    double difference = output_difference(&all, self->expected, SMALL_CLASSES);
    if (!(difference <= self->difference)) self->difference = difference;
  }
  free_outputs(&all);
  sngp_workspace_free(workspace);
  return NULL;
}

static void concurrent_predictions_are_bitwise_the_serial_ones(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_model *model = create_model(&config);
  sngp_dataset *rows = small_data(ROWS, 3);
  assert_ok(sngp_model_prepare(model, rows));
  assert_ok(sngp_model_fit_covariance(model, rows, 1));

  /* two of the callers have two threads each, whose blocks differ from those of one */
  outputs expected[2] = {take_outputs(ROWS, SMALL_CLASSES, 0),
                         take_outputs(ROWS, SMALL_CLASSES, 0)};
  sngp_predict_config predict;
  assert_ok(sngp_predict_config_init(&predict, sizeof predict));
  for (int i = 0; i < 2; i++) {
    predict.num_threads = i + 1;
    assert_ok(predict_rows(model, NULL, rows, &predict, &expected[i]));
  }

  pthread_t threads[THREADS];
  caller callers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    callers[i] = (caller){model, rows, &expected[i / 2], i % 2, i / 2 + 1, 0, SNGP_OK};
    assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(callers[i].status, SNGP_OK);
    assert_true(callers[i].difference == 0);
  }
  free_outputs(&expected[0]);
  free_outputs(&expected[1]);
  sngp_dataset_free(rows);
  sngp_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(concurrent_predictions_are_bitwise_the_serial_ones),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
