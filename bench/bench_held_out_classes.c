/* How the defaults of the GP head were checked: without test images and without another data set.

   Two classes of Fashion-MNIST's training images are left out of training and then are the
   out-of-domain rows; the other classes train on the first 48,000 images and are judged on the last
   12,000. Printed for every form of the head's input and for multiples of the kernel_scale that
   sngp_model_prepare() chooses. Arguments: IMAGES LABELS [epochs] [threads]. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "sngp/sngp.h"

enum { NUM_CLASSES = 10, FIRST_HELD_OUT_ROW = 48000 };

/* Trousers and bags look like nothing that stays; sandals and boots, pullovers and sneakers do. */
static const int32_t HELD_OUT[][2] = {{1, 8}, {5, 9}, {2, 7}};
enum { NUM_PAIRS = sizeof HELD_OUT / sizeof *HELD_OUT };

typedef struct {
  const char *name;
  int32_t normalize_input;
  double multiple; /* of the kernel_scale that is chosen */
} setting;

static const setting SETTINGS[] = {
    {"none", SNGP_NORMALIZE_NONE, 1},     {"layer norm", SNGP_NORMALIZE_LAYER_NORM, 1},
    {"radius", SNGP_NORMALIZE_RADIUS, 1}, {"radius", SNGP_NORMALIZE_RADIUS, 0.5},
    {"radius", SNGP_NORMALIZE_RADIUS, 2}, {"radius", SNGP_NORMALIZE_RADIUS, 4},
};
enum { NUM_SETTINGS = sizeof SETTINGS / sizeof *SETTINGS };

typedef struct {
  sngp_dataset *training, *validation, *out_of_domain;
} parts;

typedef struct {
  double accuracy, nll, variance_auroc, probability_auroc;
} result;

static void *take(int64_t count, size_t size) {
  void *memory = malloc((size_t)count * size);
  if (memory == NULL) exit(1);
  return memory;
}

static parts split(const sngp_dataset *all, const int32_t held_out[2]) {
  int64_t rows = sngp_dataset_rows(all), counts[3] = {0, 0, 0};
  const int32_t *labels = sngp_dataset_labels(all);
  int64_t *indices = take(3 * rows, sizeof *indices);
  for (int64_t i = 0; i < rows; i++) {
    bool out = labels[i] == held_out[0] || labels[i] == held_out[1];
    int part = i < FIRST_HELD_OUT_ROW ? (out ? -1 : 0) : (out ? 2 : 1);
    if (part >= 0) indices[part * rows + counts[part]++] = i;
  }
  parts made = {NULL, NULL, NULL};
  check(sngp_dataset_subset(all, indices, counts[0], &made.training));
  check(sngp_dataset_subset(all, indices + rows, counts[1], &made.validation));
  check(sngp_dataset_subset(all, indices + 2 * rows, counts[2], &made.out_of_domain));
  free(indices);
  return made;
}

/* A model whose kernel_scale is a multiple of the one that the data choose. */
static sngp_model *create(const setting *chosen, const sngp_dataset *training) {
  sngp_model_config config;
  check(sngp_model_config_init(&config, sizeof config));
  config.input_dim = sngp_dataset_cols(training);
  config.num_classes = NUM_CLASSES;
  config.standardize_inputs = 0;
  config.normalize_input = chosen->normalize_input;
  sngp_model *model = NULL;
  check(sngp_model_create(&config, &model));
  check(sngp_model_prepare(model, training));
  check(sngp_model_get_config(model, &config));
  sngp_model_free(model);
  config.kernel_scale *= chosen->multiple;
  check(sngp_model_create(&config, &model));
  return model;
}

static result judge(const sngp_model *model, const parts *data, int threads) {
  int64_t rows = sngp_dataset_rows(data->validation), cols = sngp_dataset_cols(data->validation);
  int64_t out_rows = sngp_dataset_rows(data->out_of_domain), all = rows + out_rows;
  float *probabilities = take(rows * NUM_CLASSES, sizeof *probabilities);
  float *variance = take(all, sizeof *variance), *uncertainty = take(all, sizeof *uncertainty);
  sngp_predict_config config;
  check(sngp_predict_config_init(&config, sizeof config));
  config.num_threads = threads;
  sngp_prediction out = {.struct_size = sizeof out,
                         .probabilities = probabilities,
                         .variance = variance,
                         .uncertainty = uncertainty};
  check(sngp_predict(model, NULL, sngp_dataset_features(data->validation), rows, cols, 0, &config,
                     &out));
  out = (sngp_prediction){
      .struct_size = sizeof out, .variance = variance + rows, .uncertainty = uncertainty + rows};
  check(sngp_predict(model, NULL, sngp_dataset_features(data->out_of_domain), out_rows, cols, 0,
                     &config, &out));
  sngp_classification_metrics in = {.struct_size = sizeof in};
  sngp_ood_metrics by_variance = {.struct_size = sizeof by_variance}, by_probability = by_variance;
  check(sngp_evaluate_classification(probabilities, rows, NUM_CLASSES,
                                     sngp_dataset_labels(data->validation), &in));
  check(sngp_evaluate_ood(variance, rows, variance + rows, out_rows, &by_variance));
  check(sngp_evaluate_ood(uncertainty, rows, uncertainty + rows, out_rows, &by_probability));
  free(probabilities);
  free(variance);
  free(uncertainty);
  return (result){in.accuracy, in.nll, by_variance.auroc, by_probability.auroc};
}

static result run(const setting *chosen, const parts *data, int64_t epochs, int threads) {
  sngp_model *model = create(chosen, data->training);
  sngp_optimizer *adam = NULL;
  check(sngp_optimizer_create(NULL, &adam));
  sngp_fit_config fit;
  check(sngp_fit_config_init(&fit, sizeof fit));
  fit.epochs = epochs;
  fit.num_threads = threads;
  check(sngp_fit(model, adam, data->training, NULL, &fit, NULL));
  result found = judge(model, data, threads);
  sngp_optimizer_free(adam);
  sngp_model_free(model);
  return found;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: bench_held_out_classes IMAGES LABELS [epochs] [threads]\n");
    return 2;
  }
  int64_t epochs = argc > 3 ? atoi(argv[3]) : 8;
  int threads = argc > 4 ? atoi(argv[4]) : 2;
  check(sngp_set_blas_threads(1));
  sngp_dataset *all = NULL;
  check(sngp_dataset_read_idx(argv[1], argv[2], &all));
  printf(
      "held out   input        kernel_scale   accuracy    nll   AUROC variance   AUROC 1 - max "
      "p\n");
  for (int p = 0; p < NUM_PAIRS; p++) {
    parts data = split(all, HELD_OUT[p]);
    for (int s = 0; s < NUM_SETTINGS; s++) {
      result found = run(&SETTINGS[s], &data, epochs, threads);
      printf("%d and %d    %-10s   x %-10g     %.4f  %.4f           %.4f            %.4f\n",
             HELD_OUT[p][0], HELD_OUT[p][1], SETTINGS[s].name, SETTINGS[s].multiple, found.accuracy,
             found.nll, found.variance_auroc, found.probability_auroc);
      fflush(stdout);
    }
    sngp_dataset_free(data.training);
    sngp_dataset_free(data.validation);
    sngp_dataset_free(data.out_of_domain);
  }
  sngp_dataset_free(all);
  return 0;
}
