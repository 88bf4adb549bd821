/* One model of a file, which may hold several. */
#ifndef SNGP_IO_MODEL_READER_H
#define SNGP_IO_MODEL_READER_H

#include <stdbool.h>

#include "base/status.h"
#include "io/safetensors.h"
#include "model/model.h"

typedef struct {
  sngp_safetensors file;
  bool *used; /* by tensor: whether it belongs to a model that was read */
} sngp_model_source;

/* SNGP_ERROR_FORMAT where the file's metadata have no such key. */
sngp_status sngp_read_metadata(const sngp_model_source *source, const char *key,
                               const char **value);

/* Reads the model whose tensors and metadata bear the prefix, everything checked first. */
sngp_status sngp_model_read(sngp_model_source *source, const char *prefix, sngp_model **model);

#endif
