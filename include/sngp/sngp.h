/**
 * @file sngp.h
 * @brief libsngp: classifiers that know what they do not know. Includes every public header.
 *
 * Rules that hold throughout (docs/api.md has them at length, with examples):
 * - Functions that can fail return ::sngp_status; sngp_last_error() has the message. On failure
 *   out-pointers are NULL and buffers are untouched. A NULL that is not allowed, a size or a number
 *   out of range is SNGP_ERROR_INVALID_ARGUMENT everywhere, memory that cannot be had
 *   SNGP_ERROR_OUT_OF_MEMORY; functions list these where there is more to say.
 * - Handles are opaque. What is given out through a pointer to a pointer belongs to the caller and
 *   has a `_free` function, which accepts NULL. What is returned as a const pointer is borrowed.
 * - Structs start with `struct_size`; configurations are filled by
 *   `sngp_X_config_init(&c, sizeof c)`.
 * - Matrices are row-major; rows and columns are counted from 0.
 * - Functions that take a const handle may run concurrently on it; others need it exclusively.
 * - The library never prints, exits, or changes process-wide state (locale, signals,
 *   floating-point mode, BLAS threads). OpenBLAS's own messages and locks are its own.
 */
#ifndef SNGP_SNGP_H
#define SNGP_SNGP_H

#include "sngp/calibrate.h"
#include "sngp/conformal.h"
#include "sngp/dataset.h"
#include "sngp/ensemble.h"
#include "sngp/head.h"
#include "sngp/import.h"
#include "sngp/io.h"
#include "sngp/metrics.h"
#include "sngp/model.h"
#include "sngp/optimizer.h"
#include "sngp/predict.h"
#include "sngp/preset.h"
#include "sngp/status.h"
#include "sngp/train.h"
#include "sngp/version.h"

#endif
