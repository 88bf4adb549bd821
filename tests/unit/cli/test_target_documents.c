/* The JSON documents of train, evaluate and info for models of targets: exactly the documented
   keys, and numbers that formulas in the test give for the library's own predictions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after these four */
#include <cmocka.h>
#include <math.h>

#include "sngp/sngp.h"
#include "unit/cli/program.h"

#define SMALL "--num-layers 1 --num-hidden 8 --num-features 32 --threads 1 --epochs 10"

enum { ROWS = 120, OOD_ROWS = 40, TARGETS = 2, LABELS = 3 };

static const double PI = 3.14159265358979323846;

/* Two targets of different units, `low` and `high`, of x and y; or labels of 0 and 1. With `far`
   the rows are elsewhere. */
static void write_rows(const char *path, bool labels, double far) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(labels ? "x,y,left,lower,both\n" : "x,y,low,high\n", file);
  for (int i = 0; i < (far != 0 ? OOD_ROWS : ROWS); i++) {
    double x = i * 7 % 20 / 10.0 - 1 + far, y = i * 11 % 30 / 15.0 - 1 - far;
    double noise = (i * 13 % 17 - 8) / 100.0;
    if (labels)
      fprintf(file, "%g,%g,%d,%d,%d\n", x, y, x < noise * 5, y < 0, x < 0 && y < noise);
    else
      fprintf(file, "%g,%g,%g,%g\n", x, y, sin(2 * x) + y + noise, 1000 * (x * y + 2 * noise));
  }
  fclose(file);
}

static int set_up(void **state) {
  (void)state;
  scratch_folder();
  write_rows("rows.csv", false, 0);
  write_rows("far.csv", false, 9);
  write_rows("labels.csv", true, 0);
  write_rows("far_labels.csv", true, 9);
  return run_program(
             "train --task regression --num-targets 2 --data rows.csv --validation 0.25 "
             "--out model --json --learning-rate 0.01 " SMALL,
             "train.json") |
         run_program(
             "train --task regression --target low --target high --data rows.csv --out "
             "ensemble --json --method ensemble --members 2 --member-method sngp " SMALL,
             "ensemble.json") |
         run_program(
             "train --task multi-label --num-targets 3 --data labels.csv --out labels "
             "--validation 0.25 --json --learning-rate 0.01 " SMALL,
             "labels.json");
}

static int tear_down(void **state) {
  (void)state;
  remove_scratch((const char *const[]){"rows.csv", "far.csv", "labels.csv", "far_labels.csv",
                                       "model", "ensemble", "labels", "train.json", "ensemble.json",
                                       "labels.json", "out.json", "counts", "several", "close.csv",
                                       NULL});
  return 0;
}

static bool near(double found, double expected) {
  return fabs(found - expected) <= 1e-5 * fabs(expected) + 1e-9;
}

/* Rows of a file and what a model predicts for them. */
typedef struct {
  sngp_model *model;
  sngp_dataset *rows;
  float mean[ROWS * TARGETS], variance[ROWS * TARGETS], probabilities[ROWS * LABELS];
} fixture;

static void predict(fixture *f, const char *model, const char *path, int64_t targets) {
  sngp_csv_config csv;
  sngp_predict_config config;
  assert_int_equal(sngp_csv_config_init(&csv, sizeof csv), SNGP_OK);
  csv.label_mode = SNGP_CSV_TARGETS;
  csv.num_target_columns = targets;
  assert_int_equal(sngp_model_load(model, &f->model), SNGP_OK);
  assert_int_equal(sngp_dataset_read_csv(path, &csv, &f->rows), SNGP_OK);
  assert_int_equal(sngp_predict_config_init(&config, sizeof config), SNGP_OK);
  sngp_prediction out = {.struct_size = sizeof out, .variance = f->variance};
  if (sngp_model_num_targets(f->model) == LABELS)
    out.probabilities = f->probabilities;
  else
    out.mean = f->mean;
  assert_int_equal(
      sngp_predict(f->model, NULL, sngp_dataset_features(f->rows), sngp_dataset_rows(f->rows), 2,
                   sngp_dataset_row_stride(f->rows), &config, &out),
      SNGP_OK);
}

static void give_back(fixture *f) {
  sngp_dataset_free(f->rows);
  sngp_model_free(f->model);
}

static double normal_density(double z) { return exp(-z * z / 2) / sqrt(2 * PI); }
static double normal_distribution(double z) { return erfc(-z / sqrt(2)) / 2; }

typedef struct {
  double square, absolute, nll, crps, covered, width;
} sums;

