/* The document of sngp compare: what it holds, and that its numbers are what they are said to be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after these four */
#include <cmocka.h>
#include <math.h>

#include "sngp/sngp.h"
#include "unit/cli/program.h"

#define IRIS "--data " SNGP_TEST_FIXTURES "/../../examples/iris.csv --label species"
#define SMALL "--num-layers 1 --num-hidden 8 --num-features 16 --learning-rate 0.01 --threads 1"
#define COMPARE                                            \
  "compare " IRIS " --ood-data far.csv --methods " METHODS \
  " --epochs 5 --members 2 --passes 3 --samples 5 --quiet " SMALL
#define METHODS                                                                       \
  "deterministic,mc-dropout,ensemble,sngp,sngp-ensemble,monte-carlo,sngp-mc-dropout," \
  "spectral-norm,gp"

enum { SEEDS = 3, MEMBERS = 2 };

static json_t *shared; /* results of three seeds */

static const json_t *method(const json_t *results, const char *name) {
  const json_t *found = json_object_get(json_object_get(results, "methods"), name);
  assert_non_null(found);
  return found;
}

static const json_t *seed(const char *name, size_t index) {
  const json_t *found = json_array_get(json_object_get(method(shared, name), "seeds"), index);
  assert_non_null(found);
  return found;
}

static int set_up(void **state) {
  (void)state;
  scratch_folder();
  /* Flowers that are none, and no gnuplot: its pictures are not looked at here. */
  FILE *file = fopen("far.csv", "w");
  if (file == NULL) return -1;
  fprintf(file, "sepal_length,sepal_width,petal_length,petal_width\n");
  for (int i = 0; i < 40; i++) fprintf(file, "%d.5,%d,%d,0.2\n", i % 9, 9 - i % 5, i % 7 + 1);
  fclose(file);
  setenv("PATH", scratch_folder(), 1);
  if (run_program(COMPARE " --seeds 3 --out first", "stdout") != 0) return -1;
  shared = read_document("first/results.json");
  return shared == NULL;
}

static void remove_comparison(const char *folder) {
  static const char *const files[] = {"results.json",  "reliability.dat", "reliability.gp",
                                      "rejection.dat", "rejection.gp",    "roc.dat",
                                      "roc.gp"};
  char path[64];
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, files[i]);
    unlink(path);
  }
  rmdir(folder);
}

static int tear_down(void **state) {
  (void)state;
  json_decref(shared);
  remove_comparison("first");
  remove_comparison("other");
  remove_scratch((const char *const[]){"far.csv", "stdout", "model", "part.csv", "test.csv",
                                       "evaluated.json", NULL});
  return 0;
}

static void settings_and_every_method_are_in_the_document(void **state) {
  (void)state;
  assert_true(
      has_keys(shared,
               "version epochs seeds first_seed members passes samples test validation rows "
               "preset batch_size learning_rate num_layers num_hidden num_features "
               "spectral_bound ridge loss focal_gamma class_weights threads methods"));
  assert_true(number(shared, "epochs") == 5);
  assert_true(number(shared, "seeds") == SEEDS);
  assert_true(number(shared, "first_seed") == 0);
  assert_true(number(shared, "test") == 0.2);
  assert_true(number(shared, "validation") == 0.1);
  assert_true(json_is_null(json_object_get(shared, "batch_size")));
  /* A fifth of each class's 50 is to test on, a tenth of the rest is held out. */
  const json_t *rows = json_object_get(shared, "rows");
  assert_true(has_keys(rows, "training held_out test ood"));
  assert_true(number(rows, "training") == 108);
  assert_true(number(rows, "held_out") == 12);
  assert_true(number(rows, "test") == 30);
  assert_true(number(rows, "ood") == 40);
  assert_true(has_keys(json_object_get(shared, "methods"),
                       "deterministic mc-dropout ensemble sngp sngp-ensemble monte-carlo "
                       "sngp-mc-dropout spectral-norm gp"));
}

/* The keys of one object, each after a blank. */
static void list_keys(const json_t *object, char *text, size_t size) {
  const char *key;
  json_t *value;
  text[0] = '\0';
  json_object_foreach((json_t *)object, key, value) {
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s%s", length > 0 ? " " : "", key);
  }
}

