/**
 * @file train.h
 * @brief Training: fit, single steps, the posterior, history and progress.
 */
#ifndef SNGP_TRAIN_H
#define SNGP_TRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "sngp/dataset.h"
#include "sngp/model.h"
#include "sngp/optimizer.h"
#include "sngp/preset.h"
#include "sngp/status.h"

SNGP_BEGIN_DECLS

/** Values of sngp_fit_config::schedule: the learning rate as a function of the fit's steps. */
enum {
  SNGP_SCHEDULE_CONSTANT = 0, /**< the optimizer's learning rate */
  SNGP_SCHEDULE_STEP = 1,     /**< times step_factor after every step_epochs epochs */
  SNGP_SCHEDULE_COSINE = 2    /**< half a cosine, from the learning rate at the first step after
                                   the warm-up down towards 0, which the step after the last one
                                   would have */
};

/** Values of sngp_fit_config::covariance: how a GP head gets its posterior. */
enum {
  SNGP_COVARIANCE_EXACT_PASS = 0, /**< one pass over the training rows after training: final
                                       weights, no dropout, after a last spectral projection */
  SNGP_COVARIANCE_IN_TRAINING = 1 /**< the tutorial's way, from the features of the training steps,
                                       weights moving and dropout on: those of the last epoch, each
                                       row once, or with a covariance_momentum the moving average
                                       over all steps. A fit that ends before its last epoch makes
                                       the exact pass instead */
};

/** Values of sngp_fit_config::loss; p is the probability of a row's label. */
enum {
  SNGP_LOSS_CROSS_ENTROPY = 0, /**< -log p */
  SNGP_LOSS_FOCAL = 1          /**< -(1 - p)^focal_gamma log p: rows that are already right count
                                    less (Lin et al., arXiv 1708.02002) */
};

/** Values of sngp_fit_config::class_weighting: class weights from the training labels. */
enum {
  SNGP_CLASS_WEIGHTS_NONE = 0,    /**< every class weighs 1 */
  SNGP_CLASS_WEIGHTS_BALANCED = 1 /**< rows / (classes present * rows of the class), scikit-learn's
                                       "balanced"; sample weights do not enter the counts */
};

/** Values of sngp_fit_progress::event. */
enum {
  SNGP_EVENT_STEP = 0, /**< after an optimizer step */
  SNGP_EVENT_EPOCH = 1 /**< after an epoch and its validation */
};

/** What a callback is told. */
typedef struct sngp_fit_progress {
  uint32_t struct_size;       /**< size of the struct in the library that calls */
  int32_t event;              /**< SNGP_EVENT_* */
  int64_t epoch;              /**< from 1 */
  int64_t num_epochs;         /**< as configured */
  int64_t step;               /**< steps of this epoch so far, from 1 */
  int64_t steps_per_epoch;    /**< rows / batch_size, rounded up */
  double loss;                /**< mean over this epoch's rows so far, L2 term included */
  double accuracy;            /**< mean over this epoch's rows so far, in training mode */
  double validation_loss;     /**< NaN but at the end of an epoch with validation rows */
  double validation_accuracy; /**< NaN but at the end of an epoch with validation rows */
  double learning_rate;       /**< of the step just taken */
  int64_t member;             /**< which model of an ensemble, from 0; 0 for a lone model */
  int64_t num_members;        /**< models of the ensemble; 1 for a lone model */
} sngp_fit_progress;

/**
 * Called in the thread that called sngp_fit(), after every step and every epoch (by
 * sngp_ensemble_fit() as it says there). It may use the model through functions that take it as
 * const; those that change it answer SNGP_ERROR_INVALID_ARGUMENT meanwhile, and it must not be
 * freed.
 *
 * @return 0 to go on; anything else cancels: sngp_fit() finishes the posterior on the weights as
 *         they are and returns SNGP_ERROR_CANCELLED. The model stays valid.
 */
typedef int32_t (*sngp_fit_callback)(const sngp_fit_progress *progress, void *context);

