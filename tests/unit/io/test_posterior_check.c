/* The check that a posterior's root belongs to its precision: genuine ones pass at any
   conditioning, others do not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/parallel.h"
#include "base/random.h"
#include "gp/posterior.h"
#include "io/posterior_check.h"
#include "linalg/blas.h"

/* Features cos(h W + b) of points in the plane, each counted `scale` times: few directions with
   much data, many with hardly any. */
typedef struct {
  int64_t size, rows, seed;
  double amplitude, scale, ridge;
} recipe;

static sngp_posterior make_posterior(recipe r) {
  enum { DIM = 2 };
  size_t count = (size_t)(r.rows * r.size);
  float *features = malloc(count * sizeof *features);
  double *scratch = malloc(count * sizeof *scratch);
  float *points = malloc((size_t)r.rows * DIM * sizeof *points);
  float *weights = malloc((size_t)r.size * (DIM + 1) * sizeof *weights);
  assert_true(features != NULL && scratch != NULL && points != NULL && weights != NULL);
  sngp_random_stream stream = sngp_random_open(r.seed, SNGP_RANDOM_DATA, 0, 0);
  sngp_random_fill_normal(&stream, 1.0, points, (size_t)r.rows * DIM);
  stream = sngp_random_open(r.seed, SNGP_RANDOM_DATA, 0, 1);
  sngp_random_fill_normal(&stream, 1.0, weights, (size_t)r.size * (DIM + 1));
  for (int64_t i = 0; i < r.rows; i++)
    for (int64_t j = 0; j < r.size; j++) {
      const float *x = points + i * DIM, *w = weights + j * (DIM + 1);
      features[i * r.size + j] = (float)r.amplitude * cosf(x[0] * w[0] + x[1] * w[1] + 3.0f * w[2]);
    }
  sngp_posterior posterior;
  sngp_pool *pool = NULL;
  assert_int_equal(sngp_pool_create(1, &pool), SNGP_OK);
  assert_int_equal(sngp_posterior_create(&posterior, SNGP_POSTERIOR_SHARED, r.size, 1), SNGP_OK);
  sngp_posterior_reset(&posterior);
  const sngp_posterior_rows entering = {.count = r.rows, .features = features};
  sngp_posterior_update(&posterior, &entering, 1.0, r.scale, scratch, pool);
  assert_int_equal(sngp_posterior_finish(&posterior, r.ridge), SNGP_OK);
  sngp_pool_free(pool);
  free(features);
  free(scratch);
  free(points);
  free(weights);
  return posterior;
}

/* A lower bound of the condition number of ridge I + A: the quotient after some power iterations,
   over ridge; the smallest eigenvalue is nearly ridge where rows are fewer than features. */
static double condition(const sngp_posterior *posterior, double ridge) {
  enum { ITERATIONS = 20 };
  size_t size = (size_t)posterior->size;
  double *x = malloc(size * sizeof *x), *y = malloc(size * sizeof *y), norm = 1.0;
  assert_true(x != NULL && y != NULL);
  for (size_t i = 0; i < size; i++) x[i] = 1.0;
  for (int k = 0; k < ITERATIONS; k++) {
    sngp_dgemm(false, false, posterior->size, 1, posterior->size, 1, posterior->precision,
               posterior->size, x, 1, 0, y, 1);
    norm = 0.0;
    for (size_t i = 0; i < size; i++) norm += y[i] * y[i];
    norm = sqrt(norm);
    for (size_t i = 0; i < size; i++) x[i] = y[i] / norm;
  }
  free(x);
  free(y);
  return norm / (ridge + posterior->jitter);
}

static void assert_refused(const sngp_posterior *posterior, double ridge, const char *message) {
  assert_int_equal(sngp_posterior_check(posterior, ridge), SNGP_ERROR_FORMAT);
  if (strstr(sngp_last_error(), message) == NULL) fail_msg("%s", sngp_last_error());
}

static void scale_root(sngp_posterior *posterior, float factor) {
  for (int64_t i = 0; i < posterior->size * posterior->size; i++) posterior->root[i] *= factor;
}

