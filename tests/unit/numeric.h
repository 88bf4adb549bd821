/* Seeded values, arrays compared and central differences. Include after "support/check.h". */
#ifndef SNGP_TESTS_UNIT_NUMERIC_H
#define SNGP_TESTS_UNIT_NUMERIC_H

#include <stdint.h>

/* The library's own generator is under test, so tests draw from another one: splitmix64 (Steele,
   Lea and Flood, OOPSLA 2014). Strictly between 0 and 1. */
static inline double next_uniform(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  return ((double)(z >> 11) + 0.5) * 0x1p-53;
}

static inline double next_normal(uint64_t *state) {
  double radius = sqrt(-2 * log(next_uniform(state)));
  return radius * cos(6.283185307179586 * next_uniform(state));
}

static inline void fill_normal(uint64_t *state, float *values, size_t count, double std) {
  for (size_t i = 0; i < count; i++) values[i] = (float)(std * next_normal(state));
}

static inline void to_doubles(const float *values, size_t count, double *doubles) {
  for (size_t i = 0; i < count; i++) doubles[i] = (double)values[i];
}

/* Single against double precision: |actual - expected| at most `tolerance` times the largest
   |expected| of the array, for a sum's error goes with its terms, not with what is left of them. */
static inline void check_array(const float *actual, const double *expected, size_t count,
                               double tolerance, const char *what, const char *file, int line) {
  double largest = 0;
  for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(expected[i]));
  for (size_t i = 0; i < count; i++) {
    if (fabs((double)actual[i] - expected[i]) <= tolerance * largest) continue;
    print_error("%s: element %zu is %.9g, not %.9g; the error is %.3g of the largest, %.9g\n", what,
                i, (double)actual[i], expected[i], fabs((double)actual[i] - expected[i]) / largest,
                largest);
    _fail(file, line);
  }
}

#define assert_array(actual, expected, count, tolerance) \
  check_array((actual), (expected), (size_t)(count), (tolerance), #actual, __FILE__, __LINE__)

/* The gradient of a function of `values`: (f(v + e) - f(v - e)) / 2e, in double precision. With e =
   1e-5 and values about 1 the truncation is about 1e-10 of the third derivative, the rounding about
   1e-11 of f: both far below single precision. */
static inline void central_differences(double (*function)(const void *), const void *context,
                                       double *values, size_t count, double *gradient) {
  const double step = 1e-5;
  for (size_t i = 0; i < count; i++) {
    double value = values[i];
    values[i] = value + step;
    double above = function(context);
    values[i] = value - step;
    double below = function(context);
    values[i] = value;
    gradient[i] = (above - below) / (2 * step);
  }
}

#endif
