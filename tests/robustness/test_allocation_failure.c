/* Models when memory runs out: at every single allocation of every operation, once alone and once
   for good, a clean error, nothing leaked, and a model that works on. (Their files:
   test_model_file_memory.c.) */
#include "robustness/allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/status.h"
#include "robustness/operation.h"
#include "support/small_model.h"

enum { ROWS = 40, BATCH = 16 };

static sngp_dataset *data, *single; /* `single` is its first row */
static sngp_model *trained;         /* with a posterior and moments */

static int create(void **state) {
  (void)state;
  leave_blas_out();
  data = small_data(ROWS, 1);
  single = rows_of(data, 0, 1);
  sngp_model_config config = small_config();
  const char *const classes[SMALL_CLASSES] = {"a", "b", "c"};
  const char *const features[SMALL_INPUTS] = {"x", "y", "z"};
  config.class_names = classes;
  config.feature_names = features;
  trained = create_model(&config);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(1, BATCH);
  fit.num_threads = 3; /* BLAS takes its buffers, the C library its threads' stacks */
  assert_ok(sngp_fit(trained, adam, data, data, &fit, NULL));
  sngp_optimizer_free(adam);
  return 0;
}

static int destroy(void **state) {
  (void)state;
  sngp_model_free(trained);
  sngp_dataset_free(single);
  sngp_dataset_free(data);
  return 0;
}

static void assert_predicts(const sngp_model *model) {
  outputs all = take_outputs(ROWS, SMALL_CLASSES, 0);
  assert_ok(predict_rows(model, NULL, data, NULL, &all));
  free_outputs(&all);
}

/* ---- models ---- */

static sngp_model_config config_of(int32_t head, int32_t orthogonal) {
  static const char *const classes[SMALL_CLASSES] = {"a", "b", "c"};
  sngp_model_config config = small_config();
  config.head = head;
  config.orthogonal_features = orthogonal;
  config.class_names = classes;
  return config;
}

static sngp_status run_create(const sngp_model_config *config) {
  sngp_model *model = (sngp_model *)data;
  sngp_status status = sngp_model_create(config, &model);
  assert_true((model == NULL) == (status != SNGP_OK));
  sngp_model_free(model);
  return status;
}

static sngp_status run_create_sngp(void *context) {
  (void)context;
  sngp_model_config config = config_of(SNGP_HEAD_GAUSSIAN_PROCESS, 0);
  return run_create(&config);
}

static sngp_status run_create_orthogonal(void *context) {
  (void)context;
  sngp_model_config config = config_of(SNGP_HEAD_GAUSSIAN_PROCESS, 1);
  config.kernel = SNGP_KERNEL_MATERN_32;
  return run_create(&config);
}

static sngp_status run_create_dense(void *context) {
  (void)context;
  sngp_model_config config = config_of(SNGP_HEAD_DENSE, 0);
  return run_create(&config);
}

static void *begin_pointer(void) {
  sngp_model **made = take(1, sizeof *made);
  *made = (sngp_model *)data;
  return made;
}

static sngp_status run_clone(void *context) { return sngp_model_clone(trained, context); }

static void end_clone(void *context, sngp_status status) {
  sngp_model **made = context;
  assert_true((*made == NULL) == (status != SNGP_OK));
  if (status == SNGP_OK) assert_true(parameter_difference(*made, trained) == 0);
  sngp_model_free(*made);
  free(made);
}

static void creating_and_cloning_models(void **state) {
  (void)state;
  const operation sngp = {.run = run_create_sngp}, orthogonal = {.run = run_create_orthogonal};
  const operation dense = {.run = run_create_dense}, clone = {begin_pointer, run_clone, end_clone};
  assert_true(fail_each(&sngp) >= 8);
  assert_true(fail_each(&orthogonal) >= 8);
  assert_true(fail_each(&dense) >= 6);
  assert_true(fail_each(&clone) >= 8);
}

