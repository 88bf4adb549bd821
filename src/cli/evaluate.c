/* sngp evaluate: what predictions are worth on rows with labels or targets; how well the scores
   tell out-of-domain rows. */
#include "cli/commands.h"
#include "cli/conformal.h"
#include "cli/data_source.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/prediction.h"
#include "cli/prediction_options.h"
#include "cli/report.h"
#include "cli/task_evaluation.h"
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
  cli_task_evaluation evaluation;
  cli_conformal conformal;
  sngp_set_metrics sets;
} evaluate_work;

static const char purpose[] =
    "Compares predictions with the labels or targets of test rows, by the model's task.\n"
    "\n"
    "  classification    accuracy, likelihood, calibration, and what is gained by rejecting\n"
    "                    the rows of the largest scores (AURC: the mean error over all shares\n"
    "                    of rows that are kept; excess: over the best order; at 80%: accuracy\n"
    "                    where the surest 80% are kept)\n"
    "  regression        root mean squared and mean absolute error, likelihood, CRPS\n"
    "                    (continuous ranked probability score), coverage and width of the 95%\n"
    "                    interval, in the targets' own units\n"
    "  counts            root mean squared and mean absolute error\n"
    "  multi-label       of each label accuracy, likelihood, calibration and AUROC, and how\n"
    "                    many rows have all labels right\n"
    "\n"
    "With out-of-domain rows, says how well each score tells them from the test rows: AUROC,\n"
    "AUPR and the false-positive rate at 95% true positives, out-of-domain being positive.\n"
    "With --coverage and calibration rows, makes prediction sets of a classifier and says how\n"
    "many hold their row's class, and how large they are. MODEL is a file of 'sngp train', a\n"
    "model or an ensemble.";

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
      cli_flag_option("json", &s->json, "print one JSON document"),
  };
  cli_option_group groups[] = {
      cli_data_source_group(&s->source, CLI_OUTPUTS_NEEDED),
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
  json_t *document = cli_task_evaluation_json(&work->evaluation);
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
  cli_task_evaluation *evaluation = &work->evaluation;
  if (!cli_predictor_load(predictor, settings->model, &settings->prediction) ||
      !cli_data_source_read_for(&settings->source, predictor->model, &work->rows)) {
    return false;
  }
  if (cli_data_source_given(&settings->ood) &&
      !cli_data_source_read_for(&settings->ood, predictor->model, &work->ood)) {
    return false;
  }
  bool sets = cli_conformal_wanted(&settings->conformal);
  if (sets && !cli_conformal_calibrate(&settings->conformal, predictor, &work->conformal)) {
    return false;
  }
  return cli_task_evaluation_run(predictor, work->rows, work->ood, evaluation) &&
         (!sets || cli_conformal_evaluate(&work->conformal, evaluation->classes.probabilities,
                                          sngp_dataset_labels(work->rows),
                                          sngp_dataset_rows(work->rows), &work->sets));
}

static int run(const evaluate_settings *settings, evaluate_work *work) {
  if (!compute(settings, work)) return CLI_EXIT_FAILURE;
  if (settings->json) return print_json(settings, work) ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
  cli_task_evaluation_print(&work->evaluation);
  if (cli_conformal_wanted(&settings->conformal)) {
    cli_conformal_print(&work->conformal, &work->sets);
  }
  return CLI_EXIT_OK;
}

int cli_evaluate(int argc, char **argv) {
  evaluate_settings settings;
  cli_parse_result parsed = parse(&settings, argc, argv);
  if (parsed != CLI_PARSE_OK) return cli_parse_status(parsed);
  evaluate_work work = {0};
  int status = run(&settings, &work);
  cli_task_evaluation_free(&work.evaluation);
  sngp_dataset_free(work.ood);
  sngp_dataset_free(work.rows);
  cli_predictor_free(&work.predictor);
  return status;
}
