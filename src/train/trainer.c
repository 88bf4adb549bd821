#include "train/trainer.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "gp/curvature.h"
#include "linalg/blas.h"
#include "linalg/kernels.h"
#include "nn/link.h"
#include "nn/loss.h"

struct sngp_trainer {
  sngp_model *model;
  sngp_optimizer *optimizer;
  sngp_pool *pool;
  int num_slices;
  sngp_pass *passes;    /* one a slice */
  sngp_loss_sums *sums; /* one a slice */
  double *squares;      /* one a slice: of its share of the gradient */
  int32_t *labels;      /* of the batch, in its order */
  float *targets;       /* of the batch (rows, O), scaled; labels of a logistic output as numbers */
  float *weights;
  double focal_gamma;  /* of the steps' loss; 0: cross-entropy */
  float *projection;   /* scratch */
  double *features;    /* scratch: a slice's features in double precision; where steps accumulate */
  double *curvature;   /* of the batch (rows, O), where steps accumulate and rows have weights */
  const float *output; /* output.weight, for the L2 term; NULL where there is none */
  size_t output_begin, output_size; /* where it lies in the block */
};

/* A step's or an evaluation's work, as the slices see it. */
typedef struct {
  sngp_trainer *trainer;
  const sngp_dataset *data;
  const int64_t *order;
  int64_t first, count; /* rows first ... first + count - 1 of the order */
  int64_t step;
  bool training, forward, backward;
  bool accumulates; /* rows enter the precision matrix */
  sngp_update_scalars scalars;
  double learning_rate;
} job;

static sngp_status take_memory(sngp_trainer *trainer, int64_t batch_size, bool accumulates) {
  const sngp_model *model = trainer->model;
  const sngp_network *network = &model->network;
  size_t slices = (size_t)trainer->num_slices;
  int64_t slice_rows = (batch_size + trainer->num_slices - 1) / trainer->num_slices;
  trainer->passes = sngp_allocate(slices, sizeof *trainer->passes);
  trainer->sums = sngp_allocate(slices, sizeof *trainer->sums);
  trainer->squares = sngp_allocate(slices, sizeof *trainer->squares);
  size_t rows = (size_t)slice_rows * slices; /* an evaluation fills all slices */
  trainer->labels = sngp_allocate(rows, sizeof *trainer->labels);
  trainer->weights = sngp_allocate(rows, sizeof *trainer->weights);
  trainer->targets = sngp_allocate(rows * (size_t)network->num_outputs, sizeof *trainer->targets);
  trainer->projection =
      sngp_allocate((size_t)(network->num_layers * network->hidden), sizeof(float));
  if (trainer->passes == NULL || trainer->sums == NULL || trainer->squares == NULL ||
      trainer->labels == NULL || trainer->weights == NULL || trainer->targets == NULL ||
      trainer->projection == NULL)
    return sngp_fail_memory("training");
  for (size_t i = 0; i < slices; i++)
    SNGP_TRY(sngp_pass_create(network, slice_rows, true, model->table.trainable_size,
                              &trainer->passes[i]));
  if (accumulates) {
    trainer->features =
        sngp_allocate((size_t)(slice_rows * model->posterior.size), sizeof *trainer->features);
    if (trainer->features == NULL) return sngp_fail_memory("training");
    if (!sngp_likelihood_has_curvature(model->config.likelihood)) return SNGP_OK;
    trainer->curvature =
        sngp_allocate(rows * (size_t)network->num_outputs, sizeof *trainer->curvature);
    if (trainer->curvature == NULL) return sngp_fail_memory("training");
  }
  return SNGP_OK;
}

/* The L2 term acts on the output weights of a GP head. */
static void find_output_weight(sngp_trainer *trainer) {
  const sngp_model *model = trainer->model;
  if (!model->network.gaussian_process || model->config.l2_regularization == 0) return;
  const sngp_parameter *weight = sngp_parameter_find(&model->table, "output.weight");
  trainer->output = sngp_model_values(model, weight);
  trainer->output_begin = weight->offset;
  trainer->output_size = (size_t)(weight->rows * weight->cols);
}

