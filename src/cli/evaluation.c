#include "cli/evaluation.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/message.h"

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
  if (!predictor->has_several_passes) scores->values[CLI_SCORE_MUTUAL_INFORMATION] = NULL;
  return true;
}

/* Predicts all rows: their scores and, where wanted, probabilities and classes. */
static bool predict_scores(const cli_predictor *predictor, const sngp_dataset *rows,
                           float *probabilities, int32_t *classes, cli_scores *scores) {
  int64_t count = sngp_dataset_rows(rows);
  if (!take_scores(predictor, count, scores)) return false;
  sngp_prediction prediction = {
      .struct_size = sizeof prediction,
      .probabilities = probabilities,
      .classes = classes,
      .variance = scores->values[CLI_SCORE_VARIANCE],
      .uncertainty = scores->values[CLI_SCORE_MAX_PROBABILITY],
      .entropy = scores->values[CLI_SCORE_ENTROPY],
      .dempster_shafer = scores->values[CLI_SCORE_DEMPSTER_SHAFER],
      .energy = scores->values[CLI_SCORE_ENERGY],
      .mutual_information = scores->values[CLI_SCORE_MUTUAL_INFORMATION],
  };
  return cli_predictor_run(predictor, rows, 0, count, &prediction);
}

static bool evaluate_labels(const cli_predictor *predictor, const sngp_dataset *rows,
                            cli_evaluation *e) {
  int64_t count = sngp_dataset_rows(rows);
  const int32_t *labels = sngp_dataset_labels(rows);
  e->num_classes = predictor->config.num_classes;
  e->probabilities = calloc((size_t)count, (size_t)e->num_classes * sizeof(float));
  e->classes = calloc((size_t)count, sizeof(int32_t));
  if (e->probabilities == NULL || e->classes == NULL) {
    cli_fail("out of memory for the probabilities of %" PRId64 " rows", count);
    return false;
  }
  if (!predict_scores(predictor, rows, e->probabilities, e->classes, &e->in_domain)) return false;
  e->measures.struct_size = sizeof e->measures;
  if (!cli_succeeded(sngp_evaluate_classification(e->probabilities, count, e->num_classes, labels,
                                                  &e->measures))) {
    return false;
  }
  for (int i = 0; i < CLI_NUM_SCORES; i++) {
    if (e->in_domain.values[i] == NULL) continue;
    e->selective[i].struct_size = sizeof e->selective[i];
    if (!cli_succeeded(sngp_evaluate_selective(e->in_domain.values[i], e->classes, labels, count,
                                               &e->selective[i]))) {
      return false;
    }
  }
  return true;
}

static bool evaluate_ood(const cli_predictor *predictor, const sngp_dataset *ood,
                         cli_evaluation *e) {
  if (!predict_scores(predictor, ood, NULL, NULL, &e->out_of_domain)) return false;
  const cli_scores *in = &e->in_domain, *out = &e->out_of_domain;
  for (int i = 0; i < CLI_NUM_SCORES; i++) {
    if (in->values[i] == NULL) continue;
    e->separation[i].struct_size = sizeof e->separation[i];
    if (!cli_succeeded(sngp_evaluate_ood(in->values[i], in->rows, out->values[i], out->rows,
                                         &e->separation[i]))) {
      return false;
    }
  }
  return true;
}

bool cli_evaluation_run(const cli_predictor *predictor, const sngp_dataset *rows,
                        const sngp_dataset *ood, cli_evaluation *evaluation) {
  return evaluate_labels(predictor, rows, evaluation) &&
         (ood == NULL || evaluate_ood(predictor, ood, evaluation));
}

void cli_evaluation_free(cli_evaluation *evaluation) {
  free(evaluation->out_of_domain.block);
  free(evaluation->in_domain.block);
  free(evaluation->classes);
  free(evaluation->probabilities);
  *evaluation = (cli_evaluation){0};
}
