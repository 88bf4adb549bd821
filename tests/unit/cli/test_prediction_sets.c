/* Prediction sets of the program: they hold the label as often as was asked, and are the same in
   sngp predict and in sngp evaluate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after these four */
#include <cmocka.h>
#include <math.h>

#include "sngp/sngp.h"
#include "unit/cli/program.h"

/* More test rows than the program predicts at once, so that blocks meet. */
enum { TRAINING_ROWS = 200, CALIBRATION_ROWS = 2000, TEST_ROWS = 5000 };

#define SETS " --data test.csv --calibration-data calibration.csv --threads 1 --coverage "

/* Moons with so much noise that they overlap. */
static void write_moons(const char *path, int64_t rows, int64_t seed) {
  sngp_dataset *moons = NULL;
  assert_int_equal(sngp_dataset_two_moons(rows, 0.5, seed, &moons), SNGP_OK);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  for (int64_t i = 0; i < rows; i++) {
    const float *x = sngp_dataset_features(moons) + i * sngp_dataset_row_stride(moons);
    fprintf(file, "%.9g,%.9g,%d\n", (double)x[0], (double)x[1], sngp_dataset_labels(moons)[i]);
  }
  fclose(file);
  sngp_dataset_free(moons);
}

static int set_up(void **state) {
  (void)state;
  scratch_folder();
  write_moons("training.csv", TRAINING_ROWS, 1);
  write_moons("calibration.csv", CALIBRATION_ROWS, 2);
  write_moons("test.csv", TEST_ROWS, 3);
  return run_program(
      "train --data training.csv --out model --epochs 30 --learning-rate 0.01 --num-layers 1 "
      "--num-hidden 16 --num-features 32 --threads 1 --quiet",
      "stdout");
}

static int tear_down(void **state) {
  (void)state;
  remove_scratch((const char *const[]){"training.csv", "calibration.csv", "test.csv", "model",
                                       "stdout", "out.json", "out.csv", NULL});
  return 0;
}

static json_t *evaluate(const char *options) {
  char words[256];
  snprintf(words, sizeof words, "evaluate model" SETS "%s --json", options);
  assert_int_equal(run_program(words, "out.json"), 0);
  json_t *document = read_document("out.json");
  json_t *conformal = json_incref(json_object_get(document, "conformal"));
  assert_true(
      has_keys(conformal, "target calibration_rows threshold coverage mean_size singletons empty"));
  json_decref(document);
  return conformal;
}

/* With n calibration rows the coverage of one calibration has a standard deviation of about
   sqrt(c (1 - c) / n), and its estimate from m test rows adds as much for m: four of them. The
   likeliest class is always in the set, which can only add, and less than all classes in all sets
   would. */
static void sets_hold_the_label_as_often_as_asked(void **state) {
  (void)state;
  const double targets[] = {0.9, 0.97};
  const char *const options[] = {"0.9", "0.97 --method mc-dropout --passes 3 --seed 5"};
  for (int i = 0; i < 2; i++) {
    double c = targets[i];
    double deviation = sqrt(c * (1 - c) * (1.0 / CALIBRATION_ROWS + 1.0 / TEST_ROWS));
    json_t *conformal = evaluate(options[i]);
    assert_true(number(conformal, "target") == c);
    assert_true(number(conformal, "calibration_rows") == CALIBRATION_ROWS);
    assert_true(number(conformal, "coverage") > c - 4 * deviation);
    assert_true(number(conformal, "mean_size") > 1 && number(conformal, "mean_size") < 1.6);
    assert_true(number(conformal, "empty") == 0);
    json_decref(conformal);
  }
}

static void predict_writes_the_sets_that_evaluate_measures(void **state) {
  (void)state;
  const char options[] = "0.9 --method mc-dropout --passes 2 --seed 9";
  char words[256], line[512];
  json_t *conformal = evaluate(options);
  snprintf(words, sizeof words, "predict model" SETS "%s --out out.csv", options);
  assert_int_equal(run_program(words, "stdout"), 0);
  FILE *predictions = fopen("out.csv", "r"), *rows = fopen("test.csv", "r");
  assert_non_null(predictions);
  assert_non_null(rows);
  assert_non_null(fgets(line, sizeof line, predictions));
  int64_t holding = 0, classes = 0;
  for (int i = 0; i < TEST_ROWS; i++) {
    assert_non_null(fgets(line, sizeof line, predictions));
    const char *set = strrchr(line, ',') + 1;
    char label[512];
    assert_non_null(fgets(label, sizeof label, rows));
    bool both = strcmp(set, "0;1\n") == 0;
    classes += both ? 2 : 1;
    holding += both || strcmp(set, strrchr(label, ',') + 1) == 0;
  }
  fclose(rows);
  fclose(predictions);
  assert_true(fabs(number(conformal, "coverage") * TEST_ROWS - (double)holding) < 1e-6);
  assert_true(fabs(number(conformal, "mean_size") * TEST_ROWS - (double)classes) < 1e-6);
  json_decref(conformal);
}

/* The program's threshold is not that of draws which the calibration rows share with the rows of
   the table that have their numbers. */
static void calibration_rows_draw_numbers_of_their_own(void **state) {
  (void)state;
  json_t *conformal = evaluate("0.9 --method mc-dropout --passes 3 --seed 5");
  sngp_model *model = NULL;
  sngp_dataset *rows = NULL;
  static float p[CALIBRATION_ROWS * 2];
  sngp_predict_config predict;
  sngp_conformal_config config;
  double shared = 0;
  assert_int_equal(sngp_model_load("model", &model), SNGP_OK);
  assert_int_equal(sngp_dataset_read_csv("calibration.csv", NULL, &rows), SNGP_OK);
  assert_int_equal(sngp_predict_config_init(&predict, sizeof predict), SNGP_OK);
  assert_int_equal(sngp_conformal_config_init(&config, sizeof config), SNGP_OK);
  predict.method = SNGP_PREDICT_MC_DROPOUT;
  predict.num_samples = 3;
  predict.seed = config.seed = 5;
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = p};
  assert_int_equal(sngp_predict(model, NULL, sngp_dataset_features(rows), CALIBRATION_ROWS, 2,
                                sngp_dataset_row_stride(rows), &predict, &out),
                   SNGP_OK);
  assert_int_equal(
      sngp_conformal_calibrate(p, CALIBRATION_ROWS, 2, sngp_dataset_labels(rows), &config, &shared),
      SNGP_OK);
  double apart = fabs(number(conformal, "threshold") - shared);
  assert_true(apart > 1e-5 && apart < 0.1); /* rounding is less */
  sngp_dataset_free(rows);
  sngp_model_free(model);
  json_decref(conformal);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sets_hold_the_label_as_often_as_asked),
      cmocka_unit_test(predict_writes_the_sets_that_evaluate_measures),
      cmocka_unit_test(calibration_rows_draw_numbers_of_their_own),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
