#include "base/utf8.h"

#include <stddef.h>

/* Bytes of the character at `text`, 0 where it is not valid UTF-8 (RFC 3629, section 4). */
static size_t character_length(const unsigned char *text) {
  unsigned first = text[0];
  if (first < 0x80) return 1;
  size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4) return 0;
  /* the second byte's range keeps out longer forms than needed, surrogates and what lies beyond
     U+10FFFF */
  unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (text[1] < low || text[1] > high) return 0;
  for (size_t i = 2; i < length; i++)
    if (text[i] < 0x80 || text[i] > 0xbf) return 0;
  return length;
}

bool sngp_is_utf8(const char *text) {
  const unsigned char *next = (const unsigned char *)text;
  while (*next != '\0') {
    size_t length = character_length(next);
    if (length == 0) return false;
    next += length;
  }
  return true;
}
