/* The methods that sngp compare knows, and the models that they predict with. */
#ifndef SNGP_CLI_COMPARE_METHODS_H
#define SNGP_CLI_COMPARE_METHODS_H

#include <stdbool.h>
#include <stdint.h>

/* Each model is trained once for every seed, whatever number of methods uses it. */
typedef enum {
  CLI_COMPARE_DETERMINISTIC, /* dense head, no spectral bound */
  CLI_COMPARE_SNGP,
  CLI_COMPARE_ENSEMBLE,      /* of deterministic members */
  CLI_COMPARE_SNGP_ENSEMBLE, /* of SNGP members */
  CLI_COMPARE_SPECTRAL_NORM, /* dense head, spectral bound: the paper's ablation */
  CLI_COMPARE_GP,            /* Gaussian process head, no spectral bound: the other one */
  CLI_COMPARE_NUM_MODELS
} cli_compare_model;

typedef struct cli_compare_method {
  const char *name;  /* in options and documents */
  const char *title; /* in figures */
  cli_compare_model model;
  int32_t prediction; /* SNGP_PREDICT_* */
  /* In figures every method has a look of its own, whatever others stand beside it. */
  const char *colour;
  int dash; /* gnuplot's number of a dash pattern */
} cli_compare_method;

enum { CLI_COMPARE_NUM_METHODS = 9 };

extern const cli_compare_method cli_compare_methods[CLI_COMPARE_NUM_METHODS];

typedef struct cli_compare_selection {
  int count;
  const cli_compare_method *methods[CLI_COMPARE_NUM_METHODS]; /* as they were named */
} cli_compare_selection;

/* What the model is in a sentence: "the deterministic network". */
const char *cli_compare_model_title(cli_compare_model model);

bool cli_compare_model_is_ensemble(cli_compare_model model);
bool cli_compare_model_has_process(cli_compare_model model);

/* Reads names separated by commas. False: reported as wrong usage of `command`. */
bool cli_compare_select(const char *command, const char *names, cli_compare_selection *selection);

#endif
