#include "gp/mean_field.h"

#include <math.h>

void sngp_mean_field(float *logits, const float *variance, int64_t rows, int64_t num_classes,
                     double factor) {
  if (factor < 0) return;
  for (int64_t i = 0; i < rows; i++) {
    float scale = (float)(1 / sqrt(1 + factor * (double)variance[i]));
    for (int64_t k = 0; k < num_classes; k++) logits[i * num_classes + k] *= scale;
  }
}
