/* The default preset on two moons, seeds 1 to 3: what its models say far from the data. (The
   tutorial's preset: test_tutorial.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/two_moons.h"

enum { NUM_SEEDS = 3 };

static blob_measures measures[NUM_SEEDS];
static double accuracy[NUM_SEEDS];

static void train(sngp_model *model, const sngp_dataset *data, double *last_accuracy) {
  sngp_optimizer *adam = preset_adam(SNGP_PRESET_DEFAULT);
  sngp_history *history = fit_two_moons(model, adam, data, SNGP_PRESET_DEFAULT);
  *last_accuracy = epoch_of(history, TWO_MOONS_EPOCHS).accuracy;
  sngp_history_free(history);
  sngp_optimizer_free(adam);
}

static void run_seed(int64_t seed) {
  const int32_t preset = SNGP_PRESET_DEFAULT;
  sngp_dataset *data = two_moons(seed);
  sngp_model *deterministic = two_moons_model(preset, SNGP_HEAD_DENSE, seed);
  sngp_model *sngp = two_moons_model(preset, SNGP_HEAD_GAUSSIAN_PROCESS, seed);
  train(deterministic, data, &accuracy[seed - 1]);
  train(sngp, data, &accuracy[seed - 1]);
  measures[seed - 1] = measure_blob(deterministic, sngp, data, seed);
  sngp_model_free(sngp);
  sngp_model_free(deterministic);
  sngp_dataset_free(data);
}

static int run_seeds(void **state) {
  (void)state;
  for (int64_t seed = 1; seed <= NUM_SEEDS; seed++) run_seed(seed);
  return 0;
}

static void sngp_learns_the_moons(void **state) {
  (void)state;
  for (int i = 0; i < NUM_SEEDS; i++) assert_true(accuracy[i] >= 0.995);
}

static void the_variance_tells_the_blob_from_the_training_rows(void **state) {
  (void)state;
  assert_variance_tells_the_blob(measures, NUM_SEEDS);
}

static void on_the_blob_sngp_is_unsure_and_the_deterministic_model_sure(void **state) {
  (void)state;
  assert_unsure_on_the_blob(measures, NUM_SEEDS);
}

static void after_the_fit_every_block_is_within_its_bound(void **state) {
  (void)state;
  assert_within_bounds(measures, NUM_SEEDS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sngp_learns_the_moons),
      cmocka_unit_test(the_variance_tells_the_blob_from_the_training_rows),
      cmocka_unit_test(on_the_blob_sngp_is_unsure_and_the_deterministic_model_sure),
      cmocka_unit_test(after_the_fit_every_block_is_within_its_bound),
  };
  return cmocka_run_group_tests(tests, run_seeds, NULL);
}
