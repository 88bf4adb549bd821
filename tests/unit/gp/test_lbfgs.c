/* What the steps of a minimisation say of the Hessian. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/lbfgs.h"
#include "support/check.h"
#include "unit/numeric.h"

enum { COUNT = 20 };

/* The initial matrix is diagonal. */
static double initial(int i) { return 1 + 0.1 * i; }

static void multiply(sngp_lbfgs *history, double *vector) {
  sngp_lbfgs_begin(history, vector);
  for (int i = 0; i < COUNT; i++) vector[i] *= history->scale * initial(i);
  sngp_lbfgs_end(history, vector);
}

/* A step of a quadratic function whose Hessian is diagonal too, 2 + sin i. */
static void draw_step(uint64_t *seed, double *step, double *change, double *solved) {
  for (int i = 0; i < COUNT; i++) {
    step[i] = next_normal(seed);
    change[i] = (2 + sin(i)) * step[i];
    solved[i] = initial(i) * change[i];
  }
}

/* The secant equation H y = s, whatever else is kept, and symmetry. */
static void the_newest_step_is_what_its_change_is_multiplied_to(void **state) {
  (void)state;
  sngp_lbfgs history;
  uint64_t seed = 3;
  assert_ok(sngp_lbfgs_create(&history, COUNT));
  for (int kept = 0; kept < 3 * SNGP_LBFGS_LENGTH; kept++) {
    double step[COUNT], change[COUNT], solved[COUNT], a[COUNT], b[COUNT], left = 0, right = 0;
    draw_step(&seed, step, change, solved);
    sngp_lbfgs_add(&history, step, change, solved);
    memcpy(a, change, sizeof a);
    multiply(&history, a);
    for (int i = 0; i < COUNT; i++) assert_close(a[i], step[i], 1e-12);
    for (int i = 0; i < COUNT; i++) a[i] = b[i] = next_normal(&seed);
    multiply(&history, b);
    for (int i = 0; i < COUNT; i++) left += step[i] * b[i];
    multiply(&history, step);
    for (int i = 0; i < COUNT; i++) right += step[i] * a[i];
    assert_close(left, right, 1e-11);
  }
  sngp_lbfgs_destroy(&history);
}

static void without_steps_there_is_the_initial_matrix_alone(void **state) {
  (void)state;
  sngp_lbfgs history;
  uint64_t seed = 4;
  double step[COUNT], change[COUNT], solved[COUNT], vector[COUNT];
  assert_ok(sngp_lbfgs_create(&history, COUNT));
  draw_step(&seed, step, change, solved);
  sngp_lbfgs_add(&history, step, change, solved);
  sngp_lbfgs_clear(&history);
  for (int i = 0; i < COUNT; i++) change[i] = -change[i]; /* no curvature: left out */
  sngp_lbfgs_add(&history, step, change, solved);
  memcpy(vector, step, sizeof vector);
  multiply(&history, vector);
  for (int i = 0; i < COUNT; i++) assert_close(vector[i], initial(i) * step[i], 1e-14);
  sngp_lbfgs_destroy(&history);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_newest_step_is_what_its_change_is_multiplied_to),
      cmocka_unit_test(without_steps_there_is_the_initial_matrix_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
