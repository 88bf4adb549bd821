#include "base/rate.h"

#include <math.h>

double sngp_rate(double log_rate) {
  return exp(log_rate < SNGP_SMALLEST_LOG_RATE  ? SNGP_SMALLEST_LOG_RATE
             : log_rate > SNGP_LARGEST_LOG_RATE ? SNGP_LARGEST_LOG_RATE
                                                : log_rate);
}
