/* Lengths of the kernel by the evidence: its value against that of gp/evidence.h, its gradient
   against central differences, and what the search finds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/task_model.h"
#include "train/evidence_lengths.h"

enum { MOST_ROWS = 60, FEATURES = 24 };

static sngp_model_config head_config(int32_t kernel) {
  sngp_model_config config = task_config(&TASKS[0]);
  config.backbone = SNGP_BACKBONE_NONE;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.num_random_features = FEATURES;
  config.kernel = kernel;
  config.kernel_scaling = SNGP_KERNEL_SCALING_ARD;
  return config;
}

typedef struct {
  sngp_model *model;
  sngp_dataset *data;
  double targets[MOST_ROWS * TASK_TARGETS];
  float weights[MOST_ROWS];
  sngp_evidence_rows rows;
  sngp_pool *pool;
  sngp_length_evidence evidence;
} subject;

static void create(subject *s, int32_t kernel, int64_t rows) {
  const sngp_model_config config = head_config(kernel);
  s->model = create_model(&config);
  s->data = task_data(&TASKS[0], rows, 3);
  assert_ok(sngp_model_prepare(s->model, s->data));
  for (int64_t i = 0; i < rows * TASK_TARGETS; i++)
    s->targets[i] = ((double)sngp_dataset_targets(s->data)[i] - 1000) / 50;
  for (int64_t i = 0; i < rows; i++) s->weights[i] = 0.5f + (float)(i % 3);
  s->weights[4] = 0;
  s->rows = (sngp_evidence_rows){.data = s->data,
                                 .targets = s->targets,
                                 .num_targets = TASK_TARGETS,
                                 .weights = s->weights,
                                 .count = rows};
  assert_ok(sngp_pool_create(2, &s->pool));
  assert_ok(sngp_length_evidence_create(&s->evidence, &s->model->network, &s->rows, SMALL_INPUTS,
                                        s->pool));
}

static void destroy(subject *s) {
  sngp_length_evidence_destroy(&s->evidence);
  sngp_pool_free(s->pool);
  sngp_dataset_free(s->data);
  sngp_model_free(s->model);
}

static double value_at(subject *s, const double *parameters, double *noise) {
  sngp_length_evidence_set(&s->evidence, parameters);
  return sngp_length_evidence_value(&s->evidence, SNGP_NOISE_OWN, parameters[SMALL_INPUTS], noise);
}

/* More rows than features, and fewer, where another matrix is factored. */
static const int64_t NUM_ROWS[] = {MOST_ROWS, 15};

static void the_value_is_that_of_the_statistics(void **state) {
  (void)state;
  for (int r = 0; r < 2; r++) {
    subject s;
    create(&s, SNGP_KERNEL_RBF, NUM_ROWS[r]);
    const double parameters[SMALL_INPUTS + 1] = {0, 0, 0, log(0.3)};
    double noise[TASK_TARGETS], expected = 0;
    double value = value_at(&s, parameters, noise);
    static float features[MOST_ROWS * FEATURES];
    sngp_prediction out = {.features = features};
    assert_ok(predict_data(s.model, s.data, NULL, &out));
    sngp_statistics statistics;
    sngp_evidence evidence;
    assert_ok(sngp_statistics_create(&statistics, FEATURES, TASK_TARGETS, NULL));
    const sngp_target_rows rows = {
        .count = NUM_ROWS[r], .features = features, .targets = s.targets, .weights = s.weights};
    double *scratch = take(sngp_statistics_scratch(&statistics, rows.count), sizeof *scratch);
    sngp_statistics_add(&statistics, &rows, scratch, s.pool);
    assert_ok(sngp_evidence_create(&evidence, &statistics, false));
    for (int64_t t = 0; t < TASK_TARGETS; t++)
      expected += sngp_evidence_value(&evidence, t, 0.3, noise[t], NULL);
    assert_close(value, expected, 1e-6 * fabs(expected));
    sngp_evidence_destroy(&evidence);
    sngp_statistics_destroy(&statistics);
    free(scratch);
    destroy(&s);
  }
}

/* Of five points, fourth order. Features are single precision, 6e-8 of 1: differences over 0.04 of
   an evidence of some 10 to 100 are good to about 1e-4; those of relu cross the kinks of some rows.
 */
