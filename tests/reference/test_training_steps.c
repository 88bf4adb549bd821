/* One and ten steps of training against Keras with Model Garden's layers: the tutorial's network,
   dropout off, by a fresh Adam and by one that has taken 800 steps; a network with layer norm,
   unscaled features, a strong L2 term and a trained input layer; and a deterministic one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "optim/optimizer.h"
#include "reference/fixture.h"

enum { NUM_STEPS = 10, STEPS_BEFORE_SNGP = 800 };

static const double TOLERANCE = 1e-6;      /* of a tensor, in relative Euclidean norm */
static const double BIAS_TOLERANCE = 1e-7; /* absolute: biases start at zero */
static const double LOSS_TOLERANCE = 1e-6;
static const double PREDICTION_TOLERANCE = 1e-5;

/* A case of the fixture: where it starts, and what it has beside the tutorial's settings. */
typedef struct {
  const char *name, *start;
  int64_t steps_before;
  double learning_rate, l2_regularization;
  int32_t head, layer_norm;
} training_case;

static const training_case TUTORIAL = {
    "tutorial", "tutorial", 0, 1e-4, 1e-6, SNGP_HEAD_GAUSSIAN_PROCESS, 0};
static const training_case SHARED_ADAM = {
    "shared_adam", "tutorial", STEPS_BEFORE_SNGP, 1e-4, 1e-6, SNGP_HEAD_GAUSSIAN_PROCESS, 0};
static const training_case LAYER_NORM = {
    "layer_norm", "layer_norm", 0, 1e-3, 1e-2, SNGP_HEAD_GAUSSIAN_PROCESS, 1};
static const training_case DETERMINISTIC = {
    "deterministic", "deterministic", 0, 1e-4, 0, SNGP_HEAD_DENSE, 0};

static int64_t count_blocks(const fixture *f, const char *start) {
  char name[FIXTURE_PATH_SIZE];
  for (int64_t blocks = 0;; blocks++) {
    snprintf(name, sizeof name, "%s.step.0.block.%d.bias", start, (int)blocks);
    if (sngp_safetensors_find(&f->file, name) == NULL) return blocks;
  }
}

/* The tutorial's settings, without dropout, at the fixture's sizes and with its tensors. */
static sngp_model *model_of(const fixture *f, const training_case *c) {
  char prefix[FIXTURE_PATH_SIZE];
  fixture_tensor input = get_tensor(f, "%s.step.0.input.weight", c->start);
  fixture_tensor output = get_tensor(f, "%s.step.0.output.weight", c->start);
  sngp_model_config config = small_config();
  assert_ok(sngp_model_config_preset(&config, SNGP_PRESET_TUTORIAL));
  config.input_dim = input.rows;
  config.num_hidden = input.cols;
  config.num_classes = output.cols;
  config.num_layers = count_blocks(f, c->start);
  config.dropout_rate = 0;
  config.head = c->head;
  config.l2_regularization = c->l2_regularization;
  config.train_input_layer = c->layer_norm;
  if (c->head == SNGP_HEAD_GAUSSIAN_PROCESS) config.num_random_features = output.rows;
  if (c->head == SNGP_HEAD_DENSE) config.spectral_norm_bound = 0;
  if (c->layer_norm) {
    config.normalize_input = SNGP_NORMALIZE_LAYER_NORM;
    config.scale_random_features = 0;
  }
  sngp_model *model = create_model(&config);
  snprintf(prefix, sizeof prefix, "%s.step.0.", c->start);
  set_parameters(model, f, prefix);
  free(output.values);
  free(input.values);
  return model;
}

static sngp_dataset *training_rows(const fixture *f) {
  fixture_tensor points = get_tensor(f, "points"), classes = get_tensor(f, "labels");
  int32_t *labels = take((size_t)points.rows, sizeof *labels);
  for (int64_t i = 0; i < points.rows; i++) labels[i] = (int32_t)classes.values[i];
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_create(points.values, points.rows, points.cols, 0, labels, 2, &data));
  free(labels);
  free(classes.values);
  free(points.values);
  return data;
}

static int is_bias(const char *name) {
  size_t length = strlen(name);
  return length > 5 && strcmp(name + length - 5, ".bias") == 0;
}

