#include "nn/link.h"

#include <math.h>
#include <stddef.h>

#include "base/rate.h"

/* log(1 + exp(f)), at any f. */
static double softplus(double f) { return (f > 0 ? f : 0) + log1p(exp(-fabs(f))); }

static double logistic(double f) {
  double e = exp(-fabs(f));
  return (f >= 0 ? 1 : e) / (1 + e);
}

/* exp(f) up to the largest rate, and the tangent from there on: the loss stays convex and its slope
   is the clamped rate. Below the smallest rate nothing depends on f that single precision shows. */
static double integrated_rate(double f) {
  double rate = sngp_rate(f);
  return f > SNGP_LARGEST_LOG_RATE ? rate * (1 + f - SNGP_LARGEST_LOG_RATE) : rate;
}

typedef struct {
  double loss, slope, right;
} terms;

static terms terms_of(sngp_output_link link, double f, double y) {
  switch (link) {
    case SNGP_LINK_IDENTITY: return (terms){(f - y) * (f - y) / 2, f - y, (double)NAN};
    case SNGP_LINK_EXPONENTIAL:
      return (terms){integrated_rate(f) - y * f, sngp_rate(f) - y, (double)NAN};
    default: return (terms){softplus(f) - y * f, logistic(f) - y, (f > 0) == (y > 0)};
  }
}

void sngp_logistic(float *outputs, int64_t count) {
  for (int64_t i = 0; i < count; i++) outputs[i] = (float)logistic((double)outputs[i]);
}

void sngp_two_class_logits(float *outputs, int64_t rows) {
  for (int64_t i = rows; i-- > 0;) {
    float half = outputs[i] / 2;
    outputs[2 * i] = -half;
    outputs[2 * i + 1] = half;
  }
}

sngp_loss_sums sngp_link_loss(sngp_output_link link, float *outputs, const float *targets,
                              const float *weights, int64_t rows, int64_t num_outputs,
                              float gradient_scale) {
  sngp_loss_sums sums = {0, 0};
  for (int64_t i = 0; i < rows; i++) {
    float *row = outputs + i * num_outputs;
    double weight = weights != NULL ? (double)weights[i] : 1, loss = 0, right = 0;
    for (int64_t k = 0; k < num_outputs; k++) {
      const terms of = terms_of(link, (double)row[k], (double)targets[i * num_outputs + k]);
      loss += of.loss;
      right += of.right;
      row[k] = (float)(weight * (double)gradient_scale * of.slope);
    }
    sums.loss += weight * loss;
    sums.correct += right / (double)num_outputs;
  }
  return sums;
}
