/**
 * @file head.h
 * @brief Gaussian process heads fitted directly, without gradient steps.
 *
 * With its features fixed a GP head is a linear model, logits = phi beta + bias: on embeddings of
 * another network (SNGP_BACKBONE_NONE), or on the hidden representation of a residual network as
 * it is. Its output weights have a normal prior of precision lambda, the model's ridge, and what
 * maximises their posterior is found in closed form or by Newton's method or L-BFGS; the posterior
 * about it follows (model.h, SNGP_LIKELIHOOD_*).
 *
 * Matrices: M features, O outputs, n rows. One pass over the rows costs O(n M^2), memory is O(M^2
 * + M O) beside the rows themselves.
 */
#ifndef SNGP_HEAD_H
#define SNGP_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "sngp/dataset.h"
#include "sngp/model.h"
#include "sngp/status.h"

SNGP_BEGIN_DECLS

/** Values of sngp_head_fit_config::solver. */
enum {
  SNGP_SOLVER_AUTOMATIC = 0,   /**< CLOSED_FORM for Gaussian regression, else LBFGS */
  SNGP_SOLVER_CLOSED_FORM = 1, /**< one pass over the rows for Phi^T Phi and Phi^T Y, one Cholesky
                                    factor: Gaussian regression; and classification with
                                    SNGP_LIKELIHOOD_GAUSSIAN, as regression on one-hot targets,
                                    whose outputs become logits by a temperature. Targets are
                                    centred, their means become the output bias. The sums are kept
                                    with the model, which can then be updated */
  SNGP_SOLVER_NEWTON = 2, /**< exact Hessian in every step; likelihoods with independent outputs */
  SNGP_SOLVER_MAJORISED = 3, /**< a bound of the Hessian, factored once (Boehning, Annals of the
                                  Institute of Statistical Mathematics 44, 1992); the objective
                                  falls in every step; not for SNGP_LIKELIHOOD_POISSON */
  SNGP_SOLVER_LBFGS = 4      /**< limited-memory BFGS preconditioned with the bound: the fastest by
                                  measurement (docs/numerics.md) */
};

/** Values of sngp_head_fit_config::selection: how the ridge, and what the configuration leaves open
    of the kernel's length, are chosen. */
enum {
  SNGP_SELECTION_AUTOMATIC = 0, /**< EVIDENCE for Gaussian regression, LEAVE_ONE_OUT for
                                     classification in closed form, else CROSS_VALIDATION */
  SNGP_SELECTION_NONE = 1,      /**< the configuration's ridge; kernel_scale 0 as
                                     sngp_model_prepare() chooses it */
  SNGP_SELECTION_EVIDENCE = 2,  /**< Gaussian regression: the largest log marginal likelihood, over
                                     ridge and noise, over kernel_scale where it is open, and over
                                     the lengths of SNGP_KERNEL_SCALING_TRAINED and _ARD */
  SNGP_SELECTION_LEAVE_ONE_OUT = 3,   /**< closed form: the smallest NLL of each row's prediction
                                           without it, over ridge and open kernel_scale */
  SNGP_SELECTION_CROSS_VALIDATION = 4 /**< the smallest held-out NLL of num_folds folds, over the
                                           same */
};

/** Values of sngp_head_fit_progress::stage. */
enum {
  SNGP_HEAD_STAGE_SELECTION = 0, /**< a candidate was judged; value is its criterion: NLL a row, or
                                      minus the evidence a row */
  SNGP_HEAD_STAGE_ROWS = 1,      /**< closed form: rows were summed; value is their number */
  SNGP_HEAD_STAGE_SOLVE = 2      /**< an iteration of a solver; value is the objective */
};

/** What a callback is told. */
typedef struct sngp_head_fit_progress {
  uint32_t struct_size; /**< size of the struct in the library that calls */
  int32_t stage;        /**< SNGP_HEAD_STAGE_* */
  int64_t step;         /**< of the stage, from 1 */
  double value;         /**< as the stage says */
} sngp_head_fit_progress;

/** Called in the thread that called the fit. It must not change or free the model. @return 0 to go
    on; anything else cancels: the fit returns SNGP_ERROR_CANCELLED, and the model is as it was. */
typedef int32_t (*sngp_head_fit_callback)(const sngp_head_fit_progress *progress, void *context);

