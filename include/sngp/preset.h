/**
 * @file preset.h
 * @brief Sets of defaults, for sngp_model_config_preset(), sngp_optimizer_config_preset() and
 * sngp_fit_config_preset(). Included by the headers of these.
 */
#ifndef SNGP_PRESET_H
#define SNGP_PRESET_H

enum {
  SNGP_PRESET_DEFAULT = 0,  /**< SNGP that finds its length scale in the data */
  SNGP_PRESET_TUTORIAL = 1, /**< the exact values of the TensorFlow SNGP tutorial */
  /**
   * The default arguments of three published layers, for comparison and for their weights. What is
   * not the layers' own is that of the default preset, but inputs are taken as they are, the
   * learning rate is constant and the precision matrix is summed in training. Where layer norm
   * switches their kernel scale off, kernel_scale is 1. docs/numerics.md says what stays different.
   */
  SNGP_PRESET_MODEL_GARDEN = 2, /**< TensorFlow Model Garden: bound 0.95, no normalisation, kernel
                                     scale 1, scaled features, ridge 1, momentum 0.999, l2 1e-6,
                                     mean-field factor 1 */
  SNGP_PRESET_EDWARD2 = 3,      /**< edward2 for TensorFlow: bound 0.95, layer norm, orthogonal and
                                     scaled features, ridge 1e-6, momentum 0.999, l2 0, factor 1 */
  SNGP_PRESET_EDWARD2_JAX = 4   /**< edward2 for JAX: bound 0.95, layer norm without parameters,
                                     W_r of deviation sqrt(2 / G), unscaled features, ridge 1, exact
                                     sum, trained output bias, l2 0, factor 1 */
};

#endif
