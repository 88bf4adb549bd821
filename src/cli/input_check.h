/* What can be wrong with rows that could be read, said in a user's words. */
#ifndef SNGP_CLI_INPUT_CHECK_H
#define SNGP_CLI_INPUT_CHECK_H

#include <stdbool.h>

#include "sngp/sngp.h"

/* Whether rows of arrays have the model's columns and, where they have labels, its classes, or
   where they have targets, as many as it; reports where they do not. */
bool cli_check_arrays_fit(const sngp_dataset *rows, const sngp_model_config *model,
                          const char *features_path, const char *labels_path);

#endif
