#include "base/memory.h"
#include "linalg/kernels.h"
#include "train/head_job.h"

static sngp_status take_features(sngp_kept_rows *kept, int64_t width) {
  size_t area = 0;
  if (sngp_size_multiply((size_t)kept->dataset->rows, (size_t)width, &area))
    kept->features = sngp_allocate(area, sizeof *kept->features);
  if (kept->features != NULL) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY, "out of memory for the features of %lld rows",
                   (long long)kept->dataset->rows);
}

sngp_status sngp_kept_rows_create(const sngp_head_job *job, const sngp_dataset *dataset,
                                  sngp_kept_rows *kept) {
  const sngp_network *network = &job->model->network;
  *kept = (sngp_kept_rows){.dataset = dataset};
  SNGP_TRY(take_features(kept, network->features.num_features));
  SNGP_TRY(sngp_answers_create(job->model, dataset->rows, &kept->answers));
  sngp_answers_copy(&kept->answers, network, dataset, 0, dataset->rows, 0);
  if (kept->answers.targets == NULL) return SNGP_OK;
  const size_t count = (size_t)(dataset->rows * network->num_outputs);
  kept->targets = sngp_allocate(count, sizeof *kept->targets);
  if (kept->targets == NULL) return sngp_fail_memory("the targets of rows");
  sngp_kernel_to_double(count, kept->answers.targets, 1, kept->targets);
  return SNGP_OK;
}

void sngp_kept_rows_destroy(sngp_kept_rows *kept) {
  sngp_release(kept->features);
  sngp_answers_destroy(&kept->answers);
  sngp_release(kept->targets);
  *kept = (sngp_kept_rows){0};
}

sngp_status sngp_kept_rows_fill(const sngp_head_job *job, sngp_kept_rows *kept) {
  const sngp_row_source source = sngp_row_source_of(kept->dataset);
  return sngp_feature_rows_copy(job->model, &source, job->pool, kept->dataset->rows,
                                kept->features);
}

sngp_target_rows sngp_kept_rows_all(const sngp_kept_rows *kept) {
  return (sngp_target_rows){.count = kept->dataset->rows,
                            .features = kept->features,
                            .targets = kept->targets,
                            .labels = kept->answers.labels,
                            .weights = kept->answers.weights};
}
