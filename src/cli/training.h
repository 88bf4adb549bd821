/* Training as options say: the configurations of the model, the optimizer and the fit, and the fit
   itself. */
#ifndef SNGP_CLI_TRAINING_H
#define SNGP_CLI_TRAINING_H

#include <stdbool.h>

#include "cli/progress.h"
#include "sngp/sngp.h"

/* Values of cli_training_settings::method. */
enum { CLI_METHOD_SNGP = 0, CLI_METHOD_DETERMINISTIC = 1 };

/* Their names in options and JSON documents, ending with NULL; and in sentences. */
extern const char *const cli_training_methods[];
const char *cli_training_title(int32_t method);

/* Counts that were not given are CLI_NOT_GIVEN, numbers NaN: they leave the preset's value. */
typedef struct cli_training_settings {
  int32_t preset; /* SNGP_PRESET_* */
  int32_t method; /* CLI_METHOD_* */
  int64_t epochs, batch_size, seed, num_layers, num_hidden, num_features, patience, threads;
  double learning_rate, spectral_bound, ridge;
  int32_t loss;          /* SNGP_LOSS_* */
  int32_t class_weights; /* SNGP_CLASS_WEIGHTS_* */
  double focal_gamma;
  double validation; /* share of the rows to hold out; NaN: none */
  bool raw_inputs;   /* leave the columns' scales alone: bytes of images */
} cli_training_settings;

/* The settings of a command line without options: SNGP by the default preset, 100 epochs. */
void cli_training_settings_init(cli_training_settings *settings);

/* The configurations that the settings mean, for rows like `training`, of num_classes classes. */
sngp_status cli_training_model_config(const cli_training_settings *settings,
                                      const sngp_dataset *training, int64_t num_classes,
                                      sngp_model_config *config);
sngp_status cli_training_optimizer_config(const cli_training_settings *settings,
                                          sngp_optimizer_config *config);
sngp_status cli_training_fit_config(const cli_training_settings *settings, sngp_fit_config *config);

/* What a training made. Zero it before use. */
typedef struct cli_trained {
  sngp_model *model;
  sngp_optimizer *optimizer;
  sngp_history *history;
  double seconds; /* that the fit took */
} cli_trained;

/* Makes the model and lets it choose from the training rows what it chooses from data. */
sngp_status cli_training_create(const cli_training_settings *settings, const sngp_dataset *training,
                                int64_t num_classes, cli_trained *trained);

/* Trains what cli_training_create() made. `progress` has been initialised; Ctrl-C ends the fit,
   which cli_interrupted() then tells. */
sngp_status cli_training_fit(const cli_training_settings *settings, const sngp_dataset *training,
                             const sngp_dataset *validation, cli_progress *progress,
                             cli_trained *trained);

void cli_trained_free(cli_trained *trained);

#endif
