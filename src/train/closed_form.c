/* Heads in closed form: sums over rows, and leave-one-out predictions, by which ridge, kernel
   scale, temperature and factor are chosen. */
#include <float.h>
#include <math.h>

#include "base/memory.h"
#include "gp/ridge_regression.h"
#include "train/calibration_search.h"
#include "train/head_job.h"
#include "train/ridge_search.h"
#include "train/row_sums.h"

/* Scores of one-hot targets lie between 0 and 1; as logits they are of ordinary size when they are
   divided by this. */
static const double USUAL_TEMPERATURE = 0.1;

static sngp_status notify_rows(void *context, int64_t rows) {
  return sngp_head_notify(context, SNGP_HEAD_STAGE_ROWS, (double)rows);
}

sngp_status sngp_closed_form_sum(sngp_head_job *job) {
  sngp_model *model = job->model;
  sngp_posterior_reset(&model->posterior);
  SNGP_TRY(sngp_model_take_statistics(model));
  job->step = 0;
  SNGP_TRY(sngp_row_sums_change(model, job->source, 1, job->pool, notify_rows, job));
  if (model->statistics.weight > 0) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "all %lld training rows have weight 0",
                   (long long)model->statistics.rows);
}

/* What judging candidates takes. */
typedef struct {
  sngp_head_job *job;
  sngp_target_rows rows;
  sngp_statistics statistics; /* of the kept rows, or views of the model's */
  bool own_statistics;
  sngp_ridge_regression regression;
  double *scratch, *residuals, *leverages;
  sngp_held_out held_out; /* classification */
} judge;

static sngp_status take_memory(judge *j) {
  const sngp_model *model = j->job->model;
  const int64_t size = model->posterior.size, outputs = model->network.num_outputs;
  const size_t rows = (size_t)j->rows.count;
  SNGP_TRY(sngp_ridge_regression_create(&j->regression, size, outputs));
  size_t most = sngp_leave_one_out_scratch(&j->regression, j->rows.count);
  if (j->own_statistics) {
    SNGP_TRY(sngp_statistics_create(&j->statistics, size, outputs, NULL));
    size_t sums = sngp_statistics_scratch(&j->statistics, j->rows.count);
    if (sums > most) most = sums;
  }
  j->scratch = sngp_allocate(most, sizeof *j->scratch);
  j->residuals = sngp_allocate(rows * (size_t)outputs, sizeof *j->residuals);
  j->leverages = sngp_allocate(rows, sizeof *j->leverages);
  if (j->scratch == NULL || j->residuals == NULL || j->leverages == NULL)
    return sngp_fail_memory("leave-one-out predictions");
  if (j->rows.labels == NULL) return SNGP_OK;
  const sngp_held_out_shape shape = {.passes = 1,
                                     .rows = j->rows.count,
                                     .classes = outputs,
                                     .num_variances = 1,
                                     .labels = j->rows.labels,
                                     .weights = j->rows.weights};
  return sngp_held_out_create(&shape, j->job->pool, &j->held_out);
}

static void give_back(judge *j) {
  sngp_held_out_destroy(&j->held_out);
  sngp_release(j->scratch);
  sngp_release(j->residuals);
  sngp_release(j->leverages);
  sngp_ridge_regression_destroy(&j->regression);
  if (j->own_statistics) sngp_statistics_destroy(&j->statistics);
}

static double weight_of(const judge *j, int64_t row) { return (double)j->rows.weights[row]; }

/* phi P_-1 phi^T, P_-1 being the precision without the row. */
static double left_out_leverage(const judge *j, int64_t row) {
  double rest = 1 - weight_of(j, row) * j->leverages[row];
  return j->leverages[row] / fmax(rest, 1e-12);
}

/* The normal density's, at the noise that is best for it, summed over targets, a row. */
static double regression_nll(const judge *j) {
  static const double LOG_2_PI = 1.8378770664093453;
  const int64_t outputs = j->regression.num_targets;
  double nll = 0, count = 0;
  for (int64_t i = 0; i < j->rows.count; i++) count += weight_of(j, i) > 0;
  for (int64_t t = 0; t < outputs; t++) {
    double square = 0, logs = 0;
    for (int64_t i = 0; i < j->rows.count; i++) {
      double weight = weight_of(j, i);
      if (weight == 0) continue;
      double precision = 1 / (1 / weight + left_out_leverage(j, i)); /* in units of the noise */
      double residual = j->residuals[i * outputs + t];
      square += precision * residual * residual;
      logs -= log(precision);
    }
    nll += (count * (LOG_2_PI + 1 + log(fmax(square / count, DBL_MIN))) + logs) / 2;
  }
  return nll / count;
}

