#include "predict/mixture.h"

#include <float.h>
#include <math.h>

#include "base/rate.h"

typedef struct {
  double mean, variance;
} moments;

static moments gaussian_moments(const sngp_network *network, int64_t k, double output,
                                double variance) {
  double scale = network->target_scale != NULL ? (double)network->target_scale[k] : 1;
  double center = network->target_mean != NULL ? (double)network->target_mean[k] : 0;
  double noise = scale * scale * (double)network->noise[k];
  return (moments){center + scale * output, noise * (1 + variance)};
}

static moments poisson_moments(double output, double variance) {
  double rate = sngp_rate(output) * exp(variance / 2);
  return (moments){rate, rate + expm1(variance) * rate * rate};
}

/* Squares of sums over passes stay finite with this, and single precision ends there. */
static double bounded(double value) { return fmin(fmax(value, -(double)FLT_MAX), FLT_MAX); }

void sngp_mixture_add(const sngp_mixture *mixture, const sngp_network *network, int64_t number,
                      const float *outputs, const float *variance, int64_t rows) {
  int64_t width = network->num_outputs, columns = network->num_variances;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t k = 0; k < width; k++) {
      int64_t at = i * width + k;
      double output = (double)outputs[at], v = 0;
      if (variance != NULL) v = (double)variance[i * columns + (columns > 1 ? k : 0)];
      moments of = network->link == SNGP_LINK_EXPONENTIAL ? poisson_moments(output, v)
                                                          : gaussian_moments(network, k, output, v);
      double mean = bounded(of.mean), within = bounded(of.variance);
      if (number == 0) mixture->mean[at] = mixture->spread[at] = mixture->within[at] = 0;
      double distance = mean - mixture->mean[at];
      mixture->mean[at] += distance / (double)(number + 1);
      mixture->spread[at] += distance * (mean - mixture->mean[at]);
      mixture->within[at] += within;
    }
}

void sngp_mixture_write(const sngp_mixture *mixture, int64_t passes, int64_t count, float *mean,
                        float *variance) {
  for (int64_t i = 0; i < count; i++) {
    if (mean != NULL) mean[i] = (float)mixture->mean[i];
    if (variance != NULL)
      variance[i] = (float)bounded((mixture->within[i] + mixture->spread[i]) / (double)passes);
  }
}
