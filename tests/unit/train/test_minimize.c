/* The minimum of a function of one variable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/check.h"
#include "train/minimize.h"

typedef struct {
  double minimum;
  int calls;
} target;

static double parabola(void *context, double x) {
  target *t = context;
  t->calls++;
  return 3 + (x - t->minimum) * (x - t->minimum);
}

/* Not differentiable: parabolas mislead. */
static double corner(void *context, double x) {
  target *t = context;
  t->calls++;
  return fabs(x - t->minimum) + 0.5 * (x - t->minimum);
}

/* Steep on one side, flat on the other. */
static double skewed(void *context, double x) {
  target *t = context;
  t->calls++;
  double d = x - t->minimum;
  return exp(5 * d) - 5 * d;
}

static double undefined(void *context, double x) {
  (void)context;
  return x < 0 ? (double)NAN : (x - 1) * (x - 1);
}

static double flat(void *context, double x) {
  (void)context;
  (void)x;
  return 2;
}

static void minima_anywhere_in_the_range_are_found(void **state) {
  (void)state;
  const sngp_function functions[] = {parabola, corner, skewed};
  const double minima[] = {-2.9, -1, 0, 0.123456, 2, 2.999, 3};
  for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
    for (size_t i = 0; i < sizeof minima / sizeof *minima; i++) {
      target t = {minima[i], 0};
      double x = 0, value = sngp_minimize(functions[f], &t, -3, 3, 1e-4, &x);
      assert_close(x, minima[i], 4e-4);
      int calls = t.calls;
      assert_true(value == functions[f](&t, x));
      /* golden sections alone take log(1e-4 / 6) / log(0.618) = 23 */
      bool easy = functions[f] == parabola && fabs(minima[i]) < 2.95;
      assert_true(calls <= (easy ? 10 : 30));
    }
}

static void where_a_function_falls_the_end_of_the_range_is_found(void **state) {
  (void)state;
  const double minima[] = {-10, 10};
  for (int i = 0; i < 2; i++) {
    target t = {minima[i], 0};
    double x = 0;
    sngp_minimize(parabola, &t, -3, 3, 1e-4, &x);
    assert_close(x, i == 0 ? -3 : 3, 4e-4);
    assert_true(x > -3 && x < 3);
  }
}

static void what_has_no_value_is_avoided_and_what_is_flat_ends(void **state) {
  (void)state;
  double x = 0;
  assert_close(sngp_minimize(undefined, NULL, -2, 3, 1e-4, &x), 0, 1e-6);
  assert_close(x, 1, 4e-4);
  assert_true(sngp_minimize(flat, NULL, -2, 3, 1e-4, &x) == 2);
  assert_true(x > -2 && x < 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(minima_anywhere_in_the_range_are_found),
      cmocka_unit_test(where_a_function_falls_the_end_of_the_range_is_found),
      cmocka_unit_test(what_has_no_value_is_avoided_and_what_is_flat_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