/* Into the held-out rows: scores as logits of ordinary size, and variances in the references'
   convention. */
static void write_held_out(judge *j, double ridge) {
  const int64_t classes = j->regression.num_targets;
  const double prior = j->job->model->config.prior_variance;
  for (int c = 0; c < j->held_out.num_chunks; c++) {
    const sngp_held_out_chunk chunk = sngp_held_out_chunk_at(&j->held_out, c);
    for (int64_t i = 0; i < chunk.count; i++) {
      int64_t row = chunk.first + i;
      for (int64_t k = 0; k < classes; k++) {
        double score = (j->rows.labels[row] == k) - j->residuals[row * classes + k];
        chunk.logits[i * classes + k] = (float)(score / USUAL_TEMPERATURE);
      }
      chunk.variance[i] = (float)(prior * ridge * left_out_leverage(j, row));
    }
    sngp_held_out_arrange(&j->held_out, c);
  }
}

/* Temperature and factor of smallest NLL, into `setting`; returns that NLL. */
static double classification_nll(judge *j, double ridge, sngp_prediction_setting *setting) {
  write_held_out(j, ridge);
  *setting = (sngp_prediction_setting){SNGP_USUAL_FACTOR, 1};
  sngp_calibration_search(&j->held_out, true, true, setting, 1);
  return sngp_held_out_nll(&j->held_out, setting, 1);
}

static sngp_status leave_out(judge *j, double ridge) {
  SNGP_TRY(sngp_ridge_regression_fit(&j->regression, &j->statistics, ridge, true));
  sngp_leave_one_out(&j->regression, &j->rows, j->scratch, j->job->pool, j->residuals,
                     j->leverages);
  return SNGP_OK;
}

static sngp_status judge_ridge(void *context, double ridge, double *nll) {
  judge *j = context;
  sngp_prediction_setting setting;
  SNGP_TRY(leave_out(j, ridge));
  *nll = j->rows.labels != NULL ? classification_nll(j, ridge, &setting) : regression_nll(j);
  return sngp_head_notify(j->job, SNGP_HEAD_STAGE_SELECTION, *nll);
}

static double mean_square(const judge *j) {
  double sum = 0;
  for (int64_t i = 0; i < j->statistics.size; i++)
    sum += j->statistics.gram[i * j->statistics.size + i];
  return sum / j->statistics.weight;
}

static sngp_status select_among(judge *j, sngp_kept_rows *kept) {
  sngp_head_job *job = j->job;
  const int candidates = job->median_scale > 0 ? SNGP_NUM_MULTIPLES : 1;
  double best = INFINITY, ridge = job->model->config.ridge, multiple = SNGP_MULTIPLES[0];
  for (int c = 0; c < candidates; c++) {
    double own_ridge = 0, nll = 0;
    sngp_head_set_scale(job, SNGP_MULTIPLES[c]);
    SNGP_TRY(sngp_kept_rows_fill(job, kept));
    sngp_statistics_reset(&j->statistics);
    sngp_statistics_add(&j->statistics, &j->rows, j->scratch, job->pool);
    SNGP_TRY(sngp_ridge_search(judge_ridge, j, sngp_usual_ridge(mean_square(j)), &own_ridge, &nll));
    if (!(nll < best)) continue;
    best = nll;
    ridge = own_ridge;
    multiple = SNGP_MULTIPLES[c];
  }
  sngp_head_set_scale(job, multiple);
  job->model->config.ridge = ridge;
  job->result->nll = best;
  return SNGP_OK;
}

sngp_status sngp_closed_form_select(sngp_head_job *job, sngp_kept_rows *kept) {
  judge j = {.job = job, .rows = sngp_kept_rows_all(kept), .own_statistics = true};
  job->step = 0;
  sngp_status status = take_memory(&j);
  if (status == SNGP_OK) status = select_among(&j, kept);
  give_back(&j);
  return status;
}

sngp_status sngp_closed_form_calibrate(sngp_head_job *job, sngp_kept_rows *kept) {
  judge j = {.job = job, .rows = sngp_kept_rows_all(kept), .statistics = job->model->statistics};
  sngp_prediction_setting setting;
  SNGP_TRY(sngp_kept_rows_fill(job, kept));
  sngp_status status = take_memory(&j);
  if (status == SNGP_OK) status = leave_out(&j, job->model->config.ridge);
  if (status == SNGP_OK) {
    job->result->nll = classification_nll(&j, job->model->config.ridge, &setting);
    job->model->config.mean_field_factor = setting.factor;
    job->model->config.temperature = setting.temperature * USUAL_TEMPERATURE;
  }
  give_back(&j);
  return status;
}
