/* sngp info: what a model file holds. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/report.h"
#include "sngp/sngp.h"

typedef struct {
  sngp_model *model;
  sngp_model_config config;
  sngp_training_record record;
} model_facts;

static const char *head_name(int32_t head) {
  return head == SNGP_HEAD_GAUSSIAN_PROCESS ? "gaussian_process" : "dense";
}

static const char *normalization_name(int32_t normalize_input) {
  switch (normalize_input) {
    case SNGP_NORMALIZE_LAYER_NORM: return "layer_norm";
    case SNGP_NORMALIZE_RADIUS: return "radius";
    default: return "none";
  }
}

static void print_names(const char *title, const char *const *names, int64_t count) {
  enum { MOST = 12 };
  if (names == NULL) return;
  printf("  %-24s", title);
  for (int64_t i = 0; i < count && i < MOST; i++) printf("%s%s", i > 0 ? ", " : "", names[i]);
  if (count > MOST) printf(", ... (%" PRId64 ")", count);
  putchar('\n');
}

static void print_count(const char *title, int64_t value) {
  char text[CLI_COUNT_SIZE];
  printf("  %-24s%s\n", title, cli_format_count(value, text));
}

static void print_real(const char *title, double value) { printf("  %-24s%.6g\n", title, value); }

static void print_config(const sngp_model_config *c) {
  bool process = c->head == SNGP_HEAD_GAUSSIAN_PROCESS;
  printf("\nConfiguration\n");
  print_count("inputs", c->input_dim);
  print_count("classes", c->num_classes);
  print_names("class names", c->class_names, c->num_classes);
  print_names("columns", c->feature_names, c->input_dim);
  printf("  %-24s%s\n", "inputs standardised", c->standardize_inputs != 0 ? "yes" : "no");
  printf("  %-24s%s\n", "input layer trained", c->train_input_layer != 0 ? "yes" : "no");
  print_count("residual blocks", c->num_layers);
  print_count("units", c->num_hidden);
  print_real("dropout rate", c->dropout_rate);
  if (c->spectral_norm_bound > 0) {
    print_real("spectral norm bound", c->spectral_norm_bound);
  } else {
    printf("  %-24snone\n", "spectral norm bound");
  }
  printf("  %-24s%s\n", "head", process ? "Gaussian process" : "dense");
  if (process) {
    print_count("random features", c->num_random_features);
    printf("  %-24s%s\n", "head input", normalization_name(c->normalize_input));
    print_real("kernel scale", c->kernel_scale);
    if (c->normalize_input == SNGP_NORMALIZE_RADIUS) print_real("radius scale", c->radius_scale);
    print_real("ridge", c->ridge);
    print_real("mean-field factor", c->mean_field_factor);
  }
  print_real("temperature", c->temperature);
  printf("  %-24s%" PRId64 "\n", "seed", c->seed);
}

static void print_record(const sngp_training_record *r) {
  if (r->epochs == 0) {
    printf("\nNot trained\n");
    return;
  }
  printf("\nTraining\n");
  print_count("rows", r->rows);
  printf("  %-24s%" PRId64 "%s\n", "epochs", r->epochs,
         r->stopped_early != 0 ? " (stopped early)" : "");
  print_count("steps", r->steps);
  print_count("batch size", r->batch_size);
  print_real("learning rate", r->learning_rate);
  print_real("loss", r->loss);
  print_real("accuracy", r->accuracy);
  if (!isnan(r->validation_loss)) {
    print_real("validation loss", r->validation_loss);
    print_real("validation accuracy", r->validation_accuracy);
  }
  if (r->covariance_rows > 0) print_count("posterior's rows", r->covariance_rows);
  if (r->covariance_jitter > 0) print_real("posterior's jitter", r->covariance_jitter);
}

static bool print_summary(const sngp_model *model) {
  int64_t length = 0;
  if (sngp_model_summary(model, NULL, 0, &length) != SNGP_OK) {
    cli_fail_library();
    return false;
  }
  char *text = malloc((size_t)length + 1);
  if (text == NULL) {
    cli_fail("out of memory for the table of layers");
    return false;
  }
  bool good = sngp_model_summary(model, text, length + 1, NULL) == SNGP_OK;
  if (good) {
    printf("%s%s", text, length > 0 && text[length - 1] == '\n' ? "" : "\n");
  } else {
    cli_fail_library();
  }
  free(text);
  return good;
}

static json_t *names_json(const char *const *names, int64_t count) {
  if (names == NULL) return json_null();
  json_t *list = json_array();
  for (int64_t i = 0; i < count; i++) {
    /* A name that is not UTF-8 cannot stand in JSON. */
    json_t *name = json_string(names[i]);
    if (json_array_append_new(list, name != NULL ? name : json_null()) != 0) {
      json_decref(list);
      return NULL;
    }
  }
  return list;
}

