#include "cli/train_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/calibration.h"
#include "cli/head_fit_report.h"
#include "cli/report.h"

static bool is_ensemble(const cli_train_settings *settings) {
  return settings->training.method == CLI_METHOD_ENSEMBLE;
}

/* ", 3 classes", ", target strength", ", 7 labels". */
static void print_outputs(int32_t task, const cli_training_rows *rows) {
  int64_t targets = sngp_dataset_num_targets(rows->training);
  const char *const *names = sngp_dataset_target_names(rows->training);
  const char *noun = task == CLI_TASK_MULTI_LABEL ? "label" : "target";
  if (task == CLI_TASK_CLASSIFICATION) {
    printf(", %" PRId64 " classes\n", rows->num_classes);
  } else if (targets == 1 && names != NULL) {
    printf(", %s %s\n", noun, names[0]);
  } else {
    printf(", %" PRId64 " %s%s\n", targets, noun, targets == 1 ? "" : "s");
  }
}

void cli_train_report_start(const cli_train_settings *settings, const cli_training_rows *rows,
                            const cli_trained *trained) {
  const cli_training_settings *training = &settings->training;
  char count[CLI_COUNT_SIZE], held_out[CLI_COUNT_SIZE], cols[CLI_COUNT_SIZE], heading[96];
  const char *model = cli_training_title(training);
  printf("Rows        %s", cli_format_count(sngp_dataset_rows(rows->training), count));
  if (rows->validation != NULL) {
    printf(" and %s held out", cli_format_count(sngp_dataset_rows(rows->validation), held_out));
  }
  printf("; %s columns", cli_format_count(sngp_dataset_cols(rows->training), cols));
  print_outputs(training->task, rows);
  if (training->task != CLI_TASK_CLASSIFICATION)
    printf("Task        %s\n", cli_task_names[training->task]);
  if (is_ensemble(settings)) {
    snprintf(heading, sizeof heading, "Model       ensemble of %" PRId64 ", each %s",
             trained->num_models, model);
  } else {
    snprintf(heading, sizeof heading, "Model       %s", model);
  }
  cli_print_model_line(cli_trained_first(trained), heading);
  fflush(stdout);
}

static sngp_model_config config_of(const sngp_model *model) {
  sngp_model_config config = {0};
  sngp_model_config_init(&config, sizeof config);
  sngp_model_get_config(model, &config);
  return config;
}

/* NaN for a model without a Gaussian process. */
static double kernel_scale(const sngp_model *model) {
  sngp_model_config config = config_of(model);
  return config.head == SNGP_HEAD_GAUSSIAN_PROCESS ? config.kernel_scale : NAN;
}

/* An object that is being filled; NULL once something did not fit into memory. */
static void add(json_t **object, const char *key, json_t *value) {
  if (json_object_set_new(*object, key, value) == 0) return;
  json_decref(*object);
  *object = NULL;
}

static json_t *calibration_json(const cli_trained *trained) {
  if (!trained->calibrated) return json_null();
  return cli_calibration_json(&trained->calibration,
                              !isnan(kernel_scale(cli_trained_first(trained))));
}

/* What each model has of its own. */
static void add_model(json_t **object, const cli_train_settings *settings,
                      const cli_trained *trained, int64_t index) {
  const sngp_model *model = sngp_ensemble_member(trained->ensemble, index);
  add(object, "kernel_scale", cli_json_real(kernel_scale(model)));
  if (settings->training.task == CLI_TASK_REGRESSION)
    add(object, "noise_variance", cli_json_noise(model));
  if (trained->fits != NULL) {
    add(object, "fit", cli_head_fit_json(&trained->fits[index]));
  } else {
    add(object, "history", cli_json_history(trained->histories[index]));
  }
}

static json_t *members_json(const cli_train_settings *settings, const cli_trained *trained) {
  json_t *members = json_array();
  for (int64_t i = 0; i < trained->num_models; i++) {
    json_t *member = json_object();
    int64_t seed = config_of(sngp_ensemble_member(trained->ensemble, i)).seed;
    add(&member, "seed", json_integer(seed));
    add_model(&member, settings, trained, i);
    if (json_array_append_new(members, member) != 0) {
      json_decref(members);
      return NULL;
    }
  }
  return members;
}