/* Moments of another algorithm, or from before an optimizer that starts afresh, do not count. */
static sngp_status prepare_moments(sngp_model *model, const sngp_optimizer *optimizer) {
  SNGP_TRY(sngp_model_take_moments(model, sngp_optimizer_num_moments(optimizer)));
  if (optimizer->step != 0 && model->moments_algorithm == optimizer->config.algorithm)
    return SNGP_OK;
  sngp_model_clear_moments(model);
  model->moments_algorithm = optimizer->config.algorithm;
  return SNGP_OK;
}

sngp_status sngp_trainer_create(sngp_model *model, sngp_optimizer *optimizer, int64_t batch_size,
                                int num_threads, bool accumulates, sngp_trainer **out) {
  *out = NULL;
  if (batch_size > INT32_MAX)
    return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY,
                     "a batch of %lld rows is too large: BLAS counts rows up to %d",
                     (long long)batch_size, INT32_MAX);
  sngp_trainer *trainer = sngp_allocate(1, sizeof *trainer);
  if (trainer == NULL) return sngp_fail_memory("training");
  num_threads = sngp_own_threads(num_threads);
  trainer->model = model;
  trainer->optimizer = optimizer;
  trainer->num_slices = batch_size < num_threads ? (int)batch_size : num_threads;
  sngp_status status = sngp_pool_create(num_threads, &trainer->pool);
  if (status == SNGP_OK) status = take_memory(trainer, batch_size, accumulates);
  if (status == SNGP_OK) status = prepare_moments(model, optimizer);
  if (status != SNGP_OK) {
    sngp_trainer_free(trainer);
    return status;
  }
  find_output_weight(trainer);
  *out = trainer;
  return SNGP_OK;
}

void sngp_trainer_free(sngp_trainer *trainer) {
  if (trainer == NULL) return;
  for (int i = 0; trainer->passes != NULL && i < trainer->num_slices; i++)
    sngp_pass_destroy(&trainer->passes[i]);
  sngp_pool_free(trainer->pool);
  sngp_release(trainer->passes);
  sngp_release(trainer->sums);
  sngp_release(trainer->squares);
  sngp_release(trainer->labels);
  sngp_release(trainer->weights);
  sngp_release(trainer->targets);
  sngp_release(trainer->projection);
  sngp_release(trainer->features);
  sngp_release(trainer->curvature);
  sngp_release(trainer);
}

void sngp_trainer_set_focal_gamma(sngp_trainer *trainer, double gamma) {
  trainer->focal_gamma = gamma;
}

sngp_pool *sngp_trainer_pool(const sngp_trainer *trainer) { return trainer->pool; }

/* What is to be learnt of a row of the data, into place i of the batch. */
static void gather_answer(sngp_trainer *trainer, const sngp_dataset *data, int64_t i, int64_t row) {
  const sngp_network *network = &trainer->model->network;
  int64_t outputs = network->num_outputs;
  float *targets = trainer->targets + i * outputs;
  if (network->link == SNGP_LINK_SOFTMAX)
    trainer->labels[i] = data->labels[row];
  else if (network->link == SNGP_LINK_LOGISTIC)
    targets[0] = (float)data->labels[row];
  else
    sngp_network_scale_targets(network, data->targets + row * outputs, targets);
}

/* Copies rows [begin, end) of the batch into the slice's pass. */
static void gather(const job *work, sngp_pass *pass, int64_t begin, int64_t end) {
  sngp_trainer *trainer = work->trainer;
  const sngp_dataset *data = work->data;
  for (int64_t i = begin; i < end; i++) {
    int64_t row = work->order != NULL ? work->order[work->first + i] : work->first + i;
    sngp_pass_set_row(&trainer->model->network, pass, i - begin,
                      data->features + row * data->row_stride);
    gather_answer(trainer, data, i, row);
    if (data->weights != NULL) trainer->weights[i] = data->weights[row];
  }
}

/* Of a slice's logits, which become its gradient. */
static sngp_loss_sums compute_loss(const job *work, sngp_pass *pass, int64_t begin, int64_t rows) {
  const sngp_trainer *trainer = work->trainer;
  const int32_t *labels = trainer->labels + begin;
  const float *weights = work->data->weights != NULL ? trainer->weights + begin : NULL;
  const sngp_network *network = &trainer->model->network;
  int64_t outputs = network->num_outputs;
  float scale = 1 / (float)work->count;
  if (network->link != SNGP_LINK_SOFTMAX)
    return sngp_link_loss(network->link, pass->logits, trainer->targets + begin * outputs, weights,
                          rows, outputs, scale);
  if (work->training && trainer->focal_gamma != 0)
    return sngp_softmax_focal_loss(pass->logits, labels, weights, rows, outputs,
                                   trainer->focal_gamma, scale);
  return sngp_softmax_cross_entropy(pass->logits, labels, weights, rows, outputs, scale);
}

