#include "cli/training_options.h"

#include <string.h>

#include "cli/threads.h"

static const char *const losses[] = {"cross-entropy", "focal", NULL};  /* SNGP_LOSS_* */
static const char *const class_weights[] = {"none", "balanced", NULL}; /* SNGP_CLASS_WEIGHTS_* */

static const char *const member_methods[] = {
    [CLI_METHOD_SNGP] = "sngp", [CLI_METHOD_DETERMINISTIC] = "deterministic", NULL};

static const char *const backbones[] = {
    [SNGP_BACKBONE_RESIDUAL] = "residual", [SNGP_BACKBONE_NONE] = "none", NULL};

static const char *const kernels[] = {[SNGP_KERNEL_RBF] = "rbf",
                                      [SNGP_KERNEL_MATERN_32] = "matern-32",
                                      [SNGP_KERNEL_MATERN_52] = "matern-52",
                                      [SNGP_KERNEL_ARC_COSINE] = "arc-cosine",
                                      [SNGP_KERNEL_LINEAR] = "linear",
                                      NULL};

static const char *const kernel_scalings[] = {[SNGP_KERNEL_SCALING_FIXED] = "fixed",
                                              [SNGP_KERNEL_SCALING_TRAINED] = "trained",
                                              [SNGP_KERNEL_SCALING_ARD] = "ard",
                                              NULL};

static const char *const posteriors[] = {[SNGP_POSTERIOR_AUTOMATIC] = "automatic",
                                         [SNGP_POSTERIOR_SHARED] = "shared",
                                         [SNGP_POSTERIOR_PER_OUTPUT] = "per-output",
                                         [SNGP_POSTERIOR_JOINT] = "joint",
                                         NULL};

static const char *const selections[] = {[SNGP_SELECTION_AUTOMATIC] = "automatic",
                                         [SNGP_SELECTION_NONE] = "none",
                                         [SNGP_SELECTION_EVIDENCE] = "evidence",
                                         [SNGP_SELECTION_LEAVE_ONE_OUT] = "leave-one-out",
                                         [SNGP_SELECTION_CROSS_VALIDATION] = "cross-validation",
                                         NULL};

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
      cli_choice_option("backbone", backbones, &s->backbone,
                        "residual (default): a network; none: the head alone, on the\n"
                        "inputs themselves, which may be embeddings of another network; a\n"
                        "Gaussian process is then fitted directly (--solver)"),
      cli_integer_option("num-layers", 0, CLI_LARGEST_SIZE, &s->num_layers,
                         "residual blocks (default: 6)"),
      cli_integer_option("num-hidden", 1, CLI_LARGEST_SIZE, &s->num_hidden,
                         "units of each block (default: 128)"),
      cli_integer_option("num-features", 1, CLI_LARGEST_SIZE, &s->num_features,
                         "random features of the Gaussian process (default: 1024);\n"
                         "orthogonal ones in a regression without a backbone"),
      {.name = "spectral-bound",
       .value = "X",
       .kind = CLI_KIND_REAL,
       .target = &s->spectral_bound,
       .help = "largest singular value of each block; 0: no bound\n"
               "(default: 0.9; deterministic: 0)"},
      cli_positive_option("ridge", &s->ridge,
                          "added to the diagonal of the Gaussian process's precision\n"
                          "(default: 1, or chosen by --selection)"),
      cli_choice_option("kernel", kernels, &s->kernel,
                        "of the Gaussian process: rbf (default), matern-32, matern-52,\n"
                        "arc-cosine, linear"),
      cli_positive_option("kernel-scale", &s->kernel_scale,
                          "squared length of the kernel (default: found in the data)"),
      cli_choice_option("kernel-scaling", kernel_scalings, &s->kernel_scaling,
                        "fixed (default): the length stays; trained: training moves it;\n"
                        "ard: a length for each input, which training moves (default of a\n"
                        "regression without a backbone)"),
      cli_choice_option("posterior", posteriors, &s->posterior,
                        "automatic (default), shared, per-output, joint: whether outputs\n"
                        "have one covariance, one each, or one of all of them"),
  };
  memcpy(options->model, table, sizeof table);
  return (cli_option_group){"Model", options->model, CLI_MODEL_OPTIONS};
}

cli_option_group cli_solver_group(cli_training_options *options, cli_training_settings *settings) {
  cli_training_settings *s = settings;
  const cli_option table[CLI_SOLVER_OPTIONS] = {
      cli_choice_option("solver", cli_training_solvers, &s->solver,
                        "automatic (default): closed-form for a regression, else lbfgs;\n"
                        "closed-form: one pass over the rows, of regressions, and of\n"
                        "classifiers as regressions on 0 and 1; newton, majorised, lbfgs:\n"
                        "to the optimum; gradient: steps, by the options below"),
      cli_choice_option("selection", selections, &s->selection,
                        "how ridge and kernel scale are chosen: automatic (default):\n"
                        "evidence for a regression, leave-one-out for a classifier in\n"
                        "closed form, else cross-validation; none: they are not"),
      cli_positive_option("tolerance", &s->tolerance,
                          "relative gradient at which newton, majorised and lbfgs stop\n"
                          "(default: 1e-5)"),
  };
  memcpy(options->solver, table, sizeof table);
  return (cli_option_group){"Fitting a head without a backbone", options->solver,
                            CLI_SOLVER_OPTIONS};
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
                      "tune nothing on rows that are held out"),
      cli_integer_option("patience", 1, INT64_MAX, &s->patience,
                         "stop after N epochs without a better validation loss, and go\n"
                         "back to the best weights (default: never)"),
      cli_integer_option("seed", 0, INT64_MAX, &s->seed, "of every random draw (default: 0)"),
      cli_threads_option(&s->threads),
  };
  memcpy(options->fit, table, sizeof table);
  return (cli_option_group){"Training", options->fit, CLI_FIT_OPTIONS};
}
