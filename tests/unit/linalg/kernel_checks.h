/* The claims about the vector kernels, for whichever build of them the including file calls.
   Include after <cmocka.h>. */
#ifndef SNGP_TESTS_UNIT_LINALG_KERNEL_CHECKS_H
#define SNGP_TESTS_UNIT_LINALG_KERNEL_CHECKS_H

#include <float.h>

#include "linalg/kernels.h"
#include "support/check.h"
#include "unit/numeric.h"

/* Lengths 0 ... 67: four vectors of 16 floats and every remainder, also for vectors of 4 and 8. */
enum { LONGEST = 67, MOST_ROWS = 3, ROOM = MOST_ROWS * LONGEST + 8 };

/* Distance from the spacing of floats at the exact value. */
static inline double ulps(float actual, double exact) {
  float nearest = fabsf((float)exact);
  double spacing = (double)nextafterf(nearest, INFINITY) - (double)nearest;
  return fabs((double)actual - exact) / spacing;
}

static inline void check_ulps(const char *name, float x, float actual, double exact, double most) {
  if (!(ulps(actual, exact) <= most))
    fail_msg("%s of %.9g is %.9g, not %.17g: %.2f ulp off, %.2f allowed", name, (double)x,
             (double)actual, exact, ulps(actual, exact), most);
}

/* libmvec promises at most 4 ulp; the product with a scale rounds once more. */
static const double MATH_ULPS = 4, SCALED_ULPS = 4.5 + 1e-6;

/* Values from x, m, y in [0.1, 3], where nothing cancels. */
typedef struct {
  const char *name;
  void (*apply)(size_t n, const float *x, const float *m, float *y);
  double (*expected)(double x, double m, double y);
  double most_ulps;
} elementwise;

static const float SCALE = 0.75f, FACTOR = 1.25f; /* exact in single precision */

static inline void apply_cos(size_t n, const float *x, const float *m, float *y) {
  (void)m;
  sngp_kernel_cos(n, x, SCALE, y);
}
static inline double expect_cos(double x, double m, double y) {
  (void)m, (void)y;
  return (double)SCALE * cos(x);
}
static inline void apply_cos_in_place(size_t n, const float *x, const float *m, float *y) {
  (void)x, (void)m;
  sngp_kernel_cos_in_place(n, SCALE, y);
}
static inline double expect_cos_in_place(double x, double m, double y) {
  (void)x, (void)m;
  return (double)SCALE * cos(y);
}
static inline void apply_cos_backward(size_t n, const float *x, const float *m, float *y) {
  (void)m;
  sngp_kernel_cos_backward(n, x, SCALE, y);
}
static inline double expect_cos_backward(double x, double m, double y) {
  (void)m;
  return -(double)SCALE * sin(x) * y;
}
static inline void apply_exp(size_t n, const float *x, const float *m, float *y) {
  (void)x, (void)m;
  sngp_kernel_exp(n, y);
}
static inline double expect_exp(double x, double m, double y) {
  (void)x, (void)m;
  return exp(y);
}
static inline void apply_add(size_t n, const float *x, const float *m, float *y) {
  (void)m;
  sngp_kernel_add(n, x, y);
}
static inline double expect_add(double x, double m, double y) {
  (void)m;
  return y + x;
}
static inline void apply_affine(size_t n, const float *x, const float *m, float *y) {
  (void)m;
  sngp_kernel_affine(n, x, FACTOR, SCALE, y);
}
static inline double expect_affine(double x, double m, double y) {
  (void)m, (void)y;
  return x * (double)FACTOR + (double)SCALE;
}
static inline void apply_add_scaled(size_t n, const float *x, const float *m, float *y) {
  (void)m;
  sngp_kernel_add_scaled(n, FACTOR, x, y);
}
static inline double expect_add_scaled(double x, double m, double y) {
  (void)m;
  return y + (double)FACTOR * x;
}
static inline void apply_clamp(size_t n, const float *x, const float *m, float *y) {
  (void)m;
  sngp_kernel_clamp(n, x, SCALE, y);
}
static inline double expect_clamp(double x, double m, double y) {
  (void)m, (void)y;
  return fmax(-(double)SCALE, fmin((double)SCALE, x));
}
static inline void apply_standardize(size_t n, const float *x, const float *m, float *y) {
  sngp_kernel_standardize(n, x, m, m, y);
}
static inline double expect_standardize(double x, double m, double y) {
  (void)y;
  return (x - m) / m;
}

