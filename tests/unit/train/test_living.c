/* Models that go on learning: after any sequence of rows that enter and leave, they are the models
   of the rows that are in. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/task_model.h"
#include "train/steady_rows.h"

/* 4 rows at a time go by way of the inverse factor, more are factored anew. */
enum { ROWS = 240, FEATURES = 64, FIRST = 100 };

typedef struct {
  const char *name;
  int32_t task, likelihood, posterior;
  int closed;
} head_case;

static const head_case CASES[] = {
    {"regression", SNGP_TASK_REGRESSION, SNGP_LIKELIHOOD_GAUSSIAN, 0, 1},
    {"one-hot", SNGP_TASK_CLASSIFICATION, SNGP_LIKELIHOOD_GAUSSIAN, 0, 1},
    {"gradient", SNGP_TASK_CLASSIFICATION, SNGP_LIKELIHOOD_GAUSSIAN, 0, 0},
    {"joint", SNGP_TASK_CLASSIFICATION, SNGP_LIKELIHOOD_SOFTMAX, SNGP_POSTERIOR_JOINT, 0},
    {"per class", SNGP_TASK_CLASSIFICATION, SNGP_LIKELIHOOD_SOFTMAX, SNGP_POSTERIOR_PER_OUTPUT, 0},
    {"counts", SNGP_TASK_REGRESSION, SNGP_LIKELIHOOD_POISSON, SNGP_POSTERIOR_SHARED, 0},
};
enum { NUM_CASES = sizeof CASES / sizeof *CASES };

static sngp_model_config head_config(const head_case *c, double ridge) {
  sngp_model_config config = small_config();
  config.backbone = SNGP_BACKBONE_NONE;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.num_random_features = FEATURES;
  config.ridge = ridge;
  config.task = c->task;
  config.likelihood = c->likelihood;
  config.posterior = c->posterior;
  if (c->task == SNGP_TASK_REGRESSION) config.num_classes = 0;
  if (c->task == SNGP_TASK_REGRESSION) config.num_targets = TASK_TARGETS;
  return config;
}

/* With weights, all positive. */
static sngp_dataset *data_of(const head_case *c) {
  const task_case *task = &TASKS[c->likelihood == SNGP_LIKELIHOOD_POISSON];
  sngp_dataset *data =
      c->task == SNGP_TASK_REGRESSION ? task_data(task, ROWS, 3) : small_data(ROWS, 3);
  float weights[ROWS];
  for (int i = 0; i < ROWS; i++) weights[i] = 0.3f + 0.2f * (float)(i % 7);
  assert_ok(sngp_dataset_set_sample_weights(data, weights));
  return data;
}

/* What is chosen from data is chosen from all rows. */
static sngp_model *prepared(const head_case *c, const sngp_dataset *data, double ridge) {
  const sngp_model_config config = head_config(c, ridge);
  sngp_model *model = create_model(&config);
  assert_ok(sngp_model_prepare(model, data));
  return model;
}

static void learn(sngp_model *model, const head_case *c, const sngp_dataset *rows) {
  sngp_head_fit_config fit;
  assert_ok(sngp_head_fit_config_init(&fit, sizeof fit));
  fit.solver = SNGP_SOLVER_CLOSED_FORM;
  fit.selection = SNGP_SELECTION_NONE;
  fit.calibrate = 0;
  if (c->closed)
    assert_ok(sngp_head_fit(model, rows, &fit, NULL));
  else
    assert_ok(sngp_model_fit_covariance(model, rows, 1));
}

static void change(sngp_model *model, const sngp_dataset *data, int64_t first, int64_t count,
                   int enter) {
  sngp_dataset *rows = rows_of(data, first, count);
  assert_ok(enter ? sngp_model_update(model, rows) : sngp_model_remove(model, rows));
  sngp_dataset_free(rows);
}

/* Weights in single precision, 1e-5 of 1; posteriors by their sums, relative to the largest of
   about 1,000, and by their roots. */
static void assert_same(const sngp_model *a, const sngp_model *b, double tolerance) {
  const sngp_posterior *p = &a->posterior, *q = &b->posterior;
  const int64_t count = p->matrices.count * p->matrices.side * p->matrices.side;
  assert_below(parameter_difference(a, b), tolerance);
  assert_true(p->current && q->current);
  assert_int_equal(p->rows, q->rows);
  assert_int_equal(a->holds.statistics, b->holds.statistics);
  double largest = 0;
  for (int64_t k = 0; k < count; k++) largest = fmax(largest, fabs(q->precision[k]));
  for (int64_t k = 0; k < count; k++) {
    assert_close(p->precision[k], q->precision[k], 1e-11 * largest);
    assert_close(p->root[k], q->root[k], 2e-6);
  }
}

