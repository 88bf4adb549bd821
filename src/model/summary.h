/* The table of layers as text, and the counts below it. */
#ifndef SNGP_MODEL_SUMMARY_H
#define SNGP_MODEL_SUMMARY_H

#include "model/model.h"

typedef struct {
  int64_t total, trainable;
} sngp_parameter_counts;

/* As the tutorial's summary counts: u, v and the precision matrix among the rest. */
sngp_parameter_counts sngp_model_count(const sngp_model *model);

/* Writes at most `size` bytes, NUL included, as snprintf() does; returns the whole length. */
int64_t sngp_model_summarize(const sngp_model *model, char *buffer, int64_t size);

#endif
