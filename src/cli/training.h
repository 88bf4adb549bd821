/* Training as options say: the configurations of the model, the optimizer and the fit, the fit
   itself, and what is tuned on held-out rows afterwards. */
#ifndef SNGP_CLI_TRAINING_H
#define SNGP_CLI_TRAINING_H

#include <stdbool.h>

#include "cli/progress.h"
#include "cli/task.h"
#include "sngp/sngp.h"

/* Values of cli_training_settings::method. */
enum { CLI_METHOD_SNGP = 0, CLI_METHOD_DETERMINISTIC = 1, CLI_METHOD_ENSEMBLE = 2 };

/* Their names in options and JSON documents, ending with NULL. */
extern const char *const cli_training_methods[];

/* The names of SNGP_PRESET_*, and NULL. */
extern const char *const cli_training_presets[];

/* Values of cli_training_settings::solver: SNGP_SOLVER_*, and gradient steps. */
enum { CLI_SOLVER_GRADIENT = SNGP_SOLVER_LBFGS + 1 };

/* Their names in options, ending with NULL. */
extern const char *const cli_training_solvers[];

/* The library's limit of the members of an ensemble. */
enum { CLI_MOST_MEMBERS = 4096 };

/* Counts that were not given are CLI_NOT_GIVEN, numbers NaN: they leave the preset's value. */
typedef struct cli_training_settings {
  int32_t task;          /* CLI_TASK_* */
  int32_t likelihood;    /* SNGP_LIKELIHOOD_*; not given: by the task */
  int32_t preset;        /* SNGP_PRESET_* */
  int32_t method;        /* CLI_METHOD_* */
  int32_t member_method; /* of an ensemble: CLI_METHOD_DETERMINISTIC, CLI_METHOD_SNGP; not given:
                            the first */
  int64_t members;       /* of an ensemble; not given: 10 */
  int64_t epochs, batch_size, seed, num_layers, num_hidden, num_features, patience, threads;
  double learning_rate, spectral_bound, ridge;
  int32_t backbone;                          /* SNGP_BACKBONE_* */
  int32_t kernel, kernel_scaling, posterior; /* SNGP_KERNEL_*, ...; not given: the preset's */
  double kernel_scale;
  int32_t solver;    /* CLI_SOLVER_GRADIENT or SNGP_SOLVER_*; automatic with a residual backbone and
                        with dense heads: gradient */
  int32_t selection; /* SNGP_SELECTION_*, of direct fits */
  double tolerance;  /* so too */
  int32_t loss;      /* SNGP_LOSS_* */
  int32_t class_weights; /* SNGP_CLASS_WEIGHTS_* */
  double focal_gamma;
  double validation;   /* share of the rows to hold out; NaN: none */
  bool no_calibration; /* tune nothing on the rows that are held out */
  bool raw_inputs;     /* leave the columns' scales alone: bytes of images */
} cli_training_settings;

/* The settings of a command line without options: SNGP by the default preset, 100 epochs. */
void cli_training_settings_init(cli_training_settings *settings);

/* What the models are, of an ensemble or alone: CLI_METHOD_SNGP or CLI_METHOD_DETERMINISTIC; and
   how many of them are trained. */
int32_t cli_training_model_method(const cli_training_settings *settings);
int64_t cli_training_num_models(const cli_training_settings *settings);

/* What each model is, in a sentence. */
const char *cli_training_title(const cli_training_settings *settings);

/* Whether heads are fitted directly, without gradient steps. */
bool cli_training_is_direct(const cli_training_settings *settings);

/* The configurations that the settings mean, for rows like `training`, of num_classes classes where
   the task has any. */
sngp_status cli_training_model_config(const cli_training_settings *settings,
                                      const sngp_dataset *training, int64_t num_classes,
                                      sngp_model_config *config);
sngp_status cli_training_optimizer_config(const cli_training_settings *settings,
                                          sngp_optimizer_config *config);
sngp_status cli_training_fit_config(const cli_training_settings *settings, sngp_fit_config *config);

/* What a training makes. Zero it before use. */
typedef struct cli_trained {
  sngp_model *model;          /* a lone model until it is trained; NULL for an ensemble */
  sngp_ensemble *ensemble;    /* of one, once a lone model is trained */
  sngp_history **histories;   /* num_models of them, each NULL until its model is trained */
  sngp_head_fit_result *fits; /* of direct fits, in place of histories; else NULL */
  sngp_model **members;       /* of an ensemble while it is fitted directly; else NULL */
  int64_t num_models;
  double seconds;  /* that the fit took */
  bool calibrated; /* `calibration` holds what was tuned */
  sngp_calibration calibration;
} cli_trained;

/* The first model, whose shape is that of all. */
const sngp_model *cli_trained_first(const cli_trained *trained);

/* Makes the models. A lone one that is to take gradient steps also chooses from the training rows
   what it chooses from data. False: the reason has been reported. Free `trained` in any case. */
bool cli_training_create(const cli_training_settings *settings, const sngp_dataset *training,
                         int64_t num_classes, cli_trained *trained);

/* Trains what cli_training_create() made. `progress` has been initialised; Ctrl-C ends the fit,
   which cli_interrupted() then tells. A failure has not been reported. */
sngp_status cli_training_fit(const cli_training_settings *settings, const sngp_dataset *training,
                             const sngp_dataset *validation, cli_progress *progress,
                             cli_trained *trained);

/* Tunes the mean-field factor and the temperature of a classifier on held-out rows, unless there
   are none (NULL) or the settings leave it out. False: the reason has been reported. */
bool cli_training_calibrate(const cli_training_settings *settings, const sngp_dataset *validation,
                            cli_trained *trained);

void cli_trained_free(cli_trained *trained);

#endif