static void a_seed_has_the_document_of_evaluate_and_more(void **state) {
  (void)state;
  char evaluated[512], expected[640], with_members[768];
  assert_int_equal(run_program("train " IRIS " --out model --epochs 1 --quiet " SMALL, "stdout"),
                   0);
  assert_int_equal(
      run_program("evaluate model " IRIS " --ood-data far.csv --json", "evaluated.json"), 0);
  json_t *document = read_document("evaluated.json");
  list_keys(document, evaluated, sizeof evaluated);
  json_decref(document);
  snprintf(expected, sizeof expected, "%s seed train_seconds predict_microseconds calibration",
           evaluated);
  snprintf(with_members, sizeof with_members, "%s members best_member_nll", expected);

  const char *name;
  json_t *entry;
  json_object_foreach(json_object_get(shared, "methods"), name, entry) {
    assert_true(has_keys(entry, "seeds mean std"));
    assert_int_equal(json_array_size(json_object_get(entry, "seeds")), SEEDS);
    for (size_t i = 0; i < SEEDS; i++) {
      assert_true(
          has_keys(seed(name, i), strstr(name, "ensemble") != NULL ? with_members : expected));
      assert_true(number(seed(name, i), "seed") == (double)i);
      assert_true(number(seed(name, i), "train_seconds") > 0);
      assert_true(number(seed(name, i), "predict_microseconds") > 0);
      const json_t *calibration = json_object_get(seed(name, i), "calibration");
      assert_true(has_keys(calibration,
                           "rows mean_field_factor temperature factor_at_border nll_before "
                           "nll_after"));
      assert_true(number(calibration, "rows") == 12);
      double temperature = number(calibration, "temperature");
      assert_true(temperature >= 0.05 && temperature <= 20 && temperature != 1);
    }
  }
}

static void the_variance_is_a_score_where_there_is_a_gaussian_process(void **state) {
  (void)state;
  const char *name;
  json_t *entry;
  json_object_foreach(json_object_get(shared, "methods"), name, entry) {
    bool process =
        strstr(name, "sngp") != NULL || strcmp(name, "monte-carlo") == 0 || strcmp(name, "gp") == 0;
    const json_t *scores = json_object_get(json_object_get(seed(name, 0), "ood"), "scores");
    assert_int_equal(json_object_get(scores, "variance") != NULL, process);
    assert_non_null(json_object_get(scores, "max_probability"));
  }
}

/* Checks a statistic of all seeds at every place of `values[0]`, and that it has no other places.
   Returns the places that were checked. */
static int check_statistics(const json_t *const values[SEEDS], const json_t *mean,
                            const json_t *deviation) {
  int checked = 0;
  if (json_is_object(values[0])) {
    const char *key;
    json_t *value;
    size_t places = 0;
    json_object_foreach((json_t *)values[0], key, value) {
      const json_t *inner[SEEDS];
      for (int i = 0; i < SEEDS; i++) inner[i] = json_object_get(values[i], key);
      if (strcmp(key, "seed") == 0 || json_is_boolean(value)) continue;
      assert_non_null(json_object_get(mean, key));
      checked +=
          check_statistics(inner, json_object_get(mean, key), json_object_get(deviation, key));
      places++;
    }
    assert_int_equal(json_object_size(mean), places);
    assert_int_equal(json_object_size(deviation), places);
    return checked;
  }
  if (json_is_array(values[0])) {
    assert_int_equal(json_array_size(mean), json_array_size(values[0]));
    for (size_t k = 0; k < json_array_size(values[0]); k++) {
      const json_t *inner[SEEDS];
      for (int i = 0; i < SEEDS; i++) inner[i] = json_array_get(values[i], k);
      checked += check_statistics(inner, json_array_get(mean, k), json_array_get(deviation, k));
    }
    return checked;
  }
  for (int i = 0; i < SEEDS; i++) {
    if (!json_is_null(values[i])) continue;
    assert_true(json_is_null(mean) && json_is_null(deviation));
    return 1;
  }
  /* The variance of three numbers by their differences: the sum of the squares over 6. */
  double x[SEEDS];
  for (int i = 0; i < SEEDS; i++) x[i] = json_number_value(values[i]);
  double expected = x[0] / 3 + x[1] / 3 + x[2] / 3;
  double variance = ((x[0] - x[1]) * (x[0] - x[1]) + (x[1] - x[2]) * (x[1] - x[2]) +
                     (x[2] - x[0]) * (x[2] - x[0])) /
                    6;
  double scale = fmax(1, fabs(expected));
  assert_true(fabs(json_number_value(mean) - expected) <= 1e-12 * scale);
  assert_true(fabs(json_number_value(deviation) - sqrt(variance)) <= 1e-12 * scale);
  return 1;
}

