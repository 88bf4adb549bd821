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

/* Of a model, or of a member of an ensemble. */
typedef struct {
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
    case SNGP_NORMALIZE_STANDARD: return "standard";
    default: return "none";
  }
}

static const char *kernel_name(int32_t kernel) {
  switch (kernel) {
    case SNGP_KERNEL_MATERN_32: return "matern_32";
    case SNGP_KERNEL_MATERN_52: return "matern_52";
    case SNGP_KERNEL_ARC_COSINE: return "arc_cosine";
    case SNGP_KERNEL_LINEAR: return "linear";
    default: return "rbf";
  }
}

static const char *scaling_name(int32_t kernel_scaling) {
  switch (kernel_scaling) {
    case SNGP_KERNEL_SCALING_TRAINED: return "trained";
    case SNGP_KERNEL_SCALING_ARD: return "ard";
    default: return "fixed";
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

static void print_backbone(const sngp_model_config *c) {
  printf("  %-24s%s\n", "input layer trained", c->train_input_layer != 0 ? "yes" : "no");
  print_count("residual blocks", c->num_layers);
  print_count("units", c->num_hidden);
  print_real("dropout rate", c->dropout_rate);
  if (c->spectral_norm_bound > 0) {
    print_real("spectral norm bound", c->spectral_norm_bound);
  } else {
    printf("  %-24snone\n", "spectral norm bound");
  }
}

static void print_config(const sngp_model_config *c) {
  bool process = c->head == SNGP_HEAD_GAUSSIAN_PROCESS;
  printf("\nConfiguration\n");
  print_count("inputs", c->input_dim);
  print_count("classes", c->num_classes);
  print_names("class names", c->class_names, c->num_classes);
  print_names("columns", c->feature_names, c->input_dim);
  printf("  %-24s%s\n", "inputs standardised", c->standardize_inputs != 0 ? "yes" : "no");
  if (c->backbone == SNGP_BACKBONE_RESIDUAL) {
    print_backbone(c);
  } else {
    printf("  %-24snone\n", "backbone");
  }
  printf("  %-24s%s\n", "head", process ? "Gaussian process" : "dense");
  if (process) {
    if (c->gp_input_dim > 0) print_count("projected to", c->gp_input_dim);
    if (c->kernel != SNGP_KERNEL_LINEAR) print_count("random features", c->num_random_features);
    printf("  %-24s%s\n", "kernel", kernel_name(c->kernel));
    printf("  %-24s%s\n", "kernel lengths", scaling_name(c->kernel_scaling));
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
  if (!cli_succeeded(sngp_model_summary(model, NULL, 0, &length))) return false;
  char *text = malloc((size_t)length + 1);
  if (text == NULL) {
    cli_fail("out of memory for the table of layers");
    return false;
  }
  bool good = cli_succeeded(sngp_model_summary(model, text, length + 1, NULL));
  if (good) printf("%s%s", text, length > 0 && text[length - 1] == '\n' ? "" : "\n");
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
      "{s:I, s:I, s:s, s:s, s:I, s:I, s:o, s:o, s:b, s:b, s:I, s:I, s:s, s:s, s:s, s:o, s:o, s:o, "
      "s:o, "
      "s:o, "
      "s:I, "
      "s:o, s:o}",
      "input_dim", (json_int_t)c->input_dim, "num_classes", (json_int_t)c->num_classes, "backbone",
      c->backbone == SNGP_BACKBONE_NONE ? "none" : "residual", "head", head_name(c->head),
      "num_layers", (json_int_t)c->num_layers, "num_hidden", (json_int_t)c->num_hidden,
      "dropout_rate", cli_json_real(c->dropout_rate), "spectral_norm_bound",
      cli_json_real(c->spectral_norm_bound), "standardize_inputs", c->standardize_inputs != 0,
      "train_input_layer", c->train_input_layer != 0, "num_random_features",
      (json_int_t)c->num_random_features, "gp_input_dim", (json_int_t)c->gp_input_dim, "kernel",
      kernel_name(c->kernel), "kernel_scaling", scaling_name(c->kernel_scaling), "normalize_input",
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

static bool read_facts(const sngp_model *model, model_facts *facts) {
  facts->record.struct_size = sizeof facts->record;
  return cli_succeeded(sngp_model_config_init(&facts->config, sizeof facts->config)) &&
         cli_succeeded(sngp_model_get_config(model, &facts->config)) &&
         cli_succeeded(sngp_model_get_training_record(model, &facts->record));
}

/* What the members of an ensemble do not share. */
static json_t *members_json(const sngp_ensemble *ensemble) {
  json_t *members = json_array();
  for (int64_t i = 0; i < sngp_ensemble_num_members(ensemble); i++) {
    model_facts facts = {0};
    json_t *member = NULL;
    if (read_facts(sngp_ensemble_member(ensemble, i), &facts)) {
      const sngp_model_config *c = &facts.config;
      bool process = c->head == SNGP_HEAD_GAUSSIAN_PROCESS;
      member =
          json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "seed", (json_int_t)c->seed, "kernel_scale",
                    cli_json_real(process ? c->kernel_scale : NAN), "radius_scale",
                    cli_json_real(process ? c->radius_scale : NAN), "mean_field_factor",
                    cli_json_real(process ? c->mean_field_factor : NAN), "temperature",
                    cli_json_real(c->temperature), "training", record_json(&facts.record));
    }
    if (json_array_append_new(members, member) != 0) {
      json_decref(members);
      return NULL;
    }
  }
  return members;
}

static bool print_members(const sngp_ensemble *ensemble) {
  printf("\nMembers%23s%8s%10s%10s%14s\n", "seed", "epochs", "loss", "accuracy", "kernel scale");
  for (int64_t i = 0; i < sngp_ensemble_num_members(ensemble); i++) {
    model_facts facts = {0};
    if (!read_facts(sngp_ensemble_member(ensemble, i), &facts)) return false;
    const sngp_training_record *r = &facts.record;
    printf("  %-6" PRId64 "%22" PRId64 "%8" PRId64, i + 1, facts.config.seed, r->epochs);
    if (r->epochs > 0) {
      printf("%10.4f%10.4f", r->loss, r->accuracy);
    } else {
      printf("%10s%10s", "-", "-");
    }
    if (facts.config.head == SNGP_HEAD_GAUSSIAN_PROCESS) {
      printf("%14.4g\n", facts.config.kernel_scale);
    } else {
      printf("%14s\n", "-");
    }
  }
  return true;
}

static int show_json(const sngp_ensemble *ensemble, const model_facts *facts) {
  const sngp_model *model = sngp_ensemble_member(ensemble, 0);
  json_t *document = json_pack("{s:o, s:o, s:o, s:o}", "parameters", cli_json_parameters(model),
                               "config", config_json(&facts->config), "training",
                               record_json(&facts->record), "tensors", tensors_json(model));
  if (sngp_ensemble_num_members(ensemble) > 1 &&
      json_object_set_new(document, "members", members_json(ensemble)) != 0) {
    json_decref(document);
    document = NULL;
  }
  return cli_json_print(document) ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

static int show(const sngp_ensemble *ensemble, bool json) {
  model_facts facts = {0};
  const sngp_model *model = sngp_ensemble_member(ensemble, 0);
  int64_t num_members = sngp_ensemble_num_members(ensemble);
  if (!read_facts(model, &facts)) return CLI_EXIT_FAILURE;
  if (json) return show_json(ensemble, &facts);
  if (num_members > 1) {
    printf("An ensemble of %" PRId64 " models of one shape; the first one:\n\n", num_members);
  }
  if (!print_summary(model)) return CLI_EXIT_FAILURE;
  print_config(&facts.config);
  print_record(&facts.record);
  if (num_members > 1 && !print_members(ensemble)) return CLI_EXIT_FAILURE;
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
          "was chosen from the data (the kernel scale, for one) and tuned on held-out rows\n"
          "(temperature, mean-field factor), and how it was trained. Of an ensemble it shows\n"
          "the first model so, and lists all.",
      .examples = "  sngp info model.safetensors\n  sngp info model.safetensors --json",
      .argument = "MODEL",
      .groups = groups,
      .num_groups = 1};
  switch (cli_options_parse(&command, argc, argv, &path)) {
    case CLI_PARSE_HELP: return CLI_EXIT_OK;
    case CLI_PARSE_ERROR: return CLI_EXIT_USAGE;
    case CLI_PARSE_OK: break;
  }
  sngp_ensemble *ensemble = NULL;
  int status =
      sngp_ensemble_load(path, &ensemble) == SNGP_OK ? show(ensemble, json) : cli_fail_library();
  sngp_ensemble_free(ensemble);
  return status;
}
