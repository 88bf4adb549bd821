/* Ridge and kernel scale of heads without a closed form, by the loss of held-out folds. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/dataset.h"
#include "data/split.h"
#include "linalg/blas.h"
#include "linalg/kernels.h"
#include "nn/link.h"
#include "predict/predict.h"
#include "train/calibration_search.h"
#include "train/coordinates.h"
#include "train/covariance.h"
#include "train/descent_fit.h"
#include "train/ridge_search.h"

/* Candidates are told apart long before the weights are exact. */
static const double SELECTION_TOLERANCE = 1e-3;

typedef struct {
  sngp_head_job *job;
  sngp_kept_rows *kept;
  int64_t rows, num_folds;
  int32_t *fold_of;    /* (n) */
  float *weights;      /* (n): of the rows, 0 in the fold that is held out */
  double **parameters; /* one a fold (M + 1, O): the last solution, where the next one starts */
  float *beta;         /* (M + 1, O) */
  float *outputs;      /* (n, O): held-out ones, of the rows of each fold */
  float *row;          /* (O) */
  sngp_coordinates coordinates; /* where rows are few; then (r + 1, O) of the parameters count */
  bool few;
} validation;

/* What stands for the rows' features, (n, width). */
static const float *features_of(const validation *v) {
  return v->few ? v->coordinates.coordinates : v->kept->features;
}

static int64_t width_of(const validation *v) {
  return v->few ? v->coordinates.rank : v->job->model->posterior.size;
}

/* The features by the model as it is now. */
static sngp_status fill_features(validation *v) {
  SNGP_TRY(sngp_kept_rows_fill(v->job, v->kept));
  return v->few ? sngp_coordinates_find(&v->coordinates, v->kept->features) : SNGP_OK;
}

/* Rows are dealt out one by one, in a seeded order, those of a class after those of another, so
   that each fold has its share of every class. */
static sngp_status deal(validation *v) {
  const int32_t *labels = v->kept->answers.labels;
  int64_t *order = sngp_allocate((size_t)v->rows, sizeof *order), dealt = 0;
  const int64_t classes = labels != NULL ? v->job->model->config.num_classes : 1;
  if (order == NULL) return sngp_fail_memory("folds");
  sngp_random_stream stream =
      sngp_random_open(v->job->model->config.seed, SNGP_RANDOM_SUBSAMPLE, 2, 0);
  sngp_random_permutation(&stream, order, v->rows);
  for (int64_t k = 0; k < classes; k++)
    for (int64_t i = 0; i < v->rows; i++)
      if (labels == NULL || labels[order[i]] == k)
        v->fold_of[order[i]] = (int32_t)(dealt++ % v->num_folds);
  sngp_release(order);
  return SNGP_OK;
}

static sngp_status take_memory(validation *v) {
  const sngp_network *network = &v->job->model->network;
  const size_t rows = (size_t)v->rows, outputs = (size_t)network->num_outputs;
  const size_t side = (size_t)(v->job->model->posterior.size + 1);
  v->fold_of = sngp_allocate(rows, sizeof *v->fold_of);
  v->weights = sngp_allocate(rows, sizeof *v->weights);
  v->parameters = sngp_allocate((size_t)v->num_folds, sizeof *v->parameters);
  v->beta = sngp_allocate(side * outputs, sizeof *v->beta);
  v->outputs = sngp_allocate(rows * outputs, sizeof *v->outputs);
  v->row = sngp_allocate(outputs, sizeof *v->row);
  bool all = v->fold_of != NULL && v->weights != NULL && v->parameters != NULL && v->beta != NULL &&
             v->outputs != NULL && v->row != NULL;
  for (int64_t f = 0; all && f < v->num_folds; f++) {
    v->parameters[f] = sngp_allocate(side * outputs, sizeof **v->parameters);
    all = v->parameters[f] != NULL;
  }
  if (!all) return sngp_fail_memory("cross-validation");
  v->few = sngp_coordinates_pay(v->rows, v->job->model->posterior.size);
  if (v->few)
    SNGP_TRY(sngp_coordinates_create(&v->coordinates, v->rows, v->job->model->posterior.size,
                                     network->num_outputs));
  return deal(v);
}

