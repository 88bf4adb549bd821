/* Heads in closed form, by the public functions: against the normal equations solved here, against
   fits without a row, and against themselves by other ways. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/task_model.h"

enum { ROWS = 150, FEATURES = 24 };

static sngp_model_config head_config(void) {
  sngp_model_config config = task_config(&TASKS[0]);
  config.backbone = SNGP_BACKBONE_NONE;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.num_random_features = FEATURES;
  config.ridge = 3;
  return config;
}

static sngp_head_fit_config head_fit(int32_t selection) {
  sngp_head_fit_config config;
  assert_ok(sngp_head_fit_config_init(&config, sizeof config));
  config.selection = selection;
  return config;
}

static sngp_model *fit_head(const sngp_model_config *config, const sngp_dataset *data,
                            const sngp_head_fit_config *fit, sngp_head_fit_result *result) {
  sngp_model *model = create_model(config);
  if (result != NULL) result->struct_size = sizeof *result;
  assert_ok(sngp_head_fit(model, data, fit, result));
  return model;
}

typedef struct {
  float mean[ROWS * TASK_TARGETS], variance[ROWS * TASK_TARGETS], features[ROWS * FEATURES];
} predicted;

static void predict(const sngp_model *model, const sngp_dataset *data, predicted *p) {
  sngp_prediction out = {.mean = p->mean, .variance = p->variance, .features = p->features};
  assert_ok(predict_data(model, data, NULL, &out));
}

/* Solves A x = b by elimination; A is used up. */
static void solve(double a[FEATURES + 1][FEATURES + 1], double b[FEATURES + 1], int size) {
  for (int i = 0; i < size; i++)
    for (int r = 0; r < size; r++) {
      if (r == i) continue;
      double factor = a[r][i] / a[i][i];
      for (int c = i; c < size; c++) a[r][c] -= factor * a[i][c];
      b[r] -= factor * b[i];
    }
  for (int i = 0; i < size; i++) b[i] /= a[i][i];
}

/* Weighted least squares with a penalty on all but the last coefficient, an intercept that is the
   targets' weighted mean: minimise sum w (y - mean - phi beta)^2 + ridge |beta|^2, here in the
   targets' own units. Noise is the mean square that is left, ridge |beta|^2 included. */
static void weights_and_noise_solve_the_normal_equations(void **state) {
  (void)state;
  sngp_dataset *data = task_data(&TASKS[0], ROWS, 3);
  float weights[ROWS];
  for (int i = 0; i < ROWS; i++) weights[i] = (float)(i % 4) / 2; /* some are 0 */
  assert_ok(sngp_dataset_set_sample_weights(data, weights));
  const sngp_model_config config = head_config();
  const sngp_head_fit_config fit = head_fit(SNGP_SELECTION_NONE);
  sngp_model *model = fit_head(&config, data, &fit, NULL);
  static predicted p;
  predict(model, data, &p);
  const float *y = sngp_dataset_targets(data);
  for (int t = 0; t < TASK_TARGETS; t++) {
    double a[FEATURES + 1][FEATURES + 1] = {{0}}, b[FEATURES + 1] = {0}, mean = 0, total = 0;
    double count = 0, left = 0;
    for (int i = 0; i < ROWS; i++) {
      mean += (double)weights[i] * (double)y[i * TASK_TARGETS + t];
      total += (double)weights[i];
      count += weights[i] > 0;
    }
    mean /= total;
    for (int i = 0; i < FEATURES; i++) a[i][i] = 3;
    for (int n = 0; n < ROWS; n++)
      for (int i = 0; i < FEATURES; i++) {
        double weighted = (double)weights[n] * (double)p.features[n * FEATURES + i];
        b[i] += weighted * ((double)y[n * TASK_TARGETS + t] - mean);
        for (int j = 0; j < FEATURES; j++)
          a[i][j] += weighted * (double)p.features[n * FEATURES + j];
      }
    solve(a, b, FEATURES);
    for (int i = 0; i < FEATURES; i++) left += 3 * b[i] * b[i];
    for (int n = 0; n < ROWS; n++) {
      double f = mean;
      for (int i = 0; i < FEATURES; i++) f += b[i] * (double)p.features[n * FEATURES + i];
      assert_close(p.mean[n * TASK_TARGETS + t], f, 2e-3);
      double off = (double)y[n * TASK_TARGETS + t] - f;
      left += (double)weights[n] * off * off;
    }
    double scale = (double)model->network.target_scale[t];
    double noise = (double)model->network.noise[t] * scale * scale;
    assert_close(noise, left / count, 1e-5 * noise);
  }
  sngp_model_free(model);
  sngp_dataset_free(data);
}

