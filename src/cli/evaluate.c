/* sngp evaluate: accuracy and calibration on labelled rows; how well the scores tell
   out-of-domain rows. */
#include "cli/commands.h"
#include "cli/conformal.h"
#include "cli/data_source.h"
#include "cli/evaluation.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/prediction.h"
#include "cli/prediction_options.h"
#include "cli/report.h"
#include "sngp/sngp.h"

typedef struct {
  const char *model;
  cli_data_source source, ood;
  cli_prediction_settings prediction;
  cli_conformal_settings conformal;
  bool json;
} evaluate_settings;

typedef struct {
  cli_predictor predictor;
  sngp_dataset *rows, *ood;
  cli_evaluation evaluation;
  cli_conformal conformal;
  sngp_set_metrics sets;
} evaluate_work;

static const char purpose[] =
    "Compares predictions with the labels of test rows: accuracy, likelihood, calibration,\n"
    "and what is gained by rejecting the rows of the largest scores (AURC: the mean error\n"
    "over all shares of rows that are kept; excess: over the best order; at 80%: accuracy\n"
    "where the surest 80% are kept). With out-of-domain rows, says how well each score\n"
    "tells them from the test rows: AUROC, AUPR and the false-positive rate at 95% true\n"
    "positives, out-of-domain being positive. With --coverage and calibration rows, makes\n"
    "prediction sets and says how many hold their row's class, and how large they are.\n"
    "MODEL is a file of 'sngp train', a model or an ensemble.";

static const char examples[] =
    "  sngp evaluate model.safetensors --data test.csv\n"
    "  sngp evaluate model.safetensors --idx images.gz labels.gz --ood-idx other.gz --json\n"
    "  sngp evaluate model.safetensors --data test.csv --method mc-dropout --passes 20\n"
    "  sngp evaluate model.safetensors --data test.csv --coverage 0.9 --calibration-data more.csv";

static cli_parse_result parse(evaluate_settings *settings, int argc, char **argv) {
  evaluate_settings *s = settings;
  *s = (evaluate_settings){0};
  cli_prediction_options prediction;
  cli_option output[] = {
      cli_coverage_option(&s->conformal),
      {.name = "json",
       .kind = CLI_KIND_FLAG,
       .target = &s->json,
       .help = "print one JSON document"},
  };
  cli_option_group groups[] = {
      cli_data_source_group(&s->source, CLI_LABELS_NEEDED),
      cli_data_source_group(&s->ood, CLI_LABELS_OOD),
      cli_data_source_group(&s->conformal.source, CLI_LABELS_CALIBRATION),
      cli_prediction_group(&prediction, &s->prediction),
      {"Output", output, sizeof output / sizeof output[0]},
  };
  cli_command command = {.name = "evaluate",
                         .usage = "MODEL INPUT [OPTION]...",
                         .purpose = purpose,
                         .examples = examples,
                         .argument = "MODEL",
                         .groups = groups,
                         .num_groups = sizeof groups / sizeof groups[0]};
  cli_parse_result result = cli_options_parse(&command, argc, argv, &s->model);
  if (result != CLI_PARSE_OK) return result;
  cli_data_source *sources[] = {&s->source, &s->ood, &s->conformal.source};
  bool good = cli_data_sources_check(sources, sizeof sources / sizeof sources[0], command.name) &&
              cli_conformal_check(&s->conformal, command.name) &&
              cli_prediction_options_check(&s->prediction, cli_conformal_wanted(&s->conformal),
                                           command.name);
  return good ? CLI_PARSE_OK : CLI_PARSE_ERROR;
}

static bool print_json(const evaluate_settings *settings, const evaluate_work *work) {
  json_t *document = cli_evaluation_json(&work->evaluation);
  if (cli_conformal_wanted(&settings->conformal) &&
      json_object_set_new(document, "conformal",
                          cli_conformal_json(&work->conformal, &work->sets)) != 0) {
    json_decref(document);
    document = NULL;
  }
  return cli_json_print(document);
}

static bool compute(const evaluate_settings *settings, evaluate_work *work) {
  cli_predictor *predictor = &work->predictor;
  cli_evaluation *evaluation = &work->evaluation;
  if (!cli_predictor_load(predictor, settings->model, &settings->prediction) ||
      !cli_data_source_read_for(&settings->source, predictor->model, &work->rows)) {
    return false;
  }
  if (cli_data_source_given(&settings->ood) &&
      !cli_data_source_read_for(&settings->ood, predictor->model, &work->ood)) {
    return false;
  }
  if (!cli_evaluation_run(predictor, work->rows, work->ood, evaluation)) return false;
  return !cli_conformal_wanted(&settings->conformal) ||
         (cli_conformal_calibrate(&settings->conformal, predictor, &work->conformal) &&
          cli_conformal_evaluate(&work->conformal, evaluation->probabilities,
                                 sngp_dataset_labels(work->rows), sngp_dataset_rows(work->rows),
                                 &work->sets));
}

static int run(const evaluate_settings *settings, evaluate_work *work) {
  if (!compute(settings, work)) return CLI_EXIT_FAILURE;
  if (settings->json) return print_json(settings, work) ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
  cli_evaluation_print(&work->evaluation);
  if (cli_conformal_wanted(&settings->conformal)) {
    cli_conformal_print(&work->conformal, &work->sets);
  }
  return CLI_EXIT_OK;
}

int cli_evaluate(int argc, char **argv) {
  evaluate_settings settings;
  switch (parse(&settings, argc, argv)) {
    case CLI_PARSE_HELP: return CLI_EXIT_OK;
    case CLI_PARSE_ERROR: return CLI_EXIT_USAGE;
    case CLI_PARSE_OK: break;
  }
  evaluate_work work = {0};
  int status = run(&settings, &work);
  cli_evaluation_free(&work.evaluation);
  sngp_dataset_free(work.ood);
  sngp_dataset_free(work.rows);
  cli_predictor_free(&work.predictor);
  return status;
}
