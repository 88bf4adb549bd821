/* Memory: zeroed, aligned, checked for overflow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/memory.h"
#include "support/check.h"

static void memory_is_zeroed_aligned_and_as_long_as_asked(void **state) {
  (void)state;
  for (size_t count = 0; count <= 200; count++) {
    unsigned char *memory = sngp_allocate(count, 3);
    assert_non_null(memory); /* NULL means failure, so never for nothing */
    assert_int_equal((uintptr_t)memory % 64, 0);
    for (size_t i = 0; i < 3 * count; i++) assert_int_equal(memory[i], 0);
    memset(memory, 0xff, 3 * count); /* the address sanitizer looks on */
    sngp_release(memory);
  }
  sngp_release(NULL);
}

static void sizes_that_overflow_give_no_memory(void **state) {
  (void)state;
  assert_null(sngp_allocate(SIZE_MAX, 2));
  assert_null(sngp_allocate(SIZE_MAX / 2 + 1, 2)); /* 0 when wrapped */
  assert_null(sngp_allocate(SIZE_MAX, 1));         /* wraps when rounded up */
  assert_null(sngp_allocate(SIZE_MAX - 63, 1));
}

static void products_and_sums_say_when_they_overflow(void **state) {
  (void)state;
  const size_t half = SIZE_MAX / 2 + 1;
  size_t result = 0;
  assert_true(sngp_size_multiply(half - 1, 2, &result) && result == SIZE_MAX - 1);
  assert_false(sngp_size_multiply(half, 2, &result));
  assert_true(sngp_size_multiply(0, SIZE_MAX, &result) && result == 0);
  assert_true(sngp_size_add(SIZE_MAX - 1, 1, &result) && result == SIZE_MAX);
  assert_false(sngp_size_add(SIZE_MAX, 1, &result));
}

static void copied_strings_are_independent(void **state) {
  (void)state;
  char first[] = "red", empty[] = "", last[] = "green and blue";
  const char *const names[] = {first, empty, last};
  char **copies = sngp_copy_strings(names, 3), **none = sngp_copy_strings(names, 0);
  assert_true(copies != NULL && none != NULL);
  first[0] = last[0] = 'x';
  assert_string_equal(copies[0], "red");
  assert_string_equal(copies[1], "");
  assert_string_equal(copies[2], "green and blue");
  sngp_release(none);
  sngp_release(copies);
}

static void the_machine_has_the_memory_that_this_test_takes(void **state) {
  (void)state;
  const size_t bytes = (size_t)1 << 20;
  void *memory = sngp_allocate(bytes, 1);
  assert_non_null(memory);
  assert_true(sngp_physical_memory() > bytes);
  sngp_release(memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_is_zeroed_aligned_and_as_long_as_asked),
      cmocka_unit_test(sizes_that_overflow_give_no_memory),
      cmocka_unit_test(products_and_sums_say_when_they_overflow),
      cmocka_unit_test(the_machine_has_the_memory_that_this_test_takes),
      cmocka_unit_test(copied_strings_are_independent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
