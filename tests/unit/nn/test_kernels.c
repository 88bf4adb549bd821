/* What inner products of many random features come to: the kernels in closed form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nn/initializers.h"
#include "nn/random_features.h"
#include "support/check.h"
#include "support/kernel_functions.h"
#include "unit/numeric.h"

/* So many features that the Matern kernels, 0.04 apart at a distance of one length, stand out. */
enum { POINTS = 12, WIDTH = 4, FEATURES = 1 << 17 };

static const double STD = 0.8;

typedef struct {
  float x[POINTS * WIDTH];
  double exact[POINTS * WIDTH];
} points;

/* Distances of 0.05 to 5 lengths. */
static points draw_points(void) {
  points all;
  uint64_t state = 31;
  for (int i = 0; i < POINTS; i++)
    fill_normal(&state, all.x + i * WIDTH, WIDTH, 0.03 * pow(1.5, i));
  to_doubles(all.x, POINTS * WIDTH, all.exact);
  return all;
}

static void draw_frequencies(int32_t kernel, bool orthogonal, float *weight) {
  sngp_random_stream stream = sngp_random_open(3, SNGP_RANDOM_INITIAL, 0, 1);
  sngp_random_stream tails = sngp_random_open(3, SNGP_RANDOM_INITIAL, 0, 2);
  if (orthogonal)
    assert_ok(sngp_initialize_orthogonal(3, 1, WIDTH, FEATURES, STD, weight));
  else
    sngp_random_fill_normal(&stream, STD, weight, (size_t)WIDTH * FEATURES);
  if (kernel == SNGP_KERNEL_MATERN_32)
    assert_ok(sngp_initialize_student(&tails, 3, WIDTH, FEATURES, weight));
  if (kernel == SNGP_KERNEL_MATERN_52)
    assert_ok(sngp_initialize_student(&tails, 5, WIDTH, FEATURES, weight));
}

static void check_kernel(int32_t kernel, bool orthogonal) {
  const points all = draw_points();
  float *weight = take((size_t)WIDTH * FEATURES, sizeof *weight);
  float *bias = take(FEATURES, sizeof *bias);
  float *phi = take((size_t)POINTS * FEATURES, sizeof *phi);
  draw_frequencies(kernel, orthogonal, weight);
  sngp_random_stream phases = sngp_random_open(3, SNGP_RANDOM_INITIAL, 0, 4);
  if (kernel != SNGP_KERNEL_ARC_COSINE)
    sngp_random_fill_uniform(&phases, 0, 6.283185307179586, bias, FEATURES);
  const sngp_random_features features = {.kernel = kernel,
                                         .in = WIDTH,
                                         .num_features = FEATURES,
                                         .weight = weight,
                                         .bias = bias,
                                         .scale = (float)sqrt(2.0 / FEATURES)};
  sngp_random_features_forward(&features, all.x, POINTS, phi, phi);
  for (int i = 0; i < POINTS; i++)
    for (int j = 0; j <= i; j++) {
      const double *x = all.exact + i * WIDTH, *y = all.exact + j * WIDTH;
      double product = 0;
      for (int m = 0; m < FEATURES; m++)
        product += (double)phi[i * FEATURES + m] * (double)phi[j * FEATURES + m];
      double tolerance = 4 * kernel_deviation(kernel, x, y, WIDTH, 1 / STD) / sqrt(FEATURES);
      assert_close(product, kernel_function(kernel, x, y, WIDTH, 1 / STD), tolerance);
    }
  free(phi);
  free(bias);
  free(weight);
}

static void inner_products_of_independent_features_are_the_kernels(void **state) {
  (void)state;
  for (int32_t kernel = SNGP_KERNEL_RBF; kernel < SNGP_KERNEL_LINEAR; kernel++)
    check_kernel(kernel, false);
}

static void inner_products_of_orthogonal_features_are_the_kernels(void **state) {
  (void)state;
  for (int32_t kernel = SNGP_KERNEL_RBF; kernel < SNGP_KERNEL_LINEAR; kernel++)
    check_kernel(kernel, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(inner_products_of_independent_features_are_the_kernels),
      cmocka_unit_test(inner_products_of_orthogonal_features_are_the_kernels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
