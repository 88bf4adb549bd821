/* sngp demo two-moons: a deterministic network and an SNGP learn the two moons, as in the
   TensorFlow SNGP tutorial, and show what they say far from the data. */
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
    "Trains a deterministic network and then, with the same Adam optimizer, an SNGP on the\n"
    "two moons, with the values of the TensorFlow SNGP tutorial, and compares what they say\n"
    "about points far from the training data. Writes into the directory of --out:\n"
    "\n"
    "  two_moons.png            of both models, the probability p of class 0 and the\n"
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
      {.name = "out",
       .value = "DIR",
       .kind = CLI_KIND_TEXT,
       .target = &s->directory,
       .help = "directory for the files; made where it is missing\n(default: sngp-demo)"},
      {.name = "seed",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->seed,
       .help = "of the data and of both models (default: 0)"},
      {.name = "epochs",
       .value = "N",
       .kind = CLI_KIND_INTEGER,
       .target = &s->epochs,
       .minimum = 1,
       .maximum = CLI_LARGEST_SIZE,
       .help = "of each model (default: 100)"},
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

static json_t *result_json(const moons_result *result) {
  return json_pack("{s:o, s:o, s:o, s:o}", "parameters", cli_json_parameters(result->model),
                   "history", cli_json_history(result->history), "ood_max_probability",
                   cli_json_real(result->ood_max_probability), "seconds",
                   cli_json_real(result->seconds));
}

static void print_json(const moons *m) {
  json_t *sngp = result_json(&m->sngp);
  if (sngp != NULL) {
    json_object_set_new(sngp, "ood_variance", cli_json_real(m->sngp.ood_variance));
    json_object_set_new(sngp, "train_variance", cli_json_real(m->sngp.train_variance));
  }
  cli_json_print(
      json_pack("{s:o, s:o}", "deterministic", result_json(&m->deterministic), "sngp", sngp));
}

static void print_row(const char *title, double deterministic, double sngp, const char *format) {
  printf("  %-38s", title);
  if (isnan(deterministic)) {
    printf("%15s", "-");
  } else {
    printf(format, deterministic);
  }
  printf(format, sngp);
  putchar('\n');
}

static void print_table(const moons *m) {
  const moons_result *d = &m->deterministic, *s = &m->sngp;
  sngp_epoch_record last_d = {.struct_size = sizeof last_d};
  sngp_epoch_record last_s = {.struct_size = sizeof last_s};
  sngp_history_epoch(d->history, sngp_history_num_epochs(d->history) - 1, &last_d);
  sngp_history_epoch(s->history, sngp_history_num_epochs(s->history) - 1, &last_s);
  printf("\n%-40s%15s%15s\n", "Two moons", "deterministic", "SNGP");
  print_row("training loss", last_d.loss, last_s.loss, "%15.4f");
  print_row("training accuracy", last_d.accuracy, last_s.accuracy, "%15.4f");
  print_row("max probability, out of domain", d->ood_max_probability, s->ood_max_probability,
            "%15.4f");
  print_row("variance, training points", NAN, s->train_variance, "%15.4f");
  print_row("variance, out of domain", NAN, s->ood_variance, "%15.4f");
  print_row("seconds", d->seconds, s->seconds, "%15.1f");
}

static int draw(const moons_settings *settings, const moons *m) {
  cli_figure figure = {.training = m->training,
                       .out_of_domain = m->out_of_domain,
                       .grid = m->grid,
                       .deterministic = m->deterministic.surface,
                       .sngp = m->sngp.surface};
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
  switch (parse(&settings, argc, argv)) {
    case CLI_PARSE_HELP: return CLI_EXIT_OK;
    case CLI_PARSE_ERROR: return CLI_EXIT_USAGE;
    case CLI_PARSE_OK: break;
  }
  if (!cli_directory_check(settings.directory)) return CLI_EXIT_FAILURE;
  moons m = {0};
  int status = cli_moons_run(&settings, &m);
  if (status == CLI_EXIT_OK && !settings.json && !settings.quiet) print_table(&m);
  if (status == CLI_EXIT_OK) status = draw(&settings, &m);
  if (status == CLI_EXIT_OK && settings.json) print_json(&m);
  cli_moons_free(&m);
  return status;
}
