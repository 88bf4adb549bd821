/* sngp train: rows in, model file out. */
#include <inttypes.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output_file.h"
#include "cli/train_report.h"
#include "cli/training_options.h"

typedef struct {
  cli_training_rows rows;
  cli_trained trained;
  bool evaluated; /* `held_out` holds something */
  cli_task_evaluation held_out;
} train_work;

static const char purpose[] =
    "Trains a model, or an ensemble, on rows with labels or targets and saves it as one file\n"
    "(safetensors): a classifier, or what --task says. CSV and NumPy columns are standardised\n"
    "inside the model, in the default preset; IDX bytes are divided by 255. With --validation,\n"
    "the temperature and the mean-field factor of a classifier's predictions are tuned on the\n"
    "rows that are held out; the noise of a regression by gradient steps is that of these rows.\n"
    "With --backbone none, a Gaussian process on the inputs themselves is fitted without\n"
    "gradient steps: for embeddings of another network, or a table. Ctrl-C ends the training;\n"
    "no file is written.";

static const char examples[] =
    "  sngp train --data train.csv --label species --out model.safetensors\n"
    "  sngp train --npy X.npy y.npy --validation 0.1 --patience 10 --out model.safetensors\n"
    "  sngp train --idx train-images.gz train-labels.gz --epochs 15 --out model.safetensors\n"
    "  sngp train --task regression --data train.csv --target price --out model.safetensors\n"
    "  sngp train --task regression --backbone none --data train.csv --out model.safetensors\n"
    "  sngp train --backbone none --npy embeddings.npy y.npy --out head.safetensors\n"
    "  sngp train --data train.csv --method ensemble --members 5 --member-method sngp \\\n"
    "      --out ensemble.safetensors";

static bool check(const cli_training_options *options, const char *command, cli_train_settings *s) {
  cli_data_source *sources[] = {&s->source};
  if (s->training.likelihood == SNGP_LIKELIHOOD_POISSON && s->training.task == CLI_TASK_REGRESSION)
    s->training.task = CLI_TASK_COUNTS;
  if (!cli_data_sources_check(sources, 1, command) ||
      !cli_data_source_check_task(&s->source, s->training.task, command)) {
    return false;
  }
  if (s->out == NULL) {
    cli_fail_usage(command, "--out is missing: the model file to write");
    return false;
  }
  s->training.raw_inputs = s->source.idx[0] != NULL;
  return cli_training_options_check(options, &s->training, command);
}

static cli_parse_result parse(cli_train_settings *settings, int argc, char **argv) {
  cli_train_settings *s = settings;
  *s = (cli_train_settings){0};
  cli_training_settings_init(&s->training);
  cli_training_options options = {0};
  cli_option output[] = {
      cli_text_option("out", "FILE", &s->out, "the model file to write (required)"),
      cli_json_option(&s->json),
      cli_quiet_option(&s->quiet),
  };
  cli_option_group groups[] = {
      cli_data_source_group(&s->source, CLI_OUTPUTS_NEEDED),
      cli_task_group(&options, &s->training, &s->source),
      {"Output", output, sizeof output / sizeof output[0]},
      cli_model_group(&options, &s->training),
      cli_solver_group(&options, &s->training),
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
  return check(&options, command.name, s) ? CLI_PARSE_OK : CLI_PARSE_ERROR;
}

/* Why there is no model, and the exit status that goes with it. */
static int fail_fit(const cli_training_settings *settings, const cli_progress *progress,
                    sngp_status status) {
  int64_t epochs = settings->epochs * cli_training_num_models(settings);
  if (cli_training_is_direct(settings)) {
    if (!cli_interrupted()) return cli_fail_library();
    cli_fail("interrupted; no model was written");
    return CLI_EXIT_INTERRUPTED;
  }
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

/* What the held-out rows say of a model with targets; of a classifier calibration does. */
static bool evaluate(const cli_training_settings *settings, train_work *work) {
  cli_prediction_settings prediction;
  cli_predictor predictor = {0};
  if (work->rows.validation == NULL || settings->task == CLI_TASK_CLASSIFICATION) return true;
  cli_prediction_settings_init(&prediction);
  prediction.threads = settings->threads;
  work->evaluated =
      cli_predictor_use(&predictor, work->trained.ensemble, &prediction) &&
      cli_task_evaluation_run(&predictor, work->rows.validation, NULL, &work->held_out);
  cli_predictor_free(&predictor);
  return work->evaluated;
}

static int run(const cli_train_settings *settings, train_work *work) {
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
  if (!settings->quiet && !settings->json) cli_train_report_start(settings, rows, trained);
  cli_progress progress;
  cli_progress_init(&progress, settings->quiet, settings->json);
  sngp_status status =
      cli_training_fit(training, rows->training, rows->validation, &progress, trained);
  if (status != SNGP_OK || cli_interrupted()) return fail_fit(training, &progress, status);
  if (!cli_training_calibrate(training, rows->validation, trained) || !evaluate(training, work)) {
    return CLI_EXIT_FAILURE;
  }
  if (sngp_ensemble_save(trained->ensemble, settings->out) != SNGP_OK) return cli_fail_library();
  bool reported = cli_train_report(settings, trained, work->evaluated ? &work->held_out : NULL);
  return reported ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

int cli_train(int argc, char **argv) {
  cli_train_settings settings;
  cli_parse_result parsed = parse(&settings, argc, argv);
  if (parsed != CLI_PARSE_OK) return cli_parse_status(parsed);
  train_work work = {0};
  int status = run(&settings, &work);
  cli_task_evaluation_free(&work.held_out);
  cli_trained_free(&work.trained);
  cli_training_rows_free(&work.rows);
  return status;
}
