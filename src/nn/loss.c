#include "nn/loss.h"

#include <math.h>
#include <stddef.h>

#include "linalg/kernels.h"

int64_t sngp_largest(const float *row, int64_t n) {
  int64_t best = 0;
  for (int64_t k = 1; k < n; k++)
    if (row[k] > row[best]) best = k;
  return best;
}

static void subtract(float *row, int64_t n, float value) {
  for (int64_t k = 0; k < n; k++) row[k] -= value;
}

static float sum(const float *row, int64_t n) {
  float total = 0;
  for (int64_t k = 0; k < n; k++) total += row[k];
  return total;
}

void sngp_softmax(float *logits, int64_t rows, int64_t num_classes) {
  for (int64_t i = 0; i < rows; i++) {
    float *row = logits + i * num_classes;
    subtract(row, num_classes, row[sngp_largest(row, num_classes)]);
  }
  sngp_kernel_exp((size_t)(rows * num_classes), logits);
  for (int64_t i = 0; i < rows; i++) {
    float *row = logits + i * num_classes, factor = 1 / sum(row, num_classes);
    for (int64_t k = 0; k < num_classes; k++) row[k] *= factor;
  }
}

sngp_loss_sums sngp_softmax_cross_entropy(float *logits, const int32_t *labels,
                                          const float *weights, int64_t rows, int64_t num_classes,
                                          float gradient_scale) {
  sngp_loss_sums sums = {0, 0};
  for (int64_t i = 0; i < rows; i++) { /* loss = log sum_k exp(f_k - max) - (f_label - max) */
    float *row = logits + i * num_classes;
    int64_t best = sngp_largest(row, num_classes);
    subtract(row, num_classes, row[best]);
    sums.correct += best == labels[i];
    sums.loss -= (double)(weights ? weights[i] : 1) * (double)row[labels[i]];
  }
  sngp_kernel_exp((size_t)(rows * num_classes), logits);
  for (int64_t i = 0; i < rows; i++) {
    float *row = logits + i * num_classes, total = sum(row, num_classes);
    float weight = weights ? weights[i] : 1, factor = weight * gradient_scale;
    sums.loss += (double)weight * log((double)total);
    for (int64_t k = 0; k < num_classes; k++) row[k] *= factor / total;
    row[labels[i]] -= factor;
  }
  return sums;
}

/* The focal loss of a label of probability p, with q = 1 - p, and its gradient as a multiple of the
   cross-entropy's: -q^gamma log p and q^gamma (1 - gamma p log p / q). */
typedef struct {
  double loss, slope;
} focal_terms;

/* q is the sum of the other probabilities, and log p comes from it where p is large: 1 - p and
   log p would lose their digits there. As q goes to 0, -log p / q goes to 1, as p does, p log p to
   0. */
static focal_terms focal(double p, double q, double log_of_small_p, double gamma) {
  double minus_log_p = q < 0.5 ? -log1p(-q) : -log_of_small_p;
  double ratio = q == 0 ? 1 : minus_log_p / q, modulation = pow(q, gamma);
  double p_ratio = p > 0 ? p * ratio : 0;
  return (focal_terms){modulation * minus_log_p, modulation * (1 + gamma * p_ratio)};
}

sngp_loss_sums sngp_softmax_focal_loss(float *logits, const int32_t *labels, const float *weights,
                                       int64_t rows, int64_t num_classes, double gamma,
                                       float gradient_scale) {
  sngp_loss_sums sums = {0, 0};
  for (int64_t i = 0; i < rows; i++) {
    float *row = logits + i * num_classes;
    int64_t best = sngp_largest(row, num_classes), label = labels[i];
    subtract(row, num_classes, row[best]);
    sums.correct += best == label;
    double label_logit = (double)row[label], others = 0;
    sngp_kernel_exp((size_t)num_classes, row);
    for (int64_t k = 0; k < num_classes; k++)
      if (k != label) others += (double)row[k];
    double total = others + (double)row[label], q = others / total;
    focal_terms terms = focal((double)row[label] / total, q, label_logit - log(total), gamma);
    double weight = weights != NULL ? (double)weights[i] : 1;
    sums.loss += weight * terms.loss;
    double factor = weight * (double)gradient_scale * terms.slope;
    for (int64_t k = 0; k < num_classes; k++) row[k] = (float)(factor * ((double)row[k] / total));
    row[label] = (float)(-factor * q);
  }
  return sums;
}
