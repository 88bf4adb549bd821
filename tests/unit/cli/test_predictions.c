/* The CSV of sngp predict reads back as exactly the floats that the library gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after these four */
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sngp/sngp.h"
#include "unit/cli/program.h"

/* More rows than the program writes at once, so that blocks meet. */
enum { TRAINING_ROWS = 200, ROWS = 5000, CLASSES = 2 };

typedef struct {
  sngp_dataset *rows;
  sngp_model *model;
} fixture;

static fixture shared;

/* float32 in NumPy's format, version 1.0. */
static void write_npy(const char *path, const sngp_dataset *rows) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  char header[128];
  int length = snprintf(header, sizeof header,
                        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 2), }",
                        (int)sngp_dataset_rows(rows));
  int padded = 118; /* with the 10 bytes before it a multiple of 64 */
  const unsigned char start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)padded, 0};
  fwrite(start, 1, sizeof start, file);
  fprintf(file, "%s%*s\n", header, padded - 1 - length, "");
  const float *x = sngp_dataset_features(rows);
  for (int64_t i = 0; i < sngp_dataset_rows(rows); i++)
    fwrite(x + i * sngp_dataset_row_stride(rows), sizeof(float), 2, file);
  fclose(file);
}

static int set_up(void **state) {
  (void)state;
  scratch_folder();
  sngp_dataset *training = NULL;
  sngp_model_config config;
  sngp_fit_config fit;
  assert_int_equal(sngp_dataset_two_moons(TRAINING_ROWS, 0.1, 1, &training), SNGP_OK);
  assert_int_equal(sngp_dataset_two_moons(ROWS, 2, 2, &shared.rows), SNGP_OK);
  assert_int_equal(sngp_model_config_init(&config, sizeof config), SNGP_OK);
  config.input_dim = 2;
  config.num_classes = CLASSES;
  config.num_layers = 2;
  config.num_hidden = 16;
  config.num_random_features = 32;
  assert_int_equal(sngp_fit_config_init(&fit, sizeof fit), SNGP_OK);
  fit.epochs = 5;
  sngp_optimizer *adam = NULL;
  assert_int_equal(sngp_model_create(&config, &shared.model), SNGP_OK);
  assert_int_equal(sngp_optimizer_create(NULL, &adam), SNGP_OK);
  assert_int_equal(sngp_fit(shared.model, adam, training, NULL, &fit, NULL), SNGP_OK);
  assert_int_equal(sngp_model_save(shared.model, "model"), SNGP_OK);
  write_npy("x.npy", shared.rows);
  sngp_optimizer_free(adam);
  sngp_dataset_free(training);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  sngp_model_free(shared.model);
  sngp_dataset_free(shared.rows);
  remove_scratch((const char *const[]){"model", "ensemble", "x.npy", "out.csv", "stdout", NULL});
  return 0;
}

static sngp_predict_config config_of(int32_t method) {
  sngp_predict_config config;
  assert_int_equal(sngp_predict_config_init(&config, sizeof config), SNGP_OK);
  config.method = method;
  return config;
}

/* Compares a file with what the library predicts. The program predicts other rows at once than one
   call here does, which may change a last digit: the call here is made in the same blocks. */
static void check_file(const char *path, sngp_predict_config config) {
  enum { BLOCK = 4096, WORKSPACE_ROWS = 1024 };
  static float probabilities[BLOCK * CLASSES], variance[BLOCK], uncertainty[BLOCK];
  static int32_t classes[BLOCK];
  sngp_workspace *workspace = NULL;
  assert_int_equal(sngp_workspace_create(shared.model, &config, WORKSPACE_ROWS, &workspace),
                   SNGP_OK);
  sngp_prediction out = {.struct_size = sizeof out,
                         .probabilities = probabilities,
                         .classes = classes,
                         .variance = variance,
                         .uncertainty = uncertainty};
  FILE *file = fopen(path, "r");
  char line[512];
  assert_non_null(file);
  assert_non_null(fgets(line, sizeof line, file));
  assert_string_equal(line, "row,class,probability_0,probability_1,variance,uncertainty\n");
  const float *x = sngp_dataset_features(shared.rows);
  int64_t stride = sngp_dataset_row_stride(shared.rows);
  for (int64_t row = 0; row < ROWS; row++) {
    int64_t i = row % BLOCK;
    if (i == 0) {
      int64_t count = ROWS - row < BLOCK ? ROWS - row : BLOCK;
      config.first_row = row;
      assert_int_equal(
          sngp_predict(shared.model, workspace, x + row * stride, count, 2, stride, &config, &out),
          SNGP_OK);
    }
    assert_non_null(fgets(line, sizeof line, file));
    char *rest = line;
    assert_int_equal(strtoll(rest, &rest, 10), row);
    assert_int_equal(strtoll(rest + 1, &rest, 10), classes[i]);
    assert_true(strtof(rest + 1, &rest) == probabilities[2 * i]);
    assert_true(strtof(rest + 1, &rest) == probabilities[2 * i + 1]);
    assert_true(strtof(rest + 1, &rest) == variance[i]);
    assert_true(strtof(rest + 1, &rest) == uncertainty[i]);
    assert_string_equal(rest, "\n");
  }
  assert_null(fgets(line, sizeof line, file));
  fclose(file);
  sngp_workspace_free(workspace);
}