/* One-hot targets: classes of blobs are found, their probabilities are calibrated, and variances
   grow away from the data. */
static void classes_are_found_by_one_hot_targets(void **state) {
  (void)state;
  sngp_dataset *data = small_data(300, 3), *fresh = small_data(300, 4);
  sngp_model_config config = small_config();
  config.backbone = SNGP_BACKBONE_NONE;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.num_random_features = 128;
  sngp_head_fit_config fit = head_fit(SNGP_SELECTION_AUTOMATIC);
  fit.solver = SNGP_SOLVER_CLOSED_FORM;
  sngp_head_fit_result result;
  sngp_model *model = fit_head(&config, data, &fit, &result);
  assert_int_equal(result.selection, SNGP_SELECTION_LEAVE_ONE_OUT);
  outputs all = take_outputs(300, SMALL_CLASSES, 0);
  assert_ok(predict_rows(model, NULL, fresh, NULL, &all));
  sngp_classification_metrics metrics = {.struct_size = sizeof metrics};
  assert_ok(sngp_evaluate_classification(all.out.probabilities, 300, SMALL_CLASSES,
                                         sngp_dataset_labels(fresh), &metrics));
  print_message(
      "ridge %g, scale %g, temperature %g, factor %g, nll %g; fresh: accuracy %g, nll %g\n",
      result.ridge, result.kernel_scale, result.temperature, result.mean_field_factor, result.nll,
      metrics.accuracy, metrics.nll);
  /* centres 3 sqrt(2) apart, deviation 1: the best rule errs on 3.3 % of rows */
  assert_true(metrics.accuracy > 0.94);
  assert_true(metrics.nll < 0.2 && fabs(result.nll - metrics.nll) < 0.08);
  const float far[SMALL_INPUTS] = {40, -40, 40};
  float variance = 0;
  sngp_prediction out = {.struct_size = sizeof out, .variance = &variance};
  assert_ok(sngp_predict(model, NULL, far, 1, SMALL_INPUTS, 0, NULL, &out));
  for (int i = 0; i < 300; i++) assert_true(all.out.variance[i] < variance);
  free_outputs(&all);
  sngp_model_free(model);
  sngp_dataset_free(data);
  sngp_dataset_free(fresh);
}

/* The criterion of the selection is what fits without the row say, one by one. */
static void leave_one_out_is_what_fits_without_the_row_say(void **state) {
  (void)state;
  enum { FEW = 40 };
  sngp_dataset *data = task_data(&TASKS[0], FEW, 5);
  sngp_model_config config = head_config();
  config.num_random_features = 8;
  config.standardize_targets = 0; /* the mean of targets would move otherwise */
  config.num_targets = 1;
  sngp_dataset *one = NULL;
  float y[FEW];
  /* without a mean: an intercept of its own is left out of the row's prediction only */
  double mean = 0;
  for (int i = 0; i < FEW; i++) mean += (double)sngp_dataset_targets(data)[2 * i] / FEW;
  for (int i = 0; i < FEW; i++) y[i] = (float)((double)sngp_dataset_targets(data)[2 * i] - mean);
  assert_ok(
      sngp_dataset_create_targets(sngp_dataset_features(data), FEW, SMALL_INPUTS, 0, y, 1, &one));
  config.kernel_scale = 4;
  sngp_head_fit_config fit = head_fit(SNGP_SELECTION_LEAVE_ONE_OUT);
  sngp_head_fit_result result;
  sngp_model *model = fit_head(&config, one, &fit, &result);
  static predicted p;
  predict(model, one, &p);
  double squares = 0, logs = 0;
  for (int left_out = 0; left_out < FEW; left_out++) {
    enum { M = 8 };
    double a[FEATURES + 1][FEATURES + 1] = {{0}}, b[FEATURES + 1] = {0};
    double a2[FEATURES + 1][FEATURES + 1], v[FEATURES + 1] = {0};
    for (int i = 0; i < M; i++) a[i][i] = result.ridge;
    for (int n = 0; n < FEW; n++)
      for (int i = 0; n != left_out && i < M; i++) {
        b[i] += (double)p.features[n * M + i] * (double)y[n];
        for (int j = 0; j < M; j++)
          a[i][j] += (double)p.features[n * M + i] * (double)p.features[n * M + j];
      }
    memcpy(a2, a, sizeof a);
    for (int i = 0; i < M; i++) v[i] = (double)p.features[left_out * M + i];
    solve(a, b, M);
    solve(a2, v, M);
    double f = 0, h = 1;
    for (int i = 0; i < M; i++) {
      f += b[i] * (double)p.features[left_out * M + i];
      h += v[i] * (double)p.features[left_out * M + i];
    }
    squares += ((double)y[left_out] - f) * ((double)y[left_out] - f) / h;
    logs += log(h);
  }
  double expected = (log(2 * 3.14159265358979) + 1 + log(squares / FEW) + logs / FEW) / 2;
  assert_close(result.nll, expected, 1e-4);
  sngp_model_free(model);
  sngp_dataset_free(one);
  sngp_dataset_free(data);
}

