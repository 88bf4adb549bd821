/* sngp calibrate: a model and held-out rows in, the same model out, tuned. */
#include <math.h>
#include <stdio.h>

#include "cli/calibration.h"
#include "cli/commands.h"
#include "cli/data_source.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output_file.h"
#include "cli/prediction.h"
#include "cli/prediction_options.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "sngp/sngp.h"

typedef struct {
  const char *model, *out;
  cli_data_source source;
  cli_prediction_settings prediction;
  bool ridge, quiet, json;
} calibrate_settings;

typedef struct {
  sngp_ensemble *ensemble;
  sngp_dataset *rows;
  sngp_calibration result;
} calibrate_work;

static const char purpose[] =
    "Tunes a classifier, a model or an ensemble, on labelled rows that it was not trained\n"
    "on: the temperature and, for mean-field predictions of a Gaussian process, the\n"
    "mean-field factor, by the likelihood of the rows. No weight changes.\n"
    "'sngp train --validation' does the same for mean-field predictions; this is for other\n"
    "rows, and other methods: each has a temperature of its own, so that a model is tuned for\n"
    "the one it will predict by.";

static const char examples[] =
    "  sngp calibrate model.safetensors --data held_out.csv --out tuned.safetensors\n"
    "  sngp calibrate model.safetensors --data held_out.csv --method mc-dropout --passes 20 \\\n"
    "    --out tuned.safetensors";

static cli_parse_result parse(calibrate_settings *settings, int argc, char **argv) {
  calibrate_settings *s = settings;
  *s = (calibrate_settings){0};
  cli_prediction_options prediction;
  cli_option tuning[] = {
      cli_flag_option("ridge", &s->ridge,
                      "tune the ridge too, in decades around the model's; in-domain\n"
                      "rows say little about it"),
  };
  cli_option output[] = {
      cli_text_option("out", "FILE", &s->out,
                      "the model file to write (required); may be MODEL itself"),
      cli_json_option(&s->json),
      cli_quiet_option(&s->quiet),
  };
  cli_option_group groups[] = {
      cli_data_source_group(&s->source, CLI_LABELS_NEEDED),
      {"Tuning", tuning, sizeof tuning / sizeof tuning[0]},
      cli_tuned_prediction_group(&prediction, &s->prediction),
      {"Output", output, sizeof output / sizeof output[0]},
  };
  cli_command command = {.name = "calibrate",
                         .usage = "MODEL INPUT --out FILE [OPTION]...",
                         .purpose = purpose,
                         .examples = examples,
                         .argument = "MODEL",
                         .groups = groups,
                         .num_groups = sizeof groups / sizeof groups[0]};
  cli_parse_result result = cli_options_parse(&command, argc, argv, &s->model);
  if (result != CLI_PARSE_OK) return result;
  cli_data_source *sources[] = {&s->source};
  if (!cli_data_sources_check(sources, 1, command.name) ||
      !cli_prediction_options_check(&s->prediction, false, command.name)) {
    return CLI_PARSE_ERROR;
  }
  if (s->out == NULL) {
    cli_fail_usage(command.name, "--out is missing: the model file to write");
    return CLI_PARSE_ERROR;
  }
  return CLI_PARSE_OK;
}

static bool check_model(const sngp_model *model) {
  sngp_model_config config;
  return cli_succeeded(sngp_model_config_init(&config, sizeof config)) &&
         cli_succeeded(sngp_model_get_config(model, &config)) &&
         cli_task_check_classes(&config, "calibration");
}

/* Loads and reads; false: the reason has been reported. */
static bool read_inputs(const calibrate_settings *settings, calibrate_work *work) {
  if (!cli_output_check(settings->out) ||
      !cli_data_source_spared(&settings->source, settings->out)) {
    return false;
  }
  return cli_succeeded(sngp_set_blas_threads(1)) &&
         cli_succeeded(sngp_ensemble_load(settings->model, &work->ensemble)) &&
         check_model(sngp_ensemble_member(work->ensemble, 0)) &&
         cli_data_source_read_for(&settings->source, sngp_ensemble_member(work->ensemble, 0),
                                  &work->rows);
}

static sngp_status tune(const calibrate_settings *settings, calibrate_work *work) {
  sngp_predict_config predict;
  sngp_calibrate_config config;
  work->result.struct_size = sizeof work->result;
  sngp_status status = cli_prediction_config(&settings->prediction, &predict);
  if (status == SNGP_OK) status = sngp_calibrate_config_init(&config, sizeof config);
  if (status != SNGP_OK) return status;
  config.tune_ridge = settings->ridge;
  return sngp_ensemble_calibrate(work->ensemble, work->rows, &predict, &config, &work->result);
}

static bool report(const calibrate_settings *settings, const calibrate_work *work) {
  sngp_model_config model = {0};
  sngp_model_config_init(&model, sizeof model);
  sngp_model_get_config(sngp_ensemble_member(work->ensemble, 0), &model);
  int32_t method = settings->prediction.method;
  bool with_factor = model.head == SNGP_HEAD_GAUSSIAN_PROCESS &&
                     (method == SNGP_PREDICT_MEAN_FIELD || method == SNGP_PREDICT_MC_DROPOUT);
  double ridge = settings->ridge ? work->result.ridge : NAN;
  if (settings->json) {
    return cli_json_print(json_pack("{s:s, s:o, s:o, s:s}", "method", cli_predict_methods[method],
                                    "calibration", cli_calibration_json(&work->result, with_factor),
                                    "ridge", cli_json_real(ridge), "out", settings->out));
  }
  if (settings->quiet) return true;
  cli_calibration_print(&work->result, with_factor);
  if (settings->ridge) printf("Ridge       %.3g\n", ridge);
  printf("Saved       %s\n", settings->out);
  return true;
}

static int run(const calibrate_settings *settings, calibrate_work *work) {
  if (!read_inputs(settings, work)) return CLI_EXIT_FAILURE;
  if (tune(settings, work) != SNGP_OK ||
      sngp_ensemble_save(work->ensemble, settings->out) != SNGP_OK) {
    return cli_fail_library();
  }
  return report(settings, work) ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

int cli_calibrate(int argc, char **argv) {
  calibrate_settings settings;
  cli_parse_result parsed = parse(&settings, argc, argv);
  if (parsed != CLI_PARSE_OK) return cli_parse_status(parsed);
  calibrate_work work = {0};
  int status = run(&settings, &work);
  sngp_dataset_free(work.rows);
  sngp_ensemble_free(work.ensemble);
  return status;
}
