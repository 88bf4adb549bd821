#include "metrics/ood.h"

#include <stdlib.h>

static int by_descending_score(const void *left, const void *right) {
  float a = ((const sngp_scored_row *)left)->score, b = ((const sngp_scored_row *)right)->score;
  return (a < b) - (a > b);
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
  qsort(rows, count, sizeof *rows, by_descending_score);
  size_t positives = 0;
  for (size_t i = 0; i < count; i++) positives += rows[i].out_of_domain;
  size_t negatives = count - positives;

  sngp_separation result = {0};
  size_t true_positives = 0, false_positives = 0;
  for (size_t i = 0; i < count;) {
    size_t tied_positives = 0, tied_negatives = 0;
    float score = rows[i].score;
    for (; i < count && rows[i].score == score; i++) {
      if (rows[i].out_of_domain)
        tied_positives++;
      else
        tied_negatives++;
    }
    bool reached = reaches_95_percent(true_positives, positives);
    true_positives += tied_positives;
    false_positives += tied_negatives;
    double below = (double)(negatives - false_positives) + 0.5 * (double)tied_negatives;
    result.auroc += (double)tied_positives * below;
    result.aupr += (double)tied_positives * (double)true_positives /
                   (double)(true_positives + false_positives);
    if (!reached && reaches_95_percent(true_positives, positives))
      result.fpr95 = (double)false_positives / (double)negatives;
  }
  result.auroc /= (double)positives * (double)negatives;
  result.aupr /= (double)positives;
  return result;
}
