/* Importing: the arrays of a model under other libraries' names and layouts give that model again,
   and states that are not right are refused with what is wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "io/file.h"
#include "io/model_import.h"
#include "io/safetensors.h"
#include "support/small_model.h"
#include "unit/io/models.h"

enum { MOST_ARRAYS = 40, NAME_SIZE = 96, MOST_VALUES = 1024 };

/* A safetensors file in the making. */
typedef struct {
  sngp_tensor tensors[MOST_ARRAYS];
  char names[MOST_ARRAYS][NAME_SIZE];
  double values[MOST_ARRAYS][MOST_VALUES];
  size_t count;
} state;

static state made; /* too large for a stack */

static void begin(void) { memset(&made, 0, sizeof made); }

/* Adds an array of doubles; rows 0: a vector. */
static double *add(const char *name, int64_t rows, int64_t cols) {
  assert_true(made.count < MOST_ARRAYS && (rows > 0 ? rows : 1) * cols <= MOST_VALUES);
  sngp_tensor *tensor = &made.tensors[made.count];
  snprintf(made.names[made.count], NAME_SIZE, "%s", name);
  *tensor = (sngp_tensor){.name = made.names[made.count],
                          .dtype = "F64",
                          .rank = rows > 0 ? 2 : 1,
                          .shape = {rows > 0 ? rows : cols, rows > 0 ? cols : 0},
                          .data = made.values[made.count]};
  return made.values[made.count++];
}

/* Adds a tensor of a model, a matrix transposed where that is asked for. */
static void add_tensor(const sngp_model *model, const char *tensor, const char *name,
                       bool transposed) {
  const sngp_parameter *p = sngp_parameter_find(&model->table, tensor);
  if (p == NULL) fail_msg("no tensor %s", tensor);
  const float *values = sngp_model_values(model, p);
  double *to = p->vector    ? add(name, 0, p->cols)
               : transposed ? add(name, p->cols, p->rows)
                            : add(name, p->rows, p->cols);
  for (int64_t i = 0; i < p->rows; i++)
    for (int64_t j = 0; j < p->cols; j++)
      to[transposed ? j * p->rows + i : i * p->cols + j] = (double)values[i * p->cols + j];
}

/* Pairs of a tensor and a name, NULL at the end. */
static void add_tensors(const sngp_model *model, const char *const (*names)[2], bool transposed) {
  for (; (*names)[0] != NULL; names++) add_tensor(model, (*names)[0], (*names)[1], transposed);
}

/* Adds A + `added` I. */
static void add_precision(const sngp_model *model, const char *name, double added) {
  const int64_t size = model->posterior.size;
  double *to = add(name, size, size);
  for (int64_t i = 0; i < size * size; i++)
    to[i] = model->posterior.precision[i] + (i % (size + 1) == 0 ? added : 0);
}

static sngp_import_config defaults(void) {
  sngp_import_config config;
  assert_ok(sngp_import_config_init(&config, sizeof config));
  return config;
}

static sngp_status import_made(const sngp_import_config *config, sngp_model **model) {
  unsigned char *bytes = NULL;
  size_t size = 0;
  *model = (sngp_model *)(uintptr_t)1;
  assert_ok(sngp_safetensors_write(NULL, 0, made.tensors, made.count, &bytes, &size));
  sngp_status status = sngp_model_from_arrays(bytes, size, config, model);
  sngp_release(bytes);
  assert_true((status == SNGP_OK) == (*model != NULL));
  return status;
}

/* A status that is no success leaves no model to free. */
static sngp_status refused(const sngp_import_config *config) {
  sngp_model *model = NULL;
  sngp_status status = import_made(config, &model);
  sngp_model_free(model);
  return status;
}