/* Compares every tensor that the fixture has for this step; returns how many there were. */
static int compare_tensors(const sngp_model *model, const fixture *f, const char *name,
                           int64_t step) {
  double largest = 0, largest_bias = 0;
  int compared = 0;
  for (int64_t i = 0; i < sngp_model_num_tensors(model); i++) {
    char full_name[FIXTURE_PATH_SIZE];
    sngp_parameter_info info = {.struct_size = sizeof info};
    assert_ok(sngp_model_parameter_info(model, i, &info));
    snprintf(full_name, sizeof full_name, "%s.step.%d.%s", name, (int)step, info.name);
    fixture_tensor expected = find_tensor(f, full_name);
    assert_true(expected.values != NULL || !info.trainable);
    if (expected.values == NULL) continue;
    int64_t count = 0;
    float *own = parameter_of(model, info.name, &count);
    assert_int_equal(count, expected.count);
    if (is_bias(info.name))
      keep_largest(&largest_bias, largest_difference(own, expected.values, (size_t)count));
    else
      keep_largest(&largest, relative_difference(own, expected.values, count));
    compared++;
    free(own);
    free(expected.values);
  }
  print_message("  %s, step %2d: %d tensors, %.1e; biases %.1e\n", name, (int)step, compared,
                largest, largest_bias);
  assert_below(largest, TOLERANCE);
  assert_below(largest_bias, BIAS_TOLERANCE);
  return compared;
}

static void run_case(const training_case *c) {
  char losses[FIXTURE_PATH_SIZE];
  fixture f = open_fixture("training_steps");
  sngp_model *model = model_of(&f, c);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, c->learning_rate);
  sngp_dataset *data = training_rows(&f);
  int64_t batch_rows = (int64_t)get_number(&f, 0, "batch_rows"), rows = sngp_dataset_rows(data);
  int compared = 0;
  adam->step = c->steps_before;
  snprintf(losses, sizeof losses, "%s.losses", c->name);
  for (int64_t step = 1; step <= NUM_STEPS; step++) {
    int64_t first = (step - 1) * batch_rows;
    int64_t count = rows - first < batch_rows ? rows - first : batch_rows;
    sngp_dataset *batch = rows_of(data, first, count);
    sngp_step_result result = {.struct_size = sizeof result};
    assert_ok(sngp_train_step(model, adam, batch, &result));
    assert_close(result.loss, get_number(&f, step - 1, losses), LOSS_TOLERANCE);
    if (step == NUM_STEPS || (step == 1 && c->steps_before == 0))
      compared += compare_tensors(model, &f, c->name, step);
    sngp_dataset_free(batch);
  }
  assert_true(compared > 0);
  sngp_dataset_free(data);
  sngp_optimizer_free(adam);
  sngp_model_free(model);
  close_fixture(&f);
}

static void the_tutorials_network_follows_keras(void **unused) {
  (void)unused;
  run_case(&TUTORIAL);
}

static void so_it_does_with_the_tutorials_shared_adam(void **unused) {
  (void)unused;
  run_case(&SHARED_ADAM);
}

static void so_does_layer_norm_with_a_trained_input_layer(void **unused) {
  (void)unused;
  run_case(&LAYER_NORM);
}

static void so_does_a_deterministic_network(void **unused) {
  (void)unused;
  run_case(&DETERMINISTIC);
}

/* One epoch of sngp_fit() with the tutorial's way to the posterior: the ten steps' own features. */
static void an_epoch_leaves_the_references_logits_and_covariance(void **unused) {
  (void)unused;
  fixture f = open_fixture("training_steps");
  sngp_model *model = model_of(&f, &TUTORIAL);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, TUTORIAL.learning_rate);
  sngp_dataset *data = training_rows(&f), *test_rows = NULL;
  sngp_fit_config config = constant_rate(1, (int64_t)get_number(&f, 0, "batch_rows"));
  config.shuffle = 0;
  config.covariance = SNGP_COVARIANCE_IN_TRAINING;
  assert_ok(sngp_fit(model, adam, data, NULL, &config, NULL));
  compare_tensors(model, &f, TUTORIAL.name, NUM_STEPS);

  fixture_tensor test = get_tensor(&f, "test");
  fixture_tensor logits = get_tensor(&f, "tutorial.test.logits");
  fixture_tensor covariance = get_tensor(&f, "tutorial.test.covariance");
  outputs own = take_outputs(test.rows, logits.cols, 1);
  assert_ok(sngp_dataset_create(test.values, test.rows, test.cols, 0, NULL, 0, &test_rows));
  assert_ok(predict_rows(model, NULL, test_rows, NULL, &own));
  double of_logits = relative_difference(own.out.logits, logits.values, logits.count);
  double of_covariance =
      relative_difference(own.out.covariance, covariance.values, covariance.count);
  print_message("  logits %.1e, covariance %.1e\n", of_logits, of_covariance);
  assert_below(of_logits, PREDICTION_TOLERANCE);
  assert_below(of_covariance, PREDICTION_TOLERANCE);

  free_outputs(&own);
  free(covariance.values);
  free(logits.values);
  free(test.values);
  sngp_dataset_free(test_rows);
  sngp_dataset_free(data);
  sngp_optimizer_free(adam);
  sngp_model_free(model);
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_tutorials_network_follows_keras),
      cmocka_unit_test(so_it_does_with_the_tutorials_shared_adam),
      cmocka_unit_test(so_does_layer_norm_with_a_trained_input_layer),
      cmocka_unit_test(so_does_a_deterministic_network),
      cmocka_unit_test(an_epoch_leaves_the_references_logits_and_covariance),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
