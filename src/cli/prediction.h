/* Predicting with a model or an ensemble: what predict, evaluate and others share. */
#ifndef SNGP_CLI_PREDICTION_H
#define SNGP_CLI_PREDICTION_H

#include <stdbool.h>

#include "cli/task.h"
#include "sngp/sngp.h"

/* How to predict, as options say. */
typedef struct cli_prediction_settings {
  int32_t method; /* SNGP_PREDICT_* */
  bool joint;     /* draws joint over the rows */
  int64_t threads;
  int64_t passes, samples, seed;         /* CLI_NOT_GIVEN: the library's defaults */
  double mean_field_factor, temperature; /* NaN: the model's */
} cli_prediction_settings;

/* The settings of a command line without options. */
void cli_prediction_settings_init(cli_prediction_settings *settings);

/* The library's configuration of them. */
sngp_status cli_prediction_config(const cli_prediction_settings *settings,
                                  sngp_predict_config *config);

/* A model's file holds an ensemble of one: there is one way for both. Zero it before use. */
typedef struct cli_predictor {
  const sngp_ensemble *ensemble;
  sngp_ensemble *loaded;    /* freed with the predictor; NULL: the ensemble is the caller's */
  const sngp_model *model;  /* the first member: shape and names are those of all */
  sngp_model_config config; /* its configuration */
  sngp_predict_config settings;
  sngp_workspace *workspace;
  int32_t task;            /* CLI_TASK_* */
  int64_t num_variances;   /* of a row; 0: the model has none */
  bool has_several_passes; /* members, draws or passes with dropout, that can disagree */
} cli_predictor;

/* Loads a model or an ensemble. False: the reason has been reported. Free the predictor in any
   case. */
bool cli_predictor_load(cli_predictor *predictor, const char *path,
                        const cli_prediction_settings *settings);

/* The same with the caller's ensemble, which must outlive the predictor and stay as it is. */
bool cli_predictor_use(cli_predictor *predictor, const sngp_ensemble *ensemble,
                       const cli_prediction_settings *settings);

/* Predicts rows [begin, begin + count) of a dataset; what is predicted does not depend on how a
   dataset is cut into such parts. False: the reason has been reported. */
bool cli_predictor_run(const cli_predictor *predictor, const sngp_dataset *rows, int64_t begin,
                       int64_t count, sngp_prediction *out);

void cli_predictor_free(cli_predictor *predictor);

#endif