static void assert_same_model(const sngp_model *a, const sngp_model *b, double tolerance) {
  assert_int_equal(a->table.count, b->table.count);
  for (size_t i = 0; i < a->table.count; i++) {
    const sngp_parameter *p = &a->table.items[i], *q = &b->table.items[i];
    assert_string_equal(p->name, q->name);
    assert_true(p->rows == q->rows && p->cols == q->cols);
    double difference = largest_difference(sngp_model_values(a, p), sngp_model_values(b, q),
                                           (size_t)(p->rows * p->cols));
    if (!(difference <= tolerance)) fail_msg("%s differs by %g", p->name, difference);
  }
  assert_int_equal(a->posterior.size, b->posterior.size);
  for (int64_t i = 0; i < a->posterior.size * a->posterior.size; i++) {
    assert_close(a->posterior.precision[i], b->posterior.precision[i], 1e-9);
    assert_close(a->posterior.root[i], b->posterior.root[i], 1e-6);
  }
}

/* A model with a posterior and nothing left to choose from data. */
static sngp_model *create(sngp_model_config config) {
  sngp_model *model = create_model(&config);
  if (config.head == SNGP_HEAD_GAUSSIAN_PROCESS) give_posterior(model, 40, 3);
  return model;
}

static sngp_model_config network_config(void) {
  sngp_model_config config;
  assert_ok(sngp_model_config_init(&config, sizeof config));
  assert_ok(sngp_model_config_preset(&config, SNGP_PRESET_TUTORIAL));
  config.input_dim = 3;
  config.num_classes = 4;
  config.num_layers = 2;
  config.num_hidden = 5;
  config.num_random_features = 12;
  config.radius_scale = 1;
  return config;
}

static sngp_model_config head_config(void) {
  sngp_model_config config = network_config();
  config.backbone = SNGP_BACKBONE_NONE;
  config.input_dim = 7;
  return config;
}

static const char *const KERAS_NETWORK[][2] = {
    {"input.weight", "input_layer/kernel/.ATTRIBUTES/VARIABLE_VALUE"},
    {"input.bias", "input_layer/bias/.ATTRIBUTES/VARIABLE_VALUE"},
    {"block.0.weight", "dense_layers/0/w/.ATTRIBUTES/VARIABLE_VALUE"},
    {"block.0.bias", "dense_layers/0/layer/bias/.ATTRIBUTES/VARIABLE_VALUE"},
    {"block.0.u", "dense_layers/0/u/.ATTRIBUTES/VARIABLE_VALUE"},
    {"block.0.v", "dense_layers/0/v/.ATTRIBUTES/VARIABLE_VALUE"},
    {"block.1.weight", "dense_layers/1/layer/kernel:0"},
    {"block.1.bias", "dense_layers/1/layer/bias:0"},
    {"block.1.u", "dense_layers/1/u:0"},
    {"block.1.v", "dense_layers/1/v:0"},
    {"features.weight", "classifier/_random_feature/kernel/.ATTRIBUTES/VARIABLE_VALUE"},
    {"features.bias", "classifier/_random_feature/bias/.ATTRIBUTES/VARIABLE_VALUE"},
    {"output.weight", "classifier/_gp_output_layer/kernel/.ATTRIBUTES/VARIABLE_VALUE"},
    {"output.bias", "classifier/_gp_output_bias/.ATTRIBUTES/VARIABLE_VALUE"},
    {NULL, NULL}};

static void add_keras_network(const sngp_model *model) {
  begin();
  add_tensors(model, KERAS_NETWORK, false);
  add_precision(model, "classifier/_gp_cov_layer/gp_precision_matrix", model->config.ridge);
}

static void names_of_keras_checkpoints(void **unused) {
  (void)unused;
  sngp_model *model = create(network_config()), *imported = NULL;
  sngp_import_config config = defaults();
  config.rows = 40;
  add_keras_network(model);
  double *precision = made.values[made.count - 1]; /* a matrix that is not quite symmetric */
  precision[1] += 0.25;
  precision[model->posterior.size] -= 0.25;
  *add("optimizer/iter/.ATTRIBUTES/VARIABLE_VALUE", 0, 1) = 7;
  *add("input_layer/kernel/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE", 0, 1) = 7;
  *add("save_counter/.ATTRIBUTES/VARIABLE_VALUE", 0, 1) = 7;
  assert_ok(import_made(&config, &imported));
  assert_same_model(imported, model, 0);
  assert_int_equal(imported->posterior.rows, 40);
  assert_true(imported->posterior.current);
  assert_true(imported->config.spectral_norm_bound == 0.9);
  sngp_model_free(imported);
  sngp_model_free(model);
}