static void *begin_unprepared(void) {
  sngp_model_config config = small_config();
  return create_model(&config);
}

static sngp_status run_prepare(void *model) { return sngp_model_prepare(model, data); }

static void end_prepare(void *model, sngp_status status) {
  if (status != SNGP_OK) { /* as it was */
    sngp_model_config config = small_config();
    sngp_model *fresh = create_model(&config);
    assert_true(parameter_difference(model, fresh) == 0);
    sngp_model_free(fresh);
    assert_ok(sngp_model_prepare(model, data));
  }
  assert_predicts(model);
  sngp_model_free(model);
}

static void preparing(void **state) {
  (void)state;
  const operation prepare = {begin_unprepared, run_prepare, end_prepare};
  assert_true(fail_each(&prepare) >= 8);
}

/* ---- training ---- */

typedef struct {
  sngp_model *model;
  sngp_optimizer *optimizer;
  sngp_fit_config fit;
} training;

static void *begin_training(sngp_model *model, int32_t covariance, int32_t threads) {
  training *t = take(1, sizeof *t);
  t->model = model;
  t->optimizer = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-3);
  t->fit = constant_rate(2, BATCH);
  t->fit.covariance = covariance;
  t->fit.num_threads = threads;
  t->fit.patience = 1;
  t->fit.class_weighting = SNGP_CLASS_WEIGHTS_BALANCED;
  return t;
}

static void *begin_first_fit(void) {
  return begin_training(begin_unprepared(), SNGP_COVARIANCE_EXACT_PASS, 1);
}

static void *begin_another_fit(void) {
  return begin_training(clone_of(trained), SNGP_COVARIANCE_IN_TRAINING, 3);
}

static sngp_status run_fit(void *context) {
  training *t = context;
  sngp_history *history = (sngp_history *)data;
  sngp_status status = sngp_fit(t->model, t->optimizer, data, data, &t->fit, &history);
  assert_true((history == NULL) == (status != SNGP_OK));
  sngp_history_free(history);
  return status;
}

/* Whatever went wrong, the weights are finite, and with memory everything goes on. */
static void end_training(void *context, sngp_status status) {
  training *t = context;
  assert_true(parameter_difference(t->model, t->model) == 0);
  if (status != SNGP_OK) assert_ok(run_fit(context));
  assert_predicts(t->model);
  sngp_optimizer_free(t->optimizer);
  sngp_model_free(t->model);
  free(t);
}

static sngp_status run_step(void *context) {
  training *t = context;
  return sngp_train_step(t->model, t->optimizer, data, NULL);
}

static void end_step(void *context, sngp_status status) {
  training *t = context;
  if (status != SNGP_OK) { /* no step was taken */
    assert_true(parameter_difference(t->model, trained) == 0);
    assert_int_equal(sngp_optimizer_step_count(t->optimizer), 0);
    assert_predicts(t->model);
  }
  end_training(context, SNGP_ERROR_OUT_OF_MEMORY);
}

static void fitting(void **state) {
  (void)state;
  const operation first = {begin_first_fit, run_fit, end_training};
  const operation another = {begin_another_fit, run_fit, end_training};
  const operation step = {begin_another_fit, run_step, end_step};
  assert_true(fail_each(&first) >= 20);
  assert_true(fail_each(&another) >= 20);
  assert_true(fail_each(&step) >= 8);
}

/* ---- the posterior ---- */

static void *begin_clone(void) { return clone_of(trained); }

/* A matrix for each class, rows weighted by what the model makes of them. */
static void *begin_weighted(void) {
  sngp_model_config config = small_config();
  config.likelihood = SNGP_LIKELIHOOD_SOFTMAX;
  config.posterior = SNGP_POSTERIOR_PER_OUTPUT;
  sngp_model *model = create_model(&config);
  assert_ok(sngp_model_prepare(model, data));
  return model;
}

static sngp_status run_fit_covariance(void *model) {
  return sngp_model_fit_covariance(model, data, 2);
}

