/* What a model chooses from its training rows, against the definitions in double precision. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/reference.h"

enum { ROWS = 45 };

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median of the squared distances of all pairs of rows of x (ROWS, width). */
static double median_square_distance(const double *x, int64_t width) {
  static double squares[ROWS * (ROWS - 1) / 2];
  size_t count = 0;
  for (int64_t i = 0; i < ROWS; i++)
    for (int64_t j = 0; j < i; j++) {
      double square = 0;
      for (int64_t k = 0; k < width; k++) {
        double difference = x[i * width + k] - x[j * width + k];
        square += difference * difference;
      }
      squares[count++] = square;
    }
  qsort(squares, count, sizeof *squares, compare_doubles);
  return 0.5 * (squares[(count - 1) / 2] + squares[count / 2]);
}

static sngp_model_config chosen(const sngp_model *model) {
  sngp_model_config config;
  assert_ok(sngp_model_config_init(&config, sizeof config));
  assert_ok(sngp_model_get_config(model, &config));
  return config;
}

/* Rows of [n, a r] (hidden + 1), or of h (hidden), through the network as it was prepared. */
static double *head_inputs(const sngp_model *model, const sngp_dataset *data, double radius_scale) {
  reference r = read_reference(model);
  int64_t hidden = reference_head_width(&r);
  int with_radius = r.config.normalize_input == SNGP_NORMALIZE_RADIUS;
  int64_t width = hidden + with_radius;
  double *all = take((size_t)(ROWS * width), sizeof *all), backbone[64], h[64];
  for (int64_t i = 0; i < ROWS; i++) {
    reference_hidden(&r, sngp_dataset_features(data) + i * SMALL_INPUTS, backbone);
    reference_project(&r, backbone, h);
    double *g = all + i * width;
    memcpy(g, h, (size_t)hidden * sizeof *h);
    if (with_radius) g[hidden] = radius_scale * reference_normalize(hidden, h, g);
  }
  free_reference(&r);
  return all;
}

/* The median lies between two neighbouring distances; of 990 they differ little. */
static const double RELATIVE = 5e-3;

