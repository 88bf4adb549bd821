#include "metrics/selective.h"

/* The risk at a coverage of `covered` rows, of which the last ones are tied; `errors` of the rows
   before these are errors. Of g tied rows with e errors, m drawn without putting back hold m e / g
   errors in expectation. The risk is linear in the number of errors, so this is the mean risk over
   all orders. */
static double risk_at(size_t covered, size_t errors, const sngp_tied_rows *tied) {
  double drawn = (double)(covered - tied->begin), tied_count = (double)(tied->end - tied->begin);
  return ((double)errors + drawn * (double)tied->marked / tied_count) / (double)covered;
}

void sngp_risk_coverage(sngp_scored_row *rows, size_t count, double *risk) {
  sngp_sort_ascending(rows, count);
  size_t errors = 0;
  for (sngp_tied_rows tied = {0}; sngp_next_tied_rows(rows, count, &tied); errors += tied.marked)
    for (size_t i = tied.begin; i < tied.end; i++) risk[i] = risk_at(i + 1, errors, &tied);
}

/* The mean risk of an order in which all errors come last. No order has less: i + 1 rows hold at
   least i + 1 - (count - errors) errors. */
static double smallest_aurc(size_t count, size_t errors) {
  double sum = 0.0;
  size_t right = count - errors;
  for (size_t covered = right + 1; covered <= count; covered++)
    sum += (double)(covered - right) / (double)covered;
  return sum / (double)count;
}

sngp_selective_summary sngp_summarize_risk(sngp_scored_row *rows, size_t count) {
  sngp_sort_ascending(rows, count);
  size_t errors = 0, reported = count - count / 5; /* ceil(0.8 count), in integers */
  double sum = 0.0, reported_risk = 0.0;
  for (sngp_tied_rows tied = {0}; sngp_next_tied_rows(rows, count, &tied); errors += tied.marked)
    for (size_t covered = tied.begin + 1; covered <= tied.end; covered++) {
      double risk = risk_at(covered, errors, &tied);
      sum += risk;
      if (covered == reported) reported_risk = risk;
    }
  double aurc = sum / (double)count;
  return (sngp_selective_summary){.aurc = aurc,
                                  .excess_aurc = aurc - smallest_aurc(count, errors),
                                  .accuracy_at_80 = 1.0 - reported_risk};
}
