#include "cli/compare_methods.h"

#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/options.h"
#include "sngp/predict.h"

/* Colours that most colour-blind eyes tell apart (Okabe and Ito, 2008), darker ones for the rest.
 */
const cli_compare_method cli_compare_methods[CLI_COMPARE_NUM_METHODS] = {
    {"deterministic", "deterministic", CLI_COMPARE_DETERMINISTIC, SNGP_PREDICT_MAP, "#0072b2", 1},
    {"mc-dropout", "MC dropout", CLI_COMPARE_DETERMINISTIC, SNGP_PREDICT_MC_DROPOUT, "#56b4e9", 2},
    {"ensemble", "deep ensemble", CLI_COMPARE_ENSEMBLE, SNGP_PREDICT_MAP, "#009e73", 1},
    {"sngp", "SNGP", CLI_COMPARE_SNGP, SNGP_PREDICT_MEAN_FIELD, "#d55e00", 1},
    {"sngp-ensemble", "SNGP ensemble", CLI_COMPARE_SNGP_ENSEMBLE, SNGP_PREDICT_MEAN_FIELD,
     "#e69f00", 1},
    {"monte-carlo", "SNGP, Monte Carlo", CLI_COMPARE_SNGP, SNGP_PREDICT_MONTE_CARLO, "#cc79a7", 2},
    {"sngp-mc-dropout", "SNGP, MC dropout", CLI_COMPARE_SNGP, SNGP_PREDICT_MC_DROPOUT, "#882255",
     2},
    {"spectral-norm", "spectral norm, no GP", CLI_COMPARE_SPECTRAL_NORM, SNGP_PREDICT_MAP,
     "#332288", 4},
    {"gp", "GP, no spectral norm", CLI_COMPARE_GP, SNGP_PREDICT_MEAN_FIELD, "#7f7f7f", 4},
};

const char *cli_compare_model_title(cli_compare_model model) {
  static const char *const titles[CLI_COMPARE_NUM_MODELS] = {
      [CLI_COMPARE_DETERMINISTIC] = "the deterministic network",
      [CLI_COMPARE_SNGP] = "the SNGP",
      [CLI_COMPARE_ENSEMBLE] = "the deep ensemble",
      [CLI_COMPARE_SNGP_ENSEMBLE] = "the SNGP ensemble",
      [CLI_COMPARE_SPECTRAL_NORM] = "the network with spectral norm and a dense head",
      [CLI_COMPARE_GP] = "the Gaussian process without spectral norm",
  };
  return titles[model];
}

bool cli_compare_model_is_ensemble(cli_compare_model model) {
  return model == CLI_COMPARE_ENSEMBLE || model == CLI_COMPARE_SNGP_ENSEMBLE;
}

bool cli_compare_model_has_process(cli_compare_model model) {
  return model == CLI_COMPARE_SNGP || model == CLI_COMPARE_SNGP_ENSEMBLE || model == CLI_COMPARE_GP;
}

static const cli_compare_method *find(const char *name) {
  for (int i = 0; i < CLI_COMPARE_NUM_METHODS; i++) {
    if (strcmp(cli_compare_methods[i].name, name) == 0) return &cli_compare_methods[i];
  }
  return NULL;
}

static void fail_unknown(const char *command, const char *name) {
  const char *names[CLI_COMPARE_NUM_METHODS + 1] = {NULL};
  for (int i = 0; i < CLI_COMPARE_NUM_METHODS; i++) names[i] = cli_compare_methods[i].name;
  const char *nearest = cli_nearest(name, names);
  if (nearest == NULL) {
    cli_fail_usage(command, "--methods: unknown method '%s'", name);
  } else {
    cli_fail_usage(command, "--methods: unknown method '%s'; did you mean %s?", name, nearest);
  }
}

static bool add(const char *command, const char *name, cli_compare_selection *selection) {
  const cli_compare_method *method = find(name);
  if (method == NULL) {
    fail_unknown(command, name);
    return false;
  }
  for (int i = 0; i < selection->count; i++) {
    if (selection->methods[i] != method) continue;
    cli_fail_usage(command, "--methods: %s is given twice", name);
    return false;
  }
  selection->methods[selection->count++] = method;
  return true;
}

bool cli_compare_select(const char *command, const char *names, cli_compare_selection *selection) {
  *selection = (cli_compare_selection){0};
  char *copy = strdup(names);
  if (copy == NULL) {
    cli_fail("out of memory for the names of the methods");
    return false;
  }
  bool good = true;
  for (char *name = copy; good && name != NULL;) {
    char *comma = strchr(name, ',');
    if (comma != NULL) *comma = '\0';
    good = add(command, name, selection);
    name = comma != NULL ? comma + 1 : NULL;
  }
  free(copy);
  return good;
}
