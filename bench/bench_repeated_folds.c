/* Accuracy and NLL by repeated folds on small sets of data: a GP head without a backbone, fitted
   directly with its default settings, and the residual network with one setting for all sets; to be
   compared with what repeated_folds_of_scikit_learn.py prints, which makes the files.
   Arguments: FOLDER [repetitions] [threads] [NAME...]. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "linalg/blas.h"
#include "sngp/sngp.h"

enum { FOLDS = 5, PATH_SIZE = 4096, NUM_METHODS = 2 };
static const char *const SETS[] = {"digits", "breast_cancer", "wine"};
enum { NUM_SETS = sizeof SETS / sizeof *SETS };

/* Of the network, for some hundred rows: fewer layers and features than the defaults, and a weight
   decay, in place of early stopping. */
enum { LAYERS = 2, HIDDEN = 128, FEATURES = 256, EPOCHS = 60, BATCH = 32 };
static const double DROPOUT = 0.3, WEIGHT_DECAY = 1;

typedef struct {
  double accuracy, nll;
} score;

static void *take(int64_t count, size_t size) {
  void *memory = malloc((size_t)count * size);
  if (memory == NULL) exit(1);
  return memory;
}

static sngp_dataset *part(const sngp_dataset *data, const sngp_dataset *folds, int64_t repetition,
                          int fold, bool held_out) {
  int64_t rows = sngp_dataset_rows(data), count = 0;
  int64_t *indices = take(rows, sizeof *indices);
  for (int64_t i = 0; i < rows; i++) {
    float own = sngp_dataset_features(folds)[i * sngp_dataset_row_stride(folds) + repetition];
    if (((int)own == fold) == held_out) indices[count++] = i;
  }
  sngp_dataset *made = NULL;
  check(sngp_dataset_subset(data, indices, count, &made));
  free(indices);
  return made;
}

static sngp_model *create(const sngp_dataset *data, bool residual) {
  sngp_model_config config;
  sngp_model *model = NULL;
  check(sngp_model_config_init(&config, sizeof config));
  config.input_dim = sngp_dataset_cols(data);
  config.num_classes = sngp_dataset_num_classes(data);
  if (residual) {
    config.num_layers = LAYERS;
    config.num_hidden = HIDDEN;
    config.num_random_features = FEATURES;
    config.dropout_rate = DROPOUT;
  } else {
    config.backbone = SNGP_BACKBONE_NONE;
    config.normalize_input = SNGP_NORMALIZE_NONE;
  }
  check(sngp_model_create(&config, &model));
  return model;
}

static void fit_head(sngp_model *model, const sngp_dataset *training, int threads) {
  sngp_head_fit_config config;
  check(sngp_head_fit_config_init(&config, sizeof config));
  config.num_threads = threads;
  check(sngp_head_fit(model, training, &config, NULL));
}

/* A tenth of the rows tells temperature and factor. */
static void fit_network(sngp_model *model, const sngp_dataset *training, int threads) {
  sngp_fit_config fit;
  sngp_optimizer_config adamw;
  sngp_optimizer *optimizer = NULL;
  sngp_dataset *used = NULL, *validation = NULL;
  check(sngp_dataset_split(training, 0.1, 0, &used, &validation));
  check(sngp_fit_config_init(&fit, sizeof fit));
  fit.num_threads = threads;
  fit.epochs = EPOCHS;
  fit.batch_size = BATCH;
  check(sngp_optimizer_config_init(&adamw, sizeof adamw));
  adamw.algorithm = SNGP_OPTIMIZER_ADAMW;
  adamw.weight_decay = WEIGHT_DECAY;
  check(sngp_optimizer_create(&adamw, &optimizer));
  check(sngp_fit(model, optimizer, used, NULL, &fit, NULL));
  check(sngp_calibrate(model, validation, NULL, NULL, NULL));
  sngp_optimizer_free(optimizer);
  sngp_dataset_free(used);
  sngp_dataset_free(validation);
}

