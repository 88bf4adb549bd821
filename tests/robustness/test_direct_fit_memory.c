/* Direct fits of heads where memory runs out at any point: an error, no leak, and the model is what
   it was. */
#include "robustness/allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "robustness/operation.h"
#include "support/task_model.h"

enum { ROWS = 40 };

typedef struct {
  sngp_model *model, *before;
  sngp_dataset *data;
  sngp_head_fit_config fit;
} subject;

static sngp_model_config small_head(sngp_model_config config) {
  config.backbone = SNGP_BACKBONE_NONE;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.num_random_features = 8;
  return config;
}

static void *begin(sngp_model_config config, sngp_dataset *data, int32_t solver) {
  subject *s = take(1, sizeof *s);
  config = small_head(config);
  s->data = data;
  s->model = create_model(&config);
  s->before = clone_of(s->model);
  assert_ok(sngp_head_fit_config_init(&s->fit, sizeof s->fit));
  s->fit.solver = solver;
  s->fit.num_folds = 2;
  return s;
}

static void *begin_regression(void) {
  return begin(task_config(&TASKS[0]), task_data(&TASKS[0], ROWS, 3), SNGP_SOLVER_AUTOMATIC);
}

static void *begin_one_hot(void) {
  return begin(small_config(), small_data(ROWS, 3), SNGP_SOLVER_CLOSED_FORM);
}

static void *begin_classes(void) {
  return begin(small_config(), small_data(ROWS, 3), SNGP_SOLVER_AUTOMATIC);
}

static sngp_status run(void *context) {
  subject *s = context;
  return sngp_head_fit(s->model, s->data, &s->fit, NULL);
}

static void end(void *context, sngp_status status) {
  subject *s = context;
  if (status != SNGP_OK) {
    assert_true(parameter_difference(s->model, s->before) == 0);
    assert_ok(run(s)); /* it still works */
  }
  assert_true(parameter_difference(s->model, s->before) > 0);
  sngp_model_free(s->model);
  sngp_model_free(s->before);
  sngp_dataset_free(s->data);
  free(s);
}

static void direct_fits_fail_cleanly(void **state) {
  (void)state;
  const operation operations[] = {
      {begin_regression, run, end}, {begin_one_hot, run, end}, {begin_classes, run, end}};
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
    long count = fail_each(&operations[i]);
    print_message("%ld allocations\n", count);
    assert_true(count > 30);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(direct_fits_fail_cleanly)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
