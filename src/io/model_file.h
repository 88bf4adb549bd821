/* Model files: the bytes of models, and models from bytes. docs/model-format.md describes them. */
#ifndef SNGP_IO_MODEL_FILE_H
#define SNGP_IO_MODEL_FILE_H

#include <stddef.h>

#include "base/status.h"
#include "model/ensemble.h"

/* `format` and `format_version` of the metadata. */
#define SNGP_MODEL_FORMAT "sngp"
enum { SNGP_MODEL_FORMAT_VERSION = 1 };

/* Metadata that an ensemble's file has and a lone model's has not. */
#define SNGP_ENSEMBLE_KEY "ensemble"

/* Writes models of one shape into memory that the caller releases: one as a model's file, several
   as an ensemble's. Equal models give equal bytes. SNGP_ERROR_POSTERIOR_STALE;
   SNGP_ERROR_NOT_FINITE naming the tensor. */
sngp_status sngp_models_to_bytes(const sngp_model *const *models, int64_t num_models,
                                 unsigned char **bytes, size_t *size);

/* Makes a model from bytes, everything checked first: SNGP_ERROR_FORMAT, SNGP_ERROR_UNSUPPORTED
   (for an ensemble too), SNGP_ERROR_OUT_OF_MEMORY. */
sngp_status sngp_model_from_bytes(const void *bytes, size_t size, sngp_model **model);

/* The same for an ensemble; a lone model becomes an ensemble of one. */
sngp_status sngp_ensemble_from_bytes(const void *bytes, size_t size, sngp_ensemble **ensemble);

#endif
