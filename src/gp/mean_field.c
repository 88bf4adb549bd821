#include "gp/mean_field.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

void sngp_mean_field(float *logits, const float *variance, int64_t rows, int64_t num_classes,
                     double factor, double temperature) {
  bool adjusts = factor >= 0 && variance != NULL;
  if (!adjusts && temperature == 1) return;
  for (int64_t i = 0; i < rows; i++) {
    double spread = adjusts ? sqrt(1 + factor * (double)variance[i]) : 1;
    float scale = (float)(1 / (temperature * spread));
    for (int64_t k = 0; k < num_classes; k++) logits[i * num_classes + k] *= scale;
  }
}
