/* The input of the random features in its four forms: values and gradients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nn/head_input.h"
#include "support/check.h"
#include "unit/numeric.h"
#include "unit/reference_layers.h"

enum { ROWS = 5, HIDDEN = 19, WIDEST = HIDDEN + 1 };

typedef struct {
  int32_t normalize;
  double kernel_scale, radius_scale;
  double h[ROWS * HIDDEN], scale[HIDDEN], offset[HIDDEN], dg[ROWS * WIDEST];
} reference;

typedef struct {
  float h[ROWS * HIDDEN], scale[HIDDEN], offset[HIDDEN], dg[ROWS * WIDEST];
} single;

static const char *const NAMES[] = {"none", "layer norm", "radius", "standard"};

/* Rows of different length; `shift` moves every unit away from 0. */
static void draw(int32_t normalize, double shift, single *s, reference *r) {
  uint64_t state = 4;
  *r = (reference){.normalize = normalize, .kernel_scale = 2.5, .radius_scale = 0.7};
  for (int i = 0; i < ROWS * HIDDEN; i++)
    s->h[i] = (float)(shift + (1 + i / HIDDEN) * next_normal(&state));
  fill_normal(&state, s->scale, HIDDEN, 1);
  fill_normal(&state, s->offset, HIDDEN, 1);
  fill_normal(&state, s->dg, ROWS * WIDEST, 1);
  to_doubles(s->h, ROWS * HIDDEN, r->h);
  to_doubles(s->scale, HIDDEN, r->scale);
  to_doubles(s->offset, HIDDEN, r->offset);
  to_doubles(s->dg, ROWS * WIDEST, r->dg);
}

static void reference_forward(const reference *r, double *g) {
  reference_head_input(r->normalize, r->h, ROWS, HIDDEN, r->kernel_scale, r->radius_scale, r->scale,
                       r->offset, g);
}

static double objective(const void *context) {
  const reference *r = context;
  double g[ROWS * WIDEST], sum = 0;
  reference_forward(r, g);
  int64_t count = ROWS * (r->normalize == SNGP_NORMALIZE_RADIUS ? HIDDEN + 1 : HIDDEN);
  for (int64_t i = 0; i < count; i++) sum += r->dg[i] * g[i];
  return sum;
}

static void agrees(int32_t normalize, double shift, double tolerance) {
  single s;
  reference r;
  draw(normalize, shift, &s, &r);
  const sngp_head_input input = {.normalize = normalize,
                                 .hidden = HIDDEN,
                                 .kernel_scale = r.kernel_scale,
                                 .radius_scale = r.radius_scale,
                                 .scale = s.scale,
                                 .offset = s.offset};
  bool layer_norm = normalize == SNGP_NORMALIZE_LAYER_NORM;
  int64_t width = sngp_head_input_width(normalize, HIDDEN);
  assert_int_equal(width, normalize == SNGP_NORMALIZE_RADIUS ? HIDDEN + 1 : HIDDEN);
  float g[ROWS * WIDEST], moments[ROWS * 2], dh[ROWS * HIDDEN], dscale[HIDDEN], doffset[HIDDEN];
  double expected[ROWS * WIDEST];
  print_message("%s, shifted by %g\n", NAMES[normalize], shift);
  sngp_head_input_forward(&input, s.h, ROWS, g, moments);
  reference_forward(&r, expected);
  assert_array(g, expected, ROWS * width, tolerance);
  fill_normal(&(uint64_t){5}, dscale, HIDDEN, 1); /* overwritten, not added to */
  fill_normal(&(uint64_t){6}, doffset, HIDDEN, 1);
  sngp_head_input_backward(&input, s.h, moments, s.dg, ROWS, dh, layer_norm ? dscale : NULL,
                           layer_norm ? doffset : NULL);
  central_differences(objective, &r, r.h, ROWS * HIDDEN, expected);
  assert_array(dh, expected, ROWS * HIDDEN, tolerance);
  if (!layer_norm) return;
  central_differences(objective, &r, r.scale, HIDDEN, expected);
  assert_array(dscale, expected, HIDDEN, tolerance);
  central_differences(objective, &r, r.offset, HIDDEN, expected);
  assert_array(doffset, expected, HIDDEN, tolerance);
}

/* A few roundings of numbers about 1. */
static void values_and_gradients_agree(void **state) {
  (void)state;
  for (int32_t normalize = 0; normalize <= 3; normalize++) agrees(normalize, 0.3, 2e-6);
}

/* The mean, 100, is cut off: each unit keeps an error of half a unit in the last place of 100,
   4e-6, against deviations of 1 and more. */
static void units_far_from_zero_lose_no_more_than_their_mean_costs(void **state) {
  (void)state;
  for (int32_t normalize = 0; normalize <= 3; normalize++) agrees(normalize, 100, 2e-5);
}

/* All units equal: n = 0, r = sqrt(1e-3), nothing divides by 0. */
static void a_constant_row_gives_zeros(void **state) {
  (void)state;
  const float h[HIDDEN] = {0};
  float g[WIDEST], moments[2];
  sngp_head_input input = {
      .normalize = SNGP_NORMALIZE_RADIUS, .hidden = HIDDEN, .kernel_scale = 4, .radius_scale = 3};
  sngp_head_input_forward(&input, h, 1, g, moments);
  for (int j = 0; j < HIDDEN; j++) assert_close(g[j], 0, 0);
  assert_close(g[HIDDEN], 3 * sqrt(1e-3) / 2, 1e-8);
}

/* Their squares overflow single precision; r and n do not. */
static void rows_far_from_everything_keep_direction_and_length(void **state) {
  (void)state;
  for (int32_t normalize = SNGP_NORMALIZE_LAYER_NORM; normalize <= SNGP_NORMALIZE_STANDARD;
       normalize++) {
    single s;
    reference r;
    draw(normalize, 0, &s, &r);
    for (int i = 0; i < ROWS * HIDDEN; i++) s.h[i] *= 1e25f;
    to_doubles(s.h, ROWS * HIDDEN, r.h);
    const sngp_head_input input = {.normalize = normalize,
                                   .hidden = HIDDEN,
                                   .kernel_scale = r.kernel_scale,
                                   .radius_scale = r.radius_scale,
                                   .scale = s.scale,
                                   .offset = s.offset};
    int64_t width = sngp_head_input_width(normalize, HIDDEN);
    float g[ROWS * WIDEST], moments[ROWS * 2];
    double expected[ROWS * WIDEST];
    sngp_head_input_forward(&input, s.h, ROWS, g, moments);
    reference_forward(&r, expected);
    for (int64_t i = 0; i < ROWS * width; i++)
      assert_close(g[i], expected[i], 1e-6 * fmax(1, fabs(expected[i])));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_and_gradients_agree),
      cmocka_unit_test(units_far_from_zero_lose_no_more_than_their_mean_costs),
      cmocka_unit_test(a_constant_row_gives_zeros),
      cmocka_unit_test(rows_far_from_everything_keep_direction_and_length),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
