/* Checks that several exported functions share. */
#ifndef SNGP_API_CHECK_H
#define SNGP_API_CHECK_H

#include <stddef.h>

#include "base/status.h"
#include "sngp/ensemble.h"
#include "sngp/model.h"

/* SNGP_ERROR_INVALID_ARGUMENT, naming it, where an argument is NULL. */
sngp_status sngp_check_pointer(const void *argument, const char *name);

/* The same for a path, which must not be empty either. */
sngp_status sngp_check_path(const char *path, const char *name);

/* Whether a preset exists. */
sngp_status sngp_check_preset(int32_t preset);

/* A thread count, 1 or more (and at most 4,096, to catch slips). */
sngp_status sngp_check_threads(int32_t num_threads);

/* An array of rows * width elements of `size` bytes: SNGP_ERROR_INVALID_ARGUMENT where it cannot be
   in memory. Neither rows nor width is negative. */
sngp_status sngp_check_extent(const char *name, int64_t rows, int64_t width, size_t size);

/* SNGP_ERROR_INVALID_ARGUMENT for a reserved field that is not 0. */
sngp_status sngp_check_reserved(int32_t reserved, const char *type);

/* Whether a model, or an ensemble, may be changed: not from a callback of its own fit. */
sngp_status sngp_check_idle(const sngp_model *model);
sngp_status sngp_check_ensemble_idle(const sngp_ensemble *ensemble);

#endif
