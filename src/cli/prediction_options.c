#include "cli/prediction_options.h"

#include <math.h>
#include <string.h>

#include "cli/message.h"
#include "cli/threads.h"

/* What an option needs, as bits of the methods. */
enum {
  WITH_MEAN_FIELD = 1 << SNGP_PREDICT_MEAN_FIELD,
  WITH_MONTE_CARLO = 1 << SNGP_PREDICT_MONTE_CARLO,
  WITH_MC_DROPOUT = 1 << SNGP_PREDICT_MC_DROPOUT
};

const char *const cli_predict_methods[] = {[SNGP_PREDICT_MEAN_FIELD] = "mean-field",
                                           [SNGP_PREDICT_MAP] = "map",
                                           [SNGP_PREDICT_MONTE_CARLO] = "monte-carlo",
                                           [SNGP_PREDICT_MC_DROPOUT] = "mc-dropout",
                                           NULL};

cli_option_group cli_prediction_group(cli_prediction_options *options,
                                      cli_prediction_settings *settings) {
  cli_prediction_settings *s = settings;
  cli_prediction_settings_init(s);
  const cli_option table[CLI_PREDICTION_OPTIONS] = {
      /* those that are tuned come last: CLI_TUNED_OPTIONS */
      cli_choice_option("method", cli_predict_methods, &s->method,
                        "mean-field (default): the variance flattens the probabilities;\n"
                        "map: softmax of the logits alone;\n"
                        "monte-carlo: mean over draws of the logits, by their variance;\n"
                        "mc-dropout: mean over passes with dropout. An ensemble takes the\n"
                        "mean over its members besides"),
      cli_integer_option("samples", 1, CLI_LARGEST_SIZE, &s->samples,
                         "draws of monte-carlo (default: 100)"),
      cli_flag_option("joint", &s->joint,
                      "draws of monte-carlo with the rows' covariance, not row by row"),
      cli_integer_option("passes", 1, CLI_LARGEST_SIZE, &s->passes,
                         "passes of mc-dropout (default: 10)"),
      cli_integer_option("seed", 0, INT64_MAX, &s->seed,
                         "of draws, dropout and prediction sets (default: 0)"),
      cli_threads_option(&s->threads),
      {.name = "mean-field-factor",
       .value = "X",
       .kind = CLI_KIND_REAL,
       .target = &s->mean_field_factor,
       .lower = -INFINITY,
       .help = "of mean-field, and of mc-dropout's passes: logits are divided\n"
               "by the root of 1 + X variance; negative: they are not\n"
               "(default: the model's)"},
      cli_positive_option("temperature", &s->temperature,
                          "logits are divided by X (default: the model's, which is right\n"
                          "for the method it was tuned for: 'sngp calibrate')"),
  };
  memcpy(options->table, table, sizeof table);
  return (cli_option_group){"Prediction", options->table, CLI_PREDICTION_OPTIONS};
}

cli_option_group cli_tuned_prediction_group(cli_prediction_options *options,
                                            cli_prediction_settings *settings) {
  cli_option_group group = cli_prediction_group(options, settings);
  group.count -= CLI_TUNED_OPTIONS;
  return group;
}

bool cli_prediction_options_check(const cli_prediction_settings *settings, bool with_sets,
                                  const char *command) {
  const cli_prediction_settings *s = settings;
  const struct {
    const char *name;
    bool given;
    int methods; /* that it has an effect with */
  } uses[] = {
      {"samples", s->samples != CLI_NOT_GIVEN, WITH_MONTE_CARLO},
      {"joint", s->joint, WITH_MONTE_CARLO},
      {"passes", s->passes != CLI_NOT_GIVEN, WITH_MC_DROPOUT},
      {"seed", s->seed != CLI_NOT_GIVEN && !with_sets, WITH_MONTE_CARLO | WITH_MC_DROPOUT},
      {"mean-field-factor", !isnan(s->mean_field_factor), WITH_MEAN_FIELD | WITH_MC_DROPOUT},
  };
  for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
    if (!uses[i].given || (uses[i].methods & 1 << s->method) != 0) continue;
    cli_fail_usage(command, "--%s has no effect with --method %s", uses[i].name,
                   cli_predict_methods[s->method]);
    return false;
  }
  return true;
}
