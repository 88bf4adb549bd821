/* The network: layers as views into a model's parameter blocks, and passes over a block of rows. */
#ifndef SNGP_MODEL_NETWORK_H
#define SNGP_MODEL_NETWORK_H

#include <stdbool.h>

#include "base/parallel.h"
#include "base/random.h"
#include "model/parameters.h"
#include "nn/dense.h"
#include "nn/dropout.h"
#include "nn/head_input.h"
#include "nn/kernel_length.h"
#include "nn/link.h"
#include "nn/random_features.h"
#include "nn/spectral_norm.h"

typedef struct {
  sngp_dense dense;
  sngp_spectral_norm norm;
} sngp_network_block;

typedef struct {
  int64_t inputs, hidden, num_layers;
  int64_t num_outputs, num_probabilities;
  int32_t posterior;     /* SNGP_POSTERIOR_* of a GP head */
  int64_t num_variances; /* of outputs, that a posterior gives for a row: 1, or O; 0 without one */
  sngp_output_link link;
  bool gaussian_process;
  bool input_layer; /* false: h is x, and there are no blocks either */
  bool train_input_layer;
  bool train_output_bias;
  bool train_hidden;     /* something below the head is trained, so gradients have to reach h */
  bool train_head_input; /* layer norm or lengths of the kernel are */
  sngp_dropout dropout;
  const float *scaling_mean; /* NULL: inputs are taken as they are */
  const float *scaling_scale;
  const float *target_mean; /* Gaussian regression: of the scaled targets; NULL: as they are */
  const float *target_scale;
  const float *noise; /* Gaussian regression: variances, in units of the scaled targets */
  sngp_dense input;   /* with an input layer */
  sngp_network_block *blocks;
  sngp_dense projection;         /* GP head only; weight NULL where there is none */
  sngp_head_input head_input;    /* GP head only */
  sngp_kernel_length length;     /* GP head only; count 0 where no lengths are trained */
  sngp_random_features features; /* GP head only */
  sngp_dense output;             /* from the features, or from the last hidden layer */
  const float *trainable;        /* start of the block, from which gradients are addressed */
} sngp_network;

/* Memory for passes over up to `rows` rows: activations, and for training what the way back needs.
 */
typedef struct {
  int64_t rows;
  float *memory;   /* one block; the pointers below lie in it */
  float *x;        /* (rows, D), standardised */
  float *h;        /* (rows, H); in training (L + 1, rows, H); x itself without an input layer */
  float *a;        /* training: (L, rows, H) */
  float *z;        /* (rows, H) */
  float *reduced;  /* (rows, P), with a projection of h */
  float *g;        /* (rows, G) */
  float *moments;  /* (rows, 2) */
  float *factors;  /* (G), with trained lengths */
  float *angles;   /* training: (rows, M), what the features are cosines of, or relu */
  float *phi;      /* (rows, M) */
  float *logits;   /* (rows, O), with room for probabilities; after the loss its
                      gradient */
  float *dh;       /* training: (rows, H) */
  float *dreduced; /* training: (rows, P) */
  float *dg;       /* training: (rows, G); g itself where that is not needed any more */
  float *gradient; /* training: the trainable block's */
  uint32_t *words; /* training: dropout of one row */
} sngp_pass;

/* Points the layers into the blocks. `blocks` are taken; freed by sngp_network_destroy(). */
sngp_status sngp_network_bind(sngp_network *network, const sngp_model_config *config,
                              const sngp_parameter_table *table, float *trainable, float *frozen);
void sngp_network_destroy(sngp_network *network);

sngp_status sngp_pass_create(const sngp_network *network, int64_t rows, bool training,
                             size_t trainable_size, sngp_pass *pass);
void sngp_pass_destroy(sngp_pass *pass);

/* Copies (and standardises) one row of inputs into row `index` of pass->x. */
void sngp_pass_set_row(const sngp_network *network, sngp_pass *pass, int64_t index,
                       const float *input);

/* Targets of a row (O), in their own units, in those that the network predicts; the same the other
   way round is mean + scale * output. */
void sngp_network_scale_targets(const sngp_network *network, const float *targets, float *scaled);

/* From pass->x without dropout: the hidden representation in pass->h; then, for GP heads, the
   input of the features in pass->g; the features in pass->phi; then the logits. Each includes the
   ones before. */
void sngp_network_hidden(const sngp_network *network, sngp_pass *pass, int64_t rows);
void sngp_network_head_input(const sngp_network *network, sngp_pass *pass, int64_t rows);
void sngp_network_features(const sngp_network *network, sngp_pass *pass, int64_t rows);
void sngp_network_logits(const sngp_network *network, sngp_pass *pass, int64_t rows);

/* Monte Carlo dropout: the stream of its random bits, and the place of a pass's rows in it. */
typedef struct {
  int64_t seed, step, first_row;
  sngp_random_purpose purpose;
} sngp_network_dropout;

/* From pass->x: what enters the first block, in pass->h, the same in every dropout pass. */
void sngp_network_enter(const sngp_network *network, sngp_pass *pass, int64_t rows);

/* From pass->h as sngp_network_enter() left it: the logits, with dropout and nothing else of
   training. `words` holds sngp_dropout_words(H). */
void sngp_network_logits_dropout(const sngp_network *network, sngp_pass *pass, int64_t rows,
                                 const sngp_network_dropout *dropout, uint32_t *words);

/* Forward with dropout of (seed, step), rows counted from first_row within the batch, keeping what
   the way back needs. */
void sngp_network_forward_training(const sngp_network *network, sngp_pass *pass, int64_t rows,
                                   int64_t first_row, int64_t seed, int64_t step);

/* Backward from the gradient of the logits in pass->logits to pass->gradient, all of it
   overwritten. pass->phi is used up. */
void sngp_network_backward(const sngp_network *network, sngp_pass *pass, int64_t rows);

/* Projects every normalised block, `iterations` power iterations each; blocks are shared out.
   `scratch` holds num_layers * H floats. */
void sngp_network_project(const sngp_network *network, int64_t iterations, float *scratch,
                          sngp_pool *pool);

#endif
