/* Optimizers at work on models: weight decay, clipping, and what belongs to the optimizer and what
   to the model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/memory.h"
#include "linalg/blas.h"
#include "model/model.h"
#include "support/check.h"
#include "support/small_model.h"
#include "train/trainer.h"

enum { ROWS = 11 };

static const int THREADS[] = {1, 3};

/* Layer norm brings trainable vectors along; no projection, so that only updates move weights. */
static sngp_model *model_of(int64_t seed, double l2) {
  sngp_model_config config = small_config();
  config.normalize_input = SNGP_NORMALIZE_LAYER_NORM;
  config.spectral_norm_bound = 0;
  config.standardize_inputs = 0;
  config.kernel_scale = 2;
  config.l2_regularization = l2;
  config.seed = seed;
  return create_model(&config);
}

static sngp_step_sums steps(sngp_model *model, sngp_optimizer *optimizer, const sngp_dataset *data,
                            int count, int threads) {
  sngp_trainer *trainer = NULL;
  sngp_step_sums sums = {0, 0};
  assert_ok(sngp_trainer_create(model, optimizer, ROWS, threads, false, &trainer));
  for (int i = 0; i < count; i++)
    sums = sngp_trainer_step(trainer, data, NULL, ROWS, optimizer->config.learning_rate, NULL);
  sngp_trainer_free(trainer);
  return sums;
}

/* The gradient that the optimizer's next step would see: a clone's "velocity" after a step of plain
   descent. To be freed by sngp_model_free(). */
static sngp_model *clone_with_gradient(const sngp_model *model, const sngp_optimizer *next,
                                       const sngp_dataset *data, int threads) {
  sngp_model *clone = clone_of(model);
  sngp_optimizer *descent = create_optimizer(SNGP_OPTIMIZER_SGD, 1);
  descent->step = next->step; /* the clock of dropout */
  sngp_release(clone->moments[0]);
  clone->moments[0] = NULL;
  steps(clone, descent, data, 1, threads);
  sngp_optimizer_free(descent);
  return clone;
}

static double norm(const float *values, size_t count) {
  double square = 0;
  for (size_t i = 0; i < count; i++) square += (double)values[i] * (double)values[i];
  return sqrt(square);
}

/* Weights of 0 make a gradient of 0; what moves then is the decay: (1 - lr decay)^steps, of weights
   only. */
static void decay_multiplies_weights_and_nothing_else(void **state) {
  (void)state;
  for (int k = 0; k < 2; k++) {
    sngp_model *model = model_of(1, 0), *before = clone_of(model);
    sngp_dataset *data = small_data(ROWS, 1);
    sngp_optimizer *adamw = create_optimizer(SNGP_OPTIMIZER_ADAMW, 0.1);
    adamw->config.weight_decay = 0.5;
    data->weights = sngp_allocate(ROWS, sizeof *data->weights); /* all 0 */
    steps(model, adamw, data, 10, THREADS[k]);
    for (size_t t = 0; t < model->table.count; t++) {
      const sngp_parameter *tensor = &model->table.items[t];
      size_t length = strlen(tensor->name), is_weight = 0;
      if (length > 7) is_weight = strcmp(tensor->name + length - 7, ".weight") == 0;
      double factor = tensor->trainable && is_weight ? pow(0.95, 10) : 1;
      for (int64_t i = 0; i < tensor->rows * tensor->cols; i++) {
        double value = (double)sngp_model_values(before, tensor)[i];
        assert_close(sngp_model_values(model, tensor)[i], factor * value,
                     factor == 1 ? 0 : 1e-6 * fabs(value));
      }
    }
    sngp_optimizer_free(adamw);
    sngp_dataset_free(data);
    sngp_model_free(before);
    sngp_model_free(model);
  }
}

/* The decay comes first and is not part of the gradient: w (1 - lr decay) + Adam's move. With next
   to no epsilon the moves of the two forms of Adam are the same. */
