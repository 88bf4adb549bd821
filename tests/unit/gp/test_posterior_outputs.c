/* Posteriors with a covariance for each output, or one of all outputs jointly, against explicit
   sums and inverses in double precision. */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/posterior.h"
#include "support/check.h"
#include "unit/numeric.h"
#include "unit/reference_matrix.h"

enum { ROWS = 60, NEW_ROWS = 11, OUTPUTS = 3, SIZE = 40, SIDE = OUTPUTS * SIZE };

static const int32_t KINDS[] = {SNGP_POSTERIOR_SHARED, SNGP_POSTERIOR_PER_OUTPUT,
                                SNGP_POSTERIOR_JOINT};
static const double RIDGES[] = {0.1, 1, 10};

static float features[ROWS * SIZE], other[NEW_ROWS * SIZE], weights[ROWS];
static double curvature[ROWS * OUTPUTS], scratch[ROWS * SIZE];

/* Probabilities of a softmax, most rows nearly sure of a class. */
static void draw(void) {
  uint64_t seed = 5;
  fill_normal(&seed, features, ROWS * SIZE, 0.3);
  fill_normal(&seed, other, NEW_ROWS * SIZE, 0.3);
  for (int i = 0; i < ROWS; i++) {
    double *p = curvature + i * OUTPUTS, sum = 0;
    weights[i] = (float)(2 * next_uniform(&seed));
    for (int k = 0; k < OUTPUTS; k++) sum += p[k] = exp(4 * next_normal(&seed));
    for (int k = 0; k < OUTPUTS; k++) p[k] /= sum;
  }
}

static sngp_posterior posterior_of(int32_t kind, int64_t block, double decay, int threads) {
  sngp_posterior posterior;
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(threads, &pool));
  assert_ok(sngp_posterior_create(&posterior, kind, SIZE, OUTPUTS));
  for (int64_t first = 0; first < ROWS; first += block) {
    const sngp_posterior_rows rows = {.count = block < ROWS - first ? block : ROWS - first,
                                      .features = features + first * SIZE,
                                      .weights = weights + first,
                                      .curvature = curvature + first * OUTPUTS};
    sngp_posterior_update(&posterior, &rows, decay, 0.5, scratch, pool);
  }
  sngp_pool_free(pool);
  return posterior;
}

/* The weight of a row between outputs k and l. */
static double weight_of(int32_t kind, int64_t i, int64_t k, int64_t l) {
  const double *p = curvature + i * OUTPUTS;
  double mean = (p[0] + p[1] + p[2]) / OUTPUTS;
  if (kind == SNGP_POSTERIOR_JOINT) return p[k] * ((k == l ? 1 : 0) - p[l]);
  if (k != l) return 0;
  return kind == SNGP_POSTERIOR_SHARED ? mean : p[k];
}

/* (O M, O M), whatever the kind: block diagonal where outputs are independent. With `decay`, rows
   from `split` on entered after it. */
static double *explicit_sum(int32_t kind, double decay, int64_t split) {
  double *a = take(SIDE * SIDE, sizeof *a);
  for (int64_t i = 0; i < ROWS; i++)
    for (int64_t k = 0; k < SIDE; k++)
      for (int64_t l = 0; l < SIDE; l++)
        a[k * SIDE + l] += (i < split ? decay : 1) * 0.5 * (double)weights[i] *
                           weight_of(kind, i, k / SIZE, l / SIZE) *
                           (double)features[i * SIZE + k % SIZE] *
                           (double)features[i * SIZE + l % SIZE];
  return a;
}

/* Element (k, l) of the whole, of which a posterior keeps what its kind needs. */
static double kept(const sngp_posterior *posterior, int64_t k, int64_t l) {
  if (posterior->kind == SNGP_POSTERIOR_JOINT) return posterior->precision[k * SIDE + l];
  if (k / SIZE != l / SIZE) return 0;
  int64_t matrix = posterior->kind == SNGP_POSTERIOR_SHARED ? 0 : k / SIZE;
  return posterior->precision[(matrix * SIZE + k % SIZE) * SIZE + l % SIZE];
}

