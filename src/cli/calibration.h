/* What a calibration found, in words and as JSON. */
#ifndef SNGP_CLI_CALIBRATION_H
#define SNGP_CLI_CALIBRATION_H

#include <jansson.h>
#include <stdbool.h>

#include "sngp/sngp.h"

/* The document; `with_factor`: a mean-field factor was tuned too, else its key is null. NULL: out
   of memory. */
json_t *cli_calibration_json(const sngp_calibration *calibration, bool with_factor);

/* "Calibrated  temperature 1.12, ..." and a newline. */
void cli_calibration_print(const sngp_calibration *calibration, bool with_factor);

#endif
