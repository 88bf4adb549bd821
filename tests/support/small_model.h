/* A model and data small enough to be computed again in a test. Include after <cmocka.h>. */
#ifndef SNGP_TESTS_SUPPORT_SMALL_MODEL_H
#define SNGP_TESTS_SUPPORT_SMALL_MODEL_H

#include "base/random.h"
#include "sngp/sngp.h"
#include "support/check.h"

enum { SMALL_INPUTS = 3, SMALL_CLASSES = 3 };

/* The default preset but for the sizes: 3 inputs, 3 classes, 2 blocks of 8 units, 40 features. */
static inline sngp_model_config small_config(void) {
  sngp_model_config config;
  assert_ok(sngp_model_config_init(&config, sizeof config));
  config.input_dim = SMALL_INPUTS;
  config.num_classes = SMALL_CLASSES;
  config.num_layers = 2;
  config.num_hidden = 8;
  config.num_random_features = 40;
  config.seed = 7;
  return config;
}

static inline sngp_model *create_model(const sngp_model_config *config) {
  sngp_model *model = NULL;
  assert_ok(sngp_model_create(config, &model));
  return model;
}

static inline sngp_model *clone_of(const sngp_model *model) {
  sngp_model *clone = NULL;
  assert_ok(sngp_model_clone(model, &clone));
  return clone;
}

static inline sngp_optimizer *create_optimizer(int32_t algorithm, double learning_rate) {
  sngp_optimizer_config config;
  sngp_optimizer *optimizer = NULL;
  assert_ok(sngp_optimizer_config_init(&config, sizeof config));
  config.algorithm = algorithm;
  config.learning_rate = learning_rate;
  assert_ok(sngp_optimizer_create(&config, &optimizer));
  return optimizer;
}

/* The defaults with a constant learning rate. */
static inline sngp_fit_config constant_rate(int64_t epochs, int64_t batch_size) {
  sngp_fit_config config;
  assert_ok(sngp_fit_config_init(&config, sizeof config));
  config.schedule = SNGP_SCHEDULE_CONSTANT;
  config.epochs = epochs;
  config.batch_size = batch_size;
  return config;
}

/* Normal rows around a centre for each class, the centres on the axes; labels in turn. Columns
   differ in mean and deviation. */
static inline sngp_dataset *small_data(int64_t rows, int64_t seed) {
  float *features = take((size_t)(rows * SMALL_INPUTS), sizeof *features);
  int32_t *labels = take((size_t)rows, sizeof *labels);
  sngp_random_stream stream = sngp_random_open(seed, SNGP_RANDOM_DATA, 0, 99);
  sngp_random_fill_normal(&stream, 1, features, (size_t)(rows * SMALL_INPUTS));
  for (int64_t i = 0; i < rows; i++) {
    labels[i] = (int32_t)(i % SMALL_CLASSES);
    features[i * SMALL_INPUTS + labels[i]] += 3;
    for (int64_t j = 0; j < SMALL_INPUTS; j++) {
      float *value = &features[i * SMALL_INPUTS + j];
      *value = *value * (float)(j + 1) - 2 * (float)j;
    }
  }
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_create(features, rows, SMALL_INPUTS, 0, labels, SMALL_CLASSES, &data));
  free(labels);
  free(features);
  return data;
}

/* Rows [first, first + count) of a dataset, weights included. */
static inline sngp_dataset *rows_of(const sngp_dataset *data, int64_t first, int64_t count) {
  int64_t *indices = take((size_t)count, sizeof *indices);
  for (int64_t i = 0; i < count; i++) indices[i] = first + i;
  sngp_dataset *rows = NULL;
  assert_ok(sngp_dataset_subset(data, indices, count, &rows));
  free(indices);
  return rows;
}

/* The values of a tensor; to be freed. */
static inline float *parameter_of(const sngp_model *model, const char *name, int64_t *count) {
  for (int64_t i = 0; i < sngp_model_num_tensors(model); i++) {
    sngp_parameter_info info = {.struct_size = sizeof info};
    assert_ok(sngp_model_parameter_info(model, i, &info));
    if (strcmp(info.name, name) != 0) continue;
    *count = info.rows * info.cols;
    float *values = take((size_t)*count, sizeof *values);
    assert_ok(sngp_model_get_parameter(model, name, values, *count));
    return values;
  }
  fail_msg("no parameter %s", name);
  return NULL;
}