static void means_and_deviations_are_those_of_the_seeds(void **state) {
  (void)state;
  const char *name;
  json_t *entry;
  json_object_foreach(json_object_get(shared, "methods"), name, entry) {
    const json_t *values[SEEDS];
    for (size_t i = 0; i < SEEDS; i++) values[i] = seed(name, i);
    assert_true(check_statistics(values, json_object_get(entry, "mean"),
                                 json_object_get(entry, "std")) > 20);
    assert_true(number(json_object_get(entry, "std"), "nll") > 0);
  }
}

static void methods_of_one_model_share_its_training(void **state) {
  (void)state;
  for (size_t i = 0; i < SEEDS; i++) {
    double deterministic = number(seed("deterministic", i), "train_seconds");
    double sngp = number(seed("sngp", i), "train_seconds");
    assert_true(number(seed("mc-dropout", i), "train_seconds") == deterministic);
    assert_true(number(seed("monte-carlo", i), "train_seconds") == sngp);
    assert_true(number(seed("sngp-mc-dropout", i), "train_seconds") == sngp);
    assert_true(number(seed("spectral-norm", i), "train_seconds") != deterministic);
    assert_true(number(seed("gp", i), "train_seconds") != sngp);
    /* Their predictions differ. */
    assert_true(number(seed("mc-dropout", i), "nll") != number(seed("deterministic", i), "nll"));
    assert_true(number(seed("monte-carlo", i), "nll") != number(seed("sngp", i), "nll"));
    assert_true(number(seed("sngp-mc-dropout", i), "nll") != number(seed("sngp", i), "nll"));
    assert_true(number(seed("gp", i), "nll") != number(seed("sngp", i), "nll"));
    assert_true(number(seed("spectral-norm", i), "nll") != number(seed("deterministic", i), "nll"));
  }
}

static void the_best_member_is_the_least_nll_of_the_members(void **state) {
  (void)state;
  static const char *const names[] = {"ensemble", "sngp-ensemble"};
  for (int k = 0; k < 2; k++) {
    for (size_t i = 0; i < SEEDS; i++) {
      const json_t *members = json_object_get(seed(names[k], i), "members");
      assert_int_equal(json_array_size(members), MEMBERS);
      double first = number(json_array_get(members, 0), "nll");
      double second = number(json_array_get(members, 1), "nll");
      assert_true(first != second);
      assert_true(has_keys(json_array_get(members, 0), "nll accuracy"));
      assert_true(number(seed(names[k], i), "best_member_nll") == fmin(first, second));
    }
  }
}

/* What stands in the document of one seed, without the program: rows split by the seed, a model
   drawn by it, tuned on the rows held out, evaluated on the test rows. */
