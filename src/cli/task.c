#include "cli/task.h"

#include <math.h>
#include <stdlib.h>

#include "cli/message.h"

const char *const cli_task_names[] = {[CLI_TASK_CLASSIFICATION] = "classification",
                                      [CLI_TASK_REGRESSION] = "regression",
                                      [CLI_TASK_COUNTS] = "counts",
                                      [CLI_TASK_MULTI_LABEL] = "multi-label",
                                      NULL};

const char *const cli_likelihood_names[] = {[SNGP_LIKELIHOOD_GAUSSIAN] = "gaussian",
                                            [SNGP_LIKELIHOOD_BINARY_LOGISTIC] = "binary-logistic",
                                            [SNGP_LIKELIHOOD_POISSON] = "poisson",
                                            [SNGP_LIKELIHOOD_SOFTMAX] = "softmax",
                                            NULL};

int32_t cli_task_of(const sngp_model_config *config) {
  switch (config->task) {
    case SNGP_TASK_REGRESSION:
      return config->likelihood == SNGP_LIKELIHOOD_POISSON ? CLI_TASK_COUNTS : CLI_TASK_REGRESSION;
    case SNGP_TASK_MULTI_LABEL: return CLI_TASK_MULTI_LABEL;
    default: return CLI_TASK_CLASSIFICATION;
  }
}

int32_t cli_task_library(int32_t task) {
  switch (task) {
    case CLI_TASK_REGRESSION:
    case CLI_TASK_COUNTS: return SNGP_TASK_REGRESSION;
    case CLI_TASK_MULTI_LABEL: return SNGP_TASK_MULTI_LABEL;
    default: return SNGP_TASK_CLASSIFICATION;
  }
}

bool cli_task_has_targets(int32_t task) { return task != CLI_TASK_CLASSIFICATION; }

bool cli_task_check_classes(const sngp_model_config *config, const char *what) {
  int32_t task = cli_task_of(config);
  if (task == CLI_TASK_CLASSIFICATION) return true;
  cli_fail("%s is for classification, and the task of this model is %s", what,
           cli_task_names[task]);
  return false;
}

/* One value of a tensor with a value for each target; `otherwise` where the model has no such
   tensor. */
static double value_of(const sngp_model *model, const char *name, int64_t target,
                       double otherwise) {
  int64_t count = sngp_model_num_targets(model);
  float *values = calloc((size_t)count, sizeof *values);
  if (values == NULL) return NAN;
  bool found = sngp_model_get_parameter(model, name, values, count) == SNGP_OK;
  double value = found ? (double)values[target] : otherwise;
  free(values);
  return value;
}

double cli_task_noise(const sngp_model *model, int64_t target) {
  if (sngp_model_num_targets(model) == 0) return NAN;
  double scale = value_of(model, "target_scaling.scale", target, 1);
  return value_of(model, "noise.variance", target, NAN) * scale * scale;
}
