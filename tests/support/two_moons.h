/* The tutorial's experiment: two moons, the out-of-domain blob, and what is measured on them.
   Include after <cmocka.h>. */
#ifndef SNGP_TESTS_SUPPORT_TWO_MOONS_H
#define SNGP_TESTS_SUPPORT_TWO_MOONS_H

#include "sngp/sngp.h"
#include "support/check.h"
#include "support/singular_value.h"

enum { TWO_MOONS_ROWS = 1000, BLOB_ROWS = 500, TWO_MOONS_EPOCHS = 100, TWO_MOONS_THREADS = 2 };

static inline sngp_dataset *two_moons(int64_t seed) {
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_two_moons(TWO_MOONS_ROWS, 0.1, seed, &data));
  return data;
}

static inline sngp_dataset *ood_blob(int64_t seed) {
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_blob(BLOB_ROWS, 2.5, -1.75, 0.1, seed, &data));
  return data;
}

static inline sngp_optimizer *preset_adam(int32_t preset) {
  sngp_optimizer_config config;
  sngp_optimizer *adam = NULL;
  assert_ok(sngp_optimizer_config_init(&config, sizeof config));
  assert_ok(sngp_optimizer_config_preset(&config, preset));
  assert_ok(sngp_optimizer_create(&config, &adam));
  return adam;
}

/* A model of a preset for two moons; a dense head also loses the spectral normalisation. */
static inline sngp_model *two_moons_model(int32_t preset, int32_t head, int64_t seed) {
  sngp_model_config config;
  sngp_model *model = NULL;
  assert_ok(sngp_model_config_init(&config, sizeof config));
  assert_ok(sngp_model_config_preset(&config, preset));
  config.input_dim = config.num_classes = 2;
  config.head = head;
  config.seed = seed;
  if (head == SNGP_HEAD_DENSE) config.spectral_norm_bound = 0;
  assert_ok(sngp_model_create(&config, &model));
  return model;
}

/* A fit of TWO_MOONS_EPOCHS epochs under a preset's fit configuration. */
static inline sngp_history *fit_two_moons(sngp_model *model, sngp_optimizer *optimizer,
                                          const sngp_dataset *data, int32_t preset) {
  sngp_fit_config config;
  sngp_history *history = NULL;
  assert_ok(sngp_fit_config_init(&config, sizeof config));
  assert_ok(sngp_fit_config_preset(&config, preset));
  config.epochs = TWO_MOONS_EPOCHS;
  config.num_threads = TWO_MOONS_THREADS;
  assert_ok(sngp_fit(model, optimizer, data, NULL, &config, &history));
  return history;
}

static inline sngp_epoch_record epoch_of(const sngp_history *history, int64_t epoch) {
  sngp_epoch_record record = {.struct_size = sizeof record};
  assert_ok(sngp_history_epoch(history, epoch - 1, &record));
  return record;
}

/* The variances of all rows. */
static inline void variances_of(const sngp_model *model, const sngp_dataset *data,
                                float *variances) {
  sngp_prediction out = {.struct_size = sizeof out, .variance = variances};
  assert_ok(sngp_predict(model, NULL, sngp_dataset_features(data), sngp_dataset_rows(data),
                         sngp_dataset_cols(data), sngp_dataset_row_stride(data), NULL, &out));
}

/* The mean over rows of the largest probability. */
static inline double mean_max_probability(const sngp_model *model, const sngp_dataset *data) {
  int64_t rows = sngp_dataset_rows(data);
  float *uncertainty = take((size_t)rows, sizeof *uncertainty);
  sngp_prediction out = {.struct_size = sizeof out, .uncertainty = uncertainty};
  assert_ok(sngp_predict(model, NULL, sngp_dataset_features(data), rows, sngp_dataset_cols(data),
                         sngp_dataset_row_stride(data), NULL, &out));
  double sum = 0;
  for (int64_t i = 0; i < rows; i++) sum += 1 - (double)uncertainty[i];
  free(uncertainty);
  return sum / (double)rows;
}

static inline int compare_floats(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* The value below which a fraction of the values lies; sorts them. */
static inline double percentile(float *values, size_t count, double fraction) {
  qsort(values, count, sizeof *values, compare_floats);
  return (double)values[(size_t)(fraction * (double)(count - 1) + 0.5)];
}

/* What the two models of a preset say far from the data, and how far SNGP stretches it. */
typedef struct {
  double blob_variance;  /* its 5th percentile on the blob */
  double train_variance; /* its 99th percentile on the training rows */
  double sngp_max_probability, deterministic_max_probability; /* means on the blob */
  double singular_value;                                      /* the largest of SNGP's blocks */
} blob_measures;

static inline blob_measures measure_blob(const sngp_model *deterministic, const sngp_model *sngp,
                                         const sngp_dataset *training, int64_t seed) {
  sngp_dataset *blob = ood_blob(seed);
  float variances[TWO_MOONS_ROWS];
  blob_measures measures;
  variances_of(sngp, blob, variances);
  measures.blob_variance = percentile(variances, BLOB_ROWS, 0.05);
  variances_of(sngp, training, variances);
  measures.train_variance = percentile(variances, TWO_MOONS_ROWS, 0.99);
  measures.sngp_max_probability = mean_max_probability(sngp, blob);
  measures.deterministic_max_probability = mean_max_probability(deterministic, blob);
  measures.singular_value = largest_singular_value(sngp);
  sngp_dataset_free(blob);
  return measures;
}

/* On the blob every SNGP's variance is larger than on the training rows. */
static inline void assert_variance_tells_the_blob(const blob_measures *measures, int num_seeds) {
  for (int i = 0; i < num_seeds; i++) {
    print_message("  seed %d: variance %.3f against %.3f\n", i + 1, measures[i].blob_variance,
                  measures[i].train_variance);
    assert_below(measures[i].train_variance, measures[i].blob_variance);
  }
}

/* On the blob, in the mean over seeds, SNGP is unsure and the deterministic model sure. */
static inline void assert_unsure_on_the_blob(const blob_measures *measures, int num_seeds) {
  double sngp = 0, deterministic = 0;
  for (int i = 0; i < num_seeds; i++) {
    print_message("  seed %d: max p %.3f, deterministic %.3f\n", i + 1,
                  measures[i].sngp_max_probability, measures[i].deterministic_max_probability);
    sngp += measures[i].sngp_max_probability / num_seeds;
    deterministic += measures[i].deterministic_max_probability / num_seeds;
  }
  assert_below(sngp, 0.65);
  assert_below(0.95, deterministic);
}

/* Every block's largest singular value is within 5 % of the bound, 0.9. */
static inline void assert_within_bounds(const blob_measures *measures, int num_seeds) {
  for (int i = 0; i < num_seeds; i++) {
    print_message("  seed %d: %.4f\n", i + 1, measures[i].singular_value);
    assert_below(measures[i].singular_value, 1.05 * 0.9);
  }
}

#endif