static void the_gradient_is_that_of_differences(void **state) {
  (void)state;
  const int32_t kernels[] = {SNGP_KERNEL_RBF, SNGP_KERNEL_MATERN_32, SNGP_KERNEL_ARC_COSINE,
                             SNGP_KERNEL_LINEAR};
  const double step = 1e-2;
  for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++)
    for (int r = 0; r < 2; r++) {
      subject s;
      create(&s, kernels[k], NUM_ROWS[r]);
      double at[SMALL_INPUTS + 1] = {0.3, -0.4, 0.2, log(0.7)}, gradient[SMALL_INPUTS + 1];
      double noise[TASK_TARGETS];
      value_at(&s, at, noise);
      assert_ok(sngp_length_evidence_gradient(&s.evidence, gradient));
      for (int j = 0; j <= SMALL_INPUTS; j++) {
        static const double PLACES[] = {-2, -1, 1, 2}, FACTORS[] = {1, -8, 8, -1};
        double kept = at[j], expected = 0;
        for (int p = 0; p < 4; p++) {
          at[j] = kept + PLACES[p] * step;
          expected += FACTORS[p] * value_at(&s, at, noise) / (12 * step);
        }
        at[j] = kept;
        double share = kernels[k] == SNGP_KERNEL_ARC_COSINE ? 2e-2 : 5e-4;
        assert_close(gradient[j], expected, share * (fabs(expected) + 1));
      }
      destroy(&s);
    }
}

/* The first target depends on columns 0 and 1, the second on 1 and 2: of the first alone column 2
   gets a long length. */
static void a_column_of_no_use_gets_a_long_length(void **state) {
  (void)state;
  enum { ROWS = 200 };
  sngp_model_config config = head_config(SNGP_KERNEL_RBF);
  config.num_targets = 1;
  config.num_random_features = 128;
  sngp_dataset *parts[2], *fresh = NULL, *training = NULL;
  for (int i = 0; i < 2; i++) parts[i] = task_data(&TASKS[0], ROWS, 10 + i);
  float y[2][ROWS];
  for (int i = 0; i < 2; i++)
    for (int n = 0; n < ROWS; n++) y[i][n] = sngp_dataset_targets(parts[i])[n * TASK_TARGETS];
  assert_ok(sngp_dataset_create_targets(sngp_dataset_features(parts[0]), ROWS, SMALL_INPUTS, 0,
                                        y[0], 1, &training));
  assert_ok(sngp_dataset_create_targets(sngp_dataset_features(parts[1]), ROWS, SMALL_INPUTS, 0,
                                        y[1], 1, &fresh));
  double nll[2];
  for (int ard = 0; ard < 2; ard++) {
    config.kernel_scaling = ard ? SNGP_KERNEL_SCALING_ARD : SNGP_KERNEL_SCALING_FIXED;
    sngp_model *model = create_model(&config);
    assert_ok(sngp_head_fit(model, training, NULL, NULL));
    float mean[ROWS], variance[ROWS];
    sngp_prediction out = {.mean = mean, .variance = variance};
    assert_ok(predict_data(model, fresh, NULL, &out));
    sngp_regression_metrics metrics = {.struct_size = sizeof metrics};
    assert_ok(sngp_evaluate_regression(mean, variance, y[1], ROWS, 1, &metrics));
    nll[ard] = metrics.nll;
    print_message("%s: rmse %g, nll %g\n", ard ? "ard" : "fixed", metrics.rmse, metrics.nll);
    if (ard) {
      int64_t count = 0;
      float *lengths = parameter_of(model, "kernel.log_length", &count);
      print_message("log lengths %g %g %g\n", (double)lengths[0], (double)lengths[1],
                    (double)lengths[2]);
      assert_true(lengths[2] > lengths[0] + 1 && lengths[2] > lengths[1] + 0.5f);
      free(lengths);
    }
    sngp_model_free(model);
  }
  assert_true(nll[1] < nll[0]);
  for (int i = 0; i < 2; i++) sngp_dataset_free(parts[i]);
  sngp_dataset_free(fresh);
  sngp_dataset_free(training);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_value_is_that_of_the_statistics),
      cmocka_unit_test(the_gradient_is_that_of_differences),
      cmocka_unit_test(a_column_of_no_use_gets_a_long_length),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
