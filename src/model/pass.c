/* The memory of a pass: one block, cut up here. */
#include "base/arena.h"
#include "base/memory.h"
#include "linalg/kernels.h"
#include "model/network.h"

static void lay_out(const sngp_network *network, bool training, size_t trainable_size,
                    sngp_arena *from, sngp_pass *pass) {
  int64_t rows = pass->rows, hidden = network->hidden, layers = network->num_layers;
  pass->x = sngp_arena_take(from, 1, rows, network->inputs);
  pass->h = network->input_layer ? sngp_arena_take(from, training ? layers + 1 : 1, rows, hidden)
                                 : pass->x;
  pass->z = sngp_arena_take(from, 1, rows, hidden);
  int64_t widest = network->num_probabilities > network->num_outputs ? network->num_probabilities
                                                                     : network->num_outputs;
  pass->logits = sngp_arena_take(from, 1, rows, widest); /* they may become probabilities there */
  if (network->gaussian_process) {
    pass->reduced = sngp_arena_take(from, 1, rows, network->projection.out);
    pass->g = sngp_arena_take(from, 1, rows, network->features.in);
    if (network->length.count > 0)
      pass->factors = sngp_arena_take(from, 1, 1, network->length.width);
    pass->moments = sngp_arena_take(from, 1, rows, 2);
    pass->phi = sngp_arena_take(from, 1, rows, network->features.num_features);
  }
  if (training) {
    pass->a = sngp_arena_take(from, layers, rows, hidden);
    pass->dh = sngp_arena_take(from, 1, rows, hidden);
    pass->dg =
        network->length.count > 0 ? sngp_arena_take(from, 1, rows, network->length.width) : pass->g;
    pass->dreduced = sngp_arena_take(from, 1, rows, network->projection.out);
    pass->words = (uint32_t *)sngp_arena_take(from, 1, 1, (int64_t)sngp_dropout_words(hidden));
    pass->gradient = sngp_arena_take(from, 1, 1, (int64_t)trainable_size);
    if (network->gaussian_process && network->features.kernel != SNGP_KERNEL_LINEAR)
      pass->angles = sngp_arena_take(from, 1, rows, network->features.num_features);
  }
}

sngp_status sngp_pass_create(const sngp_network *network, int64_t rows, bool training,
                             size_t trainable_size, sngp_pass *pass) {
  *pass = (sngp_pass){.rows = rows};
  sngp_arena arena = {0};
  lay_out(network, training, trainable_size, &arena, pass);
  if (!sngp_arena_fill(&arena)) {
    *pass = (sngp_pass){0};
    return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY, "out of memory for activations of %lld rows",
                     (long long)rows);
  }
  pass->memory = arena.memory;
  lay_out(network, training, trainable_size, &arena, pass);
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
