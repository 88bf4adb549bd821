#include "train/length_evidence.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/kernels.h"

enum { BLOCK = 64 }; /* rows of a task */

static int64_t rows_of_block(const sngp_length_evidence *evidence, int index) {
  int64_t rest = evidence->evidence.count - (int64_t)index * BLOCK;
  return rest < BLOCK ? rest : BLOCK;
}

/* What a thread works in. */
typedef struct {
  float *g, *dg, *angles, *phi, *factors, *dlog_length;
} scratch;

static scratch scratch_of(const sngp_length_evidence *evidence, int index) {
  int64_t width = evidence->length.width, size = evidence->features.num_features;
  int thread = index % sngp_pool_num_threads(evidence->pool);
  scratch s = {.g = evidence->scratch + thread * evidence->scratch_size};
  s.dg = s.g + BLOCK * width;
  s.angles = s.dg + BLOCK * width;
  s.phi = s.angles + BLOCK * size;
  s.factors = s.phi + BLOCK * size;
  s.dlog_length = s.factors + width;
  return s;
}

static sngp_status take_memory(sngp_length_evidence *evidence, int64_t count) {
  size_t threads = (size_t)sngp_pool_num_threads(evidence->pool), total = 0;
  int64_t width = evidence->length.width, size = evidence->features.num_features;
  evidence->scratch_size = 2 * (BLOCK * (width + size) + width);
  evidence->gradients_size = BLOCK * size;
  evidence->log_length = sngp_allocate((size_t)width, sizeof(float));
  if (sngp_size_multiply((size_t)count, (size_t)width, &total))
    evidence->g = sngp_allocate(total, sizeof(float));
  evidence->roots = sngp_allocate((size_t)count, sizeof(float));
  evidence->scratch = sngp_allocate(threads * (size_t)evidence->scratch_size, sizeof(float));
  evidence->gradients = sngp_allocate(threads * (size_t)evidence->gradients_size, sizeof(double));
  evidence->partials =
      sngp_allocate((size_t)(evidence->num_blocks * evidence->length.count), sizeof(double));
  if (evidence->log_length != NULL && evidence->g != NULL && evidence->roots != NULL &&
      evidence->scratch != NULL && evidence->gradients != NULL && evidence->partials != NULL)
    return SNGP_OK;
  return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY,
                   "out of memory for the lengths of %lld rows of %lld columns", (long long)count,
                   (long long)width);
}

/* The input of the features with lengths 0, block by block. */
static sngp_status find_inputs(sngp_length_evidence *evidence, sngp_network network,
                               const sngp_evidence_rows *rows) {
  int64_t width = evidence->length.width;
  const sngp_dataset *data = rows->data;
  sngp_pass pass;
  network.length.count = 0;
  SNGP_TRY(sngp_pass_create(&network, BLOCK, false, 0, &pass));
  for (int b = 0; b < evidence->num_blocks; b++) {
    int64_t first = (int64_t)b * BLOCK, count = rows_of_block(evidence, b);
    for (int64_t i = 0; i < count; i++)
      sngp_pass_set_row(&network, &pass, i, data->features + (first + i) * data->row_stride);
    sngp_network_head_input(&network, &pass, count);
    memcpy(evidence->g + first * width, pass.g, (size_t)(count * width) * sizeof(float));
  }
  sngp_pass_destroy(&pass);
  return SNGP_OK;
}

static void weigh(sngp_length_evidence *evidence, const sngp_evidence_rows *rows) {
  sngp_feature_evidence *features = &evidence->evidence;
  int64_t width = rows->num_targets;
  features->rows = 0;
  for (int64_t i = 0; i < rows->count; i++) {
    double weight = rows->weights != NULL ? (double)rows->weights[i] : 1, root = sqrt(weight);
    if (weight > 0) {
      features->rows += 1;
      features->log_weight += log(weight);
    }
    evidence->roots[i] = (float)root;
    for (int64_t t = 0; t < width; t++)
      features->targets[i * width + t] = root * rows->targets[i * width + t];
  }
}