/* Forward to the loss and the gradient of the logits, then back: all of a slice's way, or half. */
static void run_slice(void *context, int index) {
  const job *work = context;
  sngp_trainer *trainer = work->trainer;
  const sngp_network *network = &trainer->model->network;
  sngp_pass *pass = &trainer->passes[index];
  int64_t begin = 0, end = 0;
  sngp_slice(work->count, index, trainer->num_slices, &begin, &end);
  int64_t rows = end - begin;
  if (work->forward) {
    trainer->sums[index] = (sngp_loss_sums){0, 0};
    if (rows == 0) {
      if (work->training)
        memset(pass->gradient, 0, trainer->model->table.trainable_size * sizeof(float));
      return;
    }
    gather(work, pass, begin, end);
    if (work->training)
      sngp_network_forward_training(network, pass, rows, begin, trainer->model->config.seed,
                                    work->step);
    else
      sngp_network_logits(network, pass, rows);
    if (work->accumulates && trainer->curvature != NULL)
      sngp_curvature(trainer->model->config.likelihood, network->posterior, rows,
                     network->num_outputs, pass->logits,
                     trainer->curvature + begin * network->num_outputs);
    trainer->sums[index] = compute_loss(work, pass, begin, rows);
  }
  if (work->backward && rows > 0) sngp_network_backward(network, pass, rows);
}

/* Parameters [begin, end) of the trainable block. */
typedef struct {
  size_t begin, end;
} share;

static share share_of(const job *work, int index) {
  const sngp_trainer *trainer = work->trainer;
  int64_t begin = 0, end = 0;
  sngp_slice((int64_t)trainer->model->table.trainable_size, index, trainer->num_slices, &begin,
             &end);
  return (share){(size_t)begin, (size_t)end};
}

/* Sums the gradients of a share, in the order of the slices, and adds that of the L2 term. */
static void reduce_share(const job *work, share own) {
  sngp_trainer *trainer = work->trainer;
  float *gradient = trainer->passes[0].gradient;
  for (int i = 1; i < trainer->num_slices; i++)
    sngp_kernel_add(own.end - own.begin, trainer->passes[i].gradient + own.begin,
                    gradient + own.begin);
  if (trainer->output == NULL) return;
  size_t low = trainer->output_begin, high = low + trainer->output_size;
  if (low < own.begin) low = own.begin;
  if (high > own.end) high = own.end;
  if (low < high)
    sngp_kernel_add_scaled(high - low, (float)(2 * trainer->model->config.l2_regularization),
                           trainer->model->trainable + low, gradient + low);
}

/* Decoupled weight decay acts on weights only, so tensor by tensor. */
static void decay_share(const job *work, share own) {
  const sngp_model *model = work->trainer->model;
  const sngp_optimizer_config *config = &work->trainer->optimizer->config;
  if (config->algorithm != SNGP_OPTIMIZER_ADAMW) return;
  float keep = (float)(1 - work->learning_rate * config->weight_decay);
  for (size_t t = 0; t < model->table.count; t++) {
    const sngp_parameter *tensor = &model->table.items[t];
    if (!tensor->trainable || !tensor->decay) continue;
    size_t low = tensor->offset, high = low + (size_t)(tensor->rows * tensor->cols);
    for (size_t i = low < own.begin ? own.begin : low; i < high && i < own.end; i++)
      model->trainable[i] *= keep;
  }
}

static void update_share(const job *work, share own) {
  sngp_trainer *trainer = work->trainer;
  decay_share(work, own);
  sngp_optimizer_apply(trainer->optimizer, &work->scalars, own.begin, own.end,
                       trainer->passes[0].gradient, trainer->model->trainable,
                       trainer->model->moments);
}

static void reduce_and_update(void *context, int index) {
  share own = share_of(context, index);
  reduce_share(context, own);
  update_share(context, own);
}

static void reduce_only(void *context, int index) {
  const job *work = context;
  share own = share_of(work, index);
  reduce_share(work, own);
  const float *gradient = work->trainer->passes[0].gradient + own.begin;
  work->trainer->squares[index] = sngp_kernel_square_norm(own.end - own.begin, gradient);
}

