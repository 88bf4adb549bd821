#include "metrics/classification.h"

#include <math.h>

#include "nn/loss.h"

double sngp_accuracy(const float *probabilities, int64_t rows, int64_t num_classes,
                     const int32_t *labels) {
  int64_t correct = 0;
  for (int64_t i = 0; i < rows; i++)
    if (sngp_largest(probabilities + i * num_classes, num_classes) == labels[i]) correct++;
  return (double)correct / (double)rows;
}

double sngp_nll(const float *probabilities, int64_t rows, int64_t num_classes,
                const int32_t *labels) {
  double sum = 0.0;
  for (int64_t i = 0; i < rows; i++) sum -= log((double)probabilities[i * num_classes + labels[i]]);
  return sum / (double)rows;
}

double sngp_brier(const float *probabilities, int64_t rows, int64_t num_classes,
                  const int32_t *labels) {
  double sum = 0.0;
  for (int64_t i = 0; i < rows; i++) {
    const float *row = probabilities + i * num_classes;
    for (int64_t k = 0; k < num_classes; k++) {
      double distance = (double)row[k] - (k == labels[i] ? 1.0 : 0.0);
      sum += distance * distance;
    }
  }
  return sum / (double)rows;
}
