/* Structs of callers that were built against an older or a newer header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/struct_size.h"
#include "support/check.h"

/* Three versions of one struct. */
typedef struct {
  uint32_t struct_size;
  int32_t first;
} old_config;

typedef struct {
  uint32_t struct_size;
  int32_t first;
  double second;
} own_config;

typedef struct {
  uint32_t struct_size;
  int32_t first;
  double second;
  double third;
} new_config;

static const own_config DEFAULTS = {sizeof(own_config), 1, 2};

static sngp_status import(own_config *own, const void *callers) {
  *own = DEFAULTS;
  return sngp_struct_import(own, sizeof *own, sizeof(old_config), callers, "config");
}

static void an_older_struct_keeps_the_defaults_of_later_fields(void **state) {
  (void)state;
  old_config old = {sizeof old, 10};
  own_config own;
  assert_ok(import(&own, &old));
  assert_int_equal(own.struct_size, sizeof own);
  assert_int_equal(own.first, 10);
  assert_close(own.second, 2, 0);
}

static void a_struct_of_this_version_is_taken_whole(void **state) {
  (void)state;
  own_config callers = {sizeof callers, 10, 20}, own;
  assert_ok(import(&own, &callers));
  assert_memory_equal(&own, &callers, sizeof own);
}

static void a_newer_struct_is_taken_while_its_unknown_fields_are_zero(void **state) {
  (void)state;
  new_config callers = {sizeof callers, 10, 20, 0};
  own_config own;
  assert_ok(import(&own, &callers));
  assert_int_equal(own.struct_size, sizeof own);
  assert_int_equal(own.first, 10);
  assert_close(own.second, 20, 0);
  for (size_t byte = sizeof own; byte < sizeof callers; byte++) {
    callers.third = 0;
    ((unsigned char *)&callers)[byte] = 1;
    assert_fails(import(&own, &callers), SNGP_ERROR_UNSUPPORTED, "config", "newer version");
    assert_memory_equal(&own, &DEFAULTS, sizeof own);
  }
}

static void a_size_that_no_version_had_is_refused(void **state) {
  (void)state;
  own_config callers = {0, 10, 20}, own;
  const uint32_t sizes[] = {0, 1, sizeof(old_config) - 1};
  for (int i = 0; i < 3; i++) {
    callers.struct_size = sizes[i];
    char number[16];
    snprintf(number, sizeof number, "%u", (unsigned)sizes[i]);
    assert_fails(import(&own, &callers), SNGP_ERROR_INVALID_ARGUMENT, "struct_size", number, "8");
    assert_fails(sngp_struct_export(&DEFAULTS, sizeof DEFAULTS, sizeof(old_config), &callers, "x"),
                 SNGP_ERROR_INVALID_ARGUMENT, "struct_size", number);
    assert_int_equal(callers.first, 10);
    assert_fails(
        sngp_struct_init(&DEFAULTS, sizeof DEFAULTS, sizeof(old_config), &callers, sizes[i], "x"),
        SNGP_ERROR_INVALID_ARGUMENT, "8");
    assert_int_equal(callers.first, 10);
  }
  assert_fails(import(&own, NULL), SNGP_ERROR_INVALID_ARGUMENT, "config is NULL");
}

/* No byte beyond the caller's struct_size is written. */
static void export_goes_as_far_as_the_callers_struct(void **state) {
  (void)state;
  new_config callers = {.second = 30, .third = 40};
  callers.struct_size = sizeof(old_config);
  assert_ok(sngp_struct_export(&DEFAULTS, sizeof DEFAULTS, sizeof(old_config), &callers, "x"));
  assert_int_equal(callers.struct_size, sizeof(old_config));
  assert_int_equal(callers.first, 1);
  assert_close(callers.second, 30, 0);
  callers.struct_size = sizeof callers;
  assert_ok(sngp_struct_export(&DEFAULTS, sizeof DEFAULTS, sizeof(old_config), &callers, "x"));
  assert_int_equal(callers.struct_size, sizeof callers);
  assert_close(callers.second, 2, 0);
  assert_close(callers.third, 40, 0);
}

static void init_sets_defaults_size_and_zeros_beyond(void **state) {
  (void)state;
  new_config callers = {99, 99, 99, 99};
  assert_ok(sngp_struct_init(&DEFAULTS, sizeof DEFAULTS, sizeof(old_config), &callers,
                             sizeof(old_config), "x"));
  assert_int_equal(callers.struct_size, sizeof(old_config));
  assert_int_equal(callers.first, 1);
  assert_close(callers.second, 99, 0);
  assert_ok(sngp_struct_init(&DEFAULTS, sizeof DEFAULTS, sizeof(old_config), &callers,
                             sizeof callers, "x"));
  assert_int_equal(callers.struct_size, sizeof callers);
  assert_close(callers.second, 2, 0);
  assert_close(callers.third, 0, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_older_struct_keeps_the_defaults_of_later_fields),
      cmocka_unit_test(a_struct_of_this_version_is_taken_whole),
      cmocka_unit_test(a_newer_struct_is_taken_while_its_unknown_fields_are_zero),
      cmocka_unit_test(a_size_that_no_version_had_is_refused),
      cmocka_unit_test(export_goes_as_far_as_the_callers_struct),
      cmocka_unit_test(init_sets_defaults_size_and_zeros_beyond),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
