/**
 * @file status.h
 * @brief Status codes and the message that goes with a failure.
 *
 * Every function that can fail returns a ::sngp_status: 0 is success, negative values are
 * failures and are never reused for another meaning. On failure, out-pointers are set to NULL
 * and nothing else has been written, and sngp_last_error() tells what was wrong and where.
 */
#ifndef SNGP_STATUS_H
#define SNGP_STATUS_H

#include <stdint.h>

#include "sngp/export.h"

SNGP_BEGIN_DECLS

/** The result of a call: SNGP_OK or one of the negative codes below. */
typedef int32_t sngp_status;

enum {
  SNGP_OK = 0,                      /**< success */
  SNGP_ERROR_INVALID_ARGUMENT = -1, /**< an argument or a configuration field is out of range */
  SNGP_ERROR_OUT_OF_MEMORY = -2,    /**< memory could not be taken, or a size overflows */
  SNGP_ERROR_READ = -3,             /**< a file could not be opened or read */
  SNGP_ERROR_WRITE = -4,            /**< a file could not be created or written (a full disk) */
  SNGP_ERROR_FORMAT = -5,           /**< a file's contents are malformed */
  SNGP_ERROR_NOT_FINITE = -6,       /**< a NaN or an infinity in features, targets, weights */
  SNGP_ERROR_LABEL_RANGE = -7,      /**< a label is negative or not below num_classes */
  SNGP_ERROR_NO_ROWS = -8,          /**< a dataset without rows where rows are needed */
  SNGP_ERROR_ONE_CLASS = -9,        /**< training labels that are all the same class */
  SNGP_ERROR_BATCH_SIZE = -10,      /**< a batch larger than the data */
  SNGP_ERROR_DIMENSION = -11,       /**< columns, classes or shapes that do not fit together */
  SNGP_ERROR_POSTERIOR_STALE = -12, /**< the weights moved since the posterior was finished */
  SNGP_ERROR_NOT_PREPARED = -13,    /**< the model still has to choose something from data */
  SNGP_ERROR_NUMERICAL = -14,       /**< diverged training, or a matrix that is not positive
                                         definite even with jitter */
  SNGP_ERROR_CANCELLED = -15,       /**< a callback asked to stop; the model stays valid */
  SNGP_ERROR_UNSUPPORTED = -16,     /**< not available in this build or this version */
  SNGP_ERROR_NOT_FOUND = -17,       /**< no tensor, column or class of that name */
  SNGP_ERROR_NO_LABELS = -18        /**< a dataset without labels where labels are needed */
};

/**
 * The name of a status code, for example "SNGP_ERROR_FORMAT".
 *
 * @return a constant string; "unknown status" for a value that is not a code. Thread-safe.
 */
SNGP_API const char *sngp_status_name(sngp_status status);

/**
 * The message of the last failure in this thread, with the numbers that matter, for example
 * "labels[17] is 10, but num_classes is 10".
 *
 * @return a string owned by the library, valid until the next failing call in this thread; ""
 *         before the first failure. Successful calls leave it as it is. Thread-safe.
 */
SNGP_API const char *sngp_last_error(void);

SNGP_END_DECLS

#endif
