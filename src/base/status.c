#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[SNGP_MESSAGE_SIZE];

sngp_status sngp_fail(sngp_status code, const char *format, ...) {
  char text[SNGP_MESSAGE_SIZE]; /* an argument may be the old message itself */
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  memcpy(message, text, sizeof text);
  return code;
}

sngp_status sngp_fail_prefix(sngp_status code, const char *prefix) {
  return sngp_fail(code, "%s: %s", prefix, message);
}

sngp_status sngp_fail_memory(const char *what) {
  return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY, "out of memory for %s", what);
}

const char *sngp_last_error(void) { return message; }

const char *sngp_status_name(sngp_status status) {
  switch (status) {
#define NAME(code) \
  case code: return #code;
    NAME(SNGP_OK)
    NAME(SNGP_ERROR_INVALID_ARGUMENT)
    NAME(SNGP_ERROR_OUT_OF_MEMORY)
    NAME(SNGP_ERROR_READ)
    NAME(SNGP_ERROR_WRITE)
    NAME(SNGP_ERROR_FORMAT)
    NAME(SNGP_ERROR_NOT_FINITE)
    NAME(SNGP_ERROR_LABEL_RANGE)
    NAME(SNGP_ERROR_NO_ROWS)
    NAME(SNGP_ERROR_ONE_CLASS)
    NAME(SNGP_ERROR_BATCH_SIZE)
    NAME(SNGP_ERROR_DIMENSION)
    NAME(SNGP_ERROR_POSTERIOR_STALE)
    NAME(SNGP_ERROR_NOT_PREPARED)
    NAME(SNGP_ERROR_NUMERICAL)
    NAME(SNGP_ERROR_CANCELLED)
    NAME(SNGP_ERROR_UNSUPPORTED)
    NAME(SNGP_ERROR_NOT_FOUND)
    NAME(SNGP_ERROR_NO_LABELS)
#undef NAME
    default: return "unknown status";
  }
}
