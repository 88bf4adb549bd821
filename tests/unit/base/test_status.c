/* Status codes and messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/status.h"
#include "support/check.h"

/* The whole list of status.h: a code's value and name never change. */
static void every_code_has_its_name(void **state) {
  (void)state;
  static const char *const names[] = {"SNGP_OK",
                                      "SNGP_ERROR_INVALID_ARGUMENT",
                                      "SNGP_ERROR_OUT_OF_MEMORY",
                                      "SNGP_ERROR_READ",
                                      "SNGP_ERROR_WRITE",
                                      "SNGP_ERROR_FORMAT",
                                      "SNGP_ERROR_NOT_FINITE",
                                      "SNGP_ERROR_LABEL_RANGE",
                                      "SNGP_ERROR_NO_ROWS",
                                      "SNGP_ERROR_ONE_CLASS",
                                      "SNGP_ERROR_BATCH_SIZE",
                                      "SNGP_ERROR_DIMENSION",
                                      "SNGP_ERROR_POSTERIOR_STALE",
                                      "SNGP_ERROR_NOT_PREPARED",
                                      "SNGP_ERROR_NUMERICAL",
                                      "SNGP_ERROR_CANCELLED",
                                      "SNGP_ERROR_UNSUPPORTED",
                                      "SNGP_ERROR_NOT_FOUND",
                                      "SNGP_ERROR_NO_LABELS"};
  enum { COUNT = sizeof names / sizeof *names };
  for (int i = 0; i < COUNT; i++) assert_string_equal(sngp_status_name(-i), names[i]);
  const int32_t unknown[] = {1, -COUNT, INT32_MAX, INT32_MIN};
  for (int i = 0; i < 4; i++) assert_string_equal(sngp_status_name(unknown[i]), "unknown status");
}

static void a_failure_returns_its_code_and_sets_the_message(void **state) {
  (void)state;
  assert_int_equal(sngp_fail(SNGP_ERROR_FORMAT, "line %d: %s", 7, "no comma"), SNGP_ERROR_FORMAT);
  assert_string_equal(sngp_last_error(), "line 7: no comma");
  assert_int_equal(sngp_fail_prefix(SNGP_ERROR_READ, "data.csv"), SNGP_ERROR_READ);
  assert_string_equal(sngp_last_error(), "data.csv: line 7: no comma");
  assert_int_equal(sngp_fail_memory("a tree"), SNGP_ERROR_OUT_OF_MEMORY);
  assert_string_equal(sngp_last_error(), "out of memory for a tree");
}

static void an_old_message_may_be_part_of_the_new_one(void **state) {
  (void)state;
  sngp_fail(SNGP_ERROR_READ, "inner");
  sngp_fail(SNGP_ERROR_READ, "outer (%s) and again (%s)", sngp_last_error(), sngp_last_error());
  assert_string_equal(sngp_last_error(), "outer (inner) and again (inner)");
}

static void a_long_message_is_cut_not_overrun(void **state) {
  (void)state;
  sngp_fail(SNGP_ERROR_READ, "%05000d", 7);
  assert_true(strlen(sngp_last_error()) >= 500 && strspn(sngp_last_error(), "0") >= 500);
}

static void *fail_elsewhere(void *empty) {
  *(int *)empty = sngp_last_error()[0] == '\0';
  sngp_fail(SNGP_ERROR_READ, "elsewhere");
  return NULL;
}

static void each_thread_has_its_own_message(void **state) {
  (void)state;
  pthread_t thread;
  int empty = 0;
  sngp_fail(SNGP_ERROR_READ, "here");
  assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, &empty), 0);
  pthread_join(thread, NULL);
  assert_int_equal(empty, 1);
  assert_string_equal(sngp_last_error(), "here");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_code_has_its_name),
      cmocka_unit_test(a_failure_returns_its_code_and_sets_the_message),
      cmocka_unit_test(an_old_message_may_be_part_of_the_new_one),
      cmocka_unit_test(a_long_message_is_cut_not_overrun),
      cmocka_unit_test(each_thread_has_its_own_message),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
