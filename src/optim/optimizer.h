/* Optimizers: settings and a step count; the moments are the model's. */
#ifndef SNGP_OPTIM_OPTIMIZER_H
#define SNGP_OPTIM_OPTIMIZER_H

#include <stddef.h>

#include "base/status.h"
#include "linalg/kernels.h"
#include "sngp/optimizer.h"

struct sngp_optimizer {
  sngp_optimizer_config config;
  int64_t step; /* steps taken, over all models */
};

sngp_optimizer_config sngp_optimizer_config_default(int32_t preset);
sngp_status sngp_optimizer_config_check(const sngp_optimizer_config *config);

/* Counts a step and returns what its update needs, for a learning rate that the schedule gave and a
   gradient of Euclidean norm `gradient_norm` (looked at only where clip_norm is set). */
sngp_update_scalars sngp_optimizer_begin_step(sngp_optimizer *optimizer, double learning_rate,
                                              double gradient_norm);

/* Updates parameters [begin, end) of a block; moments are two blocks of the same layout (the second
   one is Adam's alone). */
void sngp_optimizer_apply(const sngp_optimizer *optimizer, const sngp_update_scalars *scalars,
                          size_t begin, size_t end, const float *gradient, float *parameters,
                          float *const moments[2]);

/* How many moment blocks the algorithm has: 1 or 2. */
int sngp_optimizer_num_moments(const sngp_optimizer *optimizer);

#endif
