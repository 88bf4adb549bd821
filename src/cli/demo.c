/* sngp demo two-moons: four methods learn the two moons, as in the TensorFlow SNGP tutorial, and
   show what they say far from the data. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/directory.h"
#include "cli/figure.h"
#include "cli/message.h"
#include "cli/moons.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/threads.h"
#include "sngp/sngp.h"

static const char purpose[] =
    "Trains on the two moons with the values of the TensorFlow SNGP tutorial, and compares\n"
    "what four methods say about points far from the training data: a deterministic network;\n"
    "Monte Carlo dropout, 10 passes of that network; a deep ensemble of 10 of its kind; and,\n"
    "with the deterministic network's Adam optimizer, an SNGP. Writes into the directory of\n"
    "--out:\n"
    "\n"
    "  two_moons.png            of each method, the probability p of class 0 and the\n"
    "                           uncertainty 4 p (1 - p), which is 1 where p is 1/2; all in\n"
    "                           one colour scale from 0 to 1 (where gnuplot is installed)\n"
    "  two_moons.gp             the gnuplot script of the picture\n"
    "  two_moons_points.dat     its points\n"
    "  two_moons_surface.dat    its surfaces";

static const char examples[] =
    "  sngp demo two-moons\n"
    "  sngp demo two-moons --seed 3 --out /tmp/moons --json";

static cli_parse_result parse(moons_settings *settings, int argc, char **argv) {
  moons_settings *s = settings;
  *s = (moons_settings){.epochs = 100, .threads = cli_default_threads(), .directory = "sngp-demo"};
  const char *name = NULL;
  cli_option options[] = {
      cli_text_option("out", "DIR", &s->directory,
                      "directory for the files; made where it is missing\n(default: sngp-demo)"),
      cli_integer_option("seed", 0, INT64_MAX, &s->seed,
                         "of the data and of all models (default: 0)"),
      cli_integer_option("epochs", 1, CLI_LARGEST_SIZE, &s->epochs, "of each model (default: 100)"),
      cli_json_option(&s->json),
      cli_quiet_option(&s->quiet),
      cli_threads_option(&s->threads),
  };
  cli_option_group groups[] = {{"Options", options, sizeof options / sizeof options[0]}};
  cli_command command = {.name = "demo",
                         .usage = "two-moons [OPTION]...",
                         .purpose = purpose,
                         .examples = examples,
                         .argument = "the name of the demonstration, two-moons,",
                         .groups = groups,
                         .num_groups = 1};
  cli_parse_result result = cli_options_parse(&command, argc, argv, &name);
  if (result == CLI_PARSE_OK && strcmp(name, "two-moons") != 0) {
    cli_fail_usage(command.name, "unknown demonstration '%s'; there is two-moons", name);
    return CLI_PARSE_ERROR;
  }
  return result;
}

/* {"total", "trainable"}, over all members. */
static json_t *parameters_json(const sngp_ensemble *models) {
  int64_t all = 0, trained = 0;
  for (int64_t i = 0; i < sngp_ensemble_num_members(models); i++) {
    int64_t total = 0, trainable = 0;
    if (sngp_model_parameter_count(sngp_ensemble_member(models, i), &total, &trainable) !=
        SNGP_OK) {
      return NULL;
    }
    all += total;
    trained += trainable;
  }
  return json_pack("{s:I, s:I}", "total", (json_int_t)all, "trainable", (json_int_t)trained);
}

/* A model's epochs; of an ensemble an array of its members' epochs. */
static json_t *history_json(const moons_result *training, int64_t members) {
  if (members == 1) return cli_json_history(training->histories[0]);
  json_t *histories = json_array();
  for (int64_t i = 0; i < members; i++) {
    if (json_array_append_new(histories, cli_json_history(training->histories[i])) != 0) {
      json_decref(histories);
      return NULL;
    }
  }
  return histories;
}

static json_t *result_json(const moons *m, moons_method method) {
  const sngp_ensemble *models = cli_moons_models(m, method);
  const moons_result *training = cli_moons_training(m, method);
  const moons_result *result = &m->results[method];
  json_t *document = json_pack("{s:o, s:o, s:o, s:o}", "parameters", parameters_json(models),
                               "history", history_json(training, sngp_ensemble_num_members(models)),
                               "ood_max_probability", cli_json_real(result->ood_max_probability),
                               "seconds", cli_json_real(training->seconds));
  int failures = 0;
  switch (method) {
    case MOONS_MC_DROPOUT:
      failures = json_object_set_new(document, "passes", json_integer(MOONS_PASSES));
      break;
    case MOONS_ENSEMBLE:
      failures = json_object_set_new(document, "members", json_integer(MOONS_MEMBERS));
      break;
    case MOONS_SNGP:
      failures =
          json_object_set_new(document, "ood_variance", cli_json_real(result->ood_variance)) |
          json_object_set_new(document, "train_variance", cli_json_real(result->train_variance));
      break;
    default: break;
  }
  if (failures == 0) return document;
  json_decref(document);
  return NULL;
}

