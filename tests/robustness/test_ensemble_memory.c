/* Ensembles when memory runs out: at every single allocation a clean error, nothing leaked, and an
   ensemble that is what it was. (Files: test_model_file_memory.c.) */
#include "robustness/allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "robustness/operation.h"
#include "support/small_model.h"

enum { MEMBERS = 3, ROWS = 40, BATCH = 16, THREADS = 2 };

static sngp_dataset *data;

static sngp_model_config config_with_names(void) {
  static const char *const classes[SMALL_CLASSES] = {"a", "b", "c"};
  sngp_model_config config = small_config();
  config.class_names = classes;
  return config;
}

static sngp_ensemble *create_ensemble(void) {
  sngp_model_config config = config_with_names();
  sngp_ensemble *ensemble = NULL;
  assert_ok(sngp_ensemble_create(&config, MEMBERS, &ensemble));
  return ensemble;
}

static sngp_status fit(sngp_ensemble *ensemble, sngp_history **histories) {
  sngp_fit_config config = constant_rate(2, BATCH);
  config.num_threads = THREADS;
  return sngp_ensemble_fit(ensemble, NULL, data, data, &config, histories);
}

static int create(void **state) {
  (void)state;
  leave_blas_out();
  data = small_data(ROWS, 1);
  sngp_ensemble *ensemble = create_ensemble();
  assert_ok(fit(ensemble, NULL)); /* BLAS takes its buffers, the C library its threads' stacks */
  sngp_ensemble_free(ensemble);
  return 0;
}

static int destroy(void **state) {
  (void)state;
  sngp_dataset_free(data);
  return 0;
}

static sngp_status done(sngp_status status, sngp_ensemble *made) {
  assert_true((made == NULL) == (status != SNGP_OK));
  sngp_ensemble_free(made);
  return status;
}

static sngp_status run_create(void *context) {
  (void)context;
  sngp_model_config config = config_with_names();
  sngp_ensemble *made = (sngp_ensemble *)data;
  sngp_status status = sngp_ensemble_create(&config, MEMBERS, &made);
  return done(status, made);
}

static void *begin_models(void) { return create_ensemble(); }

static sngp_status run_from_models(void *context) {
  const sngp_model *models[MEMBERS];
  for (int i = 0; i < MEMBERS; i++) models[i] = sngp_ensemble_member(context, i);
  sngp_ensemble *made = context;
  sngp_status status = sngp_ensemble_from_models(models, MEMBERS, &made);
  return done(status, made);
}

static void end_models(void *context, sngp_status status) {
  (void)status;
  sngp_ensemble_free(context);
}

static void making_ensembles(void **state) {
  (void)state;
  const operation fresh = {.run = run_create};
  const operation copies = {begin_models, run_from_models, end_models};
  assert_true(fail_each(&fresh) >= 8 * MEMBERS);
  assert_true(fail_each(&copies) >= 8 * MEMBERS);
}

static sngp_status run_fit(void *context) {
  sngp_history *histories[MEMBERS];
  sngp_status status = fit(context, histories);
  for (int i = 0; i < MEMBERS; i++) {
    assert_true((histories[i] == NULL) == (status != SNGP_OK));
    sngp_history_free(histories[i]);
  }
  return status;
}

/* Whichever thread ran out of memory, no member moved; with memory, all do. */
static void end_fit(void *context, sngp_status status) {
  sngp_ensemble *fresh = create_ensemble();
  for (int i = 0; i < MEMBERS; i++) {
    double moved =
        parameter_difference(sngp_ensemble_member(context, i), sngp_ensemble_member(fresh, i));
    assert_true((moved == 0) == (status != SNGP_OK));
  }
  if (status != SNGP_OK) assert_ok(fit(context, NULL));
  sngp_ensemble_free(fresh);
  sngp_ensemble_free(context);
}

static void fitting_ensembles(void **state) {
  (void)state;
  const operation op = {begin_models, run_fit, end_fit};
  assert_true(fail_each(&op) >= 20 * MEMBERS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(making_ensembles),
      cmocka_unit_test(fitting_ensembles),
  };
  return cmocka_run_group_tests(tests, create, destroy);
}
