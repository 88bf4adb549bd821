/* Small models for tests of files; include cmocka.h first. */
#ifndef SNGP_TESTS_IO_MODELS_H
#define SNGP_TESTS_IO_MODELS_H

#include <math.h>
#include <stdlib.h>

#include "base/parallel.h"
#include "base/random.h"
#include "model/model.h"

/* Gives a GP head the posterior of `rows` random rows, equally sure of each output. */
static inline void give_posterior(sngp_model *model, int64_t rows, int64_t seed) {
  size_t count = (size_t)(rows * model->posterior.size);
  size_t outputs = (size_t)(rows * model->posterior.num_outputs);
  float *features = malloc(count * sizeof *features);
  double *curvature = malloc(outputs * sizeof *curvature);
  double *scratch = malloc(count * sizeof *scratch);
  assert_true(features != NULL && scratch != NULL && curvature != NULL);
  for (size_t i = 0; i < outputs; i++) curvature[i] = 1 / (double)model->posterior.num_outputs;
  sngp_random_stream stream = sngp_random_open(seed, SNGP_RANDOM_DATA, 0, 0);
  sngp_random_fill_normal(&stream, 1.0, features, count);
  sngp_pool *pool = NULL;
  assert_int_equal(sngp_pool_create(1, &pool), SNGP_OK);
  sngp_posterior_reset(&model->posterior);
  const sngp_posterior_rows entering = {
      .count = rows,
      .features = features,
      .curvature = model->posterior.kind == SNGP_POSTERIOR_SHARED ? NULL : curvature};
  sngp_posterior_update(&model->posterior, &entering, 1.0, 1.0, scratch, pool);
  sngp_pool_free(pool);
  assert_int_equal(sngp_posterior_finish(&model->posterior, model->config.ridge), SNGP_OK);
  free(curvature);
  free(features);
  free(scratch);
}

/* A model that is prepared and has a posterior and a record, as after a fit: 3 inputs, 4 classes,
   2 blocks of 5, 12 features. */
static inline sngp_model *make_model(int32_t head, int64_t seed) {
  static const char *const classes[] = {"iris", "ros\xc3\xa9", "\"tulip\"", ""};
  static const char *const features[] = {"length", "width, mm", "\xe2\x82\xac"};
  sngp_model_config config;
  assert_int_equal(sngp_model_config_init(&config, sizeof config), SNGP_OK);
  config.input_dim = 3;
  config.num_classes = 4;
  config.head = head;
  config.num_layers = 2;
  config.num_hidden = 5;
  config.num_random_features = 12;
  config.ridge = 0.1;
  config.seed = seed;
  config.class_names = classes;
  config.feature_names = features;
  sngp_model *model = NULL;
  assert_int_equal(sngp_model_create(&config, &model), SNGP_OK);
  const float mean[] = {0.1f, -2.5f, 1e-30f}, scale[] = {1.0f, 0.3f, 1e30f};
  assert_int_equal(sngp_model_set_parameter(model, "input_scaling.mean", mean, 3), SNGP_OK);
  assert_int_equal(sngp_model_set_parameter(model, "input_scaling.scale", scale, 3), SNGP_OK);
  model->holds.input_scaling = true;
  if (head == SNGP_HEAD_GAUSSIAN_PROCESS) {
    sngp_model_set_scales(model, 1.0 / 3.0, 0.7);
    give_posterior(model, 40, seed);
  }
  model->training = (sngp_training_record){.struct_size = sizeof model->training,
                                           .stopped_early = 1,
                                           .rows = 40,
                                           .epochs = 3,
                                           .steps = 6,
                                           .batch_size = 20,
                                           .learning_rate = 1e-3,
                                           .loss = 0.1,
                                           .accuracy = 2.0 / 3.0,
                                           .validation_loss = (double)NAN,
                                           .validation_accuracy = (double)NAN,
                                           .covariance_rows = model->posterior.rows};
  return model;
}

#endif
