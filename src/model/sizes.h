/* The sizes of a model's parts: of what its configuration says, what is in use. */
#ifndef SNGP_MODEL_SIZES_H
#define SNGP_MODEL_SIZES_H

#include <stdbool.h>
#include <stdint.h>

#include "sngp/model.h"

typedef struct {
  int64_t inputs;       /* D */
  bool input_layer;     /* false: the head sits on the inputs themselves */
  int64_t hidden;       /* H, what the backbone gives; D without one */
  int64_t num_layers;   /* L */
  int64_t projection;   /* P, columns of the random projection of h; 0 where there is none */
  int64_t head_width;   /* what the head normalises: P with a projection, else H */
  int64_t head_inputs;  /* G, columns that enter the random features; 0 with a dense head */
  int64_t num_lengths;  /* of the kernel that are trained: 0, 1 or G */
  int64_t num_features; /* M; G with the linear kernel; 0 with a dense head */
  int64_t num_classes;  /* K */
} sngp_model_sizes;

sngp_model_sizes sngp_model_sizes_of(const sngp_model_config *config);

/* Whether a pass without training that was laid out for one serves the other: all sizes but the
   number of layers agree. */
bool sngp_model_sizes_same_widths(const sngp_model_sizes *a, const sngp_model_sizes *b);

#endif