static void predictions_read_back_exactly(void **state) {
  (void)state;
  assert_int_equal(run_program("predict model --npy x.npy --threads 1 --out out.csv", "stdout"), 0);
  check_file("out.csv", config_of(SNGP_PREDICT_MEAN_FIELD));
}

static void standard_output_and_map_do_too(void **state) {
  (void)state;
  assert_int_equal(run_program("predict model --npy x.npy --threads 1 --method map", "stdout"), 0);
  check_file("stdout", config_of(SNGP_PREDICT_MAP));
}

/* Draws and dropout belong to the row's number in the whole table. */
static void sampled_methods_do_too(void **state) {
  (void)state;
  sngp_predict_config config = config_of(SNGP_PREDICT_MC_DROPOUT);
  config.num_samples = 3;
  config.seed = 7;
  config.mean_field_factor = 2;
  assert_int_equal(run_program("predict model --npy x.npy --threads 1 --out out.csv --method "
                               "mc-dropout --passes 3 --seed 7 --mean-field-factor 2",
                               "stdout"),
                   0);
  check_file("out.csv", config);
  config = config_of(SNGP_PREDICT_MONTE_CARLO);
  config.num_samples = 4;
  config.joint_samples = 1;
  assert_int_equal(run_program("predict model --npy x.npy --threads 1 --out out.csv --method "
                               "monte-carlo --samples 4 --joint",
                               "stdout"),
                   0);
  check_file("out.csv", config);
}

static void factor_and_temperature_take_the_place_of_the_model_s(void **state) {
  (void)state;
  sngp_predict_config config = config_of(SNGP_PREDICT_MEAN_FIELD);
  config.mean_field_factor = -1;
  config.temperature = 0.5;
  assert_int_equal(run_program("predict model --npy x.npy --threads 1 --out out.csv "
                               "--mean-field-factor -1 --temperature 0.5",
                               "stdout"),
                   0);
  check_file("out.csv", config);
}

/* The mean of the members' probabilities and variances. */
static void an_ensemble_predicts_the_mean_of_its_members(void **state) {
  (void)state;
  enum { CHECKED = 50 };
  float probabilities[2][CHECKED * CLASSES], variance[2][CHECKED];
  const float *x = sngp_dataset_features(shared.rows);
  sngp_model *second = NULL;
  sngp_ensemble *ensemble = NULL;
  assert_int_equal(sngp_model_clone(shared.model, &second), SNGP_OK);
  float weights[32 * CLASSES];
  assert_int_equal(sngp_model_get_parameter(second, "output.weight", weights, 32 * CLASSES),
                   SNGP_OK);
  for (int i = 0; i < 32 * CLASSES; i++) weights[i] *= -0.5f;
  assert_int_equal(sngp_model_set_parameter(second, "output.weight", weights, 32 * CLASSES),
                   SNGP_OK);
  assert_int_equal(sngp_model_finish_covariance(second), SNGP_OK);
  const sngp_model *members[2] = {shared.model, second};
  assert_int_equal(sngp_ensemble_from_models(members, 2, &ensemble), SNGP_OK);
  assert_int_equal(sngp_ensemble_save(ensemble, "ensemble"), SNGP_OK);
  for (int m = 0; m < 2; m++) {
    sngp_prediction out = {
        .struct_size = sizeof out, .probabilities = probabilities[m], .variance = variance[m]};
    assert_int_equal(sngp_predict(members[m], NULL, x, CHECKED, 2,
                                  sngp_dataset_row_stride(shared.rows), NULL, &out),
                     SNGP_OK);
  }
  assert_int_equal(run_program("predict ensemble --npy x.npy --out out.csv", "stdout"), 0);
  FILE *file = fopen("out.csv", "r");
  char line[512];
  assert_non_null(file);
  assert_non_null(fgets(line, sizeof line, file));
  for (int i = 0; i < CHECKED; i++) {
    assert_non_null(fgets(line, sizeof line, file));
    char *rest = strchr(strchr(line, ',') + 1, ',');
    for (int k = 0; k < CLASSES; k++) {
      float mean = (probabilities[0][i * CLASSES + k] + probabilities[1][i * CLASSES + k]) / 2;
      assert_true(fabsf(strtof(rest + 1, &rest) - mean) < 1e-5f);
    }
    float mean = (variance[0][i] + variance[1][i]) / 2;
    assert_true(fabsf(strtof(rest + 1, &rest) - mean) < 1e-4f * mean);
  }
  fclose(file);
  sngp_ensemble_free(ensemble);
  sngp_model_free(second);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(predictions_read_back_exactly),
      cmocka_unit_test(standard_output_and_map_do_too),
      cmocka_unit_test(sampled_methods_do_too),
      cmocka_unit_test(an_ensemble_predicts_the_mean_of_its_members),
      cmocka_unit_test(factor_and_temperature_take_the_place_of_the_model_s),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
