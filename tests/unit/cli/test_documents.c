/* The JSON documents of train, info and demo: exactly the documented keys, and the right numbers.
   (That of evaluate: test_evaluate_document.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after these four */
#include <cmocka.h>
#include <math.h>

#include "sngp/sngp.h"
#include "unit/cli/documents.h"

static void train_reports_history_parameters_and_the_chosen_scale(void **state) {
  (void)state;
  json_t *document = read_document("train.json");
  assert_true(
      has_keys(document, "method task parameters kernel_scale history calibration seconds out"));
  assert_string_equal(json_string_value(json_object_get(document, "method")), "sngp");
  assert_string_equal(json_string_value(json_object_get(document, "out")), "model");
  assert_true(number(document, "seconds") >= 0);

  sngp_model *model = NULL;
  sngp_model_config config;
  int64_t total = 0, trainable = 0;
  assert_int_equal(sngp_model_load("model", &model), SNGP_OK);
  assert_int_equal(sngp_model_parameter_count(model, &total, &trainable), SNGP_OK);
  assert_int_equal(sngp_model_config_init(&config, sizeof config), SNGP_OK);
  assert_int_equal(sngp_model_get_config(model, &config), SNGP_OK);
  const json_t *parameters = json_object_get(document, "parameters");
  assert_true(has_keys(parameters, "total trainable"));
  assert_int_equal(json_integer_value(json_object_get(parameters, "total")), total);
  assert_int_equal(json_integer_value(json_object_get(parameters, "trainable")), trainable);
  double scale = number(document, "kernel_scale");
  assert_true(scale > 0 && fabs(scale - config.kernel_scale) <= 1e-12 * scale);
  assert_int_equal(config.standardize_inputs, 1);
  sngp_model_free(model);

  assert_true(json_is_null(json_object_get(document, "calibration")));

  const json_t *history = json_object_get(document, "history");
  assert_int_equal(json_array_size(history), 40);
  for (size_t i = 0; i < 40; i++) {
    const json_t *epoch = json_array_get(history, i);
    assert_true(has_keys(epoch, "epoch loss accuracy validation_loss validation_accuracy"));
    assert_int_equal(json_integer_value(json_object_get(epoch, "epoch")), i + 1);
    assert_true(json_is_null(json_object_get(epoch, "validation_loss")));
    assert_true(json_is_null(json_object_get(epoch, "validation_accuracy")));
  }
  assert_true(number(json_array_get(history, 39), "loss") <
              number(json_array_get(history, 0), "loss"));
  json_decref(document);
}

static void a_deterministic_model_has_no_kernel_scale_and_validation_is_reported(void **state) {
  (void)state;
  json_t *document = read_document("dense.json");
  assert_true(
      has_keys(document, "method task parameters kernel_scale history calibration seconds out"));
  assert_string_equal(json_string_value(json_object_get(document, "method")), "deterministic");
  assert_true(json_is_null(json_object_get(document, "kernel_scale")));
  const json_t *history = json_object_get(document, "history");
  assert_int_equal(json_array_size(history), EPOCHS);
  assert_true(isfinite(number(json_array_get(history, EPOCHS - 1), "validation_loss")));
  assert_true(isfinite(number(json_array_get(history, EPOCHS - 1), "validation_accuracy")));
  json_decref(document);
}

static sngp_model_config config_of(const sngp_model *model) {
  sngp_model_config config;
  assert_int_equal(sngp_model_config_init(&config, sizeof config), SNGP_OK);
  assert_int_equal(sngp_model_get_config(model, &config), SNGP_OK);
  return config;
}

static void an_ensemble_reports_every_member(void **state) {
  (void)state;
  json_t *document = read_document("ensemble.json");
  assert_true(
      has_keys(document, "method member_method task parameters members calibration seconds out"));
  assert_string_equal(json_string_value(json_object_get(document, "method")), "ensemble");
  assert_string_equal(json_string_value(json_object_get(document, "member_method")), "sngp");
  sngp_ensemble *ensemble = NULL;
  assert_int_equal(sngp_ensemble_load("ensemble", &ensemble), SNGP_OK);
  assert_int_equal(sngp_ensemble_num_members(ensemble), 3);
  const json_t *members = json_object_get(document, "members");
  assert_int_equal(json_array_size(members), 3);
  for (size_t i = 0; i < 3; i++) {
    const json_t *member = json_array_get(members, i);
    sngp_model_config config = config_of(sngp_ensemble_member(ensemble, (int64_t)i));
    assert_true(has_keys(member, "seed kernel_scale history"));
    assert_int_equal(json_integer_value(json_object_get(member, "seed")), config.seed);
    assert_true(fabs(number(member, "kernel_scale") - config.kernel_scale) <=
                1e-12 * config.kernel_scale);
    assert_int_equal(json_array_size(json_object_get(member, "history")), EPOCHS);
  }
  sngp_ensemble_free(ensemble);
  json_decref(document);
}

