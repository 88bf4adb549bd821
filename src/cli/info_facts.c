#include "cli/info_facts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/config_names.h"
#include "cli/message.h"
#include "cli/report.h"
#include "cli/task.h"

bool cli_model_facts_read(const sngp_model *model, cli_model_facts *facts) {
  facts->model = model;
  facts->record.struct_size = sizeof facts->record;
  return cli_succeeded(sngp_model_config_init(&facts->config, sizeof facts->config)) &&
         cli_succeeded(sngp_model_get_config(model, &facts->config)) &&
         cli_succeeded(sngp_model_get_training_record(model, &facts->record));
}

static bool has_process(const sngp_model_config *c) {
  return c->head == SNGP_HEAD_GAUSSIAN_PROCESS;
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

/* Nothing for what a model does not have. */
static void print_real(const char *title, double value) {
  if (!isnan(value)) printf("  %-24s%.6g\n", title, value);
}

/* A name of documents as words: '_' becomes a blank. */
static void print_word(const char *title, const char *name) {
  printf("  %-24s", title);
  for (; *name != '\0'; name++) putchar(*name == '_' ? ' ' : *name);
  putchar('\n');
}

static void print_outputs(const sngp_model_config *c) {
  int32_t task = cli_task_of(c);
  print_word("task", cli_task_names[task]);
  if (task == CLI_TASK_CLASSIFICATION) {
    print_count("classes", c->num_classes);
    print_names("class names", c->class_names, c->num_classes);
  } else {
    bool labels = task == CLI_TASK_MULTI_LABEL;
    print_count(labels ? "labels" : "targets", c->num_targets);
    print_names(labels ? "label names" : "target names", c->target_names, c->num_targets);
  }
  print_word("likelihood", cli_name_of_likelihood[c->likelihood]);
}

static void print_backbone(const sngp_model_config *c) {
  if (c->backbone == SNGP_BACKBONE_NONE) {
    print_word("backbone", "none");
    return;
  }
  print_word("input layer trained", c->train_input_layer != 0 ? "yes" : "no");
  print_count("residual blocks", c->num_layers);
  print_count("units", c->num_hidden);
  print_real("dropout rate", c->dropout_rate);
  if (c->spectral_norm_bound > 0) {
    print_real("spectral norm bound", c->spectral_norm_bound);
  } else {
    print_word("spectral norm bound", "none");
  }
}

static void print_process(const sngp_model_config *c) {
  if (c->gp_input_dim > 0) print_count("projected to", c->gp_input_dim);
  if (c->kernel != SNGP_KERNEL_LINEAR) {
    print_count(c->orthogonal_features != 0 ? "orthogonal features" : "random features",
                c->num_random_features);
  }
  print_word("kernel", cli_name_of_kernel[c->kernel]);
  print_word("kernel lengths", cli_name_of_kernel_scaling[c->kernel_scaling]);
  print_word("head input", cli_name_of_normalization[c->normalize_input]);
  print_real("kernel scale", c->kernel_scale);
  if (c->normalize_input == SNGP_NORMALIZE_RADIUS) print_real("radius scale", c->radius_scale);
  print_real("ridge", c->ridge);
  print_word("posterior", cli_name_of_posterior[c->posterior]);
}

/* The variance of each target's noise, in the square of its units. */
static void print_noise(const cli_model_facts *facts) {
  enum { MOST = 6 };
  int64_t count = facts->config.num_targets;
  printf("  %-24s", "noise variance");
  for (int64_t k = 0; k < count && k < MOST; k++)
    printf("%s%.6g", k > 0 ? ", " : "", cli_task_noise(facts->model, k));
  printf("%s\n", count > MOST ? ", ..." : "");
}

void cli_config_print(const cli_model_facts *facts) {
  const sngp_model_config *c = &facts->config;
  printf("\nConfiguration\n");
  print_outputs(c);
  print_count("inputs", c->input_dim);
  print_names("columns", c->feature_names, c->input_dim);
  print_word("inputs standardised", c->standardize_inputs != 0 ? "yes" : "no");
  print_backbone(c);
  printf("  %-24s%s\n", "head", has_process(c) ? "Gaussian process" : "dense");
  if (has_process(c)) print_process(c);
  if (c->task == SNGP_TASK_REGRESSION) {
    if (cli_task_of(c) == CLI_TASK_REGRESSION) print_noise(facts);
  } else {
    if (has_process(c)) print_real("mean-field factor", c->mean_field_factor);
    print_real("temperature", c->temperature);
  }
  printf("  %-24s%" PRId64 "\n", "seed", c->seed);
}

static bool is_trained(const sngp_training_record *r) { return r->epochs > 0 || r->solver != 0; }

static void print_steps(const sngp_training_record *r) {
  printf("  %-24s%" PRId64 "%s\n", "epochs", r->epochs,
         r->stopped_early != 0 ? " (stopped early)" : "");
  print_count("steps", r->steps);
  print_count("batch size", r->batch_size);
  print_real("learning rate", r->learning_rate);
  print_real("loss", r->loss);
  print_real("accuracy", r->accuracy);
  print_real("validation loss", r->validation_loss);
  print_real("validation accuracy", r->validation_accuracy);
}

void cli_record_print(const cli_model_facts *facts) {
  const sngp_training_record *r = &facts->record;
  if (!is_trained(r)) {
    printf("\nNot trained\n");
    return;
  }
  printf("\nTraining\n");
  print_word("solver", cli_name_of_solver[r->solver]);
  print_count("rows", r->rows);
  if (r->solver == 0) print_steps(r);
  if (r->covariance_rows > 0) print_count("posterior's rows", r->covariance_rows);
  if (r->covariance_jitter > 0) print_real("posterior's jitter", r->covariance_jitter);
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

typedef struct {
  const char *key;
  json_t *value;
} entry;

/* Takes the values. */
static json_t *object_of(const entry *entries, size_t count) {
  json_t *object = json_object();
  bool good = true;
  /* Each is set, so that each is released, whatever failed before. */
  for (size_t i = 0; i < count; i++)
    if (json_object_set_new(object, entries[i].key, entries[i].value) != 0) good = false;
  if (good) return object;
  json_decref(object);
  return NULL;
}

static json_t *noise_json(const cli_model_facts *facts) {
  if (cli_task_of(&facts->config) != CLI_TASK_REGRESSION) return json_null();
  return cli_json_noise(facts->model);
}

json_t *cli_config_json(const cli_model_facts *facts) {
  const sngp_model_config *c = &facts->config;
  bool process = has_process(c);
  const entry entries[] = {
      {"task", json_string(cli_name_of_task[c->task])},
      {"input_dim", json_integer(c->input_dim)},
      {"num_classes", json_integer(c->num_classes)},
      {"num_targets", json_integer(c->num_targets)},
      {"likelihood", json_string(cli_name_of_likelihood[c->likelihood])},
      {"backbone", json_string(cli_name_of_backbone[c->backbone])},
      {"head", json_string(cli_name_of_head[c->head])},
      {"num_layers", json_integer(c->num_layers)},
      {"num_hidden", json_integer(c->num_hidden)},
      {"dropout_rate", cli_json_real(c->dropout_rate)},
      {"spectral_norm_bound", cli_json_real(c->spectral_norm_bound)},
      {"standardize_inputs", json_boolean(c->standardize_inputs != 0)},
      {"standardize_targets", json_boolean(c->standardize_targets != 0)},
      {"train_input_layer", json_boolean(c->train_input_layer != 0)},
      {"num_random_features", json_integer(c->num_random_features)},
      {"orthogonal_features", json_boolean(c->orthogonal_features != 0)},
      {"gp_input_dim", json_integer(c->gp_input_dim)},
      {"kernel", json_string(cli_name_of_kernel[c->kernel])},
      {"kernel_scaling", json_string(cli_name_of_kernel_scaling[c->kernel_scaling])},
      {"normalize_input", json_string(cli_name_of_normalization[c->normalize_input])},
      {"kernel_scale", cli_json_real(process ? c->kernel_scale : NAN)},
      {"radius_scale", cli_json_real(process ? c->radius_scale : NAN)},
      {"ridge", cli_json_real(c->ridge)},
      {"posterior", process ? json_string(cli_name_of_posterior[c->posterior]) : json_null()},
      {"noise_variance", noise_json(facts)},
      {"mean_field_factor", cli_json_real(c->mean_field_factor)},
      {"temperature", cli_json_real(c->temperature)},
      {"seed", json_integer(c->seed)},
      {"class_names", names_json(c->class_names, c->num_classes)},
      {"target_names", names_json(c->target_names, c->num_targets)},
      {"feature_names", names_json(c->feature_names, c->input_dim)},
  };
  return object_of(entries, sizeof entries / sizeof entries[0]);
}

json_t *cli_record_json(const cli_model_facts *facts) {
  const sngp_training_record *r = &facts->record;
  if (!is_trained(r)) return json_null();
  bool direct = r->solver != 0;
  const entry entries[] = {
      {"solver", json_string(cli_name_of_solver[r->solver])},
      {"rows", json_integer(r->rows)},
      {"epochs", json_integer(r->epochs)},
      {"steps", json_integer(r->steps)},
      {"batch_size", json_integer(r->batch_size)},
      {"stopped_early", json_boolean(r->stopped_early != 0)},
      {"learning_rate", cli_json_real(direct ? NAN : r->learning_rate)},
      {"loss", cli_json_real(direct ? NAN : r->loss)},
      {"accuracy", cli_json_real(direct ? NAN : r->accuracy)},
      {"validation_loss", cli_json_real(direct ? NAN : r->validation_loss)},
      {"validation_accuracy", cli_json_real(direct ? NAN : r->validation_accuracy)},
      {"covariance_rows", json_integer(r->covariance_rows)},
      {"covariance_jitter", cli_json_real(r->covariance_jitter)},
  };
  return object_of(entries, sizeof entries / sizeof entries[0]);
}
