/* Random features: values and gradients. What they approximate: unit/gp/test_exact_gp.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nn/random_features.h"
#include "support/check.h"
#include "unit/numeric.h"
#include "unit/reference_layers.h"

enum { ROWS = 4, IN = 9, FEATURES = 37, SIZE = ROWS * FEATURES };

/* Angles up to about 10 are rounded to 5e-7, which cosine passes on; then a sum of 37. */
static const double TOLERANCE = 3e-6;

typedef struct {
  float g[ROWS * IN], weight[IN * FEATURES], bias[FEATURES], dphi[SIZE];
} single;

typedef struct {
  double g[ROWS * IN], weight[IN * FEATURES], bias[FEATURES], dphi[SIZE], scale;
} reference;

static void draw(single *s, reference *r) {
  uint64_t state = 10;
  fill_normal(&state, s->g, ROWS * IN, 1);
  fill_normal(&state, s->weight, IN * FEATURES, 1);
  for (int i = 0; i < FEATURES; i++) s->bias[i] = (float)(6.28 * next_uniform(&state));
  fill_normal(&state, s->dphi, SIZE, 1);
  to_doubles(s->g, ROWS * IN, r->g);
  to_doubles(s->weight, IN * FEATURES, r->weight);
  to_doubles(s->bias, FEATURES, r->bias);
  to_doubles(s->dphi, SIZE, r->dphi);
  r->scale = sqrt(2.0 / FEATURES);
}

static sngp_random_features features_of(const single *s, const reference *r) {
  return (sngp_random_features){.in = IN,
                                .num_features = FEATURES,
                                .weight = s->weight,
                                .bias = s->bias,
                                .scale = (float)r->scale};
}

static double objective(const void *context) {
  const reference *r = context;
  double phi[SIZE], sum = 0;
  reference_random_features(r->g, ROWS, IN, FEATURES, r->weight, r->bias, r->scale, phi);
  for (int i = 0; i < SIZE; i++) sum += r->dphi[i] * phi[i];
  return sum;
}

static void forward_agrees_with_the_definition(void **state) {
  (void)state;
  single s;
  reference r;
  draw(&s, &r);
  const sngp_random_features features = features_of(&s, &r);
  float angles[SIZE], phi[SIZE];
  double expected[SIZE];
  sngp_random_features_forward(&features, s.g, ROWS, angles, phi);
  reference_random_features(r.g, ROWS, IN, FEATURES, r.weight, r.bias, r.scale, expected);
  assert_array(phi, expected, SIZE, TOLERANCE);
}

static void angles_and_features_may_share_their_memory(void **state) {
  (void)state;
  single s;
  reference r;
  draw(&s, &r);
  const sngp_random_features features = features_of(&s, &r);
  float angles[SIZE], phi[SIZE], shared[SIZE];
  sngp_random_features_forward(&features, s.g, ROWS, angles, phi);
  sngp_random_features_forward(&features, s.g, ROWS, shared, shared);
  for (int i = 0; i < SIZE; i++) assert_close(shared[i], phi[i], 1e-7);
}

static void the_gradient_agrees_with_central_differences(void **state) {
  (void)state;
  single s;
  reference r;
  draw(&s, &r);
  const sngp_random_features features = features_of(&s, &r);
  float angles[SIZE], phi[SIZE], dg[ROWS * IN];
  double expected[ROWS * IN];
  sngp_random_features_forward(&features, s.g, ROWS, angles, phi);
  sngp_random_features_backward(&features, angles, s.dphi, ROWS, dg);
  central_differences(objective, &r, r.g, ROWS * IN, expected);
  assert_array(dg, expected, ROWS * IN, TOLERANCE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(forward_agrees_with_the_definition),
      cmocka_unit_test(angles_and_features_may_share_their_memory),
      cmocka_unit_test(the_gradient_agrees_with_central_differences),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
