/* Lengths of the kernel, lambda and noise of a Gaussian regression head by the evidence, with the
   frequencies fixed (MacKay, "Bayesian Interpolation", Neural Computation 4, 1992; Neal, 1996, for
   one length a column). */
#ifndef SNGP_TRAIN_EVIDENCE_LENGTHS_H
#define SNGP_TRAIN_EVIDENCE_LENGTHS_H

#include "train/length_evidence.h"

typedef struct {
  int64_t max_iterations;
  sngp_noise_mode noise_mode;
  bool choose_scale; /* kernel_scale too, where no lengths are trained */
  /* Called after each iteration with the evidence; anything but 0 cancels. May be NULL. */
  int (*progress)(void *context, int64_t iteration, double log_evidence);
  void *context;
} sngp_evidence_lengths_settings;

typedef struct {
  double lambda;
  double log_evidence;
  int64_t iterations;
} sngp_evidence_lengths_result;

/* Maximises the evidence of the targets, which the caller has centred, plus the logarithm of a
   prior on the lengths. Writes kernel.log_length (kernel_scaling TRAINED or ARD), or with
   `choose_scale` kernel_scale, and noise (T; read where it is given). The model's other scales are
   chosen before. On failure (SNGP_ERROR_CANCELLED, _NUMERICAL, _OUT_OF_MEMORY) the model is as it
   was. */
sngp_status sngp_evidence_choose_lengths(sngp_model *model, const sngp_evidence_rows *rows,
                                         const sngp_evidence_lengths_settings *settings,
                                         sngp_pool *pool, double *noise,
                                         sngp_evidence_lengths_result *result);

#endif