/* Under PyTorch's spectral normalisation a weight is kept as it was, and divided by u^T W v when it
   is used: here 2.5 times a weight whose u^T W v is known. */
static void add_torch_block(const sngp_model *model, int block, const char *weight, const char *u,
                            const char *v) {
  char name[NAME_SIZE];
  snprintf(name, sizeof name, "block.%d.weight", block);
  add_tensor(model, name, weight, true);
  for (int i = 0; i < 25; i++) made.values[made.count - 1][i] *= 2.5;
  double *left = add(u, 0, 5), *right = add(v, 0, 5);
  for (int i = 0; i < 5; i++) left[i] = 0.3 - 0.1 * i, right[i] = 0.2 + 0.1 * i * i;
}

static void divide_block(sngp_model *model, const char *name) {
  const sngp_parameter *p = sngp_parameter_find(&model->table, name);
  float *w = sngp_model_values(model, p);
  double sigma = 0;
  for (int out = 0; out < 5; out++)
    for (int in = 0; in < 5; in++)
      sigma += (0.3 - 0.1 * out) * (double)w[in * 5 + out] * (0.2 + 0.1 * in * in);
  for (int i = 0; i < 25; i++) w[i] = (float)((double)w[i] / sigma);
}

static void names_of_torch_networks(void **unused) {
  (void)unused;
  static const char *const NAMES[][2] = {{"input.weight", "projection.weight"},
                                         {"input.bias", "projection.bias"},
                                         {"block.0.bias", "blocks.0.bias"},
                                         {"block.1.bias", "blocks.1.bias"},
                                         {"features.weight", "head.features.weight"},
                                         {"features.bias", "head.features.bias"},
                                         {"output.weight", "head.output.weight"},
                                         {"output.bias", "head.output.bias"},
                                         {NULL, NULL}};
  static const char *const TENSORS[] = {"input.weight", "input.bias"};
  static const char *const ARRAYS[] = {"projection.weight", "projection.bias"};
  sngp_model *model = create(network_config()), *imported = NULL;
  sngp_import_config config = defaults();
  begin();
  add_tensors(model, NAMES, true);
  add_torch_block(model, 0, "blocks.0.weight_orig", "blocks.0.weight_u", "blocks.0.weight_v");
  add_torch_block(model, 1, "blocks.1.parametrizations.weight.original",
                  "blocks.1.parametrizations.weight.0._u", "blocks.1.parametrizations.weight.0._v");
  add_precision(model, "head.precision_matrix", 0);
  config.ridge_in_precision = 0;
  assert_fails(refused(&config), SNGP_ERROR_FORMAT,
               "no array was found for input.weight, input.bias",
               "not used: projection.bias, projection.weight");
  config.tensors = TENSORS;
  config.arrays = ARRAYS;
  config.num_names = 2;
  assert_ok(import_made(&config, &imported));
  assert_true(imported->config.spectral_norm_bound == 1);
  divide_block(model, "block.0.weight");
  divide_block(model, "block.1.weight");
  for (int block = 0; block < 2; block++) /* not the model's own */
    for (const char *part = "uv"; *part != '\0'; part++) {
      char name[NAME_SIZE];
      float values[5];
      snprintf(name, sizeof name, "block.%d.%c", block, *part);
      assert_ok(sngp_model_get_parameter(imported, name, values, 5));
      memcpy(sngp_model_values(model, sngp_parameter_find(&model->table, name)), values,
             sizeof values);
    }
  assert_same_model(imported, model, 1e-6);
  sngp_model_free(imported);
  sngp_model_free(model);
}

