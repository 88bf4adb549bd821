/* The passes of a block of rows: every member of an ensemble, and of each member as many draws or
   dropout passes as the method asks for; summed up in a thread's scratch. */
#ifndef SNGP_PREDICT_PASSES_H
#define SNGP_PREDICT_PASSES_H

#include "predict/predict.h"

typedef struct {
  const sngp_members *members;
  const sngp_inputs *inputs;
  const sngp_predict_config *config;
  /* what is wanted of them */
  bool variance, probabilities, entropy;
  bool distribution; /* regression: of targets */
  bool draws;       /* logits are drawn where the method draws them; else one pass gives the mean */
  float *samples;   /* (P, rows, K), or NULL */
  float *features;  /* (rows, M), or NULL */
  float *projected; /* Y = Phi R^T (rows, M), or NULL */
  const sngp_pass_outputs *each; /* or NULL */
} sngp_pass_job;

/* P, of all members together. */
int64_t sngp_passes_count(const sngp_pass_job *job);

/* Runs them on rows [first, first + rows) of the inputs. */
void sngp_passes_run(const sngp_pass_job *job, sngp_pass *pass, sngp_scratch *scratch,
                     int64_t first, int64_t rows);

#endif
