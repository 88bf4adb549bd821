/* The whole network against the layers of reference_layers.h put together: logits, loss and the
   gradient of every trainable tensor, under dropout with the very same masks, with sample weights
   and the L2 term, a batch cut into slices or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "linalg/blas.h"
#include "model/model.h"
#include "support/check.h"
#include "train/trainer.h"
#include "unit/numeric.h"
#include "unit/reference_layers.h"

/* 7 rows in 3 slices of 3, 2 and 2; 11 units and 13 features fill no vector. */
enum { ROWS = 7, INPUTS = 4, HIDDEN = 11, LAYERS = 3, CLASSES = 3, FEATURES = 13, PROJECTION = 6 };
enum { TENSORS = 20 };

/* Single against double precision: sums of up to 13 products through six layers leave 20 to 50
   units in the last place (6e-8) of a tensor's largest value; four times that. */
static const double TOLERANCE = 1e-5;

/* No unit's input to relu is nearer to 0: neither single precision nor the steps of the central
   differences cross a kink. */
static const double FROM_THE_KINKS = 2e-4;

static const double RATE = 0.3, L2 = 0.05;
static const int32_t LABELS[ROWS] = {0, 2, 1, 1, 0, 2, 2};

/* What is 0 is the first choice: a dense head, no normalisation, everything frozen that can be. */
typedef struct {
  const char *name;
  bool weighted;
  sngp_model_config choices;
} variant;

#define GAUSSIAN_PROCESS .head = SNGP_HEAD_GAUSSIAN_PROCESS
#define LAYER_NORM .normalize_input = SNGP_NORMALIZE_LAYER_NORM
#define RADIUS .normalize_input = SNGP_NORMALIZE_RADIUS
#define STANDARD .normalize_input = SNGP_NORMALIZE_STANDARD
#define NO_BACKBONE .backbone = SNGP_BACKBONE_NONE
#define TRAIN_INPUT .train_input_layer = 1
#define STANDARDIZE .standardize_inputs = 1
#define SCALED .scale_random_features = 1
#define ARC_COSINE .kernel = SNGP_KERNEL_ARC_COSINE
#define LINEAR .kernel = SNGP_KERNEL_LINEAR
#define PROJECTED .gp_input_dim = PROJECTION
#define TRAIN_BIAS .train_output_bias = 1
#define LENGTH .kernel_scaling = SNGP_KERNEL_SCALING_TRAINED
#define ARD .kernel_scaling = SNGP_KERNEL_SCALING_ARD
#define MATERN .kernel = SNGP_KERNEL_MATERN_32

