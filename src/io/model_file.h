/* Model files: the bytes of a model, and a model from bytes. docs/model-format.md describes them.
 */
#ifndef SNGP_IO_MODEL_FILE_H
#define SNGP_IO_MODEL_FILE_H

#include <stddef.h>

#include "base/status.h"
#include "model/model.h"

/* `format` and `format_version` of the metadata. */
#define SNGP_MODEL_FORMAT "sngp"
enum { SNGP_MODEL_FORMAT_VERSION = 1 };

/* Writes a model into memory that the caller releases. Equal models give equal bytes.
   SNGP_ERROR_POSTERIOR_STALE; SNGP_ERROR_NOT_FINITE naming the tensor. */
sngp_status sngp_model_to_bytes(const sngp_model *model, unsigned char **bytes, size_t *size);

/* Makes a model from bytes, everything checked first: SNGP_ERROR_FORMAT, SNGP_ERROR_UNSUPPORTED,
   SNGP_ERROR_OUT_OF_MEMORY. */
sngp_status sngp_model_from_bytes(const void *bytes, size_t size, sngp_model **model);

#endif