/** How to fit; fill with sngp_head_fit_config_init(). */
typedef struct sngp_head_fit_config {
  uint32_t struct_size;   /**< set by sngp_head_fit_config_init() */
  int32_t num_threads;    /**< threads of the library's own, 1 or more; default 1 */
  int32_t solver;         /**< SNGP_SOLVER_*; default AUTOMATIC */
  int32_t selection;      /**< SNGP_SELECTION_*; default AUTOMATIC */
  int64_t num_folds;      /**< of cross-validation, 2 or more; default 5 */
  int64_t selection_rows; /**< rows that selection and calibration look at, a seeded choice where
                               there are more; 0: all; default 2,000 */
  double tolerance; /**< solvers stop where the norm of the gradient, relative to a bound of it
                         at any weights (docs/numerics.md), is at most this, above 0; default
                         1e-5 */
  int64_t max_iterations; /**< 1 or more; default 500 */
  int32_t calibrate;      /**< 1, the default: classification: mean-field factor and temperature are
                               tuned on the selection's held-out predictions (leave-one-out or
                               cross-validated), as sngp_calibrate() does on held-out rows */
  int32_t reserved;       /**< 0 */
  sngp_head_fit_callback callback; /**< NULL: none */
  void *context;                   /**< handed to the callback */
} sngp_head_fit_config;

/** Fills a configuration with the defaults. @param size sizeof(sngp_head_fit_config). */
SNGP_API sngp_status sngp_head_fit_config_init(sngp_head_fit_config *config, size_t size);

/** What a fit found. */
typedef struct sngp_head_fit_result {
  uint32_t struct_size; /**< sizeof(sngp_head_fit_result), set by the caller */
  int32_t solver;       /**< the one that was used */
  int32_t selection;    /**< the one that was used */
  int32_t converged;    /**< 0: max_iterations came first, or no step lowered the objective any
                             more at single steps of rounding; always 1 in closed form */
  int64_t rows;         /**< n */
  int64_t iterations;   /**< of the solver; 1 in closed form */
  int64_t passes;       /**< of the solver over the rows */
  double objective;     /**< what was minimised: sum of NLL + ridge / 2 |beta|^2; NaN in closed
                             form */
  double gradient;      /**< its norm, relative as `tolerance`; NaN in closed form */
  double log_evidence;  /**< Gaussian regression: of all rows in units of the scaled targets; NaN
                             else */
  double nll;           /**< a row's, held-out, of what selection and calibration ended with; NaN
                             where neither has any */
  double ridge;         /**< as the model has it now, as are the ones below */
  double kernel_scale;
  double mean_field_factor;
  double temperature;
  double noise_variance; /**< of the first target, in the square of its units; NaN without one */
} sngp_head_fit_result;

/**
 * Fits the head of a model directly: prepares the model (sngp_model_prepare()) the first time,
 * chooses by `selection`, solves, and gives the model its posterior. What trained the model before
 * does not matter; all below the head stays as it is.
 *
 * The output bias is fitted too, without a penalty, whatever train_output_bias. Sample weights
 * count as in sngp_fit(). The same seed, data, thread settings, CPU and BLAS give bitwise the same
 * model.
 *
 * @param model        with a GP head; changed when all went well, else as it was.
 * @param training     rows with labels or targets, by the model's task.
 * @param config       NULL: the defaults.
 * @param[out] result  NULL: not wanted; else struct_size set by the caller.
 * @return SNGP_ERROR_UNSUPPORTED for a dense head, and for a solver or a selection that does not
 *         fit task and likelihood; SNGP_ERROR_DIMENSION, SNGP_ERROR_NO_ROWS (of a regression
 *         whose noise is to be estimated, fewer than two with a weight), SNGP_ERROR_NO_LABELS,
 *         SNGP_ERROR_LABEL_RANGE, SNGP_ERROR_ONE_CLASS, SNGP_ERROR_CANCELLED,
 *         SNGP_ERROR_INVALID_ARGUMENT, SNGP_ERROR_NUMERICAL, SNGP_ERROR_OUT_OF_MEMORY. Needs the
 *         model exclusively; datasets may be shared.
 */
SNGP_API sngp_status sngp_head_fit(sngp_model *model, const sngp_dataset *training,
                                   const sngp_head_fit_config *config,
                                   sngp_head_fit_result *result);

/**
 * Gives batch `index` of the training rows, in any order and any number of times, as a dataset
 * that stays the callback's own (sngp_dataset_borrow() makes one without a copy) and is not
 * touched after the next call, or the end of the fit. @return SNGP_OK, or what failed: the fit
 * ends with it.
 */