/* What was tuned on the held-out rows is what the file predicts with, of every member. */
static void calibration_is_reported_and_stored(void **state) {
  (void)state;
  const char *const documents[] = {"dense.json", "ensemble.json"};
  const char *const models[] = {"dense", "ensemble"};
  for (int i = 0; i < 2; i++) {
    json_t *document = read_document(documents[i]);
    const json_t *calibration = json_object_get(document, "calibration");
    assert_true(has_keys(
        calibration, "rows mean_field_factor temperature factor_at_border nll_before nll_after"));
    assert_int_equal(json_integer_value(json_object_get(calibration, "rows")), ROWS / 5);
    assert_true(number(calibration, "nll_after") < number(calibration, "nll_before"));
    double temperature = number(calibration, "temperature");
    sngp_ensemble *ensemble = NULL;
    assert_int_equal(sngp_ensemble_load(models[i], &ensemble), SNGP_OK);
    for (int64_t m = 0; m < sngp_ensemble_num_members(ensemble); m++) {
      sngp_model_config config = config_of(sngp_ensemble_member(ensemble, m));
      assert_true(fabs(config.temperature - temperature) <= 1e-12 * temperature);
      if (config.head == SNGP_HEAD_DENSE) {
        assert_true(json_is_null(json_object_get(calibration, "mean_field_factor")));
      } else {
        assert_true(fabs(config.mean_field_factor - number(calibration, "mean_field_factor")) <
                    1e-12 * config.mean_field_factor);
      }
    }
    sngp_ensemble_free(ensemble);
    json_decref(document);
  }
}

static void calibration_can_be_left_out(void **state) {
  (void)state;
  assert_int_equal(
      run_program("train --data rows.csv --out uncalibrated --method deterministic --epochs 6 "
                  "--validation 0.2 --no-calibration --json " SMALL_NETWORK,
                  "out.json"),
      0);
  json_t *document = read_document("out.json");
  assert_true(json_is_null(json_object_get(document, "calibration")));
  json_decref(document);
  sngp_model *model = NULL;
  assert_int_equal(sngp_model_load("uncalibrated", &model), SNGP_OK);
  assert_true(config_of(model).temperature == 1);
  sngp_model_free(model);
}

static void info_shows_layers_configuration_and_training(void **state) {
  (void)state;
  assert_int_equal(run_program("info model --json", "out.json"), 0);
  json_t *document = read_document("out.json");
  assert_true(has_keys(document, "parameters config training tensors"));
  const json_t *config = json_object_get(document, "config");
  assert_int_equal(json_integer_value(json_object_get(config, "input_dim")), 2);
  assert_int_equal(json_integer_value(json_object_get(config, "num_hidden")), 8);
  assert_string_equal(json_string_value(json_object_get(config, "head")), "gaussian_process");
  const json_t *training = json_object_get(document, "training");
  assert_int_equal(json_integer_value(json_object_get(training, "epochs")), 40);
  assert_int_equal(json_integer_value(json_object_get(training, "rows")), ROWS);
  assert_int_equal(json_integer_value(json_object_get(training, "covariance_rows")), ROWS);
  assert_true(number(training, "learning_rate") == 0.01);
  json_t *trained = read_document("train.json");
  assert_true(number(config, "kernel_scale") == number(trained, "kernel_scale"));
  json_decref(trained);
  json_decref(document);
}

static void info_lists_the_members_of_an_ensemble(void **state) {
  (void)state;
  assert_int_equal(run_program("info ensemble --json", "out.json"), 0);
  json_t *document = read_document("out.json"), *trained = read_document("ensemble.json");
  assert_true(has_keys(document, "parameters config training tensors members"));
  const json_t *members = json_object_get(document, "members");
  const json_t *reported = json_object_get(trained, "members");
  assert_int_equal(json_array_size(members), 3);
  for (size_t i = 0; i < 3; i++) {
    const json_t *member = json_array_get(members, i), *other = json_array_get(reported, i);
    assert_true(
        has_keys(member, "seed kernel_scale radius_scale mean_field_factor temperature training"));
    assert_true(json_equal(json_object_get(member, "seed"), json_object_get(other, "seed")));
    assert_true(number(member, "kernel_scale") == number(other, "kernel_scale"));
    assert_true(number(member, "temperature") ==
                number(json_object_get(trained, "calibration"), "temperature"));
    const json_t *last = json_array_get(json_object_get(other, "history"), EPOCHS - 1);
    const json_t *training = json_object_get(member, "training");
    assert_true(number(training, "loss") == number(last, "loss"));
    assert_int_equal(json_integer_value(json_object_get(training, "epochs")), EPOCHS);
  }
  json_decref(trained);
  json_decref(document);
}