/* Of x - 1, of both signs; in place. */
static inline void apply_relu(size_t n, const float *x, const float *m, float *y) {
  (void)m;
  for (size_t i = 0; i < n; i++) y[i] = x[i] - 1;
  sngp_kernel_relu(n, y, FACTOR, y);
}
static inline double expect_relu(double x, double m, double y) {
  (void)m, (void)y;
  return (double)(FACTOR * fmaxf(0, (float)x - 1));
}
static inline void apply_relu_backward(size_t n, const float *x, const float *m, float *y) {
  (void)m;
  float shifted[ROOM];
  for (size_t i = 0; i < n; i++) shifted[i] = x[i] - 1;
  sngp_kernel_relu_backward(n, shifted, FACTOR, y);
}
static inline double expect_relu_backward(double x, double m, double y) {
  (void)m;
  return x > 1 ? (double)FACTOR * y : 0;
}

static const elementwise ELEMENTWISE[] = {
    {"cos", apply_cos, expect_cos, SCALED_ULPS},
    {"cos_in_place", apply_cos_in_place, expect_cos_in_place, SCALED_ULPS},
    {"cos_backward", apply_cos_backward, expect_cos_backward, SCALED_ULPS + 0.5},
    {"relu", apply_relu, expect_relu, 0.5},
    {"relu_backward", apply_relu_backward, expect_relu_backward, 0.5},
    {"exp", apply_exp, expect_exp, MATH_ULPS},
    {"add", apply_add, expect_add, 0.5},
    {"affine", apply_affine, expect_affine, 1.5},
    {"add_scaled", apply_add_scaled, expect_add_scaled, 1.5},
    {"clamp", apply_clamp, expect_clamp, 0},
    {"standardize", apply_standardize, expect_standardize, 1.5},
};

static inline void draw(float *values, size_t count, uint64_t seed) {
  for (size_t i = 0; i < count; i++) values[i] = (float)(0.1 + 2.9 * next_uniform(&seed));
}

/* Also at every offset from an aligned address; what lies beside the elements is left alone. */
static void elementwise_kernels_agree_for_every_length(void **state) {
  (void)state;
  for (size_t k = 0; k < sizeof ELEMENTWISE / sizeof *ELEMENTWISE; k++)
    for (size_t n = 0; n <= LONGEST; n++)
      for (size_t offset = 0; offset < 5; offset++) {
        float x[ROOM], m[ROOM], y[ROOM], before[ROOM];
        const elementwise *kernel = &ELEMENTWISE[k];
        draw(x, ROOM, n);
        draw(m, ROOM, n + 100);
        draw(y, ROOM, n + 200);
        memcpy(before, y, sizeof y);
        kernel->apply(n, x + offset, m + offset, y + offset);
        for (size_t i = 0; i < ROOM; i++)
          if (i < offset || i >= offset + n)
            assert_true(y[i] == before[i]);
          else
            check_ulps(kernel->name, x[i], y[i],
                       kernel->expected((double)x[i], (double)m[i], (double)before[i]),
                       kernel->most_ulps);
      }
}

/* Angles of random features: mostly small, but raw inputs may make them large. */
static void cosine_and_sine_agree_over_the_whole_range(void **state) {
  (void)state;
  enum { COUNT = 100000 };
  static float x[COUNT], y[COUNT], dy[COUNT];
  const double ranges[] = {1e-3, 3, 100, 1e4, 1e6, 1e12, 1e38};
  uint64_t seed = 30;
  for (int r = 0; r < 7; r++) {
    for (int i = 0; i < COUNT; i++) {
      x[i] = (float)(ranges[r] * (2 * next_uniform(&seed) - 1));
      dy[i] = -1;
    }
    sngp_kernel_cos(COUNT, x, 1, y);
    sngp_kernel_cos_backward(COUNT, x, 1, dy);
    for (int i = 0; i < COUNT; i++) {
      check_ulps("cos", x[i], y[i], cos((double)x[i]), MATH_ULPS);
      check_ulps("sin", x[i], dy[i], sin((double)x[i]), MATH_ULPS);
    }
  }
}