static void give_back(validation *v) {
  for (int64_t f = 0; v->parameters != NULL && f < v->num_folds; f++)
    sngp_release(v->parameters[f]);
  sngp_release(v->parameters);
  sngp_release(v->fold_of);
  sngp_release(v->weights);
  sngp_release(v->beta);
  sngp_release(v->outputs);
  sngp_release(v->row);
  sngp_coordinates_destroy(&v->coordinates);
}

/* The weights of all rows but those of a fold. */
static void hold_out(validation *v, int64_t fold) {
  for (int64_t i = 0; i < v->rows; i++)
    v->weights[i] = v->fold_of[i] == fold ? 0 : v->kept->answers.weights[i];
}

static sngp_status solve_without(validation *v, int64_t fold, double ridge) {
  const sngp_head_job *job = v->job;
  sngp_linear_problem problem = sngp_descent_problem(job->model, v->rows, ridge);
  problem.size = width_of(v);
  problem.features = features_of(v);
  problem.labels = v->kept->answers.labels;
  problem.targets = v->kept->answers.targets;
  problem.weights = v->weights;
  const sngp_newton_settings settings = {sngp_descent_of(job->config->solver),
                                         fmax(job->config->tolerance, SELECTION_TOLERANCE),
                                         job->config->max_iterations};
  sngp_newton_result found;
  hold_out(v, fold);
  return sngp_newton_solve(&problem, &settings, job->pool, NULL, NULL, v->parameters[fold], &found);
}

/* The outputs of a fold's rows by the weights that were found without them. */
static void predict_fold(validation *v, int64_t fold) {
  const int64_t size = width_of(v), outputs = v->job->model->network.num_outputs;
  const float *features = features_of(v), *bias = v->beta + size * outputs;
  sngp_kernel_from_double((size_t)((size + 1) * outputs), v->parameters[fold], 1, v->beta);
  for (int64_t i = 0; i < v->rows; i++) {
    if (v->fold_of[i] != fold) continue;
    float *row = v->outputs + i * outputs;
    sngp_sgemm(false, false, 1, outputs, size, features + i * size, size, v->beta, outputs, 0, row,
               outputs);
    sngp_kernel_add((size_t)outputs, bias, row);
  }
}

/* The weighted mean loss of the held-out outputs. */
static double loss_of(const validation *v) {
  const sngp_network *network = &v->job->model->network;
  const sngp_answers *answers = &v->kept->answers;
  const int64_t outputs = network->num_outputs;
  double loss = 0, total = 0;
  for (int64_t i = 0; i < v->rows; i++) {
    memcpy(v->row, v->outputs + i * outputs, (size_t)outputs * sizeof *v->row);
    const float *weight = answers->weights + i;
    const float label = answers->labels != NULL ? (float)answers->labels[i] : 0;
    if (network->link == SNGP_LINK_SOFTMAX)
      loss += sngp_softmax_cross_entropy(v->row, answers->labels + i, weight, 1, outputs, 1).loss;
    else
      loss += sngp_link_loss(network->link, v->row,
                             answers->targets != NULL ? answers->targets + i * outputs : &label,
                             weight, 1, outputs, 1)
                  .loss;
    total += (double)*weight;
  }
  return loss / total;
}

static sngp_status validate(void *context, double ridge, double *loss) {
  validation *v = context;
  for (int64_t f = 0; f < v->num_folds; f++) {
    SNGP_TRY(solve_without(v, f, ridge));
    predict_fold(v, f);
  }
  *loss = loss_of(v);
  return sngp_head_notify(v->job, SNGP_HEAD_STAGE_SELECTION, *loss);
}

static double usual_ridge(const validation *v) {
  const size_t size = (size_t)width_of(v);
  double sum = 0;
  for (int64_t i = 0; i < v->rows; i++)
    sum += sngp_kernel_square_norm(size, features_of(v) + (size_t)i * size);
  return sngp_usual_ridge(sum / (double)v->rows);
}

/* Solutions of other features are no start. */
static void forget_solutions(validation *v) {
  const size_t count =
      (size_t)((v->job->model->posterior.size + 1) * v->job->model->network.num_outputs);
  for (int64_t f = 0; f < v->num_folds; f++)
    memset(v->parameters[f], 0, count * sizeof **v->parameters);
}

