/* Training of regression, counts, independent labels, and of two classes with one output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/task_model.h"

enum { ROWS = 60 };

/* The loss as train.h and model.h state it, in double precision from the model's own logits. */
static double loss_of(const sngp_model *model, const sngp_dataset *data) {
  sngp_model_config config;
  assert_ok(sngp_model_config_init(&config, sizeof config));
  assert_ok(sngp_model_get_config(model, &config));
  int64_t outputs = sngp_model_num_outputs(model), rows = sngp_dataset_rows(data), count = 0;
  float *logits = take((size_t)(rows * outputs), sizeof *logits);
  sngp_prediction out = {.logits = logits};
  assert_ok(predict_data(model, data, NULL, &out));
  float *mean = NULL, *scale = NULL;
  if (config.task == SNGP_TASK_REGRESSION && config.likelihood == SNGP_LIKELIHOOD_GAUSSIAN) {
    mean = parameter_of(model, "target_scaling.mean", &count);
    scale = parameter_of(model, "target_scaling.scale", &count);
  }
  double sum = 0;
  for (int64_t i = 0; i < rows * outputs; i++) {
    double f = (double)logits[i], y = 0;
    if (sngp_dataset_targets(data) != NULL)
      y = (double)sngp_dataset_targets(data)[i];
    else
      y = (double)sngp_dataset_labels(data)[i];
    if (mean != NULL) {
      y = (y - (double)mean[i % outputs]) / (double)scale[i % outputs];
      sum += (f - y) * (f - y) / 2;
    } else if (config.likelihood == SNGP_LIKELIHOOD_POISSON) {
      sum += exp(f) - y * f;
    } else {
      sum += log(1 + exp(f)) - y * f;
    }
  }
  free(mean);
  free(scale);
  free(logits);
  return sum / (double)rows;
}

/* What an SGD step moves, against central differences of the loss. */
static void check_step(const sngp_model_config *config, const sngp_dataset *data) {
  static const char *const names[] = {"input.weight", "block.1.weight", "output.weight"};
  enum { ELEMENTS = 4 };
  const float rate = 1e-3f, nudge = 2e-3f;
  sngp_model *model = create_model(config);
  assert_ok(sngp_model_prepare(model, data));
  sngp_model *stepped = clone_of(model);
  sngp_optimizer *sgd = create_optimizer(SNGP_OPTIMIZER_SGD, (double)rate);
  sngp_step_result result = {.struct_size = sizeof result};
  assert_ok(sngp_train_step(stepped, sgd, data, &result));
  assert_close(result.loss, loss_of(model, data), 1e-5 * fabs(result.loss));
  for (size_t t = 0; t < sizeof names / sizeof *names; t++) {
    int64_t count = 0;
    float *before = parameter_of(model, names[t], &count);
    float *after = parameter_of(stepped, names[t], &count);
    for (int64_t e = 0; e < ELEMENTS; e++) {
      int64_t i = e * (count / ELEMENTS) + 1;
      float kept = before[i];
      double sides[2];
      for (int side = 0; side < 2; side++) {
        before[i] = kept + (side == 0 ? nudge : -nudge);
        assert_ok(sngp_model_set_parameter(model, names[t], before, count));
        sides[side] = loss_of(model, data);
      }
      before[i] = kept;
      double expected = (sides[0] - sides[1]) / (2 * (double)nudge);
      double moved = ((double)kept - (double)after[i]) / (double)rate;
      assert_close(moved, expected, 2e-3 * fabs(expected) + 2e-3);
    }
    assert_ok(sngp_model_set_parameter(model, names[t], before, count));
    free(before);
    free(after);
  }
  sngp_optimizer_free(sgd);
  sngp_model_free(stepped);
  sngp_model_free(model);
}

static void steps_follow_the_gradient_of_the_loss(void **state) {
  (void)state;
  for (int t = 0; t < NUM_TASKS; t++) {
    sngp_model_config config = task_config(&TASKS[t]);
    config.dropout_rate = config.l2_regularization = config.spectral_norm_bound = 0;
    sngp_dataset *data = task_data(&TASKS[t], ROWS, 3);
    check_step(&config, data);
    sngp_dataset_free(data);
  }
  sngp_model_config config = small_config();
  config.num_classes = 2;
  config.likelihood = SNGP_LIKELIHOOD_BINARY_LOGISTIC;
  config.dropout_rate = config.l2_regularization = config.spectral_norm_bound = 0;
  sngp_dataset *data = small_data(ROWS, 3), *two = NULL;
  int32_t labels[ROWS];
  for (int i = 0; i < ROWS; i++) labels[i] = sngp_dataset_labels(data)[i] == 2;
  assert_ok(
      sngp_dataset_create(sngp_dataset_features(data), ROWS, SMALL_INPUTS, 0, labels, 2, &two));
  check_step(&config, two);
  sngp_dataset_free(two);
  sngp_dataset_free(data);
}

/* Noise of deviation 0.2 scale = 10. Fresh rows judge: the intervals that hold 95 % of them, give
   or take what 2,000 targets scatter (0.5 %) and what the fit misses of the function. */
