#include "gp/linear_likelihood.h"

#include <math.h>

#include "base/rate.h"

bool sngp_linear_is_separable(sngp_linear_likelihood likelihood) {
  return likelihood != SNGP_LINEAR_SOFTMAX;
}

/* The largest logit is subtracted first. */
static double softmax(int64_t width, double *row) {
  double largest = row[0], sum = 0;
  for (int64_t k = 1; k < width; k++)
    if (row[k] > largest) largest = row[k];
  for (int64_t k = 0; k < width; k++) sum += row[k] = exp(row[k] - largest);
  for (int64_t k = 0; k < width; k++) row[k] /= sum;
  return largest + log(sum);
}

static double logistic(double *output) {
  double f = *output, small = exp(-fabs(f));
  *output = f > 0 ? 1 / (1 + small) : small / (1 + small);
  return (f > 0 ? f : 0) + log1p(small);
}

static double poisson(double *output) {
  double f = *output, largest = SNGP_LARGEST_LOG_RATE, rate = exp(f > largest ? largest : f);
  *output = rate;
  return f > largest ? rate * (1 + f - largest) : rate;
}

double sngp_linear_means(sngp_linear_likelihood likelihood, int64_t width, double *row) {
  if (likelihood == SNGP_LINEAR_SOFTMAX) return softmax(width, row);
  double sum = 0;
  for (int64_t k = 0; k < width; k++)
    sum += likelihood == SNGP_LINEAR_LOGISTIC ? logistic(row + k) : poisson(row + k);
  return sum;
}

double sngp_linear_variance(sngp_linear_likelihood likelihood, double mean) {
  if (likelihood != SNGP_LINEAR_POISSON) return mean * (1 - mean);
  double least = exp(SNGP_SMALLEST_LOG_RATE);
  return mean < least ? least : mean; /* a NaN passes */
}
