#include "cli/compare_curves.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/message.h"
#include "sngp/metrics.h"

static const int roc_scores[CLI_NUM_ROC] = {
    [CLI_ROC_MAX_PROBABILITY] = CLI_SCORE_MAX_PROBABILITY, [CLI_ROC_VARIANCE] = CLI_SCORE_VARIANCE};

double cli_false_positive_rate(int point) {
  double share = (double)point / (CLI_CURVE_POINTS - 1);
  return share * share;
}

double cli_coverage(int point) { return (double)(point + 1) / CLI_CURVE_POINTS; }

static bool add_reliability(cli_compare_curves *curves, const cli_evaluation *e,
                            const int32_t *labels) {
  int64_t counts[CLI_RELIABILITY_BINS];
  double confidence[CLI_RELIABILITY_BINS], accuracy[CLI_RELIABILITY_BINS];
  if (!cli_succeeded(sngp_reliability_curve(e->probabilities, e->in_domain.rows, e->num_classes,
                                            labels, CLI_RELIABILITY_BINS, counts, confidence,
                                            accuracy))) {
    return false;
  }
  for (int i = 0; i < CLI_RELIABILITY_BINS; i++) {
    if (counts[i] == 0) continue;
    curves->rows[i] += (double)counts[i];
    curves->confidence[i] += (double)counts[i] * confidence[i];
    curves->right[i] += (double)counts[i] * accuracy[i];
  }
  return true;
}

/* The curve's height at the points, straight between its corners, the upper end of a rise that is
   upright. */
static void add_heights(const double *x, const double *y, int64_t count, double *sums) {
  int64_t right = 0; /* the first corner beyond the point */
  for (int i = 0; i < CLI_CURVE_POINTS; i++) {
    double at = cli_false_positive_rate(i);
    while (right < count && x[right] <= at) right++;
    if (right == count) {
      sums[i] += y[count - 1];
    } else {
      double run = x[right] - x[right - 1];
      sums[i] += y[right - 1] + (y[right] - y[right - 1]) * (at - x[right - 1]) / run;
    }
  }
}

static bool add_roc(cli_compare_curves *curves, const cli_evaluation *e, int roc) {
  const cli_scores *in = &e->in_domain, *out = &e->out_of_domain;
  const float *in_scores = in->values[roc_scores[roc]], *out_scores = out->values[roc_scores[roc]];
  if (in_scores == NULL || out_scores == NULL) return true;
  int64_t capacity = in->rows + out->rows + 1, count = 0;
  double *rates = calloc((size_t)capacity, 2 * sizeof(double));
  if (rates == NULL) {
    cli_fail("out of memory for an ROC curve of %" PRId64 " points", capacity);
    return false;
  }
  bool good = cli_succeeded(sngp_roc_curve(in_scores, in->rows, out_scores, out->rows, capacity,
                                           rates, rates + capacity, &count));
  if (good) add_heights(rates, rates + capacity, count, curves->true_positive_rate[roc]);
  if (good) curves->has_roc[roc] = true;
  free(rates);
  return good;
}

static bool add_rejection(cli_compare_curves *curves, const cli_evaluation *e,
                          const int32_t *labels) {
  int64_t rows = e->in_domain.rows;
  double *risk = calloc((size_t)rows, sizeof(double));
  if (risk == NULL) {
    cli_fail("out of memory for the rejection curve of %" PRId64 " rows", rows);
    return false;
  }
  bool good = cli_succeeded(sngp_risk_coverage_curve(e->in_domain.values[CLI_SCORE_MAX_PROBABILITY],
                                                     e->classes, labels, rows, risk));
  for (int i = 0; good && i < CLI_CURVE_POINTS; i++) {
    int64_t kept = (int64_t)ceil(cli_coverage(i) * (double)rows);
    curves->accuracy[i] += 1 - risk[(kept < 1 ? 1 : kept > rows ? rows : kept) - 1];
  }
  free(risk);
  return good;
}

bool cli_compare_curves_add(cli_compare_curves *curves, const cli_evaluation *evaluation,
                            const int32_t *labels) {
  if (!add_reliability(curves, evaluation, labels) || !add_rejection(curves, evaluation, labels)) {
    return false;
  }
  for (int i = 0; i < CLI_NUM_ROC; i++) {
    if (!add_roc(curves, evaluation, i)) return false;
  }
  curves->seeds++;
  return true;
}

void cli_compare_curves_write_reliability(const cli_compare_curves *curves, FILE *stream) {
  double total = 0;
  for (int i = 0; i < CLI_RELIABILITY_BINS; i++) total += curves->rows[i];
  for (int i = 0; i < CLI_RELIABILITY_BINS; i++) {
    if (curves->rows[i] == 0) continue;
    fprintf(stream, "%.9g %.9g %.9g\n", curves->confidence[i] / curves->rows[i],
            curves->right[i] / curves->rows[i], curves->rows[i] / total);
  }
}

void cli_compare_curves_write_roc(const cli_compare_curves *curves, int roc, FILE *stream) {
  /* Every curve begins in the corner. */
  if (curves->has_roc[roc]) fputs("0 0\n", stream);
  for (int i = 0; curves->has_roc[roc] && i < CLI_CURVE_POINTS; i++) {
    fprintf(stream, "%.9g %.9g\n", cli_false_positive_rate(i),
            curves->true_positive_rate[roc][i] / curves->seeds);
  }
}

void cli_compare_curves_write_rejection(const cli_compare_curves *curves, FILE *stream) {
  for (int i = 0; i < CLI_CURVE_POINTS; i++) {
    fprintf(stream, "%.9g %.9g\n", cli_coverage(i), curves->accuracy[i] / curves->seeds);
  }
}