static json_t *config_json(const sngp_model_config *c) {
  bool process = c->head == SNGP_HEAD_GAUSSIAN_PROCESS;
  return json_pack(
      "{s:I, s:I, s:s, s:I, s:I, s:o, s:o, s:b, s:b, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:o, "
      "s:o}",
      "input_dim", (json_int_t)c->input_dim, "num_classes", (json_int_t)c->num_classes, "head",
      head_name(c->head), "num_layers", (json_int_t)c->num_layers, "num_hidden",
      (json_int_t)c->num_hidden, "dropout_rate", cli_json_real(c->dropout_rate),
      "spectral_norm_bound", cli_json_real(c->spectral_norm_bound), "standardize_inputs",
      c->standardize_inputs != 0, "train_input_layer", c->train_input_layer != 0,
      "num_random_features", (json_int_t)c->num_random_features, "normalize_input",
      normalization_name(c->normalize_input), "kernel_scale",
      cli_json_real(process ? c->kernel_scale : NAN), "radius_scale",
      cli_json_real(process ? c->radius_scale : NAN), "ridge", cli_json_real(c->ridge),
      "mean_field_factor", cli_json_real(c->mean_field_factor), "temperature",
      cli_json_real(c->temperature), "seed", (json_int_t)c->seed, "class_names",
      names_json(c->class_names, c->num_classes), "feature_names",
      names_json(c->feature_names, c->input_dim));
}

static json_t *record_json(const sngp_training_record *r) {
  if (r->epochs == 0) return json_null();
  return json_pack(
      "{s:I, s:I, s:I, s:I, s:b, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "rows", (json_int_t)r->rows,
      "epochs", (json_int_t)r->epochs, "steps", (json_int_t)r->steps, "batch_size",
      (json_int_t)r->batch_size, "stopped_early", r->stopped_early != 0, "learning_rate",
      cli_json_real(r->learning_rate), "loss", cli_json_real(r->loss), "accuracy",
      cli_json_real(r->accuracy), "validation_loss", cli_json_real(r->validation_loss),
      "validation_accuracy", cli_json_real(r->validation_accuracy), "covariance_rows",
      (json_int_t)r->covariance_rows, "covariance_jitter", cli_json_real(r->covariance_jitter));
}

static json_t *tensors_json(const sngp_model *model) {
  json_t *tensors = json_array();
  for (int64_t i = 0; i < sngp_model_num_tensors(model); i++) {
    sngp_parameter_info info = {.struct_size = sizeof info};
    json_t *tensor = NULL;
    if (sngp_model_parameter_info(model, i, &info) == SNGP_OK) {
      tensor = json_pack("{s:s, s:I, s:I, s:b}", "name", info.name, "rows", (json_int_t)info.rows,
                         "cols", (json_int_t)info.cols, "trainable", info.trainable != 0);
    }
    if (json_array_append_new(tensors, tensor) != 0) {
      json_decref(tensors);
      return NULL;
    }
  }
  return tensors;
}

static int show(model_facts *facts, const char *path, bool json) {
  facts->record.struct_size = sizeof facts->record;
  if (sngp_model_load(path, &facts->model) != SNGP_OK ||
      sngp_model_config_init(&facts->config, sizeof facts->config) != SNGP_OK ||
      sngp_model_get_config(facts->model, &facts->config) != SNGP_OK ||
      sngp_model_get_training_record(facts->model, &facts->record) != SNGP_OK) {
    return cli_fail_library();
  }
  if (json) {
    cli_json_print(json_pack("{s:o, s:o, s:o, s:o}", "parameters",
                             cli_json_parameters(facts->model), "config",
                             config_json(&facts->config), "training", record_json(&facts->record),
                             "tensors", tensors_json(facts->model)));
    return CLI_EXIT_OK;
  }
  if (!print_summary(facts->model)) return CLI_EXIT_FAILURE;
  print_config(&facts->config);
  print_record(&facts->record);
  return CLI_EXIT_OK;
}

int cli_info(int argc, char **argv) {
  const char *path = NULL;
  bool json = false;
  cli_option options[] = {
      {.name = "json", .kind = CLI_KIND_FLAG, .target = &json, .help = "print one JSON document"}};
  cli_option_group groups[] = {{"Options", options, 1}};
  cli_command command = {
      .name = "info",
      .usage = "MODEL [OPTION]...",
      .purpose =
          "Shows a model file: its layers with their parameters, the configuration with what\n"
          "was chosen from the data (the kernel scale, for one), and how it was trained.",
      .examples = "  sngp info model.safetensors\n  sngp info model.safetensors --json",
      .argument = "MODEL",
      .groups = groups,
      .num_groups = 1};
  switch (cli_options_parse(&command, argc, argv, &path)) {
    case CLI_PARSE_HELP: return CLI_EXIT_OK;
    case CLI_PARSE_ERROR: return CLI_EXIT_USAGE;
    case CLI_PARSE_OK: break;
  }
  model_facts facts = {0};
  int status = show(&facts, path, json);
  sngp_model_free(facts.model);
  return status;
}
