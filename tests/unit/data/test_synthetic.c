/* Two moons, grid and blob against their formulas. */
#include <math.h>

#include "unit/data/support.h"

static const double PI = 3.14159265358979323846;

static sngp_dataset *moons(int64_t rows, double noise, int64_t seed) {
  sngp_dataset *dataset = NULL;
  assert_succeeds(sngp_dataset_two_moons(rows, noise, seed, &dataset));
  return dataset;
}

/* Angle i of n over [0, pi], both ends included. */
static double angle(int64_t i, int64_t n) {
  return n == 1 ? 0.0 : PI * (double)i / (double)(n - 1);
}

static void moons_without_noise_lie_on_their_half_circles(void **state) {
  (void)state;
  const int64_t sizes[] = {1, 2, 3, 10, 999, 1000};
  for (int s = 0; s < 6; s++) {
    int64_t rows = sizes[s], upper = (rows + 1) / 2, lower = rows - upper;
    sngp_dataset *dataset = moons(rows, 0.0, 3);
    const float *x = sngp_dataset_features(dataset);
    assert_int_equal(sngp_dataset_rows(dataset), rows);
    assert_int_equal(sngp_dataset_cols(dataset), 2);
    assert_int_equal(sngp_dataset_num_classes(dataset), 2);
    for (int64_t i = 0; i < rows; i++) {
      int label = i < upper ? 0 : 1;
      double t = label == 0 ? angle(i, upper) : angle(i - upper, lower);
      double expected_x = label == 0 ? cos(t) - 0.1 : 1.0 - cos(t) + 0.1;
      double expected_y = label == 0 ? sin(t) + 0.2 : 0.5 - sin(t) - 0.2;
      assert_int_equal(sngp_dataset_labels(dataset)[i], label);
      assert_true(fabs((double)x[2 * i] - expected_x) <= 2e-7);
      assert_true(fabs((double)x[2 * i + 1] - expected_y) <= 2e-7);
    }
    sngp_dataset_free(dataset);
  }
}

static void the_ends_of_both_moons_are_there(void **state) {
  (void)state;
  sngp_dataset *dataset = moons(1000, 0.0, 0);
  const float *x = sngp_dataset_features(dataset);
  const double ends[4][3] = {{0, 0.9, 0.2}, {499, -1.1, 0.2}, {500, 0.1, 0.3}, {999, 2.1, 0.3}};
  for (int i = 0; i < 4; i++) {
    int64_t row = (int64_t)ends[i][0];
    assert_true(fabs((double)x[2 * row] - ends[i][1]) <= 2e-7);
    assert_true(fabs((double)x[2 * row + 1] - ends[i][2]) <= 2e-7);
  }
  sngp_dataset_free(dataset);
}

/* Mean, variance and correlation of n standard normals lie within 5 deviations of theirs. */
static void check_normal(const double *first, const double *second, int64_t n) {
  double sums[5] = {0};
  for (int64_t i = 0; i < n; i++) {
    sums[0] += first[i];
    sums[1] += second[i];
    sums[2] += first[i] * first[i];
    sums[3] += second[i] * second[i];
    sums[4] += first[i] * second[i];
  }
  double limit = 5.0 / sqrt((double)n);
  for (int i = 0; i < 2; i++) {
    assert_true(fabs(sums[i] / (double)n) <= limit);
    assert_true(fabs(sums[2 + i] / (double)n - 1.0) <= limit * sqrt(2.0));
  }
  assert_true(fabs(sums[4] / (double)n) <= limit);
}

enum { MANY = 20000 };
static double normals[2][MANY];

static void noise_is_normal_with_the_deviation_asked_for(void **state) {
  (void)state;
  sngp_dataset *clean = moons(MANY, 0.0, 5), *noisy = moons(MANY, 0.25, 5);
  for (int64_t i = 0; i < MANY; i++)
    for (int c = 0; c < 2; c++)
      normals[c][i] = ((double)sngp_dataset_features(noisy)[2 * i + c] -
                       (double)sngp_dataset_features(clean)[2 * i + c]) /
                      0.25;
  check_normal(normals[0], normals[1], MANY);
  sngp_dataset_free(clean);
  sngp_dataset_free(noisy);
}