static void demo_reports_all_methods(void **state) {
  (void)state;
  assert_int_equal(
      run_program("demo two-moons --epochs 2 --threads 1 --out moons --json", "out.json"), 0);
  json_t *document = read_document("out.json");
  assert_true(has_keys(document, "deterministic mc_dropout ensemble sngp"));
  const json_t *deterministic = json_object_get(document, "deterministic");
  const json_t *dropout = json_object_get(document, "mc_dropout");
  const json_t *ensemble = json_object_get(document, "ensemble");
  const json_t *sngp = json_object_get(document, "sngp");
  assert_true(has_keys(deterministic, "parameters history ood_max_probability seconds"));
  assert_true(has_keys(dropout, "parameters history ood_max_probability seconds passes"));
  assert_true(has_keys(ensemble, "parameters history ood_max_probability seconds members"));
  assert_true(
      has_keys(sngp, "parameters history ood_max_probability seconds ood_variance train_variance"));
  /* The tutorial's counts, and ten members. */
  const json_t *parameters = json_object_get(deterministic, "parameters");
  assert_int_equal(json_integer_value(json_object_get(parameters, "total")), 99714);
  assert_int_equal(json_integer_value(json_object_get(parameters, "trainable")), 99330);
  parameters = json_object_get(ensemble, "parameters");
  assert_int_equal(json_integer_value(json_object_get(parameters, "total")), 997140);
  assert_int_equal(json_integer_value(json_object_get(parameters, "trainable")), 993300);
  parameters = json_object_get(sngp, "parameters");
  assert_int_equal(json_integer_value(json_object_get(parameters, "total")), 1283714);
  assert_int_equal(json_integer_value(json_object_get(parameters, "trainable")), 101120);
  assert_int_equal(json_array_size(json_object_get(sngp, "history")), 2);
  assert_true(number(sngp, "ood_variance") > number(sngp, "train_variance"));
  /* Dropout is of the one deterministic network; the members have histories of their own. */
  assert_int_equal(json_integer_value(json_object_get(dropout, "passes")), 10);
  assert_true(
      json_equal(json_object_get(dropout, "history"), json_object_get(deterministic, "history")));
  assert_true(number(dropout, "seconds") == number(deterministic, "seconds"));
  assert_true(number(dropout, "ood_max_probability") !=
              number(deterministic, "ood_max_probability"));
  const json_t *histories = json_object_get(ensemble, "history");
  assert_int_equal(json_integer_value(json_object_get(ensemble, "members")), 10);
  assert_int_equal(json_array_size(histories), 10);
  for (size_t i = 0; i < 10; i++) {
    assert_int_equal(json_array_size(json_array_get(histories, i)), 2);
    assert_false(json_equal(json_array_get(histories, i), json_array_get(histories, (i + 1) % 10)));
  }
  json_decref(document);

  const char *const files[] = {"moons/two_moons_points.dat", "moons/two_moons_surface.dat",
                               "moons/two_moons.gp"};
  for (int i = 0; i < 3; i++) {
    assert_int_equal(access(files[i], R_OK), 0);
    unlink(files[i]);
  }
  /* Where gnuplot is installed there is a picture, and nothing else in any case. */
  unlink("moons/two_moons.png");
  assert_int_equal(rmdir("moons"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(train_reports_history_parameters_and_the_chosen_scale),
      cmocka_unit_test(a_deterministic_model_has_no_kernel_scale_and_validation_is_reported),
      cmocka_unit_test(an_ensemble_reports_every_member),
      cmocka_unit_test(calibration_is_reported_and_stored),
      cmocka_unit_test(calibration_can_be_left_out),
      cmocka_unit_test(info_shows_layers_configuration_and_training),
      cmocka_unit_test(info_lists_the_members_of_an_ensemble),
      cmocka_unit_test(demo_reports_all_methods),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
