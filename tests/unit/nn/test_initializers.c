/* Initial weights: Glorot's uniform ones, orthogonal random features. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nn/initializers.h"
#include "support/check.h"

static void glorot_weights_fill_their_interval_evenly(void **state) {
  (void)state;
  enum { IN = 150, OUT = 90, COUNT = IN * OUT };
  static float weight[COUNT];
  sngp_random_stream stream = sngp_random_open(3, SNGP_RANDOM_INITIAL, 0, 5);
  sngp_initialize_glorot(&stream, IN, OUT, weight);
  double limit = sqrt(6.0 / (IN + OUT)), sum = 0, square = 0, largest = 0;
  for (int i = 0; i < COUNT; i++) {
    double w = (double)weight[i];
    largest = fmax(largest, fabs(w));
    sum += w;
    square += w * w;
  }
  assert_true(largest <= limit && largest > 0.999 * limit);
  /* Variance limit^2 / 3, that of w^2 4 limit^4 / 45: five standard deviations of the means. */
  assert_close(sum / COUNT, 0, 5 * limit / sqrt(3.0 * COUNT));
  assert_close(square / COUNT, limit * limit / 3, 5 * limit * limit * sqrt(4 / 45.0 / COUNT));
}

enum { IN = 12, FEATURES = 3 * IN + 5 };

static void draw_orthogonal(int64_t seed, int64_t features, double std, float *weight) {
  assert_ok(sngp_initialize_orthogonal(seed, 7, IN, features, std, weight));
}

static double column_product(const float *weight, int64_t features, int64_t a, int64_t b) {
  double sum = 0;
  for (int64_t i = 0; i < IN; i++)
    sum += (double)weight[i * features + a] * (double)weight[i * features + b];
  return sum;
}

/* Three whole blocks and the beginning of a fourth; between blocks columns are not orthogonal. */
static void columns_of_a_block_are_orthogonal(void **state) {
  (void)state;
  float weight[IN * FEATURES];
  draw_orthogonal(1, FEATURES, 1, weight);
  double across = 0;
  for (int64_t a = 0; a < FEATURES; a++)
    for (int64_t b = 0; b < a; b++) {
      double lengths =
          sqrt(column_product(weight, FEATURES, a, a) * column_product(weight, FEATURES, b, b));
      double cosine = column_product(weight, FEATURES, a, b) / lengths;
      if (a / IN == b / IN)
        assert_close(cosine, 0, 1e-6);
      else
        across = fmax(across, fabs(cosine));
    }
  assert_below(0.3, across);
}

/* |column|^2 / std^2 is chi-squared with IN degrees of freedom: mean IN, variance 2 IN; each entry
   is normal then: fourth moment 3. Five standard deviations. */
static void columns_are_as_long_as_normal_vectors(void **state) {
  (void)state;
  enum { MANY = 400 * IN };
  static float weight[IN * MANY];
  const double std = 0.5;
  draw_orthogonal(2, MANY, std, weight);
  double mean = 0, spread = 0, fourth = 0;
  for (int64_t a = 0; a < MANY; a++) {
    double square = column_product(weight, MANY, a, a) / (std * std);
    mean += square / MANY;
    spread += (square - IN) * (square - IN) / MANY;
  }
  for (int64_t k = 0; k < IN * MANY; k++) fourth += pow((double)weight[k] / std, 4) / (IN * MANY);
  assert_close(mean, IN, 5 * sqrt(2.0 * IN / MANY));
  /* Var of (chi^2 - n)^2: 12 n (n + 4) - (2 n)^2 */
  assert_close(spread, 2 * IN, 5 * sqrt((12.0 * IN * (IN + 4) - 4.0 * IN * IN) / MANY));
  assert_close(fourth, 3, 5 * sqrt(96.0 / (IN * MANY)));
}

static void blocks_and_seeds_are_fresh_draws_and_repeatable(void **state) {
  (void)state;
  float weight[IN * FEATURES], again[IN * FEATURES], other[IN * FEATURES];
  draw_orthogonal(1, FEATURES, 1, weight);
  draw_orthogonal(1, FEATURES, 1, again);
  draw_orthogonal(2, FEATURES, 1, other);
  assert_memory_equal(weight, again, sizeof weight);
  assert_memory_not_equal(weight, other, sizeof weight);
  for (int64_t j = 0; j < IN; j++)
    assert_true(weight[j] != weight[IN + j] && weight[j] != weight[2 * IN + j]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(glorot_weights_fill_their_interval_evenly),
      cmocka_unit_test(columns_of_a_block_are_orthogonal),
      cmocka_unit_test(columns_are_as_long_as_normal_vectors),
      cmocka_unit_test(blocks_and_seeds_are_fresh_draws_and_repeatable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
