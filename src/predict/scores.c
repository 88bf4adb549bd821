#include "predict/scores.h"

#include <math.h>
#include <stdbool.h>

#include "nn/loss.h"

void sngp_score_classes(const float *probabilities, int64_t rows, int64_t num_classes,
                        int32_t *classes) {
  for (int64_t i = 0; i < rows; i++)
    classes[i] = (int32_t)sngp_largest(probabilities + i * num_classes, num_classes);
}

/* The sum of the other probabilities: 1 - max p would lose all digits near 1. */
void sngp_score_uncertainty(const float *probabilities, int64_t rows, int64_t num_classes,
                            float *scores) {
  for (int64_t i = 0; i < rows; i++) {
    const float *row = probabilities + i * num_classes;
    int64_t best = sngp_largest(row, num_classes);
    float rest = 0;
    for (int64_t k = 0; k < num_classes; k++) rest += k == best ? 0 : row[k];
    scores[i] = rest;
  }
}

static float entropy_term(float p) { return p > 0 ? -p * logf(p) : 0; }

void sngp_score_entropy(sngp_output_link link, const float *probabilities, int64_t rows,
                        int64_t num_classes, float *scores) {
  const bool independent = link == SNGP_LINK_SIGMOID;
  for (int64_t i = 0; i < rows; i++) {
    const float *row = probabilities + i * num_classes;
    float entropy = 0;
    for (int64_t k = 0; k < num_classes; k++)
      entropy += entropy_term(row[k]) + (independent ? entropy_term(1 - row[k]) : 0);
    scores[i] = entropy;
  }
}

/* log sum_k exp(row_k), the largest taken out first. */
static float log_sum_exp(const float *row, int64_t n) {
  float top = row[sngp_largest(row, n)], sum = 0;
  for (int64_t k = 0; k < n; k++) sum += expf(row[k] - top);
  return top + logf(sum);
}

void sngp_score_energy(const float *logits, int64_t rows, int64_t num_classes, float *scores) {
  for (int64_t i = 0; i < rows; i++)
    scores[i] = -log_sum_exp(logits + i * num_classes, num_classes);
}

/* Numerator and sum are divided by exp(m), m = max(0, largest logit). */
void sngp_score_dempster_shafer(const float *logits, int64_t rows, int64_t num_classes,
                                float *scores) {
  for (int64_t i = 0; i < rows; i++) {
    const float *row = logits + i * num_classes;
    float top = row[sngp_largest(row, num_classes)], sum = 0;
    if (top < 0) top = 0;
    float numerator = (float)num_classes * expf(-top);
    for (int64_t k = 0; k < num_classes; k++) sum += expf(row[k] - top);
    scores[i] = numerator / (numerator + sum);
  }
}
