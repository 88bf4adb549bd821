/* Update rules against their recursions in double precision; settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "optim/optimizer.h"
#include "sngp/model.h"
#include "support/check.h"
#include "unit/numeric.h"

enum { COUNT = 37, STEPS = 10, BEGIN = 3, END = 34 };

static sngp_optimizer optimizer_of(int32_t algorithm) {
  sngp_optimizer optimizer = {.config = sngp_optimizer_config_default(SNGP_PRESET_DEFAULT)};
  optimizer.config.algorithm = algorithm;
  return optimizer;
}

/* One parameter in double precision. */
typedef struct {
  double w, m, v;
} state_of;

typedef void (*rule)(const sngp_optimizer_config *config, double rate, double t, double g,
                     state_of *s);

/* lr_t = lr sqrt(1 - b2^t) / (1 - b1^t); w -= lr_t m / (sqrt(v) + eps) */
static void adam_of_keras(const sngp_optimizer_config *config, double rate, double t, double g,
                          state_of *s) {
  s->m = config->beta1 * s->m + (1 - config->beta1) * g;
  s->v = config->beta2 * s->v + (1 - config->beta2) * g * g;
  rate *= sqrt(1 - pow(config->beta2, t)) / (1 - pow(config->beta1, t));
  s->w -= rate * s->m / (sqrt(s->v) + config->epsilon);
}

/* w -= lr m^ / (sqrt(v^) + eps), m^ = m / (1 - b1^t), v^ = v / (1 - b2^t). Its decay of the weights
   comes before and is the trainer's: unit/optim/test_steps.c. */
static void adamw_of_pytorch(const sngp_optimizer_config *config, double rate, double t, double g,
                             state_of *s) {
  s->m = config->beta1 * s->m + (1 - config->beta1) * g;
  s->v = config->beta2 * s->v + (1 - config->beta2) * g * g;
  double m = s->m / (1 - pow(config->beta1, t)), v = s->v / (1 - pow(config->beta2, t));
  s->w -= rate * m / (sqrt(v) + config->epsilon);
}

/* b = momentum b + g; w -= lr b, or with Nesterov's momentum w -= lr (g + momentum b) */
static void sgd_of_pytorch(const sngp_optimizer_config *config, double rate, double t, double g,
                           state_of *s) {
  (void)t;
  s->m = config->momentum * s->m + g;
  s->w -= rate * (config->nesterov ? g + config->momentum * s->m : s->m);
}

/* Ten steps with rates and gradients that change, on elements BEGIN ... END - 1 of a block.
   Parameters and moves are about 1, of ten roundings each 6e-8 and those of the moments: 2e-6. */
static void follows(sngp_optimizer *optimizer, rule update) {
  float w[COUNT], gradient[COUNT], first[COUNT] = {0}, second[COUNT] = {0}, w0[COUNT];
  float *const moments[2] = {first, second};
  state_of expected[COUNT] = {{0}};
  uint64_t seed = 90;
  int64_t start = optimizer->step;
  fill_normal(&seed, w, COUNT, 1);
  memcpy(w0, w, sizeof w);
  for (int i = 0; i < COUNT; i++) expected[i].w = (double)w[i];
  for (int t = 1; t <= STEPS; t++) {
    double rate = 0.1 * (1 + t % 3);
    fill_normal(&seed, gradient, COUNT, 1);
    for (int i = 0; i < COUNT; i += 5) gradient[i] *= 1e-4f; /* about epsilon */
    sngp_update_scalars scalars = sngp_optimizer_begin_step(optimizer, rate, 0);
    sngp_optimizer_apply(optimizer, &scalars, BEGIN, END, gradient, w, moments);
    assert_int_equal(optimizer->step, start + t);
    for (int i = BEGIN; i < END; i++)
      update(&optimizer->config, rate, (double)(start + t), (double)gradient[i], &expected[i]);
  }
  double moved = 0;
  for (int i = 0; i < COUNT; i++) {
    assert_close(w[i], expected[i].w, 2e-6);
    moved = fmax(moved, fabs((double)w[i] - (double)w0[i]));
    if (i < BEGIN || i >= END) assert_true(w[i] == w0[i] && first[i] == 0 && second[i] == 0);
  }
  assert_below(0.5, moved);
}

