/* JSON objects from and to text, the same in every locale. */
#ifndef SNGP_IO_JSON_TEXT_H
#define SNGP_IO_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "base/status.h"

/* Parses one object, keys unique, with nothing but white space around it. `what` begins messages:
   SNGP_ERROR_FORMAT, SNGP_ERROR_OUT_OF_MEMORY. The caller owns the object (json_decref). */
sngp_status sngp_json_parse(const char *what, const char *text, size_t length, json_t **object);

/* Writes an object without white space, keys in the order they were set, real numbers so that they
   read back exactly. The text ends with a NUL that `length` does not count; the caller releases
   it. */
sngp_status sngp_json_print(const json_t *object, char **text, size_t *length);

/* Sets a key to a new value, taking `value` over; NULL stands for a value that could not be made.
   Fails for want of memory only. */
sngp_status sngp_json_set(json_t *object, const char *key, json_t *value);

#endif
