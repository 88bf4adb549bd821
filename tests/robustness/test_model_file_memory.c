/* Saving and loading models and ensembles when memory runs out: at every single allocation, those
   of the JSON library too, an error and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sngp/ensemble.h"
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

/* Saving and loading, of a model or of an ensemble. */
typedef struct {
  sngp_status (*save)(const void *handle, void **data, int64_t *size);
  sngp_status (*load)(const void *data, int64_t size, void **handle);
  void (*free)(void *handle);
} kind;

static sngp_status save_model(const void *handle, void **data, int64_t *size) {
  return sngp_model_save_buffer(handle, data, size);
}

static sngp_status load_model(const void *data, int64_t size, void **handle) {
  sngp_model *model = (sngp_model *)(uintptr_t)1;
  sngp_status status = sngp_model_load_buffer(data, size, &model);
  *handle = model;
  return status;
}

static void free_model(void *handle) { sngp_model_free(handle); }

static sngp_status save_ensemble(const void *handle, void **data, int64_t *size) {
  return sngp_ensemble_save_buffer(handle, data, size);
}

static sngp_status load_ensemble(const void *data, int64_t size, void **handle) {
  sngp_ensemble *ensemble = (sngp_ensemble *)(uintptr_t)1;
  sngp_status status = sngp_ensemble_load_buffer(data, size, &ensemble);
  *handle = ensemble;
  return status;
}

static void free_ensemble(void *handle) { sngp_ensemble_free(handle); }

static const kind MODEL = {save_model, load_model, free_model};
static const kind ENSEMBLE = {save_ensemble, load_ensemble, free_ensemble};

/* Once memory is short it stays so, as in life. Returns how many allocations there were. */
static long fail_each_allocation_of_saving(const kind *of, const void *handle) {
  for (long n = 1;; n++) {
    void *data = &data;
    int64_t size = 0;
    long before = outstanding;
    countdown = n;
    sngp_status status = of->save(handle, &data, &size);
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

static long fail_each_allocation_of_loading(const kind *of, const void *data, int64_t size) {
  for (long n = 1;; n++) {
    void *handle = NULL;
    long before = outstanding;
    countdown = n;
    sngp_status status = of->load(data, size, &handle);
    countdown = -1;
    if (status == SNGP_OK) {
      of->free(handle);
      assert_int_equal(outstanding, before);
      return n;
    }
    assert_int_equal(status, SNGP_ERROR_OUT_OF_MEMORY);
    assert_null(handle);
    assert_int_equal(outstanding, before);
  }
}

static void check(const kind *of, const void *handle) {
  void *data = NULL;
  int64_t size = 0;
  assert_int_equal(of->save(handle, &data, &size), SNGP_OK);
  assert_true(fail_each_allocation_of_saving(of, handle) > 50);
  assert_true(fail_each_allocation_of_loading(of, data, size) > 50);
  sngp_buffer_free(data);
}

static void no_allocation_that_fails_goes_unnoticed(void **state) {
  (void)state;
  if (!CAN_FAIL) skip();
  sngp_model *model = make_model(SNGP_HEAD_GAUSSIAN_PROCESS, 3);
  const sngp_model *const models[] = {model, model};
  sngp_ensemble *ensemble = NULL;
  assert_int_equal(sngp_ensemble_from_models(models, 2, &ensemble), SNGP_OK);
  check(&MODEL, model);
  check(&ENSEMBLE, ensemble);
  sngp_ensemble_free(ensemble);
  sngp_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_allocation_that_fails_goes_unnoticed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
