/* Every preset, by all three of its configurations, trains a model that tells two moons apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/small_model.h"

enum { ROWS = 400 };

static sngp_model *train(int32_t preset, const sngp_dataset *moons) {
  sngp_model_config config = small_config();
  sngp_optimizer_config optimizer;
  sngp_fit_config fit;
  assert_ok(sngp_model_config_preset(&config, preset));
  assert_ok(sngp_optimizer_config_init(&optimizer, sizeof optimizer));
  assert_ok(sngp_optimizer_config_preset(&optimizer, preset));
  assert_ok(sngp_fit_config_init(&fit, sizeof fit));
  assert_ok(sngp_fit_config_preset(&fit, preset));
  const bool as_references = preset != SNGP_PRESET_DEFAULT;
  assert_int_equal(fit.schedule, as_references ? SNGP_SCHEDULE_CONSTANT : SNGP_SCHEDULE_COSINE);
  assert_int_equal(fit.covariance,
                   as_references ? SNGP_COVARIANCE_IN_TRAINING : SNGP_COVARIANCE_EXACT_PASS);
  config.input_dim = config.num_classes = 2;
  config.num_layers = 2;
  config.num_hidden = 32;
  config.num_random_features = 128;
  optimizer.learning_rate *= 10; /* few epochs */
  fit.epochs = 30;
  fit.batch_size = 40;
  sngp_optimizer *adam = NULL;
  sngp_model *model = create_model(&config);
  assert_ok(sngp_optimizer_create(&optimizer, &adam));
  assert_ok(sngp_fit(model, adam, moons, NULL, &fit, NULL));
  sngp_optimizer_free(adam);
  return model;
}

static void check_preset(int32_t preset) {
  sngp_dataset *moons = NULL;
  assert_ok(sngp_dataset_two_moons(ROWS, 0.1, 4, &moons));
  sngp_model *model = train(preset, moons);
  float variance[ROWS];
  int32_t classes[ROWS];
  sngp_prediction out = {.struct_size = sizeof out, .variance = variance, .classes = classes};
  assert_ok(sngp_predict(model, NULL, sngp_dataset_features(moons), ROWS, 2, 0, NULL, &out));
  int correct = 0;
  for (int i = 0; i < ROWS; i++) {
    correct += classes[i] == sngp_dataset_labels(moons)[i];
    assert_true(isfinite(variance[i]) && variance[i] > 0);
  }
  print_message("preset %d: %d of %d rows are right\n", preset, correct, ROWS);
  assert_true(correct > 0.97 * ROWS);
  sngp_model_free(model);
  sngp_dataset_free(moons);
}

static void every_preset_trains(void **state) {
  (void)state;
  for (int32_t preset = SNGP_PRESET_DEFAULT; preset <= SNGP_PRESET_EDWARD2_JAX; preset++)
    check_preset(preset);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_preset_trains),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