static sngp_status use_scale(validation *v, double multiple) {
  sngp_head_set_scale(v->job, multiple);
  forget_solutions(v);
  return fill_features(v);
}

/* The scale at the usual ridge, then the ridge at that scale. */
static sngp_status select_scale(validation *v) {
  double best = INFINITY, chosen = SNGP_MULTIPLES[0];
  if (v->job->median_scale == 0) return fill_features(v);
  for (int c = 0; c < SNGP_NUM_MULTIPLES; c++) {
    double loss = 0;
    SNGP_TRY(use_scale(v, SNGP_MULTIPLES[c]));
    SNGP_TRY(validate(v, usual_ridge(v), &loss));
    if (!(loss < best)) continue;
    best = loss;
    chosen = SNGP_MULTIPLES[c];
  }
  return use_scale(v, chosen);
}

static sngp_status select_ridge(validation *v) {
  SNGP_TRY(select_scale(v));
  return sngp_ridge_search(validate, v, usual_ridge(v), &v->job->model->config.ridge,
                           &v->job->result->nll);
}

/* Held-out logits and variances, each row by a head that was fitted without it. */
typedef struct {
  validation *v;
  sngp_model *trial;  /* a copy of the model, with a fold's weights and posterior */
  sngp_dataset *rows; /* the kept rows, with the fold's weights */
  sngp_workspace *workspace;
  sngp_pass_outputs all;    /* of all rows, by the trial */
  float *logits, *variance; /* (n, K), (n, V): of the held-out ones */
  double *parameters;       /* (M + 1, O), by the coordinates' */
} held_out_passes;

static sngp_status prepare_passes(held_out_passes *p) {
  const sngp_model *model = p->v->job->model;
  const size_t rows = (size_t)p->v->rows, classes = (size_t)model->network.num_probabilities;
  const size_t variances = (size_t)model->network.num_variances;
  const sngp_predict_config config = {
      .struct_size = sizeof config, .num_threads = (int32_t)sngp_pool_num_threads(p->v->job->pool)};
  SNGP_TRY(sngp_model_copy(model, &p->trial));
  SNGP_TRY(sngp_dataset_copy_rows(p->v->kept->dataset, NULL, p->v->rows, &p->rows));
  SNGP_TRY(sngp_workspace_take(model, &config, p->v->rows, &p->workspace));
  p->all.logits = sngp_allocate(rows * classes, sizeof(float));
  p->all.variance = sngp_allocate(rows * variances, sizeof(float));
  p->logits = sngp_allocate(rows * classes, sizeof(float));
  p->variance = sngp_allocate(rows * variances, sizeof(float));
  p->parameters = sngp_allocate((size_t)((model->posterior.size + 1) * model->network.num_outputs),
                                sizeof *p->parameters);
  if (p->all.logits != NULL && p->all.variance != NULL && p->logits != NULL &&
      p->variance != NULL && p->parameters != NULL)
    return SNGP_OK;
  return sngp_fail_memory("held-out predictions");
}

static void release_passes(held_out_passes *p) {
  sngp_model_free(p->trial);
  sngp_dataset_free(p->rows);
  sngp_workspace_free(p->workspace);
  sngp_release(p->all.logits);
  sngp_release(p->all.variance);
  sngp_release(p->logits);
  sngp_release(p->variance);
  sngp_release(p->parameters);
}

/* A fold's weights into the trial. */
static void write_solution(const held_out_passes *p, int64_t fold) {
  const validation *v = p->v;
  const int64_t size = v->job->model->posterior.size, outputs = p->trial->network.num_outputs;
  const double *solution = v->parameters[fold], *biases = solution + width_of(v) * outputs;
  if (v->few) {
    sngp_coordinates_weights(&v->coordinates, solution, outputs, p->parameters);
    memcpy(p->parameters + size * outputs, biases, (size_t)outputs * sizeof *biases);
    solution = p->parameters;
  }
  sngp_model_set_output(p->trial, solution);
}

