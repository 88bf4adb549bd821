/* Whether the options of a training fit together. */
#include <math.h>

#include "cli/message.h"
#include "cli/training_options.h"

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

static bool is_closed_form(const cli_training_settings *s) {
  bool automatic = s->solver == SNGP_SOLVER_AUTOMATIC && s->task == CLI_TASK_REGRESSION;
  return cli_training_is_direct(s) && (automatic || s->solver == SNGP_SOLVER_CLOSED_FORM);
}

/* What a solver cannot solve; NULL: nothing. */
static const char *unsolved(const cli_training_settings *s) {
  bool classes = s->task == CLI_TASK_CLASSIFICATION;
  bool logistic = s->likelihood == SNGP_LIKELIHOOD_BINARY_LOGISTIC;
  bool weighted = s->likelihood != CLI_NOT_GIVEN && s->likelihood != SNGP_LIKELIHOOD_GAUSSIAN;
  switch (s->solver) {
    case SNGP_SOLVER_CLOSED_FORM:
      if (s->task == CLI_TASK_REGRESSION || (classes && !weighted)) return NULL;
      return "takes a regression, or classes with --likelihood gaussian";
    case SNGP_SOLVER_NEWTON:
      if (s->task == CLI_TASK_REGRESSION) return "takes no regression: closed-form is exact";
      return classes && !logistic ? "takes classes with --likelihood binary-logistic only" : NULL;
    case SNGP_SOLVER_MAJORISED:
      if (s->task == CLI_TASK_COUNTS) return "takes no counts";
      return s->task == CLI_TASK_REGRESSION ? "takes no regression: closed-form is exact" : NULL;
    case SNGP_SOLVER_LBFGS:
      return s->task == CLI_TASK_REGRESSION ? "takes no regression: closed-form is exact" : NULL;
    default: return NULL;
  }
}

/* What a selection does not choose for; NULL: nothing. */
static const char *unselected(const cli_training_settings *s) {
  switch (s->selection) {
    case SNGP_SELECTION_EVIDENCE:
      return s->task == CLI_TASK_REGRESSION ? NULL : "needs --task regression";
    case SNGP_SELECTION_LEAVE_ONE_OUT:
      return is_closed_form(s) ? NULL : "needs --solver closed-form";
    case SNGP_SELECTION_CROSS_VALIDATION:
      return is_closed_form(s) ? "does not go with a closed form, which has leave-one-out" : NULL;
    default: return NULL;
  }
}

static bool check_solver(const cli_training_settings *s, const char *command) {
  const char *solver = cli_training_solvers[s->solver];
  bool gradient = s->solver == SNGP_SOLVER_AUTOMATIC || s->solver == CLI_SOLVER_GRADIENT;
  if (!gradient && s->backbone != SNGP_BACKBONE_NONE) {
    cli_fail_usage(command, "--solver %s needs --backbone none", solver);
  } else if (!gradient && !cli_training_is_direct(s)) {
    cli_fail_usage(command, "--solver %s needs a Gaussian process: --method sngp%s", solver,
                   s->method == CLI_METHOD_ENSEMBLE ? ", or --member-method sngp" : "");
  } else if (unsolved(s) != NULL) {
    cli_fail_usage(command, "--solver %s %s", solver, unsolved(s));
  } else if (cli_training_is_direct(s) && unselected(s) != NULL) {
    cli_fail_usage(command, "this --selection %s", unselected(s));
  } else {
    return true;
  }
  return false;
}

static bool given(const cli_training_options *options, const char *name) {
  return cli_option_given(options->task, CLI_TASK_OPTIONS, name) ||
         cli_option_given(options->model, CLI_MODEL_OPTIONS, name) ||
         cli_option_given(options->solver, CLI_SOLVER_OPTIONS, name) ||
         cli_option_given(options->fit, CLI_FIT_OPTIONS, name);
}

/* An option that changes nothing is a misunderstanding. */
static bool check_effects(const cli_training_options *options, const cli_training_settings *s,
                          const char *command) {
  bool ensemble = s->method == CLI_METHOD_ENSEMBLE;
  bool dense = cli_training_model_method(s) == CLI_METHOD_DETERMINISTIC;
  bool classes = s->task == CLI_TASK_CLASSIFICATION;
  bool bare = s->backbone == SNGP_BACKBONE_NONE, direct = cli_training_is_direct(s);
  bool selects = direct && s->selection != SNGP_SELECTION_NONE;
  const char *with_dense =
      ensemble ? "with --member-method deterministic" : "with --method deterministic";
  const char *without_classes = "without --task classification";
  const char *with_bare = "with --backbone none";
  const char *without_direct = "without --backbone none, or with --solver gradient";
  const char *with_direct = "with a direct fit: it is for --solver gradient";
  const struct {
    const char *option;
    bool in_vain;
    const char *reason;
  } effects[] = {
      {"members", !ensemble, "without --method ensemble"},
      {"member-method", !ensemble, "without --method ensemble"},
      {"num-features", dense, with_dense},
      {"num-features", s->kernel == SNGP_KERNEL_LINEAR, "with --kernel linear"},
      {"ridge", dense, with_dense},
      {"ridge", selects, "with a selection of the ridge: --selection none keeps it"},
      {"kernel", dense, with_dense},
      {"kernel-scale", dense, with_dense},
      {"kernel-scaling", dense, with_dense},
      {"posterior", dense, with_dense},
      {"num-layers", bare, with_bare},
      {"num-hidden", bare, with_bare},
      {"spectral-bound", bare, with_bare},
      {"selection", !direct, without_direct},
      {"tolerance", !direct, without_direct},
      {"tolerance", is_closed_form(s), "in closed form"},
      {"epochs", direct, with_direct},
      {"batch-size", direct, with_direct},
      {"learning-rate", direct, with_direct},
      {"loss", direct, with_direct},
      {"class-weights", direct, with_direct},
      {"patience", direct, with_direct},
      {"loss", !classes, without_classes},
      {"class-weights", !classes, without_classes},
      {"focal-gamma", s->loss != SNGP_LOSS_FOCAL, "without --loss focal"},
      {"no-calibration", isnan(s->validation) && !direct, "without --validation"},
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
  if (!check_likelihood(settings, command) || !check_solver(settings, command) ||
      !check_effects(options, settings, command)) {
    return false;
  }
  if (settings->patience == 0 || !isnan(settings->validation)) return true;
  cli_fail_usage(command, "--patience needs --validation");
  return false;
}
