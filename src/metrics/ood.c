#include "metrics/ood.h"

static size_t count_marked(const sngp_scored_row *rows, size_t count) {
  size_t marked = 0;
  for (size_t i = 0; i < count; i++) marked += rows[i].marked;
  return marked;
}

/* tp / positives >= 0.95, in integers. */
static bool reaches_95_percent(size_t true_positives, size_t positives) {
  return 20 * true_positives >= 19 * positives;
}

/* One pass over thresholds from the largest score down; rows of equal score pass a threshold
   together. The area under the ROC curve is the share of pairs that stand in the right order, ties
   counting one half, which is what mid-ranks give (Mann and Whitney). Average precision is the sum
   over thresholds of precision times the recall that the threshold adds. */
sngp_separation sngp_measure_separation(sngp_scored_row *rows, size_t count) {
  sngp_sort_descending(rows, count);
  size_t positives = count_marked(rows, count), negatives = count - positives;
  sngp_separation result = {0};
  size_t true_positives = 0, false_positives = 0;
  for (sngp_tied_rows tied = {0}; sngp_next_tied_rows(rows, count, &tied);) {
    size_t tied_negatives = tied.end - tied.begin - tied.marked;
    bool reached = reaches_95_percent(true_positives, positives);
    true_positives += tied.marked;
    false_positives += tied_negatives;
    double below = (double)(negatives - false_positives) + 0.5 * (double)tied_negatives;
    result.auroc += (double)tied.marked * below;
    result.aupr += (double)tied.marked * (double)true_positives / (double)tied.end;
    if (!reached && reaches_95_percent(true_positives, positives))
      result.fpr95 = (double)false_positives / (double)negatives;
  }
  result.auroc /= (double)positives * (double)negatives;
  result.aupr /= (double)positives;
  return result;
}

size_t sngp_trace_roc(sngp_scored_row *rows, size_t count, double *false_positive_rate,
                      double *true_positive_rate) {
  sngp_sort_descending(rows, count);
  size_t positives = count_marked(rows, count), negatives = count - positives;
  size_t true_positives = 0, points = 0;
  false_positive_rate[points] = 0.0;
  true_positive_rate[points++] = 0.0;
  for (sngp_tied_rows tied = {0}; sngp_next_tied_rows(rows, count, &tied);) {
    true_positives += tied.marked;
    false_positive_rate[points] = (double)(tied.end - true_positives) / (double)negatives;
    true_positive_rate[points++] = (double)true_positives / (double)positives;
  }
  return points;
}
