/* Models: parameters, counts, summary, copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/check.h"
#include "support/small_model.h"

static sngp_model_config config_of(int32_t preset, int32_t head) {
  sngp_model_config config;
  assert_ok(sngp_model_config_init(&config, sizeof config));
  config.input_dim = config.num_classes = 2;
  config.head = head;
  assert_ok(sngp_model_config_preset(&config, preset));
  return config;
}

/* What the tutorial prints, and the default preset's, counted by hand: input 384, blocks 6 (128 x
   128 + 128 + 2 x 128), features 129 x 1024 + 1024, output 2050, precision 1024^2. */
static void counts_are_the_tutorials(void **state) {
  (void)state;
  sngp_model_config dense = config_of(SNGP_PRESET_TUTORIAL, SNGP_HEAD_DENSE);
  dense.spectral_norm_bound = 0;
  const sngp_model_config configs[] = {dense,
                                       config_of(SNGP_PRESET_TUTORIAL, SNGP_HEAD_GAUSSIAN_PROCESS),
                                       config_of(SNGP_PRESET_DEFAULT, SNGP_HEAD_GAUSSIAN_PROCESS)};
  const int64_t totals[] = {99714, 1283714, 384 + 100608 + 133120 + 2050 + 1048576};
  const int64_t trainables[] = {99330, 101120, 384 + 99072 + 2048};
  for (int i = 0; i < 3; i++) {
    sngp_model *model = create_model(&configs[i]);
    int64_t total = 0, trainable = 0;
    assert_ok(sngp_model_parameter_count(model, &total, &trainable));
    assert_int_equal(total, totals[i]);
    assert_int_equal(trainable, trainables[i]);
    assert_ok(sngp_model_parameter_count(model, NULL, NULL));
    sngp_model_free(model);
  }
}

static void the_summary_holds_every_layer_and_the_counts(void **state) {
  (void)state;
  const sngp_model_config config = config_of(SNGP_PRESET_TUTORIAL, SNGP_HEAD_GAUSSIAN_PROCESS);
  const char *const texts[] = {"input",       "block.0",
                               "block.5",     "features",
                               "output",      "posterior",
                               "16,768",      "132,096",
                               "1,048,576",   "1,283,714\n",
                               "101,120\n",   "1,182,594\n",
                               "1024 x 1024", "residual, norm <= 0.9"};
  sngp_model *model = create_model(&config);
  int64_t length = 0;
  assert_ok(sngp_model_summary(model, NULL, 0, &length));
  char *text = take((size_t)length + 2, 1);
  text[length + 1] = 'x';
  assert_ok(sngp_model_summary(model, text, length + 1, NULL));
  assert_int_equal(strlen(text), length);
  assert_int_equal(text[length + 1], 'x');
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (strstr(text, texts[i]) == NULL) fail_msg("\"%s\" is not in:\n%s", texts[i], text);
  assert_null(strstr(text, "block.6"));
  free(text);
  sngp_model_free(model);
}

/* A head on 3 inputs: features 4 x 40 + 40, output 40 x 3 + 3, precision 40^2; 120 trained. */
static void without_a_backbone_there_is_nothing_but_the_head(void **state) {
  (void)state;
  static const char *const names[] = {"features.weight",    "features.bias",
                                      "output.weight",      "output.bias",
                                      "input_scaling.mean", "input_scaling.scale"};
  sngp_model_config config = small_config();
  config.backbone = SNGP_BACKBONE_NONE;
  sngp_model *model = create_model(&config);
  assert_int_equal(sngp_model_num_tensors(model), 6);
  for (int i = 0; i < 6; i++) {
    sngp_parameter_info info = {.struct_size = sizeof info};
    assert_ok(sngp_model_parameter_info(model, i, &info));
    assert_string_equal(info.name, names[i]);
  }
  int64_t total = 0, trainable = 0;
  assert_ok(sngp_model_parameter_count(model, &total, &trainable));
  assert_int_equal(total, 160 + 40 + 120 + 3 + 1600);
  assert_int_equal(trainable, 120);
  char text[2000];
  assert_ok(sngp_model_summary(model, text, sizeof text, NULL));
  assert_non_null(strstr(text, "no backbone"));
  assert_non_null(strstr(text, "3 x 3"));
  assert_null(strstr(text, "block"));
  sngp_model_free(model);
}