/* 100 rows; then 3 at a time, some of which leave again, 30 at once, the first 20 at once, one. */
static void go_on(sngp_model *model, const sngp_dataset *data) {
  for (int64_t at = FIRST; at < 190; at += 3) {
    change(model, data, at, 3, 1);
    if (at % 2 == 0) change(model, data, at, 1, 0);
    if (at % 2 == 0) change(model, data, at, 1, 1);
  }
  change(model, data, 190, 50, 1);
  change(model, data, 0, 20, 0);
  change(model, data, 20, 1, 0);
}

static void after_any_sequence_a_model_is_that_of_its_rows(void **state) {
  (void)state;
  const double ridges[] = {0.1, 1, 10};
  for (int c = 0; c < NUM_CASES; c++)
    for (int r = 0; r < 3; r++) {
      sngp_dataset *data = data_of(&CASES[c]), *first = rows_of(data, 0, FIRST);
      sngp_dataset *in = rows_of(data, 21, ROWS - 21);
      sngp_model *model = prepared(&CASES[c], data, ridges[r]), *expected = clone_of(model);
      learn(model, &CASES[c], first);
      learn(expected, &CASES[c], in);
      go_on(model, data);
      /* the last row left by way of the inverse factor, all before that are in its sums */
      assert_int_equal(model->posterior.changes,
                       CASES[c].posterior == SNGP_POSTERIOR_JOINT ? SMALL_CLASSES : 1);
      assert_same(model, expected, 2e-5);
      sngp_model_free(expected);
      sngp_model_free(model);
      sngp_dataset_free(in);
      sngp_dataset_free(first);
      sngp_dataset_free(data);
    }
}

/* BLAS has other ways for few rows of many columns, which round differently: a row that entered
   with others and leaves alone would leave something behind. */
static void features_are_the_same_with_however_few_rows(void **state) {
  (void)state;
  enum { INPUTS = 400, FEW = SNGP_STEADY_ROWS };
  const int64_t counts[] = {1, 3, FEW - 1};
  sngp_model_config config = head_config(&CASES[2], 1);
  config.input_dim = INPUTS;
  config.kernel_scale = INPUTS;
  config.standardize_inputs = 0;
  sngp_model *model = create_model(&config);
  float *x = take(FEW * INPUTS, sizeof *x), *all = take(FEW * FEATURES, sizeof *all);
  sngp_random_stream stream = sngp_random_open(1, SNGP_RANDOM_DATA, 0, 96);
  sngp_random_fill_normal(&stream, 1, x, FEW * INPUTS);
  sngp_pass pass;
  assert_ok(sngp_pass_create(&model->network, FEW, false, 0, &pass));
  for (int c = 3; c >= 0; c--) { /* all of them first */
    const int64_t count = c == 3 ? FEW : counts[c];
    for (int64_t i = 0; i < count; i++)
      sngp_pass_set_row(&model->network, &pass, i, x + i * INPUTS);
    sngp_steady_features(&model->network, &pass, count);
    if (c == 3) memcpy(all, pass.phi, FEW * FEATURES * sizeof *all);
    assert_memory_equal(pass.phi, all, (size_t)count * FEATURES * sizeof *all);
  }
  sngp_pass_destroy(&pass);
  free(all);
  free(x);
  sngp_model_free(model);
}

static void *bytes_of(const sngp_model *model, int64_t *size) {
  void *bytes = NULL;
  assert_ok(sngp_model_save_buffer(model, &bytes, size));
  return bytes;
}

static sngp_model *through_a_file(const sngp_model *model) {
  int64_t size = 0;
  sngp_model *loaded = NULL;
  void *bytes = bytes_of(model, &size);
  assert_ok(sngp_model_load_buffer(bytes, size, &loaded));
  sngp_buffer_free(bytes);
  return loaded;
}

/* The first change after a fit and after a load are made in the same way, to the bit; later ones
   may be the one quick, the other anew. */
static void saved_models_go_on(void **state) {
  (void)state;
  for (int c = 0; c < NUM_CASES; c++) {
    sngp_dataset *data = data_of(&CASES[c]), *first = rows_of(data, 0, FIRST);
    sngp_model *model = prepared(&CASES[c], data, 0.5);
    learn(model, &CASES[c], first);
    sngp_model *loaded = through_a_file(model);
    change(model, data, FIRST, 3, 1);
    change(loaded, data, FIRST, 3, 1);
    int64_t size = 0, loaded_size = 0;
    void *bytes = bytes_of(model, &size), *loaded_bytes = bytes_of(loaded, &loaded_size);
    assert_int_equal(size, loaded_size);
    assert_memory_equal(bytes, loaded_bytes, (size_t)size);
    sngp_buffer_free(bytes);
    sngp_buffer_free(loaded_bytes);
    sngp_model *again = through_a_file(loaded);
    change(model, data, FIRST + 3, 3, 1);
    change(again, data, FIRST + 3, 3, 1);
    assert_same(again, model, 2e-5);
    sngp_model_free(again);
    sngp_model_free(loaded);
    sngp_model_free(model);
    sngp_dataset_free(first);
    sngp_dataset_free(data);
  }
}