static void a_seed_is_what_the_library_gives_for_its_rows(void **state) {
  (void)state;
  enum { SEED = 2, TEST_ROWS = 30, CLASSES = 3 };
  sngp_csv_config csv;
  sngp_model_config config;
  sngp_optimizer_config optimizer;
  sngp_fit_config fit;
  sngp_dataset *all = NULL, *rest = NULL, *test = NULL, *training = NULL, *held_out = NULL;
  sngp_model *model = NULL;
  sngp_optimizer *adam = NULL;
  assert_int_equal(sngp_set_blas_threads(1), SNGP_OK);
  assert_int_equal(sngp_csv_config_init(&csv, sizeof csv), SNGP_OK);
  csv.label_column = "species";
  assert_int_equal(sngp_dataset_read_csv(SNGP_TEST_FIXTURES "/../../examples/iris.csv", &csv, &all),
                   SNGP_OK);
  assert_int_equal(sngp_dataset_split(all, 0.2, SEED, &rest, &test), SNGP_OK);
  assert_int_equal(sngp_dataset_split(rest, 0.1, SEED, &training, &held_out), SNGP_OK);
  assert_int_equal(sngp_dataset_rows(test), TEST_ROWS);
  assert_int_equal(sngp_model_config_init(&config, sizeof config), SNGP_OK);
  config.input_dim = 4;
  config.num_classes = CLASSES;
  config.num_layers = 1;
  config.num_hidden = 8;
  config.num_random_features = 16;
  config.seed = SEED;
  assert_int_equal(sngp_optimizer_config_init(&optimizer, sizeof optimizer), SNGP_OK);
  optimizer.learning_rate = 0.01;
  assert_int_equal(sngp_fit_config_init(&fit, sizeof fit), SNGP_OK);
  fit.epochs = 5;
  assert_int_equal(sngp_model_create(&config, &model), SNGP_OK);
  assert_int_equal(sngp_optimizer_create(&optimizer, &adam), SNGP_OK);
  assert_int_equal(sngp_fit(model, adam, training, NULL, &fit, NULL), SNGP_OK);
  sngp_calibration found = {.struct_size = sizeof found};
  assert_int_equal(sngp_calibrate(model, held_out, NULL, NULL, &found), SNGP_OK);
  float probabilities[TEST_ROWS * CLASSES];
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = probabilities};
  assert_int_equal(sngp_predict(model, NULL, sngp_dataset_features(test), TEST_ROWS, 4,
                                sngp_dataset_row_stride(test), NULL, &out),
                   SNGP_OK);
  sngp_classification_metrics measures = {.struct_size = sizeof measures};
  assert_int_equal(sngp_evaluate_classification(probabilities, TEST_ROWS, CLASSES,
                                                sngp_dataset_labels(test), &measures),
                   SNGP_OK);
  const json_t *document = seed("sngp", SEED);
  const json_t *calibration = json_object_get(document, "calibration");
  assert_true(fabs(number(document, "accuracy") - measures.accuracy) < 1e-12);
  assert_true(fabs(number(document, "nll") - measures.nll) < 1e-6);
  assert_true(fabs(number(document, "ece") - measures.ece) < 1e-6);
  assert_true(fabs(number(calibration, "temperature") - found.temperature) < 1e-6);
  assert_true(fabs(number(calibration, "mean_field_factor") - found.mean_field_factor) < 1e-6);
  assert_true(fabs(number(calibration, "nll_after") - found.nll_after) < 1e-6);
  sngp_optimizer_free(adam);
  sngp_model_free(model);
  sngp_dataset_free(held_out);
  sngp_dataset_free(training);
  sngp_dataset_free(test);
  sngp_dataset_free(rest);
  sngp_dataset_free(all);
}

/* Removes what a clock measured. */
static void remove_times(json_t *value) {
  const char *key;
  json_t *inner;
  void *next;
  size_t index;
  json_object_foreach_safe(value, next, key, inner) {
    if (strcmp(key, "train_seconds") == 0 || strcmp(key, "predict_microseconds") == 0) {
      json_object_del(value, key);
    } else {
      remove_times(inner);
    }
  }
  json_array_foreach(value, index, inner) { remove_times(inner); }
}

/* One seed less, one seed later, and methods in another order, one of them alone: numbers depend
   on the seed and the method only. */
static void a_seed_and_method_give_the_same_numbers_in_another_comparison(void **state) {
  (void)state;
  assert_int_equal(run_program("compare " IRIS " --ood-data far.csv --seeds 1 --seed 1 "
                               "--methods sngp-mc-dropout,ensemble,mc-dropout --epochs 5 "
                               "--members 2 --passes 3 --samples 5 --json --out other " SMALL,
                               "stdout"),
                   0);
  json_t *printed = read_document("stdout"), *written = read_document("other/results.json");
  assert_true(json_equal(printed, written));
  json_decref(printed);
  const char *name;
  json_t *entry;
  assert_int_equal(json_object_size(json_object_get(written, "methods")), 3);
  json_object_foreach(json_object_get(written, "methods"), name, entry) {
    json_t *now = json_deep_copy(json_array_get(json_object_get(entry, "seeds"), 0));
    json_t *before = json_deep_copy(seed(name, 1));
    remove_times(now);
    remove_times(before);
    assert_true(json_equal(now, before));
    json_decref(before);
    json_decref(now);
    /* One seed has no deviation. */
    assert_true(json_is_null(json_object_get(json_object_get(entry, "std"), "accuracy")));
    assert_true(number(json_object_get(entry, "mean"), "accuracy") ==
                number(json_array_get(json_object_get(entry, "seeds"), 0), "accuracy"));
  }
  json_decref(written);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(settings_and_every_method_are_in_the_document),
      cmocka_unit_test(a_seed_has_the_document_of_evaluate_and_more),
      cmocka_unit_test(the_variance_is_a_score_where_there_is_a_gaussian_process),
      cmocka_unit_test(means_and_deviations_are_those_of_the_seeds),
      cmocka_unit_test(methods_of_one_model_share_its_training),
      cmocka_unit_test(the_best_member_is_the_least_nll_of_the_members),
      cmocka_unit_test(a_seed_is_what_the_library_gives_for_its_rows),
      cmocka_unit_test(a_seed_and_method_give_the_same_numbers_in_another_comparison),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