static sums sums_of(const fixture *f, int64_t target) {
  sums s = {0};
  for (int64_t i = 0; i < ROWS; i++) {
    double y = (double)sngp_dataset_targets(f->rows)[i * TARGETS + target];
    double variance = (double)f->variance[i * TARGETS + target], deviation = sqrt(variance);
    double error = y - (double)f->mean[i * TARGETS + target], z = error / deviation;
    s.square += error * error;
    s.absolute += fabs(error);
    s.nll += log(2 * PI * variance) / 2 + z * z / 2;
    s.crps +=
        deviation * (z * (2 * normal_distribution(z) - 1) + 2 * normal_density(z) - 1 / sqrt(PI));
    s.covered += fabs(z) <= 1.959964;
    s.width += 2 * 1.959964 * deviation;
  }
  return s;
}

#define MEASURES "rmse mae nll crps coverage95 mean_width95"

static void evaluate_measures_each_target_in_its_own_units(void **state) {
  (void)state;
  fixture f = {0};
  predict(&f, "model", "rows.csv", TARGETS);
  assert_int_equal(run_program("evaluate model --data rows.csv --threads 1 --json", "out.json"), 0);
  json_t *document = read_document("out.json");
  assert_true(has_keys(document, "rows " MEASURES " targets"));
  assert_int_equal(json_integer_value(json_object_get(document, "rows")), ROWS);
  const json_t *targets = json_object_get(document, "targets");
  assert_int_equal(json_array_size(targets), TARGETS);
  double square = 0, nll = 0;
  for (int64_t k = 0; k < TARGETS; k++) {
    const json_t *target = json_array_get(targets, (size_t)k);
    sums s = sums_of(&f, k);
    assert_true(has_keys(target, "name " MEASURES));
    assert_string_equal(json_string_value(json_object_get(target, "name")),
                        k == 0 ? "low" : "high");
    assert_true(near(number(target, "rmse"), sqrt(s.square / ROWS)));
    assert_true(near(number(target, "mae"), s.absolute / ROWS));
    assert_true(near(number(target, "nll"), s.nll / ROWS));
    assert_true(near(number(target, "crps"), s.crps / ROWS));
    assert_true(near(number(target, "coverage95"), s.covered / ROWS));
    assert_true(near(number(target, "mean_width95"), s.width / ROWS));
    square += s.square;
    nll += s.nll;
  }
  assert_true(near(number(document, "rmse"), sqrt(square / (ROWS * TARGETS))));
  assert_true(near(number(document, "nll"), nll / (ROWS * TARGETS)));
  /* The units are not those that training used. */
  assert_true(number(json_array_get(targets, 1), "rmse") >
              50 * number(json_array_get(targets, 0), "rmse"));
  json_decref(document);
  give_back(&f);
}

static void far_rows_are_told_by_the_variance_alone(void **state) {
  (void)state;
  const char *const models[] = {"model", "ensemble"};
  for (int i = 0; i < 2; i++) {
    char words[256];
    snprintf(words, sizeof words, "evaluate %s --data rows.csv --ood-data far.csv --json",
             models[i]);
    assert_int_equal(run_program(words, "out.json"), 0);
    json_t *document = read_document("out.json");
    const json_t *ood = json_object_get(document, "ood");
    assert_int_equal(json_integer_value(json_object_get(ood, "rows")), OOD_ROWS);
    assert_true(has_keys(json_object_get(ood, "scores"), "variance"));
    const json_t *variance = json_object_get(json_object_get(ood, "scores"), "variance");
    assert_true(number(variance, "auroc") == 1);
    json_decref(document);
  }
}

static void train_reports_the_noise_and_what_held_out_rows_say(void **state) {
  (void)state;
  json_t *document = read_document("train.json");
  assert_true(has_keys(document,
                       "method task parameters kernel_scale noise_variance history "
                       "validation seconds out"));
  assert_string_equal(json_string_value(json_object_get(document, "task")), "regression");
  /* Of the scaled targets in the model's file, which have these scales. */
  sngp_model *model = NULL;
  float noise[TARGETS], scale[TARGETS];
  assert_int_equal(sngp_model_load("model", &model), SNGP_OK);
  assert_int_equal(sngp_model_get_parameter(model, "noise.variance", noise, TARGETS), SNGP_OK);
  assert_int_equal(sngp_model_get_parameter(model, "target_scaling.scale", scale, TARGETS),
                   SNGP_OK);
  const json_t *found = json_object_get(document, "noise_variance");
  assert_int_equal(json_array_size(found), TARGETS);
  for (size_t k = 0; k < TARGETS; k++)
    assert_true(near(json_number_value(json_array_get(found, k)),
                     (double)noise[k] * (double)scale[k] * (double)scale[k]));
  sngp_model_free(model);
  const json_t *validation = json_object_get(document, "validation");
  assert_true(has_keys(validation, "rows " MEASURES " targets"));
  assert_int_equal(json_integer_value(json_object_get(validation, "rows")), ROWS / 4);
  const json_t *last = json_array_get(json_object_get(document, "history"), 9);
  assert_true(number(last, "validation_loss") > 0);
  assert_true(json_is_null(json_object_get(last, "accuracy")));
  json_decref(document);
}

