#include "data/text.h"

#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

enum { FIRST_CAPACITY = 16, FIRST_SLOTS = 32 };

void *sngp_array_grow(void *array, size_t *capacity, size_t needed, size_t element_size) {
  if (needed <= *capacity && array != NULL) return array;
  size_t grown = *capacity < FIRST_CAPACITY ? FIRST_CAPACITY : *capacity;
  while (grown < needed)
    if (!sngp_size_multiply(grown, 2, &grown)) return NULL;
  void *larger = sngp_allocate(grown, element_size);
  if (larger == NULL) return NULL;
  if (array != NULL) memcpy(larger, array, *capacity * element_size);
  sngp_release(array);
  *capacity = grown;
  return larger;
}

bool sngp_text_list_add(sngp_text_list *list, const char *text, size_t length) {
  size_t *starts =
      sngp_array_grow(list->starts, &list->starts_capacity, list->count + 2, sizeof *starts);
  if (starts == NULL) return false;
  list->starts = starts;
  size_t needed = 0;
  if (!sngp_size_add(list->num_bytes, length, &needed) || !sngp_size_add(needed, 1, &needed))
    return false;
  char *bytes = sngp_array_grow(list->bytes, &list->bytes_capacity, needed, 1);
  if (bytes == NULL) return false;
  list->bytes = bytes;
  if (length > 0) memcpy(bytes + list->num_bytes, text, length);
  bytes[needed - 1] = '\0';
  list->num_bytes = needed;
  list->starts[++list->count] = needed;
  return true;
}

const char *sngp_text_list_get(const sngp_text_list *list, size_t index, size_t *length) {
  if (length != NULL) *length = list->starts[index + 1] - list->starts[index] - 1;
  return list->bytes + list->starts[index];
}

bool sngp_text_list_is(const sngp_text_list *list, size_t index, const char *string) {
  size_t length = 0;
  const char *text = sngp_text_list_get(list, index, &length);
  return strlen(string) == length && memcmp(text, string, length) == 0;
}

int64_t sngp_text_list_find(const sngp_text_list *list, const char *string) {
  for (size_t i = 0; i < list->count; i++)
    if (sngp_text_list_is(list, i, string)) return (int64_t)i;
  return -1;
}

void sngp_text_list_clear(sngp_text_list *list) {
  sngp_release(list->bytes);
  sngp_release(list->starts);
  *list = (sngp_text_list){0};
}

/* FNV-1a. */
static uint64_t hash(const char *text, size_t length) {
  uint64_t value = 0xcbf29ce484222325u;
  for (size_t i = 0; i < length; i++) value = (value ^ (unsigned char)text[i]) * 0x100000001b3u;
  return value ^ value >> 32;
}

/* The slot that holds a text, or the free one where it belongs. */
static size_t *find_slot(const sngp_text_index *index, const char *text, size_t length) {
  for (size_t i = (size_t)hash(text, length);; i++) {
    size_t *slot = &index->slots[i & (index->num_slots - 1)];
    if (*slot == 0) return slot;
    size_t other_length = 0;
    const char *other = sngp_text_list_get(&index->texts, *slot - 1, &other_length);
    if (other_length == length && memcmp(other, text, length) == 0) return slot;
  }
}

/* Keeps at least half of the slots free. */
static bool make_room(sngp_text_index *index) {
  if (2 * (index->texts.count + 1) <= index->num_slots) return true;
  size_t num_slots = index->num_slots == 0 ? FIRST_SLOTS : 2 * index->num_slots;
  sngp_text_index larger = {.texts = index->texts, .num_slots = num_slots};
  larger.slots = sngp_allocate(num_slots, sizeof *larger.slots);
  if (larger.slots == NULL) return false;
  for (size_t i = 0; i < index->texts.count; i++) {
    size_t length = 0;
    const char *text = sngp_text_list_get(&index->texts, i, &length);
    *find_slot(&larger, text, length) = i + 1;
  }
  sngp_release(index->slots);
  *index = larger;
  return true;
}

bool sngp_text_index_add(sngp_text_index *index, const char *text, size_t length, size_t *number) {
  if (!make_room(index)) return false;
  size_t *slot = find_slot(index, text, length);
  if (*slot == 0) {
    if (!sngp_text_list_add(&index->texts, text, length)) return false;
    *slot = index->texts.count;
  }
  *number = *slot - 1;
  return true;
}

int64_t sngp_text_index_find(const sngp_text_index *index, const char *text, size_t length) {
  if (index->num_slots == 0) return -1;
  return (int64_t)*find_slot(index, text, length) - 1;
}

void sngp_text_index_clear(sngp_text_index *index) {
  sngp_text_list_clear(&index->texts);
  sngp_release(index->slots);
  *index = (sngp_text_index){0};
}

sngp_quoted sngp_quote(const char *text, size_t length) {
  enum { SHOWN = 50 };
  sngp_quoted quoted = {{0}};
  size_t shown = length > SHOWN ? SHOWN : length;
  /* A character of several bytes is not cut. */
  while (shown > 0 && shown < length && ((unsigned char)text[shown] & 0xc0) == 0x80) shown--;
  char *at = quoted.text;
  *at++ = '"';
  for (size_t i = 0; i < shown; i++) {
    unsigned char c = (unsigned char)text[i];
    *at++ = c < 0x20 || c == 0x7f ? '?' : text[i];
  }
  if (!sngp_is_utf8(quoted.text))
    for (char *c = quoted.text; c < at; c++)
      if ((unsigned char)*c >= 0x80) *c = '?';
  *at++ = '"';
  if (shown < length) memcpy(at, "...", 3);
  return quoted;
}

sngp_quoted sngp_text_list_quote(const sngp_text_list *list, size_t index) {
  size_t length = 0;
  const char *text = sngp_text_list_get(list, index, &length);
  return sngp_quote(text, length);
}
