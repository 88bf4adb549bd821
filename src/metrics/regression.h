/* Measures of predicted normal distributions against targets. */
#ifndef SNGP_METRICS_REGRESSION_H
#define SNGP_METRICS_REGRESSION_H

#include <stddef.h>

typedef struct {
  double rmse, mae, nll, crps, coverage95, mean_width95;
} sngp_regression_quality;

/* Means over `count` values, 1 or more: all are finite, and variances positive. */
sngp_regression_quality sngp_measure_regression(const float *mean, const float *variance,
                                                const float *targets, size_t count);

#endif
