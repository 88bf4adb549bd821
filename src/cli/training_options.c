#include "cli/training_options.h"

#include <math.h>
#include <string.h>

#include "cli/message.h"
#include "cli/threads.h"

static const char *const losses[] = {"cross-entropy", "focal", NULL};  /* SNGP_LOSS_* */
static const char *const class_weights[] = {"none", "balanced", NULL}; /* SNGP_CLASS_WEIGHTS_* */

static const char *const member_methods[] = {
    [CLI_METHOD_SNGP] = "sngp", [CLI_METHOD_DETERMINISTIC] = "deterministic", NULL};

cli_option_group cli_model_group(cli_training_options *options, cli_training_settings *settings) {
  cli_training_settings *s = settings;
  const cli_option table[CLI_MODEL_OPTIONS] = {
      {.name = "preset",
       .value = "NAME",
       .kind = CLI_KIND_CHOICE,
       .target = &s->preset,
       .choices = cli_training_presets,
       .help = "default: finds its length scale in the data;\n"
               "tutorial: the values of the TensorFlow SNGP tutorial;\n"
               "model-garden, edward2, edward2-jax: those of these layers"},
      {.name = "method",
       .value = "NAME",
       .kind = CLI_KIND_CHOICE,
       .target = &s->method,
       .choices = cli_training_methods,
       .help = "sngp (default), or deterministic: the same network with a\n"
               "dense head and no spectral bound; or ensemble: several of either,\n"
               "of different seeds, trained side by side, whose predictions are\n"
               "the mean of theirs"},
      {.name = "members",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->members,
       .minimum = 1,
       .maximum = CLI_MOST_MEMBERS,
       .help = "models of an ensemble (default: 10)"},
      {.name = "member-method",
       .value = "NAME",
       .kind = CLI_KIND_CHOICE,
       .target = &s->member_method,
       .choices = member_methods,
       .help = "what these are: deterministic (default) or sngp"},
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
       .help = "share of the rows to hold out, between 0 and 1: to watch the\n"
               "loss, and to tune the temperature and the mean-field factor of\n"
               "mean-field predictions afterwards (default: none)"},
      {.name = "no-calibration",
       .kind = CLI_KIND_FLAG,
       .target = &s->no_calibration,
       .help = "tune nothing on the rows that are held out"},
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

bool cli_training_options_check(const cli_training_settings *settings, const char *command) {
  const cli_training_settings *s = settings;
  bool ensemble = s->method == CLI_METHOD_ENSEMBLE;
  bool dense = cli_training_model_method(s) == CLI_METHOD_DETERMINISTIC;
  const char *with_dense =
      ensemble ? "with --member-method deterministic" : "with --method deterministic";
  if (s->patience > 0 && isnan(s->validation)) {
    cli_fail_usage(command, "--patience needs --validation");
    return false;
  }
  const struct {
    bool in_vain;
    const char *option, *reason;
  } options[] = {
      {!ensemble && s->members != CLI_NOT_GIVEN, "members", "without --method ensemble"},
      {!ensemble && s->member_method != CLI_NOT_GIVEN, "member-method",
       "without --method ensemble"},
      {dense && s->num_features != CLI_NOT_GIVEN, "num-features", with_dense},
      {dense && !isnan(s->ridge), "ridge", with_dense},
      {s->loss != SNGP_LOSS_FOCAL && !isnan(s->focal_gamma), "focal-gamma", "without --loss focal"},
      {isnan(s->validation) && s->no_calibration, "no-calibration", "without --validation"},
  };
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
    if (!options[i].in_vain) continue;
    cli_fail_usage(command, "--%s has no effect %s", options[i].option, options[i].reason);
    return false;
  }
  return true;
}