/* Square matrices lie as the names or the configuration say. */
static void layouts_of_square_matrices(void **unused) {
  (void)unused;
  sngp_model_config square = head_config();
  square.input_dim = square.num_random_features = 6;
  sngp_model *model = create(square), *imported = NULL;
  static const char *const PLAIN[][2] = {{"features.weight", "features.weight"},
                                         {"features.bias", "features.bias"},
                                         {"output.weight", "output.weight"},
                                         {"output.bias", "output.bias"},
                                         {NULL, NULL}};
  sngp_import_config config = defaults();
  begin();
  add_tensors(model, PLAIN, true);
  add_precision(model, "precision_matrix", 1);
  assert_ok(import_made(&config, &imported));
  assert_same_model(imported, model, 0);
  sngp_model_free(imported);
  config.layout = SNGP_LAYOUT_KERAS;
  assert_ok(import_made(&config, &imported));
  assert_true(sngp_model_values(imported, &model->table.items[0])[1] !=
              sngp_model_values(model, &model->table.items[0])[1]);
  sngp_model_free(imported);
  begin();
  add_tensors(model, PLAIN, false);
  add_precision(model, "precision_matrix", 1);
  assert_ok(import_made(&config, &imported));
  assert_same_model(imported, model, 0);
  sngp_model_free(imported);
  sngp_model_free(model);
}

/* A head's tensors under their own names: what it consists of is found. */
static void assert_head(sngp_model_config config, const char *settings, const char *prefix) {
  sngp_model *model = create(config), *imported = NULL;
  sngp_import_config import = defaults();
  char name[NAME_SIZE];
  begin();
  for (size_t i = 0; i < model->table.count; i++) {
    snprintf(name, sizeof name, "%s%s", prefix, model->table.items[i].name);
    add_tensor(model, model->table.items[i].name, name, true);
  }
  if (model->posterior.size > 0) add_precision(model, "posterior.precision", model->config.ridge);
  import.settings = settings;
  assert_ok(import_made(&import, &imported));
  assert_int_equal(imported->config.backbone, SNGP_BACKBONE_NONE);
  assert_int_equal(imported->config.input_dim, config.input_dim);
  assert_int_equal(imported->config.normalize_input, config.normalize_input);
  assert_same_model(imported, model, 0);
  sngp_model_free(imported);
  sngp_model_free(model);
}

static void heads_alone(void **unused) {
  (void)unused;
  sngp_model_config config = head_config();
  assert_head(config, NULL, "");
  assert_head(config, NULL, "classifier.");
  config.normalize_input = SNGP_NORMALIZE_LAYER_NORM;
  assert_head(config, NULL, "head.");
  config.normalize_input = SNGP_NORMALIZE_RADIUS;
  assert_head(config, "{\"normalize_input\": \"radius\"}", "");
  config.gp_input_dim = 3;
  assert_head(config, NULL, ""); /* the projection's size tells */
  config.normalize_input = SNGP_NORMALIZE_STANDARD;
  assert_head(config, "{\"normalize_input\": \"standard\"}", "");
  config.kernel = SNGP_KERNEL_LINEAR;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  assert_head(config, "{\"kernel\": \"linear\", \"head\": \"gaussian_process\"}", "");
  config = head_config();
  config.kernel_scaling = SNGP_KERNEL_SCALING_ARD;
  config.kernel = SNGP_KERNEL_MATERN_32;
  assert_head(config, "{\"kernel_scaling\": \"ard\", \"kernel\": \"matern_32\"}", "");
  config = head_config();
  config.standardize_inputs = 1;
  assert_head(config, NULL, "");
  config = head_config();
  config.head = SNGP_HEAD_DENSE;
  assert_head(config, NULL, "classifier.");
}

/* One output is the logit of the second of two classes; other tasks are set. */
static void tasks(void **unused) {
  (void)unused;
  sngp_model_config config = head_config();
  config.num_classes = 2;
  config.likelihood = SNGP_LIKELIHOOD_BINARY_LOGISTIC;
  assert_head(config, NULL, "");
  config.likelihood = SNGP_LIKELIHOOD_GAUSSIAN;
  config.num_classes = 0;
  config.num_targets = 3;
  config.task = SNGP_TASK_MULTI_LABEL;
  assert_head(config, "{\"task\": \"multi_label\"}", "");
  config.task = SNGP_TASK_REGRESSION;
  assert_head(config, "{\"task\": \"regression\"}", "");
  config.standardize_targets = 0;
  assert_head(config, "{\"task\": \"regression\"}", "");
}

