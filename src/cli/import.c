/* sngp import: a model file of the weights of a network that was trained elsewhere. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "sngp/sngp.h"

enum { MOST_PAIRS = 256 }; /* of an option that is given again and again */

typedef struct {
  const char *pairs[MOST_PAIRS]; /* NAME=VALUE */
  int count;
} pair_list;

typedef struct {
  const char *state, *out;
  pair_list settings, names;
  int64_t rows;
  double ridge_in_precision;
  int32_t preset, layout;
  bool ignore_unused, quiet, json;
} import_settings;

/* From the tutorial's on: a network that is imported has nothing left to choose from data. */
static const char *const presets[] = {"tutorial", "model-garden", "edward2", "edward2-jax", NULL};
static const char *const layouts[] = {"automatic", "keras", "torch", NULL};

static const char purpose[] =
    "Makes a model file of the arrays of a network that was trained in TensorFlow or\n"
    "PyTorch: the SNGP tutorial's residual network, or a Gaussian process head alone.\n"
    "STATE is a safetensors or .npz file; docs/import.md says how to write one, and which\n"
    "names are known. Sizes are found from the arrays.";

static const char examples[] =
    "  sngp import state.npz --rows 1000 --out model.safetensors\n"
    "  sngp import state.safetensors --map input.weight=stem.weight --map input.bias=stem.bias \\\n"
    "    --set ridge=0.1 --set 'class_names=[\"left\", \"right\"]' --out model.safetensors";

static bool check_pairs(pair_list *list, const char *option) {
  while (list->count < MOST_PAIRS && list->pairs[list->count] != NULL) list->count++;
  for (int i = 0; i < list->count; i++) {
    const char *equals = strchr(list->pairs[i], '=');
    if (equals != NULL && equals != list->pairs[i] && equals[1] != '\0') continue;
    cli_fail_usage("import", "--%s: '%s' is not of the form NAME=VALUE", option, list->pairs[i]);
    return false;
  }
  return true;
}

static cli_parse_result parse(import_settings *settings, int argc, char **argv) {
  import_settings *s = settings;
  *s = (import_settings){.ridge_in_precision = CLI_NOT_GIVEN};
  cli_option network[] = {
      {.name = "map",
       .value = "TENSOR=NAME",
       .kind = CLI_KIND_TEXT,
       .target = s->names.pairs,
       .most_times = MOST_PAIRS,
       .help = "the array NAME is that tensor of docs/model-format.md;\n"
               "may be given again and again"},
      {.name = "layout",
       .value = "WHICH",
       .kind = CLI_KIND_CHOICE,
       .target = &s->layout,
       .choices = layouts,
       .help = "of square matrices: keras, (in, out), or torch, (out, in);\n"
               "automatic, the default: found from the names"},
      {.name = "ignore-unused",
       .kind = CLI_KIND_FLAG,
       .target = &s->ignore_unused,
       .help = "pass over arrays that have no place in the model; without\n"
               "this they are an error that lists them"},
  };
  cli_option rest[] = {
      {.name = "set",
       .value = "KEY=VALUE",
       .kind = CLI_KIND_TEXT,
       .target = s->settings.pairs,
       .most_times = MOST_PAIRS,
       .help = "a setting by its key in docs/model-format.md, such as\n"
               "ridge=0.1; may be given again and again"},
      {.name = "preset",
       .value = "NAME",
       .kind = CLI_KIND_CHOICE,
       .target = &s->preset,
       .choices = presets,
       .help = "of what neither arrays nor settings say: tutorial, the\n"
               "default, model-garden, edward2 or edward2-jax"},
      {.name = "rows",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->rows,
       .help = "rows that the precision matrix was summed over"},
      {.name = "ridge-in-precision",
       .value = "X",
       .kind = CLI_KIND_REAL,
       .target = &s->ridge_in_precision,
       .help = "what the precision matrix has on its diagonal beside the\n"
               "sum over rows (default: the ridge)"},
  };
  cli_option output[] = {
      {.name = "out",
       .value = "FILE",
       .kind = CLI_KIND_TEXT,
       .target = &s->out,
       .help = "the model file to write (required)"},
      cli_json_option(&s->json),
      cli_quiet_option(&s->quiet),
  };
  cli_option_group groups[] = {
      {"The network", network, sizeof network / sizeof network[0]},
      {"What the arrays do not say", rest, sizeof rest / sizeof rest[0]},
      {"Output", output, sizeof output / sizeof output[0]},
  };
  cli_command command = {.name = "import",
                         .usage = "STATE --out FILE [OPTION]...",
                         .purpose = purpose,
                         .examples = examples,
                         .argument = "STATE",
                         .groups = groups,
                         .num_groups = sizeof groups / sizeof groups[0]};
  cli_parse_result result = cli_options_parse(&command, argc, argv, &s->state);
  if (result != CLI_PARSE_OK) return result;
  if (!check_pairs(&s->names, "map") || !check_pairs(&s->settings, "set")) return CLI_PARSE_ERROR;
  if (s->out == NULL) {
    cli_fail_usage(command.name, "--out is missing: the model file to write");
    return CLI_PARSE_ERROR;
  }
  return CLI_PARSE_OK;
}