static json_t *document_json(const moons *m) {
  return json_pack("{s:o, s:o, s:o, s:o}", "deterministic", result_json(m, MOONS_DETERMINISTIC),
                   "mc_dropout", result_json(m, MOONS_MC_DROPOUT), "ensemble",
                   result_json(m, MOONS_ENSEMBLE), "sngp", result_json(m, MOONS_SNGP));
}

/* A row of the table; NaN: the method has no such number. */
static void print_row(const char *title, const double values[MOONS_NUM_METHODS], int decimals) {
  printf("  %-32s", title);
  for (int i = 0; i < MOONS_NUM_METHODS; i++) {
    if (isnan(values[i])) {
      printf("%15s", "-");
    } else {
      printf("%15.*f", decimals, values[i]);
    }
  }
  putchar('\n');
}

/* Loss and accuracy of the last epoch, means over the members. */
static void last_epoch(const moons *m, moons_method method, double *loss, double *accuracy) {
  const moons_result *training = cli_moons_training(m, method);
  int64_t members = sngp_ensemble_num_members(cli_moons_models(m, method));
  *loss = *accuracy = 0;
  for (int64_t i = 0; i < members; i++) {
    const sngp_history *history = training->histories[i];
    sngp_epoch_record last = {.struct_size = sizeof last};
    sngp_history_epoch(history, sngp_history_num_epochs(history) - 1, &last);
    *loss += last.loss / (double)members;
    *accuracy += last.accuracy / (double)members;
  }
}

static void print_table(const moons *m) {
  enum { LOSS, ACCURACY, MAX_PROBABILITY, TRAIN_VARIANCE, OOD_VARIANCE, SECONDS, NUM_ROWS };
  static const struct {
    const char *title;
    int decimals;
  } rows[NUM_ROWS] = {
      [LOSS] = {"training loss", 4},
      [ACCURACY] = {"training accuracy", 4},
      [MAX_PROBABILITY] = {"max probability, out of domain", 4},
      [TRAIN_VARIANCE] = {"variance, training points", 4},
      [OOD_VARIANCE] = {"variance, out of domain", 4},
      [SECONDS] = {"seconds to train", 1},
  };
  double values[NUM_ROWS][MOONS_NUM_METHODS];
  for (int i = 0; i < MOONS_NUM_METHODS; i++) {
    const moons_result *result = &m->results[i];
    last_epoch(m, (moons_method)i, &values[LOSS][i], &values[ACCURACY][i]);
    values[MAX_PROBABILITY][i] = result->ood_max_probability;
    values[TRAIN_VARIANCE][i] = result->train_variance;
    values[OOD_VARIANCE][i] = result->ood_variance;
    values[SECONDS][i] = cli_moons_training(m, (moons_method)i)->seconds;
  }
  printf("\n%-34s%15s%15s%15s%15s\n", "Two moons", "deterministic", "MC dropout", "ensemble",
         "SNGP");
  for (int i = 0; i < NUM_ROWS; i++) print_row(rows[i].title, values[i], rows[i].decimals);
}

static int draw(const moons_settings *settings, const moons *m) {
  cli_figure figure = {.training = m->training, .out_of_domain = m->out_of_domain, .grid = m->grid};
  for (int i = 0; i < MOONS_NUM_METHODS; i++) {
    figure.surfaces[i] = m->results[i].surface;
    figure.max_probabilities[i] = m->results[i].ood_max_probability;
  }
  const char *directory = settings->directory;
  if (!cli_directory_make(directory)) return CLI_EXIT_FAILURE;
  cli_gnuplot_result result = cli_figure_write(&figure, directory);
  if (result == CLI_GNUPLOT_FAILED) return CLI_EXIT_FAILURE;
  if (settings->json || settings->quiet) return CLI_EXIT_OK;
  if (result == CLI_GNUPLOT_DRAWN) {
    printf("\nPicture: %s/%s\n", directory, CLI_FIGURE_PICTURE);
  } else {
    printf(
        "\ngnuplot is not installed, so there is no picture yet. With it:\n"
        "  cd %s && gnuplot %s\n",
        directory, CLI_FIGURE_SCRIPT);
  }
  return CLI_EXIT_OK;
}

int cli_demo(int argc, char **argv) {
  moons_settings settings;
  cli_parse_result parsed = parse(&settings, argc, argv);
  if (parsed != CLI_PARSE_OK) return cli_parse_status(parsed);
  if (!cli_directory_check(settings.directory)) return CLI_EXIT_FAILURE;
  moons m = {0};
  int status = cli_moons_run(&settings, &m);
  if (status == CLI_EXIT_OK && !settings.json && !settings.quiet) print_table(&m);
  if (status == CLI_EXIT_OK) status = draw(&settings, &m);
  if (status == CLI_EXIT_OK && settings.json && !cli_json_print(document_json(&m))) {
    status = CLI_EXIT_FAILURE;
  }
  cli_moons_free(&m);
  return status;
}
