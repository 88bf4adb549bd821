#include "base/struct_size.h"

#include <stdint.h>
#include <string.h>

/* No version will come near; a struct that was not initialised is found out by this, as a rule. */
enum { LARGEST_STRUCT = 4096 };

static sngp_status check(const void *callers, size_t size, size_t smallest, const char *type) {
  if (callers == NULL) return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "%s is NULL", type);
  if (size < smallest)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "%s: struct_size is %zu, but the smallest version has %zu bytes", type, size,
                     smallest);
  if (size > LARGEST_STRUCT)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "%s: struct_size is %zu, which no version has: was it initialised?", type,
                     size);
  return SNGP_OK;
}

static size_t struct_size(const void *callers) {
  uint32_t size = 0;
  if (callers != NULL) memcpy(&size, callers, sizeof size);
  return size;
}

sngp_status sngp_struct_import(void *own, size_t own_size, size_t smallest, const void *callers,
                               const char *type) {
  size_t size = struct_size(callers);
  SNGP_TRY(check(callers, size, smallest, type));
  const unsigned char *bytes = callers;
  for (size_t i = own_size; i < size; i++)
    if (bytes[i] != 0)
      return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                       "%s: a field of a newer version is set, which this library does not know",
                       type);
  memcpy(own, callers, size < own_size ? size : own_size);
  uint32_t own_size32 = (uint32_t)own_size;
  memcpy(own, &own_size32, sizeof own_size32);
  return SNGP_OK;
}

sngp_status sngp_struct_export(const void *own, size_t own_size, size_t smallest, void *callers,
                               const char *type) {
  size_t size = struct_size(callers);
  SNGP_TRY(check(callers, size, smallest, type));
  uint32_t size32 = (uint32_t)size;
  memcpy(callers, own, size < own_size ? size : own_size);
  memcpy(callers, &size32, sizeof size32);
  return SNGP_OK;
}

sngp_status sngp_struct_init(const void *own, size_t own_size, size_t smallest, void *callers,
                             size_t size, const char *type) {
  SNGP_TRY(check(callers, size, smallest, type));
  uint32_t size32 = (uint32_t)size;
  memset(callers, 0, size);
  memcpy(callers, own, size < own_size ? size : own_size);
  memcpy(callers, &size32, sizeof size32);
  return SNGP_OK;
}