static void exponentials_agree_over_the_whole_range(void **state) {
  (void)state;
  enum { COUNT = 200000 };
  static float x[COUNT], y[COUNT];
  uint64_t seed = 31;
  for (int i = 0; i < COUNT; i++) x[i] = y[i] = (float)(-87.3 + 176 * next_uniform(&seed));
  sngp_kernel_exp(COUNT, y);
  for (int i = 0; i < COUNT; i++) check_ulps("exp", x[i], y[i], exp((double)x[i]), MATH_ULPS);
  float ends[] = {89, INFINITY, -110, -1e30f, -INFINITY, 0, NAN};
  sngp_kernel_exp(7, ends);
  assert_true(isinf(ends[0]) && isinf(ends[1]) && ends[2] == 0 && ends[3] == 0 && ends[4] == 0);
  assert_true(ends[5] == 1 && isnan(ends[6]));
}

static void nan_and_infinity_have_no_cosine(void **state) {
  (void)state;
  const float values[] = {NAN, INFINITY, -INFINITY};
  for (int v = 0; v < 3; v++)
    for (int at = 0; at < 19; at++) {
      float x[19] = {0}, y[19];
      x[at] = values[v];
      sngp_kernel_cos(19, x, 1, y);
      for (int i = 0; i < 19; i++) assert_int_equal(isnan(y[i]) != 0, i == at);
    }
}

static void kernels_over_rows_agree_for_every_width(void **state) {
  (void)state;
  for (size_t n = 0; n <= LONGEST; n++) {
    float z[ROOM], bias[ROOM], h[ROOM], biased[ROOM], sums[LONGEST + 1];
    draw(z, ROOM, n);
    draw(bias, ROOM, n + 300);
    draw(h, ROOM, n + 400);
    for (size_t i = 0; i < ROOM; i += 3) z[i] = -z[i];
    memcpy(biased, z, sizeof z);
    sngp_kernel_add_rows(MOST_ROWS, n, bias, biased);
    sums[n] = 12;
    sngp_kernel_column_sums(MOST_ROWS, n, z, sums);
    assert_true(sums[n] == 12);
    float next[ROOM];
    memcpy(next, h, sizeof h);
    sngp_kernel_relu_add(MOST_ROWS, n, z, bias, next);
    for (size_t i = 0; i < ROOM; i++) {
      if (i >= MOST_ROWS * n) {
        assert_true(biased[i] == z[i] && next[i] == h[i]);
        continue;
      }
      double sum = (double)z[i] + (double)bias[i % n];
      assert_true(biased[i] == (float)sum); /* one rounding */
      assert_close(next[i], (double)h[i] + fmax(0, sum), 1e-6);
    }
    for (size_t j = 0; j < n; j++)
      assert_close(sums[j], (double)z[j] + (double)z[n + j] + (double)z[2 * n + j], 1e-6);
  }
}

static void sums_and_products_agree_for_every_length(void **state) {
  (void)state;
  for (size_t n = 0; n <= LONGEST; n++) {
    float x[ROOM], y[ROOM];
    uint64_t seed = n;
    fill_normal(&seed, x, ROOM, 1);
    fill_normal(&seed, y, ROOM, 1);
    const double center = 0.625;
    double sum = 0, dot = 0, squares = 0, norm = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
      double a = (double)x[i], b = (double)y[i];
      sum += a;
      dot += a * b;
      squares += (a - center) * (a - center);
      norm += a * a;
      size += fabs(a) + fabs(a * b) + (a - center) * (a - center);
    }
    double tolerance = (double)FLT_EPSILON * 8 * size; /* 4 + 16 additions in a row at most */
    assert_close(sngp_kernel_sum(n, x), sum, tolerance);
    assert_close(sngp_kernel_dot(n, x, y), dot, tolerance);
    assert_close(sngp_kernel_sum_squares(n, x, (float)center), squares, tolerance);
    assert_close(sngp_kernel_square_norm(n, x), norm, 1e-14 * norm);
  }
}

static void conversion_to_double_is_exact(void **state) {
  (void)state;
  const double factor = 1 / 3.0;
  for (size_t n = 0; n <= LONGEST; n++) {
    float x[ROOM];
    double y[ROOM];
    draw(x, ROOM, n);
    for (size_t i = 0; i < ROOM; i++) y[i] = 12;
    sngp_kernel_to_double(n, x, factor, y);
    for (size_t i = 0; i < ROOM; i++) assert_true(y[i] == (i < n ? factor * (double)x[i] : 12));
  }
}

