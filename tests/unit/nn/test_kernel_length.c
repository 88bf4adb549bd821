/* Trained lengths of the kernel: values, and gradients against central differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nn/kernel_length.h"
#include "support/check.h"
#include "unit/numeric.h"

enum { ROWS = 6, WIDTH = 21, SIZE = ROWS * WIDTH };

/* The exponential is 4 units in the last place (6e-8) off at most; then sums of 126. */
static const double TOLERANCE = 2e-6;

typedef struct {
  double n[SIZE], log_length[WIDTH], dg[SIZE];
  int64_t count;
} reference;

typedef struct {
  float n[SIZE], log_length[WIDTH], dg[SIZE];
} single;

static void draw(int64_t count, single *s, reference *r) {
  uint64_t state = 40;
  fill_normal(&state, s->n, SIZE, 1);
  fill_normal(&state, s->log_length, WIDTH, 0.5);
  fill_normal(&state, s->dg, SIZE, 1);
  to_doubles(s->n, SIZE, r->n);
  to_doubles(s->log_length, WIDTH, r->log_length);
  to_doubles(s->dg, SIZE, r->dg);
  r->count = count;
}

static double quotient(const reference *r, int i) {
  return r->n[i] / exp(r->log_length[r->count == 1 ? 0 : i % WIDTH]);
}

static double objective(const void *context) {
  const reference *r = context;
  double sum = 0;
  for (int i = 0; i < SIZE; i++) sum += r->dg[i] * quotient(r, i);
  return sum;
}

static void check(int64_t count) {
  single s;
  reference r;
  draw(count, &s, &r);
  const sngp_kernel_length length = {WIDTH, count, s.log_length};
  float factors[WIDTH], dlog_length[WIDTH];
  double expected[SIZE], gradient[SIZE];
  for (int i = 0; i < SIZE; i++) expected[i] = quotient(&r, i);
  sngp_kernel_length_forward(&length, ROWS, factors, s.n);
  assert_array(s.n, expected, SIZE, TOLERANCE);
  for (int j = 0; j < WIDTH; j++) dlog_length[j] = 1e9f; /* to be overwritten */
  sngp_kernel_length_backward(&length, s.n, factors, ROWS, s.dg, dlog_length);
  central_differences(objective, &r, r.log_length, (size_t)count, gradient);
  assert_array(dlog_length, gradient, count, TOLERANCE);
  central_differences(objective, &r, r.n, SIZE, gradient);
  assert_array(s.dg, gradient, SIZE, TOLERANCE);
}

static void one_length_for_all_columns_agrees(void **state) {
  (void)state;
  check(1);
}

static void a_length_for_each_column_agrees(void **state) {
  (void)state;
  check(WIDTH);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_length_for_all_columns_agrees),
      cmocka_unit_test(a_length_for_each_column_agrees),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