static void adam_follows_keras(void **state) {
  (void)state;
  const double epsilons[] = {1e-7, 1e-4};
  for (int e = 0; e < 2; e++) {
    sngp_optimizer optimizer = optimizer_of(SNGP_OPTIMIZER_ADAM);
    optimizer.config.epsilon = epsilons[e];
    follows(&optimizer, adam_of_keras);
    optimizer.config.beta1 = 0.5;
    optimizer.config.beta2 = 0.9;
    optimizer.step = 0;
    follows(&optimizer, adam_of_keras);
  }
}

/* As the tutorial's SNGP meets an optimizer that has counted 800 steps: moments start empty, the
   bias correction does not. */
static void adam_goes_on_counting_over_fresh_moments(void **state) {
  (void)state;
  sngp_optimizer optimizer = optimizer_of(SNGP_OPTIMIZER_ADAM);
  optimizer.step = 800;
  follows(&optimizer, adam_of_keras);
  assert_int_equal(optimizer.step, 810);
}

static void adamw_follows_pytorch(void **state) {
  (void)state;
  const double epsilons[] = {1e-8, 1e-2};
  for (int e = 0; e < 2; e++) {
    sngp_optimizer optimizer = optimizer_of(SNGP_OPTIMIZER_ADAMW);
    optimizer.config.epsilon = epsilons[e];
    follows(&optimizer, adamw_of_pytorch);
  }
}

static void sgd_follows_pytorch_with_and_without_momentum(void **state) {
  (void)state;
  const double momenta[] = {0, 0.9, 0.9};
  for (int k = 0; k < 3; k++) {
    sngp_optimizer optimizer = optimizer_of(SNGP_OPTIMIZER_SGD);
    optimizer.config.momentum = momenta[k];
    optimizer.config.nesterov = k == 2;
    follows(&optimizer, sgd_of_pytorch);
  }
}

static void adam_keeps_two_moments_and_sgd_one(void **state) {
  (void)state;
  const sngp_optimizer adam = optimizer_of(SNGP_OPTIMIZER_ADAM);
  const sngp_optimizer adamw = optimizer_of(SNGP_OPTIMIZER_ADAMW);
  const sngp_optimizer sgd = optimizer_of(SNGP_OPTIMIZER_SGD);
  assert_int_equal(sngp_optimizer_num_moments(&adam), 2);
  assert_int_equal(sngp_optimizer_num_moments(&adamw), 2);
  assert_int_equal(sngp_optimizer_num_moments(&sgd), 1);
}

static void gradients_are_scaled_down_to_the_clip_norm_never_up(void **state) {
  (void)state;
  sngp_optimizer optimizer = optimizer_of(SNGP_OPTIMIZER_SGD);
  optimizer.config.clip_norm = 2;
  assert_close(sngp_optimizer_begin_step(&optimizer, 1, 8).gradient_scale, 0.25, 1e-8);
  assert_close(sngp_optimizer_begin_step(&optimizer, 1, 2).gradient_scale, 1, 0);
  assert_close(sngp_optimizer_begin_step(&optimizer, 1, 0).gradient_scale, 1, 0);
  optimizer.config.clip_norm = 0; /* no clipping */
  assert_close(sngp_optimizer_begin_step(&optimizer, 1, 1e30).gradient_scale, 1, 0);
}

static sngp_optimizer_config initialised(void) {
  sngp_optimizer_config config;
  assert_ok(sngp_optimizer_config_init(&config, sizeof config));
  return config;
}

static void defaults_and_presets_are_the_documented_ones(void **state) {
  (void)state;
  sngp_optimizer_config config = initialised();
  assert_int_equal(config.struct_size, sizeof config);
  assert_int_equal(config.algorithm, SNGP_OPTIMIZER_ADAM);
  assert_true(config.learning_rate == 1e-3 && config.beta1 == 0.9 && config.beta2 == 0.999);
  assert_true(config.epsilon == 1e-7 && config.weight_decay == 0.01 && config.momentum == 0);
  assert_true(config.nesterov == 0 && config.clip_norm == 0);
  assert_ok(sngp_optimizer_config_preset(&config, SNGP_PRESET_TUTORIAL));
  assert_true(config.learning_rate == 1e-4);
  for (int32_t preset = SNGP_PRESET_MODEL_GARDEN; preset <= SNGP_PRESET_EDWARD2_JAX; preset++) {
    assert_ok(sngp_optimizer_config_preset(&config, preset));
    assert_true(config.learning_rate == 1e-3);
  }
  assert_fails(sngp_optimizer_config_preset(&config, 5), SNGP_ERROR_INVALID_ARGUMENT,
               "preset is 5");
}