static void precisions_are_the_explicit_sums(void **state) {
  (void)state;
  draw();
  for (int kind = 0; kind < 3; kind++) {
    sngp_posterior posterior = posterior_of(KINDS[kind], 37, 0.25, 1);
    double *expected = explicit_sum(KINDS[kind], 0.25, 37);
    assert_int_equal(posterior.rows, ROWS);
    assert_ok(sngp_posterior_finish(&posterior, 2)); /* fills upper triangles */
    for (int64_t k = 0; k < SIDE; k++)
      for (int64_t l = 0; l < SIDE; l++)
        assert_close(kept(&posterior, k, l), expected[k * SIDE + l], 1e-13);
    free(expected);
    sngp_posterior_destroy(&posterior);
  }
}

/* ridge (e_k kron phi) P^-1 (e_l kron phi)^T of each new row (NEW_ROWS, O, O). */
static double *explicit_covariance(int32_t kind, double ridge) {
  double *p = explicit_sum(kind, 1, 0), *covariance = take(NEW_ROWS * OUTPUTS * OUTPUTS, 8);
  for (int64_t k = 0; k < SIDE; k++) p[k * SIDE + k] += ridge;
  double *inverse = reference_inverse(p, SIDE);
  for (int64_t i = 0; i < NEW_ROWS; i++)
    for (int64_t k = 0; k < SIDE; k++)
      for (int64_t l = 0; l < SIDE; l++)
        covariance[(i * OUTPUTS + k / SIZE) * OUTPUTS + l / SIZE] +=
            ridge * (double)other[i * SIZE + k % SIZE] * inverse[k * SIDE + l] *
            (double)other[i * SIZE + l % SIZE];
  free(inverse);
  free(p);
  return covariance;
}

static float *scratch_of(int32_t kind, int64_t count) {
  size_t floats = 0;
  assert_true(sngp_posterior_scratch(kind, SIZE, OUTPUTS, count, &floats));
  return take(floats, sizeof(float));
}

/* The root is rounded to single precision: 1e-6 of |phi|^2, about 4, the variance far from all
   data. One row alone takes other ways through BLAS than several. */
static void variances_are_those_of_the_explicit_inverse_for_every_ridge(void **state) {
  (void)state;
  draw();
  for (int kind = 0; kind < 3; kind++)
    for (int r = 0; r < 3; r++)
      for (int64_t count = 1; count <= NEW_ROWS; count += NEW_ROWS - 1) {
        sngp_posterior posterior = posterior_of(KINDS[kind], ROWS, 1, 1);
        double *expected = explicit_covariance(KINDS[kind], RIDGES[r]);
        float *memory = scratch_of(KINDS[kind], count);
        float phi[NEW_ROWS * SIZE], variance[NEW_ROWS * OUTPUTS];
        memcpy(phi, other, sizeof phi);
        assert_ok(sngp_posterior_finish(&posterior, RIDGES[r]));
        assert_true(posterior.jitter == 0);
        sngp_posterior_variance(&posterior, phi, count, memory, variance);
        int64_t width = sngp_posterior_num_variances(&posterior);
        assert_int_equal(width, kind == 0 ? 1 : OUTPUTS);
        for (int64_t i = 0; i < count; i++)
          for (int64_t k = 0; k < width; k++)
            assert_close(variance[i * width + k], expected[(i * OUTPUTS + k) * OUTPUTS + k], 4e-6);
        if (kind > 0) assert_memory_equal(phi, other, sizeof phi);
        free(memory);
        free(expected);
        sngp_posterior_destroy(&posterior);
      }
}

