/* Configurations of the caller, of any version, as this library's own. */
#ifndef SNGP_API_IMPORT_H
#define SNGP_API_IMPORT_H

#include "base/status.h"
#include "sngp/model.h"
#include "sngp/train.h"

/* Copies a model's configuration, which is not checked. */
sngp_status sngp_import_model_config(const sngp_model_config *config, sngp_model_config *own);

/* Copies a fit's configuration, NULL for the defaults, and checks it. */
sngp_status sngp_import_fit_config(const sngp_fit_config *config, sngp_fit_config *own);

#endif
