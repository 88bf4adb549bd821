#include "io/import_config.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/import_names.h"
#include "io/import_read.h"
#include "io/json_text.h"
#include "io/model_config_json.h"
#include "model/model.h"
#include "model/sizes.h"

/* What stands for a size that no array says, until the missing arrays have been listed. */
enum { PLACEHOLDER = 2 };

/* A configuration in the making. */
typedef struct {
  const sngp_import_state *state;
  const json_t *settings;
  sngp_model_config *config;
  bool incomplete; /* some size is a placeholder */
} deduction;

static bool is_set_to(const deduction *d, const char *key, const char *value) {
  const char *text = json_string_value(json_object_get(d->settings, key));
  return text != NULL && strcmp(text, value) == 0;
}

static sngp_status has_any(const deduction *d, const char *const *tensors, bool *any) {
  *any = false;
  for (int i = 0; tensors[i] != NULL && !*any; i++)
    SNGP_TRY(sngp_import_has(d->state, tensors[i], any));
  return SNGP_OK;
}

static sngp_status count_elements(const deduction *d, const char *tensor, int64_t *count) {
  sngp_array array = {0};
  SNGP_TRY(sngp_import_measure(d->state, tensor, &array));
  *count = array.count;
  return SNGP_OK;
}

/* Sets a size; 0 is none. */
static void take_size(deduction *d, int64_t found, int64_t *size) {
  if (found < 1) d->incomplete = true;
  *size = found < 1 ? PLACEHOLDER : found;
}

static sngp_status find_parts(deduction *d) {
  static const char *const OF_BACKBONE[] = {"input.weight", "input.bias", "block.0.weight",
                                            "block.0.bias", NULL};
  static const char *const OF_PROCESS[] = {"features.weight", "features.bias", "layer_norm.scale",
                                           "posterior.precision", NULL};
  bool backbone = false, process = false;
  SNGP_TRY(has_any(d, OF_BACKBONE, &backbone));
  SNGP_TRY(has_any(d, OF_PROCESS, &process));
  process = (process || is_set_to(d, "head", "gaussian_process")) && !is_set_to(d, "head", "dense");
  d->config->backbone = backbone ? SNGP_BACKBONE_RESIDUAL : SNGP_BACKBONE_NONE;
  d->config->head = process ? SNGP_HEAD_GAUSSIAN_PROCESS : SNGP_HEAD_DENSE;
  bool standardized = false;
  SNGP_TRY(sngp_import_has(d->state, "input_scaling.mean", &standardized));
  d->config->standardize_inputs = standardized;
  return SNGP_OK;
}

/* Blocks, and what their weights are divided by. */
static sngp_status find_blocks(deduction *d) {
  char name[SNGP_IMPORT_NAME_SIZE];
  int64_t blocks = 0;
  for (bool more = true; more; blocks += more) {
    snprintf(name, sizeof name, "block.%lld.weight", (long long)blocks);
    SNGP_TRY(sngp_import_has(d->state, name, &more));
  }
  d->config->num_layers = blocks;
  bool u = false, v = false;
  sngp_import_entry *raw = NULL;
  SNGP_TRY(sngp_import_has(d->state, "block.0.u", &u));
  SNGP_TRY(sngp_import_has(d->state, "block.0.v", &v));
  SNGP_TRY(sngp_import_find_raw_weight(d->state, 0, &raw));
  if (raw != NULL)
    d->config->spectral_norm_bound = 1; /* PyTorch always divides by the largest singular value */
  else if (!u || !v)
    d->config->spectral_norm_bound = 0;
  return SNGP_OK;
}

static sngp_status find_backbone(deduction *d) {
  sngp_model_config *config = d->config;
  int64_t inputs = 0, hidden = 0;
  SNGP_TRY(find_blocks(d));
  SNGP_TRY(count_elements(d, "input.bias", &hidden));
  SNGP_TRY(count_elements(d, "input.weight", &inputs));
  take_size(d, hidden, &config->num_hidden);
  take_size(d, inputs / config->num_hidden, &config->input_dim);
  return SNGP_OK;
}

/* The projection's columns; it has as many rows as its other side. */
static sngp_status find_projection(deduction *d, int64_t head_inputs, int64_t *rows) {
  sngp_array array = {0};
  *rows = 0;
  SNGP_TRY(sngp_import_measure(d->state, "projection.weight", &array));
  if (array.count == 0 || array.rank != 2) return SNGP_OK;
  int64_t columns = head_inputs;
  const bool fits = array.shape[0] == columns || array.shape[1] == columns;
  const bool one_less = array.shape[0] == columns - 1 || array.shape[1] == columns - 1;
  if (!fits && one_less) columns--; /* the radius is the last of the head's inputs */
  take_size(d, columns, &d->config->gp_input_dim);
  *rows = array.count / d->config->gp_input_dim;
  return SNGP_OK;
}