static void an_ensemble_reports_the_noise_of_each_member(void **state) {
  (void)state;
  json_t *document = read_document("ensemble.json");
  assert_true(
      has_keys(document, "method member_method task parameters members validation seconds out"));
  assert_true(json_is_null(json_object_get(document, "validation"))); /* nothing was held out */
  const json_t *members = json_object_get(document, "members");
  assert_int_equal(json_array_size(members), 2);
  for (size_t i = 0; i < 2; i++) {
    const json_t *member = json_array_get(members, i);
    assert_true(has_keys(member, "seed kernel_scale noise_variance history"));
    assert_int_equal(json_array_size(json_object_get(member, "noise_variance")), TARGETS);
  }
  json_decref(document);
}

static void info_shows_the_task_and_its_targets(void **state) {
  (void)state;
  assert_int_equal(run_program("info model --json", "out.json"), 0);
  json_t *document = read_document("out.json"), *trained = read_document("train.json");
  const json_t *config = json_object_get(document, "config");
  assert_string_equal(json_string_value(json_object_get(config, "task")), "regression");
  assert_string_equal(json_string_value(json_object_get(config, "likelihood")), "gaussian");
  assert_string_equal(json_string_value(json_object_get(config, "posterior")), "shared");
  assert_int_equal(json_integer_value(json_object_get(config, "num_targets")), TARGETS);
  const json_t *names = json_object_get(config, "target_names");
  assert_string_equal(json_string_value(json_array_get(names, 1)), "high");
  assert_true(json_equal(json_object_get(config, "noise_variance"),
                         json_object_get(trained, "noise_variance")));
  const json_t *training = json_object_get(document, "training");
  assert_string_equal(json_string_value(json_object_get(training, "solver")), "gradient");
  assert_true(json_is_null(json_object_get(training, "accuracy")));
  json_decref(trained);
  json_decref(document);
}

/* Share of pairs of a row with the label and one without it that p orders rightly. */
static double pairs_in_order(const fixture *f, int64_t label) {
  const float *targets = sngp_dataset_targets(f->rows);
  double right = 0, pairs = 0;
  for (int64_t i = 0; i < ROWS; i++)
    for (int64_t j = 0; j < ROWS; j++) {
      if (targets[i * LABELS + label] <= targets[j * LABELS + label]) continue;
      float p = f->probabilities[i * LABELS + label], q = f->probabilities[j * LABELS + label];
      right += p > q ? 1 : p == q ? 0.5 : 0;
      pairs++;
    }
  return right / pairs;
}

static void labels_are_measured_each_and_together(void **state) {
  (void)state;
  fixture f = {0};
  predict(&f, "labels", "labels.csv", LABELS);
  const float *targets = sngp_dataset_targets(f.rows);
  assert_int_equal(run_program("evaluate labels --data labels.csv --ood-data far_labels.csv "
                               "--threads 1 --json",
                               "out.json"),
                   0);
  json_t *document = read_document("out.json");
  assert_true(has_keys(document, "rows accuracy exact_match nll brier macro_auroc labels ood"));
  const json_t *labels = json_object_get(document, "labels");
  double right[LABELS] = {0}, nll = 0, brier = 0, exact = 0, auroc = 0, accuracy = 0;
  for (int64_t i = 0; i < ROWS; i++) {
    int row_right = 0;
    for (int64_t k = 0; k < LABELS; k++) {
      double p = (double)f.probabilities[i * LABELS + k], y = (double)targets[i * LABELS + k];
      row_right += (p > 0.5) == (y == 1);
      right[k] += (p > 0.5) == (y == 1);
      nll -= log(y == 1 ? p : 1 - p);
      brier += 2 * (p - y) * (p - y);
    }
    exact += row_right == LABELS;
  }
  for (int64_t k = 0; k < LABELS; k++) {
    const json_t *label = json_array_get(labels, (size_t)k);
    assert_true(has_keys(label, "name frequency accuracy nll ece auroc"));
    assert_true(near(number(label, "accuracy"), right[k] / ROWS));
    assert_true(near(number(label, "auroc"), pairs_in_order(&f, k)));
    auroc += pairs_in_order(&f, k) / LABELS;
    accuracy += right[k] / ROWS / LABELS;
  }
  assert_true(near(number(document, "accuracy"), accuracy));
  assert_true(near(number(document, "exact_match"), exact / ROWS));
  assert_true(near(number(document, "nll"), nll / ROWS));
  assert_true(near(number(document, "brier"), brier / ROWS));
  assert_true(near(number(document, "macro_auroc"), auroc));
  assert_true(accuracy > exact / ROWS); /* they are told apart */
  assert_true(
      has_keys(json_object_get(json_object_get(document, "ood"), "scores"), "variance entropy"));
  json_decref(document);
  document = read_document("labels.json");
  assert_true(
      has_keys(document, "method task parameters kernel_scale history validation seconds out"));
  assert_true(number(json_array_get(json_object_get(document, "history"), 9), "accuracy") > 0.6);
  json_decref(document);
  give_back(&f);
}