/* And they have their lines in the summary. */
static void lengths_biases_and_norms_are_trained_without_decay(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.normalize_input = SNGP_NORMALIZE_LAYER_NORM;
  config.kernel_scaling = SNGP_KERNEL_SCALING_ARD;
  config.gp_input_dim = 5;
  config.train_output_bias = 1;
  sngp_model *model = create_model(&config);
  for (size_t t = 0; t < model->table.count; t++) {
    const sngp_parameter *tensor = &model->table.items[t];
    if (tensor->decay) assert_true(tensor->rows > 1 && tensor->trainable);
  }
  int64_t trainable = 0;
  assert_ok(sngp_model_parameter_count(model, NULL, &trainable));
  /* input, blocks, layer norm, lengths, output with bias */
  assert_int_equal(trainable, 4 * 8 + 2 * 72 + 2 * 5 + 5 + 41 * 3);
  char text[3000];
  assert_ok(sngp_model_summary(model, text, sizeof text, NULL));
  const char *const lines[] = {"random projection",    "8 x 5", "layer norm", "5 x 5",
                               "length of each input", "1 x 5"};
  for (int i = 0; i < 6; i++)
    if (strstr(text, lines[i]) == NULL) fail_msg("\"%s\" is not in:\n%s", lines[i], text);
  assert_null(strstr(text, "frozen bias"));
  sngp_model_free(model);
}

static void a_buffer_too_short_for_the_summary_stays_as_it_is(void **state) {
  (void)state;
  const sngp_model_config config = small_config();
  sngp_model *model = create_model(&config);
  int64_t length = 0;
  assert_ok(sngp_model_summary(model, NULL, 0, &length));
  char *text = take((size_t)length, 1), needed[32];
  snprintf(needed, sizeof needed, "%lld", (long long)length + 1);
  const int64_t sizes[] = {length, 1, 0, -1};
  for (int i = 0; i < 4; i++) {
    int64_t untouched = -12;
    memset(text, 'x', (size_t)length);
    assert_fails(sngp_model_summary(model, text, sizes[i], &untouched), SNGP_ERROR_INVALID_ARGUMENT,
                 needed);
    for (int64_t k = 0; k < length; k++) assert_int_equal(text[k], 'x');
    assert_int_equal(untouched, -12);
  }
  free(text);
  sngp_model_free(model);
}

/* Names and shapes as in the model file: D 3, H 8, M 40, K 3, two blocks. */
static void tensors_have_the_files_names_and_shapes(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int64_t rows, cols;
    int32_t trainable;
  } expected[] = {
      {"input.weight", 3, 8, 1},       {"input.bias", 1, 8, 1},
      {"block.0.weight", 8, 8, 1},     {"block.0.bias", 1, 8, 1},
      {"block.0.u", 1, 8, 0},          {"block.0.v", 1, 8, 0},
      {"block.1.weight", 8, 8, 1},     {"block.1.bias", 1, 8, 1},
      {"block.1.u", 1, 8, 0},          {"block.1.v", 1, 8, 0},
      {"features.weight", 9, 40, 0},   {"features.bias", 1, 40, 0},
      {"output.weight", 40, 3, 1},     {"output.bias", 1, 3, 0},
      {"input_scaling.mean", 1, 3, 0}, {"input_scaling.scale", 1, 3, 0},
  };
  enum { COUNT = sizeof expected / sizeof *expected };
  const sngp_model_config config = small_config();
  sngp_model *model = create_model(&config);
  assert_int_equal(sngp_model_num_tensors(model), COUNT);
  for (int i = 0; i < COUNT; i++) {
    sngp_parameter_info info = {.struct_size = sizeof info};
    assert_ok(sngp_model_parameter_info(model, i, &info));
    assert_string_equal(info.name, expected[i].name);
    assert_int_equal(info.rows, expected[i].rows);
    assert_int_equal(info.cols, expected[i].cols);
    assert_int_equal(info.trainable, expected[i].trainable);
  }
  sngp_parameter_info info = {.struct_size = sizeof info};
  assert_fails(sngp_model_parameter_info(model, COUNT, &info), SNGP_ERROR_INVALID_ARGUMENT, "16");
  assert_fails(sngp_model_parameter_info(model, -1, &info), SNGP_ERROR_INVALID_ARGUMENT, "-1");
  assert_int_equal(sngp_model_num_tensors(NULL), 0);
  sngp_model_free(model);
}

