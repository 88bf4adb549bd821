#include "io/json_text.h"

#include <locale.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

/* Enough for a double to read back exactly. */
enum { REAL_DIGITS = 17 };

/* Jansson reads and writes numbers in the thread's locale and mends a decimal comma of one byte
   only. So this thread, and no other, works in the C locale for as long as Jansson does. */
typedef struct {
  locale_t c, previous;
} numeric_locale;

static sngp_status enter_c_locale(numeric_locale *locale) {
  locale->c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (locale->c == (locale_t)0) return sngp_fail_memory("the C locale");
  locale->previous = uselocale(locale->c);
  return SNGP_OK;
}

static void leave_c_locale(numeric_locale *locale) {
  uselocale(locale->previous);
  freelocale(locale->c);
}

/* Jansson's scanner grows its buffer with the longest token so far, and where memory fails it then
   drops a byte: of a string it says that it is malformed, of a number it asserts the contrary and
   ends the process. A long string before the text makes it grow there. */
static const char LONG_STRING[] =
    "[\"----------------------------------------------------------------------------------------"
    "------------------------------------\",";
enum { PREFIX_SIZE = sizeof LONG_STRING - 1 };

/* `[long string, text]`, to be released; `size` bytes. */
static char *wrap(const char *text, size_t length, size_t *size) {
  if (!sngp_size_add(length, PREFIX_SIZE + 1, size)) return NULL;
  char *wrapped = sngp_allocate(*size, 1);
  if (wrapped == NULL) return NULL;
  memcpy(wrapped, LONG_STRING, PREFIX_SIZE);
  memcpy(wrapped + PREFIX_SIZE, text, length);
  wrapped[PREFIX_SIZE + length] = ']';
  return wrapped;
}

/* Jansson does not tell a text that is malformed from memory that is short; another allocation
   does. */
static bool memory_is_short(void) {
  enum { SOME_BYTES = 1 << 16 };
  void *memory = sngp_allocate(SOME_BYTES, 1);
  sngp_release(memory);
  return memory == NULL;
}

/* The second element of an array of two, which is given up; NULL where there are more. */
static json_t *unwrap(json_t *array) {
  json_t *element = json_array_size(array) == 2 ? json_array_get(array, 1) : NULL;
  json_incref(element);
  json_decref(array);
  return element;
}

sngp_status sngp_json_parse(const char *what, const char *text, size_t length, json_t **object) {
  *object = NULL;
  size_t size = 0;
  char *wrapped = wrap(text, length, &size);
  if (wrapped == NULL) return sngp_fail_memory(what);
  numeric_locale locale = {0};
  json_error_t error = {.position = 0};
  json_t *json = NULL;
  sngp_status status = enter_c_locale(&locale);
  if (status == SNGP_OK) {
    json = json_loadb(wrapped, size, JSON_REJECT_DUPLICATES, &error);
    leave_c_locale(&locale);
  }
  sngp_release(wrapped);
  if (status != SNGP_OK) return status;
  if (json == NULL && memory_is_short()) return sngp_fail_memory(what);
  if (json == NULL)
    return sngp_fail(SNGP_ERROR_FORMAT, "%s: not valid JSON near byte %d: %s", what,
                     error.position - PREFIX_SIZE, error.text);
  json = unwrap(json);
  if (!json_is_object(json)) {
    json_decref(json);
    return sngp_fail(SNGP_ERROR_FORMAT, "%s: not a JSON object", what);
  }
  *object = json;
  return SNGP_OK;
}

sngp_status sngp_json_print(const json_t *object, char **text, size_t *length) {
  const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS);
  *text = NULL;
  numeric_locale locale = {0};
  SNGP_TRY(enter_c_locale(&locale));
  size_t size = json_dumpb(object, NULL, 0, flags);
  char *printed = size == 0 ? NULL : sngp_allocate(size + 1, 1);
  if (printed != NULL && json_dumpb(object, printed, size, flags) != size) {
    sngp_release(printed);
    printed = NULL;
  }
  leave_c_locale(&locale);
  if (printed == NULL) return sngp_fail_memory("JSON text");
  *text = printed;
  *length = size;
  return SNGP_OK;
}

sngp_status sngp_json_set(json_t *object, const char *key, json_t *value) {
  if (json_object_set_new(object, key, value) != 0) return sngp_fail_memory("JSON");
  return SNGP_OK;
}