sngp_status sngp_length_evidence_create(sngp_length_evidence *evidence, const sngp_network *network,
                                        const sngp_evidence_rows *rows, int64_t num_lengths,
                                        sngp_pool *pool) {
  *evidence =
      (sngp_length_evidence){.features = network->features,
                             .length = {.width = network->features.in, .count = num_lengths},
                             .num_blocks = (int)((rows->count + BLOCK - 1) / BLOCK),
                             .pool = pool};
  sngp_status status = sngp_feature_evidence_create(
      &evidence->evidence, rows->count, network->features.num_features, rows->num_targets);
  if (status == SNGP_OK) status = take_memory(evidence, rows->count);
  if (status == SNGP_OK) status = find_inputs(evidence, *network, rows);
  if (status != SNGP_OK) {
    sngp_length_evidence_destroy(evidence);
    return status;
  }
  evidence->length.log_length = evidence->log_length;
  weigh(evidence, rows);
  return SNGP_OK;
}

void sngp_length_evidence_destroy(sngp_length_evidence *evidence) {
  sngp_feature_evidence_destroy(&evidence->evidence);
  sngp_release(evidence->partials);
  sngp_release(evidence->gradients);
  sngp_release(evidence->scratch);
  sngp_release(evidence->roots);
  sngp_release(evidence->g);
  sngp_release(evidence->log_length);
  *evidence = (sngp_length_evidence){0};
}

/* The features of a block: phi and, for the way back, angles and the divided g. */
static void forward(const sngp_length_evidence *evidence, int index, const scratch *s) {
  int64_t width = evidence->length.width, count = rows_of_block(evidence, index);
  memcpy(s->g, evidence->g + (int64_t)index * BLOCK * width,
         (size_t)(count * width) * sizeof(float));
  sngp_kernel_length_forward(&evidence->length, count, s->factors, s->g);
  sngp_random_features_forward(&evidence->features, s->g, count, s->angles, s->phi);
}

static void set_block(void *context, int index) {
  const sngp_length_evidence *evidence = context;
  int64_t size = evidence->features.num_features, first = (int64_t)index * BLOCK;
  int64_t count = rows_of_block(evidence, index);
  scratch s = scratch_of(evidence, index);
  forward(evidence, index, &s);
  for (int64_t i = 0; i < count; i++)
    sngp_kernel_to_double((size_t)size, s.phi + i * size, (double)evidence->roots[first + i],
                          evidence->evidence.features + (first + i) * size);
}

void sngp_length_evidence_set(sngp_length_evidence *evidence, const double *log_length) {
  for (int64_t j = 0; j < evidence->length.count; j++)
    evidence->log_length[j] = (float)log_length[j];
  sngp_pool_run(evidence->pool, set_block, evidence, evidence->num_blocks);
  sngp_feature_evidence_begin(&evidence->evidence, evidence->pool);
}

double sngp_length_evidence_value(sngp_length_evidence *evidence, sngp_noise_mode mode,
                                  double log_lambda, double *noise) {
  return sngp_feature_evidence_value(&evidence->evidence, mode, exp(log_lambda), noise);
}

static void backward_block(void *context, int index) {
  const sngp_length_evidence *evidence = context;
  int64_t size = evidence->features.num_features, first = (int64_t)index * BLOCK;
  int64_t count = rows_of_block(evidence, index), lengths = evidence->length.count;
  int thread = index % sngp_pool_num_threads(evidence->pool);
  double *gradient = evidence->gradients + thread * evidence->gradients_size;
  scratch s = scratch_of(evidence, index);
  forward(evidence, index, &s);
  sngp_feature_evidence_gradient(&evidence->evidence, first, count, gradient);
  for (int64_t i = 0; i < count; i++)
    sngp_kernel_from_double((size_t)size, gradient + i * size, (double)evidence->roots[first + i],
                            s.phi + i * size);
  sngp_random_features_backward(&evidence->features, s.angles, s.phi, count, s.dg);
  sngp_kernel_length_backward(&evidence->length, s.g, s.factors, count, s.dg, s.dlog_length);
  for (int64_t j = 0; j < lengths; j++)
    evidence->partials[index * lengths + j] = (double)s.dlog_length[j];
}

sngp_status sngp_length_evidence_gradient(sngp_length_evidence *evidence, double *gradient) {
  int64_t lengths = evidence->length.count;
  SNGP_TRY(sngp_feature_evidence_turn(&evidence->evidence, evidence->pool, gradient + lengths));
  sngp_pool_run(evidence->pool, backward_block, evidence, evidence->num_blocks);
  memset(gradient, 0, (size_t)lengths * sizeof *gradient);
  for (int b = 0; b < evidence->num_blocks; b++)
    for (int64_t j = 0; j < lengths; j++) gradient[j] += evidence->partials[b * lengths + j];
  return SNGP_OK;
}