static void radius_and_kernel_scale_are_the_medians_of_the_definition(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = create_model(&config);
  assert_ok(sngp_model_prepare(model, data));
  int64_t hidden = config.num_hidden, width = hidden + 1;
  double *g = head_inputs(model, data, 1), *n = take((size_t)(ROWS * hidden), sizeof *n);
  double radii[ROWS];
  for (int64_t i = 0; i < ROWS; i++) {
    memcpy(n + i * hidden, g + i * width, (size_t)hidden * sizeof *n);
    radii[i] = g[i * width + hidden];
  }
  double radius_scale =
      sqrt(0.1 * median_square_distance(n, hidden) / median_square_distance(radii, 1));
  assert_close(chosen(model).radius_scale, radius_scale, RELATIVE * radius_scale);
  for (int64_t i = 0; i < ROWS; i++) g[i * width + hidden] *= chosen(model).radius_scale;
  double kernel_scale = 0.25 * median_square_distance(g, width);
  assert_close(chosen(model).kernel_scale, kernel_scale, RELATIVE * kernel_scale);
  free(n);
  free(g);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void without_normalisation_the_kernel_scale_is_of_the_hidden_rows(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.standardize_inputs = 0;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = create_model(&config);
  assert_ok(sngp_model_prepare(model, data));
  double *h = head_inputs(model, data, 1);
  double kernel_scale = 0.25 * median_square_distance(h, config.num_hidden);
  assert_close(chosen(model).kernel_scale, kernel_scale, RELATIVE * kernel_scale);
  free(h);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void with_a_projection_the_kernel_scale_is_of_the_projected_rows(void **state) {
  (void)state;
  enum { P = 5 };
  sngp_model_config config = small_config();
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.gp_input_dim = P;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = create_model(&config);
  assert_ok(sngp_model_prepare(model, data));
  double *p = head_inputs(model, data, 1);
  double kernel_scale = 0.25 * median_square_distance(p, P);
  assert_close(chosen(model).kernel_scale, kernel_scale, RELATIVE * kernel_scale);
  free(p);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

/* The standardised inputs themselves are what the median is of. */
static void without_a_backbone_the_kernel_scale_is_of_the_inputs(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.backbone = SNGP_BACKBONE_NONE;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = create_model(&config);
  assert_ok(sngp_model_prepare(model, data));
  const float *x = sngp_dataset_features(data);
  double z[ROWS * SMALL_INPUTS];
  for (int j = 0; j < SMALL_INPUTS; j++) {
    double mean = 0, square = 0;
    for (int i = 0; i < ROWS; i++) mean += (double)x[i * SMALL_INPUTS + j] / ROWS;
    for (int i = 0; i < ROWS; i++) square += pow((double)x[i * SMALL_INPUTS + j] - mean, 2) / ROWS;
    for (int i = 0; i < ROWS; i++)
      z[i * SMALL_INPUTS + j] = ((double)x[i * SMALL_INPUTS + j] - mean) / sqrt(square);
  }
  double kernel_scale = 0.25 * median_square_distance(z, SMALL_INPUTS);
  assert_close(chosen(model).kernel_scale, kernel_scale, RELATIVE * kernel_scale);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void what_the_configuration_gives_is_kept(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = small_data(ROWS, 1);
  config.kernel_scale = 2.5;
  sngp_model *model = create_model(&config);
  assert_ok(sngp_model_prepare(model, data));
  assert_true(chosen(model).kernel_scale == 2.5);
  assert_true(chosen(model).radius_scale > 0);
  sngp_model_free(model);
  config.kernel_scale = 0;
  config.radius_scale = 0.3;
  model = create_model(&config);
  assert_ok(sngp_model_prepare(model, data));
  assert_true(chosen(model).kernel_scale > 0);
  assert_true(chosen(model).radius_scale == 0.3);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

/* Columns: normal; constant; almost always 0, but 1000 once; far from 0 with a small deviation. */
static void columns_are_standardised_constants_kept_and_outliers_held(void **state) {
  (void)state;
  enum { COLUMNS = 4, MANY = 1000 };
  float *features = take(MANY * COLUMNS, sizeof *features);
  int32_t *labels = take(MANY, sizeof *labels);
  for (int i = 0; i < MANY; i++) {
    features[i * COLUMNS] = (float)(i % 10);
    features[i * COLUMNS + 1] = 7;
    features[i * COLUMNS + 2] = i == 500 ? 1000 : 0;
    features[i * COLUMNS + 3] = 100000 + (float)(i % 2);
    labels[i] = i % 2;
  }
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_create(features, MANY, COLUMNS, 0, labels, 2, &data));
  sngp_model_config config = small_config();
  config.input_dim = COLUMNS;
  config.num_classes = 2;
  sngp_model *model = create_model(&config);
  assert_ok(sngp_model_prepare(model, data));
  int64_t count = 0;
  float *mean = parameter_of(model, "input_scaling.mean", &count);
  float *scale = parameter_of(model, "input_scaling.scale", &count);
  assert_close(mean[0], 4.5, 1e-6);
  assert_close(scale[0], sqrt(8.25), 1e-6); /* of 0 ... 9 */
  assert_close(mean[1], 7, 0);
  assert_close(scale[1], 1, 0);
  assert_close(mean[2], 1, 1e-6);
  assert_close(scale[2], 1000.0 / 20, 1e-5); /* the floor; the deviation is 31.6 */
  assert_close(mean[3], 100000.5, 1e-2);
  assert_close(scale[3], 0.5, 1e-6);
  free(scale);
  free(mean);
  sngp_model_free(model);
  sngp_dataset_free(data);
  free(labels);
  free(features);
}

/* As an import does: the scaling of another system is kept, the rest chosen. */
static void an_input_scaling_that_was_set_is_kept(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.standardize_inputs = 1;
  sngp_model *model = create_model(&config);
  sngp_dataset *data = small_data(ROWS, 1);
  float mean[SMALL_INPUTS], scale[SMALL_INPUTS];
  for (int i = 0; i < SMALL_INPUTS; i++) {
    mean[i] = (float)i;
    scale[i] = (float)(i + 2);
  }
  assert_ok(sngp_model_set_parameter(model, "input_scaling.mean", mean, SMALL_INPUTS));
  assert_ok(sngp_model_set_parameter(model, "input_scaling.scale", scale, SMALL_INPUTS));
  assert_ok(sngp_model_prepare(model, data));
  int64_t count = 0;
  float *kept_mean = parameter_of(model, "input_scaling.mean", &count);
  float *kept_scale = parameter_of(model, "input_scaling.scale", &count);
  assert_true(largest_difference(kept_mean, mean, SMALL_INPUTS) == 0);
  assert_true(largest_difference(kept_scale, scale, SMALL_INPUTS) == 0);
  assert_ok(sngp_model_get_config(model, &config));
  assert_true(config.kernel_scale > 0);
  free(kept_scale);
  free(kept_mean);
  sngp_dataset_free(data);
  sngp_model_free(model);
}

static void a_choice_is_made_once_by_prepare_or_by_the_first_fit(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = small_data(ROWS, 1), *other = small_data(ROWS, 2);
  sngp_model *prepared = create_model(&config), *fitted = create_model(&config);
  assert_ok(sngp_model_prepare(prepared, data));
  sngp_model *copy = clone_of(prepared);
  assert_ok(sngp_model_prepare(prepared, other));
  assert_true(parameter_difference(prepared, copy) == 0);
  assert_true(chosen(prepared).kernel_scale == chosen(copy).kernel_scale);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-3);
  sngp_fit_config fit = constant_rate(1, 15);
  assert_ok(sngp_fit(fitted, adam, data, NULL, &fit, NULL));
  assert_ok(sngp_fit(fitted, adam, other, NULL, &fit, NULL));
  assert_true(chosen(fitted).kernel_scale == chosen(prepared).kernel_scale);
  assert_true(chosen(fitted).radius_scale == chosen(prepared).radius_scale);
  sngp_optimizer_free(adam);
  sngp_model_free(copy);
  sngp_model_free(fitted);
  sngp_model_free(prepared);
  sngp_dataset_free(other);
  sngp_dataset_free(data);
}

/* Of 2,000 rows 1,000 are looked at: which, the seed says. */
static void of_many_rows_a_seeded_part_is_looked_at(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = small_data(2000, 1);
  double scales[3];
  for (int i = 0; i < 3; i++) {
    config.seed = 7 + i / 2;
    sngp_model *model = create_model(&config);
    assert_ok(sngp_model_prepare(model, data));
    scales[i] = chosen(model).kernel_scale;
    sngp_model_free(model);
  }
  assert_true(scales[0] == scales[1] && scales[0] != scales[2]);
  sngp_dataset_free(data);
}

static sngp_dataset *rows_with_one_exception(int64_t exceptions) {
  float features[ROWS * SMALL_INPUTS] = {0};
  int32_t labels[ROWS] = {0};
  for (int64_t i = 0; i < exceptions * SMALL_INPUTS; i++) features[i] = 3;
  labels[0] = 1;
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_create(features, ROWS, SMALL_INPUTS, 0, labels, SMALL_CLASSES, &data));
  return data;
}

/* One row is unlike all others, so nearly all distances are 0: the mean of the positive ones, which
   are equal. All rows alike: 1. */
static void a_median_of_zero_falls_back(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.standardize_inputs = 0;
  sngp_dataset *data = rows_with_one_exception(1);
  sngp_model *model = create_model(&config);
  assert_ok(sngp_model_prepare(model, data));
  double *h = head_inputs(model, data, 1), square = 0;
  for (int64_t k = 0; k < config.num_hidden; k++) square += pow(h[k] - h[config.num_hidden + k], 2);
  assert_close(chosen(model).kernel_scale, 0.25 * square, 1e-5 * square);
  free(h);
  sngp_model_free(model);
  sngp_dataset_free(data);
  data = rows_with_one_exception(0);
  model = create_model(&config);
  assert_ok(sngp_model_prepare(model, data));
  assert_close(chosen(model).kernel_scale, 0.25, 1e-12);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void a_lone_step_needs_a_prepared_model(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = create_model(&config), *untouched = clone_of(model);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-3);
  assert_fails(sngp_train_step(model, adam, data, NULL), SNGP_ERROR_NOT_PREPARED,
               "sngp_model_prepare()");
  assert_true(parameter_difference(model, untouched) == 0);
  assert_int_equal(sngp_optimizer_step_count(adam), 0);
  sngp_optimizer_free(adam);
  sngp_model_free(untouched);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

/* Distances beyond the range of floats: the model stays as it was, and unprepared. */
static void rows_that_no_scale_fits_leave_the_model_as_it_was(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.normalize_input = SNGP_NORMALIZE_NONE;
  float features[2 * SMALL_INPUTS] = {3e38f, 3e38f, 3e38f, -3e38f, -3e38f, -3e38f};
  const int32_t labels[2] = {0, 1};
  sngp_dataset *huge = NULL, *data = small_data(ROWS, 1);
  assert_ok(sngp_dataset_create(features, 2, SMALL_INPUTS, 0, labels, 2, &huge));
  config.standardize_inputs = 0;
  sngp_model *model = create_model(&config), *untouched = clone_of(model);
  assert_fails(sngp_model_prepare(model, huge), SNGP_ERROR_NUMERICAL, "kernel_scale");
  assert_true(parameter_difference(model, untouched) == 0);
  assert_true(chosen(model).kernel_scale == 0);
  assert_ok(sngp_model_prepare(model, data));
  assert_ok(sngp_model_prepare(untouched, data));
  assert_true(parameter_difference(model, untouched) == 0);
  sngp_model_free(untouched);
  sngp_model_free(model);
  sngp_dataset_free(huge);
  sngp_dataset_free(data);
}

static void success_leaves_the_last_message_alone(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = create_model(&config);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-3);
  sngp_fit_config fit = constant_rate(1, 15);
  assert_fails(sngp_model_prepare(NULL, data), SNGP_ERROR_INVALID_ARGUMENT, "model is NULL");
  assert_ok(sngp_fit(model, adam, data, data, &fit, NULL));
  assert_string_equal(sngp_last_error(), "model is NULL");
  sngp_optimizer_free(adam);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(radius_and_kernel_scale_are_the_medians_of_the_definition),
      cmocka_unit_test(without_normalisation_the_kernel_scale_is_of_the_hidden_rows),
      cmocka_unit_test(with_a_projection_the_kernel_scale_is_of_the_projected_rows),
      cmocka_unit_test(without_a_backbone_the_kernel_scale_is_of_the_inputs),
      cmocka_unit_test(what_the_configuration_gives_is_kept),
      cmocka_unit_test(columns_are_standardised_constants_kept_and_outliers_held),
      cmocka_unit_test(an_input_scaling_that_was_set_is_kept),
      cmocka_unit_test(a_choice_is_made_once_by_prepare_or_by_the_first_fit),
      cmocka_unit_test(of_many_rows_a_seeded_part_is_looked_at),
      cmocka_unit_test(a_median_of_zero_falls_back),
      cmocka_unit_test(a_lone_step_needs_a_prepared_model),
      cmocka_unit_test(rows_that_no_scale_fits_leave_the_model_as_it_was),
      cmocka_unit_test(success_leaves_the_last_message_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
