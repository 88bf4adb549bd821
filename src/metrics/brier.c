#include "metrics/brier.h"

#include "metrics/calibration.h"

/* Classes that are binned in one pass over the rows: floats of a cache line, so that each line is
   read once, without memory that grows with the number of classes. */
enum { CLASSES_AT_ONCE = 16 };

typedef struct {
  int64_t rows, events; /* events: rows with the class as label */
  double probability;   /* their sum */
} probability_bin;

static void add_class(const probability_bin *bins, int64_t rows, sngp_brier_partition *partition) {
  int64_t events = 0;
  for (int b = 0; b < SNGP_CALIBRATION_BINS; b++) events += bins[b].events;
  double base_rate = (double)events / (double)rows;
  partition->uncertainty += base_rate * (1.0 - base_rate);
  for (int b = 0; b < SNGP_CALIBRATION_BINS; b++) {
    if (bins[b].rows == 0) continue;
    double in_bin = (double)bins[b].rows, share = in_bin / (double)rows;
    double frequency = (double)bins[b].events / in_bin;
    double off = bins[b].probability / in_bin - frequency, apart = frequency - base_rate;
    partition->reliability += share * off * off;
    partition->resolution += share * apart * apart;
  }
}

sngp_brier_partition sngp_partition_brier(const float *probabilities, int64_t rows,
                                          int64_t num_classes, const int32_t *labels) {
  sngp_brier_partition partition = {0};
  for (int64_t first = 0; first < num_classes; first += CLASSES_AT_ONCE) {
    int64_t left = num_classes - first, classes = left < CLASSES_AT_ONCE ? left : CLASSES_AT_ONCE;
    probability_bin bins[CLASSES_AT_ONCE][SNGP_CALIBRATION_BINS] = {0};
    for (int64_t i = 0; i < rows; i++)
      for (int64_t k = 0; k < classes; k++) {
        float probability = probabilities[i * num_classes + first + k];
        probability_bin *bin = &bins[k][sngp_probability_bin(probability, SNGP_CALIBRATION_BINS)];
        bin->rows++;
        bin->events += labels[i] == first + k;
        bin->probability += (double)probability;
      }
    for (int64_t k = 0; k < classes; k++) add_class(bins[k], rows, &partition);
  }
  return partition;
}
