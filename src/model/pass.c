/* The memory of a pass: one block, cut up here. */
#include "base/memory.h"
#include "linalg/kernels.h"
#include "model/network.h"

/* A first round with memory NULL adds up the sizes, a second one hands out the pointers. */
typedef struct {
  float *memory;
  size_t used;
  bool overflow;
} arena;

enum { ALIGNMENT = 16 }; /* floats in a cache line */

static float *take(arena *from, int64_t planes, int64_t rows, int64_t width) {
  size_t count = 0;
  if (!sngp_size_multiply((size_t)rows, (size_t)width, &count) ||
      !sngp_size_multiply(count, (size_t)planes, &count) ||
      !sngp_size_add(count, ALIGNMENT - 1, &count)) {
    from->overflow = true;
    return NULL;
  }
  float *taken = from->memory != NULL ? from->memory + from->used : NULL;
  if (!sngp_size_add(from->used, count / ALIGNMENT * ALIGNMENT, &from->used)) from->overflow = true;
  return taken;
}

static void lay_out(const sngp_network *network, bool training, size_t trainable_size, arena *from,
                    sngp_pass *pass) {
  int64_t rows = pass->rows, hidden = network->hidden, layers = network->num_layers;
  pass->x = take(from, 1, rows, network->inputs);
  pass->h = take(from, training ? layers + 1 : 1, rows, hidden);
  pass->z = take(from, 1, rows, hidden);
  pass->logits = take(from, 1, rows, network->num_classes);
  if (network->gaussian_process) {
    pass->g = take(from, 1, rows, network->features.in);
    pass->moments = take(from, 1, rows, 2);
    pass->phi = take(from, 1, rows, network->features.num_features);
  }
  if (training) {
    pass->a = take(from, layers, rows, hidden);
    pass->dh = take(from, 1, rows, hidden);
    pass->words = (uint32_t *)take(from, 1, 1, (int64_t)sngp_dropout_words(hidden));
    pass->gradient = take(from, 1, 1, (int64_t)trainable_size);
    if (network->gaussian_process)
      pass->angles = take(from, 1, rows, network->features.num_features);
  }
}

sngp_status sngp_pass_create(const sngp_network *network, int64_t rows, bool training,
                             size_t trainable_size, sngp_pass *pass) {
  *pass = (sngp_pass){.rows = rows};
  arena sizes = {0};
  lay_out(network, training, trainable_size, &sizes, pass);
  arena whole = {.memory = sizes.overflow ? NULL : sngp_allocate(sizes.used, sizeof(float))};
  if (whole.memory == NULL) {
    *pass = (sngp_pass){0};
    return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY, "out of memory for activations of %lld rows",
                     (long long)rows);
  }
  pass->memory = whole.memory;
  lay_out(network, training, trainable_size, &whole, pass);
  return SNGP_OK;
}

void sngp_pass_destroy(sngp_pass *pass) {
  sngp_release(pass->memory);
  *pass = (sngp_pass){0};
}

/* Larger inputs count as this: their squares, summed over the units of a layer, must not overflow,
   or a row as far from all data as can be would come out as a NaN. */
static const float LARGEST_INPUT = 1e15f;

void sngp_pass_set_row(const sngp_network *network, sngp_pass *pass, int64_t index,
                       const float *input) {
  size_t width = (size_t)network->inputs;
  float *row = pass->x + (size_t)index * width;
  if (network->scaling_mean != NULL) {
    sngp_kernel_standardize(width, input, network->scaling_mean, network->scaling_scale, row);
    input = row;
  }
  sngp_kernel_clamp(width, input, LARGEST_INPUT, row);
}
