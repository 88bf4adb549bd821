/* Dense layer: values and gradients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nn/dense.h"
#include "support/check.h"
#include "unit/numeric.h"
#include "unit/reference_layers.h"

/* Sums of at most ROWS or IN products in single precision: 1e-6 of the largest is about 20 units in
   the last place. */
static const double TOLERANCE = 1e-6;

enum { ROWS = 7, IN = 5, OUT = 3 };

typedef struct {
  float x[ROWS * IN], weight[IN * OUT], bias[OUT], dy[ROWS * OUT];
} single;

typedef struct {
  double x[ROWS * IN], weight[IN * OUT], bias[OUT], dy[ROWS * OUT];
} reference;

static void draw(single *s, reference *r) {
  uint64_t state = 1;
  fill_normal(&state, s->x, ROWS * IN, 1);
  fill_normal(&state, s->weight, IN * OUT, 1);
  fill_normal(&state, s->bias, OUT, 1);
  fill_normal(&state, s->dy, ROWS * OUT, 1);
  to_doubles(s->x, ROWS * IN, r->x);
  to_doubles(s->weight, IN * OUT, r->weight);
  to_doubles(s->bias, OUT, r->bias);
  to_doubles(s->dy, ROWS * OUT, r->dy);
}

/* sum dy y, whose gradient is what the way back makes of dy. */
static double objective(const void *context) {
  const reference *r = context;
  double y[ROWS * OUT], sum = 0;
  reference_dense(r->x, ROWS, IN, OUT, r->weight, r->bias, y);
  for (int i = 0; i < ROWS * OUT; i++) sum += r->dy[i] * y[i];
  return sum;
}

static void forward_agrees_with_the_definition(void **state) {
  (void)state;
  single s;
  reference r;
  draw(&s, &r);
  const sngp_dense layer = {IN, OUT, s.weight, s.bias};
  float y[ROWS * OUT];
  double expected[ROWS * OUT];
  sngp_dense_forward(&layer, s.x, ROWS, y);
  reference_dense(r.x, ROWS, IN, OUT, r.weight, r.bias, expected);
  assert_array(y, expected, ROWS * OUT, TOLERANCE);
}

static void gradients_agree_with_central_differences(void **state) {
  (void)state;
  single s;
  reference r;
  draw(&s, &r);
  const sngp_dense layer = {IN, OUT, s.weight, s.bias};
  float dweight[IN * OUT], dbias[OUT], dx[ROWS * IN];
  double expected[ROWS * IN];
  fill_normal(&(uint64_t){2}, dweight, IN * OUT, 1); /* overwritten, not added to */
  sngp_dense_backward(&layer, s.x, s.dy, ROWS, dweight, dbias, dx);
  central_differences(objective, &r, r.weight, IN * OUT, expected);
  assert_array(dweight, expected, IN * OUT, TOLERANCE);
  central_differences(objective, &r, r.bias, OUT, expected);
  assert_array(dbias, expected, OUT, TOLERANCE);
  central_differences(objective, &r, r.x, ROWS * IN, expected);
  assert_array(dx, expected, ROWS * IN, TOLERANCE);
}

static void each_gradient_may_be_left_out(void **state) {
  (void)state;
  single s;
  reference r;
  draw(&s, &r);
  const sngp_dense layer = {IN, OUT, s.weight, s.bias};
  float dweight[2][IN * OUT], dbias[2][OUT], dx[2][ROWS * IN];
  sngp_dense_backward(&layer, s.x, s.dy, ROWS, dweight[0], dbias[0], dx[0]);
  sngp_dense_backward(&layer, s.x, s.dy, ROWS, dweight[1], NULL, NULL);
  sngp_dense_backward(&layer, s.x, s.dy, ROWS, NULL, dbias[1], NULL);
  sngp_dense_backward(&layer, NULL, s.dy, ROWS, NULL, NULL, dx[1]);
  assert_memory_equal(dweight[0], dweight[1], sizeof dweight[0]);
  assert_memory_equal(dbias[0], dbias[1], sizeof dbias[0]);
  assert_memory_equal(dx[0], dx[1], sizeof dx[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(forward_agrees_with_the_definition),
      cmocka_unit_test(gradients_agree_with_central_differences),
      cmocka_unit_test(each_gradient_may_be_left_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
