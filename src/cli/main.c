/* The program sngp: chooses the command. Never sets a locale: numbers are read and written as in
   C whatever the environment. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output_file.h"
#include "sngp/version.h"

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
} commands[] = {{"train", cli_train},     {"calibrate", cli_calibrate},
                {"predict", cli_predict}, {"evaluate", cli_evaluate},
                {"info", cli_info},       {"import", cli_import},
                {"compare", cli_compare}, {"demo", cli_demo}};

enum { NUM_COMMANDS = sizeof commands / sizeof commands[0] };

static const char overview[] =
    "Usage: sngp COMMAND [ARGUMENT]...\n"
    "\n"
    "Trains and uses classifiers and regressions that know what they do not know:\n"
    "spectral-normalised neural Gaussian processes (SNGP).\n"
    "\n"
    "Commands\n"
    "  train            fit a model or an ensemble to rows with labels or targets, save it\n"
    "  calibrate        tune a classifier on rows it was not trained on\n"
    "  predict          each row's class, probabilities and variance; or mean and variance\n"
    "  evaluate         accuracy, or errors; calibration and out-of-domain detection\n"
    "  info             what a model file holds\n"
    "  import           make a model file of weights from TensorFlow or PyTorch\n"
    "  compare          classifiers by several methods and seeds on the same rows: table and "
    "figures\n"
    "  demo             the two moons, by four methods\n"
    "\n"
    "Options\n"
    "  --help           this text; 'sngp COMMAND --help' for a command's own\n"
    "  --version        the version, and how the library was built\n"
    "\n"
    "Examples\n"
    "  sngp demo two-moons\n"
    "  sngp train --data train.csv --label species --out model.safetensors\n"
    "  sngp predict model.safetensors --data new.csv --out predictions.csv\n"
    "  sngp evaluate model.safetensors --data test.csv --ood-data other.csv\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.\n";

static int run_unknown(const char *word) {
  const char *names[NUM_COMMANDS + 1] = {NULL};
  for (int i = 0; i < NUM_COMMANDS; i++) names[i] = commands[i].name;
  const char *what = word[0] == '-' ? "option" : "command";
  const char *nearest = cli_nearest(word, names);
  if (nearest == NULL) return cli_fail_usage("", "unknown %s '%s'", what, word);
  return cli_fail_usage("", "unknown %s '%s'; did you mean %s?", what, word, nearest);
}

static int run(int argc, char **argv) {
  if (argc < 2) {
    fputs(overview, stderr);
    return CLI_EXIT_USAGE;
  }
  const char *word = argv[1];
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
    fputs(overview, stdout);
    return CLI_EXIT_OK;
  }
  if (strcmp(word, "--version") == 0) {
    sngp_set_blas_threads(1); /* as in every command */
    printf("sngp %s\n%s\n", SNGP_VERSION_STRING, sngp_build_info());
    return CLI_EXIT_OK;
  }
  for (int i = 0; i < NUM_COMMANDS; i++) {
    if (strcmp(word, commands[i].name) == 0) return commands[i].run(argc - 2, argv + 2);
  }
  return run_unknown(word);
}

int main(int argc, char **argv) {
  /* A file beyond the shell's limit is then an error of writing, which leaves nothing behind. */
  signal(SIGXFSZ, SIG_IGN);
  int status = run(argc, argv);
  if (!cli_standard_output_finish() && status == CLI_EXIT_OK) status = CLI_EXIT_FAILURE;
  return status;
}