static void the_blob_is_normal_around_its_centre(void **state) {
  (void)state;
  sngp_dataset *blob = NULL;
  assert_succeeds(sngp_dataset_blob(MANY, 2.5, -1.75, 0.1, 11, &blob));
  assert_null(sngp_dataset_labels(blob));
  assert_int_equal(sngp_dataset_num_classes(blob), 0);
  for (int64_t i = 0; i < MANY; i++) {
    normals[0][i] = ((double)sngp_dataset_features(blob)[2 * i] - 2.5) / 0.1;
    normals[1][i] = ((double)sngp_dataset_features(blob)[2 * i + 1] + 1.75) / 0.1;
  }
  check_normal(normals[0], normals[1], MANY);
  sngp_dataset_free(blob);
}

static bool equal(const sngp_dataset *a, const sngp_dataset *b) {
  return memcmp(sngp_dataset_features(a), sngp_dataset_features(b),
                (size_t)(2 * sngp_dataset_rows(a)) * sizeof(float)) == 0;
}

static void equal_seeds_give_equal_points_and_others_do_not(void **state) {
  (void)state;
  const int64_t seeds[] = {0, 1, INT64_C(1) << 40};
  for (int i = 0; i < 3; i++) {
    sngp_dataset *again = moons(50, 0.1, seeds[i]), *blob = NULL, *same_blob = NULL;
    assert_succeeds(sngp_dataset_blob(50, 0, 0, 1, seeds[i], &blob));
    for (int j = 0; j < 3; j++) {
      sngp_dataset *dataset = moons(50, 0.1, seeds[j]);
      assert_int_equal(equal(again, dataset), i == j);
      assert_succeeds(sngp_dataset_blob(50, 0, 0, 1, seeds[j], &same_blob));
      assert_int_equal(equal(blob, same_blob), i == j);
      sngp_dataset_free(dataset);
      sngp_dataset_free(same_blob);
    }
    sngp_dataset_free(again);
    sngp_dataset_free(blob);
  }
}

/* The noise of moons and blob must not be the same numbers. */
static void moons_and_blob_of_one_seed_are_independent(void **state) {
  (void)state;
  sngp_dataset *clean = moons(200, 0.0, 9), *noisy = moons(200, 1.0, 9), *blob = NULL;
  assert_succeeds(sngp_dataset_blob(200, 0, 0, 1, 9, &blob));
  double product = 0.0;
  for (int i = 0; i < 400; i++)
    product += ((double)sngp_dataset_features(noisy)[i] - (double)sngp_dataset_features(clean)[i]) *
               (double)sngp_dataset_features(blob)[i];
  assert_true(fabs(product / 400.0) < 5.0 / 20.0);
  sngp_dataset_free(clean);
  sngp_dataset_free(noisy);
  sngp_dataset_free(blob);
}

static void the_tutorials_grid_has_its_borders_and_x_varies_fastest(void **state) {
  (void)state;
  sngp_dataset *grid = NULL;
  assert_succeeds(sngp_dataset_grid(-3.5, 3.5, -2.5, 2.5, 100, &grid));
  assert_int_equal(sngp_dataset_rows(grid), 10000);
  assert_null(sngp_dataset_labels(grid));
  const float *points = sngp_dataset_features(grid);
  for (int row = 0; row < 100; row++)
    for (int col = 0; col < 100; col++) {
      const float *point = points + 2 * (100 * row + col);
      assert_true(fabs((double)point[0] - (-3.5 + 7.0 * col / 99.0)) <= 3e-7);
      assert_true(fabs((double)point[1] - (-2.5 + 5.0 * row / 99.0)) <= 3e-7);
    }
  assert_true(points[0] == -3.5f && points[1] == -2.5f);
  assert_true(points[198] == 3.5f && points[19999] == 2.5f); /* exact, not to rounding */
  sngp_dataset_free(grid);
}

