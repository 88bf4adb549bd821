#include "predict/scratch.h"

#include "base/arena.h"
#include "base/memory.h"
#include "gp/posterior.h"
#include "predict/draws.h"

static double *take_doubles(sngp_arena *from, int64_t rows, int64_t width) {
  return (double *)sngp_arena_take(from, sizeof(double) / sizeof(float), rows, width);
}

static void lay_out(const sngp_network *network, int64_t rows, sngp_arena *from,
                    sngp_scratch *scratch) {
  size_t words = sngp_dropout_words(network->hidden), normals = 0, products = 0;
  if (network->gaussian_process &&
      !sngp_draws_sizes(rows, network->num_outputs, network->features.num_features, &normals,
                        &products))
    from->overflow = true;
  if (normals > words) words = normals;
  size_t projections = 0;
  if (network->gaussian_process &&
      !sngp_posterior_scratch(network->posterior, network->features.num_features,
                              network->num_outputs, rows, &projections))
    from->overflow = true;
  const bool regression = network->num_probabilities == 0;
  const int64_t outputs = network->num_outputs;
  scratch->variance = sngp_arena_take(from, 1, rows, network->num_variances);
  scratch->entropy = sngp_arena_take(from, 1, 1, rows);
  scratch->centered = sngp_arena_take(from, 1, rows, network->num_variances > 1 ? outputs : 0);
  const bool joint = network->posterior == SNGP_POSTERIOR_JOINT;
  scratch->covariance = sngp_arena_take(from, rows, outputs, joint ? outputs : 0);
  scratch->projections = sngp_arena_take(from, 1, 1, (int64_t)projections);
  scratch->variance_sum = take_doubles(from, rows, network->num_variances);
  scratch->entropy_sum = take_doubles(from, rows, 1);
  scratch->logit_sum = take_doubles(from, rows, outputs);
  scratch->probability_sum = take_doubles(from, rows, network->num_probabilities);
  scratch->mean = take_doubles(from, rows, regression ? outputs : 0);
  scratch->spread = take_doubles(from, rows, regression ? outputs : 0);
  scratch->within = take_doubles(from, rows, regression ? outputs : 0);
  scratch->center = sngp_arena_take(from, 1, rows, outputs);
  scratch->entering = sngp_arena_take(from, 1, rows, network->hidden);
  scratch->words = (uint32_t *)sngp_arena_take(from, 1, 1, (int64_t)words);
  scratch->normals = sngp_arena_take(from, 1, 1, (int64_t)normals);
  scratch->products = sngp_arena_take(from, 1, 1, (int64_t)products);
}

sngp_status sngp_scratch_create(const sngp_network *network, int64_t rows, sngp_scratch *scratch) {
  *scratch = (sngp_scratch){0};
  sngp_arena arena = {0};
  lay_out(network, rows, &arena, scratch);
  if (!sngp_arena_fill(&arena)) {
    *scratch = (sngp_scratch){0};
    return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY, "out of memory for the predictions of %lld rows",
                     (long long)rows);
  }
  scratch->memory = arena.memory;
  lay_out(network, rows, &arena, scratch);
  return SNGP_OK;
}

void sngp_scratch_destroy(sngp_scratch *scratch) {
  sngp_release(scratch->memory);
  *scratch = (sngp_scratch){0};
}
