/**
 * @file io.h
 * @brief Model files: safetensors, readable by any safetensors library (docs/model-format.md).
 *
 * A file holds the configuration, class and feature names, the weights and the posterior; neither
 * time nor path is stored, so equal training gives equal bytes.
 */
#ifndef SNGP_IO_H
#define SNGP_IO_H

#include <stddef.h>
#include <stdint.h>

#include "sngp/model.h"
#include "sngp/status.h"

SNGP_BEGIN_DECLS

/**
 * Saves a model. The file appears whole or not at all: on failure an older file of that name is
 * kept and no new one exists.
 *
 * A model that was not trained can be saved too; it loads as a model that has yet to be.
 *
 * @return SNGP_ERROR_WRITE, naming the path and the system's reason;
 *         SNGP_ERROR_POSTERIOR_STALE for a GP head whose weights or precision matrix moved since
 *         its posterior was finished; SNGP_ERROR_NOT_FINITE for weights that are NaN or infinite;
 *         SNGP_ERROR_OUT_OF_MEMORY.
 *         Concurrent calls are safe, on one path too: the last one's file stays.
 */
SNGP_API sngp_status sngp_model_save(const sngp_model *model, const char *path);

/**
 * Loads a model. Everything in the file is checked before a model is made of it: sizes, shapes,
 * names, finiteness, and that the posterior's root belongs to its precision.
 *
 * The optimizer's moments are not in the file: training goes on with empty ones.
 *
 * @param[out] model  owned by the caller.
 * @return SNGP_ERROR_READ, SNGP_ERROR_FORMAT (says what is wrong), SNGP_ERROR_UNSUPPORTED (a newer
 *         format, or the file of an ensemble: sngp_ensemble_load() reads both),
 *         SNGP_ERROR_OUT_OF_MEMORY. Thread-safe.
 */
SNGP_API sngp_status sngp_model_load(const char *path, sngp_model **model);

/**
 * Saves a model into memory: the bytes that sngp_model_save() writes.
 *
 * @param[out] data  owned by the caller; freed by sngp_buffer_free().
 * @param[out] size  number of bytes.
 * @return as sngp_model_save(), but for SNGP_ERROR_WRITE.
 */
SNGP_API sngp_status sngp_model_save_buffer(const sngp_model *model, void **data, int64_t *size);

/** Loads a model from `size` bytes in memory, which are copied: sngp_model_load() without a file.
 */
SNGP_API sngp_status sngp_model_load_buffer(const void *data, int64_t size, sngp_model **model);

/** Frees what sngp_model_save_buffer() or sngp_ensemble_save_buffer() gave out; NULL is accepted.
 */
SNGP_API void sngp_buffer_free(void *data);

SNGP_END_DECLS

#endif
