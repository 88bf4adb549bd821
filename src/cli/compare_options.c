/* The command line of sngp compare. */
#include <math.h>
#include <string.h>

#include "cli/compare_settings.h"
#include "cli/message.h"
#include "cli/progress.h"
#include "cli/training_options.h"

static const char purpose[] =
    "Trains classifiers by several methods on the same rows with several seeds, tunes each on\n"
    "rows that are held out from training, and evaluates all on the same test rows.\n"
    "\n"
    "  deterministic     the network with a dense head and no spectral bound\n"
    "  mc-dropout        the same network, its dropout on when predicting (--passes)\n"
    "  ensemble          several such networks (--members)\n"
    "  sngp              spectral-normalised Gaussian process, mean field\n"
    "  sngp-ensemble     several SNGPs (--members)\n"
    "  monte-carlo       the SNGP with logits drawn from its posterior (--samples)\n"
    "  sngp-mc-dropout   the SNGP, its dropout on when predicting (--passes)\n"
    "  spectral-norm     spectral bound, dense head: what the bound does alone\n"
    "  gp                Gaussian process, no spectral bound: what the process does alone\n"
    "\n"
    "All have the same layers, input scaling, schedule and epochs. Temperature, and for\n"
    "mean-field predictions its factor, are tuned on the held-out rows by the likelihood,\n"
    "for each method on its own. Seed N splits the rows, and draws the models, by N: all\n"
    "methods of a seed see the same rows. Prints a table of means, with standard deviations\n"
    "over the seeds in brackets: measures of the test rows, seconds to train the models,\n"
    "microseconds to predict a test row, all rows at once. Writes into the directory of --out:\n"
    "\n"
    "  results.json      settings, the measures of every seed, means, deviations\n"
    "  reliability.png   accuracy against confidence, the rows of all seeds together\n"
    "  rejection.png     accuracy against coverage, mean of the seeds\n"
    "  roc.png           with out-of-domain rows: by 1 - max p and by the variance, mean of\n"
    "                    the seeds\n"
    "\n"
    "and of each picture the gnuplot script and data, also where gnuplot is missing. Ctrl-C\n"
    "ends the comparison; nothing is written.";

static const char examples[] =
    "  sngp compare --data train.csv --label species --ood-data other.csv --out comparison\n"
    "  sngp compare --idx images.gz labels.gz --test-idx t10k-images.gz t10k-labels.gz \\\n"
    "    --ood-idx other.gz --epochs 15 --seeds 3 --out comparison";

static const double DEFAULT_TEST_SHARE = 0.2, DEFAULT_VALIDATION = 0.1;
static const char default_methods[] = "deterministic,mc-dropout,ensemble,sngp,sngp-ensemble";

/* The options of `group` that are named, ending with NULL, in place of all; returns their number.
 */
static int keep(cli_option_group *group, const char *const *names) {
  int count = 0;
  for (int i = 0; i < group->count; i++) {
    for (int j = 0; names[j] != NULL; j++) {
      if (strcmp(group->options[i].name, names[j]) != 0) continue;
      group->options[count++] = group->options[i];
      break;
    }
  }
  group->count = count;
  return count;
}

static bool check(const cli_training_options *shared, const char *methods, const char *command,
                  cli_compare_settings *s) {
  cli_data_source *const sources[] = {&s->input, &s->test, &s->ood};
  if (!cli_data_sources_check(sources, 3, command)) return false;
  if (!cli_training_options_check(shared, &s->training, command)) return false;
  s->training.raw_inputs = s->input.idx[0] != NULL;
  if (!cli_compare_select(command, methods, &s->selection)) return false;
  if (s->out == NULL) {
    cli_fail_usage(command, "--out is missing: the directory for the results");
    return false;
  }
  if (cli_data_source_given(&s->test) && !isnan(s->test_share)) {
    cli_fail_usage(command, "--test is for comparisons without test rows of their own");
    return false;
  }
  if (!cli_data_source_given(&s->test) && isnan(s->test_share)) s->test_share = DEFAULT_TEST_SHARE;
  return true;
}

cli_parse_result cli_compare_parse(cli_compare_settings *settings, int argc, char **argv) {
  enum { SEEDS = 3, MEMBERS = 5, PASSES = 10, SAMPLES = 100, LARGEST = 10000 };
  cli_compare_settings *s = settings;
  const char *methods = default_methods;
  *s = (cli_compare_settings){
      .test_share = NAN, .seeds = SEEDS, .members = MEMBERS, .passes = PASSES, .samples = SAMPLES};
  cli_training_settings_init(&s->training);
  s->training.validation = DEFAULT_VALIDATION;
  cli_option output[] = {
      cli_text_option("out", "DIR", &s->out,
                      "directory for the files; made where it is missing (required)"),
      cli_json_option(&s->json),
      cli_quiet_option(&s->quiet),
  };
  cli_option comparison[] = {
      cli_text_option("methods", "NAME,...", &methods,
                      "from the list above, with commas between (default:\n"
                      "deterministic,mc-dropout,ensemble,sngp,sngp-ensemble)"),
      cli_integer_option("seeds", 1, LARGEST, &s->seeds, "how many seeds (default: 3)"),
      cli_integer_option("seed", 0, INT32_MAX, &s->training.seed,
                         "the first of them; the others follow (default: 0)"),
      cli_share_option("test", &s->test_share,
                       "share of the input to test on where no test rows are given,\n"
                       "the same share of each class (default: 0.2)"),
      cli_share_option("validation", &s->training.validation,
                       "share of the training rows to hold out, for tuning\n(default: 0.1)"),
      cli_integer_option("members", 1, CLI_MOST_MEMBERS, &s->members, "of ensembles (default: 5)"),
      cli_integer_option("passes", 1, LARGEST, &s->passes, "of Monte Carlo dropout (default: 10)"),
      cli_integer_option("samples", 1, LARGEST, &s->samples,
                         "of Monte Carlo over the logits (default: 100)"),
  };
  cli_training_options shared = {0};
  cli_option_group model = cli_model_group(&shared, &s->training);
  cli_option_group fit = cli_fit_group(&shared, &s->training);
  keep(&model, (const char *const[]){"preset", "num-layers", "num-hidden", "num-features",
                                     "spectral-bound", "ridge", NULL});
  keep(&fit, (const char *const[]){"epochs", "batch-size", "learning-rate", "loss", "focal-gamma",
                                   "class-weights", "threads", NULL});
  cli_option_group groups[] = {
      cli_data_source_group(&s->input, CLI_LABELS_NEEDED),
      cli_data_source_group(&s->test, CLI_LABELS_TEST),
      cli_data_source_group(&s->ood, CLI_LABELS_OOD),
      {"Output", output, sizeof output / sizeof output[0]},
      {"Comparison", comparison, sizeof comparison / sizeof comparison[0]},
      model,
      fit,
  };
  cli_command command = {.name = "compare",
                         .usage = "INPUT --out DIR [OPTION]...",
                         .purpose = purpose,
                         .examples = examples,
                         .groups = groups,
                         .num_groups = sizeof groups / sizeof groups[0]};
  cli_parse_result result = cli_options_parse(&command, argc, argv, NULL);
  if (result != CLI_PARSE_OK) return result;
  return check(&shared, methods, command.name, s) ? CLI_PARSE_OK : CLI_PARSE_ERROR;
}
