/* sngp train: rows in, model file out. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

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
    "Trains a classifier on labelled rows and saves it as one model file (safetensors).\n"
    "CSV and NumPy columns are standardised inside the model, except in the tutorial\n"
    "preset; IDX bytes are divided by 255. Ctrl-C ends the training; no file is written.";

static const char examples[] =
    "  sngp train --data train.csv --label species --out model.safetensors\n"
    "  sngp train --npy X.npy y.npy --validation 0.1 --patience 10 --out model.safetensors\n"
    "  sngp train --idx train-images.gz train-labels.gz --epochs 15 --out model.safetensors";

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
  char count[CLI_COUNT_SIZE], held_out[CLI_COUNT_SIZE], cols[CLI_COUNT_SIZE], heading[64];
  printf("Rows     %s", cli_format_count(sngp_dataset_rows(rows->training), count));
  if (rows->validation != NULL) {
    printf(" and %s held out", cli_format_count(sngp_dataset_rows(rows->validation), held_out));
  }
  printf("; %s columns, %" PRId64 " classes\n",
         cli_format_count(sngp_dataset_cols(rows->training), cols), rows->num_classes);
  snprintf(heading, sizeof heading, "Model    %s", cli_training_title(settings->training.method));
  cli_print_model_line(work->trained.model, heading);
  fflush(stdout);
}

static sngp_status report(const train_settings *settings, const cli_trained *trained) {
  sngp_model_config config;
  sngp_status status = sngp_model_config_init(&config, sizeof config);
  if (status == SNGP_OK) status = sngp_model_get_config(trained->model, &config);
  if (status != SNGP_OK) return status;
  double kernel_scale = config.head == SNGP_HEAD_GAUSSIAN_PROCESS ? config.kernel_scale : NAN;
  if (settings->json) {
    cli_json_print(json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:s}", "method", cli_training_methods[settings->training.method],
        "parameters", cli_json_parameters(trained->model), "kernel_scale",
        cli_json_real(kernel_scale), "history", cli_json_history(trained->history), "seconds",
        cli_json_real(trained->seconds), "out", settings->out));
    return SNGP_OK;
  }
  if (settings->quiet) return SNGP_OK;
  int64_t epochs = sngp_history_num_epochs(trained->history);
  printf("Trained  %" PRId64 " epoch%s in %.1f s", epochs, epochs == 1 ? "" : "s",
         trained->seconds);
  if (epochs < settings->training.epochs) printf(", stopped early");
  if (!isnan(kernel_scale)) printf("; kernel scale %.4g", kernel_scale);
  printf("\nSaved    %s\n", settings->out);
  return SNGP_OK;
}

static int run(const train_settings *settings, train_work *work) {
  const cli_training_settings *training = &settings->training;
  const cli_training_rows *rows = &work->rows;
  cli_trained *trained = &work->trained;
  if (!cli_output_check(settings->out)) return CLI_EXIT_FAILURE;
  if (!cli_data_source_spared(&settings->source, settings->out)) return CLI_EXIT_FAILURE;
  if (!cli_training_rows_read(training, &settings->source, &work->rows)) return CLI_EXIT_FAILURE;
  if (sngp_set_blas_threads(1) != SNGP_OK ||
      cli_training_create(training, rows->training, rows->num_classes, trained) != SNGP_OK) {
    return cli_fail_library();
  }
  if (!settings->quiet && !settings->json) print_start(settings, work);
  cli_progress progress;
  cli_progress_init(&progress, settings->quiet, settings->json);
  sngp_status status =
      cli_training_fit(training, rows->training, rows->validation, &progress, trained);
  int64_t epochs = sngp_history_num_epochs(trained->history);
  if (cli_interrupted()) {
    cli_fail("interrupted after %" PRId64 " epochs; no model was written", epochs);
    return CLI_EXIT_INTERRUPTED;
  }
  if (status == SNGP_ERROR_NUMERICAL) {
    return cli_fail("training failed after %" PRId64 " of %" PRId64
                    " epochs: the loss, the weights or the posterior are not finite; a smaller "
                    "--learning-rate may help; no model was written",
                    epochs, training->epochs);
  }
  if (status != SNGP_OK || sngp_model_save(trained->model, settings->out) != SNGP_OK ||
      report(settings, trained) != SNGP_OK) {
    return cli_fail_library();
  }
  return CLI_EXIT_OK;
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
