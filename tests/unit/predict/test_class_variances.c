/* Predictions of models whose classes have variances of their own, or a joint covariance: against
   the inverse of the whole precision matrix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/small_model.h"
#include "unit/numeric.h"
#include "unit/reference_matrix.h"

enum { TRAINED = 60, ROWS = 150, DRAWS = 20000, CLASSES = SMALL_CLASSES, AREA = CLASSES * CLASSES };
static const int32_t KINDS[] = {SNGP_POSTERIOR_PER_OUTPUT, SNGP_POSTERIOR_JOINT};
static const double PRIOR_VARIANCE = 1.7, TEMPERATURE = 1.3, FACTOR = 0.6;

typedef struct {
  sngp_model *model;
  sngp_dataset *rows;
  float *logits, *variance, *features;
  double *covariance; /* (ROWS, K, K), expected */
} subject;

static double *expected_covariance(const subject *s) {
  const sngp_posterior *posterior = &s->model->posterior;
  const int64_t m = posterior->size, side = CLASSES * m;
  double *p = take((size_t)(side * side), sizeof *p);
  for (int64_t a = 0; a < side; a++)
    for (int64_t b = 0; b < side; b++) {
      if (posterior->kind == SNGP_POSTERIOR_JOINT)
        p[a * side + b] = posterior->precision[a * side + b];
      else if (a / m == b / m)
        p[a * side + b] = posterior->precision[(a / m * m + a % m) * m + b % m];
      if (a == b) p[a * side + b] += s->model->config.ridge;
    }
  double *inverse = reference_inverse(p, side), *covariance = take(ROWS * AREA, sizeof(double));
  for (int64_t i = 0; i < ROWS; i++)
    for (int64_t a = 0; a < side; a++)
      for (int64_t b = 0; b < side; b++)
        covariance[i * AREA + a / m * CLASSES + b / m] +=
            PRIOR_VARIANCE * s->model->config.ridge * (double)s->features[i * m + a % m] *
            inverse[a * side + b] * (double)s->features[i * m + b % m];
  free(inverse);
  free(p);
  return covariance;
}

static subject make_subject(int32_t kind) {
  sngp_model_config config = small_config();
  config.likelihood = SNGP_LIKELIHOOD_SOFTMAX;
  config.posterior = kind;
  config.ridge = 0.5;
  config.prior_variance = PRIOR_VARIANCE;
  config.temperature = TEMPERATURE;
  config.mean_field_factor = FACTOR;
  subject s = {.model = create_model(&config), .rows = small_data(ROWS, 3)};
  const int64_t m = config.num_random_features;
  s.logits = take(ROWS * CLASSES, sizeof(float));
  s.variance = take(ROWS * CLASSES, sizeof(float));
  s.features = take((size_t)(ROWS * m), sizeof(float));
  sngp_dataset *training = small_data(TRAINED, 1);
  float *beta = take((size_t)(m * CLASSES), sizeof *beta);
  fill_normal(&(uint64_t){8}, beta, (size_t)(m * CLASSES), 0.5);
  assert_ok(sngp_model_prepare(s.model, training));
  assert_ok(sngp_model_set_parameter(s.model, "output.weight", beta, m * CLASSES));
  assert_ok(sngp_model_fit_covariance(s.model, training, 1));
  sngp_prediction out = {.struct_size = sizeof out,
                         .logits = s.logits,
                         .variance = s.variance,
                         .features = s.features};
  assert_ok(sngp_predict(s.model, NULL, sngp_dataset_features(s.rows), ROWS, SMALL_INPUTS, 0, NULL,
                         &out));
  s.covariance = expected_covariance(&s);
  free(beta);
  sngp_dataset_free(training);
  return s;
}

static void free_subject(subject *s) {
  free(s->covariance);
  free(s->features);
  free(s->variance);
  free(s->logits);
  sngp_dataset_free(s->rows);
  sngp_model_free(s->model);
}

