/* Arrays and lists of texts that grow, and an index that numbers the different texts it is given.
 */
#ifndef SNGP_DATA_TEXT_H
#define SNGP_DATA_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An array with room for `needed` elements at least: the given one when it has it, else one of
   twice the size with the same elements, the old one released. NULL when memory is short; the old
   one then stays. */
void *sngp_array_grow(void *array, size_t *capacity, size_t needed, size_t element_size);

/* A list of texts; each ends with a NUL, which its length does not count. Zeroed, it is empty. */
typedef struct {
  char *bytes;
  size_t num_bytes, bytes_capacity;
  size_t *starts;
  size_t count, starts_capacity;
} sngp_text_list;

bool sngp_text_list_add(sngp_text_list *list, const char *text, size_t length);
/* Valid until the next addition. */
const char *sngp_text_list_get(const sngp_text_list *list, size_t index, size_t *length);
/* The number of the first text that is a string, or -1. */
int64_t sngp_text_list_find(const sngp_text_list *list, const char *string);
/* Whether one text is a string. */
bool sngp_text_list_is(const sngp_text_list *list, size_t index, const char *string);
void sngp_text_list_clear(sngp_text_list *list);

/* Numbers different texts 0, 1, 2, ... in the order of their first appearance. Zeroed, it is
   empty. */
typedef struct {
  sngp_text_list texts;
  size_t *slots; /* open addressing: number of a text + 1, 0 is free */
  size_t num_slots;
} sngp_text_index;

/* The number of a text, added where it is new; false when memory is short. */
bool sngp_text_index_add(sngp_text_index *index, const char *text, size_t length, size_t *number);
/* The number of a text, or -1. */
int64_t sngp_text_index_find(const sngp_text_index *index, const char *text, size_t length);
void sngp_text_index_clear(sngp_text_index *index);

/* A text to be shown in a message: quoted, without control characters, shortened; valid UTF-8
   whatever it was, then with ? in place of all bytes beyond ASCII. */
typedef struct {
  char text[64];
} sngp_quoted;

sngp_quoted sngp_quote(const char *text, size_t length);
sngp_quoted sngp_text_list_quote(const sngp_text_list *list, size_t index);

#endif
