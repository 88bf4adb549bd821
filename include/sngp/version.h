/**
 * @file version.h
 * @brief Version, build information, and the one process-wide setting.
 */
#ifndef SNGP_VERSION_H
#define SNGP_VERSION_H

#include <stdint.h>

#include "sngp/status.h"

SNGP_BEGIN_DECLS

#define SNGP_VERSION_MAJOR 0 /**< grows when programs must change; while it is 0, MINOR does */
#define SNGP_VERSION_MINOR 1 /**< grows with new features */
#define SNGP_VERSION_PATCH 0 /**< grows with corrections */
#define SNGP_VERSION_STRING "0.1.0" /**< the three as text */

/** The version as one number, major * 10000 + minor * 100 + patch, for comparisons. */
#define SNGP_VERSION_NUMBER \
  (SNGP_VERSION_MAJOR * 10000 + SNGP_VERSION_MINOR * 100 + SNGP_VERSION_PATCH)

/** @return the version of the library that was loaded, as #SNGP_VERSION_NUMBER. Thread-safe. */
SNGP_API int32_t sngp_version(void);

/**
 * One line about the library that was loaded: its version, the BLAS behind it, how many threads
 * BLAS uses, and the instruction set that the vector kernels run on.
 *
 * Where BLAS uses several threads, the line says that fit and predict then use one thread of
 * their own (see sngp_set_blas_threads()).
 *
 * @return a string owned by the library, valid until the next call in this thread. Thread-safe.
 */
SNGP_API const char *sngp_build_info(void);

/**
 * Sets the number of threads of OpenBLAS for the whole process.
 *
 * The library never calls this itself: the number of BLAS threads belongs to the host. libsngp
 * is fastest with one BLAS thread and several threads of its own (`num_threads` of the fit and
 * predict configurations); while BLAS has more than one, fit and predict use one of their own.
 *
 * Call it before other threads use BLAS; it is not synchronised with them. Not thread-safe.
 *
 * @param num_threads  1 or more; OpenBLAS lowers it to the number it was built for.
 * @return SNGP_ERROR_INVALID_ARGUMENT when num_threads does not lie in [1, 4096].
 */
SNGP_API sngp_status sngp_set_blas_threads(int32_t num_threads);

SNGP_END_DECLS

#endif
