/* The tasks of models as the program tells them apart, and the names of settings. */
#ifndef SNGP_CLI_TASK_H
#define SNGP_CLI_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "sngp/sngp.h"

/* Counts are a regression with a Poisson likelihood. */
enum {
  CLI_TASK_CLASSIFICATION,
  CLI_TASK_REGRESSION,
  CLI_TASK_COUNTS,
  CLI_TASK_MULTI_LABEL,
  CLI_NUM_TASKS
};

/* Their names, ending with NULL; and those of SNGP_LIKELIHOOD_*. */
extern const char *const cli_task_names[];
extern const char *const cli_likelihood_names[];

/* What a configuration's task is; and the other way. */
int32_t cli_task_of(const sngp_model_config *config);
int32_t cli_task_library(int32_t task);

/* Whether rows of the task have targets in place of labels. */
bool cli_task_has_targets(int32_t task);

/* Whether a model is a classifier, which `what` is made for; reports where it is not. */
bool cli_task_check_classes(const sngp_model_config *config, const char *what);

/* Variance of the noise of Gaussian regression, in the square of a target's own units; NaN: the
   model has none. */
double cli_task_noise(const sngp_model *model, int64_t target);

#endif
