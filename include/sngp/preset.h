/**
 * @file preset.h
 * @brief Sets of defaults, for sngp_model_config_preset(), sngp_optimizer_config_preset() and
 * sngp_fit_config_preset(). Included by the headers of these.
 */
#ifndef SNGP_PRESET_H
#define SNGP_PRESET_H

enum {
  SNGP_PRESET_DEFAULT = 0, /**< SNGP that finds its length scale in the data */
  SNGP_PRESET_TUTORIAL = 1 /**< the exact values of the TensorFlow SNGP tutorial */
};

#endif
