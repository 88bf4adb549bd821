/* Models to be calibrated, and the likelihood of rows by their predictions. Include after
   <cmocka.h>. */
#ifndef SNGP_TESTS_UNIT_TRAIN_CALIBRATED_MODELS_H
#define SNGP_TESTS_UNIT_TRAIN_CALIBRATED_MODELS_H

#include "support/small_model.h"

static const double PI = 3.14159265358979323846;

/* Of sums over rows of probabilities in single precision. */
static const double TOLERANCE = 2e-6;

static inline sngp_model_config config_of(const sngp_model *model) {
  sngp_model_config config = small_config();
  assert_ok(sngp_model_get_config(model, &config));
  return config;
}

static inline sngp_calibrate_config default_calibration(void) {
  sngp_calibrate_config config;
  assert_ok(sngp_calibrate_config_init(&config, sizeof config));
  return config;
}

static inline sngp_predict_config method(int32_t number) {
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.method = number;
  config.num_samples = 7;
  config.seed = 3;
  return config;
}

/* Trained for long enough to be too sure. */
static inline sngp_model *trained(int32_t head, int64_t seed) {
  sngp_model_config config = small_config();
  config.head = head;
  config.seed = seed;
  sngp_dataset *data = small_data(60, 1);
  sngp_model *model = create_model(&config);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(60, 20);
  assert_ok(sngp_fit(model, adam, data, NULL, &fit, NULL));
  sngp_optimizer_free(adam);
  sngp_dataset_free(data);
  return model;
}

/* Mean of -log p(label), with sample weights where there are any. */
static inline double nll_of(const float *probabilities, const sngp_dataset *data) {
  const float *weights = sngp_dataset_sample_weights(data);
  double sum = 0, total = 0;
  for (int64_t i = 0; i < sngp_dataset_rows(data); i++) {
    double weight = weights != NULL ? (double)weights[i] : 1;
    sum -= weight * log((double)probabilities[SMALL_CLASSES * i + sngp_dataset_labels(data)[i]]);
    total += weight;
  }
  return sum / total;
}

static inline double predicted_nll(const sngp_model *model, const sngp_dataset *data,
                                   const sngp_predict_config *config) {
  float *p = take((size_t)sngp_dataset_rows(data) * SMALL_CLASSES, sizeof *p);
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = p};
  assert_ok(sngp_predict(model, NULL, sngp_dataset_features(data), sngp_dataset_rows(data),
                         SMALL_INPUTS, 0, config, &out));
  double nll = nll_of(p, data);
  free(p);
  return nll;
}

#endif
