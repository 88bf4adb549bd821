#include "cli/training_options.h"

#include <math.h>
#include <string.h>

#include "cli/message.h"
#include "cli/threads.h"

static const char *const presets[] = {"default", "tutorial", NULL};    /* SNGP_PRESET_* */
static const char *const losses[] = {"cross-entropy", "focal", NULL};  /* SNGP_LOSS_* */
static const char *const class_weights[] = {"none", "balanced", NULL}; /* SNGP_CLASS_WEIGHTS_* */

cli_option_group cli_model_group(cli_training_options *options, cli_training_settings *settings) {
  cli_training_settings *s = settings;
  const cli_option table[CLI_MODEL_OPTIONS] = {
      {.name = "preset",
       .value = "NAME",
       .kind = CLI_KIND_CHOICE,
       .target = &s->preset,
       .choices = presets,
       .help = "default: finds its length scale in the data;\n"
               "tutorial: the values of the TensorFlow SNGP tutorial"},
      {.name = "method",
       .value = "NAME",
       .kind = CLI_KIND_CHOICE,
       .target = &s->method,
       .choices = cli_training_methods,
       .help = "sngp (default), or deterministic: the same network with a\n"
               "dense head and no spectral bound"},
      {.name = "num-layers",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->num_layers,
       .maximum = CLI_LARGEST_SIZE,
       .help = "residual blocks (default: 6)"},
      {.name = "num-hidden",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->num_hidden,
       .minimum = 1,
       .maximum = CLI_LARGEST_SIZE,
       .help = "units of each block (default: 128)"},
      {.name = "num-features",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->num_features,
       .minimum = 1,
       .maximum = CLI_LARGEST_SIZE,
       .help = "random features of the Gaussian process (default: 1024)"},
      {.name = "spectral-bound",
       .value = "X",
       .kind = CLI_KIND_REAL,
       .target = &s->spectral_bound,
       .help = "largest singular value of each block; 0: no bound\n"
               "(default: 0.9; deterministic: 0)"},
      {.name = "ridge",
       .value = "X",
       .kind = CLI_KIND_REAL,
       .target = &s->ridge,
       .open = true,
       .help = "added to the diagonal of the Gaussian process's precision\n"
               "(default: 1)"},
  };
  memcpy(options->model, table, sizeof table);
  return (cli_option_group){"Model", options->model, CLI_MODEL_OPTIONS};
}

cli_option_group cli_fit_group(cli_training_options *options, cli_training_settings *settings) {
  cli_training_settings *s = settings;
  const cli_option table[CLI_FIT_OPTIONS] = {
      {.name = "epochs",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->epochs,
       .minimum = 1,
       .maximum = CLI_LARGEST_SIZE,
       .help = "passes over the training rows (default: 100)"},
      {.name = "batch-size",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->batch_size,
       .minimum = 1,
       .help = "rows of a step (default: 128, or all where there are fewer)"},
      {.name = "learning-rate",
       .value = "X",
       .kind = CLI_KIND_REAL,
       .target = &s->learning_rate,
       .open = true,
       .help = "of Adam (default: 0.001, decaying; tutorial: 0.0001)"},
      {.name = "loss",
       .value = "NAME",
       .kind = CLI_KIND_CHOICE,
       .target = &s->loss,
       .choices = losses,
       .help = "cross-entropy (default), or focal: rows that are already right\n"
               "count less"},
      {.name = "focal-gamma",
       .value = "X",
       .kind = CLI_KIND_REAL,
       .target = &s->focal_gamma,
       .help = "how much less; 0: the cross-entropy (default: 2)"},
      {.name = "class-weights",
       .value = "NAME",
       .kind = CLI_KIND_CHOICE,
       .target = &s->class_weights,
       .choices = class_weights,
       .help = "none (default), or balanced: rows of rare classes count more,\n"
               "so that every class counts the same"},
      {.name = "validation",
       .value = "FRACTION",
       .kind = CLI_KIND_REAL,
       .target = &s->validation,
       .open = true,
       .upper = 1,
       .help = "share of the rows to hold out, between 0 and 1\n"
               "(default: none)"},
      {.name = "patience",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->patience,
       .minimum = 1,
       .help = "stop after N epochs without a better validation loss, and go\n"
               "back to the best weights (default: never)"},
      {.name = "seed",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->seed,
       .help = "of every random draw (default: 0)"},
      cli_threads_option(&s->threads),
  };
  memcpy(options->fit, table, sizeof table);
  return (cli_option_group){"Training", options->fit, CLI_FIT_OPTIONS};
}

/* Reports an option that changes nothing. */
static bool has_effect(bool given, const char *command, const char *option, const char *reason) {
  if (given) cli_fail_usage(command, "--%s has no effect %s", option, reason);
  return !given;
}

bool cli_training_options_check(const cli_training_settings *settings, const char *command) {
  const cli_training_settings *s = settings;
  const char dense[] = "with --method deterministic";
  if (s->patience > 0 && isnan(s->validation)) {
    cli_fail_usage(command, "--patience needs --validation");
    return false;
  }
  if (s->method == CLI_METHOD_DETERMINISTIC &&
      !(has_effect(s->num_features != CLI_NOT_GIVEN, command, "num-features", dense) &&
        has_effect(!isnan(s->ridge), command, "ridge", dense))) {
    return false;
  }
  return s->loss == SNGP_LOSS_FOCAL ||
         has_effect(!isnan(s->focal_gamma), command, "focal-gamma", "without --loss focal");
}
