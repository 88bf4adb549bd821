/* Heads in closed form with a length for each column and orthogonal features, as the program fits
   them, on published splits of a table (index_train_0.txt, index_test_0.txt, ... in FOLDER: row
   numbers from 0, as those of Hernandez-Lobato and Adams, ICML 2015). A line for each split, then
   the means. Arguments: DATA.csv FOLDER [threads] [seed]; the last column is the target. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "linalg/blas.h"
#include "sngp/sngp.h"

enum { PATH_SIZE = 4096 };

static void *take(int64_t count, size_t size) {
  void *memory = malloc((size_t)count * size);
  if (memory == NULL) exit(1);
  return memory;
}

/* The rows whose numbers a file holds; NULL where there is no such file. */
static sngp_dataset *rows_of(const sngp_dataset *data, const char *folder, const char *part,
                             int split) {
  char path[PATH_SIZE];
  snprintf(path, sizeof path, "%s/index_%s_%d.txt", folder, part, split);
  FILE *file = fopen(path, "r");
  if (file == NULL) return NULL;
  int64_t *indices = take(sngp_dataset_rows(data), sizeof *indices), count = 0;
  double number = 0; /* some files have them as 1.000e+00 */
  while (count < sngp_dataset_rows(data) && fscanf(file, "%lf", &number) == 1)
    indices[count++] = (int64_t)number;
  fclose(file);
  sngp_dataset *rows = NULL;
  check(sngp_dataset_subset(data, indices, count, &rows));
  free(indices);
  return rows;
}

static sngp_model *fit(const sngp_dataset *training, int threads, int64_t seed) {
  sngp_model_config config;
  sngp_head_fit_config how;
  sngp_model *model = NULL;
  check(sngp_model_config_init(&config, sizeof config));
  config.task = SNGP_TASK_REGRESSION;
  config.num_targets = 1;
  config.input_dim = sngp_dataset_cols(training);
  config.backbone = SNGP_BACKBONE_NONE;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.kernel_scaling = SNGP_KERNEL_SCALING_ARD;
  config.orthogonal_features = 1;
  config.seed = seed;
  check(sngp_model_create(&config, &model));
  check(sngp_head_fit_config_init(&how, sizeof how));
  how.num_threads = threads;
  check(sngp_head_fit(model, training, &how, NULL));
  return model;
}

static sngp_regression_metrics judge(const sngp_model *model, const sngp_dataset *rows) {
  int64_t count = sngp_dataset_rows(rows);
  float *mean = take(count, sizeof *mean), *variance = take(count, sizeof *variance);
  sngp_prediction out = {.struct_size = sizeof out, .mean = mean, .variance = variance};
  check(sngp_predict(model, NULL, sngp_dataset_features(rows), count, sngp_dataset_cols(rows), 0,
                     NULL, &out));
  sngp_regression_metrics metrics = {.struct_size = sizeof metrics};
  check(sngp_evaluate_regression(mean, variance, sngp_dataset_targets(rows), count, 1, &metrics));
  free(mean);
  free(variance);
  return metrics;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s DATA.csv FOLDER [threads] [seed]\n", argv[0]);
    return 2;
  }
  int threads = argc > 3 ? atoi(argv[3]) : 1, split = 0;
  int64_t seed = argc > 4 ? atoll(argv[4]) : 0;
  sngp_csv_config csv;
  sngp_dataset *data = NULL, *training = NULL;
  sngp_blas_set_threads(1);
  check(sngp_csv_config_init(&csv, sizeof csv));
  csv.label_mode = SNGP_CSV_TARGETS;
  check(sngp_dataset_read_csv(argv[1], &csv, &data));
  double rmse = 0, nll = 0, crps = 0, coverage = 0, start = now();
  for (; (training = rows_of(data, argv[2], "train", split)) != NULL; split++) {
    sngp_dataset *test = rows_of(data, argv[2], "test", split);
    if (test == NULL) return 1;
    sngp_model *model = fit(training, threads, seed);
    const sngp_regression_metrics found = judge(model, test);
    printf("%2d  rmse %7.4f  nll %7.4f  crps %7.4f  coverage %.3f\n", split, found.rmse, found.nll,
           found.crps, found.coverage95);
    fflush(stdout);
    rmse += found.rmse;
    nll += found.nll;
    crps += found.crps;
    coverage += found.coverage95;
    sngp_model_free(model);
    sngp_dataset_free(test);
    sngp_dataset_free(training);
  }
  sngp_dataset_free(data);
  if (split == 0) return 1;
  printf("mean of %d splits: rmse %.4f  nll %.4f  crps %.4f  coverage %.3f  (%.1f s a fit)\n",
         split, rmse / split, nll / split, crps / split, coverage / split, (now() - start) / split);
  return 0;
}
