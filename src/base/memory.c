/* Pages are no part of POSIX. */
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE

#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CACHE_LINE = 64 };

bool sngp_size_multiply(size_t a, size_t b, size_t *product) {
  return !__builtin_mul_overflow(a, b, product);
}

bool sngp_size_add(size_t a, size_t b, size_t *sum) { return !__builtin_add_overflow(a, b, sum); }

void *sngp_allocate(size_t count, size_t size) {
  size_t bytes = 0;
  if (!sngp_size_multiply(count, size, &bytes)) return NULL;
  if (!sngp_size_add(bytes, CACHE_LINE, &bytes)) return NULL;
  bytes -= bytes % CACHE_LINE; /* aligned_alloc wants a multiple; the sum above keeps it above 0 */
  void *memory = aligned_alloc(CACHE_LINE, bytes);
  if (memory != NULL) memset(memory, 0, bytes);
  return memory;
}

char **sngp_copy_strings(const char *const *texts, size_t count) {
  size_t bytes = 0;
  if (!sngp_size_multiply(count, sizeof(char *), &bytes)) return NULL;
  for (size_t i = 0; i < count; i++)
    if (!sngp_size_add(bytes, strlen(texts[i]) + 1, &bytes)) return NULL;
  char **copies = sngp_allocate(bytes, 1);
  if (copies == NULL) return NULL;
  char *end = (char *)(copies + count);
  for (size_t i = 0; i < count; i++) {
    size_t length = strlen(texts[i]) + 1;
    copies[i] = memcpy(end, texts[i], length);
    end += length;
  }
  return copies;
}

void sngp_release(void *memory) { free(memory); }

size_t sngp_physical_memory(void) {
#ifdef _SC_PHYS_PAGES
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  size_t bytes = 0;
  if (pages > 0 && page > 0 && sngp_size_multiply((size_t)pages, (size_t)page, &bytes))
    return bytes;
#endif
  return SIZE_MAX;
}
