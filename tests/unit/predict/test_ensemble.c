/* Predictions of ensembles against the means of their members' own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sngp/ensemble.h"
#include "support/small_model.h"

enum { ROWS = 50, MEMBERS = 3 };

/* Members that were trained apart, on different rows, so that they differ in every number. */
static sngp_ensemble *train(int32_t head) {
  sngp_model *models[MEMBERS];
  for (int i = 0; i < MEMBERS; i++) {
    sngp_model_config config = small_config();
    config.head = head;
    config.seed = i;
    config.temperature = 1 + 0.2 * i;
    config.mean_field_factor = i == 2 ? -1 : 0.3 + i;
    models[i] = create_model(&config);
    sngp_dataset *training = small_data(40, 10 + i);
    sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
    sngp_fit_config fit = constant_rate(2, 10);
    assert_ok(sngp_fit(models[i], adam, training, NULL, &fit, NULL));
    sngp_optimizer_free(adam);
    sngp_dataset_free(training);
  }
  sngp_ensemble *ensemble = NULL;
  assert_ok(sngp_ensemble_from_models((const sngp_model *const *)models, MEMBERS, &ensemble));
  for (int i = 0; i < MEMBERS; i++) sngp_model_free(models[i]);
  return ensemble;
}

static sngp_predict_config by_method(int32_t method) {
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.method = method;
  config.num_samples = 4;
  return config;
}

static outputs buffers(int32_t head) {
  outputs all = take_outputs(ROWS, SMALL_CLASSES, 0);
  if (head == SNGP_HEAD_DENSE) {
    free(all.out.variance);
    all.out.variance = NULL;
  }
  return all;
}

/* Members' own predictions, one by one, averaged here in double precision. */
static void check_means(int32_t head, int32_t method) {
  sngp_ensemble *ensemble = train(head);
  sngp_dataset *rows = small_data(ROWS, 3);
  const float *x = sngp_dataset_features(rows);
  sngp_predict_config config = by_method(method);
  double p[ROWS * SMALL_CLASSES] = {0}, logits[ROWS * SMALL_CLASSES] = {0}, variance[ROWS] = {0};
  double entropy[ROWS] = {0};
  for (int m = 0; m < MEMBERS; m++) {
    outputs own = buffers(head);
    assert_ok(predict_rows(sngp_ensemble_member(ensemble, m), NULL, rows, &config, &own));
    for (int i = 0; i < ROWS * SMALL_CLASSES; i++) {
      p[i] += (double)own.out.probabilities[i] / MEMBERS;
      logits[i] += (double)own.out.logits[i] / MEMBERS;
    }
    for (int i = 0; i < ROWS; i++) {
      if (own.out.variance != NULL) variance[i] += (double)own.out.variance[i] / MEMBERS;
      entropy[i] += (double)own.out.entropy[i] / MEMBERS;
    }
    free_outputs(&own);
  }
  outputs all = buffers(head);
  sngp_workspace *workspace = NULL;
  assert_ok(sngp_workspace_create(sngp_ensemble_member(ensemble, 1), NULL, 16, &workspace));
  assert_ok(
      sngp_ensemble_predict(ensemble, workspace, x, ROWS, SMALL_INPUTS, 0, &config, &all.out));
  for (int i = 0; i < ROWS; i++) {
    double own_entropy = 0;
    for (int k = 0; k < SMALL_CLASSES; k++) {
      int j = i * SMALL_CLASSES + k;
      assert_close(all.out.probabilities[j], p[j], 2e-6);
      assert_close(all.out.logits[j], logits[j], 2e-5);
      own_entropy -= p[j] * log(p[j]);
    }
    if (all.out.variance != NULL) assert_close(all.out.variance[i], variance[i], 2e-5);
    assert_close(all.out.entropy[i], own_entropy, 2e-5);
    assert_close(all.out.mutual_information[i], own_entropy - entropy[i], 2e-5);
  }
  sngp_workspace_free(workspace);
  free_outputs(&all);
  sngp_dataset_free(rows);
  sngp_ensemble_free(ensemble);
}

static void dense_members_are_averaged(void **state) {
  (void)state;
  check_means(SNGP_HEAD_DENSE, SNGP_PREDICT_MEAN_FIELD);
}

static void sngp_members_are_averaged_after_their_own_mean_field(void **state) {
  (void)state;
  check_means(SNGP_HEAD_GAUSSIAN_PROCESS, SNGP_PREDICT_MEAN_FIELD);
  check_means(SNGP_HEAD_GAUSSIAN_PROCESS, SNGP_PREDICT_MAP);
}

/* Member m makes the passes m S ... m S + S - 1: of the first member they are its own. */
static void sampled_methods_average_all_passes_of_all_members(void **state) {
  (void)state;
  for (int32_t method = SNGP_PREDICT_MONTE_CARLO; method <= SNGP_PREDICT_MC_DROPOUT; method++) {
    sngp_ensemble *ensemble = train(SNGP_HEAD_GAUSSIAN_PROCESS);
    sngp_dataset *rows = small_data(ROWS, 3);
    sngp_predict_config config = by_method(method);
    enum { PASSES = 4, SIZE = PASSES * ROWS * SMALL_CLASSES };
    static float all[MEMBERS * SIZE], first[SIZE], mean[ROWS * SMALL_CLASSES];
    sngp_prediction out = {.struct_size = sizeof out, .samples = all, .probabilities = mean};
    assert_ok(sngp_ensemble_predict(ensemble, NULL, sngp_dataset_features(rows), ROWS, SMALL_INPUTS,
                                    0, &config, &out));
    out.samples = first;
    out.probabilities = NULL;
    assert_ok(sngp_predict(sngp_ensemble_member(ensemble, 0), NULL, sngp_dataset_features(rows),
                           ROWS, SMALL_INPUTS, 0, &config, &out));
    assert_true(largest_difference(all, first, SIZE) == 0);
    for (int i = 0; i < ROWS * SMALL_CLASSES; i++) {
      double sum = 0;
      for (int pass = 0; pass < MEMBERS * PASSES; pass++)
        sum += (double)all[pass * ROWS * SMALL_CLASSES + i];
      assert_close(mean[i], sum / (MEMBERS * PASSES), 1e-6);
    }
    sngp_dataset_free(rows);
    sngp_ensemble_free(ensemble);
  }
}

