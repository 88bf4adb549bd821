#include "metrics/calibration.h"

#include <math.h>

#include "metrics/classification.h"

/* As in Guo et al. */
enum { NUM_BINS = 15 };

/* The bin of a confidence: (index / 15, (index + 1) / 15]. The product is exact in double, so no
   border is missed by rounding. */
static int bin_of(float confidence) {
  int bin = (int)ceil((double)confidence * NUM_BINS) - 1;
  if (bin < 0) return 0;
  return bin < NUM_BINS ? bin : NUM_BINS - 1; /* a sum rounded to just above 1 */
}

double sngp_expected_calibration_error(const float *probabilities, int64_t rows,
                                       int64_t num_classes, const int32_t *labels) {
  double confidence[NUM_BINS] = {0};
  int64_t correct[NUM_BINS] = {0};
  for (int64_t i = 0; i < rows; i++) {
    const float *row = probabilities + i * num_classes;
    int64_t predicted = sngp_likeliest_class(row, num_classes);
    int bin = bin_of(row[predicted]);
    confidence[bin] += (double)row[predicted];
    if (predicted == labels[i]) correct[bin]++;
  }
  /* rows of the bin / rows * |accuracy - mean confidence|, the bin's rows cancelled */
  double sum = 0.0;
  for (int bin = 0; bin < NUM_BINS; bin++) sum += fabs((double)correct[bin] - confidence[bin]);
  return sum / (double)rows;
}
