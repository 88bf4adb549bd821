/* What a direct fit of heads found, in words and as JSON. */
#ifndef SNGP_CLI_HEAD_FIT_REPORT_H
#define SNGP_CLI_HEAD_FIT_REPORT_H

#include <jansson.h>

#include "cli/training.h"

/* The document of one fit; NULL: out of memory. */
json_t *cli_head_fit_json(const sngp_head_fit_result *fit);

/* "Fitted ..." and "Chosen ...", on standard output; of an ensemble the first head's. */
void cli_head_fits_print(const cli_trained *trained);

#endif