/* The sizes of the default model, from no data to what jitter must mend. */
static void a_genuine_root_passes_and_one_off_by_1_percent_does_not(void **state) {
  (void)state;
  const struct {
    recipe recipe;
    double condition; /* at least */
  } cases[] = {
      {{1024, 10, 1, 0.04, 1.0, 1.0}, 1.0},   /* hardly any data */
      {{1024, 1000, 1, 0.04, 1.0, 1.0}, 1e2}, /* scaled features */
      {{1024, 1000, 1, 1.0, 1.0, 1.0}, 1e5},  /* unscaled */
      {{1024, 1000, 1, 1.0, 60.0, 1.0}, 1e7}, /* as 60,000 rows */
      {{1024, 1000, 1, 1.0, 60.0, 1e-3}, 1e10}, {{1024, 1000, 1, 1.0, 60.0, 1e-6}, 1e13},
      {{1024, 1000, 1, 1.0, 60.0, 1e-10}, 1e8}, /* jitter, or a factor lost in rounding */
      {{200, 1000, 1, 1.0, 1.0, 1.0}, 1e4},     /* more rows than features */
      {{1, 3, 1, 1.0, 1.0, 1.0}, 1.0},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    double ridge = cases[c].recipe.ridge;
    sngp_posterior posterior = make_posterior(cases[c].recipe);
    assert_true(condition(&posterior, ridge) >= cases[c].condition || posterior.size == 1);
    if (sngp_posterior_check(&posterior, ridge) != SNGP_OK)
      fail_msg("case %zu: %s", c, sngp_last_error());
    if (ridge > 1e-8) {
      scale_root(&posterior, 1.01f);
      assert_refused(&posterior, ridge, "does not belong");
      scale_root(&posterior, 0.99f / 1.01f);
      assert_refused(&posterior, ridge, "does not belong");
    }
    sngp_posterior_destroy(&posterior);
  }
}

static void the_root_of_another_model_is_refused(void **state) {
  (void)state;
  const recipe recipes[] = {
      {300, 5, 1, 0.08, 1.0, 1.0}, /* hardly any data: the roots are nearly equal */
      {300, 1000, 1, 0.08, 1.0, 1.0},
      {300, 1000, 1, 1.0, 1.0, 1.0},
      {300, 100, 1, 1.0, 600.0, 1e-6},
  };
  for (size_t c = 0; c < sizeof recipes / sizeof *recipes; c++) {
    recipe other = recipes[c];
    other.seed = 2;
    sngp_posterior posterior = make_posterior(recipes[c]), another = make_posterior(other);
    float *root = posterior.root;
    posterior.root = another.root;
    assert_refused(&posterior, recipes[c].ridge, "does not belong");
    posterior.root = root;
    assert_int_equal(sngp_posterior_check(&posterior, recipes[c].ridge), SNGP_OK);
    /* nor does a root made with another ridge, unless there are no data */
    assert_refused(&posterior, 2.0 * recipes[c].ridge, "does not belong");
    sngp_posterior_destroy(&posterior);
    sngp_posterior_destroy(&another);
  }
}

static void the_posterior_of_no_data_passes_with_any_ridge(void **state) {
  (void)state;
  sngp_posterior posterior;
  assert_int_equal(sngp_posterior_create(&posterior, SNGP_POSTERIOR_SHARED, 70, 1), SNGP_OK);
  assert_int_equal(sngp_posterior_check(&posterior, 1e-6), SNGP_OK);
  assert_int_equal(sngp_posterior_check(&posterior, 1e6), SNGP_OK);
  scale_root(&posterior, 1.01f);
  assert_refused(&posterior, 1.0, "does not belong");
  sngp_posterior_destroy(&posterior);
}

