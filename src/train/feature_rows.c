#include "train/feature_rows.h"

#include <string.h>

#include "base/memory.h"
#include "linalg/kernels.h"
#include "train/answers.h"
#include "train/steady_rows.h"

/* A task's, so that a block is shared out, and a row's features do not depend on how. */
enum { ROWS_OF_TASK = SNGP_STEADY_ROWS, TASKS = SNGP_FEATURE_BLOCK / ROWS_OF_TASK };

struct sngp_feature_rows {
  const sngp_model *model;
  const sngp_row_source *source;
  sngp_pool *pool;
  sngp_pass passes[TASKS];
  float *features;      /* (BLOCK, M) */
  sngp_answers answers; /* (BLOCK) */
  double *targets;      /* theirs (BLOCK, O), or NULL */
  const sngp_dataset *batch;
  int64_t next_batch, next_row; /* of the batch */
  int64_t position;             /* of the next row, over all batches */
};

static sngp_status take_memory(sngp_feature_rows *rows) {
  const sngp_network *network = &rows->model->network;
  size_t outputs = (size_t)network->num_outputs, width = (size_t)network->features.num_features;
  for (int i = 0; i < TASKS; i++)
    SNGP_TRY(sngp_pass_create(network, ROWS_OF_TASK, false, 0, &rows->passes[i]));
  SNGP_TRY(sngp_answers_create(rows->model, SNGP_FEATURE_BLOCK, &rows->answers));
  rows->features = sngp_allocate(SNGP_FEATURE_BLOCK * width, sizeof *rows->features);
  if (rows->answers.targets != NULL)
    rows->targets = sngp_allocate(SNGP_FEATURE_BLOCK * outputs, sizeof *rows->targets);
  if (rows->features != NULL && (rows->answers.targets == NULL || rows->targets != NULL))
    return SNGP_OK;
  return sngp_fail_memory("the features of training rows");
}

sngp_status sngp_feature_rows_create(const sngp_model *model, const sngp_row_source *source,
                                     sngp_pool *pool, sngp_feature_rows **made) {
  *made = NULL;
  sngp_feature_rows *rows = sngp_allocate(1, sizeof *rows);
  if (rows == NULL) return sngp_fail_memory("the features of training rows");
  rows->model = model;
  rows->source = source;
  rows->pool = pool;
  sngp_status status = take_memory(rows);
  if (status != SNGP_OK) {
    sngp_feature_rows_free(rows);
    return status;
  }
  *made = rows;
  return SNGP_OK;
}

void sngp_feature_rows_free(sngp_feature_rows *rows) {
  if (rows == NULL) return;
  for (int i = 0; i < TASKS; i++) sngp_pass_destroy(&rows->passes[i]);
  sngp_release(rows->features);
  sngp_answers_destroy(&rows->answers);
  sngp_release(rows->targets);
  sngp_release(rows);
}

/* Rows of one batch on their way into places of the block. */
typedef struct {
  sngp_feature_rows *rows;
  const sngp_dataset *batch;
  int64_t first, place, count;
} piece;

static void compute_features(void *context, int index) {
  const piece *p = context;
  const sngp_network *network = &p->rows->model->network;
  sngp_pass *pass = &p->rows->passes[index];
  int64_t begin = (int64_t)index * ROWS_OF_TASK, left = p->count - begin;
  int64_t count = left < ROWS_OF_TASK ? left : ROWS_OF_TASK;
  int64_t width = network->features.num_features;
  for (int64_t i = 0; i < count; i++)
    sngp_pass_set_row(network, pass, i,
                      p->batch->features + (p->first + begin + i) * p->batch->row_stride);
  sngp_steady_features(network, pass, count);
  memcpy(p->rows->features + (p->place + begin) * width, pass->phi,
         (size_t)(count * width) * sizeof(float));
}

static void copy_answers(const piece *p) {
  sngp_feature_rows *rows = p->rows;
  const sngp_network *network = &rows->model->network;
  const int64_t outputs = network->num_outputs;
  sngp_answers_copy(&rows->answers, network, p->batch, p->first, p->count, p->place);
  if (rows->targets != NULL)
    sngp_kernel_to_double((size_t)(p->count * outputs), rows->answers.targets + p->place * outputs,
                          1, rows->targets + p->place * outputs);
}

static bool batch_is_used_up(const sngp_feature_rows *rows) {
  return rows->batch == NULL || rows->next_row == rows->batch->rows;
}

/* Once a batch is used up, the next one; NULL after the last. */
static sngp_status use_next_batch(sngp_feature_rows *rows) {
  rows->batch = NULL;
  rows->next_row = 0;
  if (rows->next_batch == rows->source->num_batches) return SNGP_OK;
  return sngp_row_source_batch(rows->source, rows->model, rows->next_batch++, &rows->batch);
}

static void advance(sngp_feature_rows *rows, int64_t count) {
  rows->next_row += count;
  rows->position += count;
}

sngp_status sngp_feature_rows_seek(sngp_feature_rows *rows, int64_t row) {
  if (row < rows->position) {
    rows->batch = NULL;
    rows->next_batch = rows->next_row = rows->position = 0;
  }
  while (rows->position < row) {
    if (batch_is_used_up(rows)) SNGP_TRY(use_next_batch(rows));
    if (rows->batch == NULL) return SNGP_OK; /* there are no rows there */
    int64_t left = rows->batch->rows - rows->next_row, wanted = row - rows->position;
    advance(rows, left < wanted ? left : wanted);
  }
  return SNGP_OK;
}

sngp_status sngp_feature_rows_next(sngp_feature_rows *rows, int64_t wanted,
                                   sngp_target_rows *block) {
  *block = (sngp_target_rows){.features = rows->features,
                              .targets = rows->targets,
                              .labels = rows->answers.labels,
                              .weights = rows->answers.weights};
  while (block->count < wanted) {
    if (batch_is_used_up(rows)) SNGP_TRY(use_next_batch(rows));
    if (rows->batch == NULL) break;
    int64_t left = rows->batch->rows - rows->next_row, room = wanted - block->count;
    piece p = {.rows = rows,
               .batch = rows->batch,
               .first = rows->next_row,
               .place = block->count,
               .count = left < room ? left : room};
    sngp_pool_run(rows->pool, compute_features, &p,
                  (int)((p.count + ROWS_OF_TASK - 1) / ROWS_OF_TASK));
    copy_answers(&p);
    advance(rows, p.count);
    block->count += p.count;
  }
  return SNGP_OK;
}

sngp_status sngp_feature_rows_copy(const sngp_model *model, const sngp_row_source *source,
                                   sngp_pool *pool, int64_t count, float *features) {
  const int64_t width = model->network.features.num_features;
  sngp_feature_rows *rows = NULL;
  sngp_target_rows block = {0};
  SNGP_TRY(sngp_feature_rows_create(model, source, pool, &rows));
  for (int64_t first = 0; first < count; first += block.count) {
    (void)sngp_feature_rows_next(rows, SNGP_FEATURE_BLOCK, &block); /* a dataset's cannot fail */
    memcpy(features + first * width, block.features,
           (size_t)(block.count * width) * sizeof *features);
  }
  sngp_feature_rows_free(rows);
  return SNGP_OK;
}
