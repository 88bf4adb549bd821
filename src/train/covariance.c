#include "train/covariance.h"

#include "base/memory.h"
#include "gp/curvature.h"
#include "train/steady_rows.h"

/* Rows that a thread takes through the network at once, and that enter the matrix at once. */
enum { ROWS_PER_THREAD = 256 };

typedef struct {
  const sngp_model *model;
  const sngp_dataset *data;
  sngp_pass *passes;
  double *curvature;    /* (passes, ROWS_PER_THREAD, O), or NULL: all weights are 1 */
  int64_t first, count; /* rows of this round, ROWS_PER_THREAD to each pass */
} round_of_rows;

static int64_t rows_of(const round_of_rows *round, int index) {
  int64_t left = round->count - (int64_t)index * ROWS_PER_THREAD;
  return left < 0 ? 0 : left < ROWS_PER_THREAD ? left : ROWS_PER_THREAD;
}

static double *curvature_of(const round_of_rows *round, int index) {
  if (round->curvature == NULL) return NULL;
  return round->curvature + index * ROWS_PER_THREAD * round->model->network.num_outputs;
}

static void compute_features(void *context, int index) {
  const round_of_rows *round = context;
  const sngp_network *network = &round->model->network;
  sngp_pass *pass = &round->passes[index];
  int64_t rows = rows_of(round, index), first = round->first + (int64_t)index * ROWS_PER_THREAD;
  if (rows == 0) return;
  for (int64_t i = 0; i < rows; i++)
    sngp_pass_set_row(network, pass, i,
                      round->data->features + (first + i) * round->data->row_stride);
  sngp_steady_features(network, pass, rows);
  if (round->curvature != NULL)
    sngp_steady_curvature(round->model, pass, rows, curvature_of(round, index));
}

static void accumulate(sngp_model *model, round_of_rows *round, double decay, double scale,
                       double *scratch, sngp_pool *pool) {
  int threads = sngp_pool_num_threads(pool);
  int64_t most = (int64_t)threads * ROWS_PER_THREAD;
  for (round->first = 0; round->first < round->data->rows; round->first += most) {
    int64_t left = round->data->rows - round->first;
    round->count = left < most ? left : most;
    sngp_pool_run(pool, compute_features, round, threads);
    for (int i = 0; i < threads && rows_of(round, i) > 0; i++) {
      int64_t first = round->first + (int64_t)i * ROWS_PER_THREAD;
      const float *weights = round->data->weights;
      const sngp_posterior_rows rows = {.count = rows_of(round, i),
                                        .features = round->passes[i].phi,
                                        .weights = weights != NULL ? weights + first : NULL,
                                        .curvature = curvature_of(round, i)};
      sngp_posterior_update(&model->posterior, &rows, first == 0 ? decay : 1, scale, scratch, pool);
    }
  }
}

sngp_status sngp_covariance_accumulate(sngp_model *model, const sngp_dataset *data, double decay,
                                       double scale, sngp_pool *pool) {
  int threads = sngp_pool_num_threads(pool);
  double *scratch =
      sngp_allocate((size_t)(ROWS_PER_THREAD * model->posterior.size), sizeof *scratch);
  sngp_pass *passes = sngp_allocate((size_t)threads, sizeof *passes);
  const bool curved = sngp_likelihood_has_curvature(model->config.likelihood);
  const int64_t outputs = threads * ROWS_PER_THREAD * model->network.num_outputs;
  double *curvature = curved ? sngp_allocate((size_t)outputs, sizeof *curvature) : NULL;
  sngp_status status = scratch != NULL && passes != NULL && (!curved || curvature != NULL)
                           ? SNGP_OK
                           : sngp_fail_memory("features");
  for (int i = 0; i < threads && status == SNGP_OK; i++)
    status = sngp_pass_create(&model->network, ROWS_PER_THREAD, false, 0, &passes[i]);
  if (status == SNGP_OK) {
    sngp_model_drop_statistics(model);
    if (decay == 0) sngp_posterior_reset(&model->posterior);
    round_of_rows round = {.model = model, .data = data, .passes = passes, .curvature = curvature};
    accumulate(model, &round, decay, scale, scratch, pool);
  }
  for (int i = 0; passes != NULL && i < threads; i++) sngp_pass_destroy(&passes[i]);
  sngp_release(passes);
  sngp_release(curvature);
  sngp_release(scratch);
  return status;
}

sngp_status sngp_covariance_fit(sngp_model *model, const sngp_dataset *data, sngp_pool *pool) {
  SNGP_TRY(sngp_covariance_accumulate(model, data, 0, 1, pool));
  return sngp_posterior_finish(&model->posterior, model->config.ridge);
}
