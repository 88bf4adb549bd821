/* sngp predict: rows in, a CSV of predictions out. */
#include "cli/commands.h"
#include "cli/conformal.h"
#include "cli/data_source.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output_file.h"
#include "cli/prediction.h"
#include "cli/prediction_options.h"
#include "cli/prediction_table.h"
#include "sngp/sngp.h"

typedef struct {
  const char *model;
  cli_data_source source;
  const char *out;
  cli_prediction_settings prediction;
  cli_conformal_settings conformal;
} predict_settings;

typedef struct {
  cli_predictor predictor;
  cli_conformal conformal;
  sngp_dataset *rows;
  cli_prediction_table table;
} predict_work;

static const char purpose[] =
    "Writes a CSV with one line for each row of the input, by the model's task:\n"
    "\n"
    "  classification         row,class,probability_0,...,variance,uncertainty\n"
    "  regression, counts     row,mean,variance; of several targets\n"
    "                         row,mean_NAME,variance_NAME,...\n"
    "  multi-label            row,probability_NAME,...,variance\n"
    "\n"
    "Rows count from 0. probability_k is that of the k-th class, counted from 0 as 'sngp info'\n"
    "lists them ('sngp info --json' lists all of many); NAME is a target's, or its number.\n"
    "variance is that of the Gaussian process's logits: large far from the training rows\n"
    "(empty for a model without one; variance_k or variance_NAME where each output has its\n"
    "own). uncertainty is 1 - the largest probability. mean and variance of a regression are\n"
    "those of the target, in its own units and in their square, noise included. Numbers have\n"
    "enough digits to be read back exactly. A CSV with a header is matched to the model's\n"
    "columns by name, in any order.\n"
    "\n"
    "With --coverage and calibration rows one more column of a classifier, set, holds a\n"
    "prediction set: the classes that, with that probability, hold the row's own; joined by ';'\n"
    "(a ';' or '\\' of a name has a '\\' before it). MODEL is a file of 'sngp train', a model\n"
    "or an ensemble.";

static const char examples[] =
    "  sngp predict model.safetensors --data new.csv\n"
    "  sngp predict model.safetensors --npy X.npy --out predictions.csv\n"
    "  sngp predict model.safetensors --data new.csv --method monte-carlo --samples 1000\n"
    "  sngp predict model.safetensors --data new.csv --coverage 0.95 --calibration-data more.csv";

static cli_parse_result parse(predict_settings *settings, int argc, char **argv) {
  predict_settings *s = settings;
  *s = (predict_settings){0};
  cli_prediction_options prediction;
  cli_option output[] = {
      cli_text_option("out", "FILE", &s->out, "write here (default: standard output)"),
      cli_coverage_option(&s->conformal),
  };
  cli_option_group groups[] = {
      cli_data_source_group(&s->source, CLI_OUTPUTS_LEFT_OUT),
      cli_data_source_group(&s->conformal.source, CLI_LABELS_CALIBRATION),
      cli_prediction_group(&prediction, &s->prediction),
      {"Output", output, sizeof output / sizeof output[0]},
  };
  cli_command command = {.name = "predict",
                         .usage = "MODEL INPUT [OPTION]...",
                         .purpose = purpose,
                         .examples = examples,
                         .argument = "MODEL",
                         .groups = groups,
                         .num_groups = sizeof groups / sizeof groups[0]};
  cli_parse_result result = cli_options_parse(&command, argc, argv, &s->model);
  if (result != CLI_PARSE_OK) return result;
  cli_data_source *sources[] = {&s->source, &s->conformal.source};
  bool good = cli_data_sources_check(sources, sizeof sources / sizeof sources[0], command.name) &&
              cli_conformal_check(&s->conformal, command.name) &&
              cli_prediction_options_check(&s->prediction, cli_conformal_wanted(&s->conformal),
                                           command.name);
  return good ? CLI_PARSE_OK : CLI_PARSE_ERROR;
}

static int run(const predict_settings *settings, predict_work *work) {
  bool with_sets = cli_conformal_wanted(&settings->conformal);
  if (!cli_output_spares(settings->out, settings->model) ||
      !cli_data_source_spared(&settings->source, settings->out) ||
      !cli_data_source_spared(&settings->conformal.source, settings->out)) {
    return CLI_EXIT_FAILURE;
  }
  if (!cli_predictor_load(&work->predictor, settings->model, &settings->prediction) ||
      !cli_data_source_read_for(&settings->source, work->predictor.model, &work->rows)) {
    return CLI_EXIT_FAILURE;
  }
  if (with_sets &&
      !cli_conformal_calibrate(&settings->conformal, &work->predictor, &work->conformal)) {
    return CLI_EXIT_FAILURE;
  }
  if (!cli_prediction_table_create(&work->predictor, with_sets ? &work->conformal : NULL,
                                   &work->table)) {
    return CLI_EXIT_FAILURE;
  }
  int status = CLI_EXIT_FAILURE;
  cli_output output = {0};
  if (cli_output_open(&output, settings->out) &&
      cli_prediction_table_write(&work->table, work->rows, output.stream) &&
      cli_output_commit(&output)) {
    status = CLI_EXIT_OK;
  }
  cli_output_discard(&output);
  return status;
}

int cli_predict(int argc, char **argv) {
  predict_settings settings;
  cli_parse_result parsed = parse(&settings, argc, argv);
  if (parsed != CLI_PARSE_OK) return cli_parse_status(parsed);
  predict_work work = {0};
  int status = run(&settings, &work);
  cli_prediction_table_free(&work.table);
  sngp_dataset_free(work.rows);
  cli_predictor_free(&work.predictor);
  return status;
}
