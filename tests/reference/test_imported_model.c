/* A model trained in TensorFlow, made into a model file by tools/import_weights.py, predicts what
   TensorFlow predicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reference/fixture.h"

/* Two forward passes in single precision. */
static const double TOLERANCE = 1e-5;

static double compare(const fixture *f, const char *name, const float *own, int64_t count) {
  fixture_tensor expected = get_tensor(f, "%s", name);
  assert_int_equal(count, expected.count);
  double difference = largest_difference(own, expected.values, (size_t)count);
  print_message("  %s: %.1e\n", name, difference);
  free(expected.values);
  return difference;
}

static void it_predicts_what_tensorflow_predicts(void **unused) {
  (void)unused;
  fixture f = open_fixture("imported_predictions");
  sngp_model *model = NULL;
  sngp_dataset *rows = NULL;
  fixture_tensor points = get_tensor(&f, "points");
  assert_ok(sngp_model_load(SNGP_TEST_REFERENCE "/imported_model.safetensors", &model));
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
  sngp_model_free(model);
  free(points.values);
  close_fixture(&f);
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
  assert_ok(sngp_model_load(SNGP_TEST_REFERENCE "/imported_model.safetensors", &model));
  assert_ok(sngp_dataset_two_moons(200, 0.1, 1, &rows));
  assert_ok(sngp_model_update_covariance(model, rows));
  assert_ok(sngp_model_finish_covariance(model));
  assert_ok(sngp_fit(model, adam, rows, NULL, &config, &history));
  assert_ok(sngp_history_epoch(history, 0, &first));
  assert_ok(sngp_history_epoch(history, 1, &last));
  assert_true(first.accuracy > 0.95 && last.accuracy > 0.95); /* it knows the moons already */
  sngp_history_free(history);
  sngp_dataset_free(rows);
  sngp_optimizer_free(adam);
  sngp_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_predicts_what_tensorflow_predicts),
      cmocka_unit_test(it_can_be_trained_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