/* Twice one model: what its passes differ in is drawn. */
static void members_draw_and_drop_for_themselves(void **state) {
  (void)state;
  enum { PASSES = 4, SIZE = PASSES * ROWS * SMALL_CLASSES };
  sngp_ensemble *three = train(SNGP_HEAD_GAUSSIAN_PROCESS), *twins = NULL;
  const sngp_model *const models[] = {sngp_ensemble_member(three, 0),
                                      sngp_ensemble_member(three, 0)};
  assert_ok(sngp_ensemble_from_models(models, 2, &twins));
  sngp_dataset *rows = small_data(ROWS, 3);
  for (int32_t method = SNGP_PREDICT_MONTE_CARLO; method <= SNGP_PREDICT_MC_DROPOUT; method++)
    for (int32_t joint = 0; joint <= (method == SNGP_PREDICT_MONTE_CARLO); joint++) {
      static float samples[2 * SIZE];
      sngp_predict_config config = by_method(method);
      config.joint_samples = joint;
      sngp_prediction out = {.struct_size = sizeof out, .samples = samples};
      assert_ok(sngp_ensemble_predict(twins, NULL, sngp_dataset_features(rows), ROWS, SMALL_INPUTS,
                                      0, &config, &out));
      assert_true(largest_difference(samples, samples + SIZE, SIZE) > 1e-3);
    }
  sngp_dataset_free(rows);
  sngp_ensemble_free(twins);
  sngp_ensemble_free(three);
}

static void an_ensemble_of_one_predicts_as_its_model(void **state) {
  (void)state;
  sngp_ensemble *three = train(SNGP_HEAD_GAUSSIAN_PROCESS), *one = NULL;
  const sngp_model *model = sngp_ensemble_member(three, 1);
  assert_ok(sngp_ensemble_from_models(&model, 1, &one));
  sngp_dataset *rows = small_data(ROWS, 3);
  for (int32_t method = SNGP_PREDICT_MEAN_FIELD; method <= SNGP_PREDICT_MC_DROPOUT; method++) {
    sngp_predict_config config = by_method(method);
    int covariance = method != SNGP_PREDICT_MC_DROPOUT;
    outputs expected = take_outputs(ROWS, SMALL_CLASSES, covariance);
    outputs all = take_outputs(ROWS, SMALL_CLASSES, covariance);
    assert_ok(predict_rows(model, NULL, rows, &config, &expected));
    assert_ok(sngp_ensemble_predict(one, NULL, sngp_dataset_features(rows), ROWS, SMALL_INPUTS, 0,
                                    &config, &all.out));
    assert_true(output_difference(&expected, &all, SMALL_CLASSES) == 0);
    free_outputs(&all);
    free_outputs(&expected);
  }
  sngp_dataset_free(rows);
  sngp_ensemble_free(one);
  sngp_ensemble_free(three);
}

static void what_an_ensemble_cannot_give_is_refused(void **state) {
  (void)state;
  sngp_ensemble *ensemble = train(SNGP_HEAD_GAUSSIAN_PROCESS), *fresh = NULL;
  const float x[SMALL_INPUTS] = {0};
  float covariance[1], p[SMALL_CLASSES];
  sngp_prediction out = {.struct_size = sizeof out, .covariance = covariance};
  assert_fails(sngp_ensemble_predict(ensemble, NULL, x, 1, SMALL_INPUTS, 0, NULL, &out),
               SNGP_ERROR_UNSUPPORTED, "covariance", "ensemble of 3");
  assert_fails(sngp_ensemble_predict(NULL, NULL, x, 1, SMALL_INPUTS, 0, NULL, &out),
               SNGP_ERROR_INVALID_ARGUMENT, "ensemble is NULL");
  sngp_model_config config = small_config();
  assert_ok(sngp_ensemble_create(&config, 2, &fresh));
  out = (sngp_prediction){.struct_size = sizeof out, .probabilities = p};
  assert_fails(sngp_ensemble_predict(fresh, NULL, x, 1, SMALL_INPUTS, 0, NULL, &out),
               SNGP_ERROR_NOT_PREPARED, "sngp_model_prepare()");
  sngp_ensemble_free(fresh);
  sngp_ensemble_free(ensemble);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dense_members_are_averaged),
      cmocka_unit_test(sngp_members_are_averaged_after_their_own_mean_field),
      cmocka_unit_test(sampled_methods_average_all_passes_of_all_members),
      cmocka_unit_test(members_draw_and_drop_for_themselves),
      cmocka_unit_test(an_ensemble_of_one_predicts_as_its_model),
      cmocka_unit_test(what_an_ensemble_cannot_give_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
