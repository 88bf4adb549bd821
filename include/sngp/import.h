/**
 * @file import.h
 * @brief Models from the weights of a network that was trained elsewhere, in TensorFlow or PyTorch
 * (docs/import.md).
 */
#ifndef SNGP_IMPORT_H
#define SNGP_IMPORT_H

#include <stddef.h>
#include <stdint.h>

#include "sngp/model.h"
#include "sngp/preset.h"
#include "sngp/status.h"

SNGP_BEGIN_DECLS

/** Values of sngp_import_config::layout: how matrices of weights lie in the file. */
enum {
  SNGP_LAYOUT_AUTOMATIC = 0, /**< as the shapes say; where a matrix is square, (in, out) if an array
                                  of the file is named "kernel", (out, in) otherwise */
  SNGP_LAYOUT_KERAS = 1,     /**< (in, out) where a matrix is square */
  SNGP_LAYOUT_TORCH = 2      /**< (out, in) where a matrix is square */
};

/** How a network is imported; fill with sngp_import_config_init(). */
typedef struct sngp_import_config {
  uint32_t struct_size; /**< set by sngp_import_config_init() */
  int32_t preset;       /**< SNGP_PRESET_*: the values of what neither the arrays nor `settings`
                             say; default SNGP_PRESET_TUTORIAL */
  const char *settings; /**< a JSON object with keys of a model file's `config`
                             (docs/model-format.md), such as {"ridge": 0.1}; NULL, the
                             default: none */
  const char *const *tensors; /**< num_names tensors of docs/model-format.md that are given an array
                                   each, whatever its name; NULL, the default: none */
  const char *const *arrays;  /**< num_names names of arrays in the file */
  int64_t num_names;          /**< 0 or more; default 0 */
  int64_t rows;               /**< rows that the file's precision matrix was summed over, for the
                                   record; default 0 */
  double ridge_in_precision;  /**< what the file's precision matrix has on its diagonal beside the
                                   sum over rows; negative, the default: the ridge */
  int32_t layout;             /**< SNGP_LAYOUT_*; default SNGP_LAYOUT_AUTOMATIC */
  int32_t ignore_unused;      /**< 1: arrays that no tensor is made of are passed over; 0, the
                                   default: they are an error, as the network may have computed with
                                   them */
} sngp_import_config;

/**
 * Fills a configuration with the defaults.
 *
 * @param size  sizeof(sngp_import_config), so that a program built against an older header works.
 * @return SNGP_ERROR_INVALID_ARGUMENT for NULL or a size that no version had.
 */
SNGP_API sngp_status sngp_import_config_init(sngp_import_config *config, size_t size);

/**
 * Makes a model of the arrays of a safetensors or .npz file: of the SNGP tutorial's residual
 * network with a Gaussian process head or a dense one, or of such a head alone, where there are
 * neither an input layer nor blocks among the arrays. docs/import.md lists the names that are
 * known; the arrays of an optimizer are passed over. Sizes, and what the network consists of, are
 * found from the arrays.
 *
 * Numbers may be of 16, 32 or 64 bits, and are rounded to single precision; the precision matrix is
 * kept in double. Weights under PyTorch's spectral normalisation, of singular vectors u and v,
 * are imported as W / (u^T W v). Without a precision matrix the model has the posterior of no data.
 *
 * @param config      NULL: the defaults.
 * @param[out] model  owned by the caller.
 * @return SNGP_ERROR_READ; SNGP_ERROR_FORMAT for a file that is damaged, for an array that is
 *         missing, left over or has another shape (the message lists what is missing and what is
 *         left over), and for settings that are not known;
 *         SNGP_ERROR_UNSUPPORTED (Zip64, a compressed .npz in a build without zlib, other kinds of
 *         files); SNGP_ERROR_INVALID_ARGUMENT; SNGP_ERROR_NUMERICAL for a precision matrix that is
 *         not positive definite; SNGP_ERROR_OUT_OF_MEMORY. Thread-safe.
 */
SNGP_API sngp_status sngp_model_import(const char *path, const sngp_import_config *config,
                                       sngp_model **model);

SNGP_END_DECLS

#endif
