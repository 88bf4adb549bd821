/* One block of memory, cut into arrays of floats that each begin at a cache line. A first round
   with memory NULL adds up the sizes, a second one, with a block of that many floats, hands out the
   same places as pointers. Other types may lie there too. */
#ifndef SNGP_BASE_ARENA_H
#define SNGP_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  float *memory;
  size_t used; /* floats handed out */
  bool overflow;
} sngp_arena;

/* planes * rows * width floats; NULL in the first round. */
float *sngp_arena_take(sngp_arena *arena, int64_t planes, int64_t rows, int64_t width);

/* Between the rounds: takes the block that the first round asked for; false where it is not to be
   had. The caller releases arena->memory. */
bool sngp_arena_fill(sngp_arena *arena);

#endif
