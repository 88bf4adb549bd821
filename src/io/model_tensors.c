#include "io/model_tensors.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "model/sizes.h"

#include "base/memory.h"

/* No model has more than its table's tensors and these. */
enum { POSTERIOR_TENSORS = 8 };

void sngp_member_prefix(int64_t member, char prefix[SNGP_PREFIX_SIZE]) {
  snprintf(prefix, SNGP_PREFIX_SIZE, "member.%lld.", (long long)member);
}

const char *sngp_prefixed(const char *prefix, const char *name, char text[SNGP_TENSOR_NAME_SIZE]) {
  snprintf(text, SNGP_TENSOR_NAME_SIZE, "%s%s", prefix, name);
  return text;
}

static bool begins_with(const char *text, const char *beginning) {
  return strncmp(text, beginning, strlen(beginning)) == 0;
}

static bool is_held(const sngp_model_holds *holds, const char *name) {
  if (begins_with(name, "input_scaling.")) return holds->input_scaling;
  return !begins_with(name, "target_scaling.") || holds->target_scaling;
}

static sngp_tensor describe_parameter(const sngp_parameter *parameter, const sngp_model *model) {
  sngp_tensor tensor = {.name = parameter->name, .dtype = "F32"};
  if (!parameter->vector) tensor.shape[tensor.rank++] = parameter->rows;
  tensor.shape[tensor.rank++] = parameter->cols;
  if (model != NULL) tensor.data = sngp_model_values(model, parameter);
  return tensor;
}

/* One of the posterior's two arrays of matrices. */
static sngp_tensor describe_matrices(const char *name, const char *dtype,
                                     const sngp_model_sizes *sizes, const void *data) {
  const sngp_posterior_matrices matrices =
      sngp_posterior_matrices_of(sizes->posterior, sizes->num_features, sizes->num_outputs);
  sngp_tensor tensor = {.name = name, .dtype = dtype, .data = data};
  if (sizes->posterior == SNGP_POSTERIOR_PER_OUTPUT) tensor.shape[tensor.rank++] = matrices.count;
  tensor.shape[tensor.rank++] = matrices.side;
  tensor.shape[tensor.rank++] = matrices.side;
  return tensor;
}

static sngp_tensor describe_sums(const char *name, int64_t rows, int64_t cols, const double *data) {
  sngp_tensor tensor = {.name = name, .dtype = "F64", .data = data};
  if (rows > 0) tensor.shape[tensor.rank++] = rows;
  tensor.shape[tensor.rank++] = cols;
  return tensor;
}

enum { NUM_WEIGHT_SUMS = 3 };
_Static_assert(offsetof(sngp_statistics, log_weight) ==
                   offsetof(sngp_statistics, weight) + 2 * sizeof(double),
               "weight, count and log_weight are read and written as one tensor");

/* Of a head in closed form. */
static size_t describe_statistics(const sngp_model_sizes *sizes, const sngp_model *model,
                                  sngp_tensor *tensors) {
  const sngp_statistics none = {0}, *sums = model != NULL ? &model->statistics : &none;
  const int64_t size = sizes->num_features, outputs = sizes->num_outputs;
  size_t count = 0;
  tensors[count++] = describe_sums("posterior.cross", size, outputs, sums->cross);
  tensors[count++] = describe_sums("posterior.feature_sums", 0, size, sums->feature_sums);
  tensors[count++] = describe_sums("posterior.target_sums", 0, outputs, sums->target_sums);
  tensors[count++] = describe_sums("posterior.target_squares", 0, outputs, sums->target_squares);
  tensors[count++] =
      describe_sums("posterior.weights", 0, NUM_WEIGHT_SUMS, model != NULL ? &sums->weight : NULL);
  return count;
}

/* Under the names that a lone model's have; data where there is a model. Returns their number. */
static size_t describe(const sngp_model_config *config, const sngp_parameter_table *table,
                       const sngp_model_holds *holds, const sngp_model *model,
                       sngp_tensor *tensors) {
  const sngp_posterior *posterior = model != NULL ? &model->posterior : NULL;
  bool has_posterior = config->head == SNGP_HEAD_GAUSSIAN_PROCESS;
  const sngp_model_sizes sizes = sngp_model_sizes_of(config);
  size_t count = 0;
  if (has_posterior) {
    tensors[count++] = describe_matrices("posterior.precision", "F64", &sizes,
                                         posterior != NULL ? posterior->precision : NULL);
    tensors[count++] = (sngp_tensor){.name = "posterior.rows",
                                     .dtype = "I64",
                                     .rank = 1,
                                     .shape = {1},
                                     .data = posterior != NULL ? &posterior->rows : NULL};
  }
  if (holds->statistics) count += describe_statistics(&sizes, model, tensors + count);
  for (size_t i = 0; i < table->count; i++)
    if (is_held(holds, table->items[i].name))
      tensors[count++] = describe_parameter(&table->items[i], model);
  if (has_posterior)
    tensors[count++] = describe_matrices("posterior.root", "F32", &sizes,
                                         posterior != NULL ? posterior->root : NULL);
  return count;
}

sngp_status sngp_tensor_list_create(const char *prefix, const sngp_model_config *config,
                                    const sngp_parameter_table *table,
                                    const sngp_model_holds *holds, sngp_tensor_list *list) {
  size_t most = table->count + POSTERIOR_TENSORS;
  *list = (sngp_tensor_list){.tensors = sngp_allocate(most, sizeof *list->tensors),
                             .names = sngp_allocate(most, sizeof *list->names)};
  if (list->tensors == NULL || list->names == NULL) return sngp_fail_memory("the table of tensors");
  list->count = describe(config, table, holds, NULL, list->tensors);
  for (size_t i = 0; i < list->count; i++)
    list->tensors[i].name = sngp_prefixed(prefix, list->tensors[i].name, list->names[i]);
  return SNGP_OK;
}

void sngp_tensor_list_destroy(sngp_tensor_list *list) {
  sngp_release(list->tensors);
  sngp_release(list->names);
  *list = (sngp_tensor_list){0};
}

void sngp_tensor_list_bind(sngp_tensor_list *list, const sngp_model *model) {
  describe(&model->config, &model->table, &model->holds, model, list->tensors);
  for (size_t i = 0; i < list->count; i++) list->tensors[i].name = list->names[i];
}
