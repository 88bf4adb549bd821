#include <stdio.h>

#include "cli/evaluation.h"
#include "cli/report.h"

static json_t *selective_json(const void *context, int score) {
  const cli_evaluation *evaluation = context;
  const sngp_selective_metrics *m = &evaluation->selective[score];
  const cli_json_number numbers[] = {
      {"aurc", m->aurc}, {"excess_aurc", m->excess_aurc}, {"accuracy_at_80", m->accuracy_at_80}};
  return cli_json_numbers(numbers, sizeof numbers / sizeof numbers[0]);
}

/* Of the scores that the rows have. */
static json_t *all_selective_json(const cli_evaluation *e) {
  bool has[CLI_NUM_SCORES];
  for (int i = 0; i < CLI_NUM_SCORES; i++) has[i] = e->in_domain.values[i] != NULL;
  return cli_scores_json(has, selective_json, e);
}

json_t *cli_evaluation_json(const cli_evaluation *e) {
  const sngp_classification_metrics *m = &e->measures;
  const sngp_selective_metrics *selective = &e->selective[CLI_SCORE_MAX_PROBABILITY];
  const cli_json_number numbers[] = {{"accuracy", m->accuracy},
                                     {"nll", m->nll},
                                     {"brier", m->brier},
                                     {"brier_reliability", m->brier_reliability},
                                     {"brier_resolution", m->brier_resolution},
                                     {"brier_uncertainty", m->brier_uncertainty},
                                     {"ece", m->ece},
                                     {"adaptive_ece", m->adaptive_ece},
                                     {"max_calibration_error", m->max_calibration_error},
                                     {"aurc", selective->aurc},
                                     {"accuracy_at_80", selective->accuracy_at_80}};
  json_t *document = json_pack("{s:I}", "rows", (json_int_t)m->rows);
  json_t *measures = cli_json_numbers(numbers, sizeof numbers / sizeof numbers[0]);
  bool good = json_object_update(document, measures) == 0 &&
              json_object_set_new(document, "selective", all_selective_json(e)) == 0 &&
              cli_separation_add(document, &e->separation);
  json_decref(measures);
  if (good) return document;
  json_decref(document);
  return NULL;
}

void cli_evaluation_print(const cli_evaluation *e) {
  const sngp_classification_metrics *m = &e->measures;
  char count[CLI_COUNT_SIZE];
  printf("%-34s%10s\n", "Test rows", cli_format_count(m->rows, count));
  cli_print_measure("accuracy", m->accuracy);
  cli_print_measure("negative log-likelihood", m->nll);
  cli_print_measure("Brier score", m->brier);
  cli_print_measure("  reliability", m->brier_reliability);
  cli_print_measure("  resolution", m->brier_resolution);
  cli_print_measure("  uncertainty", m->brier_uncertainty);
  cli_print_measure("calibration error", m->ece);
  cli_print_measure("  bins of equal counts", m->adaptive_ece);
  cli_print_measure("  largest of a bin", m->max_calibration_error);

  printf("\n%-44s%10s%10s%10s\n", "Rejecting rows by", "AURC", "excess", "at 80%");
  for (int i = 0; i < CLI_NUM_SCORES; i++) {
    if (e->in_domain.values[i] == NULL) continue;
    printf("  %-42s%10.4f%10.4f%10.4f\n", cli_score_names[i].title, e->selective[i].aurc,
           e->selective[i].excess_aurc, e->selective[i].accuracy_at_80);
  }
  cli_separation_print(&e->separation);
}
