/* Predicting with a loaded model: what predict and evaluate share. */
#ifndef SNGP_CLI_PREDICTION_H
#define SNGP_CLI_PREDICTION_H

#include <stdbool.h>

#include "cli/options.h"
#include "sngp/sngp.h"

/* A model ready to predict. Zero it before use. */
typedef struct cli_predictor {
  sngp_model *model;
  sngp_model_config config;
  sngp_predict_config settings;
  sngp_workspace *workspace;
  bool has_variance;
} cli_predictor;

/* The names of SNGP_PREDICT_*, ending with NULL. */
extern const char *const cli_predict_methods[];

/* The row of an option table for --method. */
cli_option cli_method_option(int32_t *target);

/* Loads a model. False: the reason has been reported. */
bool cli_predictor_load(cli_predictor *predictor, const char *path, int32_t method,
                        int64_t threads);

/* Predicts rows [begin, begin + count) of a dataset. False: the reason has been reported. */
bool cli_predictor_run(cli_predictor *predictor, const sngp_dataset *rows, int64_t begin,
                       int64_t count, sngp_prediction *out);

void cli_predictor_free(cli_predictor *predictor);

#endif
