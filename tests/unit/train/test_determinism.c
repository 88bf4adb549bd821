/* What training depends on, and what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/small_model.h"

enum { ROWS = 70, BATCH = 16 };

/* Trains a model of a seed from the start. */
static sngp_model *train(int64_t seed, int32_t algorithm, const sngp_fit_config *fit) {
  sngp_model_config config = small_config();
  config.seed = seed;
  sngp_model *model = create_model(&config);
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_optimizer *optimizer = create_optimizer(algorithm, 1e-2);
  assert_ok(sngp_fit(model, optimizer, data, NULL, fit, NULL));
  sngp_optimizer_free(optimizer);
  sngp_dataset_free(data);
  return model;
}

static sngp_fit_config fit_config(int threads, int32_t covariance) {
  sngp_fit_config fit;
  assert_ok(sngp_fit_config_init(&fit, sizeof fit));
  fit.epochs = 3;
  fit.batch_size = BATCH;
  fit.num_threads = threads;
  fit.covariance = covariance;
  return fit;
}

/* Weights, posterior, and the file made of them. */
static void assert_same_bits(const sngp_model *a, const sngp_model *b) {
  assert_true(parameter_difference(a, b) == 0);
  size_t area = (size_t)(a->posterior.size * a->posterior.size);
  assert_memory_equal(a->posterior.precision, b->posterior.precision, area * sizeof(double));
  assert_memory_equal(a->posterior.root, b->posterior.root, area * sizeof(float));
  void *file_a = NULL, *file_b = NULL;
  int64_t size_a = 0, size_b = 0;
  assert_ok(sngp_model_save_buffer(a, &file_a, &size_a));
  assert_ok(sngp_model_save_buffer(b, &file_b, &size_b));
  assert_int_equal(size_a, size_b);
  assert_memory_equal(file_a, file_b, (size_t)size_a);
  sngp_buffer_free(file_b);
  sngp_buffer_free(file_a);
}

static void the_same_seed_and_threads_give_the_same_bits(void **state) {
  (void)state;
  for (int threads = 1; threads <= 3; threads++)
    for (int32_t covariance = 0; covariance <= 1; covariance++) {
      sngp_fit_config fit = fit_config(threads, covariance);
      sngp_model *a = train(5, SNGP_OPTIMIZER_ADAM, &fit);
      sngp_model *b = train(5, SNGP_OPTIMIZER_ADAM, &fit);
      assert_same_bits(a, b);
      sngp_model_free(b);
      sngp_model_free(a);
    }
}

static void another_seed_gives_another_model(void **state) {
  (void)state;
  sngp_fit_config fit = fit_config(1, SNGP_COVARIANCE_EXACT_PASS);
  sngp_model *a = train(5, SNGP_OPTIMIZER_ADAM, &fit), *b = train(6, SNGP_OPTIMIZER_ADAM, &fit);
  assert_below(1e-2, parameter_difference(a, b));
  sngp_model_free(b);
  sngp_model_free(a);
}

/* Gradients are summed in another order, no more: the same rows, the same dropout. (By gradient
   descent: Adam's division makes a gradient that is zero but for rounding as large as any.) */
static void other_numbers_of_threads_give_the_same_to_rounding(void **state) {
  (void)state;
  for (int32_t covariance = 0; covariance <= 1; covariance++) {
    sngp_fit_config fit = fit_config(1, covariance);
    sngp_model *one = train(5, SNGP_OPTIMIZER_SGD, &fit);
    for (fit.num_threads = 2; fit.num_threads <= 4; fit.num_threads++) {
      sngp_model *many = train(5, SNGP_OPTIMIZER_SGD, &fit);
      assert_close(parameter_difference(one, many), 0, 2e-6);
      int64_t size = one->posterior.size;
      for (int64_t i = 0; i < size * size; i++) /* sums of 70 products of features below 1 */
        assert_close(one->posterior.precision[i], many->posterior.precision[i], 1e-3);
      sngp_model_free(many);
    }
    sngp_model_free(one);
  }
}

