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
