/* Monte Carlo dropout: passes of a network of one block, whose logits are linear in what is
   dropped, have a mean and a variance in closed form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/reference.h"
#include "support/small_model.h"

enum { ROWS = 40 };

static sngp_predict_config mc_dropout(int64_t passes) {
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.method = SNGP_PREDICT_MC_DROPOUT;
  config.num_samples = passes;
  return config;
}

static sngp_model *train(const sngp_model_config *config) {
  sngp_model *model = create_model(config);
  sngp_dataset *training = small_data(60, 1);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(4, 16);
  assert_ok(sngp_fit(model, adam, training, NULL, &fit, NULL));
  sngp_optimizer_free(adam);
  sngp_dataset_free(training);
  return model;
}

static sngp_model *train_with_rate(int32_t head, double rate, int64_t layers) {
  sngp_model_config config = small_config();
  config.head = head;
  config.dropout_rate = rate;
  config.num_layers = layers;
  return train(&config);
}

/* The step of training's own forward pass, with its stream: the same bits, the same logits. */
static void a_pass_is_trainings_forward_pass(void **state) {
  (void)state;
  enum { SEED = 5, STEP = 11, FIRST = 3 };
  for (int32_t head = SNGP_HEAD_DENSE; head <= SNGP_HEAD_GAUSSIAN_PROCESS; head++) {
    sngp_model *model = train_with_rate(head, 0.3, 3);
    const sngp_network *network = &model->network;
    sngp_dataset *rows = small_data(ROWS, 3);
    sngp_pass training, prediction;
    assert_ok(sngp_pass_create(network, ROWS, true, model->table.trainable_size, &training));
    assert_ok(sngp_pass_create(network, ROWS, false, 0, &prediction));
    for (int64_t i = 0; i < ROWS; i++) {
      sngp_pass_set_row(network, &training, i, sngp_dataset_features(rows) + i * SMALL_INPUTS);
      sngp_pass_set_row(network, &prediction, i, sngp_dataset_features(rows) + i * SMALL_INPUTS);
    }
    uint32_t *words = take(sngp_dropout_words(network->hidden), sizeof *words);
    sngp_network_dropout dropout = {SEED, STEP, FIRST, SNGP_RANDOM_DROPOUT};
    sngp_network_forward_training(network, &training, ROWS, FIRST, SEED, STEP);
    sngp_network_enter(network, &prediction, ROWS);
    sngp_network_logits_dropout(network, &prediction, ROWS, &dropout, words);
    assert_close(largest_difference(training.logits, prediction.logits, ROWS * SMALL_CLASSES), 0,
                 1e-5);
    free(words);
    sngp_pass_destroy(&prediction);
    sngp_pass_destroy(&training);
    sngp_dataset_free(rows);
    sngp_model_free(model);
  }
}

/* logits = (h + mask r / (1 - p)) W + b: mean that of no dropout, variance of class k
   p / (1 - p) sum_j (r_j W_jk)^2, seen through the samples as those of differences of logits. */
static void passes_have_the_mean_and_variance_of_the_mask(void **state) {
  (void)state;
  enum { PASSES = 20000, FEW = 5 };
  const double rate = 0.25; /* exact in the 16 bits that decide */
  sngp_model *model = train_with_rate(SNGP_HEAD_DENSE, rate, 1);
  reference network = read_reference(model);
  sngp_dataset *rows = small_data(FEW, 3);
  const float *x = sngp_dataset_features(rows);
  float *samples = take(PASSES * FEW * SMALL_CLASSES, sizeof *samples);
  float logits[FEW * SMALL_CLASSES];
  sngp_predict_config config = mc_dropout(PASSES);
  config.temperature = 4; /* no probability vanishes */
  sngp_prediction out = {.struct_size = sizeof out, .samples = samples, .logits = logits};
  assert_ok(sngp_predict(model, NULL, x, FEW, SMALL_INPUTS, 0, &config, &out));
  int64_t hidden = network.config.num_hidden;
  double *whole = take((size_t)hidden, sizeof *whole),
         *entering = take((size_t)hidden, sizeof *entering);
  const double *w = tensor_values(&network, "output.weight");
  int spread = 0; /* differences that dropout moves at all */
  for (int i = 0; i < FEW; i++) {
    double exact[SMALL_CLASSES];
    reference_logits(&network, x + i * SMALL_INPUTS, NULL, exact);
    network.config.num_layers = 1;
    reference_hidden(&network, x + i * SMALL_INPUTS, whole);
    network.config.num_layers = 0;
    reference_hidden(&network, x + i * SMALL_INPUTS, entering);
    network.config.num_layers = 1;
    for (int k = 1; k < SMALL_CLASSES; k++) {
      double variance = 0, mean = 0, square = 0;
      for (int64_t j = 0; j < hidden; j++) {
        double part = (whole[j] - entering[j]) * (w[j * SMALL_CLASSES + k] - w[j * SMALL_CLASSES]);
        variance += rate / (1 - rate) * part * part;
      }
      for (int s = 0; s < PASSES; s++) {
        const float *p = samples + (s * FEW + i) * SMALL_CLASSES;
        double difference = config.temperature * log((double)p[k] / (double)p[0]);
        mean += difference / PASSES;
        square += pow(difference - (exact[k] - exact[0]), 2) / PASSES;
      }
      spread += variance > 1e-2;
      assert_close(mean, exact[k] - exact[0], 4.5 * sqrt(variance / PASSES));
      assert_close(square, variance, 0.06 * variance); /* 4.5 sqrt(2 / PASSES), and kurtosis */
      assert_close(logits[i * SMALL_CLASSES + k] - logits[i * SMALL_CLASSES], mean, 1e-4);
    }
  }
  assert_true(spread >= FEW);
  free(entering);
  free(whole);
  free(samples);
  sngp_dataset_free(rows);
  free_reference(&network);
  sngp_model_free(model);
}

