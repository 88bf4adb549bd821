/* sngp train: rows in, model file out. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/calibration.h"
#include "cli/commands.h"
#include "cli/data_source.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/training.h"
#include "cli/training_options.h"
#include "cli/training_rows.h"
#include "sngp/sngp.h"

typedef struct {
  cli_data_source source;
  cli_training_settings training;
  const char *out;
  bool quiet, json;
} train_settings;

typedef struct {
  cli_training_rows rows;
  cli_trained trained;
} train_work;

static const char purpose[] =
    "Trains a classifier on labelled rows and saves it as one file (safetensors). CSV and\n"
    "NumPy columns are standardised inside the model, in the default preset; IDX bytes are\n"
    "divided by 255. With --validation, the temperature and the mean-field factor\n"
    "of predictions are tuned on the rows that are held out. Ctrl-C ends the training; no\n"
    "file is written.";

static const char examples[] =
    "  sngp train --data train.csv --label species --out model.safetensors\n"
    "  sngp train --npy X.npy y.npy --validation 0.1 --patience 10 --out model.safetensors\n"
    "  sngp train --idx train-images.gz train-labels.gz --epochs 15 --out model.safetensors\n"
    "  sngp train --data train.csv --method ensemble --members 5 --member-method sngp \\\n"
    "      --out ensemble.safetensors";

static cli_parse_result parse(train_settings *settings, int argc, char **argv) {
  train_settings *s = settings;
  *s = (train_settings){0};
  cli_training_settings_init(&s->training);
  cli_training_options options;
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
      cli_data_source_group(&s->source, CLI_LABELS_NEEDED),
      {"Output", output, sizeof output / sizeof output[0]},
      cli_model_group(&options, &s->training),
      cli_fit_group(&options, &s->training),
  };
  cli_command command = {.name = "train",
                         .usage = "INPUT --out FILE [OPTION]...",
                         .purpose = purpose,
                         .examples = examples,
                         .groups = groups,
                         .num_groups = sizeof groups / sizeof groups[0]};
  cli_parse_result result = cli_options_parse(&command, argc, argv, NULL);
  if (result != CLI_PARSE_OK) return result;
  cli_data_source *sources[] = {&s->source};
  if (!cli_data_sources_check(sources, 1, command.name)) return CLI_PARSE_ERROR;
  if (s->out == NULL) {
    cli_fail_usage(command.name, "--out is missing: the model file to write");
    return CLI_PARSE_ERROR;
  }
  s->training.raw_inputs = s->source.idx[0] != NULL;
  return cli_training_options_check(&s->training, command.name) ? CLI_PARSE_OK : CLI_PARSE_ERROR;
}

static void print_start(const train_settings *settings, const train_work *work) {
  const cli_training_rows *rows = &work->rows;
  char count[CLI_COUNT_SIZE], held_out[CLI_COUNT_SIZE], cols[CLI_COUNT_SIZE], heading[96];
  const char *model = cli_training_title(cli_training_model_method(&settings->training));
  printf("Rows        %s", cli_format_count(sngp_dataset_rows(rows->training), count));
  if (rows->validation != NULL) {
    printf(" and %s held out", cli_format_count(sngp_dataset_rows(rows->validation), held_out));
  }
  printf("; %s columns, %" PRId64 " classes\n",
         cli_format_count(sngp_dataset_cols(rows->training), cols), rows->num_classes);
  if (settings->training.method == CLI_METHOD_ENSEMBLE) {
    snprintf(heading, sizeof heading, "Model       ensemble of %" PRId64 ", each %s",
             work->trained.num_models, model);
  } else {
    snprintf(heading, sizeof heading, "Model       %s", model);
  }
  cli_print_model_line(cli_trained_first(&work->trained), heading);
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

static json_t *calibration_json(const cli_trained *trained) {
  if (!trained->calibrated) return json_null();
  return cli_calibration_json(&trained->calibration,
                              !isnan(kernel_scale(cli_trained_first(trained))));
}

static json_t *members_json(const cli_trained *trained) {
  json_t *members = json_array();
  for (int64_t i = 0; i < trained->num_models; i++) {
    const sngp_model *model = sngp_ensemble_member(trained->ensemble, i);
    json_t *member = json_pack("{s:I, s:o, s:o}", "seed", (json_int_t)config_of(model).seed,
                               "kernel_scale", cli_json_real(kernel_scale(model)), "history",
                               cli_json_history(trained->histories[i]));
    if (json_array_append_new(members, member) != 0) {
      json_decref(members);
      return NULL;
    }
  }
  return members;
}

static json_t *report_json(const train_settings *settings, const cli_trained *trained) {
  const cli_training_settings *training = &settings->training;
  const sngp_model *model = cli_trained_first(trained);
  const char *method = cli_training_methods[training->method];
  json_t *parameters = cli_json_parameters(model), *seconds = cli_json_real(trained->seconds);
  if (training->method == CLI_METHOD_ENSEMBLE) {
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s}", "method", method, "member_method",
                     cli_training_methods[cli_training_model_method(training)], "parameters",
                     parameters, "members", members_json(trained), "calibration",
                     calibration_json(trained), "seconds", seconds, "out", settings->out);
  }
  return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "method", method, "parameters",
                   parameters, "kernel_scale", cli_json_real(kernel_scale(model)), "history",
                   cli_json_history(trained->histories[0]), "calibration",
                   calibration_json(trained), "seconds", seconds, "out", settings->out);
}

static void print_trained(const train_settings *settings, const cli_trained *trained) {
  int64_t most = 0, fewest = INT64_MAX, epochs = settings->training.epochs;
  for (int64_t i = 0; i < trained->num_models; i++) {
    int64_t count = sngp_history_num_epochs(trained->histories[i]);
    if (count > most) most = count;
    if (count < fewest) fewest = count;
  }
  bool ensemble = settings->training.method == CLI_METHOD_ENSEMBLE;
  double scale = kernel_scale(cli_trained_first(trained));
  printf("Trained     ");
  if (fewest < most) printf("%" PRId64 " to ", fewest);
  printf("%" PRId64 " epoch%s%s in %.1f s", most, most == 1 ? "" : "s", ensemble ? " each" : "",
         trained->seconds);
  if (fewest < epochs) printf(", stopped early");
  if (!ensemble && !isnan(scale)) printf("; kernel scale %.4g", scale);
  putchar('\n');
}

static bool report(const train_settings *settings, const cli_trained *trained) {
  if (settings->json) return cli_json_print(report_json(settings, trained));
  if (settings->quiet) return true;
  print_trained(settings, trained);
  if (trained->calibrated)
    cli_calibration_print(&trained->calibration, !isnan(kernel_scale(cli_trained_first(trained))));
  printf("Saved       %s\n", settings->out);
  return true;
}

/* Why there is no model, and the exit status that goes with it. */
static int fail_fit(const cli_training_settings *settings, const cli_progress *progress,
                    sngp_status status) {
  int64_t epochs = settings->epochs * cli_training_num_models(settings);
  if (cli_interrupted()) {
    cli_fail("interrupted after %" PRId64 " of %" PRId64 " epochs; no model was written",
             progress->epochs_done, epochs);
    return CLI_EXIT_INTERRUPTED;
  }
  if (status != SNGP_ERROR_NUMERICAL) return cli_fail_library();
  return cli_fail("training failed after %" PRId64 " of %" PRId64
                  " epochs: the loss, the weights or the posterior are not finite; a smaller "
                  "--learning-rate may help; no model was written",
                  progress->epochs_done, epochs);
}

