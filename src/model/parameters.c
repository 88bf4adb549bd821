#include "model/parameters.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/sizes.h"

/* Every tensor starts at a cache line. */
enum { ALIGNMENT = 16 };

enum { IS_VECTOR = 1, IS_TRAINABLE = 2, HAS_DECAY = 4, IS_COUNTED = 8 };
enum { TRAINABLE = IS_COUNTED | IS_TRAINABLE, FROZEN = IS_COUNTED };

/* At most: a block's weight, bias, u and v; input layer, projection, layer norm, lengths, features,
   output, scaling, noise. */
enum { TENSORS_PER_BLOCK = 4, TENSORS_OUTSIDE_BLOCKS = 15 };

static void place(sngp_parameter_table *table, sngp_parameter *item, int64_t rows, int64_t cols,
                  int flags) {
  item->rows = rows;
  item->cols = cols;
  item->vector = (flags & IS_VECTOR) != 0;
  item->trainable = (flags & IS_TRAINABLE) != 0;
  item->decay = (flags & HAS_DECAY) != 0;
  item->counted = (flags & IS_COUNTED) != 0;
  size_t *size = item->trainable ? &table->trainable_size : &table->frozen_size;
  item->offset = *size;
  *size += ((size_t)(rows * cols) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void add(sngp_parameter_table *table, int64_t rows, int64_t cols, int flags,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

static void add(sngp_parameter_table *table, int64_t rows, int64_t cols, int flags,
                const char *format, ...) {
  sngp_parameter *item = &table->items[table->count++];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(item->name, sizeof item->name, format, arguments);
  va_end(arguments);
  item->stream = table->num_streams++;
  place(table, item, rows, cols, flags);
}

/* The same with a stream of its own. */
static void add_apart(sngp_parameter_table *table, int64_t stream, int64_t rows, int64_t cols,
                      int flags, const char *name) {
  sngp_parameter *item = &table->items[table->count++];
  snprintf(item->name, sizeof item->name, "%s", name);
  item->stream = stream;
  place(table, item, rows, cols, flags);
}

static void add_backbone(sngp_parameter_table *table, const sngp_model_config *config,
                         const sngp_model_sizes *sizes) {
  int64_t hidden = sizes->hidden;
  int input_flags = config->train_input_layer ? TRAINABLE : FROZEN;
  add(table, sizes->inputs, hidden, input_flags | HAS_DECAY, "input.weight");
  add(table, 1, hidden, input_flags | IS_VECTOR, "input.bias");
  for (int64_t i = 0; i < sizes->num_layers; i++) {
    add(table, hidden, hidden, TRAINABLE | HAS_DECAY, "block.%lld.weight", (long long)i);
    add(table, 1, hidden, TRAINABLE | IS_VECTOR, "block.%lld.bias", (long long)i);
    if (config->spectral_norm_bound == 0) continue;
    add(table, 1, hidden, FROZEN | IS_VECTOR, "block.%lld.u", (long long)i);
    add(table, 1, hidden, FROZEN | IS_VECTOR, "block.%lld.v", (long long)i);
  }
}

static void add_gaussian_process(sngp_parameter_table *table, const sngp_model_config *config,
                                 const sngp_model_sizes *sizes) {
  if (sizes->projection > 0)
    add_apart(table, SNGP_STREAM_PROJECTION, sizes->hidden, sizes->projection, FROZEN,
              "projection.weight");
  if (config->normalize_input == SNGP_NORMALIZE_LAYER_NORM) {
    add(table, 1, sizes->head_width, TRAINABLE | IS_VECTOR, "layer_norm.scale");
    add(table, 1, sizes->head_width, TRAINABLE | IS_VECTOR, "layer_norm.offset");
  }
  if (sizes->num_lengths > 0)
    add_apart(table, SNGP_STREAM_LENGTHS, 1, sizes->num_lengths, TRAINABLE | IS_VECTOR,
              "kernel.log_length");
  if (config->kernel != SNGP_KERNEL_LINEAR) {
    add(table, sizes->head_inputs, sizes->num_features, FROZEN, "features.weight");
    add(table, 1, sizes->num_features, FROZEN | IS_VECTOR, "features.bias");
  }
  add(table, sizes->num_features, sizes->num_outputs, TRAINABLE | HAS_DECAY, "output.weight");
  int bias_flags = config->train_output_bias ? TRAINABLE : FROZEN;
  add(table, 1, sizes->num_outputs, bias_flags | IS_VECTOR, "output.bias");
}

sngp_status sngp_parameter_table_create(const sngp_model_config *config,
                                        sngp_parameter_table *table) {
  const sngp_model_sizes sizes = sngp_model_sizes_of(config);
  const size_t most = TENSORS_PER_BLOCK * (size_t)sizes.num_layers + TENSORS_OUTSIDE_BLOCKS;
  *table = (sngp_parameter_table){.items = sngp_allocate(most, sizeof *table->items)};
  if (table->items == NULL) return sngp_fail_memory("the table of parameters");
  if (sizes.input_layer) add_backbone(table, config, &sizes);
  if (config->head == SNGP_HEAD_GAUSSIAN_PROCESS) {
    add_gaussian_process(table, config, &sizes);
  } else {
    add(table, sizes.hidden, sizes.num_outputs, TRAINABLE | HAS_DECAY, "output.weight");
    add(table, 1, sizes.num_outputs, TRAINABLE | IS_VECTOR, "output.bias");
  }
  if (config->standardize_inputs) {
    add(table, 1, sizes.inputs, IS_VECTOR, "input_scaling.mean");
    add(table, 1, sizes.inputs, IS_VECTOR, "input_scaling.scale");
  }
  if (!sngp_model_is_gaussian_regression(config)) return SNGP_OK;
  if (config->standardize_targets) {
    add(table, 1, sizes.num_outputs, IS_VECTOR, "target_scaling.mean");
    add(table, 1, sizes.num_outputs, IS_VECTOR, "target_scaling.scale");
  }
  add(table, 1, sizes.num_outputs, IS_VECTOR, "noise.variance");
  return SNGP_OK;
}

const sngp_parameter *sngp_parameter_find(const sngp_parameter_table *table, const char *name) {
  for (size_t i = 0; i < table->count; i++)
    if (strcmp(table->items[i].name, name) == 0) return &table->items[i];
  return NULL;
}
