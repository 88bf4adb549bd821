/**
 * @file predict.h
 * @brief Prediction: probabilities, variances, scores.
 */
#ifndef SNGP_PREDICT_H
#define SNGP_PREDICT_H

#include <stddef.h>
#include <stdint.h>

#include "sngp/model.h"
#include "sngp/status.h"

SNGP_BEGIN_DECLS

/** Values of sngp_predict_config::method. */
enum {
  SNGP_PREDICT_MEAN_FIELD = 0,  /**< softmax(logits / sqrt(1 + factor variance)) (Lu et al., arXiv
                                     2006.07584), for independent labels the sigmoid of that; where
                                     classes have variances of their own, of logits less their mean
                                     and those variances (docs/numerics.md); rates
                                     exp(logit + variance / 2); for a dense head the same as MAP */
  SNGP_PREDICT_MAP = 1,         /**< softmax(logits), sigmoid(logits), exp(logits) */
  SNGP_PREDICT_MONTE_CARLO = 2, /**< mean of softmax(f) over num_samples draws of
                                     f_k ~ N(logits_k, variance), of a joint posterior
                                     f ~ N(logits, covariance of a row's outputs); GP heads only,
                                     not of regression, whose moments need no draws */
  SNGP_PREDICT_MC_DROPOUT = 3   /**< mean over num_samples passes with dropout, and nothing else of
                                     training, on (Gal and Ghahramani, arXiv 1506.02142); with a GP
                                     head, each pass by mean field with a variance of its own */
};

/** How to predict; fill with sngp_predict_config_init(). */
typedef struct sngp_predict_config {
  uint32_t struct_size;    /**< set by sngp_predict_config_init() */
  int32_t method;          /**< SNGP_PREDICT_*; default SNGP_PREDICT_MEAN_FIELD */
  int32_t num_threads;     /**< threads of the library's own, 1 or more; default 1 */
  int32_t full_covariance; /**< 1: room in a workspace for sngp_prediction::covariance; default 0 */
  double mean_field_factor; /**< NaN, the default: the model's; negative: no adjustment */
  double temperature;       /**< logits are divided by it before the softmax, in [1e-6, 1e6]; NaN,
                                 the default: the model's */
  int64_t num_samples;      /**< draws or passes, at most 2^24; 0, the default: 100 draws
                                 (MONTE_CARLO), 10 passes (MC_DROPOUT). Others ignore it */
  int64_t seed;             /**< of draws and of dropout, 0 or more; default 0. The same seed gives
                                 the same numbers on any number of threads */
  int64_t first_row;        /**< what row of a table the first row of a call is, in [0, 2^62];
                                 default 0. Draws and dropout belong to a row's number, so that a
                                 table predicted in parts gets the numbers of one call */
  int32_t joint_samples;    /**< MONTE_CARLO, 0, the default: rows are drawn independently; 1:
                                 jointly, for each class from N(logits, covariance) over all rows
                                 with the same seed, whatever their calls; not where outputs
                                 have variances of their own */
  int32_t reserved;         /**< 0 */
} sngp_predict_config;

/** Fills a configuration with the defaults. @param size sizeof(sngp_predict_config). */
SNGP_API sngp_status sngp_predict_config_init(sngp_predict_config *config, size_t size);

/**
 * The caller's buffers for a prediction of n rows; each may be NULL, and only what is asked for is
 * computed. Zero the struct, set struct_size and the buffers you want.
 *
 * Methods with several passes, and ensembles, give means over the P passes: P is num_samples (1 for
 * MEAN_FIELD and MAP) times the number of members. Probabilities are means of probabilities; the
 * classes and scores are those of the mean. Means and variances of a regression are those of the
 * mixture of the passes' distributions.
 *
 * O, V and K are sngp_model_num_outputs(), sngp_model_num_variances(), and the number of classes,
 * or of labels (T) of a multi-label model. A buffer that the task has nothing for is
 * SNGP_ERROR_UNSUPPORTED.
 */