/* The sums of models of half the rows each; the ridge counts once. */
static void merged_models_are_the_model_of_all_rows(void **state) {
  (void)state;
  for (int c = 0; c < NUM_CASES; c++) {
    sngp_dataset *data = data_of(&CASES[c]);
    sngp_dataset *left = rows_of(data, 0, FIRST), *right = rows_of(data, FIRST, ROWS - FIRST);
    sngp_model *one = prepared(&CASES[c], data, 10), *other = clone_of(one), *all = clone_of(one);
    learn(one, &CASES[c], left);
    learn(other, &CASES[c], right);
    learn(all, &CASES[c], data);
    int64_t size = 0, size_after = 0;
    void *before = bytes_of(other, &size);
    assert_ok(sngp_model_merge(one, other));
    assert_same(one, all, 2e-5);
    void *after = bytes_of(other, &size_after);
    assert_memory_equal(before, after, (size_t)size);
    sngp_buffer_free(before);
    sngp_buffer_free(after);
    sngp_model_free(all);
    sngp_model_free(other);
    sngp_model_free(one);
    sngp_dataset_free(right);
    sngp_dataset_free(left);
    sngp_dataset_free(data);
  }
}

/* Half of the sums is what rows of half the weight give; the ridge is whole. Noise is a mean over
   half as many rows then, not over as many. */
static void forgetting_is_weighing_less(void **state) {
  (void)state;
  for (int c = 0; c < NUM_CASES; c++) {
    sngp_dataset *data = data_of(&CASES[c]);
    sngp_model *model = prepared(&CASES[c], data, 10), *expected = clone_of(model);
    learn(model, &CASES[c], data);
    float weights[ROWS];
    for (int i = 0; i < ROWS; i++) weights[i] = 0.5f * sngp_dataset_sample_weights(data)[i];
    assert_ok(sngp_dataset_set_sample_weights(data, weights));
    learn(expected, &CASES[c], data);
    assert_ok(sngp_model_forget(model, 1));
    assert_ok(sngp_model_forget(model, 0.5));
    if (model->network.noise != NULL)
      for (int64_t k = 0; k < model->network.num_outputs; k++) {
        double noise = (double)expected->network.noise[k];
        assert_close(0.5 * (double)model->network.noise[k], noise, 1e-5 * noise);
        sngp_model_set_noise(expected, k, (double)model->network.noise[k]);
      }
    assert_same(model, expected, 2e-5);
    sngp_model_free(expected);
    sngp_model_free(model);
    sngp_dataset_free(data);
  }
}

typedef struct {
  sngp_model *model;
  void *bytes;
  int64_t size;
} watched;

static void assert_unchanged(const watched *w) {
  int64_t size = 0;
  void *bytes = bytes_of(w->model, &size);
  assert_int_equal(size, w->size);
  assert_memory_equal(bytes, w->bytes, (size_t)size);
  sngp_buffer_free(bytes);
}

static void what_fails_leaves_no_trace(void **state) {
  (void)state;
  for (int c = 0; c < NUM_CASES; c++) {
    sngp_dataset *data = data_of(&CASES[c]), *first = rows_of(data, 0, 10);
    sngp_dataset *two = rows_of(data, 50, 2), *nine = rows_of(data, 60, 9);
    sngp_dataset *bare = NULL;
    assert_ok(sngp_dataset_create(sngp_dataset_features(data), 5, SMALL_INPUTS, 0, NULL, 0, &bare));
    watched w = {.model = prepared(&CASES[c], data, 1e-3)};
    learn(w.model, &CASES[c], first);
    change(w.model, data, 10, 2, 1); /* from here on it has inverse factors */
    w.bytes = bytes_of(w.model, &w.size);
    assert_int_equal(sngp_model_remove(w.model, two), SNGP_ERROR_NUMERICAL);
    assert_unchanged(&w);
    assert_int_equal(sngp_model_remove(w.model, nine), SNGP_ERROR_NUMERICAL);
    assert_unchanged(&w);
    assert_fails(sngp_model_remove(w.model, data), SNGP_ERROR_INVALID_ARGUMENT, "240 rows",
                 "has 12");
    if (CASES[c].closed)
      assert_fails(sngp_model_update(w.model, bare), SNGP_ERROR_NO_LABELS, "new data");
    assert_unchanged(&w);
    if (!CASES[c].closed) { /* which needs none */
      sngp_model *clone = clone_of(w.model);
      assert_ok(sngp_model_update(clone, bare));
      sngp_model_free(clone);
    }
    const double factors[] = {0, -1, 1.1, (double)NAN};
    for (int f = 0; f < 4; f++)
      assert_fails(sngp_model_forget(w.model, factors[f]), SNGP_ERROR_INVALID_ARGUMENT, "factor");
    assert_unchanged(&w);
    sngp_buffer_free(w.bytes);
    sngp_model_free(w.model);
    sngp_dataset_free(bare);
    sngp_dataset_free(nine);
    sngp_dataset_free(two);
    sngp_dataset_free(first);
    sngp_dataset_free(data);
  }
}

