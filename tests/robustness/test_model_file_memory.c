/* Saving and loading a model when memory runs out: at every single allocation, those of the JSON
   library too, an error and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sngp/io.h"
#include "unit/io/models.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* the sanitizers' own allocators stand in the place of these */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

/* Allocations until one fails (negative: none does), and those that were not given back. */
static long countdown = -1, outstanding = 0;

#if !defined(SANITIZED) && defined(__GLIBC__)
#define CAN_FAIL 1
/* glibc's own names of its allocator, behind the standard names, which this program takes. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static int is_over(void) {
  if (countdown > 0) countdown--;
  return countdown == 0;
}

static void *count(void *memory) {
  outstanding += memory != NULL;
  return memory;
}

void *malloc(size_t size) { return is_over() ? NULL : count(__libc_malloc(size)); }
void *calloc(size_t number, size_t size) {
  return is_over() ? NULL : count(__libc_calloc(number, size));
}
void *realloc(void *memory, size_t size) {
  if (memory == NULL) return malloc(size);
  return is_over() ? NULL : __libc_realloc(memory, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
  return is_over() ? NULL : count(__libc_memalign(alignment, size));
}
void free(void *memory) {
  outstanding -= memory != NULL;
  __libc_free(memory);
}
#else
#define CAN_FAIL 0
#endif

/* Once memory is short it stays so, as in life. Returns how many allocations there were. */
static long fail_each_allocation_of_saving(const sngp_model *model) {
  for (long n = 1;; n++) {
    void *data = &data;
    int64_t size = 0;
    long before = outstanding;
    countdown = n;
    sngp_status status = sngp_model_save_buffer(model, &data, &size);
    countdown = -1;
    if (status == SNGP_OK) {
      sngp_buffer_free(data);
      assert_int_equal(outstanding, before);
      return n;
    }
    assert_int_equal(status, SNGP_ERROR_OUT_OF_MEMORY);
    assert_non_null(strstr(sngp_last_error(), "memory"));
    assert_null(data);
    assert_int_equal(outstanding, before); /* nothing leaks */
  }
}

static long fail_each_allocation_of_loading(const void *data, int64_t size) {
  for (long n = 1;; n++) {
    sngp_model *model = (sngp_model *)(uintptr_t)1;
    long before = outstanding;
    countdown = n;
    sngp_status status = sngp_model_load_buffer(data, size, &model);
    countdown = -1;
    if (status == SNGP_OK) {
      sngp_model_free(model);
      assert_int_equal(outstanding, before);
      return n;
    }
    assert_int_equal(status, SNGP_ERROR_OUT_OF_MEMORY);
    assert_null(model);
    assert_int_equal(outstanding, before);
  }
}

static void no_allocation_that_fails_goes_unnoticed(void **state) {
  (void)state;
  if (!CAN_FAIL) skip();
  sngp_model *model = make_model(SNGP_HEAD_GAUSSIAN_PROCESS, 3);
  void *data = NULL;
  int64_t size = 0;
  assert_int_equal(sngp_model_save_buffer(model, &data, &size), SNGP_OK);
  assert_true(fail_each_allocation_of_saving(model) > 50);
  assert_true(fail_each_allocation_of_loading(data, size) > 50);
  sngp_buffer_free(data);
  sngp_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_allocation_that_fails_goes_unnoticed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
