/* Power iteration and the projection, against LAPACK's singular values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <lapacke.h>

#include "linalg/power_iteration.h"
#include "nn/spectral_norm.h"
#include "support/check.h"
#include "unit/numeric.h"

enum { LARGEST = 64, AREA = LARGEST * LARGEST };

/* Single precision: sigma is a sum of up to 64 products of sums of 64. */
static const double TOLERANCE = 2e-6;

/* Far beyond convergence: the ratio of the two largest singular values of the random matrices below
   is at most 0.99, and an error shrinks by its fourth power each time. */
enum { MANY = 400 };

typedef struct {
  int64_t in, out;
  float weight[AREA], u[LARGEST], v[LARGEST], scratch[LARGEST];
} matrix;

/* The largest singular value, in double precision. */
static double lapack_sigma(const matrix *w) {
  double copy[AREA], values[LARGEST], superdiagonal[LARGEST], unused[1];
  to_doubles(w->weight, (size_t)(w->in * w->out), copy);
  assert_int_equal(LAPACKE_dgesvd(LAPACK_ROW_MAJOR, 'N', 'N', (lapack_int)w->in, (lapack_int)w->out,
                                  copy, (lapack_int)w->out, values, unused, 1, unused,
                                  (lapack_int)w->out, superdiagonal),
                   0);
  return values[0];
}

/* Normal weights; u and v as a new model has them. */
static matrix random_matrix(int64_t in, int64_t out, uint64_t seed) {
  matrix w = {.in = in, .out = out};
  fill_normal(&seed, w.weight, (size_t)(in * out), 1);
  fill_normal(&seed, w.u, (size_t)out, 0.05);
  fill_normal(&seed, w.v, (size_t)in, 0.05);
  return w;
}

static matrix rank_one_matrix(int64_t in, int64_t out, uint64_t seed) {
  matrix w = random_matrix(in, out, seed);
  float left[LARGEST], right[LARGEST];
  fill_normal(&seed, left, (size_t)in, 1);
  fill_normal(&seed, right, (size_t)out, 1);
  for (int64_t i = 0; i < in; i++)
    for (int64_t j = 0; j < out; j++) w.weight[i * out + j] = left[i] * right[j];
  return w;
}

static double sigma_of(matrix *w, int64_t iterations) {
  return (double)sngp_power_iteration(w->in, w->out, w->weight, iterations, w->u, w->v, w->scratch);
}

static double project(matrix *w, double bound, int64_t iterations) {
  const sngp_spectral_norm norm = {bound, w->u, w->v};
  return (double)sngp_spectral_norm_project(&norm, w->in, w->out, w->weight, iterations,
                                            w->scratch);
}

static double length(const float *x, int64_t n) {
  double square = 0;
  for (int64_t i = 0; i < n; i++) square += (double)x[i] * (double)x[i];
  return sqrt(square);
}

static void sigma_is_lapacks_largest_singular_value(void **state) {
  (void)state;
  const int64_t shapes[][2] = {{64, 64}, {20, 20}, {40, 17}, {17, 40}, {1, 50}, {50, 1}, {1, 1}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    matrix w = random_matrix(shapes[i][0], shapes[i][1], 100 + i);
    double expected = lapack_sigma(&w);
    assert_close(sigma_of(&w, MANY), expected, TOLERANCE * expected);
    assert_close(length(w.u, w.out), 1, TOLERANCE);
    assert_close(length(w.v, w.in), 1, TOLERANCE);
  }
}

static void one_iteration_is_enough_for_a_rank_one_matrix(void **state) {
  (void)state;
  matrix w = rank_one_matrix(30, 23, 20);
  double expected = lapack_sigma(&w);
  assert_close(sigma_of(&w, 1), expected, TOLERANCE * expected);
}

/* As training does it: one iteration a step. sigma = |v W| grows from step to step, never beyond
   the largest singular value. */
