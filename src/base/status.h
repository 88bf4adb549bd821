/* Failures: a code and a message for the calling thread. */
#ifndef SNGP_BASE_STATUS_H
#define SNGP_BASE_STATUS_H

#include "sngp/status.h"

/* Bytes of a message, the final NUL included: longer ones are cut off. */
enum { SNGP_MESSAGE_SIZE = 1024 };

/* Sets this thread's message and returns `code`, so that callers write `return sngp_fail(...)`. */
sngp_status sngp_fail(sngp_status code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "PREFIX: " before this thread's message; returns `code`. For a caller that knows the file.
 */
sngp_status sngp_fail_prefix(sngp_status code, const char *prefix);

/* The usual failure of an allocation. */
sngp_status sngp_fail_memory(const char *what);

/* The only macro that hides a return: passes a failure on. Not where something must be cleaned up.
 */
#define SNGP_TRY(expression)                                \
  do {                                                      \
    sngp_status sngp_try_status = (expression);             \
    if (sngp_try_status != SNGP_OK) return sngp_try_status; \
  } while (0)

#endif
