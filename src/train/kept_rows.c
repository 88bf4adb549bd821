#include <string.h>

#include "base/memory.h"
#include "train/head_job.h"

sngp_status sngp_kept_rows_create(const sngp_head_job *job, const sngp_dataset *dataset,
                                  sngp_kept_rows *kept) {
  const sngp_network *network = &job->model->network;
  const bool classifies = job->model->config.task == SNGP_TASK_CLASSIFICATION;
  size_t rows = (size_t)dataset->rows, area = 0;
  *kept = (sngp_kept_rows){.dataset = dataset};
  if (sngp_size_multiply(rows, (size_t)network->features.num_features, &area))
    kept->features = sngp_allocate(area, sizeof *kept->features);
  kept->weights = sngp_allocate(rows, sizeof *kept->weights);
  if (classifies)
    kept->labels = sngp_allocate(rows, sizeof *kept->labels);
  else
    kept->targets = sngp_allocate(rows * (size_t)network->num_outputs, sizeof *kept->targets);
  const bool answers = classifies ? kept->labels != NULL : kept->targets != NULL;
  if (kept->features != NULL && kept->weights != NULL && answers) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY, "out of memory for the features of %lld rows",
                   (long long)dataset->rows);
}

void sngp_kept_rows_destroy(sngp_kept_rows *kept) {
  sngp_release(kept->features);
  sngp_release(kept->weights);
  sngp_release(kept->labels);
  sngp_release(kept->targets);
  *kept = (sngp_kept_rows){0};
}

static void copy_block(const sngp_kept_rows *kept, const sngp_network *network,
                       const sngp_target_rows *block, int64_t first) {
  int64_t width = network->features.num_features, outputs = network->num_outputs;
  size_t count = (size_t)block->count;
  memcpy(kept->features + first * width, block->features,
         count * (size_t)width * sizeof *kept->features);
  memcpy(kept->weights + first, block->weights, count * sizeof *kept->weights);
  if (kept->labels != NULL)
    memcpy(kept->labels + first, block->labels, count * sizeof *kept->labels);
  if (kept->targets != NULL)
    memcpy(kept->targets + first * outputs, block->targets,
           count * (size_t)outputs * sizeof *kept->targets);
}

sngp_status sngp_kept_rows_fill(const sngp_head_job *job, sngp_kept_rows *kept) {
  const sngp_row_source source = sngp_row_source_of(kept->dataset);
  sngp_feature_rows *rows = NULL;
  sngp_target_rows block = {0};
  SNGP_TRY(sngp_feature_rows_create(job->model, &source, job->pool, &rows));
  for (int64_t first = 0; first < kept->dataset->rows; first += block.count) {
    sngp_feature_rows_next(rows, SNGP_FEATURE_BLOCK, &block); /* a dataset's cannot fail */
    copy_block(kept, &job->model->network, &block, first);
  }
  sngp_feature_rows_free(rows);
  return SNGP_OK;
}

sngp_target_rows sngp_kept_rows_all(const sngp_kept_rows *kept) {
  return (sngp_target_rows){.count = kept->dataset->rows,
                            .features = kept->features,
                            .targets = kept->targets,
                            .labels = kept->labels,
                            .weights = kept->weights};
}