/* A rate below a half of 1 / 65536 drops nothing. */
static void without_anything_dropped_it_is_the_mean_field(void **state) {
  (void)state;
  sngp_model *model = train_with_rate(SNGP_HEAD_GAUSSIAN_PROCESS, 1e-9, 3);
  sngp_dataset *rows = small_data(ROWS, 3);
  outputs expected = take_outputs(ROWS, SMALL_CLASSES, 0);
  outputs sampled = take_outputs(ROWS, SMALL_CLASSES, 0);
  sngp_predict_config config = mc_dropout(3);
  assert_ok(predict_rows(model, NULL, rows, NULL, &expected));
  assert_ok(predict_rows(model, NULL, rows, &config, &sampled));
  assert_close(output_difference(&expected, &sampled, SMALL_CLASSES), 0, 1e-5);
  free_outputs(&sampled);
  free_outputs(&expected);
  sngp_dataset_free(rows);
  sngp_model_free(model);
}

/* Each pass of an SNGP is a mean field with its own features' variance: passes disagree in both. */
static void passes_of_an_sngp_differ_in_logits_and_variance(void **state) {
  (void)state;
  sngp_model *model = train_with_rate(SNGP_HEAD_GAUSSIAN_PROCESS, 0.3, 3);
  sngp_dataset *rows = small_data(ROWS, 3);
  outputs one = take_outputs(ROWS, SMALL_CLASSES, 0);
  outputs both = take_outputs(ROWS, SMALL_CLASSES, 0), map = take_outputs(ROWS, SMALL_CLASSES, 0);
  sngp_predict_config config = mc_dropout(1);
  assert_ok(predict_rows(model, NULL, rows, &config, &one));
  config.mean_field_factor = -1;
  assert_ok(predict_rows(model, NULL, rows, &config, &map));
  config = mc_dropout(2);
  both.out.samples = take(2 * ROWS * SMALL_CLASSES, sizeof(float));
  assert_ok(predict_rows(model, NULL, rows, &config, &both));
  assert_true(largest_difference(both.out.samples, one.out.probabilities, ROWS * SMALL_CLASSES) ==
              0);
  int moved = 0;
  double information = 0;
  for (int i = 0; i < ROWS; i++) {
    /* mean field with the pass's own variance: logits shrink by sqrt(1 + factor variance) */
    const float *f = one.out.logits + i * SMALL_CLASSES,
                *p = one.out.probabilities + i * SMALL_CLASSES;
    double shrink = sqrt(1 + 3.14159265358979 / 8 * (double)one.out.variance[i]);
    for (int k = 1; k < SMALL_CLASSES; k++)
      assert_close(log((double)p[k] / (double)p[0]), (double)(f[k] - f[0]) / shrink, 1e-3);
    moved += both.out.variance[i] != one.out.variance[i];
    information += (double)both.out.mutual_information[i];
  }
  assert_true(moved > ROWS / 2);
  assert_true(information > 0);
  assert_true(largest_difference(one.out.logits, map.out.logits, ROWS * SMALL_CLASSES) == 0);
  free(both.out.samples);
  free_outputs(&map);
  free_outputs(&both);
  free_outputs(&one);
  sngp_dataset_free(rows);
  sngp_model_free(model);
}

