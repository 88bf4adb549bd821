/* Measures of predicted probabilities against labels. Arguments are trusted: rows and classes are
   positive, probabilities finite and not negative, labels in range. */
#ifndef SNGP_METRICS_CLASSIFICATION_H
#define SNGP_METRICS_CLASSIFICATION_H

#include <stdint.h>

/* The share of rows whose likeliest class, the first among equals, is the label. */
double sngp_accuracy(const float *probabilities, int64_t rows, int64_t num_classes,
                     const int32_t *labels);

/* Mean negative log-likelihood in nats; infinite where a label has probability 0. */
double sngp_nll(const float *probabilities, int64_t rows, int64_t num_classes,
                const int32_t *labels);

/* Mean over rows of the squared distance to the one-hot label, summed over classes. */
double sngp_brier(const float *probabilities, int64_t rows, int64_t num_classes,
                  const int32_t *labels);

#endif