static int run(const train_settings *settings, train_work *work) {
  const cli_training_settings *training = &settings->training;
  const cli_training_rows *rows = &work->rows;
  cli_trained *trained = &work->trained;
  if (!cli_output_check(settings->out) ||
      !cli_data_source_spared(&settings->source, settings->out) ||
      !cli_training_rows_read(training, &settings->source, &work->rows)) {
    return CLI_EXIT_FAILURE;
  }
  if (sngp_set_blas_threads(1) != SNGP_OK) return cli_fail_library();
  if (!cli_training_create(training, rows->training, rows->num_classes, trained)) {
    return CLI_EXIT_FAILURE;
  }
  if (!settings->quiet && !settings->json) print_start(settings, work);
  cli_progress progress;
  cli_progress_init(&progress, settings->quiet, settings->json);
  sngp_status status =
      cli_training_fit(training, rows->training, rows->validation, &progress, trained);
  if (status != SNGP_OK || cli_interrupted()) return fail_fit(training, &progress, status);
  if (!cli_training_calibrate(training, rows->validation, trained)) return CLI_EXIT_FAILURE;
  if (sngp_ensemble_save(trained->ensemble, settings->out) != SNGP_OK) return cli_fail_library();
  return report(settings, trained) ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

int cli_train(int argc, char **argv) {
  train_settings settings;
  switch (parse(&settings, argc, argv)) {
    case CLI_PARSE_HELP: return CLI_EXIT_OK;
    case CLI_PARSE_ERROR: return CLI_EXIT_USAGE;
    case CLI_PARSE_OK: break;
  }
  train_work work = {0};
  int status = run(&settings, &work);
  cli_trained_free(&work.trained);
  cli_training_rows_free(&work.rows);
  return status;
}
