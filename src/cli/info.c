/* sngp info: what a model file holds. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/info_facts.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/report.h"
#include "sngp/sngp.h"

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

/* What the members of an ensemble do not share. */
static json_t *members_json(const sngp_ensemble *ensemble) {
  json_t *members = json_array();
  for (int64_t i = 0; i < sngp_ensemble_num_members(ensemble); i++) {
    cli_model_facts facts = {0};
    json_t *member = NULL;
    if (cli_model_facts_read(sngp_ensemble_member(ensemble, i), &facts)) {
      const sngp_model_config *c = &facts.config;
      bool process = c->head == SNGP_HEAD_GAUSSIAN_PROCESS;
      member =
          json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "seed", (json_int_t)c->seed, "kernel_scale",
                    cli_json_real(process ? c->kernel_scale : NAN), "radius_scale",
                    cli_json_real(process ? c->radius_scale : NAN), "mean_field_factor",
                    cli_json_real(process ? c->mean_field_factor : NAN), "temperature",
                    cli_json_real(c->temperature), "training", cli_record_json(&facts));
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
    cli_model_facts facts = {0};
    if (!cli_model_facts_read(sngp_ensemble_member(ensemble, i), &facts)) return false;
    const sngp_training_record *r = &facts.record;
    printf("  %-6" PRId64 "%22" PRId64 "%8" PRId64, i + 1, facts.config.seed, r->epochs);
    cli_print_column(r->epochs > 0 ? r->loss : NAN);
    cli_print_column(r->epochs > 0 ? r->accuracy : NAN);
    if (facts.config.head == SNGP_HEAD_GAUSSIAN_PROCESS) {
      printf("%14.4g\n", facts.config.kernel_scale);
    } else {
      printf("%14s\n", "-");
    }
  }
  return true;
}

static int show_json(const sngp_ensemble *ensemble, const cli_model_facts *facts) {
  const sngp_model *model = sngp_ensemble_member(ensemble, 0);
  json_t *document = json_pack("{s:o, s:o, s:o, s:o}", "parameters", cli_json_parameters(model),
                               "config", cli_config_json(facts), "training", cli_record_json(facts),
                               "tensors", tensors_json(model));
  if (sngp_ensemble_num_members(ensemble) > 1 &&
      json_object_set_new(document, "members", members_json(ensemble)) != 0) {
    json_decref(document);
    document = NULL;
  }
  return cli_json_print(document) ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

static int show(const sngp_ensemble *ensemble, bool json) {
  cli_model_facts facts = {0};
  const sngp_model *model = sngp_ensemble_member(ensemble, 0);
  int64_t num_members = sngp_ensemble_num_members(ensemble);
  if (!cli_model_facts_read(model, &facts)) return CLI_EXIT_FAILURE;
  if (json) return show_json(ensemble, &facts);
  if (num_members > 1) {
    printf("An ensemble of %" PRId64 " models of one shape; the first one:\n\n", num_members);
  }
  if (!print_summary(model)) return CLI_EXIT_FAILURE;
  cli_config_print(&facts);
  cli_record_print(&facts);
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
  cli_parse_result parsed = cli_options_parse(&command, argc, argv, &path);
  if (parsed != CLI_PARSE_OK) return cli_parse_status(parsed);
  sngp_ensemble *ensemble = NULL;
  int status =
      sngp_ensemble_load(path, &ensemble) == SNGP_OK ? show(ensemble, json) : cli_fail_library();
  sngp_ensemble_free(ensemble);
  return status;
}
