/* Monte Carlo over logits: independent draws against the integral they estimate, joint draws
   against the covariance they are drawn from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/small_model.h"

enum { ROWS = 40, DRAWS = 20000 };

typedef struct {
  sngp_model *model;
  sngp_dataset *rows;
  outputs exact; /* logits, variance, covariance */
} subject;

static int create(void **state) {
  static subject s;
  sngp_model_config config = small_config();
  config.temperature = 1.5;
  s.model = create_model(&config);
  s.rows = small_data(ROWS, 3);
  sngp_dataset *training = small_data(30, 1);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(3, 10);
  assert_ok(sngp_fit(s.model, adam, training, NULL, &fit, NULL));
  sngp_optimizer_free(adam);
  sngp_dataset_free(training);
  s.exact = take_outputs(ROWS, SMALL_CLASSES, 1);
  assert_ok(predict_rows(s.model, NULL, s.rows, NULL, &s.exact));
  *state = &s;
  return 0;
}

static int destroy(void **state) {
  subject *s = *state;
  free_outputs(&s->exact);
  sngp_dataset_free(s->rows);
  sngp_model_free(s->model);
  return 0;
}

static sngp_predict_config monte_carlo(int64_t draws, int32_t joint) {
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.method = SNGP_PREDICT_MONTE_CARLO;
  config.num_samples = draws;
  config.joint_samples = joint;
  config.seed = 7;
  return config;
}

/* E[softmax(f / T)] over f_k ~ N(logits_k, variance), by the trapezoidal rule over 6 deviations to
   each side, whose error is far below that of the draws. */
static void integrate(const float *logits, double variance, double temperature, double *p) {
  enum { POINTS = 49 };
  double deviation = sqrt(variance), total = 0;
  memset(p, 0, SMALL_CLASSES * sizeof *p);
  for (int index = 0; index < POINTS * POINTS * POINTS; index++) {
    double f[SMALL_CLASSES], weight = 1, sum = 0;
    for (int k = 0, rest = index; k < SMALL_CLASSES; k++, rest /= POINTS) {
      double z = (rest % POINTS - POINTS / 2) * 0.25;
      weight *= exp(-z * z / 2);
      f[k] = exp(((double)logits[k] + deviation * z) / temperature);
      sum += f[k];
    }
    for (int k = 0; k < SMALL_CLASSES; k++) p[k] += weight * f[k] / sum;
    total += weight;
  }
  for (int k = 0; k < SMALL_CLASSES; k++) p[k] /= total;
}
_Static_assert(SMALL_CLASSES == 3, "the integral is over three logits");

/* A mean of DRAWS probabilities has a standard error of at most 0.5 / sqrt(DRAWS) = 0.0035. */
static void check_integral(const subject *s, int32_t joint) {
  sngp_predict_config config = monte_carlo(DRAWS, joint);
  outputs drawn = take_outputs(ROWS, SMALL_CLASSES, 0);
  assert_ok(predict_rows(s->model, NULL, s->rows, &config, &drawn));
  for (int i = 0; i < ROWS; i += 8) {
    double expected[SMALL_CLASSES];
    integrate(s->exact.out.logits + i * SMALL_CLASSES, (double)s->exact.out.variance[i], 1.5,
              expected);
    for (int k = 0; k < SMALL_CLASSES; k++) {
      assert_close(drawn.out.probabilities[i * SMALL_CLASSES + k], expected[k], 4 * 0.0035);
      assert_close(drawn.out.logits[i * SMALL_CLASSES + k],
                   s->exact.out.logits[i * SMALL_CLASSES + k], 2e-5);
    }
    assert_close(drawn.out.variance[i], s->exact.out.variance[i], 2e-5);
  }
  free_outputs(&drawn);
}

static void independent_draws_estimate_the_expected_softmax(void **state) {
  check_integral(*state, 0);
}

static void joint_draws_have_the_same_expectation(void **state) { check_integral(*state, 1); }

/* log(p_k / p_0) is (f_k - f_0) / T: the samples show the differences of drawn logits. Returns
   their empirical covariance between (row i, class a) and (row j, class b). */
static double covariance_of(const float *samples, int64_t rows, const double *means, int i, int a,
                            int j, int b) {
  double sum = 0;
  for (int64_t d = 0; d < DRAWS; d++) {
    const float *p = samples + (d * rows + i) * SMALL_CLASSES;
    const float *q = samples + (d * rows + j) * SMALL_CLASSES;
    sum += (log((double)p[a] / (double)p[0]) - means[i * SMALL_CLASSES + a]) *
           (log((double)q[b] / (double)q[0]) - means[j * SMALL_CLASSES + b]);
  }
  return sum / DRAWS;
}

enum { FEW = 6 };

/* Between rows i and j, the differences of classes a and b have covariance C_ij (1 + [a = b]):
   class 0 is in both. Temperature high enough for no probability to vanish. */
