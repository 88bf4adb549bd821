#include "model/parameters.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "nn/head_input.h"

/* Every tensor starts at a cache line. */
enum { ALIGNMENT = 16 };

enum { IS_VECTOR = 1, IS_TRAINABLE = 2, HAS_DECAY = 4, IS_COUNTED = 8 };

static void add(sngp_parameter_table *table, int64_t rows, int64_t cols, int flags,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

static void add(sngp_parameter_table *table, int64_t rows, int64_t cols, int flags,
                const char *format, ...) {
  sngp_parameter *item = &table->items[table->count++];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(item->name, sizeof item->name, format, arguments);
  va_end(arguments);
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

sngp_status sngp_parameter_table_create(const sngp_model_config *config,
                                        sngp_parameter_table *table) {
  const size_t most = 4 * (size_t)config->num_layers + 10;
  *table = (sngp_parameter_table){.items = sngp_allocate(most, sizeof *table->items)};
  if (table->items == NULL) return sngp_fail_memory("the table of parameters");

  int64_t inputs = config->input_dim, hidden = config->num_hidden, classes = config->num_classes;
  int input_flags = IS_COUNTED | (config->train_input_layer ? IS_TRAINABLE : 0);
  add(table, inputs, hidden, input_flags | HAS_DECAY, "input.weight");
  add(table, 1, hidden, input_flags | IS_VECTOR, "input.bias");

  const int trainable = IS_COUNTED | IS_TRAINABLE, frozen = IS_COUNTED;
  for (int64_t i = 0; i < config->num_layers; i++) {
    add(table, hidden, hidden, trainable | HAS_DECAY, "block.%lld.weight", (long long)i);
    add(table, 1, hidden, trainable | IS_VECTOR, "block.%lld.bias", (long long)i);
    if (config->spectral_norm_bound > 0) {
      add(table, 1, hidden, frozen | IS_VECTOR, "block.%lld.u", (long long)i);
      add(table, 1, hidden, frozen | IS_VECTOR, "block.%lld.v", (long long)i);
    }
  }
  if (config->head == SNGP_HEAD_GAUSSIAN_PROCESS) {
    if (config->normalize_input == SNGP_NORMALIZE_LAYER_NORM) {
      add(table, 1, hidden, trainable | IS_VECTOR, "layer_norm.scale");
      add(table, 1, hidden, trainable | IS_VECTOR, "layer_norm.offset");
    }
    int64_t width = sngp_head_input_width(config->normalize_input, hidden);
    int64_t features = config->num_random_features;
    add(table, width, features, frozen, "features.weight");
    add(table, 1, features, frozen | IS_VECTOR, "features.bias");
    add(table, features, classes, trainable | HAS_DECAY, "output.weight");
    add(table, 1, classes, frozen | IS_VECTOR, "output.bias");
  } else {
    add(table, hidden, classes, trainable | HAS_DECAY, "output.weight");
    add(table, 1, classes, trainable | IS_VECTOR, "output.bias");
  }
  if (config->standardize_inputs) {
    add(table, 1, inputs, IS_VECTOR, "input_scaling.mean");
    add(table, 1, inputs, IS_VECTOR, "input_scaling.scale");
  }
  return SNGP_OK;
}

const sngp_parameter *sngp_parameter_find(const sngp_parameter_table *table, const char *name) {
  for (size_t i = 0; i < table->count; i++)
    if (strcmp(table->items[i].name, name) == 0) return &table->items[i];
  return NULL;
}
