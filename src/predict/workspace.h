/* All the memory that predictions take: threads, and for each a pass over a block of rows and what
   is gathered over several passes. */
#ifndef SNGP_PREDICT_WORKSPACE_H
#define SNGP_PREDICT_WORKSPACE_H

#include <stdatomic.h>

#include "model/model.h"
#include "model/sizes.h"
#include "predict/scratch.h"
#include "sngp/predict.h"

struct sngp_workspace {
  atomic_flag in_use; /* by a call */
  sngp_pool *pool;
  sngp_pass *passes;     /* one a thread */
  sngp_scratch *scratch; /* one a thread */
  int64_t block_rows;    /* rows of a pass */
  float *projected;      /* with full covariance: Y = Phi R^T of all rows (max_rows, M) */
  int64_t max_rows;
  sngp_model_sizes sizes; /* what the passes were laid out for */
};

sngp_status sngp_workspace_take(const sngp_model *model, const sngp_predict_config *config,
                                int64_t max_rows, sngp_workspace **workspace);

/* Whether a workspace was laid out for models like this one. */
sngp_status sngp_workspace_check(const sngp_workspace *workspace, const sngp_model *model);

#endif
