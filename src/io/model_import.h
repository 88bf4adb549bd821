/* A model from the arrays of another library's network. */
#ifndef SNGP_IO_MODEL_IMPORT_H
#define SNGP_IO_MODEL_IMPORT_H

#include <stddef.h>

#include "base/status.h"
#include "sngp/import.h"

/* `bytes`: a safetensors or .npz file; `config` has been checked. */
sngp_status sngp_model_from_arrays(const unsigned char *bytes, size_t size,
                                   const sngp_import_config *config, sngp_model **model);

#endif