static sngp_status run_update_covariance(void *model) {
  return sngp_model_update_covariance(model, data);
}

static sngp_status run_finish_covariance(void *model) {
  return sngp_model_finish_covariance(model);
}

static sngp_status run_set_ridge(void *model) { return sngp_model_set_ridge(model, 10); }

/* Until it succeeds the model is as it was. */
static void end_set_ridge(void *model, sngp_status status) {
  outputs all = take_outputs(ROWS, SMALL_CLASSES, 0),
          expected = take_outputs(ROWS, SMALL_CLASSES, 0);
  assert_ok(predict_rows(model, NULL, data, NULL, &all));
  assert_ok(predict_rows(trained, NULL, data, NULL, &expected));
  double difference = output_difference(&all, &expected, SMALL_CLASSES);
  assert_true((difference == 0) == (status != SNGP_OK));
  free_outputs(&expected);
  free_outputs(&all);
  sngp_model_free(model);
}

/* After a failure finishing again is enough: A was replaced as a whole, or not at all. */
static void end_covariance(void *model, sngp_status status) {
  (void)status;
  assert_ok(sngp_model_finish_covariance(model));
  outputs all = take_outputs(ROWS, SMALL_CLASSES, 0),
          expected = take_outputs(ROWS, SMALL_CLASSES, 0);
  assert_ok(predict_rows(model, NULL, data, NULL, &all));
  assert_ok(predict_rows(trained, NULL, data, NULL, &expected));
  assert_close(output_difference(&all, &expected, SMALL_CLASSES), 0, 1e-5);
  free_outputs(&expected);
  free_outputs(&all);
  sngp_model_free(model);
}

static void end_model(void *model, sngp_status status) {
  (void)status;
  assert_ok(sngp_model_fit_covariance(model, data, 1));
  assert_predicts(model);
  sngp_model_free(model);
}

static void end_weighted(void *model, sngp_status status) {
  (void)status;
  assert_ok(sngp_model_finish_covariance(model));
  sngp_model_free(model);
}

/* Rows enter and leave: anew at first, then by way of the inverse factors; each ends with the model
   as it was, or as it is to be. */
static sngp_status run_update(void *model) {
  SNGP_TRY(sngp_model_update(model, single));
  SNGP_TRY(sngp_model_update(model, single));
  return sngp_model_remove(model, single);
}

static sngp_status run_forget(void *model) { return sngp_model_forget(model, 0.5); }

static sngp_status run_merge(void *model) { return sngp_model_merge(model, trained); }

static void end_living(void *model, sngp_status status) {
  (void)status;
  assert_predicts(model); /* with a posterior that is current in any case */
  sngp_model_free(model);
}

static void *begin_closed_form(void) {
  sngp_model_config config = small_config();
  sngp_model *model = create_model(&config);
  sngp_head_fit_config fit;
  assert_ok(sngp_head_fit_config_init(&fit, sizeof fit));
  fit.solver = SNGP_SOLVER_CLOSED_FORM;
  fit.selection = SNGP_SELECTION_NONE;
  assert_ok(sngp_head_fit(model, data, &fit, NULL));
  return model;
}

static void living_models(void **state) {
  (void)state;
  const operation update = {begin_clone, run_update, end_living};
  const operation closed = {begin_closed_form, run_update, end_living};
  const operation forget = {begin_closed_form, run_forget, end_living};
  const operation merge = {begin_clone, run_merge, end_living};
  assert_true(fail_each(&update) >= 15);
  assert_true(fail_each(&closed) >= 20);
  assert_true(fail_each(&forget) >= 8);
  assert_true(fail_each(&merge) >= 8);
}