static void decay_is_decoupled_from_the_gradient(void **state) {
  (void)state;
  sngp_model *decayed = model_of(1, 1e-3), *plain = clone_of(decayed), *before = clone_of(plain);
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_optimizer *adamw = create_optimizer(SNGP_OPTIMIZER_ADAMW, 0.01);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 0.01);
  adam->config.epsilon = adamw->config.epsilon = 1e-30;
  adamw->config.weight_decay = 3;
  steps(decayed, adamw, data, 1, 1);
  steps(plain, adam, data, 1, 1);
  for (size_t t = 0; t < before->table.count; t++) {
    const sngp_parameter *tensor = &before->table.items[t];
    for (int64_t i = 0; i < tensor->rows * tensor->cols; i++) {
      double value = (double)sngp_model_values(before, tensor)[i];
      double decay = tensor->trainable && tensor->decay ? 0.01 * 3 * value : 0;
      assert_close(sngp_model_values(decayed, tensor)[i],
                   (double)sngp_model_values(plain, tensor)[i] - decay, 2e-7);
    }
  }
  sngp_optimizer_free(adam);
  sngp_optimizer_free(adamw);
  sngp_dataset_free(data);
  sngp_model_free(before);
  sngp_model_free(plain);
  sngp_model_free(decayed);
}

/* The norm is that of the whole gradient, the L2 term included, over all slices. */
static void clipping_shortens_the_whole_gradient_to_its_norm(void **state) {
  (void)state;
  for (int k = 0; k < 2; k++) {
    sngp_model *model = model_of(1, 0.3);
    sngp_dataset *data = small_data(ROWS, 1);
    sngp_optimizer *descent = create_optimizer(SNGP_OPTIMIZER_SGD, 1);
    sngp_model *with_gradient = clone_with_gradient(model, descent, data, THREADS[k]);
    const float *gradient = with_gradient->moments[0];
    const size_t size = model->table.trainable_size;
    double whole = norm(gradient, size);
    assert_below(0.1, whole);
    const double bounds[] = {0.25 * whole, 1.001 * whole};
    for (int b = 0; b < 2; b++) {
      sngp_model *clipped = clone_of(model);
      sngp_optimizer *clipping = create_optimizer(SNGP_OPTIMIZER_SGD, 1);
      clipping->config.clip_norm = bounds[b];
      steps(clipped, clipping, data, 1, THREADS[k]);
      double factor = b == 0 ? 0.25 : 1;
      assert_close(norm(clipped->moments[0], size), factor * whole, 1e-6 * whole);
      for (size_t i = 0; i < size; i++)
        assert_close(clipped->moments[0][i], factor * (double)gradient[i],
                     b == 0 ? 1e-6 * whole : 0);
      sngp_optimizer_free(clipping);
      sngp_model_free(clipped);
    }
    sngp_optimizer_free(descent);
    sngp_dataset_free(data);
    sngp_model_free(with_gradient);
    sngp_model_free(model);
  }
}

/* Adam's step t on moments that were empty before. */
static void check_first_adam_step(const sngp_model *before, const sngp_model *after,
                                  const float *gradient, double rate, double t) {
  for (size_t i = 0; i < before->table.trainable_size; i++) {
    double g = (double)gradient[i], move = rate * sqrt(1 - pow(0.999, t)) / (1 - pow(0.9, t));
    move *= 0.1 * g / (sqrt(0.001 * g * g) + 1e-7);
    assert_close(after->trainable[i], (double)before->trainable[i] - move, 1e-6);
    assert_close(after->moments[0][i], 0.1 * g, 1e-7);
  }
}

/* How the tutorial's SNGP is trained: by the optimizer that has just trained the deterministic
   model. */
static void the_step_count_goes_with_the_optimizer_the_moments_with_the_model(void **state) {
  (void)state;
  sngp_model *first = model_of(1, 0), *second = model_of(2, 0);
  sngp_dataset *data = small_data(ROWS, 1);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 0.01);
  steps(first, adam, data, 3, 1);
  assert_int_equal(sngp_optimizer_step_count(adam), 3);

  sngp_model *before = clone_of(second), *first_before = clone_of(first);
  sngp_model *with_gradient = clone_with_gradient(second, adam, data, 1);
  steps(second, adam, data, 1, 1);
  assert_int_equal(sngp_optimizer_step_count(adam), 4);
  check_first_adam_step(before, second, with_gradient->moments[0], 0.01, 4);
  const size_t bytes = first->table.trainable_size * sizeof(float);
  assert_memory_equal(first->moments[0], first_before->moments[0], bytes);
  assert_memory_equal(first->trainable, first_before->trainable, bytes);

  sngp_model *gradient = clone_with_gradient(first, adam, data, 1);
  steps(first, adam, data, 1, 1); /* back again: its own moments, and step 5 */
  assert_int_equal(sngp_optimizer_step_count(adam), 5);
  for (size_t i = 0; i < first->table.trainable_size; i++) {
    double g = (double)gradient->moments[0][i];
    double m = 0.9 * (double)first_before->moments[0][i] + 0.1 * g;
    double v = 0.999 * (double)first_before->moments[1][i] + 0.001 * g * g;
    double rate = 0.01 * sqrt(1 - pow(0.999, 5)) / (1 - pow(0.9, 5));
    assert_close(first->trainable[i],
                 (double)first_before->trainable[i] - rate * m / (sqrt(v) + 1e-7), 1e-6);
  }
  sngp_model_free(gradient);
  sngp_model_free(with_gradient);
  sngp_model_free(first_before);
  sngp_model_free(before);
  sngp_optimizer_free(adam);
  sngp_dataset_free(data);
  sngp_model_free(second);
  sngp_model_free(first);
}