/* At such a temperature passes disagree by less than the rounding of an entropy. */
static void information_is_never_negative(void **state) {
  (void)state;
  sngp_model *model = train_with_rate(SNGP_HEAD_DENSE, 0.3, 3);
  sngp_dataset *rows = small_data(ROWS, 3);
  outputs all = take_outputs(ROWS, SMALL_CLASSES, 0);
  sngp_prediction out = {.struct_size = sizeof out,
                         .mutual_information = all.out.mutual_information};
  sngp_predict_config config = mc_dropout(5);
  config.temperature = 1e4;
  assert_ok(
      sngp_predict(model, NULL, sngp_dataset_features(rows), ROWS, SMALL_INPUTS, 0, &config, &out));
  for (int i = 0; i < ROWS; i++) assert_true(out.mutual_information[i] >= 0);
  free_outputs(&all);
  sngp_dataset_free(rows);
  sngp_model_free(model);
}

static void parts_and_threads_drop_the_units_of_one_call(void **state) {
  (void)state;
  enum { PASSES = 5, SPLIT = 13 };
  sngp_model *model = train_with_rate(SNGP_HEAD_GAUSSIAN_PROCESS, 0.3, 3);
  sngp_dataset *rows = small_data(ROWS, 3);
  const float *x = sngp_dataset_features(rows);
  outputs whole = take_outputs(ROWS, SMALL_CLASSES, 0);
  float parts[ROWS * SMALL_CLASSES];
  sngp_predict_config config = mc_dropout(PASSES);
  assert_ok(predict_rows(model, NULL, rows, &config, &whole));
  config.num_threads = 3;
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = parts};
  assert_ok(sngp_predict(model, NULL, x, SPLIT, SMALL_INPUTS, 0, &config, &out));
  config.first_row = SPLIT;
  out.probabilities += SPLIT * SMALL_CLASSES;
  assert_ok(sngp_predict(model, NULL, x + SPLIT * SMALL_INPUTS, ROWS - SPLIT, SMALL_INPUTS, 0,
                         &config, &out));
  assert_close(largest_difference(whole.out.probabilities, parts, ROWS * SMALL_CLASSES), 0, 2e-5);
  free_outputs(&whole);
  sngp_dataset_free(rows);
  sngp_model_free(model);
}

static void check_refused(int32_t head, double rate, int64_t layers, bool covariance,
                          const char *text) {
  sngp_model *model = train_with_rate(head, rate, layers);
  const float x[SMALL_INPUTS] = {0};
  float p[SMALL_CLASSES], c[1];
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = p};
  if (covariance) out.covariance = c;
  sngp_predict_config config = mc_dropout(2);
  assert_fails(sngp_predict(model, NULL, x, 1, SMALL_INPUTS, 0, &config, &out),
               SNGP_ERROR_UNSUPPORTED, text);
  sngp_model_free(model);
}

static void check_refused_without_backbone(void) {
  sngp_model_config config = small_config();
  config.backbone = SNGP_BACKBONE_NONE;
  config.head = SNGP_HEAD_DENSE;
  config.standardize_inputs = 0;
  sngp_model *model = create_model(&config);
  const float x[SMALL_INPUTS] = {0};
  float p[SMALL_CLASSES];
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = p};
  sngp_predict_config prediction = mc_dropout(2);
  assert_fails(sngp_predict(model, NULL, x, 1, SMALL_INPUTS, 0, &prediction, &out),
               SNGP_ERROR_UNSUPPORTED, "num_layers 0, without a backbone");
  sngp_model_free(model);
}

static void what_has_no_passes_is_refused(void **state) {
  (void)state;
  check_refused(SNGP_HEAD_DENSE, 0, 2, false, "dropout_rate is 0");
  check_refused(SNGP_HEAD_DENSE, 0.1, 0, false, "num_layers 0");
  check_refused(SNGP_HEAD_GAUSSIAN_PROCESS, 0.1, 2, true, "covariance");
  check_refused_without_backbone();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_pass_is_trainings_forward_pass),
      cmocka_unit_test(passes_have_the_mean_and_variance_of_the_mask),
      cmocka_unit_test(without_anything_dropped_it_is_the_mean_field),
      cmocka_unit_test(passes_of_an_sngp_differ_in_logits_and_variance),
      cmocka_unit_test(information_is_never_negative),
      cmocka_unit_test(parts_and_threads_drop_the_units_of_one_call),
      cmocka_unit_test(what_has_no_passes_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
