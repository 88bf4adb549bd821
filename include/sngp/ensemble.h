/**
 * @file ensemble.h
 * @brief Deep ensembles: models of one shape that are trained and used together.
 *
 * The members differ in their seeds alone: in the initial weights, the order of the rows and
 * dropout (Lakshminarayanan et al., "Simple and Scalable Predictive Uncertainty Estimation using
 * Deep Ensembles", arXiv 1612.01474). Members may have a dense or a Gaussian process head. An
 * ensemble of one member is that model: a program that handles ensembles handles single models too.
 *
 * Functions that take a const ensemble run concurrently on one ensemble, without locks; the others
 * need the ensemble exclusively.
 */
#ifndef SNGP_ENSEMBLE_H
#define SNGP_ENSEMBLE_H

#include <stddef.h>
#include <stdint.h>

#include "sngp/dataset.h"
#include "sngp/model.h"
#include "sngp/optimizer.h"
#include "sngp/predict.h"
#include "sngp/status.h"
#include "sngp/train.h"

SNGP_BEGIN_DECLS

/** An opaque ensemble, the owner of its members; freed by sngp_ensemble_free(). */
typedef struct sngp_ensemble sngp_ensemble;

/**
 * Creates an ensemble of fresh models: sngp_model_create() for each, with a seed of its own.
 *
 * The seeds are 53 random bits, drawn from config->seed by Philox, exclusive-or the member's index:
 * they all differ, and two ensembles of different seeds share members by a chance of less than
 * 2 num_members in 2^53.
 * Member i is the same model however many others there are.
 *
 * @param config         checked and copied, names included.
 * @param num_members    1 to 4,096.
 * @param[out] ensemble  owned by the caller.
 * @return as sngp_model_create(). Thread-safe.
 */
SNGP_API sngp_status sngp_ensemble_create(const sngp_model_config *config, int64_t num_members,
                                          sngp_ensemble **ensemble);

/**
 * Makes an ensemble of copies of models, posteriors and optimizer moments included.
 *
 * The models must have one shape: input_dim, num_classes, head, num_layers, num_hidden,
 * class_names and feature_names are the same (names that no model has are), and with a GP head
 * num_random_features and normalize_input. All else may differ.
 *
 * @param models         num_models models, none NULL; the same one may come twice.
 * @param num_models     1 to 4,096.
 * @param[out] ensemble  owned by the caller.
 * @return SNGP_ERROR_DIMENSION, naming the member and the field, where the shapes differ;
 *         SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_ensemble_from_models(const sngp_model *const *models, int64_t num_models,
                                               sngp_ensemble **ensemble);

/**
 * Trains all members: sngp_fit() for each, side by side.
 *
 * Each of config->num_threads threads trains one member after the other, so that the results do
 * not depend on the number of threads; more threads than members are of no use. Every member
 * has an optimizer of its own, which begins at step 0 with empty moments. An ensemble that was
 * trained before goes on from its weights.
 *
 * What is trained are copies. They take their members' places when all are done: where one fails,
 * or the callback cancels, the others stop at their next step, and the ensemble is what it was
 * before.
 *
 * The callback is told of every step of every member, with sngp_fit_progress::member. It is called
 * in the library's threads and in the caller's, one call at a time, and no more once it has
 * cancelled. It may use the ensemble, which is still the old one, through functions that take it as
 * const; those that change it answer SNGP_ERROR_INVALID_ARGUMENT, and it must not be freed.
 *
 * @param optimizer   NULL: the defaults.
 * @param validation  NULL: none.
 * @param config      NULL: the defaults, with which one thread trains all members.
 * @param[out] histories  NULL: not wanted; else room for num_members histories, each owned by the
 *                    caller. All NULL on failure.
 * @return as sngp_fit(); what failed in a member, SNGP_ERROR_CANCELLED among it, names it first
 *         ("member 3: ..."). Needs the ensemble exclusively; the datasets may be shared.
 */
SNGP_API sngp_status sngp_ensemble_fit(sngp_ensemble *ensemble,
                                       const sngp_optimizer_config *optimizer,
                                       const sngp_dataset *training, const sngp_dataset *validation,
                                       const sngp_fit_config *config, sngp_history **histories);

/** @return the number of members; 0 for NULL. Thread-safe. */
SNGP_API int64_t sngp_ensemble_num_members(const sngp_ensemble *ensemble);

/**
 * Gives access to a member: to predict with it alone, to read its configuration and training
 * record, to save or clone it.
 *
 * @return member `index`, borrowed until the ensemble is changed or freed; NULL where the index is
 *         not in [0, sngp_ensemble_num_members()). Thread-safe.
 */
SNGP_API const sngp_model *sngp_ensemble_member(const sngp_ensemble *ensemble, int64_t index);

/**
 * Predicts with all members: sngp_predict() with means over the members, of probabilities as of
 * logits and variances. Everything else is as there, the method included: with MC_DROPOUT or
 * MONTE_CARLO each member makes its own num_samples passes. An ensemble of one member gives the
 * numbers of that model.
 *
 * A member's own mean-field factor and temperature act on it, unless the configuration has others.
 *
 * @param workspace  NULL, or made by sngp_workspace_create() for any of the members.
 * @return as sngp_predict(); SNGP_ERROR_UNSUPPORTED for a covariance of several members.
 */
SNGP_API sngp_status sngp_ensemble_predict(const sngp_ensemble *ensemble, sngp_workspace *workspace,
                                           const float *x, int64_t rows, int64_t cols,
                                           int64_t row_stride, const sngp_predict_config *config,
                                           sngp_prediction *out);

/**
 * Saves an ensemble into one file, as sngp_model_save() saves a model; an ensemble of one member
 * gives the file that sngp_model_save() writes.
 *
 * @return as sngp_model_save(); what is wrong with a member names it first.
 */
SNGP_API sngp_status sngp_ensemble_save(const sngp_ensemble *ensemble, const char *path);

/**
 * Loads an ensemble, everything in the file checked first, as sngp_model_load() does; a model's
 * file gives an ensemble of one. (sngp_model_load() refuses an ensemble's file with
 * SNGP_ERROR_UNSUPPORTED.)
 *
 * @param[out] ensemble  owned by the caller.
 * @return as sngp_model_load(). Thread-safe.
 */
SNGP_API sngp_status sngp_ensemble_load(const char *path, sngp_ensemble **ensemble);

/**
 * Saves an ensemble into memory: the bytes that sngp_ensemble_save() writes.
 *
 * @param[out] data  owned by the caller; freed by sngp_buffer_free().
 * @param[out] size  number of bytes.
 * @return as sngp_ensemble_save(), but for SNGP_ERROR_WRITE.
 */
SNGP_API sngp_status sngp_ensemble_save_buffer(const sngp_ensemble *ensemble, void **data,
                                               int64_t *size);

/** Loads an ensemble from `size` bytes in memory, which are copied: sngp_ensemble_load() without a
    file. */
SNGP_API sngp_status sngp_ensemble_load_buffer(const void *data, int64_t size,
                                               sngp_ensemble **ensemble);

/** Frees an ensemble with its members; NULL is accepted. */
SNGP_API void sngp_ensemble_free(sngp_ensemble *ensemble);

SNGP_END_DECLS

#endif