/** How to train; fill with sngp_fit_config_init() or sngp_fit_config_preset(). */
typedef struct sngp_fit_config {
  uint32_t struct_size; /**< set by sngp_fit_config_init() */
  int32_t num_threads;  /**< threads of the library's own, 1 or more; default 1 */
  int64_t epochs;       /**< 1 or more; default 100 */
  int64_t batch_size;   /**< 0, the default: 128, or all rows where there are fewer; larger than
                             the data: SNGP_ERROR_BATCH_SIZE */
  int32_t shuffle;      /**< 1, the default: a new seeded order each epoch */
  int32_t schedule;     /**< SNGP_SCHEDULE_*; default SNGP_SCHEDULE_COSINE, tutorial CONSTANT */
  int64_t warmup_steps; /**< the learning rate first grows linearly over so many steps; default 0 */
  int64_t step_epochs;  /**< SNGP_SCHEDULE_STEP: epochs between drops; default 30 */
  double step_factor;   /**< SNGP_SCHEDULE_STEP: in (0, 1]; default 0.1 */
  int64_t patience;     /**< early stopping: epochs without a better validation loss before the fit
                             ends. It goes back to the weights of the best epoch, also where it ran
                             to its end. 0, the default: never */
  double min_improvement;      /**< early stopping: what counts as better; default 0 */
  int32_t covariance;          /**< SNGP_COVARIANCE_*; default EXACT_PASS, tutorial IN_TRAINING */
  int32_t loss;                /**< SNGP_LOSS_*; default SNGP_LOSS_CROSS_ENTROPY */
  sngp_fit_callback callback;  /**< NULL: none */
  void *context;               /**< handed to the callback */
  double focal_gamma;          /**< SNGP_LOSS_FOCAL: 0 (the cross-entropy) or more; default 2 */
  const double *class_weights; /**< num_class_weights weights, 0 or more, finite, not all zero; read
                                    during the fit only. NULL, the default: class_weighting. A
                                    training row's weight is its sample weight times its class's,
                                    in the loss and in the precision matrix; validation rows keep
                                    theirs */
  int64_t num_class_weights;   /**< the model's num_classes, or 0 where class_weights is NULL */
  int32_t class_weighting;     /**< SNGP_CLASS_WEIGHTS_*; default NONE, the only one allowed
                                    together with class_weights */
  int32_t reserved;            /**< 0 */
} sngp_fit_config;

/** Fills a configuration with the defaults. @param size sizeof(sngp_fit_config). */
SNGP_API sngp_status sngp_fit_config_init(sngp_fit_config *config, size_t size);

/** Fills an initialised configuration with a preset's values (SNGP_PRESET_*). Threads, epochs,
    callback, context and class weights are left as they are. */
SNGP_API sngp_status sngp_fit_config_preset(sngp_fit_config *config, int32_t preset);

/** An opaque record of a fit, epoch by epoch; freed by sngp_history_free(). */
typedef struct sngp_history sngp_history;

/** One epoch of a history. */
typedef struct sngp_epoch_record {
  uint32_t struct_size;   /**< sizeof(sngp_epoch_record), set by the caller */
  int32_t reserved;       /**< 0 */
  int64_t epoch;          /**< from 1 */
  double loss;            /**< mean over the epoch's rows of the loss in training mode (dropout on,
                               weights moving), L2 term included: what Keras prints */
  double accuracy;        /**< the same for accuracy */
  double validation_loss; /**< mean cross-entropy, whatever the loss, of MAP probabilities, sample
                               weights included, class weights not, without dropout and L2;
                               NaN without validation rows */
  double validation_accuracy; /**< NaN without validation rows */
  double learning_rate;       /**< of the epoch's last step */
} sngp_epoch_record;

/** @return the number of completed epochs. Thread-safe. */
SNGP_API int64_t sngp_history_num_epochs(const sngp_history *history);

/**
 * Copies the record of epoch `index`, in [0, sngp_history_num_epochs()). Thread-safe.
 *
 * @param[out] record  struct_size set by the caller.
 * @return SNGP_ERROR_INVALID_ARGUMENT naming the index.
 */
SNGP_API sngp_status sngp_history_epoch(const sngp_history *history, int64_t index,
                                        sngp_epoch_record *record);

/** Frees a history; NULL is accepted. */
SNGP_API void sngp_history_free(sngp_history *history);

