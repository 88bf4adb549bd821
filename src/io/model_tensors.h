/* The tensors of a model file, in the file's order. */
#ifndef SNGP_IO_MODEL_TENSORS_H
#define SNGP_IO_MODEL_TENSORS_H

#include <stdbool.h>
#include <stddef.h>

#include "io/safetensors.h"
#include "model/model.h"

/* No model has more than its table's tensors and these. */
enum { SNGP_POSTERIOR_TENSORS = 3 };

/* Lists the tensors of a configuration and its table into `tensors`, which has room for
   table->count + SNGP_POSTERIOR_TENSORS, and returns how many there are. Elements of 8 bytes come
   first, so that all are aligned. The input scaling is among them where it was chosen. With a model
   the data point at its values. */
size_t sngp_model_list_tensors(const sngp_model_config *config, const sngp_parameter_table *table,
                               bool scaling_chosen, const sngp_model *model, sngp_tensor *tensors);

#endif