typedef struct {
  const sngp_dataset *parts[3];
  int64_t calls, fails_at;
} batches;

static sngp_status give(void *context, int64_t index, const sngp_dataset **batch) {
  batches *all = context;
  if (all->calls++ == all->fails_at) return SNGP_ERROR_READ;
  *batch = all->parts[index];
  return SNGP_OK;
}

static void batches_are_the_rows_in_one_piece(void **state) {
  (void)state;
  enum { MANY = 1400 }; /* blocks of 512 rows fall across the batches */
  sngp_dataset *data = task_data(&TASKS[0], MANY, 6);
  batches parts = {{rows_of(data, 0, 700), rows_of(data, 700, 1), rows_of(data, 701, 699)}, 0, -1};
  const sngp_model_config config = head_config();
  const sngp_head_fit_config fit = head_fit(SNGP_SELECTION_NONE);
  sngp_model *whole = create_model(&config), *pieces = create_model(&config);
  assert_ok(sngp_model_prepare(whole, data));
  assert_ok(sngp_model_prepare(pieces, data));
  assert_ok(sngp_head_fit(whole, data, &fit, NULL));
  assert_ok(sngp_head_fit_batches(pieces, 3, give, &parts, &fit, NULL));
  assert_true(parameter_difference(whole, pieces) == 0);
  /* what the callback returns ends the fit, which leaves no trace */
  sngp_model *before = clone_of(pieces);
  for (int64_t at = 0; at < 7; at++) {
    parts.calls = 0;
    parts.fails_at = at;
    assert_int_equal(sngp_head_fit_batches(pieces, 3, give, &parts, &fit, NULL), SNGP_ERROR_READ);
    assert_true(parameter_difference(before, pieces) == 0);
  }
  for (int i = 0; i < 3; i++) sngp_dataset_free((sngp_dataset *)(uintptr_t)parts.parts[i]);
  sngp_model_free(before);
  sngp_model_free(whole);
  sngp_model_free(pieces);
  sngp_dataset_free(data);
}

