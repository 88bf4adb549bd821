#include "optim/schedule.h"

#include <math.h>

#include "sngp/train.h"

static const double PI = 3.14159265358979323846;

double sngp_schedule_factor(const sngp_schedule *schedule, int64_t step) {
  if (step < schedule->warmup_steps) return (double)(step + 1) / (double)schedule->warmup_steps;
  switch (schedule->kind) {
    case SNGP_SCHEDULE_STEP: return pow(schedule->drop, (double)(step / schedule->period));
    case SNGP_SCHEDULE_COSINE: {
      int64_t left = schedule->total_steps - schedule->warmup_steps;
      return 0.5 * (1 + cos(PI * (double)(step - schedule->warmup_steps) / (double)left));
    }
    default: return 1;
  }
}