typedef sngp_status (*sngp_batch_callback)(void *context, int64_t index,
                                           const sngp_dataset **batch);

/**
 * sngp_head_fit() for rows that do not fit into memory, or come in pieces. Only labels or targets
 * and weights of all rows are kept, where the solver is not CLOSED_FORM. What is chosen from
 * data, selection and calibration included, is chosen from the first batch, which should hold rows
 * of all kinds.
 *
 * @param num_batches  1 or more.
 * @param batches      called in the calling thread.
 * @param context      handed to it.
 * @return as sngp_head_fit(), naming the batch; what the callback returned.
 */
SNGP_API sngp_status sngp_head_fit_batches(sngp_model *model, int64_t num_batches,
                                           sngp_batch_callback batches, void *context,
                                           const sngp_head_fit_config *config,
                                           sngp_head_fit_result *result);

/**
 * @name Living models
 *
 * A GP head goes on learning after its fit, without the rows that it was fitted to: it keeps sums
 * over them, in files too. The kernel, the scaling of inputs and targets, ridge, temperature and
 * mean-field factor stay as they were chosen. A head in closed form (SNGP_SOLVER_CLOSED_FORM) is
 * solved again, its output bias and an estimated noise included, so that after any sequence of
 * calls it is the model that all its rows at once would have given, to rounding. Any other head
 * keeps its weights, and its posterior takes the rows as these weights see them: variances follow
 * at once, means after another fit.
 *
 * Variances are off by at most 10 epsilon (s_max + ridge) / ridge of themselves, s_max being the
 * largest eigenvalue of the sum A and epsilon 2^-52. All four need a model whose posterior is
 * current and a sum (covariance_momentum 0 or less), and the model exclusively, and leave it
 * bitwise as it was on any error.
 * @{
 */

/**
 * Rows enter. Up to M / 16 rows at a time cost O(M^2) each; more, and the first ones after a fit or
 * a load, which prepare for that, are factored anew, in O(M^3). (Of a joint posterior, with O M in
 * place of M, a row counts O times.)
 *
 * Takes another 8 M^2 bytes that stay with the model (8 bytes for each element of its precision),
 * and a copy of the model where it is factored anew.
 *
 * @param rows  with labels or targets for a head in closed form; others do without. Sample weights
 *              count.
 * @return SNGP_ERROR_UNSUPPORTED for a dense head or a moving average, SNGP_ERROR_NOT_PREPARED,
 *         SNGP_ERROR_POSTERIOR_STALE, SNGP_ERROR_NO_ROWS, SNGP_ERROR_NO_LABELS,
 *         SNGP_ERROR_LABEL_RANGE, SNGP_ERROR_DIMENSION, SNGP_ERROR_NUMERICAL,
 *         SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_model_update(sngp_model *model, const sngp_dataset *rows);

/**
 * Rows leave that are in, with the labels or targets and weights that they entered with, and
 * nothing forgotten since. That can't be checked in full: it is an error where what is left would
 * not be positive definite, or less than nothing.
 *
 * @return as sngp_model_update(); SNGP_ERROR_NUMERICAL where the rows are not in the model;
 *         SNGP_ERROR_INVALID_ARGUMENT where there are fewer in it, or none would be left of a head
 *         in closed form.
 */
SNGP_API sngp_status sngp_model_remove(sngp_model *model, const sngp_dataset *rows);

/**
 * Exponential forgetting: all sums over rows times a factor. The ridge, which is no sum, stays, and
 * so does the number of rows. O(M^3).
 *
 * @param factor  in (0, 1].
 * @return SNGP_ERROR_INVALID_ARGUMENT; else as sngp_model_update().
 */
SNGP_API sngp_status sngp_model_forget(sngp_model *model, double factor);

/**
 * The rows of another model enter, without the rows: the sums of models that were trained on
 * different rows add up, where their features are the same (all tensors up to the features, input
 * and target scaling included, and the settings of the kernel), as those of clones, or of models
 * loaded from one file. The ridge is the first model's, and counts once. O(M^3).
 *
 * @param other  left as it is; both are heads in closed form, or neither. Other heads' rows have
 *               the weights that `other` gave them.
 * @return SNGP_ERROR_INVALID_ARGUMENT naming what differs; else as sngp_model_update().
 */
SNGP_API sngp_status sngp_model_merge(sngp_model *model, const sngp_model *other);

/** @} */

SNGP_END_DECLS

#endif
