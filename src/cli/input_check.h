/* What can be wrong with rows that could be read, said in a user's words. */
#ifndef SNGP_CLI_INPUT_CHECK_H
#define SNGP_CLI_INPUT_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "sngp/sngp.h"

/* Each returns false when it does not hold, which has been reported. */

/* The names of columns and classes, read from `path`, can stand in a model file. */
bool cli_check_names_can_be_saved(const sngp_dataset *rows, const char *path);

/* Rows of arrays have the model's columns and, where they have labels, its classes. */
bool cli_check_arrays_fit(const sngp_dataset *rows, const sngp_model_config *model,
                          const char *features_path, const char *labels_path);

#endif
