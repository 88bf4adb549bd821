#include "train/row_sums.h"

#include "base/memory.h"

static sngp_status change(sngp_statistics *sums, sngp_feature_rows *rows, double sign,
                          double *scratch, sngp_pool *pool, sngp_row_sums_progress progress,
                          void *context) {
  for (;;) {
    sngp_target_rows block;
    SNGP_TRY(sngp_feature_rows_next(rows, SNGP_FEATURE_BLOCK, &block));
    if (block.count == 0) return SNGP_OK;
    if (sign > 0)
      sngp_statistics_add(sums, &block, scratch, pool);
    else
      sngp_statistics_subtract(sums, &block, scratch, pool);
    if (progress != NULL) SNGP_TRY(progress(context, sums->rows));
  }
}

sngp_status sngp_row_sums_change(sngp_model *model, const sngp_row_source *source, double sign,
                                 sngp_pool *pool, sngp_row_sums_progress progress, void *context) {
  sngp_statistics *sums = &model->statistics;
  sngp_feature_rows *rows = NULL;
  SNGP_TRY(sngp_feature_rows_create(model, source, pool, &rows));
  double *scratch =
      sngp_allocate(sngp_statistics_scratch(sums, SNGP_FEATURE_BLOCK), sizeof *scratch);
  sngp_status status = scratch != NULL ? change(sums, rows, sign, scratch, pool, progress, context)
                                       : sngp_fail_memory("sums over rows");
  sngp_release(scratch);
  sngp_feature_rows_free(rows);
  return status;
}
