#include "cli/calibration.h"

#include <math.h>
#include <stdio.h>

#include "cli/report.h"

json_t *cli_calibration_json(const sngp_calibration *calibration, bool with_factor) {
  const sngp_calibration *c = calibration;
  return json_pack("{s:I, s:o, s:o, s:b, s:o, s:o}", "rows", (json_int_t)c->rows,
                   "mean_field_factor", cli_json_real(with_factor ? c->mean_field_factor : NAN),
                   "temperature", cli_json_real(c->temperature), "factor_at_border",
                   c->factor_at_border != 0, "nll_before", cli_json_real(c->nll_before),
                   "nll_after", cli_json_real(c->nll_after));
}

void cli_calibration_print(const sngp_calibration *calibration, bool with_factor) {
  const sngp_calibration *c = calibration;
  printf("Calibrated  temperature %.3g", c->temperature);
  if (c->factor_at_border != 0) {
    printf(", mean-field factor left at %.3g (its best value is at a border of the range)",
           c->mean_field_factor);
  } else if (with_factor) {
    printf(", mean-field factor %.3g", c->mean_field_factor);
  }
  printf("; held-out NLL %.4f to %.4f\n", c->nll_before, c->nll_after);
}
