/* The configuration and the training record as JSON. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "io/model_config_json.h"
#include "io/training_record_json.h"
#include "support/locales.h"

/* Every field differs from its default. */
static sngp_model_config unusual_config(void) {
  static const char *const classes[] = {"a", "\xe2\x82\xac \"\\\n"};
  static const char *const features[] = {"", "two", "three"}, *const targets[] = {"price"};
  return (sngp_model_config){.struct_size = sizeof(sngp_model_config),
                             .task = SNGP_TASK_CLASSIFICATION,
                             .input_dim = 3,
                             .num_classes = 2,
                             .backbone = SNGP_BACKBONE_NONE,
                             .head = SNGP_HEAD_DENSE,
                             .num_layers = 7,
                             .num_hidden = 9,
                             .dropout_rate = 0.3,
                             .spectral_norm_bound = 2.0,
                             .power_iterations = 4,
                             .train_input_layer = 0,
                             .standardize_inputs = 0,
                             .num_random_features = 11,
                             .kernel_scale = 1.0 / 3.0,
                             .radius_scale = 5e-324,
                             .random_feature_std = DBL_MAX,
                             .orthogonal_features = 1,
                             .normalize_input = SNGP_NORMALIZE_LAYER_NORM,
                             .scale_random_features = 1,
                             .likelihood = SNGP_LIKELIHOOD_GAUSSIAN,
                             .ridge = 0.1 + 0.2,
                             .covariance_momentum = 0.999,
                             .l2_regularization = 1e-7,
                             .mean_field_factor = -1.0,
                             .seed = INT64_MAX,
                             .class_names = classes,
                             .feature_names = features,
                             .temperature = 2.5,
                             .kernel = SNGP_KERNEL_MATERN_52,
                             .kernel_scaling = SNGP_KERNEL_SCALING_ARD,
                             .gp_input_dim = 6,
                             .output_bias = -0.25,
                             .train_output_bias = 1,
                             .num_targets = 1,
                             .noise_variance = 0.75,
                             .prior_variance = 1e-3,
                             .posterior = SNGP_POSTERIOR_PER_OUTPUT,
                             .standardize_targets = 1,
                             .target_names = targets};
}

static void assert_same_config(const sngp_model_config *a, const sngp_model_config *b) {
  assert_memory_equal(a, b, offsetof(sngp_model_config, class_names));
  for (int64_t i = 0; i < a->num_classes; i++)
    assert_string_equal(a->class_names[i], b->class_names[i]);
  for (int64_t i = 0; i < a->input_dim; i++)
    assert_string_equal(a->feature_names[i], b->feature_names[i]);
  assert_true(a->temperature == b->temperature && a->kernel == b->kernel);
  assert_true(a->kernel_scaling == b->kernel_scaling);
  assert_true(a->gp_input_dim == b->gp_input_dim && a->output_bias == b->output_bias);
  assert_int_equal(a->train_output_bias, b->train_output_bias);
  assert_true(a->num_targets == b->num_targets && a->noise_variance == b->noise_variance);
  assert_true(a->prior_variance == b->prior_variance && a->posterior == b->posterior);
  assert_int_equal(a->standardize_targets, b->standardize_targets);
  for (int64_t i = 0; i < a->num_targets; i++)
    assert_string_equal(a->target_names[i], b->target_names[i]);
}

static void every_field_reads_back_exactly(void **state) {
  (void)state;
  sngp_model_config config = unusual_config(), read;
  char *text = NULL;
  assert_int_equal(sngp_model_config_to_json(&config, &text), SNGP_OK);
  assert_int_equal(sngp_model_config_from_json(text, &read), SNGP_OK);
  assert_same_config(&config, &read);
  sngp_model_config_release_names(&read);
  sngp_release(text);
}