static const variant VARIANTS[] = {
    {"dense head", false, {TRAIN_INPUT}},
    {"dense head, input layer frozen", true, {STANDARDIZE}},
    {"features", true, {GAUSSIAN_PROCESS, TRAIN_INPUT}},
    {"scaled features, frozen", false, {GAUSSIAN_PROCESS, STANDARDIZE, SCALED}},
    {"layer norm", false, {GAUSSIAN_PROCESS, LAYER_NORM, TRAIN_INPUT, STANDARDIZE, SCALED}},
    {"layer norm, frozen", true, {GAUSSIAN_PROCESS, LAYER_NORM}},
    {"radius", true, {GAUSSIAN_PROCESS, RADIUS, TRAIN_INPUT, STANDARDIZE}},
    {"radius, frozen", false, {GAUSSIAN_PROCESS, RADIUS, SCALED}},
    {"plain norm", true, {GAUSSIAN_PROCESS, STANDARD, TRAIN_INPUT, SCALED}},
    {"plain norm, frozen", false, {GAUSSIAN_PROCESS, STANDARD, STANDARDIZE}},
    {"dense head on the inputs", true, {NO_BACKBONE, TRAIN_INPUT, STANDARDIZE}},
    {"features of the inputs", false, {NO_BACKBONE, GAUSSIAN_PROCESS, TRAIN_INPUT}},
    {"layer norm of the inputs", true, {NO_BACKBONE, GAUSSIAN_PROCESS, LAYER_NORM, STANDARDIZE}},
    {"arc-cosine", false, {GAUSSIAN_PROCESS, ARC_COSINE, LAYER_NORM, TRAIN_INPUT, SCALED}},
    {"arc-cosine of the inputs", true, {NO_BACKBONE, GAUSSIAN_PROCESS, ARC_COSINE, RADIUS}},
    {"linear", true, {GAUSSIAN_PROCESS, LINEAR, RADIUS, TRAIN_INPUT, SCALED}},
    {"linear, layer norm", false, {NO_BACKBONE, GAUSSIAN_PROCESS, LINEAR, LAYER_NORM}},
    {"Matern", false, {GAUSSIAN_PROCESS, MATERN, RADIUS, TRAIN_INPUT}},
    {"trained bias", true, {GAUSSIAN_PROCESS, RADIUS, TRAIN_BIAS, TRAIN_INPUT}},
    {"trained bias on the inputs", false, {NO_BACKBONE, GAUSSIAN_PROCESS, TRAIN_BIAS, SCALED}},
    {"projection", false, {GAUSSIAN_PROCESS, PROJECTED, TRAIN_INPUT, STANDARDIZE}},
    {"projection, layer norm", true, {GAUSSIAN_PROCESS, PROJECTED, LAYER_NORM, TRAIN_BIAS}},
    {"projection of inputs", true, {NO_BACKBONE, GAUSSIAN_PROCESS, PROJECTED, LAYER_NORM}},
    {"projection, linear", false, {GAUSSIAN_PROCESS, PROJECTED, RADIUS, LINEAR, TRAIN_INPUT}},
    {"trained length", true, {GAUSSIAN_PROCESS, LENGTH, RADIUS, TRAIN_INPUT}},
    {"trained length of inputs", false, {NO_BACKBONE, GAUSSIAN_PROCESS, LENGTH, STANDARDIZE}},
    {"a length for each input", false, {GAUSSIAN_PROCESS, ARD, LAYER_NORM, TRAIN_INPUT}},
    {"lengths, nothing below", true, {NO_BACKBONE, GAUSSIAN_PROCESS, ARD, RADIUS}},
    {"lengths, layer norm", false, {NO_BACKBONE, GAUSSIAN_PROCESS, ARD, LAYER_NORM, ARC_COSINE}},
    {"lengths, linear", true, {NO_BACKBONE, GAUSSIAN_PROCESS, ARD, LINEAR}},
    {"lengths of a projection", false, {GAUSSIAN_PROCESS, ARD, PROJECTED, RADIUS, TRAIN_BIAS}},
    {"radius of the inputs", true, {NO_BACKBONE, GAUSSIAN_PROCESS, RADIUS, SCALED}},
};
enum { NUM_VARIANTS = sizeof VARIANTS / sizeof *VARIANTS };

typedef struct {
  const sngp_model *model;
  const float *weights;
  double *tensors[TENSORS]; /* in the order of the table */
  double x[ROWS * INPUTS], factors[LAYERS][ROWS * HIDDEN], logits[ROWS * CLASSES];
  double from_the_kinks;
} reference;

typedef struct {
  float x[ROWS * INPUTS], weights[ROWS];
  int32_t labels[ROWS];
  sngp_dataset dataset;
} rows;

static void set(sngp_model *model, const char *name, double mean, double deviation,
                uint64_t *seed) {
  const sngp_parameter *tensor = sngp_parameter_find(&model->table, name);
  if (tensor == NULL) return;
  float *values = sngp_model_values(model, tensor);
  for (int64_t i = 0; i < tensor->rows * tensor->cols; i++)
    values[i] = (float)(mean + deviation * next_normal(seed));
}

