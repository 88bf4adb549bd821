/* The sizes of a model's parts: of what its configuration says, what is in use. */
#ifndef SNGP_MODEL_SIZES_H
#define SNGP_MODEL_SIZES_H

#include <stdbool.h>
#include <stdint.h>

#include "sngp/model.h"

typedef struct {
  int64_t inputs;            /* D */
  bool input_layer;          /* false: the head sits on the inputs themselves */
  int64_t hidden;            /* H, what the backbone gives; D without one */
  int64_t num_layers;        /* L */
  int64_t projection;        /* P, columns of the random projection of h; 0 where there is none */
  int64_t head_width;        /* what the head normalises: P with a projection, else H */
  int64_t head_inputs;       /* G, columns that enter the random features; 0 with a dense head */
  int64_t num_lengths;       /* of the kernel that are trained: 0, 1 or G */
  int64_t num_features;      /* M; G with the linear kernel; 0 with a dense head */
  int64_t num_outputs;       /* O, columns of the logits */
  int64_t num_probabilities; /* their columns: K, or T of multi-label; 0 for regression */
  int32_t posterior;         /* SNGP_POSTERIOR_* that the configuration means, not AUTOMATIC */
  int64_t num_variances;     /* V, of what is predicted for a row; 0 with a dense head */
} sngp_model_sizes;

/* Regression whose noise has a variance, and whose targets are scaled. */
bool sngp_model_is_gaussian_regression(const sngp_model_config *config);

/* A classifier of two classes with one output, the logit of class 1. */
bool sngp_model_is_binary_logistic(const sngp_model_config *config);

/* A GP head of this kind can be solved in closed form. */
bool sngp_model_has_closed_form(const sngp_model_config *config);

sngp_model_sizes sngp_model_sizes_of(const sngp_model_config *config);

/* Whether a pass without training that was laid out for one serves the other: all sizes but the
   number of layers agree. */
bool sngp_model_sizes_same_widths(const sngp_model_sizes *a, const sngp_model_sizes *b);

#endif
