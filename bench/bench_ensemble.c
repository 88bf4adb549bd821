/* Training an ensemble one member after the other, on one thread, against side by side on several:
   the tutorial's deterministic network or its SNGP on the two moons. Both run in this process, in
   turn. Processor time tells a machine that is busy with something else from threads that are in
   each other's way: without either, it is the same for both. The last line is the ratio of the
   times, `ratio N.NN`; arguments: [deterministic|sngp] [members] [epochs] [threads]. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "sngp/sngp.h"

enum { ROWS = 1000, ROUNDS = 5 };

/* Seconds of all processors together in this process. */
static double processor_time(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

typedef struct {
  double wall, processor;
} times;

static times train(const sngp_model_config *config, int64_t members, int64_t epochs, int threads,
                   const sngp_dataset *moons) {
  sngp_ensemble *ensemble = NULL;
  sngp_optimizer_config adam;
  sngp_fit_config fit;
  check(sngp_optimizer_config_init(&adam, sizeof adam));
  check(sngp_optimizer_config_preset(&adam, SNGP_PRESET_TUTORIAL));
  check(sngp_fit_config_init(&fit, sizeof fit));
  check(sngp_fit_config_preset(&fit, SNGP_PRESET_TUTORIAL));
  fit.epochs = epochs;
  fit.num_threads = threads;
  check(sngp_ensemble_create(config, members, &ensemble));
  times begin = {now(), processor_time()};
  check(sngp_ensemble_fit(ensemble, &adam, moons, NULL, &fit, NULL));
  times taken = {now() - begin.wall, processor_time() - begin.processor};
  sngp_ensemble_free(ensemble);
  return taken;
}

int main(int argc, char **argv) {
  int sngp = argc > 1 && strcmp(argv[1], "sngp") == 0;
  int members = argc > 2 ? atoi(argv[2]) : 10, epochs = argc > 3 ? atoi(argv[3]) : 20;
  int threads = argc > 4 ? atoi(argv[4]) : 2;
  check(sngp_set_blas_threads(1));
  printf("%s\n", sngp_build_info());
  sngp_model_config config;
  sngp_dataset *moons = NULL;
  check(sngp_model_config_init(&config, sizeof config));
  check(sngp_model_config_preset(&config, SNGP_PRESET_TUTORIAL));
  config.input_dim = config.num_classes = 2;
  config.head = sngp ? SNGP_HEAD_GAUSSIAN_PROCESS : SNGP_HEAD_DENSE;
  check(sngp_dataset_two_moons(ROWS, 0.1, 1, &moons));
  printf("%d members, %s, %d epochs of %d rows; medians of %d rounds, in turn\n", members,
         sngp ? "SNGP" : "deterministic", epochs, ROWS, ROUNDS);

  double walls[2][ROUNDS], processors[2][ROUNDS], ratios[ROUNDS];
  for (int round = 0; round < ROUNDS; round++) {
    for (int side_by_side = 0; side_by_side < 2; side_by_side++) {
      times taken = train(&config, members, epochs, side_by_side ? threads : 1, moons);
      walls[side_by_side][round] = taken.wall;
      processors[side_by_side][round] = taken.processor;
    }
    ratios[round] = walls[1][round] / walls[0][round];
  }
  const int used[] = {1, threads};
  for (int i = 0; i < 2; i++)
    printf("%2d thread%s %7.2f s, %7.2f s of processors\n", used[i],
           used[i] == 1 ? ": " : "s:", median(walls[i], ROUNDS), median(processors[i], ROUNDS));
  printf("ratio %.2f\n", median(ratios, ROUNDS));
  sngp_dataset_free(moons);
  return 0;
}
