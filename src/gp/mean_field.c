#include "gp/mean_field.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

static float scale_of(double variance, double factor, double temperature) {
  return (float)(1 / (temperature * sqrt(1 + factor * variance)));
}

void sngp_mean_field(float *logits, const float *variance, int64_t num_variances, int64_t rows,
                     int64_t num_outputs, double factor, double temperature) {
  bool adjusts = factor >= 0 && variance != NULL;
  if (!adjusts && temperature == 1) return;
  for (int64_t i = 0; i < rows; i++) {
    float *row = logits + i * num_outputs, scale = (float)(1 / temperature);
    for (int64_t k = 0; k < num_outputs; k++) {
      if (adjusts && k < num_variances)
        scale = scale_of((double)variance[i * num_variances + k], factor, temperature);
      row[k] *= scale;
    }
  }
}

void sngp_center_logits(float *logits, int64_t rows, int64_t num_classes) {
  for (int64_t i = 0; i < rows; i++) {
    float *row = logits + i * num_classes;
    double sum = 0;
    for (int64_t k = 0; k < num_classes; k++) sum += (double)row[k];
    for (int64_t k = 0; k < num_classes; k++)
      row[k] = (float)((double)row[k] - sum / (double)num_classes);
  }
}

/* Rounding must not make a variance negative. */
static float bounded(double variance) { return (float)fmin(fmax(variance, 0), (double)FLT_MAX); }

void sngp_center_variances(const float *variance, int64_t rows, int64_t num_classes,
                           float *centered) {
  const double classes = (double)num_classes;
  for (int64_t i = 0; i < rows; i++) {
    const float *row = variance + i * num_classes;
    double sum = 0;
    for (int64_t k = 0; k < num_classes; k++) sum += (double)row[k];
    for (int64_t k = 0; k < num_classes; k++)
      centered[i * num_classes + k] =
          bounded((double)row[k] * (1 - 2 / classes) + sum / (classes * classes));
  }
}

void sngp_center_covariances(const float *covariance, int64_t rows, int64_t num_classes,
                             float *centered) {
  const double classes = (double)num_classes;
  for (int64_t i = 0; i < rows; i++) {
    const float *matrix = covariance + i * num_classes * num_classes;
    double total = 0;
    for (int64_t k = 0; k < num_classes * num_classes; k++) total += (double)matrix[k];
    for (int64_t k = 0; k < num_classes; k++) {
      double sum = 0;
      for (int64_t l = 0; l < num_classes; l++) sum += (double)matrix[k * num_classes + l];
      double own = (double)matrix[k * num_classes + k];
      centered[i * num_classes + k] =
          bounded(own - 2 * sum / classes + total / (classes * classes));
    }
  }
}
