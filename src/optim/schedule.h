/* Learning-rate schedules: factors of the optimizer's learning rate, by steps of the fit. */
#ifndef SNGP_OPTIM_SCHEDULE_H
#define SNGP_OPTIM_SCHEDULE_H

#include <stdint.h>

typedef struct {
  int32_t kind; /* SNGP_SCHEDULE_* */
  int64_t total_steps;
  int64_t warmup_steps; /* factor (t + 1) / warmup_steps first */
  int64_t period;       /* step schedule: steps between drops */
  double drop;          /* step schedule: factor of each drop */
} sngp_schedule;

/* The factor of step t = 0, 1, ... */
double sngp_schedule_factor(const sngp_schedule *schedule, int64_t step);

#endif