/* The text as the description of the format has it. */
static void keys_are_the_fields_and_constants_are_words(void **state) {
  (void)state;
  sngp_model_config config = unusual_config();
  config.radius_scale = 0.0;
  config.prior_variance = 0.125;
  config.random_feature_std = 1.0;
  config.ridge = 0.5;
  config.kernel_scale = 0.25;
  config.dropout_rate = 0.125;
  config.covariance_momentum = 0.75;
  config.l2_regularization = 0.0;
  char *text = NULL;
  assert_int_equal(sngp_model_config_to_json(&config, &text), SNGP_OK);
  assert_string_equal(
      text,
      "{\"task\":\"classification\",\"input_dim\":3,\"num_classes\":2,\"backbone\":\"none\","
      "\"head\":\"dense\",\"num_layers\":7,\"num_hidden\":9,\"dropout_rate\":0.125,"
      "\"spectral_norm_bound\":2.0,\"power_iterations\":4,\"train_input_layer\":false,"
      "\"standardize_inputs\":false,\"num_random_features\":11,\"kernel_scale\":0.25,"
      "\"radius_scale\":0.0,\"random_feature_std\":1.0,\"orthogonal_features\":true,"
      "\"normalize_input\":\"layer_norm\",\"scale_random_features\":true,"
      "\"likelihood\":\"gaussian\",\"ridge\":0.5,\"covariance_momentum\":0.75,"
      "\"l2_regularization\":0.0,\"mean_field_factor\":-1.0,\"seed\":9223372036854775807,"
      "\"temperature\":2.5,\"kernel\":\"matern_52\",\"kernel_scaling\":\"ard\","
      "\"gp_input_dim\":6,\"output_bias\":-0.25,\"train_output_bias\":true,\"num_targets\":1,"
      "\"noise_variance\":0.75,\"prior_variance\":0.125,\"posterior\":\"per_output\","
      "\"standardize_targets\":true,\"class_names\":[\"a\","
      "\"\xe2\x82\xac "
      "\\\"\\\\\\n\"],\"feature_names\":[\"\",\"two\","
      "\"three\"],\"target_names\":[\"price\"]}");
  sngp_release(text);
}

/* struct_size is the only field without a key: a new field without one would be lost in files. */
static void no_field_is_forgotten(void **state) {
  (void)state;
  sngp_model_config config = unusual_config();
  char *text = NULL;
  assert_int_equal(sngp_model_config_to_json(&config, &text), SNGP_OK);
  size_t keys = 0, bytes = sizeof config.struct_size;
  const char *const int32_keys[] = {"task",
                                    "backbone",
                                    "head",
                                    "train_input_layer",
                                    "standardize_inputs",
                                    "orthogonal_features",
                                    "normalize_input",
                                    "scale_random_features",
                                    "likelihood",
                                    "\"kernel\"",
                                    "kernel_scaling",
                                    "train_output_bias",
                                    "posterior",
                                    "standardize_targets"};
  for (const char *key = strstr(text, "\":"); key != NULL; key = strstr(key + 1, "\":")) keys++;
  size_t narrow = sizeof int32_keys / sizeof *int32_keys;
  for (size_t i = 0; i < narrow; i++) assert_non_null(strstr(text, int32_keys[i]));
  bytes += narrow * sizeof(int32_t) + (keys - narrow) * sizeof(int64_t);
  bytes += sizeof(int32_t); /* before num_targets */
  assert_int_equal(bytes, sizeof config);
  sngp_release(text);
}

static void missing_keys_take_the_defaults(void **state) {
  (void)state;
  sngp_model_config read, defaults;
  assert_int_equal(sngp_model_config_init(&defaults, sizeof defaults), SNGP_OK);
  defaults.input_dim = 5;
  defaults.num_classes = 3;
  /* whole numbers serve as numbers */
  assert_int_equal(
      sngp_model_config_from_json("{\"num_classes\":3,\"input_dim\":5,\"ridge\":1}", &read),
      SNGP_OK);
  assert_memory_equal(&read, &defaults, sizeof read);
}

