/* Calibration of ensembles, judged by their predictions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/ensemble.h"
#include "unit/train/calibrated_models.h"

enum { HELD_OUT = 300, MEMBERS = 3 };

static sngp_ensemble *trained_ensemble(int32_t head, int64_t members) {
  sngp_model *models[MEMBERS] = {NULL};
  sngp_ensemble *ensemble = NULL;
  for (int64_t m = 0; m < members; m++) models[m] = trained(head, 7 + m);
  assert_ok(sngp_ensemble_from_models((const sngp_model *const *)models, members, &ensemble));
  for (int64_t m = 0; m < members; m++) sngp_model_free(models[m]);
  return ensemble;
}

static double ensemble_nll(const sngp_ensemble *ensemble, const sngp_dataset *data,
                           const sngp_predict_config *config) {
  float *p = take((size_t)sngp_dataset_rows(data) * SMALL_CLASSES, sizeof *p);
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = p};
  assert_ok(sngp_ensemble_predict(ensemble, NULL, sngp_dataset_features(data),
                                  sngp_dataset_rows(data), SMALL_INPUTS, 0, config, &out));
  double nll = nll_of(p, data);
  free(p);
  return nll;
}

static void an_ensemble_gets_one_setting_by_its_own_likelihood(void **state) {
  (void)state;
  sngp_dataset *held_out = small_data(HELD_OUT, 2);
  const int32_t heads[] = {SNGP_HEAD_DENSE, SNGP_HEAD_GAUSSIAN_PROCESS, SNGP_HEAD_GAUSSIAN_PROCESS};
  const int32_t methods[] = {SNGP_PREDICT_MAP, SNGP_PREDICT_MEAN_FIELD, SNGP_PREDICT_MC_DROPOUT};
  for (int i = 0; i < 3; i++) {
    sngp_ensemble *ensemble = trained_ensemble(heads[i], MEMBERS);
    const sngp_predict_config predict = method(methods[i]);
    double before = ensemble_nll(ensemble, held_out, &predict);
    sngp_calibration result = {.struct_size = sizeof result};
    assert_ok(sngp_ensemble_calibrate(ensemble, held_out, &predict, NULL, &result));
    assert_close(result.nll_before, before, TOLERANCE);
    assert_close(result.nll_after, ensemble_nll(ensemble, held_out, &predict), TOLERANCE);
    assert_below(result.nll_after, before);
    for (int64_t m = 0; m < MEMBERS; m++) {
      const sngp_model_config config = config_of(sngp_ensemble_member(ensemble, m));
      assert_true(config.temperature == result.temperature &&
                  config.mean_field_factor == result.mean_field_factor);
    }
    /* and a temperature a little off is worse */
    for (int sign = -1; sign <= 1; sign += 2) {
      sngp_predict_config other = predict;
      other.temperature = result.temperature * exp(0.1 * sign);
      double change =
          (pow(log(other.temperature), 2) - pow(log(result.temperature), 2)) / (2.0 * HELD_OUT);
      assert_below(result.nll_after, ensemble_nll(ensemble, held_out, &other) + change);
    }
    sngp_ensemble_free(ensemble);
  }
  sngp_dataset_free(held_out);
}

static void an_ensembles_file_has_the_result_and_a_fit_keeps_it_out(void **state) {
  (void)state;
  sngp_dataset *held_out = small_data(HELD_OUT, 2);
  sngp_ensemble *ensemble = trained_ensemble(SNGP_HEAD_GAUSSIAN_PROCESS, 2), *loaded = NULL;
  sngp_calibration result = {.struct_size = sizeof result};
  ensemble->being_fitted = true; /* as a callback of its fit finds it */
  assert_fails(sngp_ensemble_calibrate(ensemble, held_out, NULL, NULL, &result),
               SNGP_ERROR_INVALID_ARGUMENT, "callback must not change it");
  ensemble->being_fitted = false;
  assert_ok(sngp_ensemble_calibrate(ensemble, held_out, NULL, NULL, &result));
  void *bytes = NULL;
  int64_t size = 0;
  assert_ok(sngp_ensemble_save_buffer(ensemble, &bytes, &size));
  assert_ok(sngp_ensemble_load_buffer(bytes, size, &loaded));
  assert_close(ensemble_nll(loaded, held_out, NULL), result.nll_after, TOLERANCE);
  sngp_ensemble_free(loaded);
  sngp_buffer_free(bytes);
  sngp_ensemble_free(ensemble);
  sngp_dataset_free(held_out);
}

/* Members that were calibrated apart begin with settings of their own. */
static void members_of_different_settings_are_brought_together(void **state) {
  (void)state;
  sngp_dataset *held_out = small_data(HELD_OUT, 2);
  sngp_model *models[2] = {trained(SNGP_HEAD_GAUSSIAN_PROCESS, 7),
                           trained(SNGP_HEAD_GAUSSIAN_PROCESS, 8)};
  assert_ok(sngp_model_set_temperature(models[1], 3));
  assert_ok(sngp_model_set_mean_field_factor(models[1], 2));
  sngp_ensemble *ensemble = NULL;
  assert_ok(sngp_ensemble_from_models((const sngp_model *const *)models, 2, &ensemble));
  double before = ensemble_nll(ensemble, held_out, NULL);
  sngp_calibrate_config config = default_calibration();
  config.tune_factor = 0;
  sngp_calibration result = {.struct_size = sizeof result};
  assert_ok(sngp_ensemble_calibrate(ensemble, held_out, NULL, &config, &result));
  assert_close(result.nll_before, before, TOLERANCE);
  assert_close(result.nll_after, ensemble_nll(ensemble, held_out, NULL), TOLERANCE);
  assert_true(config_of(sngp_ensemble_member(ensemble, 0)).mean_field_factor == PI / 8);
  assert_true(config_of(sngp_ensemble_member(ensemble, 1)).mean_field_factor == 2);
  for (int64_t m = 0; m < 2; m++)
    assert_true(config_of(sngp_ensemble_member(ensemble, m)).temperature == result.temperature);
  sngp_ensemble_free(ensemble);
  sngp_model_free(models[0]);
  sngp_model_free(models[1]);
  sngp_dataset_free(held_out);
}

static void an_ensemble_of_one_is_calibrated_as_its_model(void **state) {
  (void)state;
  sngp_dataset *held_out = small_data(HELD_OUT, 2);
  sngp_model *model = trained(SNGP_HEAD_GAUSSIAN_PROCESS, 7);
  sngp_ensemble *ensemble = trained_ensemble(SNGP_HEAD_GAUSSIAN_PROCESS, 1);
  sngp_calibration of_model = {.struct_size = sizeof of_model}, of_ensemble = of_model;
  assert_ok(sngp_calibrate(model, held_out, NULL, NULL, &of_model));
  assert_ok(sngp_ensemble_calibrate(ensemble, held_out, NULL, NULL, &of_ensemble));
  assert_memory_equal(&of_model, &of_ensemble, sizeof of_model);
  sngp_ensemble_free(ensemble);
  sngp_model_free(model);
  sngp_dataset_free(held_out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_ensemble_gets_one_setting_by_its_own_likelihood),
      cmocka_unit_test(an_ensembles_file_has_the_result_and_a_fit_keeps_it_out),
      cmocka_unit_test(members_of_different_settings_are_brought_together),
      cmocka_unit_test(an_ensemble_of_one_is_calibrated_as_its_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
