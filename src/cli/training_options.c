#include "cli/training_options.h"

#include <math.h>
#include <string.h>

#include "cli/message.h"
#include "cli/threads.h"

static const char *const losses[] = {"cross-entropy", "focal", NULL};  /* SNGP_LOSS_* */
static const char *const class_weights[] = {"none", "balanced", NULL}; /* SNGP_CLASS_WEIGHTS_* */

static const char *const member_methods[] = {
    [CLI_METHOD_SNGP] = "sngp", [CLI_METHOD_DETERMINISTIC] = "deterministic", NULL};

cli_option_group cli_task_group(cli_training_options *options, cli_training_settings *settings,
                                cli_data_source *source) {
  cli_training_settings *s = settings;
  const cli_option table[CLI_TASK_OPTIONS] = {
      cli_choice_option("task", cli_task_names, &s->task,
                        "classification (default): which class a row is of;\n"
                        "regression: numbers, with their noise;\n"
                        "counts: numbers of events, 0 or more, by a Poisson likelihood;\n"
                        "multi-label: which of several labels a row has, none to all of\n"
                        "them; a target column of 0 and 1 for each"),
      cli_choice_option("likelihood", cli_likelihood_names, &s->likelihood,
                        "how rows count in the Gaussian process's covariance: gaussian\n"
                        "(default), all the same; or as the curvature of their loss:\n"
                        "softmax, classes; binary-logistic, two classes, or labels;\n"
                        "poisson, regression (the same as --task counts)"),
      cli_num_targets_option(source),
  };
  memcpy(options->task, table, sizeof table);
  return (cli_option_group){"Task", options->task, CLI_TASK_OPTIONS};
}

cli_option_group cli_model_group(cli_training_options *options, cli_training_settings *settings) {
  cli_training_settings *s = settings;
  const cli_option table[CLI_MODEL_OPTIONS] = {
      cli_choice_option("preset", cli_training_presets, &s->preset,
                        "default: finds its length scale in the data;\n"
                        "tutorial: the values of the TensorFlow SNGP tutorial;\n"
                        "model-garden, edward2, edward2-jax: those of these layers"),
      cli_choice_option("method", cli_training_methods, &s->method,
                        "sngp (default), or deterministic: the same network with a\n"
                        "dense head and no spectral bound; or ensemble: several of either,\n"
                        "of different seeds, trained side by side, whose predictions are\n"
                        "the mean of theirs"),
      cli_integer_option("members", 1, CLI_MOST_MEMBERS, &s->members,
                         "models of an ensemble (default: 10)"),
      cli_choice_option("member-method", member_methods, &s->member_method,
                        "what these are: deterministic (default) or sngp"),
      cli_integer_option("num-layers", 0, CLI_LARGEST_SIZE, &s->num_layers,
                         "residual blocks (default: 6)"),
      cli_integer_option("num-hidden", 1, CLI_LARGEST_SIZE, &s->num_hidden,
                         "units of each block (default: 128)"),
      cli_integer_option("num-features", 1, CLI_LARGEST_SIZE, &s->num_features,
                         "random features of the Gaussian process (default: 1024)"),
      {.name = "spectral-bound",
       .value = "X",
       .kind = CLI_KIND_REAL,
       .target = &s->spectral_bound,
       .help = "largest singular value of each block; 0: no bound\n"
               "(default: 0.9; deterministic: 0)"},
      cli_positive_option("ridge", &s->ridge,
                          "added to the diagonal of the Gaussian process's precision\n"
                          "(default: 1)"),
  };
  memcpy(options->model, table, sizeof table);
  return (cli_option_group){"Model", options->model, CLI_MODEL_OPTIONS};
}

