/**
 * @file optimizer.h
 * @brief Optimizers: Adam, AdamW, SGD.
 *
 * An optimizer holds its settings and its step count; the moments belong to the model. So an
 * optimizer that is used on a second model goes on counting, with fresh moments there: this is how
 * the tutorial's SNGP curve comes about. An optimizer at step 0 starts with empty moments, and so
 * does one of another algorithm than the model was trained with before.
 *
 * An optimizer is changed by the fits and steps it is used in, so it serves one of them at a time.
 */
#ifndef SNGP_OPTIMIZER_H
#define SNGP_OPTIMIZER_H

#include <stddef.h>
#include <stdint.h>

#include "sngp/preset.h"
#include "sngp/status.h"

SNGP_BEGIN_DECLS

/** An opaque optimizer; freed by sngp_optimizer_free(). */
typedef struct sngp_optimizer sngp_optimizer;

/** Values of sngp_optimizer_config::algorithm. */
enum {
  SNGP_OPTIMIZER_ADAM = 0, /**< Kingma and Ba, arXiv 1412.6980, in Keras's form (epsilon outside the
                                bias correction) */
  SNGP_OPTIMIZER_ADAMW = 1, /**< Loshchilov and Hutter, arXiv 1711.05101, as in PyTorch: weights are
                                 multiplied by 1 - lr weight_decay first, biases are not;
                                 epsilon stands within the bias correction */
  SNGP_OPTIMIZER_SGD = 2    /**< momentum and Nesterov as in PyTorch */
};

/** An optimizer's configuration; fill with sngp_optimizer_config_init(). */
typedef struct sngp_optimizer_config {
  uint32_t struct_size; /**< set by sngp_optimizer_config_init() */
  int32_t algorithm;    /**< SNGP_OPTIMIZER_*; default SNGP_OPTIMIZER_ADAM */
  double learning_rate; /**< positive; default 1e-3, tutorial 1e-4 */
  double beta1;         /**< Adam, in [0, 1); default 0.9 */
  double beta2;         /**< Adam, in [0, 1); default 0.999 */
  double epsilon;       /**< Adam, 1e-30 or more; default 1e-7 (Keras's) */
  double weight_decay;  /**< AdamW, 0 or more; default 0.01; other algorithms ignore it */
  double momentum;      /**< SGD, in [0, 1); default 0 */
  int32_t nesterov;     /**< SGD, 1: Nesterov's momentum; default 0 */
  int32_t reserved;     /**< 0 */
  double clip_norm;     /**< gradients (L2 term included) are scaled down to this Euclidean norm
                             over all parameters; 0, the default: no clipping */
} sngp_optimizer_config;

/** Fills a configuration with the defaults. @param size sizeof(sngp_optimizer_config). */
SNGP_API sngp_status sngp_optimizer_config_init(sngp_optimizer_config *config, size_t size);

/** Fills an initialised configuration with a preset's values (SNGP_PRESET_*), every field. */
SNGP_API sngp_status sngp_optimizer_config_preset(sngp_optimizer_config *config, int32_t preset);

/**
 * Creates an optimizer at step 0.
 *
 * @param config          NULL: the defaults.
 * @param[out] optimizer  owned by the caller.
 * @return SNGP_ERROR_INVALID_ARGUMENT, naming the field.
 */
SNGP_API sngp_status sngp_optimizer_create(const sngp_optimizer_config *config,
                                           sngp_optimizer **optimizer);

/** @return the number of steps taken, over all models; 0 for NULL. */
SNGP_API int64_t sngp_optimizer_step_count(const sngp_optimizer *optimizer);

/** Sets the learning rate that schedules start from. @param learning_rate positive. */
SNGP_API sngp_status sngp_optimizer_set_learning_rate(sngp_optimizer *optimizer,
                                                      double learning_rate);

/** Frees an optimizer; NULL is accepted. */
SNGP_API void sngp_optimizer_free(sngp_optimizer *optimizer);

SNGP_END_DECLS

#endif