/* Without shuffling an epoch is the rows in their order, batch by batch, the last one smaller. */
static void an_unshuffled_epoch_is_a_series_of_steps(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *fitted = create_model(&config), *stepped = create_model(&config);
  assert_ok(sngp_model_prepare(fitted, data));
  assert_ok(sngp_model_prepare(stepped, data));
  sngp_optimizer *a = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_optimizer *b = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(2, BATCH);
  fit.shuffle = 0;
  fit.covariance = SNGP_COVARIANCE_IN_TRAINING; /* makes no last projection */
  sngp_history *history = NULL;
  assert_ok(sngp_fit(fitted, a, data, NULL, &fit, &history));
  for (int epoch = 1; epoch <= fit.epochs; epoch++) {
    double loss = 0, accuracy = 0;
    for (int64_t first = 0; first < ROWS; first += BATCH) {
      int64_t count = ROWS - first < BATCH ? ROWS - first : BATCH;
      sngp_dataset *batch = rows_of(data, first, count);
      sngp_step_result result = {.struct_size = sizeof result};
      assert_ok(sngp_train_step(stepped, b, batch, &result));
      loss += result.loss * (double)count / ROWS;
      accuracy += result.accuracy * (double)count / ROWS;
      sngp_dataset_free(batch);
    }
    sngp_epoch_record record = {.struct_size = sizeof record};
    assert_ok(sngp_history_epoch(history, epoch - 1, &record));
    assert_close(record.loss, loss, 1e-12); /* a mean over rows, not over batches */
    assert_close(record.accuracy, accuracy, 1e-12);
  }
  assert_true(parameter_difference(fitted, stepped) == 0);
  assert_int_equal(sngp_optimizer_step_count(a), sngp_optimizer_step_count(b));
  sngp_history_free(history);
  sngp_optimizer_free(b);
  sngp_optimizer_free(a);
  sngp_model_free(stepped);
  sngp_model_free(fitted);
  sngp_dataset_free(data);
}

static void shuffling_changes_the_order(void **state) {
  (void)state;
  sngp_fit_config fit = fit_config(1, SNGP_COVARIANCE_EXACT_PASS);
  sngp_model *shuffled = train(5, SNGP_OPTIMIZER_SGD, &fit);
  fit.shuffle = 0;
  sngp_model *in_order = train(5, SNGP_OPTIMIZER_SGD, &fit);
  assert_below(1e-4, parameter_difference(shuffled, in_order));
  sngp_model_free(in_order);
  sngp_model_free(shuffled);
}

/* Two fits of two epochs are one of four: order, dropout and moments go on. */
static void a_second_fit_goes_on_where_the_first_ended(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *once = create_model(&config), *twice = create_model(&config);
  sngp_optimizer *a = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_optimizer *b = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(4, BATCH);
  fit.covariance = SNGP_COVARIANCE_IN_TRAINING; /* makes no last projection */
  assert_ok(sngp_fit(once, a, data, NULL, &fit, NULL));
  fit.epochs = 2;
  assert_ok(sngp_fit(twice, b, data, NULL, &fit, NULL));
  assert_ok(sngp_fit(twice, b, data, NULL, &fit, NULL));
  assert_true(parameter_difference(once, twice) == 0);
  size_t area = (size_t)(once->posterior.size * once->posterior.size);
  assert_memory_equal(once->posterior.root, twice->posterior.root, area * sizeof(float));
  sngp_optimizer_free(b);
  sngp_optimizer_free(a);
  sngp_model_free(twice);
  sngp_model_free(once);
  sngp_dataset_free(data);
}

/* A clone takes posterior and moments along, and is independent. */
static void a_clone_trains_on_like_the_original(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = create_model(&config);
  sngp_optimizer *a = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_optimizer *b = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(2, BATCH);
  assert_ok(sngp_fit(model, a, data, NULL, &fit, NULL));
  sngp_model *clone = clone_of(model), *other = clone_of(model);
  assert_same_bits(model, clone);
  for (int64_t i = 0; i < sngp_optimizer_step_count(a); i++) /* b counts as far as a */
    assert_ok(sngp_train_step(other, b, data, NULL));
  assert_same_bits(model, clone);
  assert_ok(sngp_fit(model, a, data, NULL, &fit, NULL));
  assert_ok(sngp_fit(clone, b, data, NULL, &fit, NULL));
  assert_same_bits(model, clone);
  sngp_model_free(other);
  sngp_model_free(clone);
  sngp_optimizer_free(b);
  sngp_optimizer_free(a);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_same_seed_and_threads_give_the_same_bits),
      cmocka_unit_test(another_seed_gives_another_model),
      cmocka_unit_test(other_numbers_of_threads_give_the_same_to_rounding),
      cmocka_unit_test(an_unshuffled_epoch_is_a_series_of_steps),
      cmocka_unit_test(shuffling_changes_the_order),
      cmocka_unit_test(a_second_fit_goes_on_where_the_first_ended),
      cmocka_unit_test(a_clone_trains_on_like_the_original),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
