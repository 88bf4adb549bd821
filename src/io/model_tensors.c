#include "io/model_tensors.h"

#include <string.h>

static bool is_input_scaling(const sngp_parameter *parameter) {
  static const char PREFIX[] = "input_scaling.";
  return strncmp(parameter->name, PREFIX, sizeof PREFIX - 1) == 0;
}

static sngp_tensor describe_parameter(const sngp_parameter *parameter, const sngp_model *model) {
  sngp_tensor tensor = {.name = parameter->name, .dtype = "F32"};
  if (!parameter->vector) tensor.shape[tensor.rank++] = parameter->rows;
  tensor.shape[tensor.rank++] = parameter->cols;
  if (model != NULL) tensor.data = sngp_model_values(model, parameter);
  return tensor;
}

size_t sngp_model_list_tensors(const sngp_model_config *config, const sngp_parameter_table *table,
                               bool scaling_chosen, const sngp_model *model, sngp_tensor *tensors) {
  const sngp_posterior *posterior = model != NULL ? &model->posterior : NULL;
  bool has_posterior = config->head == SNGP_HEAD_GAUSSIAN_PROCESS;
  int64_t features = config->num_random_features;
  size_t count = 0;
  if (has_posterior) {
    tensors[count++] = (sngp_tensor){.name = "posterior.precision",
                                     .dtype = "F64",
                                     .rank = 2,
                                     .shape = {features, features},
                                     .data = posterior != NULL ? posterior->precision : NULL};
    tensors[count++] = (sngp_tensor){.name = "posterior.rows",
                                     .dtype = "I64",
                                     .rank = 1,
                                     .shape = {1},
                                     .data = posterior != NULL ? &posterior->rows : NULL};
  }
  for (size_t i = 0; i < table->count; i++)
    if (scaling_chosen || !is_input_scaling(&table->items[i]))
      tensors[count++] = describe_parameter(&table->items[i], model);
  if (has_posterior)
    tensors[count++] = (sngp_tensor){.name = "posterior.root",
                                     .dtype = "F32",
                                     .rank = 2,
                                     .shape = {features, features},
                                     .data = posterior != NULL ? posterior->root : NULL};
  return count;
}