/* What stands before the equals sign; NULL without memory. */
static char *key_of(const char *pair) { return strndup(pair, (size_t)(strchr(pair, '=') - pair)); }

static const char *value_of(const char *pair) { return strchr(pair, '=') + 1; }

/* A value of --set: JSON, or a text that need not be in quotes. */
static json_t *value_json(const char *text) {
  json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
  return value != NULL ? value : json_string(text);
}

/* The settings as one JSON document, to be freed. NULL: the reason has been reported. */
static char *settings_text(const pair_list *list) {
  json_t *object = json_object();
  char *text = NULL;
  bool good = object != NULL;
  for (int i = 0; good && i < list->count; i++) {
    char *key = key_of(list->pairs[i]);
    json_t *value = value_json(value_of(list->pairs[i]));
    good = key != NULL && json_object_set_new(object, key, value) == 0;
    free(key);
  }
  if (good) text = json_dumps(object, 0);
  if (text == NULL) cli_fail("--set: not valid UTF-8, or out of memory");
  json_decref(object);
  return text;
}

/* A model's tensors by arrays' names. */
typedef struct {
  const char *tensors[MOST_PAIRS], *arrays[MOST_PAIRS];
  char *keys[MOST_PAIRS]; /* owns the tensors */
} name_map;

static bool fill_map(const pair_list *list, name_map *map) {
  for (int i = 0; i < list->count; i++) {
    map->tensors[i] = map->keys[i] = key_of(list->pairs[i]);
    map->arrays[i] = value_of(list->pairs[i]);
    if (map->keys[i] != NULL) continue;
    cli_fail("out of memory for --map");
    return false;
  }
  return true;
}

static bool import_model(const import_settings *settings, const name_map *map, const char *text,
                         sngp_model **model) {
  sngp_import_config config;
  if (!cli_succeeded(sngp_import_config_init(&config, sizeof config))) return false;
  config.preset = SNGP_PRESET_TUTORIAL + settings->preset;
  config.settings = text;
  config.tensors = map->tensors;
  config.arrays = map->arrays;
  config.num_names = settings->names.count;
  config.rows = settings->rows;
  config.ridge_in_precision = settings->ridge_in_precision;
  config.layout = settings->layout;
  config.ignore_unused = settings->ignore_unused;
  return cli_succeeded(sngp_model_import(settings->state, &config, model));
}

static bool report(const import_settings *settings, const sngp_model *model) {
  if (settings->json) {
    return cli_json_print(
        json_pack("{s:o, s:s}", "parameters", cli_json_parameters(model), "out", settings->out));
  }
  if (settings->quiet) return true;
  sngp_model_config config;
  if (!cli_succeeded(sngp_model_config_init(&config, sizeof config)) ||
      !cli_succeeded(sngp_model_get_config(model, &config))) {
    return false;
  }
  cli_print_model_line(model, config.head == SNGP_HEAD_GAUSSIAN_PROCESS ? "SNGP" : "Dense head");
  bool classifies = config.task == SNGP_TASK_CLASSIFICATION;
  printf("Inputs      %" PRId64 "\n%-12s%" PRId64 "\n", config.input_dim,
         classifies ? "Classes" : "Targets", classifies ? config.num_classes : config.num_targets);
  if (config.backbone == SNGP_BACKBONE_RESIDUAL) {
    printf("Backbone    %" PRId64 " blocks of %" PRId64 " units\n", config.num_layers,
           config.num_hidden);
  } else {
    printf("Backbone    none\n");
  }
  printf("Saved       %s\n", settings->out);
  return true;
}

static int run(const import_settings *settings, name_map *map, sngp_model **model) {
  if (!cli_output_check(settings->out) || !cli_output_spares(settings->out, settings->state) ||
      !cli_succeeded(sngp_set_blas_threads(1)) || !fill_map(&settings->names, map)) {
    return CLI_EXIT_FAILURE;
  }
  char *text = settings_text(&settings->settings);
  bool good = text != NULL && import_model(settings, map, text, model);
  free(text);
  good = good && cli_succeeded(sngp_model_save(*model, settings->out));
  return good && report(settings, *model) ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

int cli_import(int argc, char **argv) {
  import_settings settings;
  switch (parse(&settings, argc, argv)) {
    case CLI_PARSE_HELP: return CLI_EXIT_OK;
    case CLI_PARSE_ERROR: return CLI_EXIT_USAGE;
    case CLI_PARSE_OK: break;
  }
  sngp_model *model = NULL;
  name_map map = {0};
  int status = run(&settings, &map, &model);
  for (int i = 0; i < settings.names.count; i++) free(map.keys[i]);
  sngp_model_free(model);
  return status;
}