static void repeated_single_iterations_converge(void **state) {
  (void)state;
  matrix w = random_matrix(64, 64, 21);
  double expected = lapack_sigma(&w), last = 0;
  for (int i = 0; i < MANY; i++) {
    double sigma = sigma_of(&w, 1);
    assert_true(sigma >= last * (1 - TOLERANCE) && sigma <= expected * (1 + TOLERANCE));
    last = sigma;
  }
  assert_close(last, expected, TOLERANCE * expected);
}

static void the_projection_brings_sigma_to_the_bound(void **state) {
  (void)state;
  const int64_t shapes[][2] = {{64, 64}, {40, 17}, {1, 50}, {50, 1}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    matrix w = random_matrix(shapes[i][0], shapes[i][1], 200 + i), before = w;
    double sigma = lapack_sigma(&w), bound = 0.9;
    assert_below(bound, sigma);
    assert_close(project(&w, bound, MANY), sigma, TOLERANCE * sigma); /* as found, before */
    assert_close(lapack_sigma(&w), bound, TOLERANCE * bound);
    for (int64_t k = 0; k < w.in * w.out; k++) /* scaled, nothing else */
      assert_close(w.weight[k], (double)before.weight[k] * bound / sigma, 3e-6);
  }
}

static void a_matrix_below_the_bound_is_left_as_it_is(void **state) {
  (void)state;
  matrix w = random_matrix(20, 20, 22), before = w;
  project(&w, 1.0001 * lapack_sigma(&w), MANY);
  assert_memory_equal(w.weight, before.weight, sizeof w.weight);
}

/* Training moves the weight a little each step; one iteration a step keeps the bound. */
static void single_projections_hold_a_moving_matrix_near_the_bound(void **state) {
  (void)state;
  matrix w = random_matrix(32, 32, 23);
  uint64_t drift = 24;
  project(&w, 0.9, 20);
  for (int step = 0; step < 200; step++) {
    for (int k = 0; k < 32 * 32; k++) w.weight[k] += (float)(1e-3 * next_normal(&drift));
    project(&w, 0.9, 1);
  }
  assert_below(lapack_sigma(&w), 0.9 * 1.05);
}

static void a_zero_matrix_stays_zero(void **state) {
  (void)state;
  matrix w = random_matrix(20, 20, 25);
  memset(w.weight, 0, sizeof w.weight);
  for (int i = 0; i < 3; i++) assert_close(project(&w, 0.9, 1), 0, 0);
  for (int k = 0; k < 20 * 20; k++) assert_close(w.weight[k], 0, 0);
}

/* A weight that was zero, or next to it, for a while: u must not have died of that. */
static void the_bound_holds_again_after_a_zero_or_tiny_matrix(void **state) {
  (void)state;
  const float factors[] = {0, 1e-30f, 1e-8f};
  for (int f = 0; f < 3; f++) {
    matrix w = random_matrix(20, 20, 26);
    float grown[AREA];
    memcpy(grown, w.weight, sizeof grown);
    for (int k = 0; k < 20 * 20; k++) w.weight[k] *= factors[f];
    for (int i = 0; i < 100; i++) project(&w, 0.9, 1);
    memcpy(w.weight, grown, sizeof grown);
    project(&w, 0.9, MANY);
    assert_close(lapack_sigma(&w), 0.9, TOLERANCE);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sigma_is_lapacks_largest_singular_value),
      cmocka_unit_test(one_iteration_is_enough_for_a_rank_one_matrix),
      cmocka_unit_test(repeated_single_iterations_converge),
      cmocka_unit_test(the_projection_brings_sigma_to_the_bound),
      cmocka_unit_test(a_matrix_below_the_bound_is_left_as_it_is),
      cmocka_unit_test(single_projections_hold_a_moving_matrix_near_the_bound),
      cmocka_unit_test(a_zero_matrix_stays_zero),
      cmocka_unit_test(the_bound_holds_again_after_a_zero_or_tiny_matrix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
