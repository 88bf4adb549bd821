#include "train/descent_fit.h"

#include "base/memory.h"
#include "linalg/kernels.h"
#include "train/covariance.h"

/* Features of a dataset are kept where they take no more bytes than this; else, and where rows come
   in batches, they are computed anew in every pass, and memory does not grow with the rows. */
static const size_t MOST_KEPT_BYTES = (size_t)1 << 30;

static sngp_linear_likelihood likelihood_of(const sngp_network *network) {
  switch (network->link) {
    case SNGP_LINK_SOFTMAX: return SNGP_LINEAR_SOFTMAX;
    case SNGP_LINK_EXPONENTIAL: return SNGP_LINEAR_POISSON;
    default: return SNGP_LINEAR_LOGISTIC;
  }
}

sngp_linear_problem sngp_descent_problem(const sngp_model *model, int64_t rows, double ridge) {
  return (sngp_linear_problem){.rows = rows,
                               .size = model->posterior.size,
                               .num_outputs = model->network.num_outputs,
                               .likelihood = likelihood_of(&model->network),
                               .intercept = true,
                               .lambda = ridge};
}

sngp_descent sngp_descent_of(int32_t solver) {
  switch (solver) {
    case SNGP_SOLVER_NEWTON: return SNGP_DESCENT_NEWTON;
    case SNGP_SOLVER_MAJORISED: return SNGP_DESCENT_MAJORISED;
    case SNGP_SOLVER_LBFGS: return SNGP_DESCENT_LBFGS;
    default: return SNGP_DESCENT_AUTOMATIC;
  }
}

/* What a solution over all rows needs of them. */
typedef struct {
  sngp_head_job *job;
  sngp_feature_rows *rows; /* where features are not kept */
  float *features;         /* (n, M), or NULL: computed in every pass */
  sngp_answers answers;
  double *parameters;
} solution;

static sngp_status take_memory(solution *s) {
  const sngp_model *model = s->job->model;
  const size_t rows = (size_t)s->job->result->rows, outputs = (size_t)model->network.num_outputs;
  const size_t width = (size_t)model->posterior.size;
  size_t bytes = 0;
  SNGP_TRY(sngp_answers_create(model, s->job->result->rows, &s->answers));
  if (s->job->source->batches == NULL &&
      sngp_size_multiply(rows, width * sizeof *s->features, &bytes) && bytes <= MOST_KEPT_BYTES)
    s->features = sngp_allocate(rows * width, sizeof *s->features);
  if (s->features == NULL)
    SNGP_TRY(sngp_feature_rows_create(model, s->job->source, s->job->pool, &s->rows));
  s->parameters = sngp_allocate((width + 1) * outputs, sizeof *s->parameters);
  return s->parameters != NULL ? SNGP_OK : sngp_fail_memory("the weights of a head");
}

static void give_back(solution *s) {
  sngp_feature_rows_free(s->rows);
  sngp_release(s->features);
  sngp_answers_destroy(&s->answers);
  sngp_release(s->parameters);
}

static sngp_status rows_changed(int64_t first) {
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "the batches gave fewer rows than before: row %lld is not there",
                   (long long)first);
}

/* What is kept of the rows. */
static sngp_status keep_rows(solution *s) {
  const sngp_head_job *job = s->job;
  const int64_t rows = job->result->rows;
  int64_t place = 0;
  for (int64_t b = 0; b < job->source->num_batches && place < rows; b++) {
    const sngp_dataset *batch = NULL;
    SNGP_TRY(sngp_row_source_batch(job->source, job->model, b, &batch));
    const int64_t count = batch->rows < rows - place ? batch->rows : rows - place;
    sngp_answers_copy(&s->answers, &job->model->network, batch, 0, count, place);
    place += count;
  }
  if (place < rows) return rows_changed(place);
  if (s->features == NULL) return SNGP_OK;
  return sngp_feature_rows_copy(job->model, job->source, job->pool, rows, s->features);
}

_Static_assert((int)SNGP_FEATURE_BLOCK >= (int)SNGP_LINEAR_BLOCK, "a block is computed at once");

static sngp_status read_features(void *context, int64_t first, int64_t count,
                                 const float **features) {
  solution *s = context;
  sngp_target_rows block;
  SNGP_TRY(sngp_feature_rows_seek(s->rows, first));
  SNGP_TRY(sngp_feature_rows_next(s->rows, count, &block));
  if (block.count < count) return rows_changed(first + block.count);
  *features = block.features;
  return SNGP_OK;
}

static sngp_status notify_iteration(void *context, const sngp_newton_result *reached) {
  const solution *s = context;
  return sngp_head_notify(s->job, SNGP_HEAD_STAGE_SOLVE, reached->value);
}

static sngp_status solve(solution *s) {
  sngp_head_job *job = s->job;
  sngp_linear_problem problem =
      sngp_descent_problem(job->model, job->result->rows, job->model->config.ridge);
  problem.features = s->features;
  if (s->features == NULL) {
    problem.read = read_features;
    problem.context = s;
  }
  problem.labels = s->answers.labels;
  problem.targets = s->answers.targets;
  problem.weights = s->answers.weights;
  const sngp_newton_settings settings = {sngp_descent_of(job->config->solver),
                                         job->config->tolerance, job->config->max_iterations};
  sngp_newton_result found;
  job->step = 0;
  SNGP_TRY(sngp_newton_solve(&problem, &settings, job->pool, notify_iteration, s, s->parameters,
                             &found));
  job->result->objective = found.value;
  job->result->gradient = found.gradient;
  job->result->iterations = found.iterations;
  job->result->passes = found.passes;
  job->result->converged = found.converged;
  return SNGP_OK;
}

static sngp_status sum_posterior(const sngp_head_job *job) {
  for (int64_t b = 0; b < job->source->num_batches; b++) {
    const sngp_dataset *batch = NULL;
    SNGP_TRY(sngp_row_source_batch(job->source, job->model, b, &batch));
    SNGP_TRY(sngp_covariance_accumulate(job->model, batch, b == 0 ? 0 : 1, 1, job->pool));
  }
  return sngp_posterior_finish(&job->model->posterior, job->model->config.ridge);
}

sngp_status sngp_descent_fit(sngp_head_job *job) {
  solution s = {.job = job};
  sngp_status status = take_memory(&s);
  if (status == SNGP_OK) status = keep_rows(&s);
  if (status == SNGP_OK) status = solve(&s);
  if (status == SNGP_OK) {
    sngp_model_set_output(job->model, s.parameters);
    if (!sngp_kernel_all_finite(job->model->table.trainable_size, job->model->trainable))
      status = sngp_fail(SNGP_ERROR_NUMERICAL,
                         "an output weight is beyond single precision: are features or targets "
                         "very large?");
  }
  give_back(&s);
  return status == SNGP_OK ? sum_posterior(job) : status;
}
