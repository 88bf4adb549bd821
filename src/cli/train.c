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
#include "cli/threads.h"
#include "sngp/sngp.h"

/* Settings that were not given stay at these and leave the preset's value. */
static const int64_t NOT_GIVEN = -1;

static const char *const presets[] = {"default", "tutorial", NULL}; /* SNGP_PRESET_* */

enum { METHOD_SNGP = 0, METHOD_DETERMINISTIC = 1 };
static const char *const methods[] = {"sngp", "deterministic", NULL};

typedef struct {
  cli_data_source source;
  const char *out;
  int32_t preset, method;
  int64_t epochs, batch_size, seed, num_layers, num_hidden, num_features, patience, threads;
  double learning_rate, spectral_bound, validation; /* NaN: not given */
  bool quiet, json;
} train_settings;

typedef struct {
  sngp_dataset *training, *validation;
  sngp_model *model;
  sngp_optimizer *optimizer;
  sngp_history *history;
  double seconds;
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
  *s = (train_settings){.preset = SNGP_PRESET_DEFAULT,
                        .method = METHOD_SNGP,
                        .epochs = 100,
                        .batch_size = NOT_GIVEN,
                        .num_layers = NOT_GIVEN,
                        .num_hidden = NOT_GIVEN,
                        .num_features = NOT_GIVEN,
                        .threads = cli_default_threads(),
                        .learning_rate = NAN,
                        .spectral_bound = NAN,
                        .validation = NAN};
  cli_option output[] = {
      {.name = "out",
       .value = "FILE",
       .kind = CLI_KIND_TEXT,
       .target = &s->out,
       .help = "the model file to write (required)"},
      cli_json_option(&s->json),
      cli_quiet_option(&s->quiet),
  };
  cli_option model[] = {
      {.name = "preset",
       .value = "NAME",
       .kind = CLI_KIND_CHOICE,
       .target = &s->preset,
       .choices = presets,
       .help = "default: finds its length scale in the data;\n"
               "tutorial: the values of the TensorFlow SNGP tutorial"},
      {.name = "method",
       .value = "NAME",
       .kind = CLI_KIND_CHOICE,
       .target = &s->method,
       .choices = methods,
       .help = "sngp (default), or deterministic: the same network with a\n"
               "dense head and no spectral bound"},
      {.name = "num-layers",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->num_layers,
       .maximum = CLI_LARGEST_SIZE,
       .help = "residual blocks (default: 6)"},
      {.name = "num-hidden",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->num_hidden,
       .minimum = 1,
       .maximum = CLI_LARGEST_SIZE,
       .help = "units of each block (default: 128)"},
      {.name = "num-features",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->num_features,
       .minimum = 1,
       .maximum = CLI_LARGEST_SIZE,
       .help = "random features of the Gaussian process (default: 1024)"},
      {.name = "spectral-bound",
       .value = "X",
       .kind = CLI_KIND_REAL,
       .target = &s->spectral_bound,
       .help = "largest singular value of each block; 0: no bound\n"
               "(default: 0.9; deterministic: 0)"},
  };
  cli_option fit[] = {
      {.name = "epochs",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->epochs,
       .minimum = 1,
       .maximum = CLI_LARGEST_SIZE,
       .help = "passes over the training rows (default: 100)"},
      {.name = "batch-size",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->batch_size,
       .minimum = 1,
       .help = "rows of a step (default: 128, or all where there are fewer)"},
      {.name = "learning-rate",
       .value = "X",
       .kind = CLI_KIND_REAL,
       .target = &s->learning_rate,
       .open = true,
       .help = "of Adam (default: 0.001, decaying; tutorial: 0.0001)"},
      {.name = "validation",
       .value = "FRACTION",
       .kind = CLI_KIND_REAL,
       .target = &s->validation,
       .open = true,
       .upper = 1,
       .help = "share of the rows to hold out, between 0 and 1\n"
               "(default: none)"},
      {.name = "patience",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->patience,
       .minimum = 1,
       .help = "stop after N epochs without a better validation loss, and go\n"
               "back to the best weights (default: never)"},
      {.name = "seed",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->seed,
       .help = "of every random draw (default: 0)"},
      cli_threads_option(&s->threads),
  };
  cli_option_group groups[] = {
      cli_data_source_group(&s->source, CLI_LABELS_NEEDED),
      {"Output", output, sizeof output / sizeof output[0]},
      {"Model", model, sizeof model / sizeof model[0]},
      {"Training", fit, sizeof fit / sizeof fit[0]},
  };
  cli_command command = {.name = "train",
                         .usage = "INPUT --out FILE [OPTION]...",
                         .purpose = purpose,
                         .examples = examples,
                         .groups = groups,
                         .num_groups = sizeof groups / sizeof groups[0]};
  cli_parse_result result = cli_options_parse(&command, argc, argv, NULL);
  if (result != CLI_PARSE_OK) return result;
  if (!cli_data_source_check(&s->source, NULL, command.name)) return CLI_PARSE_ERROR;
  if (s->out == NULL) {
    cli_fail_usage(command.name, "--out is missing: the model file to write");
    return CLI_PARSE_ERROR;
  }
  if (s->method == METHOD_DETERMINISTIC && s->num_features != NOT_GIVEN) {
    cli_fail_usage(command.name, "--num-features has no effect with --method deterministic");
    return CLI_PARSE_ERROR;
  }
  if (s->patience > 0 && isnan(s->validation)) {
    cli_fail_usage(command.name, "--patience needs --validation");
    return CLI_PARSE_ERROR;
  }
  return CLI_PARSE_OK;
}