static sngp_predict_config configured(int32_t method, int64_t draws) {
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.method = method;
  config.num_samples = draws;
  return config;
}

/* 150 rows are more than one block. */
static void variances_are_those_of_the_whole_precision(void **state) {
  (void)state;
  for (int kind = 0; kind < 2; kind++) {
    subject s = make_subject(KINDS[kind]);
    assert_int_equal(sngp_model_num_variances(s.model), CLASSES);
    double lowest = INFINITY, highest = 0;
    for (int64_t i = 0; i < ROWS; i++)
      for (int64_t k = 0; k < CLASSES; k++) {
        double expected = s.covariance[i * AREA + k * (CLASSES + 1)];
        assert_close(s.variance[i * CLASSES + k], expected, 2e-6 * (1 + expected));
        lowest = fmin(lowest, expected);
        highest = fmax(highest, expected);
      }
    assert_below(2 * lowest, highest);
    free_subject(&s);
  }
}

/* softmax(g / (T sqrt(1 + factor v))), g and v of centred logits. */
static void expected_probabilities(const float *logits, const double *c, double *p) {
  double mean = 0, total = 0, sum = 0;
  for (int k = 0; k < CLASSES; k++) mean += (double)logits[k] / CLASSES;
  for (int k = 0; k < AREA; k++) total += c[k] / AREA;
  for (int k = 0; k < CLASSES; k++) {
    double variance = c[k * (CLASSES + 1)] + total;
    for (int l = 0; l < CLASSES; l++) variance -= 2 * c[k * CLASSES + l] / CLASSES;
    sum += p[k] = exp(((double)logits[k] - mean) / (TEMPERATURE * sqrt(1 + FACTOR * variance)));
  }
  for (int k = 0; k < CLASSES; k++) p[k] /= sum;
}

static void mean_field_is_of_centred_logits(void **state) {
  (void)state;
  for (int kind = 0; kind < 2; kind++) {
    subject s = make_subject(KINDS[kind]);
    float p[ROWS * CLASSES];
    sngp_prediction out = {.struct_size = sizeof out, .probabilities = p};
    for (int32_t threads = 1; threads <= 2; threads++) {
      sngp_predict_config config = configured(SNGP_PREDICT_MEAN_FIELD, 0);
      config.num_threads = threads;
      assert_ok(sngp_predict(s.model, NULL, sngp_dataset_features(s.rows), ROWS, SMALL_INPUTS, 0,
                             &config, &out));
      for (int64_t i = 0; i < ROWS; i++) {
        double expected[CLASSES];
        expected_probabilities(s.logits + i * CLASSES, s.covariance + i * AREA, expected);
        for (int k = 0; k < CLASSES; k++) assert_close(p[i * CLASSES + k], expected[k], 2e-6);
      }
    }
    free_subject(&s);
  }
}

/* log p_k - log p_0 of a draw is (f_k - f_0) / T: means and covariances over 20,000 draws, whose
   standard errors are 0.7 % of a deviation and at most 1 % of a variance. */
