/* The JSON document of evaluate: exactly the documented keys, and the right numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after these four */
#include <cmocka.h>
#include <math.h>

#include "sngp/sngp.h"
#include "unit/cli/documents.h"

#define MEASURES                                                                      \
  "rows accuracy nll brier brier_reliability brier_resolution brier_uncertainty ece " \
  "adaptive_ece max_calibration_error aurc accuracy_at_80 selective"

static void evaluate_without_out_of_domain_rows_has_no_ood(void **state) {
  (void)state;
  assert_int_equal(run_program("evaluate model --data rows.csv --json", "out.json"), 0);
  json_t *document = read_document("out.json");
  assert_true(has_keys(document, MEASURES));
  assert_int_equal(json_integer_value(json_object_get(document, "rows")), ROWS);
  assert_true(number(document, "accuracy") == 1);
  json_decref(document);
}

/* Labels of which every seventh is wrong, so that the scores differ in what they reject. */
static void write_mislabelled_rows(const char *path) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  for (int i = 0; i < ROWS; i++)
    fprintf(file, "%.3f,%.3f,%d\n", 4 * (i % 3) + i * 7 % 10 / 10.0,
            i * 3 % 10 / 10.0 - i % 3 + i % 5, i % 7 == 0 ? (i + 1) % 3 : i % 3);
  fclose(file);
}

static void each_score_is_judged_by_what_it_rejects(void **state) {
  (void)state;
  float scores[5][ROWS];
  int32_t classes[ROWS];
  const char *const keys[5] = {"variance", "max_probability", "entropy", "dempster_shafer",
                               "energy"};
  sngp_prediction out = {.struct_size = sizeof out,
                         .classes = classes,
                         .variance = scores[0],
                         .uncertainty = scores[1],
                         .entropy = scores[2],
                         .dempster_shafer = scores[3],
                         .energy = scores[4]};
  sngp_model *model = NULL;
  sngp_dataset *rows = NULL;
  write_mislabelled_rows("wrong.csv");
  assert_int_equal(sngp_model_load("model", &model), SNGP_OK);
  assert_int_equal(sngp_dataset_read_csv("wrong.csv", NULL, &rows), SNGP_OK);
  assert_int_equal(sngp_predict(model, NULL, sngp_dataset_features(rows), ROWS, 2,
                                sngp_dataset_row_stride(rows), NULL, &out),
                   SNGP_OK);
  assert_int_equal(run_program("evaluate model --data wrong.csv --threads 1 --json", "out.json"),
                   0);
  json_t *document = read_document("out.json");
  const json_t *selective = json_object_get(document, "selective");
  assert_true(has_keys(selective, "variance max_probability entropy dempster_shafer energy"));
  for (int i = 0; i < 5; i++) {
    sngp_selective_metrics expected = {.struct_size = sizeof expected};
    assert_int_equal(
        sngp_evaluate_selective(scores[i], classes, sngp_dataset_labels(rows), ROWS, &expected),
        SNGP_OK);
    const json_t *found = json_object_get(selective, keys[i]);
    assert_true(has_keys(found, "aurc excess_aurc accuracy_at_80"));
    assert_true(fabs(number(found, "aurc") - expected.aurc) < 1e-12);
    assert_true(fabs(number(found, "excess_aurc") - expected.excess_aurc) < 1e-12);
    assert_true(fabs(number(found, "accuracy_at_80") - expected.accuracy_at_80) < 1e-12);
  }
  /* The measures of the whole are those of 1 - max p. */
  const json_t *sure = json_object_get(selective, "max_probability");
  assert_true(number(document, "aurc") > 0);
  assert_true(number(document, "aurc") == number(sure, "aurc"));
  assert_true(number(document, "accuracy_at_80") == number(sure, "accuracy_at_80"));
  json_decref(document);
  sngp_dataset_free(rows);
  sngp_model_free(model);
}

/* brier = reliability - resolution + uncertainty, but for what p varies within bins, which is
   nothing where all of a class's probabilities are the same. */
static void the_parts_of_the_brier_score_are_told_apart(void **state) {
  (void)state;
  FILE *file = fopen("same.csv", "w");
  assert_non_null(file);
  for (int i = 0; i < 20; i++) fprintf(file, "1.5,0.5,%d\n", i % 5 == 0);
  fclose(file);
  assert_int_equal(run_program("evaluate model --data same.csv --json", "out.json"), 0);
  json_t *document = read_document("out.json");
  double uncertainty = 0.2 * 0.8 + 0.8 * 0.2;
  assert_true(fabs(number(document, "brier_uncertainty") - uncertainty) < 1e-12);
  assert_true(fabs(number(document, "brier_resolution")) < 1e-12);
  assert_true(
      fabs(number(document, "brier_reliability") + uncertainty - number(document, "brier")) < 1e-6);
  /* One bin: all errors of calibration are its own. */
  assert_true(fabs(number(document, "ece") - number(document, "max_calibration_error")) < 1e-12);
  assert_true(fabs(number(document, "ece") - number(document, "adaptive_ece")) < 1e-6);
  json_decref(document);
}