/* The sums are kept: another ridge gives the model that a fit with it gives, after a file too. */
static void another_ridge_solves_anew(void **state) {
  (void)state;
  sngp_dataset *data = task_data(&TASKS[0], ROWS, 3);
  sngp_model_config config = head_config();
  const sngp_head_fit_config fit = head_fit(SNGP_SELECTION_NONE);
  sngp_model *model = fit_head(&config, data, &fit, NULL), *loaded = NULL;
  config.ridge = 0.25;
  sngp_model *expected = fit_head(&config, data, &fit, NULL);
  void *bytes = NULL;
  int64_t size = 0;
  assert_ok(sngp_model_save_buffer(model, &bytes, &size));
  assert_ok(sngp_model_load_buffer(bytes, size, &loaded));
  sngp_buffer_free(bytes);
  assert_ok(sngp_model_set_ridge(loaded, 0.25));
  assert_true(parameter_difference(loaded, expected) == 0);
  assert_true(parameter_difference(model, expected) > 0);
  sngp_training_record record = {.struct_size = sizeof record};
  assert_ok(sngp_model_get_training_record(loaded, &record));
  assert_int_equal(record.solver, SNGP_SOLVER_CLOSED_FORM);
  sngp_model_free(expected);
  sngp_model_free(loaded);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

/* Fifty times the ridge of largest evidence, or a five-hundredth, makes rows that were not seen
   less likely, and noise is close to what was put in. */
static void evidence_finds_ridge_and_noise(void **state) {
  (void)state;
  sngp_dataset *data = task_data(&TASKS[0], ROWS, 7), *fresh = task_data(&TASKS[0], ROWS, 8);
  sngp_model_config config = head_config();
  config.num_random_features = FEATURES;
  const sngp_head_fit_config fit = head_fit(SNGP_SELECTION_AUTOMATIC);
  sngp_head_fit_result result;
  sngp_model *model = fit_head(&config, data, &fit, &result);
  assert_int_equal(result.solver, SNGP_SOLVER_CLOSED_FORM);
  assert_int_equal(result.selection, SNGP_SELECTION_EVIDENCE);
  static predicted p;
  double nll[3];
  for (int i = 0; i < 3; i++) {
    assert_ok(sngp_model_set_ridge(model, result.ridge * (i == 0 ? 1 : i == 1 ? 50 : 0.002)));
    predict(model, fresh, &p);
    sngp_regression_metrics metrics = {.struct_size = sizeof metrics};
    assert_ok(sngp_evaluate_regression(p.mean, p.variance, sngp_dataset_targets(fresh), ROWS,
                                       TASK_TARGETS, &metrics));
    nll[i] = metrics.nll;
  }
  print_message("ridge %g, noise %g, nll %g, %g, %g\n", result.ridge, result.noise_variance, nll[0],
                nll[1], nll[2]);
  assert_true(nll[0] < nll[1] && nll[0] < nll[2]);
  assert_true(sqrt(result.noise_variance) > 9 && sqrt(result.noise_variance) < 15);
  sngp_model_free(model);
  sngp_dataset_free(data);
  sngp_dataset_free(fresh);
}

static int32_t cancel(const sngp_head_fit_progress *progress, void *context) {
  return progress->stage == *(const int32_t *)context;
}

static void cancelled_and_refused_fits_leave_no_trace(void **state) {
  (void)state;
  sngp_dataset *data = task_data(&TASKS[0], ROWS, 3), *labelled = small_data(ROWS, 3);
  const sngp_model_config config = head_config();
  sngp_head_fit_config fit = head_fit(SNGP_SELECTION_NONE);
  sngp_model *model = fit_head(&config, data, &fit, NULL), *before = clone_of(model);
  int32_t stage = SNGP_HEAD_STAGE_ROWS;
  fit.callback = cancel;
  fit.context = &stage;
  assert_fails(sngp_head_fit(model, data, &fit, NULL), SNGP_ERROR_CANCELLED, "callback");
  fit = head_fit(SNGP_SELECTION_CROSS_VALIDATION);
  assert_fails(sngp_head_fit(model, data, &fit, NULL), SNGP_ERROR_UNSUPPORTED, "LEAVE_ONE_OUT");
  fit = head_fit(SNGP_SELECTION_AUTOMATIC);
  fit.solver = SNGP_SOLVER_NEWTON;
  assert_fails(sngp_head_fit(model, data, &fit, NULL), SNGP_ERROR_UNSUPPORTED, "CLOSED_FORM");
  fit = head_fit(9);
  assert_fails(sngp_head_fit(model, data, &fit, NULL), SNGP_ERROR_INVALID_ARGUMENT,
               "selection is 9");
  assert_fails(sngp_head_fit(model, labelled, NULL, NULL), SNGP_ERROR_NO_LABELS, "targets");
  fit = head_fit(SNGP_SELECTION_NONE);
  sngp_dataset *lone = rows_of(data, 0, 1);
  assert_fails(sngp_head_fit(model, lone, &fit, NULL), SNGP_ERROR_NO_ROWS, "noise_variance");
  sngp_dataset_free(lone);
  assert_true(parameter_difference(before, model) == 0);
  sngp_model_config dense = small_config();
  dense.head = SNGP_HEAD_DENSE;
  sngp_model *network = create_model(&dense);
  assert_fails(sngp_head_fit(network, labelled, NULL, NULL), SNGP_ERROR_UNSUPPORTED, "dense");
  sngp_model_free(network);
  sngp_model_free(before);
  sngp_model_free(model);
  sngp_dataset_free(labelled);
  sngp_dataset_free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_and_noise_solve_the_normal_equations),
      cmocka_unit_test(classes_are_found_by_one_hot_targets),
      cmocka_unit_test(leave_one_out_is_what_fits_without_the_row_say),
      cmocka_unit_test(batches_are_the_rows_in_one_piece),
      cmocka_unit_test(another_ridge_solves_anew),
      cmocka_unit_test(evidence_finds_ridge_and_noise),
      cmocka_unit_test(cancelled_and_refused_fits_leave_no_trace),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
