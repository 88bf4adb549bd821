#include "cli/task_evaluation.h"

bool cli_task_evaluation_run(const cli_predictor *predictor, const sngp_dataset *rows,
                             const sngp_dataset *ood, cli_task_evaluation *evaluation) {
  evaluation->task = predictor->task;
  switch (evaluation->task) {
    case CLI_TASK_CLASSIFICATION:
      return cli_evaluation_run(predictor, rows, ood, &evaluation->classes);
    case CLI_TASK_MULTI_LABEL:
      return cli_label_evaluation_run(predictor, rows, ood, &evaluation->labels);
    default: return cli_regression_evaluation_run(predictor, rows, ood, &evaluation->regression);
  }
}

json_t *cli_task_evaluation_json(const cli_task_evaluation *evaluation) {
  switch (evaluation->task) {
    case CLI_TASK_CLASSIFICATION: return cli_evaluation_json(&evaluation->classes);
    case CLI_TASK_MULTI_LABEL: return cli_label_evaluation_json(&evaluation->labels);
    default: return cli_regression_evaluation_json(&evaluation->regression);
  }
}

void cli_task_evaluation_print(const cli_task_evaluation *evaluation) {
  switch (evaluation->task) {
    case CLI_TASK_CLASSIFICATION: cli_evaluation_print(&evaluation->classes); break;
    case CLI_TASK_MULTI_LABEL: cli_label_evaluation_print(&evaluation->labels); break;
    default: cli_regression_evaluation_print(&evaluation->regression); break;
  }
}

void cli_task_evaluation_free(cli_task_evaluation *evaluation) {
  cli_evaluation_free(&evaluation->classes);
  cli_label_evaluation_free(&evaluation->labels);
  cli_regression_evaluation_free(&evaluation->regression);
}