typedef struct sngp_prediction {
  uint32_t struct_size; /**< sizeof(sngp_prediction) */
  int32_t reserved;     /**< 0 */
  float *logits;        /**< n x O, row-major: the outputs before any adjustment; without
                             MONTE_CARLO's draws; of Gaussian regression in units of the scaled
                             targets */
  float *probabilities; /**< n x K; not of regression, nor are the other numbers of
                             probabilities */
  int32_t *classes;     /**< n: the class of the largest probability, the first among equals;
                             classification */
  float *variance;      /**< n x V: predictive variance of the logits, GP heads only; of regression
                             n x T, that of a target in the square of its own units, noise
                             included: with a dense head of the noise alone */
  float *covariance;    /**< n x n: predictive covariance of the logits between rows, its
                             diagonal the variance; of Gaussian regression that of its one target,
                             noise on the diagonal. GP heads whose outputs share one posterior
                             only, of one model without MC_DROPOUT */
  float *uncertainty;   /**< n: 1 - max p; classification, as dempster_shafer and energy, which
                             are of logits (-f / 2, f / 2) where there is one output f */
  float *entropy;       /**< n: -sum p log p, in nats; of independent labels the sum of theirs */
  float *dempster_shafer; /**< n: K / (K + sum exp logit), from `logits`, in [0, 1] */
  float *energy; /**< n: -log sum exp logit, from `logits` (Liu et al., arXiv 2010.03759) */
  float *mutual_information; /**< n: entropy of the mean probabilities minus mean entropy of the
                                  passes, in nats (Smith and Gal, arXiv 1803.08533): what the passes
                                  disagree about; 0 where there is one pass */
  float *samples;            /**< P x n x K: the probabilities of every pass, member by member */
  float *mean;     /**< n x T: regression: predictive mean of the targets in their own units; of a
                        Poisson likelihood the rate, exp(logit + variance / 2) */
  float *features; /**< n x M: the features phi of a GP head, of one model without MC_DROPOUT, M
                        the rows of its "output.weight" */
} sngp_prediction;

/** An opaque workspace: all the memory that predictions need; freed by sngp_workspace_free(). */
typedef struct sngp_workspace sngp_workspace;

/**
 * Takes the memory for predictions, so that sngp_predict() takes none. A workspace serves every
 * method, one call at a time; give each thread its own. It belongs to this model, or any of the
 * same configuration.
 *
 * @param config    NULL: the defaults. num_threads and full_covariance count here.
 * @param max_rows  rows that are worked on at once, 1 or more; more rows than that go in blocks.
 *                  Memory does not grow beyond a fixed block, except with full_covariance, where
 *                  at most max_rows rows can be predicted in one call.
 * @return SNGP_ERROR_INVALID_ARGUMENT, SNGP_ERROR_OUT_OF_MEMORY (threads that cannot be started
 *         included). Thread-safe.
 */
SNGP_API sngp_status sngp_workspace_create(const sngp_model *model,
                                           const sngp_predict_config *config, int64_t max_rows,
                                           sngp_workspace **workspace);

/** Frees a workspace; NULL is accepted. */
SNGP_API void sngp_workspace_free(sngp_workspace *workspace);

/**
 * Predicts rows of inputs. Mutates nothing but the workspace and the caller's buffers: any number
 * of threads may predict with one model at once, each with a workspace of its own (or none).
 * Inputs are checked before anything is written. Finite inputs of any size are fine: beyond 1e15,
 * in units of the input scaling, they count as 1e15.
 *
 * @param workspace   NULL: memory is taken and given back by the call.
 * @param x           rows x cols floats; row i starts at x + i * row_stride.
 * @param rows        0 or more.
 * @param cols        must be the model's input_dim.
 * @param row_stride  at least cols; 0 means cols.
 * @param config      NULL: the defaults. With a workspace its num_threads counts.
 * @param[in,out] out  the buffers to fill.
 * @return SNGP_ERROR_DIMENSION, SNGP_ERROR_NOT_FINITE (names row and column),
 *         SNGP_ERROR_NOT_PREPARED; SNGP_ERROR_POSTERIOR_STALE where a variance is needed and the
 *         weights moved since the posterior was finished (names the call to make);
 *         SNGP_ERROR_UNSUPPORTED for a variance or MONTE_CARLO with a dense head, MC_DROPOUT of a
 *         model without dropout, a covariance under MC_DROPOUT; SNGP_ERROR_OUT_OF_MEMORY without
 *         a workspace only. Thread-safe, each workspace in one call at a time (a second
 *         one is SNGP_ERROR_INVALID_ARGUMENT).
 */
SNGP_API sngp_status sngp_predict(const sngp_model *model, sngp_workspace *workspace,
                                  const float *x, int64_t rows, int64_t cols, int64_t row_stride,
                                  const sngp_predict_config *config, sngp_prediction *out);

SNGP_END_DECLS

#endif