static void check_covariance(const subject *s, int32_t joint) {
  enum { TEMPERATURE = 8 };
  sngp_predict_config config = monte_carlo(DRAWS, joint);
  config.temperature = TEMPERATURE;
  float *samples = take(DRAWS * FEW * SMALL_CLASSES, sizeof *samples);
  sngp_prediction out = {.struct_size = sizeof out, .samples = samples};
  assert_ok(sngp_predict(s->model, NULL, sngp_dataset_features(s->rows), FEW, SMALL_INPUTS, 0,
                         &config, &out));
  double means[FEW * SMALL_CLASSES] = {0};
  for (int i = 0; i < FEW; i++)
    for (int k = 1; k < SMALL_CLASSES; k++) {
      const float *logits = s->exact.out.logits + i * SMALL_CLASSES;
      means[i * SMALL_CLASSES + k] = ((double)logits[k] - (double)logits[0]) / TEMPERATURE;
    }
  for (int i = 0; i < FEW; i++)
    for (int j = 0; j <= i; j++)
      for (int a = 1; a < SMALL_CLASSES; a++)
        for (int b = 1; b < SMALL_CLASSES; b++) {
          double scale = 1.0 / (TEMPERATURE * TEMPERATURE);
          double own = (double)s->exact.out.covariance[i * ROWS + i] * scale;
          double other = (double)s->exact.out.covariance[j * ROWS + j] * scale;
          double expected = (double)s->exact.out.covariance[i * ROWS + j] * scale;
          if (!joint && i != j) expected = 0;
          if (a == b) expected *= 2;
          /* the standard error of a covariance of normals with variances 2 own, 2 other */
          double error = sqrt((4 * own * other + expected * expected) / DRAWS);
          assert_close(covariance_of(samples, FEW, means, i, a, j, b), expected, 4.5 * error);
        }
  free(samples);
}

static void independent_draws_have_the_variance_and_no_covariance(void **state) {
  check_covariance(*state, 0);
}

static void joint_draws_have_the_covariance(void **state) { check_covariance(*state, 1); }

/* Predicts in two parts on several threads, and compares with one call on one thread. */
static void check_parts(const subject *s, int32_t joint) {
  enum { SOME = 20, SPLIT = 13 };
  sngp_predict_config config = monte_carlo(SOME, joint);
  const float *x = sngp_dataset_features(s->rows);
  outputs whole = take_outputs(ROWS, SMALL_CLASSES, 0),
          parts = take_outputs(ROWS, SMALL_CLASSES, 0);
  assert_ok(sngp_predict(s->model, NULL, x, ROWS, SMALL_INPUTS, 0, &config, &whole.out));
  config.num_threads = 3;
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = parts.out.probabilities};
  assert_ok(sngp_predict(s->model, NULL, x, SPLIT, SMALL_INPUTS, 0, &config, &out));
  config.first_row = SPLIT;
  out.probabilities += SPLIT * SMALL_CLASSES;
  assert_ok(sngp_predict(s->model, NULL, x + SPLIT * SMALL_INPUTS, ROWS - SPLIT, SMALL_INPUTS, 0,
                         &config, &out));
  assert_close(
      largest_difference(whole.out.probabilities, parts.out.probabilities, ROWS * SMALL_CLASSES), 0,
      2e-5);
  config.first_row = 0;
  config.seed++;
  assert_ok(sngp_predict(s->model, NULL, x, ROWS, SMALL_INPUTS, 0, &config, &parts.out));
  assert_true(largest_difference(whole.out.probabilities, parts.out.probabilities,
                                 ROWS * SMALL_CLASSES) > 1e-3);
  free_outputs(&parts);
  free_outputs(&whole);
}

static void parts_and_threads_draw_the_numbers_of_one_call(void **state) {
  check_parts(*state, 0);
  check_parts(*state, 1);
}

/* The outputs of P passes are the means of the samples; information is what entropy they add. */
static void scores_are_those_of_the_mean_of_the_samples(void **state) {
  const subject *s = *state;
  enum { SOME = 12 };
  sngp_predict_config config = monte_carlo(SOME, 0);
  outputs drawn = take_outputs(ROWS, SMALL_CLASSES, 0);
  drawn.out.samples = take(SOME * ROWS * SMALL_CLASSES, sizeof(float));
  assert_ok(predict_rows(s->model, NULL, s->rows, &config, &drawn));
  for (int i = 0; i < ROWS; i++) {
    double mean[SMALL_CLASSES] = {0}, within = 0, entropy = 0;
    for (int d = 0; d < SOME; d++)
      for (int k = 0; k < SMALL_CLASSES; k++) {
        double p = (double)drawn.out.samples[(d * ROWS + i) * SMALL_CLASSES + k];
        mean[k] += p / SOME;
        within -= p > 0 ? p * log(p) / SOME : 0;
      }
    for (int k = 0; k < SMALL_CLASSES; k++) {
      entropy -= mean[k] * log(mean[k]);
      assert_close(drawn.out.probabilities[i * SMALL_CLASSES + k], mean[k], 1e-6);
    }
    assert_close(drawn.out.entropy[i], entropy, 1e-5);
    assert_close(drawn.out.mutual_information[i], entropy - within, 1e-5);
  }
  free(drawn.out.samples);
  free_outputs(&drawn);
}

static void a_dense_head_has_nothing_to_draw_from(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.head = SNGP_HEAD_DENSE;
  config.standardize_inputs = 0;
  sngp_model *model = create_model(&config);
  const float x[SMALL_INPUTS] = {0};
  float p[SMALL_CLASSES];
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = p};
  sngp_predict_config predict = monte_carlo(10, 0);
  assert_fails(sngp_predict(model, NULL, x, 1, SMALL_INPUTS, 0, &predict, &out),
               SNGP_ERROR_UNSUPPORTED, "Monte Carlo", "dense head");
  sngp_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(independent_draws_estimate_the_expected_softmax),
      cmocka_unit_test(joint_draws_have_the_same_expectation),
      cmocka_unit_test(independent_draws_have_the_variance_and_no_covariance),
      cmocka_unit_test(joint_draws_have_the_covariance),
      cmocka_unit_test(parts_and_threads_draw_the_numbers_of_one_call),
      cmocka_unit_test(scores_are_those_of_the_mean_of_the_samples),
      cmocka_unit_test(a_dense_head_has_nothing_to_draw_from),
  };
  return cmocka_run_group_tests(tests, create, destroy);
}