static void wrong_arguments_are_named(void **state) {
  (void)state;
  sngp_dataset *dataset = NULL;
#define REFUSED(part, call)                              \
  dataset = poisoned();                                  \
  assert_fails(call, SNGP_ERROR_INVALID_ARGUMENT, part); \
  assert_null(dataset)
  REFUSED("rows is 0", sngp_dataset_two_moons(0, 0.1, 0, &dataset));
  REFUSED("noise is -0.1", sngp_dataset_two_moons(9, -0.1, 0, &dataset));
  REFUSED("noise is nan", sngp_dataset_two_moons(9, (double)NAN, 0, &dataset));
  REFUSED("seed is -1", sngp_dataset_two_moons(9, 0.1, -1, &dataset));
  REFUSED("rows is -2", sngp_dataset_blob(-2, 0, 0, 1, 0, &dataset));
  REFUSED("center_y is inf", sngp_dataset_blob(2, 0, (double)INFINITY, 1, 0, &dataset));
  REFUSED("std is -1", sngp_dataset_blob(2, 0, 0, -1, 0, &dataset));
  REFUSED("seed is -7", sngp_dataset_blob(2, 0, 0, 1, -7, &dataset));
  REFUSED("resolution is 1", sngp_dataset_grid(0, 1, 0, 1, 1, &dataset));
  REFUSED("max_x is nan", sngp_dataset_grid(0, (double)NAN, 0, 1, 2, &dataset));
  REFUSED("a minimum exceeds its maximum", sngp_dataset_grid(0, 1, 3, 2, 2, &dataset));
#undef REFUSED
  assert_fails(sngp_dataset_two_moons(9, 0.1, 0, NULL), SNGP_ERROR_INVALID_ARGUMENT, "NULL");
  assert_fails(sngp_dataset_grid(0, 1, 0, 1, 2, NULL), SNGP_ERROR_INVALID_ARGUMENT, "NULL");
  assert_fails(sngp_dataset_blob(2, 0, 0, 1, 0, NULL), SNGP_ERROR_INVALID_ARGUMENT, "NULL");
}

static void sizes_and_values_beyond_range_are_refused(void **state) {
  (void)state;
  sngp_dataset *dataset = poisoned();
  assert_fails(sngp_dataset_two_moons(INT64_MAX, 0.1, 0, &dataset), SNGP_ERROR_OUT_OF_MEMORY, "");
  assert_null(dataset);
  const int64_t resolutions[] = {INT64_MAX, INT64_C(1) << 31};
  for (int i = 0; i < 2; i++) {
    dataset = poisoned();
    assert_fails(sngp_dataset_grid(0, 1, 0, 1, resolutions[i], &dataset), SNGP_ERROR_OUT_OF_MEMORY,
                 "memory can address");
    assert_null(dataset);
  }
  dataset = poisoned();
  assert_fails(sngp_dataset_blob(3, 1e300, 0, 1, 0, &dataset), SNGP_ERROR_NOT_FINITE,
               "features[0][0]");
  assert_null(dataset);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(moons_without_noise_lie_on_their_half_circles),
      cmocka_unit_test(the_ends_of_both_moons_are_there),
      cmocka_unit_test(noise_is_normal_with_the_deviation_asked_for),
      cmocka_unit_test(the_blob_is_normal_around_its_centre),
      cmocka_unit_test(equal_seeds_give_equal_points_and_others_do_not),
      cmocka_unit_test(moons_and_blob_of_one_seed_are_independent),
      cmocka_unit_test(the_tutorials_grid_has_its_borders_and_x_varies_fastest),
      cmocka_unit_test(wrong_arguments_are_named),
      cmocka_unit_test(sizes_and_values_beyond_range_are_refused),
  };
  return cmocka_run_group_tests_name("synthetic", tests, NULL, NULL);
}
