/* Learning-rate schedules against their closed forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "optim/schedule.h"
#include "sngp/train.h"
#include "support/check.h"

static void constant_is_one(void **state) {
  (void)state;
  const sngp_schedule schedule = {.kind = SNGP_SCHEDULE_CONSTANT, .total_steps = 10};
  for (int64_t t = 0; t < 10; t++) assert_close(sngp_schedule_factor(&schedule, t), 1, 0);
}

/* (t + 1) / w for t < w, whatever follows: the first step moves, the last of them is whole. */
static void the_warm_up_grows_linearly_to_one(void **state) {
  (void)state;
  for (int32_t kind = SNGP_SCHEDULE_CONSTANT; kind <= SNGP_SCHEDULE_COSINE; kind++) {
    const sngp_schedule schedule = {
        .kind = kind, .total_steps = 20, .warmup_steps = 4, .period = 5, .drop = 0.5};
    for (int64_t t = 0; t < 4; t++)
      assert_close(sngp_schedule_factor(&schedule, t), 0.25 * (double)(t + 1), 1e-15);
    assert_close(sngp_schedule_factor(&schedule, 4), 1, 1e-15);
  }
}

static void steps_drop_after_every_period(void **state) {
  (void)state;
  const sngp_schedule schedule = {
      .kind = SNGP_SCHEDULE_STEP, .total_steps = 100, .period = 30, .drop = 0.1};
  const int64_t steps[] = {0, 29, 30, 59, 60, 89, 90};
  const double factors[] = {1, 1, 0.1, 0.1, 0.01, 0.01, 0.001};
  for (int i = 0; i < 7; i++)
    assert_close(sngp_schedule_factor(&schedule, steps[i]), factors[i], 1e-15);
}

/* From 1 at the first step after the warm-up, a half midway, towards 0 one step after the last. */
static void the_cosine_starts_at_one_and_ends_before_zero(void **state) {
  (void)state;
  const double pi = 3.14159265358979323846;
  for (int64_t warmup = 0; warmup <= 10; warmup += 10) {
    const sngp_schedule schedule = {
        .kind = SNGP_SCHEDULE_COSINE, .total_steps = warmup + 60, .warmup_steps = warmup};
    double last = 2;
    for (int64_t t = 0; t < 60; t++) {
      double factor = sngp_schedule_factor(&schedule, warmup + t);
      assert_close(factor, 0.5 + 0.5 * cos(pi * (double)t / 60), 1e-15);
      assert_true(factor < last && factor > 0);
      last = factor;
    }
    assert_close(sngp_schedule_factor(&schedule, warmup), 1, 1e-15);
    assert_close(sngp_schedule_factor(&schedule, warmup + 30), 0.5, 1e-15);
    assert_close(last, pow(sin(pi / 120), 2), 1e-15); /* 1 - cos x = 2 sin^2(x / 2) */
  }
}

static void a_fit_within_its_warm_up_has_factors_all_the_same(void **state) {
  (void)state;
  const sngp_schedule schedule = {
      .kind = SNGP_SCHEDULE_COSINE, .total_steps = 5, .warmup_steps = 10};
  for (int64_t t = 0; t < 5; t++)
    assert_close(sngp_schedule_factor(&schedule, t), 0.1 * (double)(t + 1), 1e-15);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(constant_is_one),
      cmocka_unit_test(the_warm_up_grows_linearly_to_one),
      cmocka_unit_test(steps_drop_after_every_period),
      cmocka_unit_test(the_cosine_starts_at_one_and_ends_before_zero),
      cmocka_unit_test(a_fit_within_its_warm_up_has_factors_all_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