/* Moments left by a finished fit, or by another algorithm, do not count for a new optimizer. */
static void a_new_optimizer_starts_with_empty_moments(void **state) {
  (void)state;
  for (int32_t old = SNGP_OPTIMIZER_ADAM; old <= SNGP_OPTIMIZER_SGD; old++) {
    sngp_model *model = model_of(1, 0);
    sngp_dataset *data = small_data(ROWS, 1);
    sngp_optimizer *former = create_optimizer(old, 0.01);
    sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 0.01);
    steps(model, former, data, 3, 1);
    sngp_model *before = clone_of(model);
    sngp_model *with_gradient = clone_with_gradient(model, adam, data, 1);
    steps(model, adam, data, 1, 1);
    check_first_adam_step(before, model, with_gradient->moments[0], 0.01, 1);
    sngp_model_free(with_gradient);
    sngp_model_free(before);
    sngp_optimizer_free(adam);
    sngp_optimizer_free(former);
    sngp_dataset_free(data);
    sngp_model_free(model);
  }
}

static int one_blas_thread(void **state) {
  (void)state;
  sngp_blas_set_threads(1); /* with more, the library would use one slice */
  return 0;
}

/* Weights of 1e25 make a gradient whose square is beyond single precision: it is still clipped to
   the bound, and not to nothing. */
static void a_gradient_whose_square_overflows_is_clipped_all_the_same(void **state) {
  (void)state;
  for (int k = 0; k < 2; k++) {
    sngp_model *model = model_of(1, 0);
    sngp_dataset *data = small_data(ROWS, 1);
    float weights[ROWS];
    for (int i = 0; i < ROWS; i++) weights[i] = 1e25f;
    assert_ok(sngp_dataset_set_sample_weights(data, weights));
    sngp_optimizer *clipping = create_optimizer(SNGP_OPTIMIZER_SGD, 1);
    clipping->config.clip_norm = 0.5;
    steps(model, clipping, data, 1, THREADS[k]);
    assert_close(norm(model->moments[0], model->table.trainable_size), 0.5, 1e-6);
    sngp_optimizer_free(clipping);
    sngp_dataset_free(data);
    sngp_model_free(model);
  }
}

/* In 32 bits the number of rows would come out negative, or as another one. */
static void a_batch_of_more_rows_than_blas_can_count_is_refused(void **state) {
  (void)state;
  const int64_t rows[] = {(int64_t)INT32_MAX + 1, (INT64_C(1) << 32) + 5, INT64_MAX};
  sngp_model *model = model_of(1, 0);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-3);
  for (int i = 0; i < 3; i++) {
    sngp_trainer *trainer = NULL;
    assert_fails(sngp_trainer_create(model, adam, rows[i], 1, false, &trainer),
                 SNGP_ERROR_OUT_OF_MEMORY, "2147483647");
    assert_null(trainer);
  }
  sngp_optimizer_free(adam);
  sngp_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(decay_multiplies_weights_and_nothing_else),
      cmocka_unit_test(decay_is_decoupled_from_the_gradient),
      cmocka_unit_test(clipping_shortens_the_whole_gradient_to_its_norm),
      cmocka_unit_test(the_step_count_goes_with_the_optimizer_the_moments_with_the_model),
      cmocka_unit_test(a_new_optimizer_starts_with_empty_moments),
      cmocka_unit_test(a_gradient_whose_square_overflows_is_clipped_all_the_same),
      cmocka_unit_test(a_batch_of_more_rows_than_blas_can_count_is_refused),
  };
  return cmocka_run_group_tests(tests, one_blas_thread, NULL);
}