/* Every tensor gets values of its own; then all read back: none overlaps another. */
static void tensors_are_set_and_read_back_each_apart(void **state) {
  (void)state;
  const int32_t norms[] = {SNGP_NORMALIZE_LAYER_NORM, SNGP_NORMALIZE_RADIUS};
  for (int n = 0; n < 2; n++) {
    sngp_model_config config = small_config();
    config.normalize_input = norms[n];
    sngp_model *model = create_model(&config);
    for (int pass = 0; pass < 2; pass++)
      for (int64_t t = 0; t < sngp_model_num_tensors(model); t++) {
        sngp_parameter_info info = {.struct_size = sizeof info};
        assert_ok(sngp_model_parameter_info(model, t, &info));
        int64_t count = info.rows * info.cols;
        float *values = take((size_t)count, sizeof *values);
        for (int64_t i = 0; pass == 0 && i < count; i++) values[i] = (float)(1000 * t + i + 1);
        if (pass == 0)
          assert_ok(sngp_model_set_parameter(model, info.name, values, count));
        else
          assert_ok(sngp_model_get_parameter(model, info.name, values, count));
        for (int64_t i = 0; i < count; i++) assert_true(values[i] == (float)(1000 * t + i + 1));
        free(values);
      }
    sngp_model_free(model);
  }
}

static void what_does_not_fit_a_tensor_is_refused_and_changes_nothing(void **state) {
  (void)state;
  const sngp_model_config config = small_config();
  sngp_model *model = create_model(&config), *before = clone_of(model);
  float bias[9] = {0, 1, 2, 3, 4, 5, 6, 7, 8}, scale[3] = {1, 0, 1};
  assert_fails(sngp_model_get_parameter(model, "input.biases", bias, 8), SNGP_ERROR_NOT_FOUND,
               "input.biases");
  assert_fails(sngp_model_set_parameter(model, "block.2.bias", bias, 8), SNGP_ERROR_NOT_FOUND,
               "block.2.bias");
  assert_fails(sngp_model_get_parameter(model, "input.bias", bias, 9), SNGP_ERROR_DIMENSION,
               "count is 9", "1 x 8");
  assert_fails(sngp_model_set_parameter(model, "input.bias", bias, 7), SNGP_ERROR_DIMENSION,
               "count is 7", "1 x 8");
  assert_fails(sngp_model_set_parameter(model, NULL, bias, 8), SNGP_ERROR_INVALID_ARGUMENT, "name");
  assert_fails(sngp_model_set_parameter(model, "input.bias", NULL, 8), SNGP_ERROR_INVALID_ARGUMENT,
               "values");
  assert_fails(sngp_model_set_parameter(NULL, "input.bias", bias, 8), SNGP_ERROR_INVALID_ARGUMENT,
               "model");
  for (int i = 0; i < 3; i++) {
    scale[1] = (float)-i;
    assert_fails(sngp_model_set_parameter(model, "input_scaling.scale", scale, 3),
                 SNGP_ERROR_INVALID_ARGUMENT, "input_scaling.scale", "[1]", "positive");
  }
  bias[7] = NAN;
  assert_fails(sngp_model_set_parameter(model, "input.bias", bias, 8), SNGP_ERROR_NOT_FINITE,
               "input.bias");
  bias[7] = INFINITY;
  assert_fails(sngp_model_set_parameter(model, "input.bias", bias, 8), SNGP_ERROR_NOT_FINITE,
               "input.bias");
  assert_true(parameter_difference(model, before) == 0);
  sngp_model_free(before);
  sngp_model_free(model);
}

