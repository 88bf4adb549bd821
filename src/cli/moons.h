/* Four methods on the two moons: data, training, and what they say far from the data. */
#ifndef SNGP_CLI_MOONS_H
#define SNGP_CLI_MOONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sngp/sngp.h"

/* In the order of the table and of the picture. */
typedef enum {
  MOONS_DETERMINISTIC,
  MOONS_MC_DROPOUT, /* the deterministic network, its dropout on */
  MOONS_ENSEMBLE,   /* of deterministic networks */
  MOONS_SNGP,
  MOONS_NUM_METHODS
} moons_method;

/* The tutorial's passes of Monte Carlo dropout, and members of the ensemble. */
enum { MOONS_PASSES = 10, MOONS_MEMBERS = 10 };

typedef struct moons_settings {
  const char *directory;
  int64_t seed, epochs, threads;
  bool json, quiet;
} moons_settings;

typedef struct moons_result {
  sngp_ensemble *ensemble;                /* the models; NULL for MC dropout, which has none */
  sngp_history *histories[MOONS_MEMBERS]; /* of each model */
  double seconds;                         /* of training */
  float *surface;                         /* probability of class 0 at each point of the grid */
  double ood_max_probability;             /* means over the out-of-domain blob */
  double ood_variance;
  double train_variance; /* mean over the training points; NaN without a GP head, as above */
} moons_result;

typedef struct moons {
  sngp_dataset *training, *out_of_domain, *grid;
  /* One for the deterministic network and then the SNGP, as in the tutorial; the members of the
     ensemble have their own. */
  sngp_optimizer *optimizer;
  moons_result results[MOONS_NUM_METHODS];
} moons;

/* The models that a method predicts with. */
const sngp_ensemble *cli_moons_models(const moons *m, moons_method method);

/* The histories and the seconds of a method's models. */
const moons_result *cli_moons_training(const moons *m, moons_method method);

/* Makes the data, trains the models and asks them. Returns an exit status, its reason reported.
   Free `m` in any case. */
int cli_moons_run(const moons_settings *settings, moons *m);

void cli_moons_free(moons *m);

#endif
