/* Scores of rows of probabilities or logits (rows, K); larger means more uncertain. */
#ifndef SNGP_PREDICT_SCORES_H
#define SNGP_PREDICT_SCORES_H

#include <stdint.h>

#include "nn/link.h"

/* The class of the largest probability, the first among equals. */
void sngp_score_classes(const float *probabilities, int64_t rows, int64_t num_classes,
                        int32_t *classes);

/* 1 - max p */
void sngp_score_uncertainty(const float *probabilities, int64_t rows, int64_t num_classes,
                            float *scores);

/* -sum p log p, in nats; of independent labels (SNGP_LINK_SIGMOID) the sum of theirs, each also of
   its 1 - p. */
void sngp_score_entropy(sngp_output_link link, const float *probabilities, int64_t rows,
                        int64_t num_classes, float *scores);

/* -log sum exp logit (Liu et al., arXiv 2010.03759, at temperature 1). */
void sngp_score_energy(const float *logits, int64_t rows, int64_t num_classes, float *scores);

/* K / (K + sum exp logit) (Sensoy et al., arXiv 1806.01768, as the SNGP paper uses it), finite for
   logits of any size. */
void sngp_score_dempster_shafer(const float *logits, int64_t rows, int64_t num_classes,
                                float *scores);

#endif
