#include "train/noise.h"

#include <math.h>

#include "base/memory.h"
#include "linalg/kernels.h"

enum { BLOCK_ROWS = 128 };

const double SNGP_SMALLEST_NOISE = 1e-12;

typedef struct {
  sngp_pass pass;
  double *squares; /* (O) */
  double spent;    /* sum w h */
  double count;    /* rows of weight above 0 */
  float *targets;  /* of one row, scaled (O) */
} share;

typedef struct {
  const sngp_model *model;
  const sngp_dataset *rows;
  bool held_out;
  share *shares; /* one a thread */
  int num_shares;
} estimate;

static double leverage(const sngp_model *model, const float *projected) {
  if (!model->network.gaussian_process) return 0;
  size_t width = (size_t)model->posterior.size;
  return (double)sngp_kernel_dot(width, projected, projected) / model->config.ridge;
}

static void add_row(const estimate *job, share *own, int64_t row, int64_t index) {
  const sngp_network *network = &job->model->network;
  int64_t outputs = network->num_outputs;
  double weight = job->rows->weights != NULL ? (double)job->rows->weights[row] : 1;
  if (weight == 0) return;
  const float *projected = own->pass.phi + index * job->model->posterior.size;
  double spent = weight * leverage(job->model, projected);
  double factor = job->held_out ? weight / (1 + spent) : weight;
  sngp_network_scale_targets(network, job->rows->targets + row * outputs, own->targets);
  for (int64_t k = 0; k < outputs; k++) {
    double residual = (double)own->targets[k] - (double)own->pass.logits[index * outputs + k];
    own->squares[k] += factor * residual * residual;
  }
  own->spent += spent;
  own->count++;
}

static void run_share(void *context, int index) {
  const estimate *job = context;
  share *own = &job->shares[index];
  const sngp_dataset *rows = job->rows;
  int64_t begin = 0, end = 0;
  sngp_slice(rows->rows, index, job->num_shares, &begin, &end);
  for (int64_t first = begin; first < end; first += BLOCK_ROWS) {
    int64_t count = end - first < BLOCK_ROWS ? end - first : BLOCK_ROWS;
    for (int64_t i = 0; i < count; i++)
      sngp_pass_set_row(&job->model->network, &own->pass, i,
                        rows->features + (first + i) * rows->row_stride);
    sngp_network_logits(&job->model->network, &own->pass, count);
    if (job->model->network.gaussian_process)
      sngp_posterior_project(&job->model->posterior, own->pass.phi, count);
    for (int64_t i = 0; i < count; i++) add_row(job, own, first + i, i);
  }
}

static sngp_status take_memory(estimate *job) {
  size_t outputs = (size_t)job->model->network.num_outputs;
  job->shares = sngp_allocate((size_t)job->num_shares, sizeof *job->shares);
  if (job->shares == NULL) return sngp_fail_memory("the noise of targets");
  for (int i = 0; i < job->num_shares; i++) {
    share *own = &job->shares[i];
    SNGP_TRY(sngp_pass_create(&job->model->network, BLOCK_ROWS, false, 0, &own->pass));
    own->squares = sngp_allocate(outputs, sizeof *own->squares);
    own->targets = sngp_allocate(outputs, sizeof *own->targets);
    if (own->squares == NULL || own->targets == NULL)
      return sngp_fail_memory("the noise of targets");
  }
  return SNGP_OK;
}

static void give_back(estimate *job) {
  for (int i = 0; job->shares != NULL && i < job->num_shares; i++) {
    sngp_pass_destroy(&job->shares[i].pass);
    sngp_release(job->shares[i].squares);
    sngp_release(job->shares[i].targets);
  }
  sngp_release(job->shares);
}

static void set_noise(sngp_model *model, const estimate *job) {
  double spent = 0, count = 0;
  for (int i = 0; i < job->num_shares; i++) {
    spent += job->shares[i].spent;
    count += job->shares[i].count;
  }
  double left = job->held_out ? count : fmax(count - spent, 1);
  for (int64_t k = 0; k < model->network.num_outputs; k++) {
    double square = 0;
    for (int i = 0; i < job->num_shares; i++) square += job->shares[i].squares[k];
    sngp_model_set_noise(model, k, fmax(square / left, SNGP_SMALLEST_NOISE));
  }
}

sngp_status sngp_noise_estimate(sngp_model *model, const sngp_dataset *rows, bool held_out,
                                sngp_pool *pool) {
  estimate job = {.model = model,
                  .rows = rows,
                  .held_out = held_out,
                  .num_shares = sngp_pool_num_threads(pool)};
  sngp_status status = take_memory(&job);
  if (status == SNGP_OK) {
    sngp_pool_run(pool, run_share, &job, job.num_shares);
    set_noise(model, &job);
  }
  give_back(&job);
  return status;
}
