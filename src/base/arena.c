#include "base/arena.h"

#include "base/memory.h"

enum { ALIGNMENT = 16 }; /* floats in a cache line */

float *sngp_arena_take(sngp_arena *arena, int64_t planes, int64_t rows, int64_t width) {
  size_t count = 0;
  if (!sngp_size_multiply((size_t)rows, (size_t)width, &count) ||
      !sngp_size_multiply(count, (size_t)planes, &count) ||
      !sngp_size_add(count, ALIGNMENT - 1, &count)) {
    arena->overflow = true;
    return NULL;
  }
  float *taken = arena->memory != NULL ? arena->memory + arena->used : NULL;
  if (!sngp_size_add(arena->used, count / ALIGNMENT * ALIGNMENT, &arena->used))
    arena->overflow = true;
  return taken;
}

bool sngp_arena_fill(sngp_arena *arena) {
  if (arena->overflow) return false;
  arena->memory = sngp_allocate(arena->used, sizeof(float));
  arena->used = 0;
  return arena->memory != NULL;
}