static void accumulating_and_factoring(void **state) {
  (void)state;
  const operation fit = {begin_clone, run_fit_covariance, end_covariance};
  const operation update = {begin_clone, run_update_covariance, end_model};
  const operation finish = {begin_clone, run_finish_covariance, end_covariance};
  const operation weighted = {begin_weighted, run_fit_covariance, end_weighted};
  const operation set_ridge = {begin_clone, run_set_ridge, end_set_ridge};
  assert_true(fail_each(&fit) >= 5);
  assert_true(fail_each(&update) >= 4);
  assert_true(fail_each(&finish) >= 1);
  assert_true(fail_each(&weighted) >= 8);
  assert_true(fail_each(&set_ridge) >= 1);
}

/* ---- predictions ---- */

static void *begin_outputs(void) {
  outputs *all = take(1, sizeof *all);
  *all = take_outputs(ROWS, SMALL_CLASSES, 1);
  return all;
}

static sngp_status run_predict(void *context) {
  outputs *all = context;
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.num_threads = 2;
  return predict_rows(trained, NULL, data, &config, all);
}

/* What take() zeroed stays zero. */
static void end_outputs(void *context, sngp_status status) {
  outputs *all = context;
  for (int i = 0; i < ROWS * SMALL_CLASSES && status != SNGP_OK; i++)
    assert_true(all->out.probabilities[i] == 0 && all->out.logits[i] == 0);
  free_outputs(all);
  free(all);
}

static sngp_status run_workspace(void *context) {
  (void)context;
  sngp_workspace *workspace = (sngp_workspace *)data;
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.full_covariance = 1;
  config.num_threads = 2;
  sngp_status status = sngp_workspace_create(trained, &config, 1000, &workspace);
  assert_true((workspace == NULL) == (status != SNGP_OK));
  sngp_workspace_free(workspace);
  return status;
}

static void predicting(void **state) {
  (void)state;
  const operation predict = {begin_outputs, run_predict, end_outputs};
  const operation workspace = {.run = run_workspace};
  assert_true(fail_each(&predict) >= 4);
  assert_true(fail_each(&workspace) >= 6);
}

/* ---- calibration ---- */

static void *begin_ensemble(void) {
  const sngp_model *const models[] = {trained, trained};
  sngp_ensemble *ensemble = NULL;
  assert_ok(sngp_ensemble_from_models(models, 2, &ensemble));
  return ensemble;
}

static sngp_status run_calibrate(void *ensemble) {
  sngp_calibrate_config config;
  sngp_predict_config predict;
  assert_ok(sngp_calibrate_config_init(&config, sizeof config));
  assert_ok(sngp_predict_config_init(&predict, sizeof predict));
  config.tune_ridge = 1;
  predict.num_threads = 2;
  return sngp_ensemble_calibrate(ensemble, data, &predict, &config, NULL);
}

/* Until it succeeds the members are as they were. */
static void end_calibrate(void *ensemble, sngp_status status) {
  outputs all = take_outputs(ROWS, SMALL_CLASSES, 0),
          expected = take_outputs(ROWS, SMALL_CLASSES, 0);
  for (int64_t m = 0; m < 2; m++) {
    assert_ok(predict_rows(sngp_ensemble_member(ensemble, m), NULL, data, NULL, &all));
    assert_ok(predict_rows(trained, NULL, data, NULL, &expected));
    double difference = output_difference(&all, &expected, SMALL_CLASSES);
    assert_true((difference == 0) == (status != SNGP_OK));
  }
  free_outputs(&expected);
  free_outputs(&all);
  sngp_ensemble_free(ensemble);
}

static void calibrating(void **state) {
  (void)state;
  const operation calibrate = {begin_ensemble, run_calibrate, end_calibrate};
  assert_true(fail_each(&calibrate) >= 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(creating_and_cloning_models),
      cmocka_unit_test(preparing),
      cmocka_unit_test(fitting),
      cmocka_unit_test(accumulating_and_factoring),
      cmocka_unit_test(living_models),
      cmocka_unit_test(predicting),
      cmocka_unit_test(calibrating),
  };
  return cmocka_run_group_tests(tests, create, destroy);
}