/* One rotation after the other, each by the row as the one before left it. */
static void rotations_act_one_after_the_other(void **state) {
  (void)state;
  enum { MOST = 5 };
  for (size_t n = 0; n <= LONGEST; n++)
    for (size_t k = 0; k <= MOST; k++) {
      sngp_rotation rotations[MOST];
      double row[ROOM], sums[MOST * ROOM], expected_row[ROOM], expected_sums[MOST * ROOM];
      uint64_t seed = n;
      for (size_t t = 0; t < MOST; t++)
        rotations[t] = (sngp_rotation){next_normal(&seed), next_normal(&seed), next_normal(&seed)};
      for (size_t i = 0; i < ROOM; i++) expected_row[i] = row[i] = next_normal(&seed);
      for (size_t i = 0; i < MOST * ROOM; i++) expected_sums[i] = sums[i] = next_normal(&seed);
      for (size_t t = 0; t < k; t++)
        for (size_t i = 0; i < n; i++) {
          double old = expected_row[i], *sum = &expected_sums[t * ROOM + i];
          expected_row[i] = rotations[t].keep * old - rotations[t].take * *sum;
          *sum += rotations[t].weight * old;
        }
      sngp_kernel_rotate(n, k, rotations, row, sums, ROOM);
      for (size_t i = 0; i < ROOM; i++) assert_close(row[i], expected_row[i], 1e-12);
      for (size_t i = 0; i < MOST * ROOM; i++) assert_close(sums[i], expected_sums[i], 1e-12);
    }
}

/* For every width: the way forward under given bits, and back. */
static void relu_with_dropout_agrees_for_every_width(void **state) {
  (void)state;
  const uint32_t threshold = 20000;
  const float keep_scale = 1.5f;
  for (size_t n = 1; n <= LONGEST; n++) {
    size_t num_words = (n + 7) / 8 * 4;
    float z[ROOM], bias[ROOM], h[ROOM], a[ROOM] = {0}, next[ROOM] = {0}, dz[ROOM] = {0};
    uint32_t words[ROOM];
    uint64_t seed = n;
    fill_normal(&seed, z, ROOM, 1);
    fill_normal(&seed, bias, ROOM, 1);
    fill_normal(&seed, h, ROOM, 1);
    for (size_t i = 0; i < ROOM; i++) words[i] = (uint32_t)(next_uniform(&seed) * 0x1p32);
    words[0] = threshold << 16 | threshold; /* kept: "at least" */
    words[1] = (threshold - 1) << 16 | (threshold - 1);
    sngp_kernel_relu_dropout(n, z, bias, h, words, threshold, keep_scale, a, next);
    sngp_kernel_relu_dropout_backward(n, a, h, keep_scale, dz);
    for (size_t i = 0; i < ROOM; i++) {
      uint32_t bits = i < num_words ? words[i] & 0xffff : words[i - num_words] >> 16;
      double sum = (double)(z[i] + bias[i]), expected = sum > 0 && bits >= threshold ? sum : 0;
      if (i >= n) {
        assert_true(a[i] == 0 && next[i] == 0 && dz[i] == 0);
        continue;
      }
      assert_close(a[i], 1.5 * expected, 1e-6);
      assert_close(next[i], (double)h[i] + 1.5 * expected, 1e-6);
      assert_close(dz[i], expected > 0 ? 1.5 * (double)h[i] : 0, 1e-6);
    }
  }
}

/* At every position of every length, kept or dropped. */
static void a_nan_passes_through_relu(void **state) {
  (void)state;
  for (size_t n = 1; n <= LONGEST; n++)
    for (size_t at = 0; at < n; at++) {
      float z[ROOM] = {0}, h[ROOM] = {0}, zeros[ROOM] = {0}, a[ROOM], next[ROOM];
      uint32_t words[ROOM] = {0};
      z[at] = NAN;
      sngp_kernel_relu_add(1, n, z, zeros, h);
      assert_true(isnan(h[at]));
      sngp_kernel_relu(n, z, 1, a);
      assert_true(isnan(a[at]));
      for (uint32_t threshold = 0; threshold < 2; threshold++) {
        sngp_kernel_relu_dropout(n, z, zeros, zeros, words, threshold, 1, a, next);
        assert_true(isnan(a[at]) && isnan(next[at]));
      }
    }
}