static void impossible_elements_are_named(void **state) {
  (void)state;
  enum { SIZE = 20 };
  sngp_posterior posterior = make_posterior((recipe){SIZE, 50, 1, 1.0, 1.0, 1.0});
  double *precision = posterior.precision, kept = precision[3 * SIZE + 2];
  float *root = posterior.root, kept_root = root[3 * SIZE + 2], kept_diagonal = root[5 * SIZE + 5];
  precision[3 * SIZE + 2] = nextafter(kept, 1e9);
  assert_refused(&posterior, 1.0, "not symmetric, (3, 2)");
  precision[3 * SIZE + 2] = kept;
  kept = precision[7 * SIZE + 7];
  precision[7 * SIZE + 7] = -1e-9;
  assert_refused(&posterior, 1.0, "element (7, 7) of the diagonal is -1e-09");
  precision[7 * SIZE + 7] = 1e308;
  assert_refused(&posterior, 1.0, "posterior");
  precision[7 * SIZE + 7] = kept;
  root[2 * SIZE + 3] = 1e-9f;
  assert_refused(&posterior, 1.0, "posterior.root: element (2, 3)");
  root[2 * SIZE + 3] = 0.0f;
  root[5 * SIZE + 5] = 0.0f;
  assert_refused(&posterior, 1.0, "posterior.root: element (5, 5)");
  root[5 * SIZE + 5] = -kept_diagonal;
  assert_refused(&posterior, 1.0, "posterior.root: element (5, 5)");
  root[5 * SIZE + 5] = kept_diagonal;
  root[3 * SIZE + 2] = 3e38f;
  assert_refused(&posterior, 1.0, "posterior.root: element (3, 2)");
  root[3 * SIZE + 2] = kept_root + 0.01f; /* possible, but not this posterior's */
  assert_refused(&posterior, 1.0, "does not belong");
  root[3 * SIZE + 2] = kept_root;
  posterior.rows = -1;
  assert_refused(&posterior, 1.0, "posterior.rows is -1");
  posterior.rows = 50;
  posterior.jitter = -1e-9;
  assert_refused(&posterior, 1.0, "covariance_jitter is -1e-09");
  posterior.jitter = 0.0;
  assert_int_equal(sngp_posterior_check(&posterior, 1.0), SNGP_OK);
  sngp_posterior_destroy(&posterior);
}

/* One matrix for each output: a fault of the last is found, and named. Jointly: one larger matrix.
 */
static void faults_of_several_matrices_are_found_and_named(void **state) {
  (void)state;
  enum { SIZE = 20, OUTPUTS = 3, ROWS = 4, AREA = SIZE * SIZE };
  float features[ROWS * SIZE];
  double curvature[ROWS * OUTPUTS], scratch[ROWS * SIZE];
  for (int k = 0; k < ROWS * SIZE; k++) features[k] = cosf((float)(k * k));
  for (int k = 0; k < ROWS * OUTPUTS; k++) curvature[k] = (k % 3 == 0 ? 0.5 : 0.25);
  const sngp_posterior_rows rows = {.count = ROWS, .features = features, .curvature = curvature};
  sngp_pool *pool = NULL;
  assert_int_equal(sngp_pool_create(1, &pool), SNGP_OK);
  for (int32_t kind = SNGP_POSTERIOR_PER_OUTPUT; kind <= SNGP_POSTERIOR_JOINT; kind++) {
    const int each = kind == SNGP_POSTERIOR_PER_OUTPUT;
    sngp_posterior posterior;
    assert_int_equal(sngp_posterior_create(&posterior, kind, SIZE, OUTPUTS), SNGP_OK);
    sngp_posterior_update(&posterior, &rows, 1, 1, scratch, pool);
    assert_int_equal(sngp_posterior_finish(&posterior, 0.5), SNGP_OK);
    assert_int_equal(sngp_posterior_check(&posterior, 0.5), SNGP_OK);
    float *last = posterior.root + (each ? OUTPUTS * AREA : OUTPUTS * OUTPUTS * AREA) - 1;
    *last *= 1.5f;
    assert_refused(
        &posterior, 0.5,
        each ? "output 2: posterior.root does not belong" : "posterior.root does not belong");
    *last = 0;
    assert_refused(
        &posterior, 0.5,
        each ? "output 2: posterior.root: element (19, 19)" : "posterior.root: element (59, 59)");
    sngp_posterior_destroy(&posterior);
  }
  sngp_pool_free(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_genuine_root_passes_and_one_off_by_1_percent_does_not),
      cmocka_unit_test(the_root_of_another_model_is_refused),
      cmocka_unit_test(the_posterior_of_no_data_passes_with_any_ridge),
      cmocka_unit_test(impossible_elements_are_named),
      cmocka_unit_test(faults_of_several_matrices_are_found_and_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