/* The radius of a network's hidden units is one more input of the features. */
static void a_network_with_the_radius(void **unused) {
  (void)unused;
  sngp_model_config config = network_config();
  config.normalize_input = SNGP_NORMALIZE_RADIUS;
  sngp_model *model = create(config), *imported = NULL;
  sngp_import_config import = defaults();
  add_keras_network(model);
  assert_ok(import_made(&import, &imported));
  assert_same_model(imported, model, 0);
  assert_int_equal(imported->config.normalize_input, SNGP_NORMALIZE_RADIUS);
  sngp_model_free(imported);
  sngp_model_free(model);
}

/* Without a precision matrix: the posterior of no data. A ridge other than the default. */
static void settings_and_the_prior(void **unused) {
  (void)unused;
  sngp_model *model = create(network_config()), *imported = NULL;
  sngp_import_config config = defaults();
  begin();
  add_tensors(model, KERAS_NETWORK, false);
  config.settings =
      "{\"ridge\": 0.1, \"kernel_scale\": 4, \"class_names\": [\"a\", \"b\", \"c\","
      " \"d\"], \"seed\": 3}";
  assert_ok(import_made(&config, &imported));
  assert_true(imported->config.ridge == 0.1 && imported->config.kernel_scale == 4);
  assert_string_equal(imported->config.class_names[3], "d");
  assert_true(imported->posterior.precision[0] == 0 && imported->posterior.root[0] == 1);
  sngp_model_free(imported);
  config.settings = NULL;
  config.preset = SNGP_PRESET_EDWARD2;
  assert_ok(import_made(&config, &imported));
  assert_true(imported->config.ridge == 1e-6);
  assert_int_equal(imported->config.normalize_input, SNGP_NORMALIZE_NONE);
  sngp_model_free(imported);
  sngp_model_free(model);
}

static void states_that_are_not_right(void **unused) {
  (void)unused;
  sngp_model *model = create(network_config());
  sngp_import_config config = defaults();
  add_keras_network(model);
  add("batch_norm/gamma", 0, 5);
  assert_fails(refused(&config), SNGP_ERROR_FORMAT, "left over", "batch_norm.gamma");
  config.ignore_unused = 1;
  assert_ok(refused(&config));
  add("dense_layers.0.bias", 0, 5);
  assert_fails(refused(&config), SNGP_ERROR_FORMAT,
               "dense_layers.0.bias and dense_layers.0.layer.bias could both be meant for "
               "block.0.bias");
  add("batch_norm.gamma", 0, 5);
  assert_fails(refused(&config), SNGP_ERROR_FORMAT, "two arrays batch_norm.gamma");

  add_keras_network(model);
  made.tensors[12].shape[0]--;
  assert_fails(refused(&config), SNGP_ERROR_FORMAT,
               "output.weight: classifier._gp_output_layer.kernel is (11, 4), but must be (12, 4)");
  add_keras_network(model);
  made.tensors[3].shape[0]--;
  assert_fails(refused(&config), SNGP_ERROR_FORMAT,
               "block.0.bias: dense_layers.0.layer.bias is (4), but must have 5 values");
  add_keras_network(model);
  made.values[5][3] = (double)NAN;
  assert_fails(refused(&config), SNGP_ERROR_FORMAT, "dense_layers.0.v: element 3 is nan");
  made.values[5][3] = 1e300;
  assert_fails(refused(&config), SNGP_ERROR_FORMAT, "beyond the range of a float");
  add_keras_network(model);
  made.tensors[1].shape[0] = 0;
  assert_fails(refused(&config), SNGP_ERROR_FORMAT, "is empty");
  add_keras_network(model);
  made.tensors[13].dtype = "BOOL";
  assert_fails(refused(&config), SNGP_ERROR_UNSUPPORTED, "dtype BOOL");
  begin();
  assert_fails(refused(&config), SNGP_ERROR_FORMAT,
               "no array was found for output.weight, output.bias; arrays not used: none");
  sngp_model_free(model);
}