cli_option_group cli_fit_group(cli_training_options *options, cli_training_settings *settings) {
  cli_training_settings *s = settings;
  const cli_option table[CLI_FIT_OPTIONS] = {
      cli_integer_option("epochs", 1, CLI_LARGEST_SIZE, &s->epochs,
                         "passes over the training rows (default: 100)"),
      cli_integer_option("batch-size", 1, INT64_MAX, &s->batch_size,
                         "rows of a step (default: 128, or all where there are fewer)"),
      cli_positive_option("learning-rate", &s->learning_rate,
                          "of Adam (default: 0.001, decaying; tutorial: 0.0001)"),
      cli_choice_option("loss", losses, &s->loss,
                        "cross-entropy (default), or focal: rows that are already right\n"
                        "count less"),
      {.name = "focal-gamma",
       .value = "X",
       .kind = CLI_KIND_REAL,
       .target = &s->focal_gamma,
       .help = "how much less; 0: the cross-entropy (default: 2)"},
      cli_choice_option("class-weights", class_weights, &s->class_weights,
                        "none (default), or balanced: rows of rare classes count more,\n"
                        "so that every class counts the same"),
      cli_share_option("validation", &s->validation,
                       "share of the rows to hold out, between 0 and 1: to watch the\n"
                       "loss, and afterwards to tune the temperature and the mean-field\n"
                       "factor of a classifier's mean-field predictions, or to find the\n"
                       "noise of a regression (default: none)"),
      cli_flag_option("no-calibration", &s->no_calibration,
                      "tune nothing on the rows that are held out"),
      cli_integer_option("patience", 1, INT64_MAX, &s->patience,
                         "stop after N epochs without a better validation loss, and go\n"
                         "back to the best weights (default: never)"),
      cli_integer_option("seed", 0, INT64_MAX, &s->seed, "of every random draw (default: 0)"),
      cli_threads_option(&s->threads),
  };
  memcpy(options->fit, table, sizeof table);
  return (cli_option_group){"Training", options->fit, CLI_FIT_OPTIONS};
}

/* Which likelihoods a task has, as bits. */
static int likelihoods_of(int32_t task) {
  switch (task) {
    case CLI_TASK_REGRESSION: return 1 << SNGP_LIKELIHOOD_GAUSSIAN | 1 << SNGP_LIKELIHOOD_POISSON;
    case CLI_TASK_COUNTS: return 1 << SNGP_LIKELIHOOD_POISSON;
    case CLI_TASK_MULTI_LABEL:
      return 1 << SNGP_LIKELIHOOD_GAUSSIAN | 1 << SNGP_LIKELIHOOD_BINARY_LOGISTIC;
    default:
      return 1 << SNGP_LIKELIHOOD_GAUSSIAN | 1 << SNGP_LIKELIHOOD_BINARY_LOGISTIC |
             1 << SNGP_LIKELIHOOD_SOFTMAX;
  }
}

static bool check_likelihood(const cli_training_settings *s, const char *command) {
  if (s->likelihood == CLI_NOT_GIVEN || (likelihoods_of(s->task) & 1 << s->likelihood) != 0)
    return true;
  cli_fail_usage(command, "--likelihood %s does not go with --task %s",
                 cli_likelihood_names[s->likelihood], cli_task_names[s->task]);
  return false;
}

static bool given(const cli_training_options *options, const char *name) {
  return cli_option_given(options->task, CLI_TASK_OPTIONS, name) ||
         cli_option_given(options->model, CLI_MODEL_OPTIONS, name) ||
         cli_option_given(options->fit, CLI_FIT_OPTIONS, name);
}

/* An option that changes nothing is a misunderstanding. */
static bool check_effects(const cli_training_options *options, const cli_training_settings *s,
                          const char *command) {
  bool ensemble = s->method == CLI_METHOD_ENSEMBLE;
  bool dense = cli_training_model_method(s) == CLI_METHOD_DETERMINISTIC;
  bool classes = s->task == CLI_TASK_CLASSIFICATION;
  const char *with_dense =
      ensemble ? "with --member-method deterministic" : "with --method deterministic";
  const char *without_classes = "without --task classification";
  const struct {
    const char *option;
    bool in_vain;
    const char *reason;
  } effects[] = {
      {"members", !ensemble, "without --method ensemble"},
      {"member-method", !ensemble, "without --method ensemble"},
      {"num-features", dense, with_dense},
      {"ridge", dense, with_dense},
      {"loss", !classes, without_classes},
      {"class-weights", !classes, without_classes},
      {"focal-gamma", s->loss != SNGP_LOSS_FOCAL, "without --loss focal"},
      {"no-calibration", isnan(s->validation), "without --validation"},
      {"no-calibration", !classes, without_classes},
  };
  for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++) {
    if (!effects[i].in_vain || !given(options, effects[i].option)) continue;
    cli_fail_usage(command, "--%s has no effect %s", effects[i].option, effects[i].reason);
    return false;
  }
  return true;
}

bool cli_training_options_check(const cli_training_options *options,
                                const cli_training_settings *settings, const char *command) {
  if (settings->patience > 0 && isnan(settings->validation)) {
    cli_fail_usage(command, "--patience needs --validation");
    return false;
  }
  return check_effects(options, settings, command) && check_likelihood(settings, command);
}