/* A gradient head can lose all its rows; a head in closed form needs some. */
static void the_last_rows_may_leave_a_posterior_but_no_closed_form(void **state) {
  (void)state;
  for (int c = 0; c < NUM_CASES; c++) {
    sngp_dataset *data = data_of(&CASES[c]), *first = rows_of(data, 0, 4);
    sngp_model *model = prepared(&CASES[c], data, 0.1);
    learn(model, &CASES[c], first);
    change(model, data, 4, 1, 1);
    change(model, data, 4, 1, 0);
    if (CASES[c].closed) {
      assert_fails(sngp_model_remove(model, first), SNGP_ERROR_INVALID_ARGUMENT,
                   "no rows would be left");
    } else {
      assert_ok(sngp_model_remove(model, first));
      sngp_model *loaded = through_a_file(model); /* whose checks it passes */
      assert_int_equal(loaded->posterior.rows, 0);
      assert_close(loaded->posterior.root[0], 1, 1e-6);
      sngp_model_free(loaded);
    }
    sngp_model_free(model);
    sngp_dataset_free(first);
    sngp_dataset_free(data);
  }
}

static void models_that_cannot_go_on_say_why(void **state) {
  (void)state;
  sngp_dataset *data = small_data(30, 1);
  sngp_model_config config = small_config();
  sngp_model *fresh = create_model(&config);
  assert_fails(sngp_model_update(fresh, data), SNGP_ERROR_NOT_PREPARED, "sngp_model_prepare()");
  assert_ok(sngp_model_prepare(fresh, data));
  assert_ok(sngp_model_fit_covariance(fresh, data, 1));
  config.seed = 8;
  sngp_model *other = create_model(&config);
  assert_ok(sngp_model_prepare(other, data));
  sngp_model_set_scales(other, fresh->config.kernel_scale, fresh->config.radius_scale);
  assert_fails(sngp_model_merge(fresh, other), SNGP_ERROR_INVALID_ARGUMENT, "differs");
  sngp_model_set_scales(other, 2 * fresh->config.kernel_scale, fresh->config.radius_scale);
  assert_fails(sngp_model_merge(fresh, other), SNGP_ERROR_INVALID_ARGUMENT, "kernel_scale");
  assert_ok(sngp_model_reset_covariance(fresh));
  assert_fails(sngp_model_forget(fresh, 0.5), SNGP_ERROR_POSTERIOR_STALE,
               "sngp_model_finish_covariance()");
  assert_fails(sngp_model_merge(other, fresh), SNGP_ERROR_POSTERIOR_STALE, "posterior");
  config.covariance_momentum = 0.9;
  sngp_model *moving = create_model(&config);
  assert_fails(sngp_model_update(moving, data), SNGP_ERROR_UNSUPPORTED, "moving average");
  config.head = SNGP_HEAD_DENSE;
  sngp_model *dense = create_model(&config);
  assert_fails(sngp_model_remove(dense, data), SNGP_ERROR_UNSUPPORTED, "dense head");
  assert_fails(sngp_model_merge(other, dense), SNGP_ERROR_UNSUPPORTED, "other", "dense head");
  assert_fails(sngp_model_update(NULL, data), SNGP_ERROR_INVALID_ARGUMENT, "model");
  assert_fails(sngp_model_update(other, NULL), SNGP_ERROR_INVALID_ARGUMENT, "rows");
  sngp_model_free(dense);
  sngp_model_free(moving);
  sngp_model_free(other);
  sngp_model_free(fresh);
  sngp_dataset_free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(after_any_sequence_a_model_is_that_of_its_rows),
      cmocka_unit_test(features_are_the_same_with_however_few_rows),
      cmocka_unit_test(saved_models_go_on),
      cmocka_unit_test(merged_models_are_the_model_of_all_rows),
      cmocka_unit_test(forgetting_is_weighing_less),
      cmocka_unit_test(what_fails_leaves_no_trace),
      cmocka_unit_test(the_last_rows_may_leave_a_posterior_but_no_closed_form),
      cmocka_unit_test(models_that_cannot_go_on_say_why),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
