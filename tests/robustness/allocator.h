/* An allocator in the place of the C library's, for the program that includes this (in one file,
   and first): counts, measures and fails. BLAS is left out: some of its kernels take memory without
   looking whether they got it. Under a sanitizer, whose allocator must stay, only the library's own
   allocations are seen, they can only be failed, and leaks are the sanitizer's to find. */
#ifndef SNGP_TESTS_ROBUSTNESS_ALLOCATOR_H
#define SNGP_TESTS_ROBUSTNESS_ALLOCATOR_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dl_iterate_phdr, RTLD_NEXT */
#endif

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ALLOCATOR_IS_SANITIZERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ALLOCATOR_IS_SANITIZERS 1
#endif
#endif

/* The allocation that fails, counted from 1 (0: none), and whether all later ones fail too. */
static atomic_long allocation_to_fail, allocations;
static atomic_int fail_later_ones;

/* Blocks and bytes that were not given back, and the most bytes at any time. */
static __attribute__((unused)) atomic_long blocks_in_use, bytes_in_use, most_bytes_in_use;

static inline int allocation_fails(void) {
  long number = atomic_fetch_add(&allocations, 1) + 1, failing = atomic_load(&allocation_to_fail);
  return failing > 0 && (number == failing || (fail_later_ones && number > failing));
}

static inline void fail_allocation(long number, int later_ones_too) {
  atomic_store(&allocations, 0);
  atomic_store(&fail_later_ones, later_ones_too);
  atomic_store(&allocation_to_fail, number);
}

static inline void measure_peak_from_here(void) {
  atomic_store(&most_bytes_in_use, atomic_load(&bytes_in_use));
}

#if defined(ALLOCATOR_IS_SANITIZERS) || !defined(__GLIBC__)
enum { ALLOCATOR_MEASURES = 0 };

void *aligned_alloc(size_t alignment, size_t size) {
  static void *(*next)(size_t, size_t);
  if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, "aligned_alloc");
  return allocation_fails() ? NULL : next(alignment, size);
}

static inline void leave_blas_out(void) {}
#else
enum { ALLOCATOR_MEASURES = 1 };

/* glibc's own names of its allocator, behind the standard names, which this program takes. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

/* Where BLAS lies, once measuring has begun. */
static uintptr_t blas_begin, blas_end;

static inline int find_blas(struct dl_phdr_info *object, size_t size, void *context) {
  (void)size;
  (void)context;
  if (strstr(object->dlpi_name, "openblas") == NULL) return 0;
  blas_begin = UINTPTR_MAX;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    if (object->dlpi_phdr[i].p_type != PT_LOAD) continue;
    uintptr_t begin = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
    uintptr_t end = begin + object->dlpi_phdr[i].p_memsz;
    if (begin < blas_begin) blas_begin = begin;
    if (end > blas_end) blas_end = end;
  }
  return 1;
}

static inline void leave_blas_out(void) { dl_iterate_phdr(find_blas, NULL); }

static int is_blas(const void *caller) {
  return (uintptr_t)caller >= blas_begin && (uintptr_t)caller < blas_end;
}

static int fails(const void *caller) { return !is_blas(caller) && allocation_fails(); }

static void *count_block(void *memory, const void *caller) {
  if (memory == NULL || is_blas(caller)) return memory;
  atomic_fetch_add(&blocks_in_use, 1);
  long size = (long)malloc_usable_size(memory), used = atomic_fetch_add(&bytes_in_use, size) + size;
  long most = atomic_load(&most_bytes_in_use);
  while (used > most && !atomic_compare_exchange_weak(&most_bytes_in_use, &most, used)) continue;
  return memory;
}

static void uncount_block(void *memory, const void *caller) {
  if (memory == NULL || is_blas(caller)) return;
  atomic_fetch_sub(&blocks_in_use, 1);
  atomic_fetch_sub(&bytes_in_use, (long)malloc_usable_size(memory));
}

static void *take_aligned(size_t alignment, size_t size, const void *caller) {
  return fails(caller) ? NULL : count_block(__libc_memalign(alignment, size), caller);
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t size) {
  return fails(CALLER) ? NULL : count_block(__libc_malloc(size), CALLER);
}

void *calloc(size_t count, size_t size) {
  return fails(CALLER) ? NULL : count_block(__libc_calloc(count, size), CALLER);
}

void *realloc(void *memory, size_t size) {
  if (fails(CALLER)) return NULL;
  uncount_block(memory, CALLER);
  void *moved = __libc_realloc(memory, size);
  count_block(moved != NULL || size == 0 ? moved : memory, CALLER);
  return moved;
}

void *memalign(size_t alignment, size_t size) { return take_aligned(alignment, size, CALLER); }

void *aligned_alloc(size_t alignment, size_t size) { return take_aligned(alignment, size, CALLER); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  void *taken = take_aligned(alignment, size, CALLER);
  if (taken == NULL) return 12; /* ENOMEM */
  *memory = taken;
  return 0;
}

void free(void *memory) {
  uncount_block(memory, CALLER);
  __libc_free(memory);
}

#undef CALLER
#endif

#endif