static bool one_class(const sngp_dataset *rows) {
  const int32_t *labels = sngp_dataset_labels(rows);
  int64_t i = 1;
  while (i < sngp_dataset_rows(rows) && labels[i] == labels[0]) i++;
  return i >= sngp_dataset_rows(rows);
}

static int fail_one_class(const sngp_dataset *rows) {
  const char *const *names = sngp_dataset_class_names(rows);
  int32_t label = sngp_dataset_labels(rows)[0];
  const char needed[] = "training needs two classes or more, but all labels are";
  if (names != NULL) return cli_fail("%s %s", needed, names[label]);
  return cli_fail("%s %" PRId32, needed, label);
}

static bool read_rows(const train_settings *settings, train_work *work, int64_t *num_classes) {
  if (!cli_data_source_read_training(&settings->source, &work->training)) return false;
  *num_classes = sngp_dataset_num_classes(work->training);
  if (one_class(work->training)) {
    fail_one_class(work->training);
    return false;
  }
  if (isnan(settings->validation)) return true;
  sngp_dataset *all = work->training;
  work->training = NULL;
  sngp_status status = sngp_dataset_split(all, settings->validation, settings->seed,
                                          &work->training, &work->validation);
  sngp_dataset_free(all);
  if (status != SNGP_OK) cli_fail("--validation: %s", sngp_last_error());
  return status == SNGP_OK;
}

/* What the fit would refuse, in the words of the options. */
static bool check_rows(const train_settings *settings, const sngp_dataset *training) {
  int64_t rows = sngp_dataset_rows(training);
  if (settings->batch_size > rows) {
    cli_fail("--batch-size %" PRId64 " is more than the %" PRId64 " training rows",
             settings->batch_size, rows);
    return false;
  }
  if (one_class(training)) {
    cli_fail("--validation %g leaves training rows of one class only", settings->validation);
    return false;
  }
  return true;
}

static sngp_status create_model(const train_settings *settings, const sngp_dataset *training,
                                int64_t num_classes, sngp_model **model) {
  sngp_model_config config;
  sngp_status status = sngp_model_config_init(&config, sizeof config);
  if (status == SNGP_OK) status = sngp_model_config_preset(&config, settings->preset);
  if (status != SNGP_OK) return status;
  config.input_dim = sngp_dataset_cols(training);
  config.num_classes = num_classes;
  config.class_names = sngp_dataset_class_names(training);
  config.feature_names = sngp_dataset_feature_names(training);
  config.seed = settings->seed;
  if (settings->source.idx[0] != NULL) config.standardize_inputs = 0;
  if (settings->method == METHOD_DETERMINISTIC) {
    config.head = SNGP_HEAD_DENSE;
    config.spectral_norm_bound = 0;
  }
  if (settings->num_layers != NOT_GIVEN) config.num_layers = settings->num_layers;
  if (settings->num_hidden != NOT_GIVEN) config.num_hidden = settings->num_hidden;
  if (settings->num_features != NOT_GIVEN) config.num_random_features = settings->num_features;
  if (!isnan(settings->spectral_bound)) config.spectral_norm_bound = settings->spectral_bound;
  return sngp_model_create(&config, model);
}

static sngp_status create_optimizer(const train_settings *settings, sngp_optimizer **optimizer) {
  sngp_optimizer_config config;
  sngp_status status = sngp_optimizer_config_init(&config, sizeof config);
  if (status == SNGP_OK) status = sngp_optimizer_config_preset(&config, settings->preset);
  if (status != SNGP_OK) return status;
  if (!isnan(settings->learning_rate)) config.learning_rate = settings->learning_rate;
  return sngp_optimizer_create(&config, optimizer);
}