static json_t *report_json(const cli_train_settings *settings, const cli_trained *trained,
                           const cli_task_evaluation *held_out) {
  const cli_training_settings *training = &settings->training;
  json_t *document = json_object();
  add(&document, "method", json_string(cli_training_methods[training->method]));
  if (is_ensemble(settings)) {
    int32_t member = cli_training_model_method(training);
    add(&document, "member_method", json_string(cli_training_methods[member]));
  }
  add(&document, "task", json_string(cli_task_names[training->task]));
  add(&document, "parameters", cli_json_parameters(cli_trained_first(trained)));
  if (is_ensemble(settings)) {
    add(&document, "members", members_json(settings, trained));
  } else {
    add_model(&document, settings, trained, 0);
  }
  if (training->task == CLI_TASK_CLASSIFICATION) {
    add(&document, "calibration", calibration_json(trained));
  } else {
    add(&document, "validation",
        held_out != NULL ? cli_task_evaluation_json(held_out) : json_null());
  }
  add(&document, "seconds", cli_json_real(trained->seconds));
  add(&document, "out", json_string(settings->out));
  return document;
}

static void print_trained(const cli_train_settings *settings, const cli_trained *trained) {
  int64_t most = 0, fewest = INT64_MAX, epochs = settings->training.epochs;
  for (int64_t i = 0; i < trained->num_models; i++) {
    int64_t count = sngp_history_num_epochs(trained->histories[i]);
    if (count > most) most = count;
    if (count < fewest) fewest = count;
  }
  double scale = kernel_scale(cli_trained_first(trained));
  printf("Trained     ");
  if (fewest < most) printf("%" PRId64 " to ", fewest);
  printf("%" PRId64 " epoch%s%s in %.1f s", most, most == 1 ? "" : "s",
         is_ensemble(settings) ? " each" : "", trained->seconds);
  if (fewest < epochs) printf(", stopped early");
  if (!is_ensemble(settings) && !isnan(scale)) printf("; kernel scale %.4g", scale);
  putchar('\n');
}

/* The standard deviation of each target's noise, by the mean variance of the models. */
static void print_noise(const cli_trained *trained) {
  enum { MOST_TARGETS = 6 };
  const char *const *names = config_of(cli_trained_first(trained)).target_names;
  int64_t targets = sngp_model_num_targets(cli_trained_first(trained));
  printf("Noise       standard deviation");
  for (int64_t k = 0; k < targets && k < MOST_TARGETS; k++) {
    double variance = 0;
    for (int64_t i = 0; i < trained->num_models; i++) {
      variance += cli_task_noise(sngp_ensemble_member(trained->ensemble, i), k) /
                  (double)trained->num_models;
    }
    printf("%s%s%s %.4g", k > 0 ? "," : "", targets > 1 && names != NULL ? " " : "",
           targets > 1 && names != NULL ? names[k] : "", sqrt(variance));
  }
  printf("%s\n", targets > MOST_TARGETS ? ", ..." : "");
}

static void print_held_out(const cli_task_evaluation *held_out) {
  const sngp_regression_metrics *regression = &held_out->regression.measures;
  const cli_label_evaluation *labels = &held_out->labels;
  switch (held_out->task) {
    case CLI_TASK_MULTI_LABEL:
      printf("Held out    accuracy %.4f, NLL %.4f\n", labels->accuracy, labels->nll);
      break;
    case CLI_TASK_COUNTS:
      printf("Held out    RMSE %.4g, MAE %.4g\n", regression->rmse, regression->mae);
      break;
    default: printf("Held out    RMSE %.4g, NLL %.4f\n", regression->rmse, regression->nll); break;
  }
}

bool cli_train_report(const cli_train_settings *settings, const cli_trained *trained,
                      const cli_task_evaluation *held_out) {
  if (settings->json) return cli_json_print(report_json(settings, trained, held_out));
  if (settings->quiet) return true;
  if (trained->fits != NULL) {
    cli_head_fits_print(trained);
  } else {
    print_trained(settings, trained);
  }
  if (settings->training.task == CLI_TASK_REGRESSION) print_noise(trained);
  if (held_out != NULL) print_held_out(held_out);
  if (trained->calibrated)
    cli_calibration_print(&trained->calibration, !isnan(kernel_scale(cli_trained_first(trained))));
  printf("Saved       %s\n", settings->out);
  return true;
}
