/* Microseconds per row of a prediction with the tutorial-sized SNGP (6 x 128, 1,024 features), with
   a workspace, for several numbers of rows in a call: MAP, which needs no variance, and mean field,
   which does. The ratio says what the variance costs. Argument: [threads]. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "sngp/sngp.h"

enum { MOST_ROWS = 4096, ROUNDS = 15 };
static const int64_t ROWS[] = {1, 8, 32, 128, 1024, MOST_ROWS};
enum { NUM_ROWS = sizeof ROWS / sizeof *ROWS };
static const double SECONDS_PER_ROUND = 0.02;

typedef struct {
  const sngp_model *model;
  sngp_workspace *workspace;
  const float *x;
  int64_t rows;
  sngp_predict_config config;
} call;

/* Seconds per call, over enough calls to be timed. */
static double time_calls(const call *one) {
  static float probabilities[MOST_ROWS * 2];
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = probabilities};
  double start = now();
  int calls = 0;
  do {
    check(sngp_predict(one->model, one->workspace, one->x, one->rows, 2, 0, &one->config, &out));
    calls++;
  } while (now() - start < SECONDS_PER_ROUND);
  return (now() - start) / calls;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  check(sngp_set_blas_threads(1));
  printf("%s\n", sngp_build_info());

  sngp_model_config config;
  check(sngp_model_config_init(&config, sizeof config));
  config.input_dim = config.num_classes = 2;
  sngp_fit_config fit;
  check(sngp_fit_config_init(&fit, sizeof fit));
  fit.epochs = 2;
  sngp_model *model = NULL;
  sngp_optimizer *adam = NULL;
  sngp_dataset *moons = NULL;
  check(sngp_dataset_two_moons(MOST_ROWS, 0.1, 1, &moons));
  check(sngp_model_create(&config, &model));
  check(sngp_optimizer_create(NULL, &adam));
  check(sngp_fit(model, adam, moons, NULL, &fit, NULL));

  call map = {.model = model, .x = sngp_dataset_features(moons)};
  check(sngp_predict_config_init(&map.config, sizeof map.config));
  map.config.num_threads = threads;
  map.config.method = SNGP_PREDICT_MAP;
  check(sngp_workspace_create(model, &map.config, MOST_ROWS, &map.workspace));
  call mean_field = map;
  mean_field.config.method = SNGP_PREDICT_MEAN_FIELD;

  printf("%d thread%s; medians of %d rounds, in turn\n", threads, threads == 1 ? "" : "s", ROUNDS);
  printf("rows of a call   MAP, us per row   mean field, us per row   ratio\n");
  for (int r = 0; r < NUM_ROWS; r++) {
    double times[2][ROUNDS], ratios[ROUNDS];
    map.rows = mean_field.rows = ROWS[r];
    for (int i = 0; i < ROUNDS; i++) {
      times[0][i] = time_calls(&map);
      times[1][i] = time_calls(&mean_field);
      ratios[i] = times[1][i] / times[0][i];
    }
    double per_row = 1e6 / (double)ROWS[r];
    printf("%14lld   %15.2f   %22.2f   %5.2f\n", (long long)ROWS[r],
           per_row * median(times[0], ROUNDS), per_row * median(times[1], ROUNDS),
           median(ratios, ROUNDS));
  }
  sngp_workspace_free(map.workspace);
  sngp_dataset_free(moons);
  sngp_optimizer_free(adam);
  sngp_model_free(model);
  return 0;
}