/* The caller's arrays and strings may go; a clone's live on without the original. */
static void names_are_copied_with_the_model_and_its_clone(void **state) {
  (void)state;
  char first[] = "setosa", second[] = "versicolor", third[] = "virginica";
  const char *classes[] = {first, second, third}, *features[] = {second, third, ""};
  sngp_model_config config = small_config(), kept = small_config();
  config.class_names = classes;
  config.feature_names = features;
  sngp_model *model = create_model(&config), *clone = clone_of(model);
  first[0] = second[0] = third[0] = 'X';
  memset(classes, 0, sizeof classes);
  memset(features, 0, sizeof features);
  sngp_model_free(model);
  assert_ok(sngp_model_get_config(clone, &kept));
  assert_string_equal(kept.class_names[0], "setosa");
  assert_string_equal(kept.class_names[2], "virginica");
  assert_string_equal(kept.feature_names[0], "versicolor");
  assert_string_equal(kept.feature_names[2], "");
  sngp_model_free(clone);
}

/* Trained, with moments and posterior: the clone is the same in all of it, and stays so. */
static void a_clone_is_the_same_and_independent(void **state) {
  (void)state;
  const sngp_model_config config = small_config();
  sngp_model *model = create_model(&config);
  sngp_dataset *data = small_data(30, 1);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 0.01);
  const sngp_fit_config fit = constant_rate(2, 10);
  assert_ok(sngp_fit(model, adam, data, NULL, &fit, NULL));
  sngp_model *clone = clone_of(model), *witness = clone_of(model);
  const size_t size = model->table.trainable_size * sizeof(float);
  assert_true(parameter_difference(model, clone) == 0);
  assert_memory_equal(clone->moments[0], model->moments[0], size);
  assert_memory_equal(clone->moments[1], model->moments[1], size);
  assert_memory_equal(clone->posterior.precision, model->posterior.precision, 1600 * 8);
  assert_memory_equal(clone->posterior.root, model->posterior.root, 1600 * 4);
  assert_memory_equal(&clone->training, &model->training, sizeof clone->training);
  assert_true(clone->config.kernel_scale == model->config.kernel_scale &&
              clone->config.kernel_scale > 0 && clone->holds.input_scaling &&
              clone->posterior.current);

  assert_ok(sngp_fit(model, adam, data, NULL, &fit, NULL));
  assert_true(parameter_difference(model, witness) > 0);
  assert_true(parameter_difference(clone, witness) == 0);
  assert_memory_equal(clone->moments[0], witness->moments[0], size);
  assert_memory_equal(clone->posterior.root, witness->posterior.root, 1600 * 4);
  sngp_model_free(model);
  assert_ok(sngp_fit(clone, adam, data, NULL, &fit, NULL)); /* nothing of it is gone */
  sngp_model_free(clone);
  sngp_model_free(witness);
  sngp_optimizer_free(adam);
  sngp_dataset_free(data);
}

static void null_is_refused_and_out_pointers_are_cleared(void **state) {
  (void)state;
  const sngp_model_config config = small_config();
  sngp_model *model = (sngp_model *)&state;
  assert_fails(sngp_model_clone(NULL, &model), SNGP_ERROR_INVALID_ARGUMENT, "model is NULL");
  assert_null(model);
  model = (sngp_model *)&state;
  assert_fails(sngp_model_create(NULL, &model), SNGP_ERROR_INVALID_ARGUMENT, "NULL");
  assert_null(model);
  assert_fails(sngp_model_create(&config, NULL), SNGP_ERROR_INVALID_ARGUMENT, "model is NULL");
  assert_fails(sngp_model_summary(NULL, NULL, 0, NULL), SNGP_ERROR_INVALID_ARGUMENT, "NULL");
  assert_fails(sngp_model_parameter_count(NULL, NULL, NULL), SNGP_ERROR_INVALID_ARGUMENT, "NULL");
  sngp_model_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_are_the_tutorials),
      cmocka_unit_test(the_summary_holds_every_layer_and_the_counts),
      cmocka_unit_test(without_a_backbone_there_is_nothing_but_the_head),
      cmocka_unit_test(lengths_biases_and_norms_are_trained_without_decay),
      cmocka_unit_test(a_buffer_too_short_for_the_summary_stays_as_it_is),
      cmocka_unit_test(tensors_have_the_files_names_and_shapes),
      cmocka_unit_test(tensors_are_set_and_read_back_each_apart),
      cmocka_unit_test(what_does_not_fit_a_tensor_is_refused_and_changes_nothing),
      cmocka_unit_test(names_are_copied_with_the_model_and_its_clone),
      cmocka_unit_test(a_clone_is_the_same_and_independent),
      cmocka_unit_test(null_is_refused_and_out_pointers_are_cleared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