static void refuses(sngp_optimizer_config config, const char *field, const char *value) {
  sngp_optimizer *optimizer = (sngp_optimizer *)&config; /* anything but NULL */
  assert_fails(sngp_optimizer_create(&config, &optimizer), SNGP_ERROR_INVALID_ARGUMENT, field,
               value);
  assert_null(optimizer);
}

#define assert_refuses(field, value, text)   \
  do {                                       \
    sngp_optimizer_config c = initialised(); \
    c.field = (value);                       \
    refuses(c, #field, text);                \
  } while (0)

static void every_field_out_of_range_is_refused_by_name_and_value(void **state) {
  (void)state;
  assert_refuses(algorithm, -1, "-1");
  assert_refuses(algorithm, 3, "3");
  assert_refuses(learning_rate, 0, "is 0");
  assert_refuses(learning_rate, -1e-3, "-0.001");
  assert_refuses(learning_rate, INFINITY, "inf");
  assert_refuses(learning_rate, NAN, "nan");
  assert_refuses(beta1, -0.1, "-0.1");
  assert_refuses(beta1, 1, "is 1");
  assert_refuses(beta1, NAN, "nan");
  assert_refuses(beta2, -0.1, "-0.1");
  assert_refuses(beta2, 1, "is 1");
  assert_refuses(beta2, NAN, "nan");
  assert_refuses(epsilon, 0, "is 0");
  assert_refuses(epsilon, 1e-40, "1e-40"); /* 0 in single precision after the bias correction */
  assert_refuses(epsilon, INFINITY, "inf");
  assert_refuses(epsilon, NAN, "nan");
  assert_refuses(weight_decay, -0.1, "-0.1");
  assert_refuses(weight_decay, INFINITY, "inf");
  assert_refuses(weight_decay, NAN, "nan");
  assert_refuses(momentum, -0.1, "-0.1");
  assert_refuses(momentum, 1, "is 1");
  assert_refuses(momentum, NAN, "nan");
  assert_refuses(nesterov, 2, "is 2");
  assert_refuses(nesterov, -1, "-1");
  assert_refuses(clip_norm, -0.1, "-0.1");
  assert_refuses(clip_norm, INFINITY, "inf");
  assert_refuses(clip_norm, NAN, "nan");
}

static void the_learning_rate_can_be_set_within_its_range(void **state) {
  (void)state;
  sngp_optimizer *optimizer = NULL;
  assert_ok(sngp_optimizer_create(NULL, &optimizer));
  assert_int_equal(sngp_optimizer_step_count(optimizer), 0);
  assert_ok(sngp_optimizer_set_learning_rate(optimizer, 0.5));
  assert_true(optimizer->config.learning_rate == 0.5);
  assert_fails(sngp_optimizer_set_learning_rate(optimizer, 0), SNGP_ERROR_INVALID_ARGUMENT,
               "learning_rate");
  assert_true(optimizer->config.learning_rate == 0.5);
  sngp_optimizer_free(optimizer);
  sngp_optimizer_free(NULL);
  assert_fails(sngp_optimizer_set_learning_rate(NULL, 1), SNGP_ERROR_INVALID_ARGUMENT, "NULL");
  assert_fails(sngp_optimizer_create(NULL, NULL), SNGP_ERROR_INVALID_ARGUMENT, "NULL");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(adam_follows_keras),
      cmocka_unit_test(adam_goes_on_counting_over_fresh_moments),
      cmocka_unit_test(adamw_follows_pytorch),
      cmocka_unit_test(sgd_follows_pytorch_with_and_without_momentum),
      cmocka_unit_test(adam_keeps_two_moments_and_sgd_one),
      cmocka_unit_test(gradients_are_scaled_down_to_the_clip_norm_never_up),
      cmocka_unit_test(defaults_and_presets_are_the_documented_ones),
      cmocka_unit_test(every_field_out_of_range_is_refused_by_name_and_value),
      cmocka_unit_test(the_learning_rate_can_be_set_within_its_range),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
