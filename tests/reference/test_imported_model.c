/* What `sngp import` makes of networks that were trained in TensorFlow predicts what TensorFlow
   predicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after these four */
#include <cmocka.h>

#include "reference/fixture.h"
#ifdef SNGP_PROGRAM
#include "unit/cli/program.h"
#endif

/* Two forward passes in single precision. */
static const double TOLERANCE = 1e-5;

/* Imports a state of the fixtures, by the program where it is built. False where it is compressed
   and this build has no zlib. */
static bool import_state(const char *state, int64_t rows, sngp_model **model) {
  sngp_import_config config;
  assert_ok(sngp_import_config_init(&config, sizeof config));
  config.rows = rows;
  sngp_status status = sngp_model_import(state, &config, model);
  if (status == SNGP_ERROR_UNSUPPORTED && strstr(sngp_last_error(), "zlib") != NULL) return false;
  assert_ok(status);
#ifdef SNGP_PROGRAM
  char words[1024];
  snprintf(words, sizeof words, "import %s --rows %lld --out model.safetensors", state,
           (long long)rows);
  scratch_folder();
  assert_int_equal(run_program(words, "output"), 0);
  sngp_model_free(*model);
  assert_ok(sngp_model_load("model.safetensors", model));
#endif
  return true;
}

static double compare(const fixture *f, const char *name, const float *own, int64_t count) {
  fixture_tensor expected = get_tensor(f, "%s", name);
  assert_int_equal(count, expected.count);
  double difference = largest_difference(own, expected.values, (size_t)count);
  print_message("  %s: %.1e\n", name, difference);
  free(expected.values);
  return difference;
}

static void compare_predictions(sngp_model *model, const char *predictions) {
  fixture f = open_fixture(predictions);
  sngp_dataset *rows = NULL;
  fixture_tensor points = get_tensor(&f, "points");
  int64_t classes = sngp_model_num_classes(model);
  assert_ok(sngp_dataset_create(points.values, points.rows, points.cols, 0, NULL, 0, &rows));
  outputs own = take_outputs(points.rows, classes, 0);
  assert_ok(predict_rows(model, NULL, rows, NULL, &own));
  assert_below(compare(&f, "logits", own.out.logits, points.rows * classes), TOLERANCE);
  assert_below(compare(&f, "variance", own.out.variance, points.rows), TOLERANCE);
  assert_below(compare(&f, "probabilities", own.out.probabilities, points.rows * classes),
               TOLERANCE);
  free_outputs(&own);
  sngp_dataset_free(rows);
  free(points.values);
  close_fixture(&f);
}

static void a_network_predicts_what_tensorflow_predicts(void **unused) {
  (void)unused;
  sngp_model *model = NULL;
  assert_true(import_state(SNGP_TEST_REFERENCE "/imported_state.npz", 1000, &model));
  compare_predictions(model, "imported_predictions");
  sngp_model_free(model);
}

static void a_head_alone_predicts_what_tensorflow_predicts(void **unused) {
  (void)unused;
  sngp_model *model = NULL;
  sngp_model_config config;
  if (!import_state(SNGP_TEST_REFERENCE "/imported_head.npz", 200, &model)) skip();
  assert_ok(sngp_model_config_init(&config, sizeof config));
  assert_ok(sngp_model_get_config(model, &config));
  assert_int_equal(config.backbone, SNGP_BACKBONE_NONE);
  assert_int_equal(config.normalize_input, SNGP_NORMALIZE_LAYER_NORM);
  compare_predictions(model, "imported_head_predictions");
  sngp_model_free(model);
}

/* What was imported is a model like any other: its posterior takes more rows, and it trains on. */
static void it_can_be_trained_on(void **unused) {
  (void)unused;
  sngp_model *model = NULL;
  sngp_dataset *rows = NULL;
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-3);
  sngp_fit_config config = constant_rate(2, 50);
  sngp_epoch_record first = {.struct_size = sizeof first}, last = {.struct_size = sizeof last};
  sngp_history *history = NULL;
  assert_true(import_state(SNGP_TEST_REFERENCE "/imported_state.npz", 1000, &model));
  assert_ok(sngp_dataset_two_moons(200, 0.1, 1, &rows));
  assert_ok(sngp_model_update_covariance(model, rows));
  assert_ok(sngp_model_finish_covariance(model));
  sngp_training_record record = {.struct_size = sizeof record};
  assert_ok(sngp_model_get_training_record(model, &record));
  assert_int_equal(record.covariance_rows, 1200);
  assert_ok(sngp_fit(model, adam, rows, NULL, &config, &history));
  assert_ok(sngp_history_epoch(history, 0, &first));
  assert_ok(sngp_history_epoch(history, 1, &last));
  assert_true(first.accuracy > 0.95 && last.accuracy > 0.95); /* it knows the moons already */
  sngp_history_free(history);
  sngp_dataset_free(rows);
  sngp_optimizer_free(adam);
  sngp_model_free(model);
}

static int remove_files(void **unused) {
  (void)unused;
#ifdef SNGP_PROGRAM
  remove_scratch((const char *const[]){"model.safetensors", "output", NULL});
#endif
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_network_predicts_what_tensorflow_predicts),
      cmocka_unit_test(a_head_alone_predicts_what_tensorflow_predicts),
      cmocka_unit_test(it_can_be_trained_on),
  };
  return cmocka_run_group_tests(tests, NULL, remove_files);
}
