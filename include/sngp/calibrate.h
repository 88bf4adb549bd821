/**
 * @file calibrate.h
 * @brief Factor, temperature and ridge from held-out rows.
 *
 * A network's probabilities are too sure, or not sure enough, on rows that it was not trained on.
 * These functions choose the temperature, and with a Gaussian process head the mean-field factor,
 * by the negative log-likelihood (NLL) of held-out rows (Guo et al., "On Calibration of Modern
 * Neural Networks", arXiv 1706.04599), and keep them in the model: predictions and the model's file
 * have them from then on. No weight changes.
 */
#ifndef SNGP_CALIBRATE_H
#define SNGP_CALIBRATE_H

#include <stddef.h>
#include <stdint.h>

#include "sngp/dataset.h"
#include "sngp/ensemble.h"
#include "sngp/model.h"
#include "sngp/predict.h"
#include "sngp/status.h"

SNGP_BEGIN_DECLS

/** What to tune; fill with sngp_calibrate_config_init(). */
typedef struct sngp_calibrate_config {
  uint32_t struct_size; /**< set by sngp_calibrate_config_init() */
  int32_t tune_factor;  /**< 1, the default: the mean-field factor, where there is one: with a GP
                             head and the methods MEAN_FIELD and MC_DROPOUT. Replaces a factor below
                             0, too */
  int32_t tune_temperature; /**< 1, the default: the temperature */
  int32_t tune_ridge; /**< 1: the ridge, where variances matter, without training again; 0, the
                           default: variances far from the data matter little for the NLL in
                           domain, and where factor times ridge stays, that hardly moves */
} sngp_calibrate_config;

/** Fills a configuration with the defaults. @param size sizeof(sngp_calibrate_config). */
SNGP_API sngp_status sngp_calibrate_config_init(sngp_calibrate_config *config, size_t size);

/** What a calibration found. */
typedef struct sngp_calibration {
  uint32_t struct_size;     /**< sizeof(sngp_calibration), set by the caller */
  int32_t factor_at_border; /**< 1: the best factor lay at an end of its range: pi / 8 was taken,
                               and the temperature tuned for it */
  int64_t rows;             /**< held-out rows */
  double mean_field_factor; /**< as the model has it now; of an ensemble, member 0 */
  double temperature;       /**< as the model has it now; the same */
  double ridge;             /**< as the model has it now; the same */
  double nll_before;        /**< mean NLL of the held-out rows as the model predicted, in nats */
  double nll_after;         /**< the same, as it predicts now */
} sngp_calibration;

/**
 * Tunes a model on held-out rows and stores the result in it. Minimises
 *
 *     NLL + ((log temperature)^2 + (log10(factor / (pi / 8)))^2) / (2 n)
 *
 * jointly over the factor in [pi / 80, 100 pi / 8] and the temperature in [0.05, 20]. NLL is the
 * mean over the n rows of -log p(label), p as sngp_predict() has it by this method, and weighted by
 * sample weights (rows with weight 0 do not count). The two priors, together one row's weight,
 * decide where rows do not: rows that are all right would drive the temperature to 0.
 *
 * A factor of 0 would switch the distance off, and in-domain rows alone, few of which lie far from
 * the training rows, may ask for it. Where the best factor lies at an end of its range the rows do
 * not tell: pi / 8 is taken then.
 *
 * Rows that training has not seen are needed; those of early stopping will do. Calibrate for the
 * method that predicts: draws and dropout passes have a temperature of their own. The result does
 * not depend on the number of threads. Otherwise than at the border what is minimised, priors
 * included, is never above where the model was, if that lay in the ranges; the NLL alone can be, by
 * what the priors weigh.
 *
 * Factor and temperature are tuned together, and belong together: MAP predictions of a model that
 * was tuned for the mean field have a temperature that is not theirs.
 *
 * With tune_ridge all that is done for the ridges 10^-3 to 10^3 times the model's in decades, and
 * (log10(ridge / the model's))^2 / (2 n) added. That takes 7 times as long, a factorisation each,
 * and a copy of the posterior.
 *
 * The rows go through the network once. Takes P n (K + 1) floats for them: P passes (num_samples of
 * the method, times members), K classes.
 *
 * @param held_out     labelled rows with the model's columns.
 * @param predict      how the model will predict: method, num_samples, seed, joint_samples; its
 *                     num_threads work. Factor and temperature are not used. NULL: the defaults.
 * @param config       NULL: the defaults.
 * @param[out] result  struct_size set by the caller; may be NULL.
 * @return SNGP_ERROR_NO_ROWS, SNGP_ERROR_NO_LABELS, SNGP_ERROR_DIMENSION, SNGP_ERROR_LABEL_RANGE,
 *         SNGP_ERROR_NOT_PREPARED, SNGP_ERROR_POSTERIOR_STALE and SNGP_ERROR_UNSUPPORTED as
 *         sngp_predict(), SNGP_ERROR_INVALID_ARGUMENT also where all sample weights are 0,
 *         SNGP_ERROR_NUMERICAL where the NLL is not finite, SNGP_ERROR_OUT_OF_MEMORY. The model is
 *         as it was on any error.
 */
SNGP_API sngp_status sngp_calibrate(sngp_model *model, const sngp_dataset *held_out,
                                    const sngp_predict_config *predict,
                                    const sngp_calibrate_config *config, sngp_calibration *result);

/**
 * Tunes an ensemble: one factor and one temperature for all members, by the NLL of the mean of
 * their probabilities. The mean is less sure than each member, so this is not what tuning them one
 * by one would give. A tuned ridge is 10^-3 to 10^3 times each member's own.
 *
 * @return as sngp_calibrate().
 */
SNGP_API sngp_status sngp_ensemble_calibrate(sngp_ensemble *ensemble, const sngp_dataset *held_out,
                                             const sngp_predict_config *predict,
                                             const sngp_calibrate_config *config,
                                             sngp_calibration *result);

SNGP_END_DECLS

#endif
