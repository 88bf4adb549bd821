#include "io/json_fields.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "io/json_text.h"

static json_t *to_json(const sngp_json_field *field, const void *value) {
  int64_t integer = 0;
  int32_t constant = 0;
  double number = 0.0;
  switch (field->kind) {
    case SNGP_JSON_INTEGER: memcpy(&integer, value, sizeof integer); return json_integer(integer);
    case SNGP_JSON_NUMBER:
    case SNGP_JSON_OPTIONAL_NUMBER:
      memcpy(&number, value, sizeof number);
      if (field->kind == SNGP_JSON_OPTIONAL_NUMBER && !isfinite(number)) return json_null();
      return json_real(number);
    case SNGP_JSON_BOOLEAN:
      memcpy(&constant, value, sizeof constant);
      return json_boolean(constant);
    case SNGP_JSON_CONSTANT:
      memcpy(&constant, value, sizeof constant);
      return json_string(field->constants[constant]);
    case SNGP_JSON_OTHER: break;
  }
  return NULL;
}

sngp_status sngp_json_write_fields(const sngp_json_field *fields, size_t count, const void *values,
                                   json_t *object) {
  for (size_t i = 0; i < count; i++) {
    if (fields[i].kind == SNGP_JSON_OTHER) continue;
    json_t *value = to_json(&fields[i], (const char *)values + fields[i].offset);
    SNGP_TRY(sngp_json_set(object, fields[i].key, value));
  }
  return SNGP_OK;
}

static sngp_status fail_kind(const char *what, const sngp_json_field *field, const char *expected) {
  return sngp_fail(SNGP_ERROR_FORMAT, "%s.%s is not %s", what, field->key, expected);
}

static sngp_status read_constant(const char *what, const sngp_json_field *field, const json_t *json,
                                 void *value) {
  const char *name = json_string_value(json);
  if (name == NULL) return fail_kind(what, field, "a string");
  for (int32_t i = 0; field->constants[i] != NULL; i++) {
    if (strcmp(name, field->constants[i]) != 0) continue;
    memcpy(value, &i, sizeof i);
    return SNGP_OK;
  }
  return sngp_fail(SNGP_ERROR_FORMAT, "%s.%s is \"%s\", which is not known", what, field->key,
                   name);
}

static sngp_status from_json(const char *what, const sngp_json_field *field, const json_t *json,
                             void *value) {
  int64_t integer = json_integer_value(json);
  int32_t boolean = json_is_true(json);
  double number = json_is_null(json) ? NAN : json_number_value(json);
  switch (field->kind) {
    case SNGP_JSON_INTEGER:
      if (!json_is_integer(json)) return fail_kind(what, field, "a whole number");
      memcpy(value, &integer, sizeof integer);
      break;
    case SNGP_JSON_NUMBER:
    case SNGP_JSON_OPTIONAL_NUMBER:
      if (!json_is_number(json) && !(json_is_null(json) && field->kind != SNGP_JSON_NUMBER))
        return fail_kind(what, field, "a number");
      memcpy(value, &number, sizeof number);
      break;
    case SNGP_JSON_BOOLEAN:
      if (!json_is_boolean(json)) return fail_kind(what, field, "true or false");
      memcpy(value, &boolean, sizeof boolean);
      break;
    case SNGP_JSON_CONSTANT: return read_constant(what, field, json, value);
    case SNGP_JSON_OTHER: break;
  }
  return SNGP_OK;
}

static const sngp_json_field *find_field(const sngp_json_field *fields, size_t count,
                                         const char *key) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(fields[i].key, key) == 0) return &fields[i];
  return NULL;
}

sngp_status sngp_json_read_fields(const char *what, const sngp_json_field *fields, size_t count,
                                  const json_t *object, void *values) {
  const char *key;
  json_t *json;
  json_object_foreach((json_t *)(uintptr_t)object, key, json) {
    const sngp_json_field *field = find_field(fields, count, key);
    if (field == NULL)
      return sngp_fail(SNGP_ERROR_FORMAT, "%s has the key \"%s\", which is not known", what, key);
    SNGP_TRY(from_json(what, field, json, (char *)values + field->offset));
  }
  for (size_t i = 0; i < count; i++)
    if (fields[i].required && json_object_get(object, fields[i].key) == NULL)
      return sngp_fail(SNGP_ERROR_FORMAT, "%s.%s is missing", what, fields[i].key);
  return SNGP_OK;
}