/**
 * Trains a model: prepares it (sngp_model_prepare()) the first time, runs the epochs, and gives a
 * GP head its posterior. May be called again to go on training.
 *
 * Inputs are checked before anything changes. The same seed, data, thread settings, CPU and BLAS
 * give bitwise the same model.
 *
 * @param model       changed; keeps no reference to the other arguments.
 * @param optimizer   its step count goes on.
 * @param training    rows with labels; cols = input_dim, num_classes at most the model's.
 * @param validation  NULL: none. Needed for early stopping.
 * @param config      NULL: the defaults.
 * @param[out] history  NULL: not wanted; owned by the caller. Also given when the fit is cancelled
 *                    or diverges.
 * @return SNGP_ERROR_DIMENSION, SNGP_ERROR_NO_ROWS, SNGP_ERROR_NO_LABELS, SNGP_ERROR_LABEL_RANGE,
 *         SNGP_ERROR_ONE_CLASS, SNGP_ERROR_BATCH_SIZE, SNGP_ERROR_CANCELLED,
 *         SNGP_ERROR_INVALID_ARGUMENT, also for class weights that do not match the model or leave
 *         no training row a weight,
 *         SNGP_ERROR_NUMERICAL (training diverged: names the epoch; the weights are those of the
 *         last epoch that was finite, with a posterior of their own), SNGP_ERROR_OUT_OF_MEMORY.
 *         Needs model and optimizer exclusively; the datasets may be shared.
 */
SNGP_API sngp_status sngp_fit(sngp_model *model, sngp_optimizer *optimizer,
                              const sngp_dataset *training, const sngp_dataset *validation,
                              const sngp_fit_config *config, sngp_history **history);

/** The result of one step. */
typedef struct sngp_step_result {
  uint32_t struct_size; /**< sizeof(sngp_step_result), set by the caller */
  int32_t reserved;     /**< 0 */
  double loss;          /**< mean over the batch, L2 term included, before the update */
  double accuracy;      /**< share of the batch's rows that are right, in training mode */
} sngp_step_result;

/**
 * Takes one optimizer step on all rows of `batch`: spectral projection, forward with dropout,
 * backward, update, in one thread. The loss is the cross-entropy, each row's times its sample
 * weight. The posterior then counts as out of date.
 *
 * @param batch   rows with labels; cols = input_dim.
 * @param result  NULL: not wanted; else struct_size set by the caller.
 * @return SNGP_ERROR_NOT_PREPARED where the model still has to choose from data;
 *         SNGP_ERROR_DIMENSION, SNGP_ERROR_NO_ROWS, SNGP_ERROR_NO_LABELS, SNGP_ERROR_LABEL_RANGE,
 *         SNGP_ERROR_OUT_OF_MEMORY; SNGP_ERROR_NUMERICAL for a loss that is not finite (`result`
 * has it; the weights are projected, but not updated), or weights that no longer are after the
 * update.
 */
SNGP_API sngp_status sngp_train_step(sngp_model *model, sngp_optimizer *optimizer,
                                     const sngp_dataset *batch, sngp_step_result *result);

/** Empties the precision matrix (A = 0). A model with a dense head: SNGP_ERROR_UNSUPPORTED. */
SNGP_API sngp_status sngp_model_reset_covariance(sngp_model *model);

/**
 * Adds rows to the precision matrix, features computed without dropout:
 * A += Phi^T diag(w) Phi in exact mode, A = m A + (1 - m) Phi^T diag(w) Phi / rows as a moving
 * average (covariance_momentum m); w are the sample weights. The posterior then counts as out of
 * date: call sngp_model_finish_covariance() when done. What A holds is not looked at: after an
 * exact pass, a moving average begins with sngp_model_reset_covariance().
 *
 * @param rows  cols = input_dim; labels are not used.
 * @return SNGP_ERROR_UNSUPPORTED for a dense head, SNGP_ERROR_NOT_PREPARED, SNGP_ERROR_DIMENSION,
 *         SNGP_ERROR_NO_ROWS, SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_model_update_covariance(sngp_model *model, const sngp_dataset *rows);

/**
 * Factors the precision matrix ridge I + A (in double precision, with jitter where rounding needs
 * it), after which variances can be predicted.
 *
 * @return SNGP_ERROR_NUMERICAL where it is not positive definite even with jitter;
 *         SNGP_ERROR_UNSUPPORTED for a dense head; SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_model_finish_covariance(sngp_model *model);

/**
 * Resets, updates with all `rows` and finishes: one exact pass with the weights as they are,
 * whatever the covariance momentum. Where it fails after the reset, the posterior counts as out of
 * date.
 *
 * @param num_threads  threads of the library's own, 1 or more.
 * @return as sngp_model_update_covariance() and sngp_model_finish_covariance().
 */
SNGP_API sngp_status sngp_model_fit_covariance(sngp_model *model, const sngp_dataset *rows,
                                               int32_t num_threads);

SNGP_END_DECLS

#endif