static score judge(const sngp_model *model, const sngp_dataset *rows) {
  int64_t count = sngp_dataset_rows(rows), classes = sngp_model_num_classes(model);
  float *probabilities = take(count * classes, sizeof *probabilities);
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = probabilities};
  check(sngp_predict(model, NULL, sngp_dataset_features(rows), count, sngp_dataset_cols(rows), 0,
                     NULL, &out));
  sngp_classification_metrics metrics = {.struct_size = sizeof metrics};
  check(sngp_evaluate_classification(probabilities, count, classes, sngp_dataset_labels(rows),
                                     &metrics));
  free(probabilities);
  return (score){metrics.accuracy, metrics.nll};
}

static score run_fold(const sngp_dataset *data, const sngp_dataset *folds, int64_t repetition,
                      int fold, bool residual, int threads) {
  sngp_dataset *training = part(data, folds, repetition, fold, false);
  sngp_dataset *held_out = part(data, folds, repetition, fold, true);
  sngp_model *model = create(data, residual);
  if (residual)
    fit_network(model, training, threads);
  else
    fit_head(model, training, threads);
  score found = judge(model, held_out);
  sngp_model_free(model);
  sngp_dataset_free(training);
  sngp_dataset_free(held_out);
  return found;
}

static score run_set(const char *folder, const char *name, bool residual, int64_t repetitions,
                     int threads) {
  char x[PATH_SIZE], y[PATH_SIZE], folds_path[PATH_SIZE];
  sngp_dataset *data = NULL, *folds = NULL;
  snprintf(x, sizeof x, "%s/%s_x.npy", folder, name);
  snprintf(y, sizeof y, "%s/%s_y.npy", folder, name);
  snprintf(folds_path, sizeof folds_path, "%s/%s_folds.npy", folder, name);
  check(sngp_dataset_read_npy(x, y, &data));
  check(sngp_dataset_read_npy(folds_path, NULL, &folds));
  double start = now();
  score mean = {0, 0};
  for (int64_t r = 0; r < repetitions; r++)
    for (int fold = 0; fold < FOLDS; fold++) {
      score found = run_fold(data, folds, r, fold, residual, threads);
      mean.accuracy += found.accuracy / (double)(repetitions * FOLDS);
      mean.nll += found.nll / (double)(repetitions * FOLDS);
    }
  printf("%-14s %-10s accuracy %.4f  nll %.4f  (%.0f s)\n", name, residual ? "network" : "head",
         mean.accuracy, mean.nll, now() - start);
  fflush(stdout);
  sngp_dataset_free(folds);
  sngp_dataset_free(data);
  return mean;
}

static bool is_wanted(const char *name, int argc, char **argv) {
  enum { FIRST_NAME = 4 };
  for (int i = FIRST_NAME; i < argc; i++)
    if (strcmp(argv[i], name) == 0) return true;
  return argc <= FIRST_NAME;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s FOLDER [repetitions] [threads] [NAME...]\n", argv[0]);
    return 2;
  }
  int64_t repetitions = argc > 2 ? atoll(argv[2]) : 10;
  int threads = argc > 3 ? atoi(argv[3]) : 1;
  sngp_blas_set_threads(1);
  for (int method = 0; method < NUM_METHODS; method++) {
    score mean = {0, 0};
    int sets = 0;
    for (int s = 0; s < NUM_SETS; s++) {
      if (!is_wanted(SETS[s], argc, argv)) continue;
      score found = run_set(argv[1], SETS[s], method == 1, repetitions, threads);
      mean.accuracy += found.accuracy;
      mean.nll += found.nll;
      sets++;
    }
    printf("%-14s %-10s accuracy %.4f  nll %.4f\n", "mean", method == 1 ? "network" : "head",
           mean.accuracy / sets, mean.nll / sets);
  }
  return 0;
}
