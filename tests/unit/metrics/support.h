/* What the tests of the measures share; include cmocka.h first. */
#ifndef SNGP_TESTS_METRICS_SUPPORT_H
#define SNGP_TESTS_METRICS_SUPPORT_H

#include <math.h>
#include <stdint.h>

/* cmocka compares floats only. */
#define assert_near(actual, expected, tolerance) \
  check_near((actual), (expected), (tolerance), __FILE__, __LINE__)

static inline void check_near(double actual, double expected, double tolerance, const char *file,
                              int line) {
  if (fabs(actual - expected) <= tolerance) return;
  print_error("%.17g is not %.17g\n", actual, expected);
  _fail(file, line);
}

/* The next integer below 1000 of the generator x -> 16807 x mod (2^31 - 1) (Park and Miller), from
   which tests/fixtures/make_metrics.py makes its inputs too. */
static inline int32_t next_integer(int64_t *state) {
  *state = *state * 16807 % 2147483647;
  return (int32_t)(*state % 1000);
}

/* predictions() of make_metrics.py: integer weights up to `largest` over their sum as
   probabilities; few weights make many equal probabilities. */
static inline void fill_predictions(int64_t seed, int64_t rows, int64_t classes, int32_t largest,
                                    float *probabilities, int32_t *labels) {
  int64_t weights = seed, label = seed + 1;
  for (int64_t i = 0; i < rows; i++) {
    float *row = probabilities + i * classes;
    double sum = 0.0;
    for (int64_t k = 0; k < classes; k++) {
      row[k] = (float)(next_integer(&weights) * largest / 1000 + 1);
      sum += (double)row[k];
    }
    for (int64_t k = 0; k < classes; k++) row[k] = (float)((double)row[k] / sum);
    labels[i] = (int32_t)(next_integer(&label) % classes);
  }
}

#endif
