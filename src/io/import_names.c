#include "io/import_names.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* In patterns, (a|b|) stands for one of the texts in it and # for the number of a block. */
#define HEAD "(classifier.|head.|)"
#define BLOCK "(dense_layers|blocks|block).#."

static const char RAW_WEIGHT[] = BLOCK "(weight_orig|parametrizations.weight.original)";

/* Tensors that are not here have the one name of a model file, in the head or not. */
static const struct {
  const char *tensor, *pattern;
} NAMES[] = {
    {"input.weight", "(input_layer|input).(kernel|weight)"},
    {"input.bias", "(input_layer|input).bias"},
    {"block.#.weight", BLOCK "(layer.|)(kernel|weight|w)"},
    {"block.#.bias", BLOCK "(layer.|)bias"},
    {"block.#.u", BLOCK "(u|weight_u|parametrizations.weight.0._u)"},
    {"block.#.v", BLOCK "(v|weight_v|parametrizations.weight.0._v)"},
    {"projection.weight", HEAD "projection.(kernel|weight)"},
    {"layer_norm.scale", HEAD "(_input_norm_layer|layer_norm).(gamma|weight|scale)"},
    {"layer_norm.offset", HEAD "(_input_norm_layer|layer_norm).(beta|bias|offset)"},
    {"features.weight", HEAD "(_random_feature|features).(kernel|weight)"},
    {"features.bias", HEAD "(_random_feature|features).bias"},
    {"output.weight", HEAD "(_gp_output_layer.|output.|)(kernel|weight)"},
    {"output.bias", HEAD "(_gp_output_bias|_gp_output_layer.bias|output.bias|bias)"},
    {"posterior.precision",
     HEAD "(_gp_cov_layer.precision_matrix|_gp_cov_layer.gp_precision_matrix|"
          "covariance.precision_matrix|covariance.gp_precision_matrix|precision_matrix|"
          "gp_precision_matrix|posterior.precision)"},
};

enum { MOST_DIGITS = 24 };

static bool begins_with(const char *text, const char *beginning, size_t length) {
  return strncmp(text, beginning, length) == 0;
}

static bool matches(const char *pattern, int64_t block, const char *name);

/* `pattern` is behind a parenthesis. */
static bool matches_one_of(const char *pattern, int64_t block, const char *name) {
  const char *rest = strchr(pattern, ')') + 1;
  for (const char *text = pattern; text < rest;) {
    size_t length = strcspn(text, "|)");
    if (begins_with(name, text, length) && matches(rest, block, name + length)) return true;
    text += length + 1;
  }
  return false;
}

static bool matches(const char *pattern, int64_t block, const char *name) {
  char number[MOST_DIGITS];
  snprintf(number, sizeof number, "%lld", (long long)block);
  for (; *pattern != '\0'; pattern++) {
    if (*pattern == '(') return matches_one_of(pattern + 1, block, name);
    if (*pattern == '#') {
      if (!begins_with(name, number, strlen(number))) return false;
      name += strlen(number);
    } else if (*name++ != *pattern) {
      return false;
    }
  }
  return *name == '\0';
}

/* "block.3.weight" as "block.#.weight" and 3; other names stay as they are. */
static const char *generalize(const char *tensor, char *text, size_t size, int64_t *block) {
  static const char PREFIX[] = "block.";
  char *end = NULL;
  *block = -1;
  if (!begins_with(tensor, PREFIX, sizeof PREFIX - 1)) return tensor;
  *block = strtoll(tensor + sizeof PREFIX - 1, &end, 10);
  snprintf(text, size, "%s#%s", PREFIX, end);
  return text;
}

bool sngp_import_is_name_of(const char *tensor, const char *name) {
  enum { TEXT_SIZE = 64 };
  char text[TEXT_SIZE];
  int64_t block = -1;
  const char *general = generalize(tensor, text, sizeof text, &block);
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
    if (strcmp(NAMES[i].tensor, general) == 0) return matches(NAMES[i].pattern, block, name);
  snprintf(text, sizeof text, HEAD "%s", tensor);
  return matches(text, block, name);
}

int64_t sngp_import_block_of_weight(const char *tensor) {
  long long block = -1;
  int length = 0;
  if (sscanf(tensor, "block.%lld.weight%n", &block, &length) != 1 || length == 0) return -1;
  return tensor[length] == '\0' ? block : -1;
}

bool sngp_import_is_raw_weight(int64_t block, const char *name) {
  return matches(RAW_WEIGHT, block, name);
}

bool sngp_import_is_of_keras(const char *name) {
  static const char KERNEL[] = "kernel";
  const char *dot = strrchr(name, '.');
  return strcmp(dot != NULL ? dot + 1 : name, KERNEL) == 0;
}

bool sngp_import_is_of_model(const char *name) {
  static const char *const OTHERS[] = {"optimizer", ".optimizer", "save_counter",
                                       "keras_api", ".keras_api", "_CHECKPOINTABLE",
                                       NULL};
  for (const char *part = name; part != NULL; part = strchr(part, '/')) {
    part += *part == '/';
    for (int i = 0; OTHERS[i] != NULL; i++)
      if (strncasecmp(part, OTHERS[i], strlen(OTHERS[i])) == 0) return false;
  }
  return true;
}

void sngp_import_simplify(char *name) {
  static const char *const ADDED[] = {"/.ATTRIBUTES/VARIABLE_VALUE", ":0"};
  for (size_t i = 0; i < sizeof ADDED / sizeof *ADDED; i++) {
    size_t length = strlen(name), added = strlen(ADDED[i]);
    if (length > added && strcmp(name + length - added, ADDED[i]) == 0) name[length - added] = '\0';
  }
  for (char *c = name; *c != '\0'; c++)
    if (*c == '/') *c = '.';
}