static void joint_covariances_of_a_rows_outputs_are_those_of_the_explicit_inverse(void **state) {
  (void)state;
  draw();
  for (int r = 0; r < 3; r++) {
    sngp_posterior posterior = posterior_of(SNGP_POSTERIOR_JOINT, ROWS, 1, 1);
    double *expected = explicit_covariance(SNGP_POSTERIOR_JOINT, RIDGES[r]);
    float *memory = scratch_of(SNGP_POSTERIOR_JOINT, NEW_ROWS);
    float covariance[NEW_ROWS * OUTPUTS * OUTPUTS];
    assert_ok(sngp_posterior_finish(&posterior, RIDGES[r]));
    sngp_posterior_output_covariance(&posterior, other, NEW_ROWS, memory, covariance);
    double beside = 0;
    for (int64_t k = 0; k < NEW_ROWS * OUTPUTS * OUTPUTS; k++) {
      assert_close(covariance[k], expected[k], 4e-6);
      if (k % (OUTPUTS * OUTPUTS) == 1) beside = fmax(beside, fabs(expected[k]));
    }
    assert_below(0.01, beside); /* outputs do vary together */
    free(memory);
    free(expected);
    sngp_posterior_destroy(&posterior);
  }
}

static void threads_and_copies_change_no_bit(void **state) {
  (void)state;
  draw();
  for (int kind = 0; kind < 3; kind++) {
    sngp_posterior one = posterior_of(KINDS[kind], 30, 1, 1), copy;
    sngp_posterior two = posterior_of(KINDS[kind], 30, 1, 2);
    assert_ok(sngp_posterior_finish(&one, 1));
    assert_ok(sngp_posterior_finish(&two, 1));
    assert_ok(sngp_posterior_copy(&copy, &two));
    size_t count = (size_t)(one.matrices.count * one.matrices.side * one.matrices.side);
    assert_true(copy.rows == ROWS && copy.current && copy.kind == KINDS[kind]);
    assert_memory_equal(copy.precision, one.precision, count * sizeof(double));
    assert_memory_equal(copy.root, one.root, count * sizeof(float));
    sngp_posterior_reset(&copy);
    for (size_t k = 0; k < count; k++) assert_true(copy.precision[k] == 0);
    sngp_posterior_destroy(&copy);
    sngp_posterior_destroy(&one);
    sngp_posterior_destroy(&two);
  }
}

/* A softmax's Hessian is singular, along equal changes of all outputs. Where features are large and
   the ridge small, rounding must not make it indefinite, that of the probabilities' sums included:
   here they are off by 1e-8, and A, about 1e9, would be by 10. A's own rounding of 1e-7 is 1e-3 of
   the ridge. */
static void a_joint_precision_of_large_features_needs_no_jitter(void **state) {
  (void)state;
  draw();
  sngp_posterior posterior;
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(1, &pool));
  assert_ok(sngp_posterior_create(&posterior, SNGP_POSTERIOR_JOINT, 1, OUTPUTS));
  float ones[ROWS];
  for (int i = 0; i < ROWS; i++) ones[i] = 1e4f;
  for (int i = 0; i < ROWS * OUTPUTS; i++) curvature[i] = (double)(float)curvature[i];
  const sngp_posterior_rows rows = {.count = ROWS, .features = ones, .curvature = curvature};
  sngp_posterior_update(&posterior, &rows, 1, 1, scratch, pool);
  assert_ok(sngp_posterior_finish(&posterior, 1e-4));
  assert_true(posterior.jitter == 0);
  /* (1, 1, 1) A = 0, so the variance of the sum of the outputs is 3 phi^2 whatever was seen. */
  float phi = 1, covariance[OUTPUTS * OUTPUTS], memory[OUTPUTS], sum = 0;
  sngp_posterior_output_covariance(&posterior, &phi, 1, memory, covariance);
  for (int k = 0; k < OUTPUTS * OUTPUTS; k++) sum += covariance[k];
  assert_close(sum, 3, 1e-2);
  sngp_pool_free(pool);
  sngp_posterior_destroy(&posterior);
}

