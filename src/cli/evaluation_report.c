#include <stdio.h>

#include "cli/evaluation.h"
#include "cli/report.h"

static const struct {
  const char *key, *title;
} score_names[CLI_NUM_SCORES] = {
    [CLI_SCORE_VARIANCE] = {"variance", "variance"},
    [CLI_SCORE_MAX_PROBABILITY] = {"max_probability", "1 - max probability"},
    [CLI_SCORE_ENTROPY] = {"entropy", "entropy"},
    [CLI_SCORE_DEMPSTER_SHAFER] = {"dempster_shafer", "Dempster-Shafer"},
    [CLI_SCORE_ENERGY] = {"energy", "energy"},
    [CLI_SCORE_MUTUAL_INFORMATION] = {"mutual_information", "mutual information"},
};

static json_t *selective_json(const cli_evaluation *e, int score) {
  const sngp_selective_metrics *m = &e->selective[score];
  const cli_json_number numbers[] = {
      {"aurc", m->aurc}, {"excess_aurc", m->excess_aurc}, {"accuracy_at_80", m->accuracy_at_80}};
  return cli_json_numbers(numbers, sizeof numbers / sizeof numbers[0]);
}

static json_t *separation_json(const cli_evaluation *e, int score) {
  const sngp_ood_metrics *m = &e->separation[score];
  const cli_json_number numbers[] = {{"auroc", m->auroc}, {"aupr", m->aupr}, {"fpr95", m->fpr95}};
  return cli_json_numbers(numbers, sizeof numbers / sizeof numbers[0]);
}

/* {score: what `of_score` makes of it} of the scores that there are. */
static json_t *scores_json(const cli_evaluation *e,
                           json_t *(*of_score)(const cli_evaluation *, int)) {
  json_t *scores = json_object();
  for (int i = 0; i < CLI_NUM_SCORES; i++) {
    if (e->in_domain.values[i] == NULL) continue;
    if (json_object_set_new(scores, score_names[i].key, of_score(e, i)) != 0) {
      json_decref(scores);
      return NULL;
    }
  }
  return scores;
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
              json_object_set_new(document, "selective", scores_json(e, selective_json)) == 0;
  json_decref(measures);
  if (good && e->out_of_domain.rows > 0) {
    json_t *ood = json_pack("{s:I, s:o}", "rows", (json_int_t)e->out_of_domain.rows, "scores",
                            scores_json(e, separation_json));
    good = json_object_set_new(document, "ood", ood) == 0;
  }
  if (good) return document;
  json_decref(document);
  return NULL;
}

static void print_measure(const char *title, double value) {
  printf("  %-32s%10.4f\n", title, value);
}

void cli_evaluation_print(const cli_evaluation *e) {
  const sngp_classification_metrics *m = &e->measures;
  char count[CLI_COUNT_SIZE];
  printf("%-34s%10s\n", "Test rows", cli_format_count(m->rows, count));
  print_measure("accuracy", m->accuracy);
  print_measure("negative log-likelihood", m->nll);
  print_measure("Brier score", m->brier);
  print_measure("  reliability", m->brier_reliability);
  print_measure("  resolution", m->brier_resolution);
  print_measure("  uncertainty", m->brier_uncertainty);
  print_measure("calibration error", m->ece);
  print_measure("  bins of equal counts", m->adaptive_ece);
  print_measure("  largest of a bin", m->max_calibration_error);

  printf("\n%-44s%10s%10s%10s\n", "Rejecting rows by", "AURC", "excess", "at 80%");
  for (int i = 0; i < CLI_NUM_SCORES; i++) {
    if (e->in_domain.values[i] == NULL) continue;
    printf("  %-42s%10.4f%10.4f%10.4f\n", score_names[i].title, e->selective[i].aurc,
           e->selective[i].excess_aurc, e->selective[i].accuracy_at_80);
  }
  if (e->out_of_domain.rows == 0) return;
  printf("\n%-34s%10s%10s%10s%10s\n", "Out-of-domain rows",
         cli_format_count(e->out_of_domain.rows, count), "AUROC", "AUPR", "FPR95");
  for (int i = 0; i < CLI_NUM_SCORES; i++) {
    if (e->in_domain.values[i] == NULL) continue;
    printf("  %-42s%10.4f%10.4f%10.4f\n", score_names[i].title, e->separation[i].auroc,
           e->separation[i].aupr, e->separation[i].fpr95);
  }
}