static void counts_have_errors_of_the_mean_only(void **state) {
  (void)state;
  assert_int_equal(run_program("train --task counts --num-targets 3 --data labels.csv --out counts "
                               "--quiet " SMALL,
                               "out.json"),
                   0);
  assert_int_equal(run_program("evaluate counts --data labels.csv --json", "out.json"), 0);
  json_t *document = read_document("out.json");
  assert_true(has_keys(document, "rows rmse mae targets"));
  assert_true(number(document, "rmse") > 0);
  json_decref(document);
}

/* Where every output has a variance of its own, the score is their mean. */
static void several_variances_are_averaged_to_a_score(void **state) {
  (void)state;
  assert_int_equal(
      run_program("train --likelihood binary-logistic --task multi-label --num-targets 3 --data "
                  "labels.csv --out several --quiet " SMALL,
                  "out.json"),
      0);
  write_rows("close.csv", true, 0.4); /* so that no score tells all */
  fixture f = {0}, far = {0};
  float *variance[2] = {calloc(ROWS, LABELS * sizeof(float)), calloc(ROWS, LABELS * sizeof(float))};
  float mean[2][ROWS], first[2][ROWS];
  predict(&f, "several", "labels.csv", LABELS);
  predict(&far, "several", "close.csv", LABELS);
  assert_int_equal(sngp_model_num_variances(f.model), LABELS);
  const fixture *both[2] = {&f, &far};
  for (int s = 0; s < 2; s++) {
    sngp_prediction out = {.struct_size = sizeof out, .variance = variance[s]};
    int64_t rows = sngp_dataset_rows(both[s]->rows);
    assert_int_equal(sngp_predict(f.model, NULL, sngp_dataset_features(both[s]->rows), rows, 2,
                                  sngp_dataset_row_stride(both[s]->rows), NULL, &out),
                     SNGP_OK);
    for (int64_t i = 0; i < rows; i++) {
      const float *v = variance[s] + i * LABELS;
      mean[s][i] = (v[0] + v[1] + v[2]) / LABELS;
      first[s][i] = v[0];
    }
  }
  sngp_ood_metrics expected = {.struct_size = sizeof expected};
  sngp_ood_metrics of_first = expected;
  assert_int_equal(sngp_evaluate_ood(mean[0], ROWS, mean[1], OOD_ROWS, &expected), SNGP_OK);
  assert_int_equal(sngp_evaluate_ood(first[0], ROWS, first[1], OOD_ROWS, &of_first), SNGP_OK);
  assert_false(near(of_first.auroc, expected.auroc));
  assert_int_equal(run_program("evaluate several --data labels.csv --ood-data close.csv "
                               "--threads 1 --json",
                               "out.json"),
                   0);
  json_t *document = read_document("out.json");
  const json_t *scores = json_object_get(json_object_get(document, "ood"), "scores");
  assert_true(near(number(json_object_get(scores, "variance"), "auroc"), expected.auroc));
  assert_true(near(number(json_object_get(scores, "variance"), "aupr"), expected.aupr));
  json_decref(document);
  give_back(&f);
  give_back(&far);
  free(variance[0]);
  free(variance[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(evaluate_measures_each_target_in_its_own_units),
      cmocka_unit_test(far_rows_are_told_by_the_variance_alone),
      cmocka_unit_test(train_reports_the_noise_and_what_held_out_rows_say),
      cmocka_unit_test(an_ensemble_reports_the_noise_of_each_member),
      cmocka_unit_test(info_shows_the_task_and_its_targets),
      cmocka_unit_test(labels_are_measured_each_and_together),
      cmocka_unit_test(counts_have_errors_of_the_mean_only),
      cmocka_unit_test(several_variances_are_averaged_to_a_score),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