/* One output's matrix is of rank one and so large that it needs jitter; all have the same then. */
static void all_outputs_have_the_jitter_that_one_needs(void **state) {
  (void)state;
  draw();
  sngp_posterior posterior;
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(1, &pool));
  assert_ok(sngp_posterior_create(&posterior, SNGP_POSTERIOR_PER_OUTPUT, SIZE, OUTPUTS));
  const double alone[] = {0, 0, 1e13};
  const sngp_posterior_rows rows = {.count = 1, .features = features, .curvature = alone};
  sngp_posterior_update(&posterior, &rows, 1, 1, scratch, pool);
  assert_ok(sngp_posterior_finish(&posterior, 1e-6));
  assert_below(0, posterior.jitter);
  double expected = sqrt(1e-6 / (1e-6 + posterior.jitter));
  for (int64_t k = 0; k < 2; k++) /* of no data but the jitter */
    assert_close(posterior.root[k * SIZE * SIZE] / expected, 1, 1e-6);
  sngp_pool_free(pool);
  sngp_posterior_destroy(&posterior);
}

static void a_matrix_that_is_not_finite_leaves_all_old_roots(void **state) {
  (void)state;
  draw();
  for (int kind = 1; kind < 3; kind++) {
    sngp_posterior posterior = posterior_of(KINDS[kind], ROWS, 1, 1), before;
    assert_ok(sngp_posterior_finish(&posterior, 1));
    assert_ok(sngp_posterior_copy(&before, &posterior));
    size_t count =
        (size_t)(posterior.matrices.count * posterior.matrices.side * posterior.matrices.side);
    posterior.precision[0] += 1;
    posterior.precision[count - 1] = NAN; /* the last output's */
    posterior.current = false;
    assert_fails(sngp_posterior_finish(&posterior, 1), SNGP_ERROR_NUMERICAL, "not finite");
    assert_memory_equal(posterior.root, before.root, count * sizeof(float));
    assert_false(posterior.current);
    sngp_posterior_destroy(&posterior);
    sngp_posterior_destroy(&before);
  }
}

/* Arc-cosine and linear features have no bound. */
static void variances_beyond_single_precision_are_its_largest_number(void **state) {
  (void)state;
  for (int kind = 0; kind < 3; kind++) {
    sngp_posterior posterior;
    assert_ok(sngp_posterior_create(&posterior, KINDS[kind], 2, 2));
    float phi[2] = {3e30f, -3e30f}, variance[2], memory[4], covariance[4];
    sngp_posterior_variance(&posterior, phi, 1, memory, variance);
    assert_true(variance[0] == FLT_MAX);
    if (kind == 2) {
      sngp_posterior_output_covariance(&posterior, phi, 1, memory, covariance);
      assert_true(covariance[0] == FLT_MAX && covariance[1] == 0 && covariance[3] == FLT_MAX);
    }
    sngp_posterior_destroy(&posterior);
  }
}

static void what_cannot_fit_the_machine_is_refused_before_it_is_taken(void **state) {
  (void)state;
  sngp_posterior posterior;
  const int64_t million = 1000000;
  assert_fails(sngp_posterior_create(&posterior, SNGP_POSTERIOR_PER_OUTPUT, million, 1000),
               SNGP_ERROR_OUT_OF_MEMORY, "1000 outputs", "1000000 random features",
               "one for each output", "GiB, but the machine has");
  assert_fails(sngp_posterior_create(&posterior, SNGP_POSTERIOR_JOINT, INT64_MAX, INT64_MAX),
               SNGP_ERROR_OUT_OF_MEMORY, "jointly", "GiB");
  assert_fails(sngp_posterior_create(&posterior, SNGP_POSTERIOR_SHARED, 100 * million, 1),
               SNGP_ERROR_OUT_OF_MEMORY, "1.863e+08 GiB"); /* 20 bytes an element */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(precisions_are_the_explicit_sums),
      cmocka_unit_test(variances_are_those_of_the_explicit_inverse_for_every_ridge),
      cmocka_unit_test(joint_covariances_of_a_rows_outputs_are_those_of_the_explicit_inverse),
      cmocka_unit_test(threads_and_copies_change_no_bit),
      cmocka_unit_test(a_joint_precision_of_large_features_needs_no_jitter),
      cmocka_unit_test(all_outputs_have_the_jitter_that_one_needs),
      cmocka_unit_test(a_matrix_that_is_not_finite_leaves_all_old_roots),
      cmocka_unit_test(variances_beyond_single_precision_are_its_largest_number),
      cmocka_unit_test(what_cannot_fit_the_machine_is_refused_before_it_is_taken),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
