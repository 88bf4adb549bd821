/* Sample weights: the loss is sum_n s_n l_n / B, the precision matrix sum_n s_n phi_n^T phi_n. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/small_model.h"

enum { ROWS = 20 };

/* Gradients that differ by the rounding of their sums, over a few steps. */
static const double ROUNDING = 2e-6;

/* Trains by full-batch gradient descent, without dropout and L2, scales given so that nothing is
   chosen from the rows; the rate is per row, which takes the 1 / B of the loss out. */
static sngp_model *train(const sngp_dataset *data, int threads) {
  sngp_model_config config = small_config();
  config.dropout_rate = 0;
  config.l2_regularization = 0;
  config.standardize_inputs = 0;
  config.kernel_scale = 2;
  config.radius_scale = 0.5;
  sngp_model *model = create_model(&config);
  int64_t rows = sngp_dataset_rows(data);
  sngp_optimizer *sgd = create_optimizer(SNGP_OPTIMIZER_SGD, 1e-3 * (double)rows);
  sngp_fit_config fit = constant_rate(5, rows);
  fit.shuffle = 0;
  fit.num_threads = threads;
  assert_ok(sngp_fit(model, sgd, data, NULL, &fit, NULL));
  sngp_optimizer_free(sgd);
  return model;
}

static sngp_dataset *subset(const sngp_dataset *data, const int64_t *indices, int64_t count) {
  sngp_dataset *rows = NULL;
  assert_ok(sngp_dataset_subset(data, indices, count, &rows));
  return rows;
}

static void assert_same_training(const sngp_dataset *a, const sngp_dataset *b) {
  for (int threads = 1; threads <= 2; threads++) {
    sngp_model *one = train(a, threads), *other = train(b, threads);
    assert_close(parameter_difference(one, other), 0, ROUNDING);
    int64_t size = one->posterior.size;
    for (int64_t i = 0; i < size * size; i++)
      assert_close(one->posterior.precision[i], other->posterior.precision[i], 1e-4);
    sngp_model_free(other);
    sngp_model_free(one);
  }
}

/* Rows 3 and 11 weigh 2; or come twice. */
static void a_weight_of_two_is_the_row_twice(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  float weights[ROWS];
  int64_t indices[ROWS + 2];
  for (int i = 0; i < ROWS; i++) {
    weights[i] = i == 3 || i == 11 ? 2 : 1;
    indices[i] = i;
  }
  indices[ROWS] = 3;
  indices[ROWS + 1] = 11;
  sngp_dataset *twice = subset(data, indices, ROWS + 2);
  sngp_model *unweighted = train(data, 1);
  assert_ok(sngp_dataset_set_sample_weights(data, weights));
  assert_same_training(data, twice);
  sngp_model *weighted = train(data, 1); /* and the weights do matter */
  assert_below(100 * ROUNDING, parameter_difference(weighted, unweighted));
  sngp_model_free(weighted);
  sngp_model_free(unweighted);
  sngp_dataset_free(twice);
  sngp_dataset_free(data);
}

/* Rows 0, 3, 6, ... of no weight; or absent.
 */
static void a_weight_of_zero_is_the_row_absent(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  float weights[ROWS];
  int64_t indices[ROWS], count = 0;
  for (int i = 0; i < ROWS; i++) {
    weights[i] = i % 4 == 0 ? 0 : 1;
    if (weights[i] > 0) indices[count++] = i;
  }
  sngp_dataset *without = subset(data, indices, count);
  assert_ok(sngp_dataset_set_sample_weights(data, weights));
  assert_same_training(data, without);
  sngp_dataset_free(without);
  sngp_dataset_free(data);
}

/* The 1 / B that the rate above takes out: B counts rows, not weights. */
static void the_loss_is_divided_by_the_number_of_rows(void **state) {
  (void)state;
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_model *model = train(data, 1), *copy = clone_of(model);
  sngp_optimizer *sgd = create_optimizer(SNGP_OPTIMIZER_SGD, 1e-6);
  sngp_step_result plain = {.struct_size = sizeof plain}, weighted = plain;
  assert_ok(sngp_train_step(model, sgd, data, &plain));
  float weights[ROWS];
  for (int i = 0; i < ROWS; i++) weights[i] = 3;
  assert_ok(sngp_dataset_set_sample_weights(data, weights));
  assert_ok(sngp_train_step(copy, sgd, data, &weighted));
  assert_close(weighted.loss, 3 * plain.loss, 1e-5);
  assert_close(weighted.accuracy, plain.accuracy, 0); /* of rows, whatever they weigh */
  sngp_optimizer_free(sgd);
  sngp_model_free(copy);
  sngp_model_free(model);
  sngp_dataset_free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_weight_of_two_is_the_row_twice),
      cmocka_unit_test(a_weight_of_zero_is_the_row_absent),
      cmocka_unit_test(the_loss_is_divided_by_the_number_of_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
