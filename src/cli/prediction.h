/* Predicting with a model: what predict, evaluate and others share. */
#ifndef SNGP_CLI_PREDICTION_H
#define SNGP_CLI_PREDICTION_H

#include <stdbool.h>

#include "cli/options.h"
#include "sngp/sngp.h"

/* How to predict, as the options say. */
typedef struct cli_prediction_settings {
  int32_t method; /* SNGP_PREDICT_* */
  int64_t threads;
} cli_prediction_settings;

/* A model ready to predict. Zero it before use. */
typedef struct cli_predictor {
  const sngp_model *model;
  sngp_model *loaded; /* freed with the predictor; NULL: the model is the caller's */
  sngp_model_config config;
  sngp_predict_config settings;
  sngp_workspace *workspace;
  bool has_variance;
} cli_predictor;

/* The names of SNGP_PREDICT_*, ending with NULL. */
extern const char *const cli_predict_methods[];

/* The row of an option table for --method. */
cli_option cli_method_option(int32_t *target);

/* Loads a model. False: the reason has been reported. Free the predictor in any case. */
bool cli_predictor_load(cli_predictor *predictor, const char *path,
                        const cli_prediction_settings *settings);

/* The same with the caller's model, which must outlive the predictor and stay as it is. */
bool cli_predictor_use(cli_predictor *predictor, const sngp_model *model,
                       const cli_prediction_settings *settings);

/* Predicts rows [begin, begin + count) of a dataset. False: the reason has been reported. */
bool cli_predictor_run(cli_predictor *predictor, const sngp_dataset *rows, int64_t begin,
                       int64_t count, sngp_prediction *out);

void cli_predictor_free(cli_predictor *predictor);

#endif
