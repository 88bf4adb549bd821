/* How the precision matrix comes about: exact passes, updates, training steps, moving averages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/reference.h"

enum { ROWS = 50, BATCH = 16 };

/* Sums of 50 products of single-precision features between -1 and 1. */
static const double TOLERANCE = 2e-4;

static sngp_dataset *weighted_data(void) {
  sngp_dataset *data = small_data(ROWS, 1);
  float weights[ROWS];
  for (int i = 0; i < ROWS; i++) weights[i] = 0.5f * (float)(i % 4);
  assert_ok(sngp_dataset_set_sample_weights(data, weights));
  return data;
}

static sngp_model *prepared_model(const sngp_model_config *config, const sngp_dataset *data) {
  sngp_model *model = create_model(config);
  assert_ok(sngp_model_prepare(model, data));
  return model;
}

/* A itself, whose lower triangle counts, against the expected matrix. */
static void assert_precision(const sngp_model *model, const double *expected, double tolerance) {
  int64_t m = model->posterior.size;
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j <= i; j++)
      assert_close(model->posterior.precision[i * m + j], expected[i * m + j], tolerance);
}

static double *square(int64_t m) { return take((size_t)(m * m), sizeof(double)); }

static void an_exact_pass_is_the_weighted_sum_of_outer_products(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = weighted_data();
  sngp_model *model = prepared_model(&config, data);
  reference r = read_reference(model);
  double *expected = square(config.num_random_features);
  reference_add_rows(&r, data, 1, expected);
  for (int32_t threads = 1; threads <= 3; threads++) {
    assert_ok(sngp_model_fit_covariance(model, data, threads));
    assert_precision(model, expected, TOLERANCE);
    assert_int_equal(model->posterior.rows, ROWS);
  }
  free(expected);
  free_reference(&r);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

/* Blocks within a pass hold 256 rows for each thread. */
static void more_rows_than_a_block_are_each_counted_once(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.num_random_features = 300; /* more than one tile of the matrix */
  sngp_dataset *data = small_data(600, 1);
  sngp_model *model = prepared_model(&config, data);
  reference r = read_reference(model);
  double *expected = square(config.num_random_features);
  reference_add_rows(&r, data, 1, expected);
  for (int32_t threads = 1; threads <= 2; threads++) {
    assert_ok(sngp_model_fit_covariance(model, data, threads));
    assert_precision(model, expected, 600.0 / ROWS * TOLERANCE);
  }
  free(expected);
  free_reference(&r);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void update_in_batches(sngp_model *model, const sngp_dataset *data, int64_t size) {
  for (int64_t first = 0; first < ROWS; first += size) {
    sngp_dataset *batch = rows_of(data, first, ROWS - first < size ? ROWS - first : size);
    assert_ok(sngp_model_update_covariance(model, batch));
    sngp_dataset_free(batch);
  }
}

static void in_exact_mode_the_size_of_batches_does_not_matter(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = weighted_data();
  sngp_model *whole = prepared_model(&config, data), *parts = clone_of(whole);
  assert_ok(sngp_model_fit_covariance(whole, data, 1));
  float expected[ROWS], variance[ROWS];
  sngp_prediction out = {.struct_size = sizeof out, .variance = expected};
  assert_ok(
      sngp_predict(whole, NULL, sngp_dataset_features(data), ROWS, SMALL_INPUTS, 0, NULL, &out));
  out.variance = variance;
  const int64_t sizes[] = {1, 7, 32, ROWS};
  for (int i = 0; i < 4; i++) {
    assert_ok(sngp_model_reset_covariance(parts));
    update_in_batches(parts, data, sizes[i]);
    assert_ok(sngp_model_finish_covariance(parts));
    assert_precision(parts, whole->posterior.precision, TOLERANCE);
    assert_ok(
        sngp_predict(parts, NULL, sngp_dataset_features(data), ROWS, SMALL_INPUTS, 0, NULL, &out));
    assert_close(largest_difference(variance, expected, ROWS), 0, 2e-5);
  }
  sngp_model_free(parts);
  sngp_model_free(whole);
  sngp_dataset_free(data);
}

/* Updates go on from a finished posterior. */
static void finishing_does_not_end_the_sum(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = weighted_data(), *first = rows_of(data, 0, 20),
               *rest = rows_of(data, 20, 30);
  sngp_model *whole = prepared_model(&config, data), *parts = clone_of(whole);
  assert_ok(sngp_model_fit_covariance(whole, data, 1));
  assert_ok(sngp_model_fit_covariance(parts, first, 1));
  assert_ok(sngp_model_update_covariance(parts, rest));
  assert_ok(sngp_model_finish_covariance(parts));
  assert_precision(parts, whole->posterior.precision, TOLERANCE);
  sngp_model_free(parts);
  sngp_model_free(whole);
  sngp_dataset_free(rest);
  sngp_dataset_free(first);
  sngp_dataset_free(data);
}

static int64_t recorded_rows(const sngp_model *model) {
  sngp_training_record record = {.struct_size = sizeof record};
  assert_ok(sngp_model_get_training_record(model, &record));
  return record.covariance_rows;
}

/* Not those of the last fit, once rows were added or the matrix was emptied. */
static void the_record_counts_the_rows_that_are_there(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = small_data(ROWS, 1), *more = small_data(7, 2);
  sngp_model *model = create_model(&config);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-3);
  sngp_fit_config fit = constant_rate(1, BATCH);
  assert_ok(sngp_fit(model, adam, data, NULL, &fit, NULL));
  assert_int_equal(recorded_rows(model), ROWS);
  assert_ok(sngp_model_update_covariance(model, more));
  assert_int_equal(recorded_rows(model), ROWS + 7);
  assert_ok(sngp_model_reset_covariance(model));
  assert_int_equal(recorded_rows(model), 0);
  sngp_optimizer_free(adam);
  sngp_model_free(model);
  sngp_dataset_free(more);
  sngp_dataset_free(data);
}

/* A = m A + (1 - m) Phi^T diag(w) Phi / B, B the rows of the batch. */
static void as_a_moving_average_updates_follow_the_recursion(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.covariance_momentum = 0.7;
  int64_t m = config.num_random_features;
  sngp_dataset *data = weighted_data();
  sngp_model *model = prepared_model(&config, data);
  reference r = read_reference(model);
  double *expected = square(m);
  for (int64_t first = 0; first < ROWS; first += BATCH) {
    int64_t count = ROWS - first < BATCH ? ROWS - first : BATCH;
    sngp_dataset *batch = rows_of(data, first, count);
    for (int64_t i = 0; i < m * m; i++) expected[i] *= 0.7;
    reference_add_rows(&r, batch, (1 - 0.7) / (double)count, expected);
    assert_ok(sngp_model_update_covariance(model, batch));
    sngp_dataset_free(batch);
  }
  assert_precision(model, expected, 1e-6);
  assert_ok(sngp_model_finish_covariance(model));
  assert_precision(model, expected, 1e-6);
  free(expected);
  free_reference(&r);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void an_exact_pass_ignores_the_momentum(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = weighted_data();
  sngp_model *exact = prepared_model(&config, data);
  config.covariance_momentum = 0.9;
  sngp_model *moving = prepared_model(&config, data);
  assert_ok(sngp_model_fit_covariance(exact, data, 1));
  assert_ok(sngp_model_fit_covariance(moving, data, 1));
  assert_precision(moving, exact->posterior.precision, 0);
  sngp_model_free(moving);
  sngp_model_free(exact);
  sngp_dataset_free(data);
}

/* Adds the features of a step that the model is about to take: of its weights once projected, with
   the dropout of that step. */
static void add_step(const sngp_model *model, const sngp_dataset *batch, int64_t step,
                     double *expected) {
  sngp_model *copy = clone_of(model); /* keeps u and v of the model as they are */
  sngp_pass pass;
  int64_t rows = sngp_dataset_rows(batch), m = copy->posterior.size;
  assert_ok(sngp_model_project(copy, copy->config.power_iterations, NULL));
  assert_ok(sngp_pass_create(&copy->network, rows, true, copy->table.trainable_size, &pass));
  for (int64_t i = 0; i < rows; i++)
    sngp_pass_set_row(&copy->network, &pass, i, sngp_dataset_features(batch) + i * SMALL_INPUTS);
  sngp_network_forward_training(&copy->network, &pass, rows, 0, copy->config.seed, step);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < m; j++)
      for (int64_t k = 0; k < m; k++)
        expected[j * m + k] += (double)sngp_dataset_sample_weights(batch)[i] *
                               (double)pass.phi[i * m + j] * (double)pass.phi[i * m + k];
  sngp_pass_destroy(&pass);
  sngp_model_free(copy);
}

/* The tutorial's way, replayed: reset at the start of the last epoch, then each step's features,
   dropout on and weights moving. */
static void in_training_the_features_of_the_last_epoch_count(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.dropout_rate = 0.3;
  sngp_dataset *data = weighted_data();
  sngp_model *fitted = prepared_model(&config, data), *replayed = clone_of(fitted);
  sngp_optimizer *a = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_optimizer *b = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(2, BATCH);
  fit.shuffle = 0;
  fit.covariance = SNGP_COVARIANCE_IN_TRAINING;
  assert_ok(sngp_fit(fitted, a, data, NULL, &fit, NULL));
  int64_t m = config.num_random_features;
  double *expected = square(m);
  for (int epoch = 0; epoch < 2; epoch++) {
    memset(expected, 0, (size_t)(m * m) * sizeof *expected);
    for (int64_t first = 0; first < ROWS; first += BATCH) {
      sngp_dataset *batch = rows_of(data, first, ROWS - first < BATCH ? ROWS - first : BATCH);
      add_step(replayed, batch, sngp_optimizer_step_count(b), expected);
      assert_ok(sngp_train_step(replayed, b, batch, NULL));
      sngp_dataset_free(batch);
    }
  }
  assert_true(parameter_difference(fitted, replayed) == 0);
  assert_precision(fitted, expected, 1e-9); /* the same features, summed in another order */
  assert_int_equal(fitted->posterior.rows, ROWS);
  /* and that differs from what the final weights give */
  assert_ok(sngp_model_fit_covariance(replayed, data, 1));
  double difference = 0;
  for (int64_t i = 0; i < m * m; i++)
    difference = fmax(difference, fabs(replayed->posterior.precision[i] - expected[i]));
  assert_below(0.1, difference);
  free(expected);
  sngp_optimizer_free(b);
  sngp_optimizer_free(a);
  sngp_model_free(replayed);
  sngp_model_free(fitted);
  sngp_dataset_free(data);
}

/* Weights that (almost) stay and no dropout. */
static sngp_model_config resting_config(void) {
  sngp_model_config config = small_config();
  config.dropout_rate = 0;
  config.spectral_norm_bound = 0;
  return config;
}

static void fit_at_rest(sngp_model *model, const sngp_dataset *data, sngp_fit_config fit) {
  sngp_optimizer *sgd = create_optimizer(SNGP_OPTIMIZER_SGD, 1e-12);
  fit.covariance = SNGP_COVARIANCE_IN_TRAINING;
  assert_ok(sngp_fit(model, sgd, data, NULL, &fit, NULL));
  sngp_optimizer_free(sgd);
}

/* Shuffled, over several threads: every row of the epoch counts once. */
static void in_training_at_rest_equals_the_exact_pass(void **state) {
  (void)state;
  sngp_model_config config = resting_config();
  sngp_dataset *data = weighted_data();
  sngp_model *exact = prepared_model(&config, data);
  assert_ok(sngp_model_fit_covariance(exact, data, 1));
  for (int32_t threads = 1; threads <= 3; threads++) {
    sngp_model *model = create_model(&config);
    sngp_fit_config fit = constant_rate(2, BATCH);
    fit.num_threads = threads;
    fit_at_rest(model, data, fit);
    assert_precision(model, exact->posterior.precision, TOLERANCE);
    sngp_model_free(model);
  }
  sngp_model_free(exact);
  sngp_dataset_free(data);
}

/* Rows of a softmax have the weights that the step's outputs give them. */
static void in_training_at_rest_rows_have_the_weights_of_the_exact_pass(void **state) {
  (void)state;
  sngp_dataset *data = weighted_data();
  for (int32_t kind = SNGP_POSTERIOR_SHARED; kind <= SNGP_POSTERIOR_JOINT; kind++) {
    sngp_model_config config = resting_config();
    config.likelihood = SNGP_LIKELIHOOD_SOFTMAX;
    config.posterior = kind;
    sngp_model *exact = prepared_model(&config, data);
    assert_ok(sngp_model_fit_covariance(exact, data, 1));
    const sngp_posterior_matrices matrices = exact->posterior.matrices;
    size_t count = (size_t)(matrices.count * matrices.side * matrices.side);
    for (int32_t threads = 1; threads <= 3; threads++) {
      sngp_model *model = create_model(&config);
      sngp_fit_config fit = constant_rate(2, BATCH);
      fit.num_threads = threads;
      fit_at_rest(model, data, fit);
      for (size_t k = 0; k < count; k++)
        assert_close(model->posterior.precision[k], exact->posterior.precision[k], TOLERANCE);
      sngp_model_free(model);
    }
    sngp_model_free(exact);
  }
  sngp_dataset_free(data);
}

/* With a momentum all steps of the fit count, each batch as one update. */
static void in_training_with_a_momentum_all_steps_count(void **state) {
  (void)state;
  sngp_model_config config = resting_config();
  config.covariance_momentum = 0.8;
  sngp_dataset *data = weighted_data();
  sngp_model *updated = prepared_model(&config, data);
  for (int epoch = 0; epoch < 2; epoch++) update_in_batches(updated, data, BATCH);
  for (int32_t threads = 1; threads <= 3; threads++) {
    sngp_model *model = create_model(&config);
    sngp_fit_config fit = constant_rate(2, BATCH);
    fit.num_threads = threads;
    fit.shuffle = 0;
    fit_at_rest(model, data, fit);
    assert_precision(model, updated->posterior.precision, 1e-5);
    sngp_model_free(model);
  }
  sngp_model_free(updated);
  sngp_dataset_free(data);
}

static int32_t cancel_in_the_last_epoch(const sngp_fit_progress *progress, void *context) {
  (void)context;
  return progress->epoch == progress->num_epochs;
}

/* Whatever was accumulated of the last epoch is not enough. */
static void a_fit_that_ends_within_its_last_epoch_makes_the_exact_pass(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = weighted_data();
  for (int momentum = 0; momentum <= 1; momentum++) {
    config.covariance_momentum = momentum == 0 ? -1 : 0.9;
    sngp_model *model = create_model(&config);
    sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
    sngp_fit_config fit = constant_rate(2, BATCH);
    fit.covariance = SNGP_COVARIANCE_IN_TRAINING;
    fit.callback = cancel_in_the_last_epoch;
    assert_fails(sngp_fit(model, adam, data, NULL, &fit, NULL), SNGP_ERROR_CANCELLED, "epoch 2");
    sngp_model *exact = clone_of(model);
    assert_ok(sngp_model_fit_covariance(exact, data, 1));
    assert_precision(model, exact->posterior.precision, 0);
    sngp_model_free(exact);
    sngp_optimizer_free(adam);
    sngp_model_free(model);
  }
  sngp_dataset_free(data);
}

static void a_dense_head_has_no_covariance(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.head = SNGP_HEAD_DENSE;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = prepared_model(&config, data);
  assert_fails(sngp_model_reset_covariance(model), SNGP_ERROR_UNSUPPORTED, "dense head");
  assert_fails(sngp_model_update_covariance(model, data), SNGP_ERROR_UNSUPPORTED, "dense head");
  assert_fails(sngp_model_finish_covariance(model), SNGP_ERROR_UNSUPPORTED, "dense head");
  assert_fails(sngp_model_fit_covariance(model, data, 1), SNGP_ERROR_UNSUPPORTED, "dense head");
  sngp_model_free(model);
  sngp_dataset_free(data);
}

static void covariance_needs_a_prepared_model_and_rows_that_fit(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = small_data(ROWS, 1), *none = NULL, *wide = NULL;
  const float row[SMALL_INPUTS + 1] = {0};
  assert_ok(sngp_dataset_create(row, 0, SMALL_INPUTS, 0, NULL, 0, &none));
  assert_ok(sngp_dataset_create(row, 1, SMALL_INPUTS + 1, 0, NULL, 0, &wide));
  sngp_model *model = create_model(&config);
  assert_fails(sngp_model_update_covariance(model, data), SNGP_ERROR_NOT_PREPARED,
               "sngp_model_prepare()");
  assert_fails(sngp_model_fit_covariance(model, data, 1), SNGP_ERROR_NOT_PREPARED,
               "sngp_model_prepare()");
  assert_ok(sngp_model_prepare(model, data));
  assert_fails(sngp_model_fit_covariance(model, none, 1), SNGP_ERROR_NO_ROWS, "no rows");
  assert_fails(sngp_model_update_covariance(model, wide), SNGP_ERROR_DIMENSION, "4 columns",
               "input_dim is 3");
  assert_fails(sngp_model_fit_covariance(model, data, 0), SNGP_ERROR_INVALID_ARGUMENT,
               "num_threads is 0");
  sngp_model_free(model);
  sngp_dataset_free(wide);
  sngp_dataset_free(none);
  sngp_dataset_free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_exact_pass_is_the_weighted_sum_of_outer_products),
      cmocka_unit_test(more_rows_than_a_block_are_each_counted_once),
      cmocka_unit_test(in_exact_mode_the_size_of_batches_does_not_matter),
      cmocka_unit_test(finishing_does_not_end_the_sum),
      cmocka_unit_test(the_record_counts_the_rows_that_are_there),
      cmocka_unit_test(as_a_moving_average_updates_follow_the_recursion),
      cmocka_unit_test(an_exact_pass_ignores_the_momentum),
      cmocka_unit_test(in_training_the_features_of_the_last_epoch_count),
      cmocka_unit_test(in_training_at_rest_equals_the_exact_pass),
      cmocka_unit_test(in_training_at_rest_rows_have_the_weights_of_the_exact_pass),
      cmocka_unit_test(in_training_with_a_momentum_all_steps_count),
      cmocka_unit_test(a_fit_that_ends_within_its_last_epoch_makes_the_exact_pass),
      cmocka_unit_test(a_dense_head_has_no_covariance),
      cmocka_unit_test(covariance_needs_a_prepared_model_and_rows_that_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