static sngp_status fit(const train_settings *settings, train_work *work) {
  sngp_fit_config config;
  sngp_status status = sngp_fit_config_init(&config, sizeof config);
  if (status == SNGP_OK) status = sngp_fit_config_preset(&config, settings->preset);
  if (status != SNGP_OK) return status;
  cli_progress progress;
  cli_progress_init(&progress, settings->quiet, settings->json);
  config.num_threads = (int32_t)settings->threads;
  config.epochs = settings->epochs;
  if (settings->batch_size != NOT_GIVEN) config.batch_size = settings->batch_size;
  config.patience = settings->patience;
  config.callback = cli_progress_callback;
  config.context = &progress;
  cli_progress_begin(&progress);
  status = sngp_fit(work->model, work->optimizer, work->training, work->validation, &config,
                    &work->history);
  work->seconds = cli_progress_end(&progress);
  return status;
}

static void print_start(const train_work *work, int64_t num_classes, int32_t method) {
  char rows[CLI_COUNT_SIZE], held_out[CLI_COUNT_SIZE], cols[CLI_COUNT_SIZE];
  printf("Rows     %s", cli_format_count(sngp_dataset_rows(work->training), rows));
  if (work->validation != NULL) {
    printf(" and %s held out", cli_format_count(sngp_dataset_rows(work->validation), held_out));
  }
  printf("; %s columns, %" PRId64 " classes\n",
         cli_format_count(sngp_dataset_cols(work->training), cols), num_classes);
  cli_print_model_line(work->model,
                       method == METHOD_SNGP ? "Model    SNGP" : "Model    deterministic");
  fflush(stdout);
}

static sngp_status report(const train_settings *settings, const train_work *work) {
  sngp_model_config config;
  sngp_status status = sngp_model_config_init(&config, sizeof config);
  if (status == SNGP_OK) status = sngp_model_get_config(work->model, &config);
  if (status != SNGP_OK) return status;
  double kernel_scale = settings->method == METHOD_SNGP ? config.kernel_scale : NAN;
  if (settings->json) {
    cli_json_print(json_pack("{s:s, s:o, s:o, s:o, s:o, s:s}", "method", methods[settings->method],
                             "parameters", cli_json_parameters(work->model), "kernel_scale",
                             cli_json_real(kernel_scale), "history",
                             cli_json_history(work->history), "seconds",
                             cli_json_real(work->seconds), "out", settings->out));
    return SNGP_OK;
  }
  if (settings->quiet) return SNGP_OK;
  int64_t epochs = sngp_history_num_epochs(work->history);
  printf("Trained  %" PRId64 " epoch%s in %.1f s", epochs, epochs == 1 ? "" : "s", work->seconds);
  if (epochs < settings->epochs) printf(", stopped early");
  if (!isnan(kernel_scale)) printf("; kernel scale %.4g", kernel_scale);
  printf("\nSaved    %s\n", settings->out);
  return SNGP_OK;
}

static int run(const train_settings *settings, train_work *work) {
  int64_t num_classes = 0;
  if (!cli_output_check(settings->out)) return CLI_EXIT_FAILURE;
  if (!cli_data_source_spared(&settings->source, settings->out)) return CLI_EXIT_FAILURE;
  if (!read_rows(settings, work, &num_classes)) return CLI_EXIT_FAILURE;
  if (!check_rows(settings, work->training)) return CLI_EXIT_FAILURE;
  if (sngp_set_blas_threads(1) != SNGP_OK) return cli_fail_library();
  if (create_model(settings, work->training, num_classes, &work->model) != SNGP_OK ||
      create_optimizer(settings, &work->optimizer) != SNGP_OK ||
      sngp_model_prepare(work->model, work->training) != SNGP_OK) {
    return cli_fail_library();
  }
  if (!settings->quiet && !settings->json) print_start(work, num_classes, settings->method);
  sngp_status status = fit(settings, work);
  if (cli_interrupted()) {
    cli_fail("interrupted after %" PRId64 " epochs; no model was written",
             sngp_history_num_epochs(work->history));
    return CLI_EXIT_INTERRUPTED;
  }
  if (status == SNGP_ERROR_NUMERICAL) {
    return cli_fail("training failed after %" PRId64 " of %" PRId64
                    " epochs: the loss, the weights or the posterior are not finite; a smaller "
                    "--learning-rate may help; no model was written",
                    sngp_history_num_epochs(work->history), settings->epochs);
  }
  if (status != SNGP_OK || sngp_model_save(work->model, settings->out) != SNGP_OK ||
      report(settings, work) != SNGP_OK) {
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
  sngp_history_free(work.history);
  sngp_optimizer_free(work.optimizer);
  sngp_model_free(work.model);
  sngp_dataset_free(work.validation);
  sngp_dataset_free(work.training);
  return status;
}
