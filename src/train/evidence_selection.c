/* Lengths of the kernel, or its open scale, by the evidence of some rows. */
#include "base/memory.h"
#include "train/evidence_lengths.h"
#include "train/head_job.h"

static int notify(void *context, int64_t iteration, double log_evidence) {
  sngp_head_job *job = context;
  (void)iteration;
  return sngp_head_notify(job, SNGP_HEAD_STAGE_SELECTION, log_evidence) != SNGP_OK;
}

/* As the closed form does: less their weighted means. */
static void center(double *targets, const float *weights, int64_t rows, int64_t width) {
  for (int64_t t = 0; t < width; t++) {
    double sum = 0, total = 0;
    for (int64_t i = 0; i < rows; i++) {
      sum += (double)weights[i] * targets[i * width + t];
      total += (double)weights[i];
    }
    double mean = total > 0 ? sum / total : 0;
    for (int64_t i = 0; i < rows; i++) targets[i * width + t] -= mean;
  }
}

sngp_status sngp_evidence_select(sngp_head_job *job, sngp_kept_rows *kept) {
  enum { MOST_ITERATIONS = 200 };
  sngp_model *model = job->model;
  const int64_t outputs = model->network.num_outputs;
  if (job->median_scale == 0 && model->network.length.count == 0) return SNGP_OK;
  center(kept->targets, kept->answers.weights, kept->dataset->rows, outputs);
  double *noise = sngp_allocate((size_t)outputs, sizeof *noise);
  if (noise == NULL) return sngp_fail_memory("the evidence");
  for (int64_t t = 0; t < outputs; t++) noise[t] = (double)model->network.noise[t];
  const sngp_evidence_rows rows = {.data = kept->dataset,
                                   .targets = kept->targets,
                                   .num_targets = outputs,
                                   .weights = kept->answers.weights,
                                   .count = kept->dataset->rows};
  const sngp_evidence_lengths_settings settings = {
      .max_iterations = MOST_ITERATIONS,
      .noise_mode = model->config.noise_variance != 0 ? SNGP_NOISE_GIVEN : SNGP_NOISE_OWN,
      .choose_scale = job->median_scale > 0,
      .progress = notify,
      .context = job};
  sngp_evidence_lengths_result found;
  job->step = 0;
  sngp_status status =
      sngp_evidence_choose_lengths(model, &rows, &settings, job->pool, noise, &found);
  if (status == SNGP_OK) model->config.ridge = sngp_model_nearest_ridge(found.lambda);
  sngp_release(noise);
  return status;
}
