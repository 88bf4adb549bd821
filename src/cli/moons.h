/* The two models of the two moons: data, training, and what they say far from the data. */
#ifndef SNGP_CLI_MOONS_H
#define SNGP_CLI_MOONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sngp/sngp.h"

typedef struct moons_settings {
  const char *directory;
  int64_t seed, epochs, threads;
  bool json, quiet;
} moons_settings;

typedef struct moons_result {
  sngp_model *model;
  sngp_history *history;
  double seconds;
  float *surface;             /* probability of class 0 at each point of the grid */
  double ood_max_probability; /* means over the out-of-domain blob */
  double ood_variance;
  double train_variance; /* mean over the training points; NaN without a GP head */
} moons_result;

typedef struct moons {
  sngp_dataset *training, *out_of_domain, *grid;
  sngp_optimizer *optimizer; /* one for both models, the deterministic first: as in the tutorial */
  moons_result deterministic, sngp;
} moons;

/* Makes the data, trains both models and asks them. Returns an exit status, its reason reported.
   Free `m` in any case. */
int cli_moons_run(const moons_settings *settings, moons *m);

void cli_moons_free(moons *m);

#endif