static void all_finite_sees_nan_and_infinity_at_every_position(void **state) {
  (void)state;
  const float bad[] = {NAN, INFINITY, -INFINITY};
  for (size_t n = 0; n <= LONGEST; n++) {
    float x[ROOM];
    for (size_t i = 0; i < ROOM; i++) x[i] = i < n ? (i % 2 ? FLT_MAX : -FLT_MAX) : NAN;
    assert_true(sngp_kernel_all_finite(n, x));
    for (size_t at = 0; at < n; at++)
      for (int b = 0; b < 3; b++) {
        float kept = x[at];
        x[at] = bad[b];
        assert_false(sngp_kernel_all_finite(n, x));
        x[at] = kept;
      }
  }
}

/* Word k of block i at words[k * blocks + i]; the count of blocks wraps as sngp_random_block's. */
static void random_words_are_those_of_the_stream(void **state) {
  (void)state;
  const sngp_random_stream stream =
      sngp_random_open(0x123456789abcdef, SNGP_RANDOM_DROPOUT, 0x1234567890, 77);
  const uint32_t firsts[] = {0, 12345, UINT32_MAX - 5};
  for (int f = 0; f < 3; f++)
    for (size_t blocks = 0; blocks <= 40; blocks++) {
      uint32_t words[4 * 40 + 1], expected[4];
      words[4 * blocks] = 12;
      sngp_kernel_random_words(&stream, firsts[f], blocks, words);
      assert_int_equal(words[4 * blocks], 12);
      for (size_t i = 0; i < blocks; i++) {
        sngp_random_block(&stream, firsts[f] + (uint32_t)i, expected);
        for (size_t k = 0; k < 4; k++) assert_int_equal(words[k * blocks + i], expected[k]);
      }
    }
}

/* One update for every length; ten updates: unit/optim/test_optimizer.c. */
static void updates_agree_for_every_length(void **state) {
  (void)state;
  const sngp_update_scalars s = {.rate = 0.25f,
                                 .momentum = 0.75f,
                                 .one_minus_beta1 = 0.125f,
                                 .one_minus_beta2 = 0.0625f,
                                 .epsilon = 0.5f,
                                 .gradient_scale = 2};
  for (size_t n = 0; n <= LONGEST; n++)
    for (int kind = 0; kind < 3; kind++) { /* Adam, SGD, SGD with Nesterov's momentum */
      float g[ROOM], w[ROOM], m[ROOM], v[ROOM], w0[ROOM], m0[ROOM], v0[ROOM];
      uint64_t seed = n;
      fill_normal(&seed, g, ROOM, 1);
      fill_normal(&seed, w, ROOM, 1);
      fill_normal(&seed, m, ROOM, 1);
      draw(v, ROOM, n);
      memcpy(w0, w, sizeof w);
      memcpy(m0, m, sizeof m);
      memcpy(v0, v, sizeof v);
      if (kind == 0)
        sngp_kernel_adam(n, &s, g, w, m, v);
      else
        sngp_kernel_sgd(n, &s, kind == 2, g, w, m);
      for (size_t i = 0; i < ROOM; i++) {
        double twice = 2 * (double)g[i], first = (double)m0[i], second = (double)v0[i];
        double step = 0;
        if (i < n && kind == 0) {
          first += (twice - first) * 0.125;
          second += (twice * twice - second) * 0.0625;
          step = first / (sqrt(second) + 0.5);
        } else if (i < n) {
          first = 0.75 * first + twice;
          step = kind == 2 ? twice + 0.75 * first : first;
        }
        assert_close(m[i], first, 2e-6);
        assert_close(v[i], second, 2e-6);
        assert_close(w[i], (double)w0[i] - 0.25 * step, 2e-6);
      }
    }
}

#define KERNEL_CHECKS                                                       \
  cmocka_unit_test(elementwise_kernels_agree_for_every_length),             \
      cmocka_unit_test(cosine_and_sine_agree_over_the_whole_range),         \
      cmocka_unit_test(exponentials_agree_over_the_whole_range),            \
      cmocka_unit_test(nan_and_infinity_have_no_cosine),                    \
      cmocka_unit_test(kernels_over_rows_agree_for_every_width),            \
      cmocka_unit_test(sums_and_products_agree_for_every_length),           \
      cmocka_unit_test(conversion_to_double_is_exact),                      \
      cmocka_unit_test(relu_with_dropout_agrees_for_every_width),           \
      cmocka_unit_test(rotations_act_one_after_the_other),                  \
      cmocka_unit_test(a_nan_passes_through_relu),                          \
      cmocka_unit_test(all_finite_sees_nan_and_infinity_at_every_position), \
      cmocka_unit_test(random_words_are_those_of_the_stream),               \
      cmocka_unit_test(updates_agree_for_every_length)

#endif