/* As drawn, but with biases, layer norm and scaling away from 0 and 1. */
static sngp_model *create(const variant *v) {
  sngp_model_config config = v->choices;
  config.struct_size = sizeof config;
  config.input_dim = INPUTS;
  config.num_classes = CLASSES;
  config.num_layers = LAYERS;
  config.num_hidden = HIDDEN;
  config.num_random_features = FEATURES;
  config.dropout_rate = RATE;
  config.power_iterations = 1;
  config.random_feature_std = 1;
  config.kernel_scale = 1.7;
  config.radius_scale = 0.6;
  config.ridge = config.temperature = config.prior_variance = 1;
  config.l2_regularization = L2;
  config.seed = 0x300000004;
  sngp_model *model = NULL;
  assert_ok(sngp_model_allocate(&config, &model));
  assert_ok(sngp_model_draw(model));
  uint64_t seed = 80;
  set(model, "input.bias", 0, 0.5, &seed);
  set(model, "block.0.bias", 0, 0.5, &seed);
  set(model, "block.1.bias", 0, 0.5, &seed);
  set(model, "block.2.bias", 0, 0.5, &seed);
  set(model, "layer_norm.scale", 1, 0.3, &seed);
  set(model, "layer_norm.offset", 0, 0.3, &seed);
  set(model, "output.bias", 0, 0.3, &seed);
  set(model, "kernel.log_length", 0, 0.25, &seed);
  set(model, "input_scaling.mean", 0, 1, &seed);
  set(model, "input_scaling.scale", 2, 0.1, &seed);
  model->holds.input_scaling = true;
  return model;
}

static void draw_rows(const variant *v, rows *all) {
  uint64_t seed = 81;
  fill_normal(&seed, all->x, ROWS * INPUTS, 1);
  for (int i = 0; i < ROWS; i++) all->weights[i] = (float)(3 * next_uniform(&seed));
  memcpy(all->labels, LABELS, sizeof LABELS);
  all->dataset = (sngp_dataset){.rows = ROWS,
                                .cols = INPUTS,
                                .row_stride = INPUTS,
                                .num_classes = CLASSES,
                                .features = all->x,
                                .labels = all->labels,
                                .weights = v->weighted ? all->weights : NULL};
}

/* The values of a tensor, NULL where the model has none of that name. */
static double *find(const reference *r, const char *name) {
  const sngp_parameter *tensor = sngp_parameter_find(&r->model->table, name);
  return tensor == NULL ? NULL : r->tensors[tensor - r->model->table.items];
}

/* Dropout of that step, step < 0: none. */
static reference *take_reference(const sngp_model *model, const rows *all, int64_t step) {
  reference *r = take(1, sizeof *r);
  r->model = model;
  r->weights = all->dataset.weights;
  assert_true(model->table.count <= TENSORS);
  for (size_t t = 0; t < model->table.count; t++) {
    const sngp_parameter *tensor = &model->table.items[t];
    size_t count = (size_t)(tensor->rows * tensor->cols);
    r->tensors[t] = take(count, sizeof(double));
    to_doubles(sngp_model_values(model, tensor), count, r->tensors[t]);
  }
  const double *mean = find(r, "input_scaling.mean"), *scale = find(r, "input_scaling.scale");
  for (int i = 0; i < ROWS * INPUTS; i++) {
    r->x[i] = (double)all->x[i];
    if (mean != NULL) r->x[i] = (r->x[i] - mean[i % INPUTS]) / scale[i % INPUTS];
  }
  for (int64_t l = 0; l < LAYERS; l++)
    for (int64_t i = 0; i < ROWS; i++) {
      double *factors = r->factors[l] + i * HIDDEN;
      reference_dropout(model->config.seed, step, l, i, HIDDEN, step < 0 ? 0 : RATE, factors);
    }
  return r;
}

static void free_reference(reference *r) {
  for (int t = 0; t < TENSORS; t++) free(r->tensors[t]);
  free(r);
}

/* The input layer and the blocks: the hidden representation. */
static const double *compute_hidden(reference *r, double h[2][ROWS * HIDDEN]) {
  reference_dense(r->x, ROWS, INPUTS, HIDDEN, find(r, "input.weight"), find(r, "input.bias"), h[0]);
  for (int l = 0; l < LAYERS; l++) {
    char weight[32], bias[32];
    snprintf(weight, sizeof weight, "block.%d.weight", l);
    snprintf(bias, sizeof bias, "block.%d.bias", l);
    double smallest = reference_residual_block(h[l % 2], ROWS, HIDDEN, find(r, weight),
                                               find(r, bias), r->factors[l], h[(l + 1) % 2]);
    r->from_the_kinks = fmin(r->from_the_kinks, smallest);
  }
  return h[LAYERS % 2];
}

