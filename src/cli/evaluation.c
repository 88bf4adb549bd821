#include "cli/evaluation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/message.h"
#include "cli/report.h"

static const struct {
  const char *key, *title;
} score_names[CLI_NUM_SCORES] = {
    [CLI_SCORE_VARIANCE] = {"variance", "variance"},
    [CLI_SCORE_MAX_PROBABILITY] = {"max_probability", "1 - max probability"},
    [CLI_SCORE_ENTROPY] = {"entropy", "entropy"},
    [CLI_SCORE_DEMPSTER_SHAFER] = {"dempster_shafer", "Dempster-Shafer"},
};

const char *cli_score_key(int score) { return score_names[score].key; }
const char *cli_score_title(int score) { return score_names[score].title; }

/* Takes the memory for the scores that the predictor has. */
static bool take_scores(const cli_predictor *predictor, int64_t rows, cli_scores *scores) {
  scores->rows = rows;
  scores->block = calloc((size_t)rows, CLI_NUM_SCORES * sizeof(float));
  if (scores->block == NULL) {
    cli_fail("out of memory for the scores of %" PRId64 " rows", rows);
    return false;
  }
  for (int i = 0; i < CLI_NUM_SCORES; i++) scores->values[i] = scores->block + i * rows;
  if (!predictor->has_variance) scores->values[CLI_SCORE_VARIANCE] = NULL;
  return true;
}

/* Predicts all rows: their scores and, where wanted, probabilities. */
static bool predict_scores(cli_predictor *predictor, const sngp_dataset *rows, float *probabilities,
                           cli_scores *scores) {
  int64_t count = sngp_dataset_rows(rows);
  if (!take_scores(predictor, count, scores)) return false;
  sngp_prediction prediction = {
      .struct_size = sizeof prediction,
      .probabilities = probabilities,
      .variance = scores->values[CLI_SCORE_VARIANCE],
      .uncertainty = scores->values[CLI_SCORE_MAX_PROBABILITY],
      .entropy = scores->values[CLI_SCORE_ENTROPY],
      .dempster_shafer = scores->values[CLI_SCORE_DEMPSTER_SHAFER],
  };
  return cli_predictor_run(predictor, rows, 0, count, &prediction);
}

static bool evaluate_labels(cli_predictor *predictor, const sngp_dataset *rows, cli_evaluation *e) {
  int64_t count = sngp_dataset_rows(rows);
  e->num_classes = predictor->config.num_classes;
  e->probabilities = calloc((size_t)count, (size_t)e->num_classes * sizeof(float));
  if (e->probabilities == NULL) {
    cli_fail("out of memory for the probabilities of %" PRId64 " rows", count);
    return false;
  }
  if (!predict_scores(predictor, rows, e->probabilities, &e->in_domain)) return false;
  e->measures.struct_size = sizeof e->measures;
  if (sngp_evaluate_classification(e->probabilities, count, e->num_classes,
                                   sngp_dataset_labels(rows), &e->measures) != SNGP_OK) {
    cli_fail_library();
    return false;
  }
  return true;
}

static bool evaluate_ood(cli_predictor *predictor, const sngp_dataset *ood, cli_evaluation *e) {
  if (!predict_scores(predictor, ood, NULL, &e->out_of_domain)) return false;
  const cli_scores *in = &e->in_domain, *out = &e->out_of_domain;
  for (int i = 0; i < CLI_NUM_SCORES; i++) {
    if (in->values[i] == NULL) continue;
    e->separation[i].struct_size = sizeof e->separation[i];
    if (sngp_evaluate_ood(in->values[i], in->rows, out->values[i], out->rows, &e->separation[i]) !=
        SNGP_OK) {
      cli_fail_library();
      return false;
    }
  }
  return true;
}

bool cli_evaluation_run(cli_predictor *predictor, const sngp_dataset *rows, const sngp_dataset *ood,
                        cli_evaluation *evaluation) {
  return evaluate_labels(predictor, rows, evaluation) &&
         (ood == NULL || evaluate_ood(predictor, ood, evaluation));
}

static json_t *ood_json(const cli_evaluation *e) {
  json_t *scores = json_object();
  for (int i = 0; i < CLI_NUM_SCORES; i++) {
    if (e->in_domain.values[i] == NULL) continue;
    json_t *score = json_pack("{s:o, s:o, s:o}", "auroc", cli_json_real(e->separation[i].auroc),
                              "aupr", cli_json_real(e->separation[i].aupr), "fpr95",
                              cli_json_real(e->separation[i].fpr95));
    if (json_object_set_new(scores, score_names[i].key, score) != 0) {
      json_decref(scores);
      return NULL;
    }
  }
  return json_pack("{s:I, s:o}", "rows", (json_int_t)e->out_of_domain.rows, "scores", scores);
}

json_t *cli_evaluation_json(const cli_evaluation *e) {
  const sngp_classification_metrics *m = &e->measures;
  json_t *document = json_pack("{s:I, s:o, s:o, s:o, s:o}", "rows", (json_int_t)m->rows, "accuracy",
                               cli_json_real(m->accuracy), "nll", cli_json_real(m->nll), "brier",
                               cli_json_real(m->brier), "ece", cli_json_real(m->ece));
  if (e->out_of_domain.rows > 0 && json_object_set_new(document, "ood", ood_json(e)) != 0) {
    json_decref(document);
    document = NULL;
  }
  return document;
}

void cli_evaluation_print(const cli_evaluation *e) {
  const sngp_classification_metrics *m = &e->measures;
  char count[CLI_COUNT_SIZE];
  printf("%-24s%10s\n", "Test rows", cli_format_count(m->rows, count));
  printf("  %-22s%10.4f\n", "accuracy", m->accuracy);
  printf("  %-22s%10.4f\n", "negative log-likelihood", m->nll);
  printf("  %-22s%10.4f\n", "Brier score", m->brier);
  printf("  %-22s%10.4f\n", "calibration error", m->ece);
  if (e->out_of_domain.rows == 0) return;
  printf("\n%-24s%10s%10s%10s%10s\n", "Out-of-domain rows",
         cli_format_count(e->out_of_domain.rows, count), "AUROC", "AUPR", "FPR95");
  for (int i = 0; i < CLI_NUM_SCORES; i++) {
    if (e->in_domain.values[i] == NULL) continue;
    printf("  %-32s%10.4f%10.4f%10.4f\n", score_names[i].title, e->separation[i].auroc,
           e->separation[i].aupr, e->separation[i].fpr95);
  }
}

void cli_evaluation_free(cli_evaluation *evaluation) {
  free(evaluation->out_of_domain.block);
  free(evaluation->in_domain.block);
  free(evaluation->probabilities);
  *evaluation = (cli_evaluation){0};
}
