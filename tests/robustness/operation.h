/* Operations whose every allocation fails in turn. Include after allocator.h and <cmocka.h>. */
#ifndef SNGP_TESTS_ROBUSTNESS_OPERATION_H
#define SNGP_TESTS_ROBUSTNESS_OPERATION_H

#include "robustness/allocator.h"
#include "sngp/status.h"

/* An operation: what it works on is taken by `begin` and given back by `end`, which also asserts
   that a failure left it usable; the memory of `run` alone fails. */
typedef struct {
  void *(*begin)(void);
  sngp_status (*run)(void *context);
  void (*end)(void *context, sngp_status status);
} operation;

/* One round; whether there was an allocation to fail. */
static inline int fails_cleanly(const operation *op, long number, int later_ones_too) {
  long before = atomic_load(&blocks_in_use);
  void *context = op->begin != NULL ? op->begin() : NULL;
  fail_allocation(number, later_ones_too);
  sngp_status status = op->run(context);
  int failed = atomic_load(&allocations) >= number;
  fail_allocation(0, 0);
  if (failed && status != SNGP_OK) {
    assert_int_equal(status, SNGP_ERROR_OUT_OF_MEMORY);
    if (strstr(sngp_last_error(), "memory") == NULL && strstr(sngp_last_error(), "thread") == NULL)
      fail_msg("\"%s\" does not tell of memory", sngp_last_error());
  } else if (status != SNGP_OK) {
    fail_msg("%s: %s", sngp_status_name(status), sngp_last_error());
  }
  if (op->end != NULL) op->end(context, status);
  assert_int_equal(atomic_load(&blocks_in_use), before);
  return failed;
}

/* Returns how many allocations there are. */
static inline long fail_each(const operation *op) {
  fails_cleanly(op, 1000000, 0); /* what is taken once for all */
  long number = 1;
  while (fails_cleanly(op, number, 0) && fails_cleanly(op, number, 1)) number++;
  return number - 1;
}

#endif