/* What the head normalises, `width` columns: h itself, or h W_p in p. */
static const double *compute_projection(const reference *r, const double *h, double *p,
                                        int64_t *width) {
  const double *weight = find(r, "projection.weight"), zeros[PROJECTION] = {0};
  if (weight == NULL) return h;
  reference_dense(h, ROWS, *width, PROJECTION, weight, zeros, p);
  *width = PROJECTION;
  return p;
}

static void divide_by_lengths(const reference *r, int64_t head, double *g) {
  const double *logarithms = find(r, "kernel.log_length");
  const bool shared = r->model->config.kernel_scaling == SNGP_KERNEL_SCALING_TRAINED;
  for (int64_t i = 0; logarithms != NULL && i < ROWS * head; i++)
    g[i] /= exp(logarithms[shared ? 0 : i % head]);
}

/* The features of g (ROWS, head), `width` of them: in phi or, linear, g itself. */
static const double *compute_features(reference *r, const double *g, int64_t head, double *phi,
                                      int64_t *width) {
  const sngp_model_config *config = &r->model->config;
  const double *weight = find(r, "features.weight"), *bias = find(r, "features.bias");
  double scale = config->scale_random_features ? sqrt(2.0 / FEATURES) : 1;
  *width = config->kernel == SNGP_KERNEL_LINEAR ? head : FEATURES;
  if (config->kernel == SNGP_KERNEL_LINEAR) return g;
  if (config->kernel == SNGP_KERNEL_ARC_COSINE) {
    double smallest = reference_relu_features(g, ROWS, head, FEATURES, weight, bias, scale, phi);
    r->from_the_kinks = fmin(r->from_the_kinks, smallest);
  } else {
    reference_random_features(g, ROWS, head, FEATURES, weight, bias, scale, phi);
  }
  return phi;
}

static double compute(reference *r) {
  const sngp_model_config *config = &r->model->config;
  const bool residual = config->backbone == SNGP_BACKBONE_RESIDUAL;
  double h[2][ROWS * HIDDEN], g[ROWS * (HIDDEN + 1)], phi[ROWS * FEATURES], l2 = 0;
  r->from_the_kinks = INFINITY;
  const double *last = residual ? compute_hidden(r, h) : r->x, *output = find(r, "output.weight");
  int64_t width = residual ? HIDDEN : INPUTS;
  if (config->head == SNGP_HEAD_GAUSSIAN_PROCESS) {
    double p[ROWS * PROJECTION];
    last = compute_projection(r, last, p, &width);
    int64_t head = config->normalize_input == SNGP_NORMALIZE_RADIUS ? width + 1 : width;
    reference_head_input(config->normalize_input, last, ROWS, width, config->kernel_scale,
                         config->radius_scale, find(r, "layer_norm.scale"),
                         find(r, "layer_norm.offset"), g);
    divide_by_lengths(r, head, g);
    last = compute_features(r, g, head, phi, &width);
    for (int i = 0; i < width * CLASSES; i++) l2 += L2 * output[i] * output[i];
  }
  reference_dense(last, ROWS, width, CLASSES, output, find(r, "output.bias"), r->logits);
  return reference_cross_entropy(r->logits, LABELS, r->weights, ROWS, CLASSES) / ROWS + l2;
}

static double compute_loss(const void *context) {
  reference copy = *(const reference *)context; /* shares the tensors */
  return compute(&copy);
}

