/* Structs from and to JSON objects, by a table of their fields. */
#ifndef SNGP_IO_JSON_FIELDS_H
#define SNGP_IO_JSON_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef enum {
  SNGP_JSON_INTEGER,         /* int64_t */
  SNGP_JSON_NUMBER,          /* double, finite */
  SNGP_JSON_OPTIONAL_NUMBER, /* double; null where it is not finite, read as NaN */
  SNGP_JSON_BOOLEAN,         /* int32_t, 0 or 1 */
  SNGP_JSON_CONSTANT,        /* int32_t, a string in JSON */
  SNGP_JSON_OTHER            /* a known key, read and written by someone else */
} sngp_json_kind;

typedef struct {
  const char *key;
  sngp_json_kind kind;
  size_t offset;                /* in the struct */
  const char *const *constants; /* SNGP_JSON_CONSTANT: the names of 0, 1, ..., NULL at the end */
  bool required;
} sngp_json_field;

/* Adds the fields to `object`, in the table's order. */
sngp_status sngp_json_write_fields(const sngp_json_field *fields, size_t count, const void *values,
                                   json_t *object);

/* Reads the fields that are there into the struct and leaves the others as they are. `what` begins
   messages. SNGP_ERROR_FORMAT: an unknown key, a value of the wrong kind, a required one missing.
 */
sngp_status sngp_json_read_fields(const char *what, const sngp_json_field *fields, size_t count,
                                  const json_t *object, void *values);

#endif