static sngp_status pass_of_fold(held_out_passes *p, int64_t fold) {
  validation *v = p->v;
  const sngp_network *network = &p->trial->network;
  const int64_t classes = network->num_probabilities, variances = network->num_variances;
  hold_out(v, fold);
  SNGP_TRY(sngp_dataset_weigh(p->rows, v->weights));
  write_solution(p, fold);
  SNGP_TRY(sngp_covariance_fit(p->trial, p->rows, v->job->pool));
  const sngp_model *model = p->trial;
  const sngp_members members = {&model, 1};
  const sngp_inputs inputs = {p->rows->features, v->rows, p->rows->row_stride};
  const sngp_prediction nothing_else = {.struct_size = sizeof nothing_else};
  const sngp_predict_config config = {.struct_size = sizeof config,
                                      .method = SNGP_PREDICT_MEAN_FIELD,
                                      .num_threads = 1,
                                      .mean_field_factor = (double)NAN,
                                      .temperature = (double)NAN};
  sngp_predict_rows(&members, p->workspace, &inputs, &config, &nothing_else, &p->all);
  for (int64_t i = 0; i < v->rows; i++) {
    if (v->fold_of[i] != fold) continue;
    memcpy(p->logits + i * classes, p->all.logits + i * classes, (size_t)classes * sizeof(float));
    memcpy(p->variance + i * variances, p->all.variance + i * variances,
           (size_t)variances * sizeof(float));
  }
  return SNGP_OK;
}

static sngp_status tune(const held_out_passes *p) {
  sngp_head_job *job = p->v->job;
  const sngp_network *network = &job->model->network;
  const int64_t classes = network->num_probabilities, variances = network->num_variances;
  const sngp_held_out_shape shape = {.passes = 1,
                                     .rows = p->v->rows,
                                     .classes = classes,
                                     .num_variances = variances,
                                     .labels = p->v->kept->answers.labels,
                                     .weights = p->v->kept->answers.weights};
  sngp_held_out held_out;
  sngp_prediction_setting setting = {SNGP_USUAL_FACTOR, 1};
  SNGP_TRY(sngp_held_out_create(&shape, job->pool, &held_out));
  for (int c = 0; c < held_out.num_chunks; c++) {
    const sngp_held_out_chunk chunk = sngp_held_out_chunk_at(&held_out, c);
    memcpy(chunk.logits, p->logits + chunk.first * classes,
           (size_t)(chunk.count * classes) * sizeof(float));
    memcpy(chunk.variance, p->variance + chunk.first * variances,
           (size_t)(chunk.count * variances) * sizeof(float));
    sngp_held_out_arrange(&held_out, c);
  }
  sngp_calibration_search(&held_out, true, true, &setting, 1);
  job->result->nll = sngp_held_out_nll(&held_out, &setting, 1);
  job->model->config.mean_field_factor = setting.factor;
  job->model->config.temperature = setting.temperature;
  sngp_held_out_destroy(&held_out);
  return SNGP_OK;
}

/* The solutions of the last ridge that was looked at are those of another: they are found again. */
static sngp_status calibrate(validation *v) {
  held_out_passes p = {.v = v};
  sngp_status status = prepare_passes(&p);
  for (int64_t f = 0; f < v->num_folds && status == SNGP_OK; f++) {
    status = solve_without(v, f, v->job->model->config.ridge);
    if (status == SNGP_OK) status = pass_of_fold(&p, f);
  }
  if (status == SNGP_OK) status = tune(&p);
  release_passes(&p);
  return status;
}

sngp_status sngp_descent_select(sngp_head_job *job, sngp_kept_rows *kept, bool calibrates) {
  validation v = {
      .job = job, .kept = kept, .rows = kept->dataset->rows, .num_folds = job->config->num_folds};
  if (v.num_folds > v.rows) v.num_folds = v.rows;
  job->step = 0;
  sngp_status status = take_memory(&v);
  if (status == SNGP_OK)
    status = job->config->selection == SNGP_SELECTION_CROSS_VALIDATION ? select_ridge(&v)
                                                                       : fill_features(&v);
  sngp_head_set_prior(job->model);
  if (status == SNGP_OK && calibrates) status = calibrate(&v);
  give_back(&v);
  return status;
}