static void what_json_cannot_hold_is_null(void **state) {
  (void)state;
  FILE *file = fopen("same.csv", "w");
  assert_non_null(file);
  /* Logits so far apart that at most one class has a probability in single precision. */
  for (int i = 0; i < 3; i++) fprintf(file, "1e9,-1e9,%d\n", i);
  fclose(file);
  assert_int_equal(run_program("evaluate dense --data same.csv --json", "out.json"), 0);
  json_t *document = read_document("out.json");
  assert_true(json_is_null(json_object_get(document, "nll")));
  json_decref(document);
}

static void evaluate_compares_each_score(void **state) {
  (void)state;
  assert_int_equal(
      run_program("evaluate model --data rows.csv --ood-data far.csv --json", "out.json"), 0);
  json_t *document = read_document("out.json");
  assert_true(has_keys(document, MEASURES " ood"));
  const json_t *ood = json_object_get(document, "ood");
  assert_true(has_keys(ood, "rows scores"));
  assert_int_equal(json_integer_value(json_object_get(ood, "rows")), ROWS);
  const json_t *scores = json_object_get(ood, "scores");
  assert_true(has_keys(scores, "variance max_probability entropy dempster_shafer energy"));
  const char *name;
  json_t *score;
  json_object_foreach((json_t *)scores, name, score) {
    assert_true(has_keys(score, "auroc aupr fpr95"));
  }
  /* Rows ten times the data's extent away: the variance tells every one. */
  const json_t *variance = json_object_get(scores, "variance");
  assert_true(number(variance, "auroc") == 1);
  assert_true(number(variance, "aupr") == 1);
  assert_true(number(variance, "fpr95") == 0);
  json_decref(document);
}

static void a_model_without_variance_has_no_key_for_it(void **state) {
  (void)state;
  assert_int_equal(
      run_program("evaluate dense --data rows.csv --ood-data far.csv --json", "out.json"), 0);
  json_t *document = read_document("out.json");
  const json_t *scores = json_object_get(json_object_get(document, "ood"), "scores");
  assert_true(has_keys(scores, "max_probability entropy dempster_shafer energy"));
  json_decref(document);
}

/* What passes disagree about is known where there are several of them. */
static void several_passes_have_a_mutual_information(void **state) {
  (void)state;
  static const struct {
    const char *options;
    bool several;
  } cases[] = {{"--method mc-dropout", true},
               {"--method monte-carlo --samples 5", true},
               {"--method mc-dropout --passes 1", false},
               {"--method map", false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char words[256];
    snprintf(words, sizeof words, "evaluate model --data rows.csv --ood-data far.csv --json %s",
             cases[i].options);
    assert_int_equal(run_program(words, "out.json"), 0);
    json_t *document = read_document("out.json");
    const json_t *scores = json_object_get(json_object_get(document, "ood"), "scores");
    assert_true(has_keys(scores, cases[i].several
                                     ? "variance max_probability entropy dempster_shafer energy "
                                       "mutual_information"
                                     : "variance max_probability entropy dempster_shafer energy"));
    json_decref(document);
  }
}

/* The model in training-domain rows against itself: no score can tell, and ties count one half. */
static void rows_against_themselves_have_auroc_one_half(void **state) {
  (void)state;
  assert_int_equal(
      run_program("evaluate model --data rows.csv --ood-data rows.csv --json", "out.json"), 0);
  json_t *document = read_document("out.json");
  const json_t *scores = json_object_get(json_object_get(document, "ood"), "scores");
  const char *name;
  json_t *score;
  json_object_foreach((json_t *)scores, name, score) { assert_true(number(score, "auroc") == 0.5); }
  json_decref(document);
}

/* Members that disagree have a mutual information whatever the method. */
static void an_ensemble_is_evaluated_like_a_model(void **state) {
  (void)state;
  assert_int_equal(
      run_program("evaluate ensemble --data rows.csv --ood-data far.csv --json", "out.json"), 0);
  json_t *document = read_document("out.json");
  assert_true(has_keys(document, MEASURES " ood"));
  const json_t *scores = json_object_get(json_object_get(document, "ood"), "scores");
  assert_true(has_keys(
      scores, "variance max_probability entropy dempster_shafer energy mutual_information"));
  json_decref(document);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(evaluate_without_out_of_domain_rows_has_no_ood),
      cmocka_unit_test(each_score_is_judged_by_what_it_rejects),
      cmocka_unit_test(the_parts_of_the_brier_score_are_told_apart),
      cmocka_unit_test(what_json_cannot_hold_is_null),
      cmocka_unit_test(evaluate_compares_each_score),
      cmocka_unit_test(a_model_without_variance_has_no_key_for_it),
      cmocka_unit_test(several_passes_have_a_mutual_information),
      cmocka_unit_test(rows_against_themselves_have_auroc_one_half),
      cmocka_unit_test(an_ensemble_is_evaluated_like_a_model),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