static void what_is_wrong_is_refused_by_name(void **state) {
  (void)state;
  const struct {
    const char *text, *message;
  } cases[] = {
      {"{\"num_classes\":5}", "config.input_dim is missing"},
      {"{\"input_dim\":5,\"num_classes\":2,\"num_heads\":2}", "\"num_heads\""},
      {"{\"input_dim\":5,\"num_classes\":2,\"struct_size\":2}", "\"struct_size\""},
      {"{\"input_dim\":5,\"num_classes\":2,\"input_dim\":5}", "duplicate"},
      {"{\"input_dim\":5.0,\"num_classes\":2}", "config.input_dim is not a whole number"},
      {"{\"input_dim\":\"5\",\"num_classes\":2}", "config.input_dim is not a whole number"},
      {"{\"input_dim\":9223372036854775808,\"num_classes\":2}", "config: not valid JSON"},
      {"{\"input_dim\":5,\"num_classes\":2,\"ridge\":\"1\"}", "config.ridge is not a number"},
      {"{\"input_dim\":5,\"num_classes\":2,\"ridge\":null}", "config.ridge is not a number"},
      {"{\"input_dim\":5,\"num_classes\":2,\"ridge\":1e999}", "config: not valid JSON"},
      {"{\"input_dim\":5,\"num_classes\":2,\"orthogonal_features\":1}",
       "config.orthogonal_features is not true or false"},
      {"{\"input_dim\":5,\"num_classes\":2,\"head\":1}", "config.head is not a string"},
      {"{\"input_dim\":5,\"num_classes\":2,\"head\":\"linear\"}",
       "config.head is \"linear\", which is not known"},
      {"{\"input_dim\":5,\"num_classes\":2,\"class_names\":[\"a\"]}",
       "config.class_names has 1 names instead of 2"},
      {"{\"input_dim\":5,\"num_classes\":-2,\"class_names\":[]}", "config.class_names has 0 names"},
      {"{\"input_dim\":2,\"num_classes\":2,\"class_names\":[\"a\",\"b\"],"
       "\"feature_names\":[\"a\",7]}",
       "config.feature_names[1] is not a string"},
      {"{\"input_dim\":2,\"num_classes\":2,\"feature_names\":\"ab\"}", "is not an array"},
      {"[1]", "config: not a JSON object"},
      {"{},{}", "config: not a JSON object"},
      {"{}]", "config: not valid JSON"},
      {"", "config: not valid JSON"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sngp_model_config read;
    sngp_status status = sngp_model_config_from_json(cases[i].text, &read);
    if (status != SNGP_ERROR_FORMAT || strstr(sngp_last_error(), cases[i].message) == NULL)
      fail_msg("%s: %d, %s", cases[i].text, status, sngp_last_error());
    assert_true(read.class_names == NULL && read.feature_names == NULL);
  }
}

static void undefined_measures_of_a_record_are_null(void **state) {
  (void)state;
  const sngp_training_record record = {.struct_size = sizeof record,
                                       .stopped_early = 1,
                                       .rows = 1,
                                       .epochs = 2,
                                       .steps = 3,
                                       .batch_size = 4,
                                       .learning_rate = 0.5,
                                       .loss = 0.25,
                                       .accuracy = 0.75,
                                       .validation_loss = (double)NAN,
                                       .validation_accuracy = (double)NAN,
                                       .covariance_rows = 5,
                                       .covariance_jitter = 0.0,
                                       .solver = 4};
  char *text = NULL;
  assert_int_equal(sngp_training_record_to_json(&record, &text), SNGP_OK);
  assert_string_equal(text,
                      "{\"stopped_early\":true,\"rows\":1,\"epochs\":2,\"steps\":3,"
                      "\"batch_size\":4,\"learning_rate\":0.5,\"loss\":0.25,\"accuracy\":0.75,"
                      "\"validation_loss\":null,\"validation_accuracy\":null,"
                      "\"covariance_rows\":5,\"covariance_jitter\":0.0,"
                      "\"solver\":\"lbfgs\"}");
  sngp_training_record read;
  assert_int_equal(sngp_training_record_from_json(text, &read), SNGP_OK);
  assert_true(isnan(read.validation_loss) && isnan(read.validation_accuracy));
  read.validation_loss = record.validation_loss;
  read.validation_accuracy = record.validation_accuracy;
  assert_memory_equal(&read, &record, sizeof read);
  sngp_release(text);
  assert_int_equal(sngp_training_record_from_json("{\"rows\":null}", &read), SNGP_ERROR_FORMAT);
  assert_int_equal(sngp_training_record_from_json("{\"time\":1}", &read), SNGP_ERROR_FORMAT);
}

/* German has a decimal comma, Pashto a decimal point of two bytes. */
static void numbers_do_not_depend_on_the_locale(void **state) {
  (void)state;
  const char *const names[] = {"de_DE", "ps_AF"};
  sngp_model_config config = unusual_config(), read;
  char *expected = NULL, *text = NULL, folder[LOCALE_PATH_SIZE];
  assert_int_equal(sngp_model_config_to_json(&config, &expected), SNGP_OK);
  for (size_t i = 0; i < 2; i++) {
    enter_locale(names[i], folder);
    assert_true(strcmp(localeconv()->decimal_point, ".") != 0);
    locale_t locale = uselocale((locale_t)0);
    assert_int_equal(sngp_model_config_to_json(&config, &text), SNGP_OK);
    assert_string_equal(text, expected);
    assert_int_equal(sngp_model_config_from_json(text, &read), SNGP_OK);
    assert_same_config(&config, &read);
    sngp_model_config_release_names(&read);
    sngp_release(text);
    assert_int_equal(sngp_model_config_from_json("{\"ridge\":0,5}", &read), SNGP_ERROR_FORMAT);
    assert_true(uselocale((locale_t)0) == locale);
    assert_true(strcmp(localeconv()->decimal_point, ".") != 0);
    leave_locale(folder);
  }
  sngp_release(expected);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_field_reads_back_exactly),
      cmocka_unit_test(keys_are_the_fields_and_constants_are_words),
      cmocka_unit_test(no_field_is_forgotten),
      cmocka_unit_test(missing_keys_take_the_defaults),
      cmocka_unit_test(what_is_wrong_is_refused_by_name),
      cmocka_unit_test(undefined_measures_of_a_record_are_null),
      cmocka_unit_test(numbers_do_not_depend_on_the_locale),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