/* From the columns that the features take, how they are normalised and how many the network gives;
   one more than it gives means the radius. */
static sngp_status find_head_input(deduction *d, int64_t head_inputs) {
  sngp_model_config *config = d->config;
  bool layer_norm = false;
  int64_t projection_rows = 0;
  SNGP_TRY(sngp_import_has(d->state, "layer_norm.scale", &layer_norm));
  SNGP_TRY(find_projection(d, head_inputs, &projection_rows));
  int64_t given = config->backbone == SNGP_BACKBONE_RESIDUAL ? config->num_hidden : head_inputs;
  if (config->gp_input_dim > 0)
    given = config->gp_input_dim;
  else if (given == head_inputs && is_set_to(d, "normalize_input", "radius"))
    given--;
  if (config->backbone == SNGP_BACKBONE_NONE)
    take_size(d, config->gp_input_dim > 0 ? projection_rows : given, &config->input_dim);
  if (layer_norm)
    config->normalize_input = SNGP_NORMALIZE_LAYER_NORM;
  else if (given == head_inputs - 1)
    config->normalize_input = SNGP_NORMALIZE_RADIUS;
  else if (config->normalize_input != SNGP_NORMALIZE_STANDARD) /* a preset's, without arrays */
    config->normalize_input = SNGP_NORMALIZE_NONE;
  return SNGP_OK;
}

/* From the number of outputs, which are classes where the settings do not have another task. One
   output alone is the logit of the second of two classes. */
static sngp_status find_task(deduction *d, int64_t *outputs) {
  sngp_model_config *config = d->config;
  int64_t found = 0;
  bool scaled = false;
  SNGP_TRY(count_elements(d, "output.bias", &found));
  take_size(d, found, outputs);
  SNGP_TRY(sngp_import_has(d->state, "target_scaling.mean", &scaled));
  config->standardize_targets = scaled;
  if (is_set_to(d, "task", "regression"))
    config->task = SNGP_TASK_REGRESSION;
  else if (is_set_to(d, "task", "multi_label"))
    config->task = SNGP_TASK_MULTI_LABEL;
  if (config->task != SNGP_TASK_CLASSIFICATION) {
    config->num_targets = *outputs;
    return SNGP_OK;
  }
  config->num_classes = *outputs;
  if (*outputs > 1) return SNGP_OK;
  config->num_classes = 2;
  config->likelihood = SNGP_LIKELIHOOD_BINARY_LOGISTIC;
  return SNGP_OK;
}

static sngp_status find_head(deduction *d) {
  sngp_model_config *config = d->config;
  int64_t outputs = 0, output_weights = 0, features = 0, feature_weights = 0, inputs = 0;
  SNGP_TRY(find_task(d, &outputs));
  SNGP_TRY(count_elements(d, "output.weight", &output_weights));
  take_size(d, output_weights / outputs, &inputs);
  if (config->head == SNGP_HEAD_DENSE) {
    if (config->backbone == SNGP_BACKBONE_NONE) config->input_dim = inputs;
    return SNGP_OK;
  }
  if (is_set_to(d, "kernel", "linear")) return find_head_input(d, inputs);
  SNGP_TRY(count_elements(d, "features.bias", &features));
  take_size(d, features, &config->num_random_features);
  SNGP_TRY(count_elements(d, "features.weight", &feature_weights));
  take_size(d, feature_weights / config->num_random_features, &inputs);
  return find_head_input(d, inputs);
}

/* Everything that the arrays say. */
static sngp_status deduce(deduction *d) {
  *d->config = sngp_model_config_default(d->state->config->preset);
  d->config->radius_scale = 1;
  SNGP_TRY(find_parts(d));
  if (d->config->backbone == SNGP_BACKBONE_RESIDUAL) SNGP_TRY(find_backbone(d));
  return find_head(d);
}

/* Marks the array of a tensor as used, or lists the tensor as missing, where that is a list. */
static sngp_status look_for(const sngp_import_state *state, const char *tensor,
                            sngp_import_list *missing) {
  sngp_import_entry *entry = NULL;
  const int64_t block = sngp_import_block_of_weight(tensor);
  SNGP_TRY(sngp_import_find(state, tensor, &entry));
  if (entry == NULL && block >= 0) SNGP_TRY(sngp_import_find_raw_weight(state, block, &entry));
  if (entry != NULL)
    entry->used = true;
  else if (missing != NULL)
    sngp_import_list_add(missing, tensor);
  return SNGP_OK;
}