static void noise_is_found_and_covers_fresh_rows(void **state) {
  (void)state;
  enum { FRESH = 1000 };
  const task_case *task = &TASKS[0];
  sngp_model_config config = task_config(task);
  config.dropout_rate = 0;
  sngp_dataset *training = task_data(task, 1500, 5), *fresh = task_data(task, FRESH, 6);
  sngp_model *model = fit_task(&config, training, 60);
  float *mean = take(FRESH * TASK_TARGETS, sizeof *mean);
  float *variance = take(FRESH * TASK_TARGETS, sizeof *variance);
  sngp_prediction out = {.mean = mean, .variance = variance};
  assert_ok(predict_data(model, fresh, NULL, &out));
  sngp_regression_metrics metrics = {.struct_size = sizeof metrics};
  assert_ok(sngp_evaluate_regression(mean, variance, sngp_dataset_targets(fresh), FRESH,
                                     TASK_TARGETS, &metrics));
  int64_t count = 0;
  float *noise = parameter_of(model, "noise.variance", &count);
  float *scale = parameter_of(model, "target_scaling.scale", &count);
  print_message("rmse %g, coverage %g\n", metrics.rmse, metrics.coverage95);
  for (int k = 0; k < TASK_TARGETS; k++) {
    double deviation = sqrt((double)noise[k]) * (double)scale[k];
    print_message("noise of target %d: %g\n", k, deviation);
    assert_true(deviation > 9 && deviation < 12);
  }
  assert_true(metrics.rmse < 12);
  assert_true(metrics.coverage95 > 0.93 && metrics.coverage95 < 0.97);
  free(noise);
  free(scale);
  free(mean);
  free(variance);
  sngp_model_free(model);
  sngp_dataset_free(training);
  sngp_dataset_free(fresh);
}

/* Units do not matter: targets a power of two as large give means as much larger, bit for bit, and
   variances its square. */
static void units_of_targets_do_not_matter(void **state) {
  (void)state;
  enum { SMALL_ROWS = 64 };
  const task_case small = {"regression", SNGP_TASK_REGRESSION, SNGP_LIKELIHOOD_GAUSSIAN, 1, 0};
  sngp_dataset *data = task_data(&small, SMALL_ROWS, 8), *large = NULL;
  float y[SMALL_ROWS * TASK_TARGETS], mean[2][SMALL_ROWS * TASK_TARGETS];
  float variance[2][SMALL_ROWS * TASK_TARGETS];
  for (int i = 0; i < SMALL_ROWS * TASK_TARGETS; i++) y[i] = 4096 * sngp_dataset_targets(data)[i];
  assert_ok(sngp_dataset_create_targets(sngp_dataset_features(data), SMALL_ROWS, SMALL_INPUTS, 0, y,
                                        TASK_TARGETS, &large));
  const sngp_dataset *const both[] = {data, large};
  sngp_model_config config = task_config(&small);
  for (int i = 0; i < 2; i++) {
    sngp_model *model = fit_task(&config, both[i], 3);
    sngp_prediction out = {.mean = mean[i], .variance = variance[i]};
    assert_ok(predict_data(model, both[i], NULL, &out));
    sngp_model_free(model);
  }
  for (int i = 0; i < SMALL_ROWS * TASK_TARGETS; i++) {
    assert_true(mean[1][i] == 4096 * mean[0][i]);
    assert_true(variance[1][i] == 4096.0f * 4096 * variance[0][i]);
  }
  sngp_dataset_free(data);
  sngp_dataset_free(large);
}

static void data_of_another_task_are_refused(void **state) {
  (void)state;
  sngp_dataset *labelled = small_data(ROWS, 3), *numbers = task_data(&TASKS[0], ROWS, 3);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  for (int t = 0; t < NUM_TASKS; t++) {
    sngp_model_config config = task_config(&TASKS[t]);
    sngp_model *model = create_model(&config);
    assert_fails(sngp_fit(model, adam, labelled, NULL, NULL, NULL), SNGP_ERROR_NO_LABELS,
                 "targets");
    if (TASKS[t].task == SNGP_TASK_MULTI_LABEL)
      assert_fails(sngp_fit(model, adam, numbers, NULL, NULL, NULL), SNGP_ERROR_LABEL_RANGE,
                   "targets[0, 0] is", "0 or 1");
    sngp_fit_config fit = constant_rate(1, 0);
    fit.class_weighting = SNGP_CLASS_WEIGHTS_BALANCED;
    sngp_dataset *own = task_data(&TASKS[t], ROWS, 3);
    assert_fails(sngp_fit(model, adam, own, NULL, &fit, NULL), SNGP_ERROR_UNSUPPORTED,
                 "class weights");
    fit.class_weighting = SNGP_CLASS_WEIGHTS_NONE;
    fit.loss = SNGP_LOSS_FOCAL;
    assert_fails(sngp_fit(model, adam, own, NULL, &fit, NULL), SNGP_ERROR_UNSUPPORTED, "FOCAL");
    assert_fails(sngp_calibrate(model, own, NULL, NULL, NULL), SNGP_ERROR_UNSUPPORTED,
                 "classifiers");
    sngp_dataset_free(own);
    config.num_targets = TASK_TARGETS + 1;
    sngp_model *wider = create_model(&config);
    assert_fails(sngp_fit(wider, adam, numbers, NULL, NULL, NULL), SNGP_ERROR_DIMENSION,
                 "num_targets is 3");
    sngp_model_free(wider);
    sngp_model_free(model);
  }
  sngp_model_config config = small_config();
  sngp_model *classifier = create_model(&config);
  assert_fails(sngp_fit(classifier, adam, numbers, NULL, NULL, NULL), SNGP_ERROR_NO_LABELS,
               "targets, which");
  sngp_model_free(classifier);
  sngp_optimizer_free(adam);
  sngp_dataset_free(labelled);
  sngp_dataset_free(numbers);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steps_follow_the_gradient_of_the_loss),
      cmocka_unit_test(noise_is_found_and_covers_fresh_rows),
      cmocka_unit_test(units_of_targets_do_not_matter),
      cmocka_unit_test(data_of_another_task_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
