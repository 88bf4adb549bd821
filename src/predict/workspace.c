#include "predict/workspace.h"

#include <stdio.h>

#include "base/memory.h"
#include "linalg/blas.h"

/* Rows that a thread takes through the network at once: enough for the matrix products to be fast,
   few enough for the activations to stay in the cache. */
enum { MOST_BLOCK_ROWS = 128 };

static sngp_status take(sngp_workspace *workspace, const sngp_model *model, int num_threads,
                        bool covariance) {
  SNGP_TRY(sngp_pool_create(num_threads, &workspace->pool));
  workspace->passes = sngp_allocate((size_t)num_threads, sizeof *workspace->passes);
  workspace->scratch = sngp_allocate((size_t)num_threads, sizeof *workspace->scratch);
  if (workspace->passes == NULL || workspace->scratch == NULL)
    return sngp_fail_memory("a workspace");
  for (int i = 0; i < num_threads; i++) {
    SNGP_TRY(
        sngp_pass_create(&model->network, workspace->block_rows, false, 0, &workspace->passes[i]));
    SNGP_TRY(sngp_scratch_create(&model->network, workspace->block_rows, &workspace->scratch[i]));
  }
  if (!covariance) return SNGP_OK;
  size_t count = 0;
  if (sngp_size_multiply((size_t)workspace->max_rows, (size_t)workspace->sizes.num_features,
                         &count))
    workspace->projected = sngp_allocate(count, sizeof *workspace->projected);
  if (workspace->projected != NULL) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY, "out of memory for the covariance of %lld rows",
                   (long long)workspace->max_rows);
}

sngp_status sngp_workspace_take(const sngp_model *model, const sngp_predict_config *config,
                                int64_t max_rows, sngp_workspace **out) {
  *out = NULL;
  const sngp_network *network = &model->network;
  sngp_workspace *workspace = sngp_allocate(1, sizeof *workspace);
  if (workspace == NULL) return sngp_fail_memory("a workspace");
  *workspace = (sngp_workspace){
      .in_use = ATOMIC_FLAG_INIT,
      .block_rows = max_rows < MOST_BLOCK_ROWS ? max_rows : MOST_BLOCK_ROWS,
      .max_rows = max_rows,
      .sizes = sngp_model_sizes_of(&model->config),
  };
  int64_t blocks = (max_rows - 1) / workspace->block_rows + 1;
  int num_threads = sngp_own_threads(config->num_threads);
  if (num_threads > blocks) num_threads = (int)blocks;
  bool covariance = config->full_covariance && network->gaussian_process;
  sngp_status status = take(workspace, model, num_threads, covariance);
  if (status != SNGP_OK) {
    sngp_workspace_free(workspace);
    return status;
  }
  *out = workspace;
  return SNGP_OK;
}

enum { SIZES_TEXT_SIZE = 240, PROJECTION_TEXT_SIZE = 40 };

static void print_sizes(const sngp_model_sizes *sizes, char text[SIZES_TEXT_SIZE]) {
  char projection[PROJECTION_TEXT_SIZE] = "";
  if (sizes->projection > 0)
    snprintf(projection, sizeof projection, " projected to %lld", (long long)sizes->projection);
  snprintf(text, SIZES_TEXT_SIZE,
           "%lld inputs, %lld units%s%s, %lld inputs of features, %lld features, %lld outputs",
           (long long)sizes->inputs, (long long)sizes->hidden,
           sizes->input_layer ? "" : " (no backbone)", projection, (long long)sizes->head_inputs,
           (long long)sizes->num_features, (long long)sizes->num_outputs);
}

sngp_status sngp_workspace_check(const sngp_workspace *workspace, const sngp_model *model) {
  const sngp_model_sizes sizes = sngp_model_sizes_of(&model->config);
  if (sngp_model_sizes_same_widths(&workspace->sizes, &sizes)) return SNGP_OK;
  char made_for[SIZES_TEXT_SIZE], given[SIZES_TEXT_SIZE];
  print_sizes(&workspace->sizes, made_for);
  print_sizes(&sizes, given);
  return sngp_fail(SNGP_ERROR_DIMENSION,
                   "the workspace was made for a model of another shape: %s; not %s", made_for,
                   given);
}

void sngp_workspace_free(sngp_workspace *workspace) {
  if (workspace == NULL) return;
  int num_threads = workspace->pool != NULL ? sngp_pool_num_threads(workspace->pool) : 0;
  for (int i = 0; i < num_threads; i++) {
    if (workspace->passes != NULL) sngp_pass_destroy(&workspace->passes[i]);
    if (workspace->scratch != NULL) sngp_scratch_destroy(&workspace->scratch[i]);
  }
  sngp_pool_free(workspace->pool);
  sngp_release(workspace->passes);
  sngp_release(workspace->scratch);
  sngp_release(workspace->projected);
  sngp_release(workspace);
}
