/* A head that the program fits is, to the byte, the one that the library fits with the settings
   that the options mean; and what it reports is what the library found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after these four */
#include <cmocka.h>
#include <math.h>

#include "sngp/sngp.h"
#include "unit/cli/program.h"

enum { ROWS = 90, FEATURES = 24 };

static int set_up(void **state) {
  (void)state;
  scratch_folder();
  FILE *numbers = fopen("numbers.csv", "w"), *classes = fopen("classes.csv", "w");
  if (numbers == NULL || classes == NULL) return -1;
  for (int i = 0; i < ROWS; i++) {
    double x = i * 7 % 20 / 10.0 - 1, y = i * 11 % 30 / 15.0 - 1;
    fprintf(numbers, "%g,%g,%g\n", x, y, 100 * sin(2 * x) + y + i * 13 % 17);
    fprintf(classes, "%g,%g,%d\n", x, y, (x > 0) + (y * y > 0.5));
  }
  fclose(numbers);
  fclose(classes);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  remove_scratch(
      (const char *const[]){"numbers.csv", "classes.csv", "program", "library", "out.json", NULL});
  return 0;
}

typedef struct {
  sngp_model_config model;
  sngp_head_fit_config fit;
  sngp_head_fit_result result;
} settings;

static settings defaults(void) {
  settings s;
  assert_int_equal(sngp_model_config_init(&s.model, sizeof s.model), SNGP_OK);
  assert_int_equal(sngp_head_fit_config_init(&s.fit, sizeof s.fit), SNGP_OK);
  s.result = (sngp_head_fit_result){.struct_size = sizeof s.result};
  s.model.backbone = SNGP_BACKBONE_NONE;
  s.model.normalize_input = SNGP_NORMALIZE_NONE;
  s.model.num_random_features = FEATURES;
  return s;
}

/* Fits and saves what the settings say. */
static void fit(settings *s, const char *path) {
  sngp_dataset *rows = NULL;
  sngp_csv_config csv;
  sngp_model *model = NULL;
  bool regression = s->model.task == SNGP_TASK_REGRESSION;
  assert_int_equal(sngp_csv_config_init(&csv, sizeof csv), SNGP_OK);
  if (regression) csv.label_mode = SNGP_CSV_TARGETS;
  assert_int_equal(sngp_dataset_read_csv(path, &csv, &rows), SNGP_OK);
  s->model.input_dim = sngp_dataset_cols(rows);
  s->model.num_classes = sngp_dataset_num_classes(rows);
  s->model.num_targets = sngp_dataset_num_targets(rows);
  assert_int_equal(sngp_model_create(&s->model, &model), SNGP_OK);
  assert_int_equal(sngp_head_fit(model, rows, &s->fit, &s->result), SNGP_OK);
  assert_int_equal(sngp_model_save(model, "library"), SNGP_OK);
  sngp_model_free(model);
  sngp_dataset_free(rows);
}

static void assert_same_files(const char *a, const char *b) {
  FILE *first = fopen(a, "rb"), *second = fopen(b, "rb");
  assert_true(first != NULL && second != NULL);
  int byte;
  do {
    byte = getc(first);
    assert_int_equal(byte, getc(second));
  } while (byte != EOF);
  fclose(first);
  fclose(second);
}

static bool near(double found, double expected) {
  return fabs(found - expected) <= 1e-12 * fabs(expected);
}

#define TRAIN "train --backbone none --num-features 24 --threads 1 --json --out program "

static void a_regression_is_fitted_by_evidence_with_a_length_for_each_column(void **state) {
  (void)state;
  settings s = defaults();
  s.model.task = SNGP_TASK_REGRESSION;
  s.model.kernel_scaling = SNGP_KERNEL_SCALING_ARD;
  s.model.orthogonal_features = 1;
  fit(&s, "numbers.csv");
  assert_int_equal(run_program(TRAIN "--task regression --data numbers.csv", "out.json"), 0);
  assert_same_files("program", "library");
  json_t *document = read_document("out.json");
  assert_true(has_keys(
      document, "method task parameters kernel_scale noise_variance fit validation seconds out"));
  const json_t *found = json_object_get(document, "fit");
  assert_true(has_keys(found,
                       "solver selection converged iterations passes objective gradient "
                       "log_evidence nll ridge mean_field_factor temperature"));
  assert_string_equal(json_string_value(json_object_get(found, "solver")), "closed_form");
  assert_string_equal(json_string_value(json_object_get(found, "selection")), "evidence");
  assert_true(near(number(found, "ridge"), s.result.ridge));
  assert_true(near(number(found, "log_evidence"), s.result.log_evidence));
  assert_true(near(number(document, "kernel_scale"), s.result.kernel_scale));
  const json_t *noise = json_array_get(json_object_get(document, "noise_variance"), 0);
  assert_true(fabs(json_number_value(noise) / s.result.noise_variance - 1) < 1e-6);
  assert_true(json_is_null(json_object_get(found, "objective")));
  json_decref(document);
}

static void classes_are_fitted_to_the_optimum_and_tuned(void **state) {
  (void)state;
  settings s = defaults();
  fit(&s, "classes.csv");
  assert_int_equal(run_program(TRAIN "--data classes.csv", "out.json"), 0);
  assert_same_files("program", "library");
  json_t *document = read_document("out.json");
  assert_true(
      has_keys(document, "method task parameters kernel_scale fit calibration seconds out"));
  const json_t *found = json_object_get(document, "fit");
  assert_string_equal(json_string_value(json_object_get(found, "solver")), "lbfgs");
  assert_true(json_is_true(json_object_get(found, "converged")));
  assert_int_equal(json_integer_value(json_object_get(found, "iterations")), s.result.iterations);
  assert_true(near(number(found, "objective"), s.result.objective));
  assert_true(near(number(found, "nll"), s.result.nll));
  assert_true(near(number(found, "temperature"), s.result.temperature));
  assert_true(number(found, "gradient") <= 1e-5);
  json_decref(document);
}

static void options_reach_the_fit(void **state) {
  (void)state;
  settings s = defaults();
  s.model.kernel = SNGP_KERNEL_MATERN_52;
  s.model.kernel_scale = 2.5;
  s.model.ridge = 0.125;
  s.model.likelihood = SNGP_LIKELIHOOD_SOFTMAX;
  s.model.posterior = SNGP_POSTERIOR_PER_OUTPUT;
  s.model.seed = 7;
  s.fit.solver = SNGP_SOLVER_MAJORISED;
  s.fit.selection = SNGP_SELECTION_NONE;
  s.fit.tolerance = 1e-3;
  s.fit.calibrate = 0;
  fit(&s, "classes.csv");
  assert_int_equal(
      run_program(TRAIN "--data classes.csv --kernel matern-52 --kernel-scale 2.5 --ridge 0.125 "
                        "--likelihood softmax --posterior per-output --seed 7 --solver majorised "
                        "--selection none --tolerance 0.001 --no-calibration",
                  "out.json"),
      0);
  assert_same_files("program", "library");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_regression_is_fitted_by_evidence_with_a_length_for_each_column),
      cmocka_unit_test(classes_are_fitted_to_the_optimum_and_tuned),
      cmocka_unit_test(options_reach_the_fit),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