static void configurations_that_do_not_fit(void **unused) {
  (void)unused;
  sngp_model *model = create(network_config());
  const char *const settings[][2] = {
      {"{\"num_hidden\": 6}", "num_hidden is set to 6, but the arrays have 5"},
      {"{\"nonsense\": 6}", "\"nonsense\", which is not known"},
      {"{\"ridge\": -1}", "ridge is -1"},
      {"{\"kernel_scale\": 0}", "kernel_scale is not known"},
      {"{\"standardize_inputs\": true}", "no array was found for input_scaling.mean"},
      {"{\"normalize_input\": \"layer_norm\"}", "no array was found for layer_norm.scale"},
      {"{\"class_names\": [\"a\"]}", "class_names has 1 names instead of 4"},
      {"[]", "settings"},
      {"{\"head\": \"dense\"}", "output.weight: classifier._gp_output_layer.kernel is (12, 4)"}};
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    sngp_import_config config = defaults();
    config.settings = settings[i][0];
    add_keras_network(model);
    sngp_status status = refused(&config);
    if (status == SNGP_OK || strstr(sngp_last_error(), settings[i][1]) == NULL)
      fail_msg("%s: %d, %s", settings[i][0], status, sngp_last_error());
  }

  sngp_import_config config = defaults();
  config.ridge_in_precision = 900;
  assert_fails(refused(&config), SNGP_ERROR_FORMAT, "less than the 900", "ridge_in_precision");
  config = defaults();
  const char *tensors[] = {"layer_norm.scale"}, *arrays[] = {"input_layer/bias:0"};
  config.tensors = tensors;
  config.arrays = arrays;
  config.num_names = 1;
  assert_fails(refused(&config), SNGP_ERROR_FORMAT, "no array was found for input.bias");
  arrays[0] = "nothing";
  assert_fails(refused(&config), SNGP_ERROR_FORMAT, "no array has the name nothing");
  tensors[0] = "input.nonsense";
  *add("spare", 0, 1) = 0;
  arrays[0] = "spare";
  assert_fails(refused(&config), SNGP_ERROR_FORMAT, "spare is given to input.nonsense");
  config = defaults();
  config.rows = 3;
  begin();
  add_tensors(model, KERAS_NETWORK, false);
  assert_fails(refused(&config), SNGP_ERROR_INVALID_ARGUMENT, "rows is 3");
  sngp_model_free(model);
}

/* What the exported function checks. */
static void arguments(void **unused) {
  (void)unused;
  sngp_model *model = NULL;
  sngp_import_config config = defaults();
  const char *const tensors[] = {"input.bias", "input.bias"}, *const arrays[] = {"a", "b"};
  assert_fails(sngp_import_config_init(NULL, sizeof config), SNGP_ERROR_INVALID_ARGUMENT, "NULL");
  assert_fails(sngp_model_import("a", NULL, NULL), SNGP_ERROR_INVALID_ARGUMENT, "model is NULL");
  assert_fails(sngp_model_import(NULL, NULL, &model), SNGP_ERROR_INVALID_ARGUMENT, "path is NULL");
  assert_fails(sngp_model_import("/no/such.npz", NULL, &model), SNGP_ERROR_READ, "/no/such.npz");
  config.layout = 3;
  assert_fails(sngp_model_import("a", &config, &model), SNGP_ERROR_INVALID_ARGUMENT, "layout is 3");
  config = defaults();
  config.preset = 77;
  assert_fails(sngp_model_import("a", &config, &model), SNGP_ERROR_INVALID_ARGUMENT, "77");
  config = defaults();
  config.rows = -1;
  assert_fails(sngp_model_import("a", &config, &model), SNGP_ERROR_INVALID_ARGUMENT, "rows is -1");
  config = defaults();
  config.ignore_unused = 2;
  assert_fails(sngp_model_import("a", &config, &model), SNGP_ERROR_INVALID_ARGUMENT, "unused is 2");
  config = defaults();
  config.ridge_in_precision = (double)NAN;
  assert_fails(sngp_model_import("a", &config, &model), SNGP_ERROR_INVALID_ARGUMENT, "nan");
  config = defaults();
  config.num_names = 2;
  assert_fails(sngp_model_import("a", &config, &model), SNGP_ERROR_INVALID_ARGUMENT, "tensors");
  config.tensors = tensors;
  config.arrays = arrays;
  assert_fails(sngp_model_import("a", &config, &model), SNGP_ERROR_INVALID_ARGUMENT,
               "input.bias is given both a and b");
  assert_fails(sngp_model_import(SNGP_TEST_REFERENCE "/spectral_norm.safetensors", NULL, &model),
               SNGP_ERROR_FORMAT, "spectral_norm.safetensors: ");
}