/* The largest difference between two models' tensors; 0: bitwise the same, as no NaN is around. */
static inline double parameter_difference(const sngp_model *a, const sngp_model *b) {
  double largest = 0;
  assert_int_equal(sngp_model_num_tensors(a), sngp_model_num_tensors(b));
  for (int64_t i = 0; i < sngp_model_num_tensors(a); i++) {
    sngp_parameter_info info = {.struct_size = sizeof info};
    assert_ok(sngp_model_parameter_info(a, i, &info));
    int64_t count_a = 0, count_b = 0;
    float *values_a = parameter_of(a, info.name, &count_a);
    float *values_b = parameter_of(b, info.name, &count_b);
    assert_int_equal(count_a, count_b);
    double difference = largest_difference(values_a, values_b, (size_t)count_a);
    if (!(difference <= largest)) largest = difference;
    free(values_a);
    free(values_b);
  }
  return largest;
}

/* All outputs of a prediction of n rows; the covariance only where asked. */
typedef struct {
  int64_t rows;
  sngp_prediction out;
} outputs;

static inline outputs take_outputs(int64_t rows, int64_t classes, int with_covariance) {
  size_t n = (size_t)rows;
  return (outputs){
      .rows = rows,
      .out = {.struct_size = sizeof(sngp_prediction),
              .logits = take(n * (size_t)classes, sizeof(float)),
              .probabilities = take(n * (size_t)classes, sizeof(float)),
              .classes = take(n, sizeof(int32_t)),
              .variance = take(n, sizeof(float)),
              .covariance = with_covariance ? take(n * n, sizeof(float)) : NULL,
              .uncertainty = take(n, sizeof(float)),
              .entropy = take(n, sizeof(float)),
              .dempster_shafer = take(n, sizeof(float)),
              .energy = take(n, sizeof(float)),
              .mutual_information = take(n, sizeof(float))},
  };
}

static inline void free_outputs(outputs *all) {
  free(all->out.logits);
  free(all->out.probabilities);
  free(all->out.classes);
  free(all->out.variance);
  free(all->out.covariance);
  free(all->out.uncertainty);
  free(all->out.entropy);
  free(all->out.dempster_shafer);
  free(all->out.energy);
  free(all->out.mutual_information);
}

/* The largest difference between two predictions of the same rows; NaN where classes differ. */
static inline double output_difference(const outputs *a, const outputs *b, int64_t classes) {
  size_t n = (size_t)a->rows;
  const float *const left[] = {a->out.logits,  a->out.probabilities,      a->out.variance,
                               a->out.entropy, a->out.uncertainty,        a->out.dempster_shafer,
                               a->out.energy,  a->out.mutual_information, a->out.covariance};
  const float *const right[] = {b->out.logits,  b->out.probabilities,      b->out.variance,
                                b->out.entropy, b->out.uncertainty,        b->out.dempster_shafer,
                                b->out.energy,  b->out.mutual_information, b->out.covariance};
  const size_t counts[] = {n * (size_t)classes, n * (size_t)classes, n, n, n, n, n, n, n * n};
  double largest = memcmp(a->out.classes, b->out.classes, n * sizeof(int32_t)) ? (double)NAN : 0;
  for (int i = 0; i < 9; i++) {
    if (left[i] == NULL || right[i] == NULL) continue;
    double difference = largest_difference(left[i], right[i], counts[i]);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

static inline sngp_status predict_rows(const sngp_model *model, sngp_workspace *workspace,
                                       const sngp_dataset *data, const sngp_predict_config *config,
                                       outputs *all) {
  return sngp_predict(model, workspace, sngp_dataset_features(data), sngp_dataset_rows(data),
                      sngp_dataset_cols(data), sngp_dataset_row_stride(data), config, &all->out);
}

#endif
