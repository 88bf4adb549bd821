#include "cli/head_fit_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/config_names.h"
#include "cli/report.h"

json_t *cli_head_fit_json(const sngp_head_fit_result *fit) {
  return json_pack(
      "{s:s, s:s, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "solver",
      cli_name_of_solver[fit->solver], "selection", cli_name_of_selection[fit->selection],
      "converged", fit->converged != 0, "iterations", (json_int_t)fit->iterations, "passes",
      (json_int_t)fit->passes, "objective", cli_json_real(fit->objective), "gradient",
      cli_json_real(fit->gradient), "log_evidence", cli_json_real(fit->log_evidence), "nll",
      cli_json_real(fit->nll), "ridge", cli_json_real(fit->ridge), "mean_field_factor",
      cli_json_real(fit->mean_field_factor), "temperature", cli_json_real(fit->temperature));
}

static const char *solver_title(int32_t solver) {
  switch (solver) {
    case SNGP_SOLVER_CLOSED_FORM: return "in closed form";
    case SNGP_SOLVER_NEWTON: return "by Newton's method";
    case SNGP_SOLVER_MAJORISED: return "by majorised steps";
    default: return "by L-BFGS";
  }
}

static const char *selection_title(int32_t selection) {
  switch (selection) {
    case SNGP_SELECTION_NONE: return "given";
    case SNGP_SELECTION_EVIDENCE: return "by evidence";
    case SNGP_SELECTION_LEAVE_ONE_OUT: return "by leave-one-out";
    default: return "by cross-validation";
  }
}

static int64_t count_unfinished(const cli_trained *trained) {
  int64_t count = 0;
  for (int64_t i = 0; i < trained->num_models; i++) count += trained->fits[i].converged == 0;
  return count;
}

void cli_head_fits_print(const cli_trained *trained) {
  const sngp_head_fit_result *fit = &trained->fits[0];
  int64_t unfinished = count_unfinished(trained);
  bool alone = trained->num_models == 1;
  printf("Fitted      %s", solver_title(fit->solver));
  if (alone && !isnan(fit->gradient)) {
    printf(", %" PRId64 " iteration%s, gradient %.1e", fit->iterations,
           fit->iterations == 1 ? "" : "s", fit->gradient);
  }
  printf(" in %.1f s", trained->seconds);
  if (alone && unfinished > 0) printf("; not converged");
  if (!alone && unfinished > 0) printf("; %" PRId64 " not converged", unfinished);
  printf("\nChosen      %s%s: ridge %.3g, kernel scale %.4g", selection_title(fit->selection),
         alone ? "" : ", first head", fit->ridge, fit->kernel_scale);
  if (!isnan(fit->log_evidence)) printf("; log evidence %.5g", fit->log_evidence);
  if (!isnan(fit->nll)) printf("; held-out NLL %.4f", fit->nll);
  putchar('\n');
}