static void draws_have_the_covariance_of_the_classes(void **state) {
  (void)state;
  enum { FEW = 4, DIFFERENCES = CLASSES - 1 };
  for (int kind = 0; kind < 2; kind++) {
    subject s = make_subject(KINDS[kind]);
    float *samples = take((size_t)DRAWS * FEW * CLASSES, sizeof *samples);
    sngp_predict_config config = configured(SNGP_PREDICT_MONTE_CARLO, DRAWS);
    sngp_prediction out = {.struct_size = sizeof out, .samples = samples};
    assert_ok(sngp_predict(s.model, NULL, sngp_dataset_features(s.rows), FEW, SMALL_INPUTS, 0,
                           &config, &out));
    for (int64_t i = 0; i < FEW; i++) {
      const double *c = s.covariance + i * AREA;
      double mean[DIFFERENCES] = {0}, product[DIFFERENCES][DIFFERENCES] = {{0}};
      for (int64_t d = 0; d < DRAWS; d++) {
        const float *p = samples + (d * FEW + i) * CLASSES;
        double f[DIFFERENCES];
        for (int k = 0; k < DIFFERENCES; k++) {
          double expected = (double)(s.logits[i * CLASSES + k + 1] - s.logits[i * CLASSES]);
          f[k] = TEMPERATURE * log((double)p[k + 1] / (double)p[0]) - expected;
          mean[k] += f[k] / DRAWS;
        }
        for (int k = 0; k < DIFFERENCES; k++)
          for (int l = 0; l < DIFFERENCES; l++) product[k][l] += f[k] * f[l] / DRAWS;
      }
      for (int k = 0; k < DIFFERENCES; k++) {
        double own = c[(k + 1) * (CLASSES + 1)] + c[0] - 2 * c[k + 1];
        assert_close(mean[k], 0, 5 * sqrt(own / DRAWS));
        for (int l = 0; l < DIFFERENCES; l++) {
          double other = c[(l + 1) * (CLASSES + 1)] + c[0] - 2 * c[l + 1];
          double expected = c[(k + 1) * CLASSES + l + 1] - c[k + 1] - c[l + 1] + c[0];
          assert_close(product[k][l], expected, 0.05 * sqrt(own * other));
        }
      }
    }
    free(samples);
    free_subject(&s);
  }
}

static void what_needs_a_shared_posterior_is_refused(void **state) {
  (void)state;
  for (int kind = 0; kind < 2; kind++) {
    subject s = make_subject(KINDS[kind]);
    float buffer[ROWS * CLASSES];
    sngp_predict_config config = configured(SNGP_PREDICT_MONTE_CARLO, 3);
    config.joint_samples = 1;
    sngp_prediction out = {.struct_size = sizeof out, .probabilities = buffer};
    assert_fails(sngp_predict(s.model, NULL, sngp_dataset_features(s.rows), ROWS, SMALL_INPUTS, 0,
                              &config, &out),
                 SNGP_ERROR_UNSUPPORTED, "joint_samples", "3 outputs");
    free_subject(&s);
  }
}

/* Calibration reads what the passes say; its likelihood must be that of the predictions. */
static void calibration_sees_the_probabilities_that_predictions_give(void **state) {
  (void)state;
  for (int kind = 0; kind < 2; kind++)
    for (int32_t method = 0; method < 3; method++) {
      subject s = make_subject(KINDS[kind]);
      float p[ROWS * CLASSES];
      sngp_predict_config config = configured(method, 20);
      sngp_prediction out = {.struct_size = sizeof out, .probabilities = p};
      sngp_calibration result = {.struct_size = sizeof result};
      sngp_calibrate_config both;
      assert_ok(sngp_calibrate_config_init(&both, sizeof both));
      both.tune_ridge = 1;
      double nll[2] = {0};
      for (int after = 0; after < 2; after++) {
        if (after == 1) assert_ok(sngp_calibrate(s.model, s.rows, &config, &both, &result));
        assert_ok(sngp_predict(s.model, NULL, sngp_dataset_features(s.rows), ROWS, SMALL_INPUTS, 0,
                               &config, &out));
        for (int64_t i = 0; i < ROWS; i++)
          nll[after] -= log((double)p[i * CLASSES + sngp_dataset_labels(s.rows)[i]]) / ROWS;
      }
      assert_close(result.nll_before, nll[0], 1e-5 * nll[0]);
      assert_close(result.nll_after, nll[1], 1e-5 * nll[1]);
      assert_below(nll[1], nll[0]);
      free_subject(&s);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(variances_are_those_of_the_whole_precision),
      cmocka_unit_test(mean_field_is_of_centred_logits),
      cmocka_unit_test(draws_have_the_covariance_of_the_classes),
      cmocka_unit_test(what_needs_a_shared_posterior_is_refused),
      cmocka_unit_test(calibration_sees_the_probabilities_that_predictions_give),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
