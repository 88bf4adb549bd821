/* Models of the tasks beside classification, and data for them. Include after <cmocka.h>. */
#ifndef SNGP_TESTS_SUPPORT_TASK_MODEL_H
#define SNGP_TESTS_SUPPORT_TASK_MODEL_H

#include <math.h>

#include "support/small_model.h"

enum { TASK_TARGETS = 2 };

typedef struct {
  const char *name;
  int32_t task, likelihood;
  double scale, offset; /* targets are offset + scale * signal, or made of it */
} task_case;

static const task_case TASKS[] = {
    {"regression", SNGP_TASK_REGRESSION, SNGP_LIKELIHOOD_GAUSSIAN, 50, 1000},
    {"counts", SNGP_TASK_REGRESSION, SNGP_LIKELIHOOD_POISSON, 1, 0},
    {"labels", SNGP_TASK_MULTI_LABEL, SNGP_LIKELIHOOD_GAUSSIAN, 1, 0},
};
enum { NUM_TASKS = sizeof TASKS / sizeof *TASKS };

static inline sngp_model_config task_config(const task_case *task) {
  sngp_model_config config = small_config();
  config.task = task->task;
  config.likelihood = task->likelihood;
  config.num_classes = 0;
  config.num_targets = TASK_TARGETS;
  return config;
}

static inline double signal_at(const float *x, int64_t k) {
  return k == 0 ? sin((double)x[0]) + 0.3 * (double)x[1] : cos((double)x[1] - 0.2 * (double)x[2]);
}

/* Normal rows; targets a smooth function of them with normal noise of deviation 0.2 scale, counts
   round(exp of it), or whether it is above 0. */
static inline sngp_dataset *task_data(const task_case *task, int64_t rows, int64_t seed) {
  float *x = take((size_t)(rows * SMALL_INPUTS), sizeof *x);
  float *y = take((size_t)(rows * TASK_TARGETS), sizeof *y);
  sngp_random_stream stream = sngp_random_open(seed, SNGP_RANDOM_DATA, 0, 98);
  sngp_random_fill_normal(&stream, 1, x, (size_t)(rows * SMALL_INPUTS));
  stream = sngp_random_open(seed, SNGP_RANDOM_DATA, 0, 97);
  sngp_random_fill_normal(&stream, 0.2, y, (size_t)(rows * TASK_TARGETS));
  for (int64_t i = 0; i < rows * TASK_TARGETS; i++) {
    double signal = signal_at(x + i / TASK_TARGETS * SMALL_INPUTS, i % TASK_TARGETS) + (double)y[i];
    double value = task->offset + task->scale * signal;
    if (task->likelihood == SNGP_LIKELIHOOD_POISSON) value = round(exp(signal));
    if (task->task == SNGP_TASK_MULTI_LABEL) value = signal > 0;
    y[i] = (float)value;
  }
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_create_targets(x, rows, SMALL_INPUTS, 0, y, TASK_TARGETS, &data));
  free(y);
  free(x);
  return data;
}

static inline sngp_model *fit_task(const sngp_model_config *config, const sngp_dataset *data,
                                   int64_t epochs) {
  sngp_model *model = create_model(config);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(epochs, 32);
  fit.schedule = SNGP_SCHEDULE_COSINE;
  assert_ok(sngp_fit(model, adam, data, NULL, &fit, NULL));
  sngp_optimizer_free(adam);
  return model;
}

static inline sngp_status predict_data(const sngp_model *model, const sngp_dataset *data,
                                       const sngp_predict_config *config, sngp_prediction *out) {
  out->struct_size = sizeof *out;
  return sngp_predict(model, NULL, sngp_dataset_features(data), sngp_dataset_rows(data),
                      sngp_dataset_cols(data), 0, config, out);
}

#endif
