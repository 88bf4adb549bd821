/* What the tests of several modules assert. Include after <cmocka.h>. */
#ifndef SNGP_TESTS_SUPPORT_CHECK_H
#define SNGP_TESTS_SUPPORT_CHECK_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sngp/status.h"

/* A call that must succeed; else its message is shown. */
#define assert_ok(call)                                                                     \
  do {                                                                                      \
    sngp_status assert_ok_status = (call);                                                  \
    if (assert_ok_status != SNGP_OK)                                                        \
      fail_msg("%s: %s: %s", #call, sngp_status_name(assert_ok_status), sngp_last_error()); \
  } while (0)

/* A call that must fail with `expected`, and with a message that holds every one of the texts. */
#define assert_fails(call, expected, ...)                                                 \
  do {                                                                                    \
    sngp_status assert_fails_status = (call);                                             \
    const char *const assert_fails_texts[] = {__VA_ARGS__};                               \
    if (assert_fails_status != (expected))                                                \
      fail_msg("%s: %s, not %s", #call, sngp_status_name(assert_fails_status),            \
               sngp_status_name(expected));                                               \
    for (size_t assert_fails_i = 0;                                                       \
         assert_fails_i < sizeof assert_fails_texts / sizeof *assert_fails_texts;         \
         assert_fails_i++)                                                                \
      if (strstr(sngp_last_error(), assert_fails_texts[assert_fails_i]) == NULL)          \
        fail_msg("%s: the message \"%s\" does not hold \"%s\"", #call, sngp_last_error(), \
                 assert_fails_texts[assert_fails_i]);                                     \
  } while (0)

/* |a - b| <= tolerance; false for a NaN. */
#define assert_close(a, b, tolerance)                                                           \
  do {                                                                                          \
    double assert_close_a = (double)(a), assert_close_b = (double)(b);                          \
    if (!(fabs(assert_close_a - assert_close_b) <= (double)(tolerance)))                        \
      fail_msg("%s is %.9g, not %s = %.9g within %.3g", #a, assert_close_a, #b, assert_close_b, \
               (double)(tolerance));                                                            \
  } while (0)

/* a < b; false for a NaN. */
#define assert_below(a, b)                                                                 \
  do {                                                                                     \
    double assert_below_a = (double)(a), assert_below_b = (double)(b);                     \
    if (!(assert_below_a < assert_below_b))                                                \
      fail_msg("%s is %.9g, not below %s = %.9g", #a, assert_below_a, #b, assert_below_b); \
  } while (0)

/* Memory that must be had. */
static inline void *take(size_t count, size_t size) {
  void *memory = calloc(count > 0 ? count : 1, size);
  if (memory == NULL) abort();
  return memory;
}

/* The largest |a - b|; NaN where one of them is. */
static inline double largest_difference(const float *a, const float *b, size_t count) {
  double largest = 0;
  for (size_t i = 0; i < count; i++) {
    double difference = fabs((double)a[i] - (double)b[i]);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

#endif