/* Whether there is an array for each tensor of a configuration. */
static sngp_status check_complete(const sngp_import_state *state, const sngp_model_config *config) {
  sngp_parameter_table table = {0};
  sngp_import_list missing = {0};
  SNGP_TRY(sngp_parameter_table_create(config, &table));
  sngp_status status = SNGP_OK;
  for (size_t i = 0; i < table.count && status == SNGP_OK; i++)
    status = look_for(state, table.items[i].name, &missing);
  sngp_release(table.items);
  if (status == SNGP_OK && config->head == SNGP_HEAD_GAUSSIAN_PROCESS)
    status = look_for(state, "posterior.precision", NULL);
  if (status != SNGP_OK || missing.count == 0) return status;
  sngp_import_list unused = sngp_import_unused(state);
  return sngp_fail(SNGP_ERROR_FORMAT, "no array was found for %s; arrays not used: %s",
                   sngp_import_list_text(&missing), sngp_import_list_text(&unused));
}

static sngp_status check_tensors_given(const sngp_import_state *state,
                                       const sngp_model_config *config) {
  sngp_parameter_table table = {0};
  sngp_status status = SNGP_OK;
  SNGP_TRY(sngp_parameter_table_create(config, &table));
  const bool process = config->head == SNGP_HEAD_GAUSSIAN_PROCESS;
  for (int64_t i = 0; i < state->config->num_names && status == SNGP_OK; i++) {
    const char *tensor = state->config->tensors[i];
    if (sngp_parameter_find(&table, tensor) == NULL &&
        !(process && strcmp(tensor, "posterior.precision") == 0))
      status = sngp_fail(SNGP_ERROR_FORMAT,
                         "%s is given to %s, but the model has no such tensor to be imported",
                         state->config->arrays[i], tensor);
  }
  sngp_release(table.items);
  return status;
}

/* A setting cannot change what the arrays say. */
static sngp_status check_size(const char *key, int64_t found, int64_t set) {
  if (found == set) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_FORMAT, "%s is set to %lld, but the arrays have %lld", key,
                   (long long)set, (long long)found);
}

static sngp_status check_sizes(const sngp_model_config *found, const sngp_model_config *set) {
  SNGP_TRY(check_size("input_dim", found->input_dim, set->input_dim));
  SNGP_TRY(check_size("num_classes", found->num_classes, set->num_classes));
  SNGP_TRY(check_size("num_targets", found->num_targets, set->num_targets));
  SNGP_TRY(check_size("num_layers", found->num_layers, set->num_layers));
  SNGP_TRY(check_size("num_hidden", found->num_hidden, set->num_hidden));
  SNGP_TRY(check_size("num_random_features", found->num_random_features, set->num_random_features));
  return check_size("gp_input_dim", found->gp_input_dim, set->gp_input_dim);
}

/* Puts the settings into an object that has every key of a configuration, and reads it. */
static sngp_status merge(const json_t *settings, const char *text, sngp_model_config *config) {
  json_t *object = NULL;
  char *merged = NULL;
  size_t length = 0;
  SNGP_TRY(sngp_json_parse("config", text, strlen(text), &object));
  sngp_status status = settings != NULL && json_object_update(object, (json_t *)settings) != 0
                           ? sngp_fail_memory("settings")
                           : sngp_json_print(object, &merged, &length);
  if (status == SNGP_OK) status = sngp_model_config_from_json(merged, config);
  sngp_release(merged);
  json_decref(object);
  return status;
}

static sngp_status apply(const json_t *settings, const sngp_model_config *found,
                         sngp_model_config *config) {
  char *text = NULL;
  SNGP_TRY(sngp_model_config_to_json(found, &text));
  sngp_status status = merge(settings, text, config);
  sngp_release(text);
  return status;
}

static sngp_status find_config(sngp_import_state *state, const json_t *settings,
                               sngp_model_config *config) {
  sngp_model_config found = {0};
  deduction d = {.state = state, .settings = settings, .config = &found};
  SNGP_TRY(deduce(&d));
  if (d.incomplete) {
    found.gp_input_dim = 0; /* nothing is known that a projection would fit */
    SNGP_TRY(check_complete(state, &found));
    return sngp_fail(SNGP_ERROR_FORMAT, "an array of the network is empty");
  }
  SNGP_TRY(apply(settings, &found, config));
  SNGP_TRY(check_sizes(&found, config));
  SNGP_TRY(sngp_model_config_check(config));
  SNGP_TRY(check_tensors_given(state, config));
  return check_complete(state, config);
}

sngp_status sngp_import_find_config(sngp_import_state *state, sngp_model_config *config) {
  const char *text = state->config->settings;
  json_t *settings = NULL;
  *config = (sngp_model_config){0};
  if (text != NULL) SNGP_TRY(sngp_json_parse("settings", text, strlen(text), &settings));
  sngp_status status = find_config(state, settings, config);
  json_decref(settings);
  return status;
}
