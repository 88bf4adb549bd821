/* Configurations of the caller, of any version, as this library's own. */
#ifndef SNGP_API_IMPORT_H
#define SNGP_API_IMPORT_H

#include "base/status.h"
#include "sngp/model.h"

/* Copies a model's configuration, which is not checked. */
sngp_status sngp_import_model_config(const sngp_model_config *config, sngp_model_config *own);

#endif
