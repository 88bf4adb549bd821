#include "metrics/regression.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

/* The 97.5% quantile of the standard normal distribution. */
static const double QUANTILE_975 = 1.959963984540054;

/* The continuous ranked probability score of N(0, 1) for the value z: Gneiting and Raftery (Journal
   of the American Statistical Association 102, 2007), section 4.2, with the sign turned, and
   2 Phi(z) - 1 = erf(z / sqrt 2). */
static double standard_crps(double z) {
  double density = exp(-0.5 * z * z) / sqrt(2.0 * PI);
  return z * erf(z / sqrt(2.0)) + 2.0 * density - 1.0 / sqrt(PI);
}

sngp_regression_quality sngp_measure_regression(const float *mean, const float *variance,
                                                const float *targets, size_t count) {
  double squares = 0.0, distances = 0.0, nll = 0.0, crps = 0.0, widths = 0.0;
  size_t covered = 0;
  for (size_t i = 0; i < count; i++) {
    double error = (double)targets[i] - (double)mean[i], deviation = sqrt((double)variance[i]);
    double z = error / deviation, half_width = QUANTILE_975 * deviation;
    squares += error * error;
    distances += fabs(error);
    nll += 0.5 * (log(2.0 * PI * (double)variance[i]) + z * z);
    crps += deviation * standard_crps(z);
    widths += 2.0 * half_width;
    if (fabs(error) <= half_width) covered++;
  }
  double n = (double)count;
  return (sngp_regression_quality){.rmse = sqrt(squares / n),
                                   .mae = distances / n,
                                   .nll = nll / n,
                                   .crps = crps / n,
                                   .coverage95 = (double)covered / n,
                                   .mean_width95 = widths / n};
}
