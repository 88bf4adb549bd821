#include "cli/evaluation.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/message.h"

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
  const sngp_prediction prediction = {
      .struct_size = sizeof prediction, .probabilities = e->probabilities, .classes = e->classes};
  if (!cli_scores_predict(predictor, rows, prediction, &e->in_domain)) return false;
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
  const sngp_prediction prediction = {.struct_size = sizeof prediction};
  return cli_scores_predict(predictor, ood, prediction, &e->out_of_domain) &&
         cli_scores_separate(&e->in_domain, &e->out_of_domain, &e->separation);
}

bool cli_evaluation_run(const cli_predictor *predictor, const sngp_dataset *rows,
                        const sngp_dataset *ood, cli_evaluation *evaluation) {
  return evaluate_labels(predictor, rows, evaluation) &&
         (ood == NULL || evaluate_ood(predictor, ood, evaluation));
}

void cli_evaluation_free(cli_evaluation *evaluation) {
  cli_scores_free(&evaluation->out_of_domain);
  cli_scores_free(&evaluation->in_domain);
  free(evaluation->classes);
  free(evaluation->probabilities);
  *evaluation = (cli_evaluation){0};
}