/* Rows begin ... end - 1 of the batch, in training (step >= 0) or not. */
static void check_logits(const sngp_model *model, const rows *all, const reference *r, int64_t step,
                         int64_t begin, int64_t end) {
  sngp_pass pass;
  assert_ok(sngp_pass_create(&model->network, ROWS, true, model->table.trainable_size, &pass));
  for (int64_t i = begin; i < end; i++)
    sngp_pass_set_row(&model->network, &pass, i - begin, all->x + i * INPUTS);
  if (step >= 0)
    sngp_network_forward_training(&model->network, &pass, end - begin, begin, model->config.seed,
                                  step);
  else
    sngp_network_logits(&model->network, &pass, end - begin);
  assert_array(pass.logits, r->logits + begin * CLASSES, (end - begin) * CLASSES, TOLERANCE);
  sngp_pass_destroy(&pass);
}

static void logits_agree_with_and_without_dropout(void **state) {
  (void)state;
  const int64_t steps[] = {-1, 5};
  for (int v = 0; v < NUM_VARIANTS; v++)
    for (int s = 0; s < 2; s++) {
      rows all;
      draw_rows(&VARIANTS[v], &all);
      sngp_model *model = create(&VARIANTS[v]);
      reference *r = take_reference(model, &all, steps[s]);
      compute(r);
      check_logits(model, &all, r, steps[s], 0, ROWS);
      check_logits(model, &all, r, steps[s], 0, 1);
      check_logits(model, &all, r, steps[s], 2, 6);
      free_reference(r);
      sngp_model_free(model);
    }
}

/* A step of plain gradient descent leaves the gradient as the "velocity". */
static void check_gradient(const variant *v, int num_threads) {
  sngp_optimizer descent = {.config = sngp_optimizer_config_default(SNGP_PRESET_DEFAULT),
                            .step = 5};
  descent.config.algorithm = SNGP_OPTIMIZER_SGD;
  rows all;
  draw_rows(v, &all);
  sngp_model *model = create(v);
  reference *r = take_reference(model, &all, descent.step);
  double loss = compute(r);
  assert_below(FROM_THE_KINKS, r->from_the_kinks);

  sngp_trainer *trainer = NULL;
  assert_ok(sngp_trainer_create(model, &descent, ROWS, num_threads, false, &trainer));
  assert_int_equal(sngp_pool_num_threads(sngp_trainer_pool(trainer)), num_threads);
  sngp_step_sums sums = sngp_trainer_step(trainer, &all.dataset, NULL, ROWS, 0.1, NULL);
  assert_close(sums.loss, loss, TOLERANCE * loss);
  for (size_t t = 0; t < model->table.count; t++) {
    const sngp_parameter *tensor = &model->table.items[t];
    size_t count = (size_t)(tensor->rows * tensor->cols);
    double *gradient = take(count, sizeof *gradient);
    if (tensor->trainable) {
      central_differences(compute_loss, r, r->tensors[t], count, gradient);
      check_array(model->moments[0] + tensor->offset, gradient, count, TOLERANCE, tensor->name,
                  __FILE__, __LINE__);
    } else {
      check_array(sngp_model_values(model, tensor), r->tensors[t], count, 0, tensor->name, __FILE__,
                  __LINE__);
    }
    free(gradient);
  }
  sngp_trainer_free(trainer);
  free_reference(r);
  sngp_model_free(model);
}

static void loss_and_gradient_agree_for_every_variant(void **state) {
  (void)state;
  for (int v = 0; v < NUM_VARIANTS; v++) {
    print_message("%s\n", VARIANTS[v].name);
    check_gradient(&VARIANTS[v], 1);
  }
}

static void loss_and_gradient_agree_over_several_slices(void **state) {
  (void)state;
  for (int v = 0; v < NUM_VARIANTS; v++) {
    print_message("%s\n", VARIANTS[v].name);
    check_gradient(&VARIANTS[v], 3);
    check_gradient(&VARIANTS[v], 9); /* more threads than rows */
  }
}

static int one_blas_thread(void **state) {
  (void)state;
  sngp_blas_set_threads(1); /* with more, the library would use one slice */
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(logits_agree_with_and_without_dropout),
      cmocka_unit_test(loss_and_gradient_agree_for_every_variant),
      cmocka_unit_test(loss_and_gradient_agree_over_several_slices),
  };
  return cmocka_run_group_tests(tests, one_blas_thread, NULL);
}
