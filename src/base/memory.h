/* All memory of the library is taken here. */
#ifndef SNGP_BASE_MEMORY_H
#define SNGP_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory for count * size bytes, aligned to a cache line; NULL when it can't be had or the
   product overflows. At least one byte is taken, so NULL always means failure. */
void *sngp_allocate(size_t count, size_t size);

/* A copy of an array of strings, in one block to be freed by sngp_release(); NULL on failure. */
char **sngp_copy_strings(const char *const *texts, size_t count);

/* Gives memory back; NULL is accepted. */
void sngp_release(void *memory);

/* Bytes of the machine's physical memory, whoever uses it; SIZE_MAX where it is not known. */
size_t sngp_physical_memory(void);

/* a * b and a + b, false when they overflow. */
bool sngp_size_multiply(size_t a, size_t b, size_t *product);
bool sngp_size_add(size_t a, size_t b, size_t *sum);

#endif