static void update_only(void *context, int index) {
  update_share(context, share_of(context, index));
}

/* Clipping needs the norm of the whole gradient first. */
static void update(job *work) {
  sngp_trainer *trainer = work->trainer;
  int shares = trainer->num_slices;
  if (trainer->optimizer->config.clip_norm == 0) {
    work->scalars = sngp_optimizer_begin_step(trainer->optimizer, work->learning_rate, 0);
    sngp_pool_run(trainer->pool, reduce_and_update, work, shares);
    return;
  }
  sngp_pool_run(trainer->pool, reduce_only, work, shares);
  double square = 0;
  for (int i = 0; i < shares; i++) square += trainer->squares[i];
  work->scalars = sngp_optimizer_begin_step(trainer->optimizer, work->learning_rate, sqrt(square));
  sngp_pool_run(trainer->pool, update_only, work, shares);
}

static void accumulate(const job *work, const sngp_step_covariance *covariance) {
  sngp_trainer *trainer = work->trainer;
  for (int i = 0; i < trainer->num_slices; i++) {
    int64_t begin = 0, end = 0;
    sngp_slice(work->count, i, trainer->num_slices, &begin, &end);
    const sngp_posterior_rows rows = {
        .count = end - begin,
        .features = trainer->passes[i].phi,
        .weights = work->data->weights != NULL ? trainer->weights + begin : NULL,
        .curvature = trainer->curvature != NULL
                         ? trainer->curvature + begin * trainer->model->network.num_outputs
                         : NULL};
    sngp_posterior_update(&trainer->model->posterior, &rows, i == 0 ? covariance->decay : 1,
                          covariance->scale, trainer->features, trainer->pool);
  }
}

static sngp_step_sums add_up(const sngp_trainer *trainer, int64_t count) {
  sngp_step_sums total = {0, 0};
  for (int i = 0; i < trainer->num_slices; i++) {
    total.loss += trainer->sums[i].loss / (double)count;
    total.correct += trainer->sums[i].correct;
  }
  return total;
}

sngp_step_sums sngp_trainer_step(sngp_trainer *trainer, const sngp_dataset *data,
                                 const int64_t *order, int64_t count, double learning_rate,
                                 const sngp_step_covariance *covariance) {
  sngp_model *model = trainer->model;
  job work = {.trainer = trainer,
              .data = data,
              .order = order,
              .count = count,
              .step = trainer->optimizer->step,
              .training = true,
              .forward = true,
              .backward = true,
              .accumulates = covariance != NULL,
              .learning_rate = learning_rate};
  sngp_network_project(&model->network, model->config.power_iterations, trainer->projection,
                       trainer->pool);
  if (covariance == NULL) {
    sngp_pool_run(trainer->pool, run_slice, &work, trainer->num_slices);
  } else { /* the features must be read before the way back uses them up */
    work.backward = false;
    sngp_pool_run(trainer->pool, run_slice, &work, trainer->num_slices);
    accumulate(&work, covariance);
    work.forward = false;
    work.backward = true;
    sngp_pool_run(trainer->pool, run_slice, &work, trainer->num_slices);
  }
  sngp_step_sums sums = add_up(trainer, count);
  if (trainer->output != NULL)
    sums.loss += model->config.l2_regularization *
                 (double)sngp_kernel_dot(trainer->output_size, trainer->output, trainer->output);
  model->posterior.current = false;
  sngp_model_drop_statistics(model);
  if (isfinite(sums.loss)) update(&work); /* the gradient of any other would ruin the weights */
  return sums;
}

sngp_step_sums sngp_trainer_evaluate(sngp_trainer *trainer, const sngp_dataset *data) {
  sngp_step_sums total = {0, 0};
  int64_t block = trainer->passes[0].rows * trainer->num_slices;
  for (int64_t first = 0; first < data->rows; first += block) {
    int64_t left = data->rows - first;
    job work = {.trainer = trainer,
                .data = data,
                .first = first,
                .count = left < block ? left : block,
                .forward = true};
    sngp_pool_run(trainer->pool, run_slice, &work, trainer->num_slices);
    sngp_step_sums sums = add_up(trainer, data->rows);
    total.loss += sums.loss;
    total.correct += sums.correct;
  }
  return total;
}
