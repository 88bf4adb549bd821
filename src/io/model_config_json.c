#include "io/model_config_json.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "io/json_fields.h"
#include "io/json_text.h"
#include "model/model.h"

/* Begins messages about what a text holds. */
static const char WHAT[] = "config";

static const char *const TASKS[] = {"classification", "regression", "multi_label", NULL};
static const char *const BACKBONES[] = {"residual", "none", NULL};
static const char *const HEADS[] = {"dense", "gaussian_process", NULL};
static const char *const NORMALIZATIONS[] = {"none", "layer_norm", "radius", "standard", NULL};
static const char *const KERNELS[] = {"rbf",        "matern_32", "matern_52",
                                      "arc_cosine", "linear",    NULL};
static const char *const KERNEL_SCALINGS[] = {"fixed", "trained", "ard", NULL};
static const char *const LIKELIHOODS[] = {"gaussian", "binary_logistic", "poisson", "softmax",
                                          NULL};
static const char *const POSTERIORS[] = {"automatic", "shared", "per_output", "joint", NULL};

#define FIELD(name, kind, constants, required) \
  { #name, kind, offsetof(sngp_model_config, name), constants, required }
#define INTEGER(name) FIELD(name, SNGP_JSON_INTEGER, NULL, false)
#define REQUIRED_INTEGER(name) FIELD(name, SNGP_JSON_INTEGER, NULL, true)
#define NUMBER(name) FIELD(name, SNGP_JSON_NUMBER, NULL, false)
#define BOOLEAN(name) FIELD(name, SNGP_JSON_BOOLEAN, NULL, false)
#define CONSTANT(name, constants) FIELD(name, SNGP_JSON_CONSTANT, constants, false)
#define OTHER(name) FIELD(name, SNGP_JSON_OTHER, NULL, false)

/* Every field but struct_size, in the struct's order. Numbers are written first, names last. */
static const sngp_json_field FIELDS[] = {
    CONSTANT(task, TASKS),
    REQUIRED_INTEGER(input_dim),
    INTEGER(num_classes),
    CONSTANT(backbone, BACKBONES),
    CONSTANT(head, HEADS),
    INTEGER(num_layers),
    INTEGER(num_hidden),
    NUMBER(dropout_rate),
    NUMBER(spectral_norm_bound),
    INTEGER(power_iterations),
    BOOLEAN(train_input_layer),
    BOOLEAN(standardize_inputs),
    INTEGER(num_random_features),
    NUMBER(kernel_scale),
    NUMBER(radius_scale),
    NUMBER(random_feature_std),
    BOOLEAN(orthogonal_features),
    CONSTANT(normalize_input, NORMALIZATIONS),
    BOOLEAN(scale_random_features),
    CONSTANT(likelihood, LIKELIHOODS),
    NUMBER(ridge),
    NUMBER(covariance_momentum),
    NUMBER(l2_regularization),
    NUMBER(mean_field_factor),
    INTEGER(seed),
    OTHER(class_names),
    OTHER(feature_names),
    NUMBER(temperature),
    CONSTANT(kernel, KERNELS),
    CONSTANT(kernel_scaling, KERNEL_SCALINGS),
    INTEGER(gp_input_dim),
    NUMBER(output_bias),
    BOOLEAN(train_output_bias),
    INTEGER(num_targets),
    NUMBER(noise_variance),
    NUMBER(prior_variance),
    CONSTANT(posterior, POSTERIORS),
    BOOLEAN(standardize_targets),
    OTHER(target_names),
};
enum { NUM_FIELDS = sizeof FIELDS / sizeof *FIELDS };

/* Names are left out where there are none. */
static sngp_status write_names(json_t *object, const char *key, const char *const *names,
                               int64_t count) {
  if (names == NULL) return SNGP_OK;
  json_t *array = json_array();
  SNGP_TRY(sngp_json_set(object, key, array));
  for (int64_t i = 0; i < count; i++)
    if (json_array_append_new(array, json_string(names[i])) != 0) return sngp_fail_memory(key);
  return SNGP_OK;
}

static sngp_status write_config(const sngp_model_config *config, json_t *object) {
  SNGP_TRY(sngp_json_write_fields(FIELDS, NUM_FIELDS, config, object));
  SNGP_TRY(write_names(object, "class_names", config->class_names, config->num_classes));
  SNGP_TRY(write_names(object, "feature_names", config->feature_names, config->input_dim));
  return write_names(object, "target_names", config->target_names, config->num_targets);
}

sngp_status sngp_model_config_to_json(const sngp_model_config *config, char **text) {
  *text = NULL;
  size_t length = 0;
  json_t *object = json_object();
  sngp_status status = object == NULL ? sngp_fail_memory("JSON") : write_config(config, object);
  if (status == SNGP_OK) status = sngp_json_print(object, text, &length);
  json_decref(object);
  return status;
}

/* Points `borrowed` at the strings of an array. */
static sngp_status borrow_names(const char *key, const json_t *array, const char **borrowed) {
  size_t i;
  json_t *name;
  json_array_foreach(array, i, name) {
    borrowed[i] = json_string_value(name);
    if (borrowed[i] == NULL)
      return sngp_fail(SNGP_ERROR_FORMAT, "%s.%s[%zu] is not a string", WHAT, key, i);
  }
  return SNGP_OK;
}

static sngp_status read_names(const json_t *object, const char *key, int64_t count,
                              const char *const **names) {
  const json_t *array = json_object_get(object, key);
  if (array == NULL || json_is_null(array)) return SNGP_OK;
  size_t length = json_array_size(array);
  if (!json_is_array(array))
    return sngp_fail(SNGP_ERROR_FORMAT, "%s.%s is not an array", WHAT, key);
  if (count < 0 || (uint64_t)count != length)
    return sngp_fail(SNGP_ERROR_FORMAT, "%s.%s has %zu names instead of %lld", WHAT, key, length,
                     (long long)count);
  const char **borrowed = sngp_allocate(length, sizeof *borrowed);
  if (borrowed == NULL) return sngp_fail_memory(key);
  sngp_status status = borrow_names(key, array, borrowed);
  if (status == SNGP_OK) {
    *names = (const char *const *)sngp_copy_strings(borrowed, length);
    if (*names == NULL) status = sngp_fail_memory(key);
  }
  sngp_release((void *)borrowed);
  return status;
}

static sngp_status read_config(const json_t *object, sngp_model_config *config) {
  SNGP_TRY(sngp_json_read_fields(WHAT, FIELDS, NUM_FIELDS, object, config));
  SNGP_TRY(read_names(object, "class_names", config->num_classes, &config->class_names));
  SNGP_TRY(read_names(object, "feature_names", config->input_dim, &config->feature_names));
  return read_names(object, "target_names", config->num_targets, &config->target_names);
}

sngp_status sngp_model_config_from_json(const char *text, sngp_model_config *config) {
  *config = sngp_model_config_default(SNGP_PRESET_DEFAULT);
  json_t *object = NULL;
  SNGP_TRY(sngp_json_parse(WHAT, text, strlen(text), &object));
  sngp_status status = read_config(object, config);
  json_decref(object);
  if (status != SNGP_OK) sngp_model_config_release_names(config);
  return status;
}

void sngp_model_config_release_names(sngp_model_config *config) {
  sngp_release((void *)(uintptr_t)config->class_names);
  sngp_release((void *)(uintptr_t)config->feature_names);
  sngp_release((void *)(uintptr_t)config->target_names);
  config->class_names = config->feature_names = config->target_names = NULL;
}
