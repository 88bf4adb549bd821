/* A direct fit under way, as its parts see it. */
#ifndef SNGP_TRAIN_HEAD_JOB_H
#define SNGP_TRAIN_HEAD_JOB_H

#include "train/answers.h"
#include "train/feature_rows.h"
#include "train/head_fit.h"

typedef struct {
  sngp_model *model; /* a copy, which becomes the model in the end */
  const sngp_row_source *source;
  const sngp_head_fit_config *config; /* solver and selection resolved */
  sngp_pool *pool;
  sngp_head_fit_result *result;
  double median_scale; /* kernel_scale is a multiple of this where it is open; 0: it is not */
  int64_t step;        /* of the stage */
} sngp_head_job;

/* Tells the callback; SNGP_ERROR_CANCELLED where it says so. */
sngp_status sngp_head_notify(sngp_head_job *job, int32_t stage, double value);

/* Some rows, all in memory: those of a dataset, and their features once they were computed. */
typedef struct {
  const sngp_dataset *dataset;
  float *features; /* (n, M) */
  sngp_answers answers;
  double *targets; /* theirs (n, O), or NULL */
} sngp_kept_rows;

/* With the answers of a prepared model; to be destroyed on failure too. */
sngp_status sngp_kept_rows_create(const sngp_head_job *job, const sngp_dataset *dataset,
                                  sngp_kept_rows *kept);
void sngp_kept_rows_destroy(sngp_kept_rows *kept);

/* Computes the features, by the model as it is now. */
sngp_status sngp_kept_rows_fill(const sngp_head_job *job, sngp_kept_rows *kept);

sngp_target_rows sngp_kept_rows_all(const sngp_kept_rows *kept);

/* Sets kernel_scale to a multiple of the median, where it is open. */
void sngp_head_set_scale(const sngp_head_job *job, double multiple);

/* The prior variance that a fit implies: where the likelihood weighs the rows of the posterior, 1 /
   ridge, so that variances are those of (ridge I + Phi^T W Phi)^-1; else the references' 1. */
void sngp_head_set_prior(sngp_model *model);

/* Sets ridge and kernel_scale of a head in closed form by leave-one-out, and tunes temperature and
   factor; whatever is open and asked for. */
sngp_status sngp_closed_form_select(sngp_head_job *job, sngp_kept_rows *kept);

/* Gaussian regression: lengths of the kernel that are trained, or its scale where that is open, and
   a ridge to begin with, of largest evidence. */
sngp_status sngp_evidence_select(sngp_head_job *job, sngp_kept_rows *kept);

/* One pass over all rows into the model's sums. */
sngp_status sngp_closed_form_sum(sngp_head_job *job);

/* The model's temperature and factor by its leave-one-out predictions of these rows, which are
   among those it was fitted to. */
sngp_status sngp_closed_form_calibrate(sngp_head_job *job, sngp_kept_rows *kept);

#endif