/* Every way of cutting a file short, and every byte of it changed: an error with a message, or
   another model that is whole. */
static void try_damaged(const unsigned char *bytes, size_t size) {
  const sngp_import_config config = defaults();
  sngp_model *model = NULL;
  unsigned char *copy = malloc(size);
  assert_non_null(copy);
  for (size_t length = 0; length < size; length++) {
    unsigned char *part = malloc(length > 0 ? length : 1); /* so that reading on is noticed */
    assert_non_null(part);
    memcpy(part, bytes, length);
    assert_int_not_equal(sngp_model_from_arrays(part, length, &config, &model), SNGP_OK);
    assert_null(model);
    free(part);
  }
  for (size_t i = 0; i < size; i++) {
    static const unsigned char CHANGES[] = {0x01, 0x80, 0xff};
    for (size_t j = 0; j < sizeof CHANGES; j++) {
      memcpy(copy, bytes, size);
      copy[i] ^= CHANGES[j];
      sngp_status status = sngp_model_from_arrays(copy, size, &config, &model);
      assert_true((status == SNGP_OK) == (model != NULL));
      assert_true(status == SNGP_OK || status == SNGP_ERROR_FORMAT ||
                  status == SNGP_ERROR_UNSUPPORTED || status == SNGP_ERROR_NUMERICAL);
      sngp_model_free(model);
    }
  }
  free(copy);
}

static void damaged_files(void **unused) {
  (void)unused;
  unsigned char *bytes = NULL;
  size_t size = 0;
  assert_ok(sngp_file_read(SNGP_TEST_REFERENCE "/imported_head.npz", &bytes, &size));
  try_damaged(bytes, size);
  sngp_release(bytes);
  sngp_model_config config = head_config();
  config.num_random_features = 5;
  sngp_model *model = create(config);
  begin();
  for (size_t i = 0; i < model->table.count; i++)
    add_tensor(model, model->table.items[i].name, model->table.items[i].name, true);
  add_precision(model, "posterior.precision", 1);
  assert_ok(sngp_safetensors_write(NULL, 0, made.tensors, made.count, &bytes, &size));
  try_damaged(bytes, size);
  sngp_release(bytes);
  sngp_model_free(model);
}

/* A model file is none of another library's. */
static void model_files_are_refused(void **unused) {
  (void)unused;
  sngp_model *model = create(network_config()), *imported = NULL;
  const sngp_import_config config = defaults();
  void *bytes = NULL;
  int64_t size = 0;
  assert_ok(sngp_model_save_buffer(model, &bytes, &size));
  assert_fails(sngp_model_from_arrays(bytes, (size_t)size, &config, &imported), SNGP_ERROR_FORMAT,
               "a model file already");
  sngp_buffer_free(bytes);
  sngp_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_of_keras_checkpoints),
      cmocka_unit_test(names_of_torch_networks),
      cmocka_unit_test(layouts_of_square_matrices),
      cmocka_unit_test(heads_alone),
      cmocka_unit_test(tasks),
      cmocka_unit_test(a_network_with_the_radius),
      cmocka_unit_test(settings_and_the_prior),
      cmocka_unit_test(states_that_are_not_right),
      cmocka_unit_test(configurations_that_do_not_fit),
      cmocka_unit_test(arguments),
      cmocka_unit_test(damaged_files),
      cmocka_unit_test(model_files_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
