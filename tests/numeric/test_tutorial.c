/* The two-moons tutorial, seeds 1 to 5: its training curves, and what its models say far from the
   data. The reference rows are those of docs/numerics.md, "The tutorial". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/two_moons.h"

enum { NUM_SEEDS = 5, NUM_EPOCHS = 6 };
static const int64_t EPOCHS[NUM_EPOCHS] = {10, 20, 30, 50, 70, 100};

/* Printed in the tutorial. */
static const double SHARED_ADAM_LOSS[NUM_EPOCHS] = {0.3066, 0.1994, 0.1448, 0.0885, 0.0593, 0.0374};
/* By an independent reimplementation; the last row is its mean over eight seeds. */
static const double FRESH_ADAM_LOSS[NUM_EPOCHS] = {0.4596, 0.3740, 0.3111, 0.2176, 0.1546, 0.0986};
static const double DETERMINISTIC_LOSS[NUM_EPOCHS] = {0.1095, 0.0855, 0.0715,
                                                      0.0473, 0.0311, 0.0170};

/* Means over the seeds, by the test's setup. */
typedef struct {
  double deterministic[NUM_EPOCHS], shared[NUM_EPOCHS], fresh[NUM_EPOCHS];
  double accuracy; /* of SNGP, in the last epoch */
} curves;

static curves mean;
static blob_measures measures[NUM_SEEDS];
static int64_t steps_before_sngp[NUM_SEEDS];

static void add_losses(const sngp_history *history, double *losses) {
  for (int i = 0; i < NUM_EPOCHS; i++) losses[i] += epoch_of(history, EPOCHS[i]).loss / NUM_SEEDS;
}

static void train(sngp_model *model, sngp_optimizer *adam, const sngp_dataset *data, double *losses,
                  double *accuracy) {
  sngp_history *history = fit_two_moons(model, adam, data, SNGP_PRESET_TUTORIAL);
  add_losses(history, losses);
  if (accuracy != NULL) *accuracy += epoch_of(history, TWO_MOONS_EPOCHS).accuracy / NUM_SEEDS;
  sngp_history_free(history);
}

/* One Adam for the deterministic model, then for SNGP; and SNGP once more with a fresh one. */
static void run_seed(int64_t seed) {
  const int32_t preset = SNGP_PRESET_TUTORIAL;
  sngp_dataset *data = two_moons(seed);
  sngp_optimizer *shared = preset_adam(preset), *fresh = preset_adam(preset);
  sngp_model *deterministic = two_moons_model(preset, SNGP_HEAD_DENSE, seed);
  sngp_model *sngp = two_moons_model(preset, SNGP_HEAD_GAUSSIAN_PROCESS, seed);
  sngp_model *again = two_moons_model(preset, SNGP_HEAD_GAUSSIAN_PROCESS, seed);
  train(deterministic, shared, data, mean.deterministic, NULL);
  steps_before_sngp[seed - 1] = sngp_optimizer_step_count(shared);
  train(sngp, shared, data, mean.shared, &mean.accuracy);
  train(again, fresh, data, mean.fresh, NULL);
  measures[seed - 1] = measure_blob(deterministic, sngp, data, seed);
  sngp_model_free(again);
  sngp_model_free(sngp);
  sngp_model_free(deterministic);
  sngp_optimizer_free(fresh);
  sngp_optimizer_free(shared);
  sngp_dataset_free(data);
}

static int run_seeds(void **state) {
  (void)state;
  for (int64_t seed = 1; seed <= NUM_SEEDS; seed++) run_seed(seed);
  return 0;
}

static void assert_curve(const double *losses, const double *expected, double first_tolerance,
                         double last_tolerance) {
  for (int i = 0; i < NUM_EPOCHS; i++) {
    print_message("  epoch %3d: loss %.4f, expected %.4f, %+.1f %%\n", (int)EPOCHS[i], losses[i],
                  expected[i], 100 * (losses[i] / expected[i] - 1));
    double tolerance = i < NUM_EPOCHS / 2 ? first_tolerance : last_tolerance;
    assert_close(losses[i], expected[i], tolerance * expected[i]);
  }
}

static void sngp_after_the_deterministic_model_follows_the_printed_curve(void **state) {
  (void)state;
  for (int i = 0; i < NUM_SEEDS; i++) assert_int_equal(steps_before_sngp[i], 800);
  assert_curve(mean.shared, SHARED_ADAM_LOSS, 0.12, 0.12);
}

static void sngp_with_a_fresh_adam_follows_the_slower_curve(void **state) {
  (void)state;
  assert_curve(mean.fresh, FRESH_ADAM_LOSS, 0.12, 0.12);
}

static void the_deterministic_model_follows_the_mean_of_eight_seeds(void **state) {
  (void)state;
  assert_curve(mean.deterministic, DETERMINISTIC_LOSS, 0.15, 0.30);
}

static void sngp_learns_the_moons(void **state) {
  (void)state;
  assert_true(mean.accuracy >= 0.995);
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
      cmocka_unit_test(sngp_after_the_deterministic_model_follows_the_printed_curve),
      cmocka_unit_test(sngp_with_a_fresh_adam_follows_the_slower_curve),
      cmocka_unit_test(the_deterministic_model_follows_the_mean_of_eight_seeds),
      cmocka_unit_test(sngp_learns_the_moons),
      cmocka_unit_test(the_variance_tells_the_blob_from_the_training_rows),
      cmocka_unit_test(on_the_blob_sngp_is_unsure_and_the_deterministic_model_sure),
      cmocka_unit_test(after_the_fit_every_block_is_within_its_bound),
  };
  return cmocka_run_group_tests(tests, run_seeds, NULL);
}
