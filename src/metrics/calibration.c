#include "metrics/calibration.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "metrics/scored_rows.h"
#include "nn/loss.h"

/* The product of a float and a number of bins below 2^29 is exact in double, so no border is missed
   by rounding. */
int64_t sngp_probability_bin(float probability, int64_t num_bins) {
  int64_t bin = (int64_t)ceil((double)probability * (double)num_bins) - 1;
  if (bin < 0) return 0;
  return bin < num_bins ? bin : num_bins - 1; /* a sum rounded to just above 1 */
}

void sngp_bin_confidences(const float *probabilities, int64_t rows, int64_t num_classes,
                          const int32_t *labels, int64_t num_bins, int64_t *counts,
                          double *confidence, double *correct) {
  memset(counts, 0, (size_t)num_bins * sizeof *counts);
  for (int64_t bin = 0; bin < num_bins; bin++) confidence[bin] = correct[bin] = 0.0;
  for (int64_t i = 0; i < rows; i++) {
    const float *row = probabilities + i * num_classes;
    int64_t predicted = sngp_largest(row, num_classes);
    int64_t bin = sngp_probability_bin(row[predicted], num_bins);
    counts[bin]++;
    confidence[bin] += (double)row[predicted];
    if (predicted == labels[i]) correct[bin] += 1.0;
  }
}

sngp_calibration_error sngp_measure_calibration(const float *probabilities, int64_t rows,
                                                int64_t num_classes, const int32_t *labels) {
  int64_t counts[SNGP_CALIBRATION_BINS];
  double confidence[SNGP_CALIBRATION_BINS], correct[SNGP_CALIBRATION_BINS];
  sngp_bin_confidences(probabilities, rows, num_classes, labels, SNGP_CALIBRATION_BINS, counts,
                       confidence, correct);
  sngp_calibration_error error = {0};
  for (int bin = 0; bin < SNGP_CALIBRATION_BINS; bin++) {
    if (counts[bin] == 0) continue;
    /* rows of the bin / rows * |accuracy - mean confidence|, the bin's rows cancelled */
    double gap = fabs(correct[bin] - confidence[bin]);
    error.expected += gap;
    error.maximum = fmax(error.maximum, gap / (double)counts[bin]);
  }
  error.expected /= (double)rows;
  return error;
}

/* The sorted row with which a bin ends, floor((bin + 1) count / 15), without a product that might
   overflow. Bins differ by one row at most. */
static size_t bin_end(size_t bin, size_t count) {
  size_t quotient = count / SNGP_CALIBRATION_BINS, remainder = count % SNGP_CALIBRATION_BINS;
  return (bin + 1) * quotient + (bin + 1) * remainder / SNGP_CALIBRATION_BINS;
}

/* Walks through the ties and the bins side by side. Where a border parts rows of equal confidence,
   each side takes its share of their surplus of right answers over confidence. */
static double error_of_equal_bins(const sngp_scored_row *rows, size_t count) {
  double sum = 0.0, surplus = 0.0;
  size_t bin = 0, end = bin_end(bin, count);
  for (sngp_tied_rows tied = {0}; sngp_next_tied_rows(rows, count, &tied);) {
    double accuracy = (double)tied.marked / (double)(tied.end - tied.begin);
    double row_surplus = accuracy - (double)rows[tied.begin].score;
    for (size_t from = tied.begin; from < tied.end;) {
      size_t to = tied.end < end ? tied.end : end;
      surplus += (double)(to - from) * row_surplus;
      from = to;
      if (to < end) continue;
      sum += fabs(surplus);
      surplus = 0.0;
      end = bin_end(++bin, count);
    }
  }
  return sum / (double)count;
}

sngp_status sngp_adaptive_calibration_error(const float *probabilities, int64_t rows,
                                            int64_t num_classes, const int32_t *labels,
                                            double *error) {
  sngp_scored_row *sorted = sngp_allocate((size_t)rows, sizeof *sorted);
  if (sorted == NULL) return sngp_fail_memory("sorting the rows by confidence");
  for (int64_t i = 0; i < rows; i++) {
    const float *row = probabilities + i * num_classes;
    int64_t predicted = sngp_largest(row, num_classes);
    sorted[i] = (sngp_scored_row){row[predicted], predicted == labels[i]};
  }
  sngp_sort_ascending(sorted, (size_t)rows);
  *error = error_of_equal_bins(sorted, (size_t)rows);
  sngp_release(sorted);
  return SNGP_OK;
}
